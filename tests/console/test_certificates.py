"""Certificates and cases in the console, and whoever attacks them: foreign numbers, names that are programs, second proposers."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pypdfium2
import pytest
from sqlalchemy import select

from registry.actors import Role
from registry.batches import issue_file
from registry.cases.index import follow_to_the_end
from registry.cases.models import Case, CaseDocument, CaseItem, PrintOrder
from registry.cli.working import KINDS
from registry.jobs.worker import work_once
from registry.models import StatusEvent
from registry.trail.service import Filter, find
from tests.builders import INDUSTRY, MUNICIPAL
from tests.cases.people import PDF, seen
from tests.console.rig import Caller, Console, console_over
from tests.console.test_permissions import code_of
from tests.registry.rig import RULES, Place, copy_home, intake, opened
from tests.registry.sheets import ANNUAL, annual, identity, write_csv
from verifier.number import parse_number

EVIL = (
    "<script>alert(1)</script>公司",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}{% raw %}",
    "=HYPERLINK(1)",
    "@SUM(1)",
    "+1室",
    "-2+3室",
    "'; DROP TABLE certificate; --",
)
NAMES = ("张文博", "李雷", "韩梅梅", "王秀英", "刘洋", "陈静", "杨勇", "赵敏")


@pytest.fixture(scope="module")
def office(
    founded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Console, list[str], str]]:
    """A console, certificates of an office whose employers are programs, and one of another office."""
    folder = tmp_path_factory.mktemp("office")
    with (
        opened(Place(copy_home(founded_sqlite, folder / "home")), folder) as rig,
        console_over(rig) as console,
    ):
        rows = [annual(place + 1, 姓名=NAMES[place % 8], 工作单位=EVIL[place % 8]) for place in range(24)]
        file = write_csv(folder / "list.csv", [ANNUAL, *rows])
        numbers = issue_file(rig.app, intake(file), authority=MUNICIPAL, rule_set=RULES).issued
        (foreign,) = rig.issue(500, authority=INDUSTRY)
        follow_to_the_end(rig.app)
        yield console, numbers, foreign


def work(console: Console) -> None:
    while work_once(console.rig.app, KINDS, holder="tests"):
        pass


def act(caller: Caller, number: str, action: str, **fields: str) -> str:
    """Do or propose; where that led."""
    data = {"seen": str(seen(caller.console.rig, number)), **fields}
    answer = caller.post(f"/console/certificates/{number}/acts/{action}", data)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def confirm(caller: Caller, case: str) -> int:
    """Confirm with the second factor; the status."""
    return caller.post(f"{case}/confirm", caller.confirmed(case)).status_code


def test_every_imported_field_is_text_on_every_page(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk = console.signed_in(Role.CLERK)
    case = act(clerk, numbers[0], "suspend", reason="complaint", remark="<script>alert(2)</script>")
    pages = [clerk.get(path).text for path in ("/console/certificates", "/console/cases", case)]
    pages += [clerk.get(f"/console/certificates/{number}").text for number in numbers[:8]]
    pages.append(clerk.post("/console/certificates/find", {"employer": EVIL[1], "name": EVIL[0]}).text)
    pages.append(clerk.get(f"/console/certificates/{numbers[1]}/acts/correct").text)
    for text in pages:
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert '">' + "<img" not in text  # and no value ends its own attribute
    assert "&lt;script&gt;alert(1)" in pages[0]
    assert "{{7*7}}" in pages[0]  # a name is never a template


def test_nothing_in_an_export_is_a_formula(office: tuple[Console, list[str], str]) -> None:
    console, *_ = office
    clerk = console.signed_in(Role.CLERK)
    answer = clerk.post("/console/certificates/export", {"form": "csv"})
    assert answer.headers["content-disposition"].startswith("attachment")
    cells = [
        cell for line in answer.content.decode("utf-8-sig").splitlines() for cell in line[1:-1].split('","')
    ]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r")]
    assert "'=HYPERLINK(1)" in cells
    book = openpyxl.load_workbook(
        BytesIO(clerk.post("/console/certificates/export", {"form": "xlsx"}).content)
    )
    types = {cell.data_type for row in book.active.iter_rows() for cell in row}
    assert types == {"s"}
    assert identity(1) not in answer.text


def test_searches_say_nothing_in_an_address(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk = console.signed_in(Role.CLERK)
    found = clerk.post("/console/certificates/find", {"identity": f" {identity(3)} "})
    assert numbers[2] in found.text
    assert identity(3) not in found.text
    assert numbers[3] not in found.text
    sought = re.search(r'name="sought" value="([^"]+)"', found.text)
    assert sought is not None
    assert numbers[2] in clerk.post("/console/certificates/find", {"sought": sought[1]}).text
    stranger = console.signed_in(Role.CLERK, another=True)
    assert stranger.post("/console/certificates/find", {"sought": sought[1]}).status_code == 400
    assert clerk.post("/console/certificates/find", {"identity": identity(3)[:-1]}).status_code == 422
    assert clerk.post("/console/certificates/find", {"number": "4101"}).status_code == 422
    with console.rig.app.database.read() as session:
        entry = find(session, Filter(act="certificate.search-identity"))[0].entry
    assert identity(3)[6:14] not in str(entry.document)
    export = clerk.post("/console/certificates/export", {"form": "csv", "sought": sought[1]}).content.decode(
        "utf-8-sig"
    )
    assert len(export.strip().splitlines()) == 2


def test_whoever_looks_for_a_person_by_number_is_on_the_trail_whatever_he_does_with_it(
    office: tuple[Console, list[str], str],
) -> None:
    console, *_ = office
    clerk = console.signed_in(Role.CLERK, another=True)
    for path, form in (("certificates/find", ""), ("certificates/export", "csv"), ("prints", "pdf")):
        for number in (identity(3), identity(900)):  # of nobody who has a certificate here, too
            clerk.post(f"/console/{path}", {"form": form, "identity": number})
    assert clerk.account is not None
    with console.rig.app.database.read() as session:
        acts = find(session, Filter(act="certificate.search-identity", login=clerk.account.login))
    assert len(acts) == 6


def test_a_number_behind_zeros_is_judged_whole(office: tuple[Console, list[str], str]) -> None:
    console, *_ = office
    clerk = console.signed_in(Role.CLERK)
    for name in ("batch", "year", "kind"):
        beyond = "0" * 20 + "9" * 20
        assert code_of(clerk.get(f"/console/certificates?{name}={beyond}")) == "search_whole"
        assert clerk.post("/console/certificates/find", {name: beyond}).status_code == 422


def test_another_offices_objects_are_not_there(office: tuple[Console, list[str], str]) -> None:
    """By number, case, document, request and print order; as if they were missing, and nothing happens."""
    console, numbers, foreign = office
    there = console.signed_in(Role.CLERK, INDUSTRY)
    case = act(there, foreign, "revoke", reason="fraud")
    there.post(f"{case}/documents", files={"document": ("a.pdf", PDF, "application/pdf")})
    request = there.post(f"/console/certificates/{foreign}/request", {"channel": "letter", "wish": "改名"})
    printed = there.post("/console/prints", {"form": "zip"})
    with console.rig.app.database.read() as session:
        document = session.scalars(select(CaseDocument.id).order_by(CaseDocument.id.desc())).first()
    here = console.signed_in(Role.APPROVER)
    for path in (
        f"/console/certificates/{foreign}",
        *(
            f"/console/certificates/{foreign}/{name}"
            for name in ("face.png", "certificate.pdf", "record.json", "proof", "request")
        ),
        f"/console/certificates/{foreign}/acts/suspend",
        case,
        f"/console/documents/{document}",
        request.headers["location"],
        printed.headers["location"],
        *(f"{printed.headers['location']}/{name}" for name in ("progress", "file")),
    ):
        assert here.get(path).status_code == 404, path
        assert "<h1>没有这个页面</h1>" in here.get(path).text, path
    data = {"seen": str(seen(console.rig, foreign)), "reason": "complaint"}
    for path in (
        f"/console/certificates/{foreign}/acts/suspend",
        f"/console/certificates/{foreign}/identity",
        f"{case}/confirm",
        f"{case}/decline",
        f"{case}/withdraw",
        f"{case}/documents",
        f"{request.headers['location']}/decision",
    ):
        assert here.post(path, data).status_code == 404, path
    sought = {"number": foreign, "authority": INDUSTRY}
    assert "查到 0 份" in here.post("/console/certificates/find", sought).text
    listed = f"编号,事由\n{foreign},弄虚作假\n{numbers[-1]},弄虚作假\n".encode()
    draft = here.post("/console/revocations", files={"list": ("x.csv", listed, "text/csv")}).headers[
        "location"
    ]
    assert "可以撤销 1 份；有问题 1 处" in here.get(draft).text
    assert '<a href="/console/cases" aria-current="true">' in here.get(draft).text
    assert console.signed_in(Role.CLERK).get(draft).status_code == 404  # a colleague's draft
    with console.rig.app.database.read() as session:
        assert session.scalars(select(StatusEvent).filter_by(number=foreign)).all() == []


def test_of_a_list_that_was_sent_back_nothing_waits(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk, approver = console.signed_in(Role.CLERK), console.signed_in(Role.APPROVER)
    listed = f"编号,事由\n{numbers[20]},弄虚作假\n".encode()
    sent = clerk.post("/console/revocations", files={"list": ("退回.csv", listed, "text/csv")})
    case = clerk.post(f"{sent.headers['location']}/propose").headers["location"]
    assert "待办 1，" in clerk.get(case).text
    assert approver.post(f"{case}/decline", {"remark": "事由不符"}).status_code == 303
    page = clerk.get(case).text
    assert "1 份未执行" in page
    assert "待办" not in page
    assert ">未执行</td>" in page
    english = clerk.get(case, headers={"accept-language": "en"}).text
    assert "1 not carried out" in english
    assert "Waiting" not in english


def test_another_offices_number_that_was_written_into_a_list_is_not_revoked(
    office: tuple[Console, list[str], str],
) -> None:
    """Confirmed and sealed with it, for it stood in the list by then: the worker asks whose it is all the same."""
    console, numbers, foreign = office
    clerk, approver = console.signed_in(Role.CLERK), console.signed_in(Role.APPROVER)
    listed = f"编号,事由\n{numbers[22]},弄虚作假\n".encode()
    sent = clerk.post("/console/revocations", files={"list": ("夹带.csv", listed, "text/csv")})
    case = clerk.post(f"{sent.headers['location']}/propose").headers["location"]
    smuggled = {"number": foreign, "place": 1, "row": 3, "basis": seen(console.rig, foreign)}
    common = {"reason": "fraud", "remark": "", "state": "draft", "failure": ""}
    with console.rig.app.database.write() as session:
        session.add(CaseItem(case_id=int(case.rpartition("/")[2]), **smuggled, **common))
    assert confirm(approver, case) == 303
    work(console)
    assert "已撤销 1，未撤销 1" in approver.get(case).text
    with console.rig.app.database.read() as session:
        assert session.scalars(select(StatusEvent).filter_by(number=foreign)).all() == []


def test_where_no_witness_is_required_none_is_said_to_have_cosigned(
    office: tuple[Console, list[str], str],
) -> None:
    console, numbers, _ = office
    viewer = console.signed_in(Role.VIEWER)
    page = viewer.get(f"/console/certificates/{numbers[21]}").text
    assert "<dt>见证人联署</dt><dd>未要求见证人联署</dd>" in page
    assert "足数" not in page
    english = viewer.get(f"/console/certificates/{numbers[21]}", headers={"accept-language": "en"}).text
    assert "<dt>Witnesses</dt><dd>none required</dd>" in english


def test_nobody_confirms_his_own(office: tuple[Console, list[str], str]) -> None:
    """Not by form, not with the second factor, not from another session of the same account."""
    console, numbers, _ = office
    approver = console.signed_in(Role.APPROVER)
    case = act(approver, numbers[4], "revoke", reason="fraud")
    page = approver.get(case)
    assert "须由另一人核准" in page.text
    english = approver.get(case, headers={"accept-language": "en"}).text
    assert f"<title>Revocation of {parse_number(numbers[4]).printed} · " in english
    assert 'name="confirmation"' not in page.text
    again = console.caller(approver.account)
    for caller in (approver, again):
        wrong = caller.post(f"{case}/confirm", {"confirmation": "x", "code": "000000"})
        assert wrong.status_code == 422
        assert "请等下一个再试" in wrong.text
        assert "刷新" not in wrong.text
    assert console.signed_in(Role.CLERK).post(f"{case}/confirm").status_code == 403  # has not the power
    other = console.signed_in(Role.APPROVER, another=True)
    given = other.confirmed(case)
    assert approver.post(f"{case}/confirm", given).status_code == 422  # somebody else's confirmation
    assert other.post(f"{case}/confirm", given).status_code == 303
    assert other.post(f"{case}/confirm", given).status_code == 422  # replayed


def test_a_confirmation_is_for_what_was_seen(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk, approver = console.signed_in(Role.CLERK), console.signed_in(Role.APPROVER)
    case, other = (act(clerk, number, "revoke", reason="fraud") for number in numbers[5:7])
    given = approver.confirmed(case)
    assert approver.post(f"{other}/confirm", given).status_code == 422  # for another case
    act(clerk, numbers[5], "suspend", reason="complaint")
    answer = approver.post(
        f"{case}/confirm", approver.confirmed(other) | {"confirmation": given["confirmation"]}
    )
    assert answer.status_code == 422
    page = approver.get(case)
    assert "不能再核准" in page.text
    assert "核准并执行" not in page.text


def test_a_form_from_yesterday_does_nothing(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk = console.signed_in(Role.CLERK)
    old = {"seen": str(seen(console.rig, numbers[7])), "reason": "complaint", "remark": "这段话不会丢"}
    act(clerk, numbers[7], "suspend", reason="complaint")
    answer = clerk.post(f"/console/certificates/{numbers[7]}/acts/suspend", old)
    assert answer.status_code == 422
    assert "这段话不会丢" in answer.text


def test_what_is_wrong_with_a_correction_is_said_by_the_fields_label(
    office: tuple[Console, list[str], str],
) -> None:
    console, numbers, _ = office
    clerk = console.signed_in(Role.CLERK)
    data = {"seen": str(seen(console.rig, numbers[10])), "reason": "data-error", "document": ""}
    data["field.professionalHours"] = "六十"
    answer = clerk.post(f"/console/certificates/{numbers[10]}/acts/correct", data)
    assert answer.status_code == 422
    assert "「专业科目学时」是汉字数字" in answer.text
    assert 'name="field.professionalHours" value="六十" maxlength="60" aria-invalid="true"' in answer.text
    english = clerk.post(
        f"/console/certificates/{numbers[10]}/acts/correct", data, headers={"accept-language": "en"}
    )
    assert "“Professional hours” is written in words" in english.text


@pytest.mark.parametrize(
    "name",
    ["../../../etc/cron.d/x.pdf", "..\\..\\x.pdf", "a\r\nX-Evil: 1.pdf", "x.html", '"><svg onload=1>.pdf'],
)
def test_a_document_is_a_download_and_its_name_no_path(
    office: tuple[Console, list[str], str], name: str
) -> None:
    console, numbers, _ = office
    clerk = console.signed_in(Role.CLERK)
    number = numbers[8]
    with console.rig.app.database.read() as session:
        held = session.scalars(select(Case).filter_by(number=number, state="proposed")).first()
    case = f"/console/cases/{held.id}" if held else act(clerk, number, "revoke", reason="fraud")
    answer = clerk.post(f"{case}/documents", files={"document": (name, PDF, "text/html")})
    assert answer.status_code == 303
    link = re.findall(r'href="(/console/documents/\d+)"', clerk.get(case).text)[-1]
    given = clerk.get(link)
    assert given.content == PDF
    assert given.headers["content-type"] == "application/pdf"
    assert given.headers["content-disposition"].startswith("attachment; filename=")
    assert given.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert given.headers["x-content-type-options"] == "nosniff"
    assert not {"..", "/", "\\", "\r"} & set(
        re.findall(r"\.\.|[/\\\r]", given.headers["content-disposition"])
    )
    assert "x-evil" not in given.headers


def test_what_is_no_document(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk = console.signed_in(Role.CLERK)
    data = {"seen": str(seen(console.rig, numbers[9])), "reason": "complaint", "remark": "附言"}
    for content in (b"<html><script>alert(1)</script>", b"MZ\x90\0", PDF[:-7]):
        answer = clerk.post(
            f"/console/certificates/{numbers[9]}/acts/suspend",
            data,
            files={"document": ("a.pdf", content, "application/pdf")},
        )
        assert answer.status_code == 422
        assert "附言" in answer.text
    large = clerk.post(
        f"/console/certificates/{numbers[9]}/acts/suspend",
        data,
        files={"document": ("a.pdf", PDF + b"0" * (9 << 20), "application/pdf")},
    )
    assert large.status_code == 413
    assert "有效" in clerk.get(f"/console/certificates/{numbers[9]}").text


def test_revoked_by_a_list(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk, approver = console.signed_in(Role.CLERK), console.signed_in(Role.APPROVER)
    book = openpyxl.Workbook()
    rows = [
        ["证书编号", "事由", "备注"],
        [numbers[10], "弄虚作假", "=1+1"],
        [f" {numbers[11][:6]} {numbers[11][6:]}", "fraud", ""],
    ]
    rows += [
        [int(numbers[12]), "弄虚作假", ""],
        [numbers[13], "不想要了", ""],
        [numbers[14], "", ""],
        [numbers[10], "fraud", ""],
    ]
    rows += [
        [identity(1), "fraud", ""],
        [numbers[15][:-1] + str((int(numbers[15][-1]) + 1) % 10), "fraud", ""],
        [numbers[16], "holder request", ""],
    ]
    for row in rows:
        book.active.append(row)
    data = BytesIO()
    book.save(data)
    draft = clerk.post(
        "/console/revocations",
        {"remark": "培训班被取消"},
        files={"list": ("名单.xlsx", data.getvalue(), "x")},
    ).headers["location"]
    page = clerk.get(draft).text
    assert "可以撤销 2 份；有问题 7 处" in page
    for words in (
        "B 列第 5 行",
        "末几位已丢失",
        "事由不在所列之中",
        "缺少事由",
        "出现两次",
        "不是证书编号",
        "校验位不对",
    ):
        assert words in page
    assert identity(1) not in page
    case = clerk.post(f"{draft}/propose").headers["location"]
    act(clerk, numbers[11], "suspend", reason="complaint")
    assert confirm(approver, case) == 303
    work(console)
    page = approver.get(case).text
    assert "已撤销 1，未撤销 1" in page
    assert "提交之后证书状态又有变化" in page
    for after in ("abc", "9" * 30, "-1"):
        assert approver.get(f"{case}?after={after}").status_code == 200
    assert "已撤销" in clerk.get(f"/console/certificates/{numbers[10]}").text
    for path, name in (("zip bomb", "x.xlsx"), ("no headings\n1,2\n", "x.csv"), ("", "x.csv")):
        answer = clerk.post("/console/revocations", files={"list": (name, path.encode(), "x")})
        assert answer.status_code == 422


def test_printed_in_the_background(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk = console.signed_in(Role.CLERK)
    for form, title, called in (("zip", "=批\u202e次\r\n", "=批次"), ("pdf", "", r"证书\d+份-\d{8}")):
        asked = {"form": form, "batch": "1", "title": title}
        order = clerk.post("/console/prints", asked).headers["location"]
        told = clerk.get(f"{order}/progress").json()
        assert (told["waits"], told["ended"]) == (True, False)
        assert "排队等候" in clerk.get(order).text  # a release of a hundred thousand may be before it
        assert clerk.get(f"{order}/file").status_code == 409
        work(console)
        told = clerk.get(f"{order}/progress").json()
        assert (told["waits"], told["ended"]) == (False, True)
        given = clerk.get(f"{order}/file")
        name = unquote(given.headers["content-disposition"])
        assert re.search(rf"^attachment; .*''{called}\.{form}$", name)
        _look_into(form, given.content, numbers[17])
    console.rig.clock.now += 24 * 3600
    clerk = console.signed_in(Role.CLERK)
    assert clerk.get(f"{order}/file").status_code == 409
    assert "已过期删除" in clerk.get(order).text
    clerk.post("/console/prints", {"form": "pdf", "batch": "1"})
    work(console)  # which sweeps
    with console.rig.app.database.read() as session:
        now = console.rig.clock.now
        kept = session.scalars(select(PrintOrder.id).where(PrintOrder.expires_at > now)).all()
    assert {file.stem for file in prints(console)} == set(map(str, kept))


def prints(console: Console) -> list[Path]:
    """The files of results, and what was left of some."""
    return list((console.rig.place.home / "prints").iterdir())


def test_what_was_printed_goes_after_its_day_and_what_a_killed_worker_left_of_it_too(
    office: tuple[Console, list[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    """They hold names, and nobody need print again for them to go."""
    console, _, _ = office
    clerk = console.signed_in(Role.CLERK)
    order = (
        clerk.post("/console/prints", {"form": "pdf", "batch": "1"}).headers["location"].rpartition("/")[2]
    )
    left_over = console.rig.place.home / "prints" / f".{order}.pdf.0123456789abcdef.new"
    left_over.parent.mkdir(mode=0o700, exist_ok=True)
    left_over.touch()
    console.rig.publish()
    assert left_over in prints(console)  # for all that anybody knows it is being written
    work(console)
    console.rig.publish()
    assert left_over not in prints(console)
    assert f"{order}.pdf" in {file.name for file in prints(console)}
    (elsewhere := left_over.with_name("README")).touch()
    (stuck := left_over.with_name("7000.zip")).mkdir()  # no file: the system does not let it go
    console.rig.clock.now += 24 * 3600
    console.rig.publish()
    assert set(prints(console)) == {elsewhere, stuck}
    assert "7000.zip in prints/ cannot be taken away" in caplog.text
    stuck.rmdir()
    elsewhere.unlink()


def _look_into(form: str, data: bytes, number: str) -> None:
    """The files are what holders get: the record attached; or pages for the printer, named in the outline."""
    import zipfile

    import pikepdf

    if form == "zip":
        with zipfile.ZipFile(BytesIO(data)) as archive:
            assert f"{number}.pdf" in archive.namelist()
            with pikepdf.open(BytesIO(archive.read(f"{number}.pdf"))) as one:
                assert f"{number}.json" in one.attachments
        return
    with pikepdf.open(BytesIO(data)) as book, book.open_outline() as outline:
        assert len(book.pages) == len(outline.root) > 10
        titles = [one.title for one in outline.root]
        assert re.fullmatch(r"证书\d+份-\d{8}", str(book.docinfo["/Title"]))
    assert titles == sorted(titles)  # drawn by several, bound in order
    for place, page in enumerate(pypdfium2.PdfDocument(data)):
        assert titles[place].replace(" ", "") in "".join(page.get_textpage().get_text_bounded().split())


def test_revealed_for_a_reason_and_once(office: tuple[Console, list[str], str]) -> None:
    console, numbers, _ = office
    clerk = console.signed_in(Role.CLERK)
    path = f"/console/certificates/{numbers[18]}"
    assert clerk.post(f"{path}/identity", {"reason": " "}).status_code == 422
    shown = clerk.post(f"{path}/identity", {"reason": "与本人核对"})
    assert identity(19) in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert identity(19) not in clerk.get(path).text
    assert console.signed_in(Role.VIEWER).post(f"{path}/identity", {"reason": "看看"}).status_code == 403
