"""Lists in the pages: uploaded, mended, submitted, reviewed, released with the second factor, watched, finished."""

import json
import re
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from PIL import Image
from zxingcpp import read_barcodes

from registry.actors import Role
from registry.cli.working import KINDS
from registry.console.pages.batches import draft_json
from registry.jobs.worker import work_once
from registry.review.models import Draft
from tests.console.rig import OTHER, Caller, Console
from tests.registry.rig import RULES
from tests.registry.sheets import YEAR, annual, identity
from tests.review.desk import csv_bytes

FORM = {"kind": "annual", "for_year": str(YEAR), "rule_set": RULES}


def upload(caller: Caller, data: bytes, name: str = "名单.csv", **fields: str) -> int:
    answer = caller.post("/console/batches/new", {**FORM, **fields}, files={"file": (name, data)})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


def test_where_nothing_was_refused_the_other_findings_are_shown(console: Console) -> None:
    clerk = console.signed_in(Role.CLERK)
    draft = upload(clerk, csv_bytes([annual(131, 专业科目学时="20", 公需科目学时="10")]))
    page = clerk.get(f"/console/batches/{draft}/findings").text
    assert "没有这样的意见" not in page
    assert 'aria-current="page">全部' in page
    assert "没有这样的意见" in clerk.get(f"/console/batches/{draft}/findings?nature=refused").text


def test_a_clerks_way(console: Console) -> None:
    clerk = console.signed_in(Role.CLERK)
    assert "上传名单" in clerk.get("/console/batches").text
    draft = upload(clerk, csv_bytes([annual(101), annual(102, 姓名="李1雷")]))
    page = clerk.get(f"/console/batches/{draft}").text
    assert "待改的 1 行" in page
    found = clerk.get(f"/console/batches/{draft}/findings").text
    assert "第 3 行" in found
    assert '<mark class="bad">李1雷</mark>' in found
    assert identity(102) not in found
    book = openpyxl.load_workbook(BytesIO(clerk.get(f"/console/batches/{draft}/to-mend.xlsx").content))
    row = [cell.value for cell in book.active[2]]
    assert (row[0], row[1], row[7]) == ("李1雷", identity(102), "1/3/名单")
    book.active["A2"] = "李雷"
    mended = BytesIO()
    book.save(mended)
    answer = clerk.post(
        f"/console/batches/{draft}/upload",
        {"mode": "mended"},
        files={"file": ("待改.xlsx", mended.getvalue())},
    )
    assert answer.status_code == 303
    assert "将为 2 人提交" in clerk.get(f"/console/batches/{draft}").text
    assert clerk.post(f"/console/batches/{draft}/submit", {"remark": "请审"}).status_code == 303
    assert "等待另一人签发" in clerk.get(f"/console/batches/{draft}").text
    assert clerk.get(f"/console/batches/{draft}/review").status_code == 200
    page = clerk.get(f"/console/batches/{draft}/review").text
    assert "须由另一人审核签发" in page
    assert '<th scope="col" class="count">专业科目学时</th>' in page
    assert '<td class="count" data-label="公需科目学时">' in page


def submitted(console: Console, *serials: int) -> tuple[int, Caller]:
    clerk = console.signed_in(Role.CLERK)
    draft = upload(clerk, csv_bytes([annual(serial) for serial in serials]))
    assert clerk.post(f"/console/batches/{draft}/submit").status_code == 303
    return draft, clerk


def shown(caller: Caller, draft: int) -> dict[str, str]:
    """What the approver's form holds, and his confirmation."""
    page = caller.get(f"/console/batches/{draft}/review").text
    values = {name: re.search(rf'name="{name}" value="(\w+)"', page) for name in ("round", "shown")}
    found = {name: match[1] for name, match in values.items() if match}
    assert set(found) == {"round", "shown"}
    return {**found, "checked": "yes", **caller.confirmed(f"/console/batches/{draft}/review")}


def test_an_approvers_way(console: Console) -> None:
    draft, clerk = submitted(console, 201, 202, 203)
    approver = console.signed_in(Role.APPROVER)
    page = approver.get(f"/console/batches/{draft}/review").text
    assert identity(201) not in page
    assert identity(201)[:6] in page
    form = shown(approver, draft)
    for missing in ("checked", "confirmation", "code", "shown", "round"):
        assert approver.post(f"/console/batches/{draft}/release", {**form, missing: ""}).status_code >= 400
        form = shown(approver, draft)
    wrong = approver.post(f"/console/batches/{draft}/release", {**form, "code": "000000"})
    assert wrong.status_code == 403  # the page again, with what was wrong and a new form, and what was ticked
    assert "请等下一个再试" in wrong.text
    assert 'name="checked" value="yes" required checked' in wrong.text
    assert "刷新" not in wrong.text
    form = shown(approver, draft)
    assert approver.post(f"/console/batches/{draft}/release", form).status_code == 303
    assert "等待签发" in clerk.get(f"/console/batches/{draft}").text
    assert approver.post(f"/console/batches/{draft}/release", form).status_code == 409  # replayed
    assert work_once(console.rig.app, KINDS, holder="worker")
    page = clerk.get(f"/console/batches/{draft}").text
    assert "共发出 3 份证书" in page
    # Watched from another session: the last event tells the end.
    events = console.signed_in(Role.VIEWER).get(f"/console/batches/{draft}/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    assert json.loads(events.text.partition("data: ")[2])["done"] == 3
    book = openpyxl.load_workbook(
        BytesIO(clerk.get(f"/console/batches/{draft}/parts/1/annotated.xlsx").content)
    )
    cells = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert [row[7] for row in cells[1:4]] == ["已发"] * 3
    assert all(row[8].startswith("410100") for row in cells[1:4])


def test_who_was_certified_before_is_told_at_the_upload(console: Console) -> None:
    """And not only when the list is submitted; of a list that has nobody else there is nothing to submit."""
    before, clerk = submitted(console, 271, 272)
    approver = console.signed_in(Role.APPROVER)
    assert approver.post(f"/console/batches/{before}/release", shown(approver, before)).status_code == 303
    assert work_once(console.rig.app, KINDS, holder="worker")

    def told(*rows: dict[str, str]) -> tuple[str, dict[str, Any]]:
        """The page, and what a program is told."""
        draft = upload(clerk, csv_bytes(list(rows)))
        with console.rig.app.database.read() as session:
            document = draft_json(session, session.get_one(Draft, draft))
        return clerk.get(f"/console/batches/{draft}").text, document

    page, document = told(annual(271), annual(272), annual(273))
    assert "<li><b>1</b> 可发人数</li>" in page
    assert "<li><b>2</b> 此前已发证，不再发</li>" in page
    assert "将为 1 人提交" in page
    assert (document["people"], document["heldBefore"]) == (3, 2)
    listed = clerk.get("/console/batches?state=draft").text  # of all three, and called so
    assert '<td class="count" data-label="名单人数">3</td>' in listed
    assert "可发" not in listed.partition("<tbody>")[2]
    page, _ = told(annual(271), annual(272, 工作单位="另一单位"))
    assert "没有需要提交的" in page
    assert "/submit" not in page
    page, document = told(annual(274))
    assert "此前已发证" not in page
    assert document["heldBefore"] == 0


def test_what_was_not_accepted_can_be_had_after_the_release(console: Console) -> None:
    clerk = console.signed_in(Role.CLERK)
    draft = upload(clerk, csv_bytes([annual(281), annual(282, 姓名="李1雷")]))
    assert clerk.post(f"/console/batches/{draft}/submit").status_code == 303
    page = clerk.get(f"/console/batches/{draft}").text
    link = re.search(r'href="([^"]+)">下载未通过的 1 行<', page)
    assert link is not None
    book = openpyxl.load_workbook(BytesIO(clerk.get(link[1]).content))
    assert book.active["A2"].value == "李1雷"


def test_returned_and_submitted_again(console: Console) -> None:
    draft, clerk = submitted(console, 211)
    approver = console.signed_in(Role.APPROVER)
    form = shown(approver, draft)
    assert approver.post(f"/console/batches/{draft}/return", {**form, "remark": " "}).status_code == 422
    assert (
        approver.post(f"/console/batches/{draft}/return", {**form, "remark": "缺单位公章"}).status_code == 303
    )
    assert "缺单位公章" in clerk.get(f"/console/batches/{draft}").text
    assert clerk.post(f"/console/batches/{draft}/submit").status_code == 303
    assert approver.post(f"/console/batches/{draft}/release", form).status_code == 409  # of the first round
    page = clerk.get(f"/console/batches/{draft}").text
    assert ">第 1 次</td>" in page
    assert ">第 2 次</td>" in page


def test_one_person_by_form(console: Console) -> None:
    clerk = console.signed_in(Role.CLERK)
    page = "/console/batches/single/annual"
    person = {
        "name": "李雷",
        "identity": identity(221)[:-1] + "?",
        "employer": "郑州市第一人民医院",
        "grade": "中级",
        "professional_hours": "六十",
        "public_hours": "26",
    }
    answer = clerk.post(page, {**FORM, **person})
    assert answer.status_code == 422
    assert answer.text.count('class="wrong"') == 2
    assert 'value="李雷"' in answer.text
    answer = clerk.post(page, {**FORM, **person, "identity": identity(221), "professional_hours": "60"})
    assert answer.status_code == 303
    single = answer.headers["location"]
    assert "将为 1 人提交" in clerk.get(single).text
    assert "<h1>单人办理：李雷</h1>" in clerk.get(single).text
    assert ">单人办理：李雷</a>" in clerk.get("/console/batches").text
    english = {"accept-language": "en"}
    assert "<h1>Single entry: 李雷</h1>" in clerk.get(single, headers=english).text
    with console.rig.app.database.read() as session:  # whom it is about is sealed: it is not the file's name
        draft = session.get_one(Draft, int(single.rpartition("/")[2]))
        assert draft.title == "单人办理.csv"
    named = clerk.get(f"{single}/parts/1/annotated.xlsx").headers["content-disposition"]
    assert unquote(named).endswith("''单人办理-核验意见.xlsx")
    training = {
        **{name: person[name] for name in ("name", "employer")},
        "identity": identity(222),
        "programme": "基层卫生骨干培训",
        "institution": "河南中医药大学",
        "category": "公需科目",
        "class_hours": "24",
        "completed_on": "2026-05-20",
    }
    answer = clerk.post("/console/batches/single/completion", {**FORM, **training})
    assert answer.status_code == 303


def test_specimens_are_no_certificates(console: Console) -> None:
    clerk = console.signed_in(Role.CLERK)
    draft = upload(clerk, csv_bytes([annual(231), annual(232, 姓名="阿卜杜拉·买买提")]))
    assert "阿卜杜拉·买买提" in clerk.get(f"/console/batches/{draft}/specimens").text
    answer = clerk.get(f"/console/batches/{draft}/specimens/1.png")
    picture = Image.open(BytesIO(answer.content))
    assert picture.size[0] < 1000
    assert read_barcodes(picture.convert("L")) == []
    assert not {"openbadgecredential", "tlog-proof"} & picture.info.keys()
    assert clerk.get(f"/console/batches/{draft}/specimens/2.png").status_code == 404


def test_lists_are_found_by_state_and_leafed_through(console: Console) -> None:
    viewer = console.signed_in(Role.VIEWER)
    assert viewer.get("/console/batches?state=submitted").status_code == 200
    assert viewer.get("/console/batches?state=nonsense").status_code == 404
    assert viewer.get("/console/batches?before=2").status_code == 200
    assert "上传名单" not in viewer.get("/console/batches").text
    foreign = console.signed_in(Role.CLERK, OTHER).get("/console/batches").text
    assert "还没有名单" in foreign


def test_every_page_in_english(console: Console) -> None:
    draft, clerk = submitted(console, 241, 242)
    han = re.compile(r"[\u4e00-\u9fff]+")
    data = {"名单", "csv", "张文博", "郑州市第一人民医院", "中级", "中文", "李雷"}
    english = {"accept-language": "en"}
    for path in (
        "",
        "/new",
        "/single/annual",
        f"/{draft}",
        f"/{draft}/findings",
        f"/{draft}/specimens",
        f"/{draft}/review",
    ):
        text = clerk.get(f"/console/batches{path}", headers=english).text
        body = re.sub(r'(?s)<title>.*?</title>|<option.*?</option>|lang="zh-CN".*?</a>', "", text)
        foreign = set(han.findall(body)) - data
        # Headings of the list, names of people, of the office and of files are data and stay as they are.
        foreign -= {
            "姓名",
            "身份证号",
            "工作单位",
            "职称等级",
            "年度",
            "专业科目学时",
            "公需科目学时",
            "原位置",
        }
        foreign = {word for word in foreign if not word.startswith(("王", "郑州市"))}
        assert foreign == set(), path


def test_an_approver_reads_the_sample_in_his_language(console: Console) -> None:
    """Grades, categories and days, as on every other page."""
    clerk, approver = console.signed_in(Role.CLERK), console.signed_in(Role.APPROVER)
    training = {
        "name": "李雷",
        "employer": "郑州市第一人民医院",
        "identity": identity(261),
        "programme": "基层培训",
    }
    training |= {
        "institution": "河南中医药大学",
        "category": "公需科目",
        "class_hours": "24",
        "completed_on": "2026-05-20",
    }
    answer = clerk.post("/console/batches/single/completion", {**FORM, **training})
    assert clerk.post(f"{answer.headers['location']}/submit").status_code == 303
    listed, _ = submitted(console, 262)
    for place, words, other in (
        (answer.headers["location"], ("public subject", "20 May 2026"), ("公需科目", "2026年5月20日")),
        (f"/console/batches/{listed}", ("intermediate",), ("中级",)),
    ):
        english = approver.get(f"{place}/review", headers={"accept-language": "en"}).text
        chinese = approver.get(f"{place}/review").text
        assert all(f">{word}</td>" in english for word in words)
        assert all(f">{word}</td>" in chinese and word not in english for word in other)


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUTHORITY_ADMIN, Role.VIEWER])
def test_who_may_not_release_has_no_form_for_it(console: Console, role: Role) -> None:
    draft, _ = submitted(console, 251)
    page = console.signed_in(role).get(f"/console/batches/{draft}/review").text
    assert "/release" not in page
