"""Pages of the province and of the audit trail, and whoever attacks them: other offices, an auditor who would change, names that are programs."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import openpyxl
import pytest

from keys.trustchain import parse_pin
from registry.actors import Role
from registry.cli.working import KINDS
from registry.jobs.worker import work_once
from registry.log import log_size
from registry.trail.sealing import last_seal
from registry.trail.service import head_of, record
from registry.trail.verifying import verify_trail
from registry.trust import current_trust_list
from tests.builders import INDUSTRY, MUNICIPAL
from tests.console.rig import Caller, Console, console_over
from tests.console.test_permissions import code_of
from tests.registry.intruder import sql, tamper
from tests.registry.rig import Place, copy_home, opened
from verifier.report import Verdict
from verifier.sources import FolderSource

ADMIN, AUDITOR, OFFICE = Role.PROVINCE_ADMIN, Role.PROVINCE_AUDITOR, Role.AUTHORITY_ADMIN
EVIL = ('=HYPERLINK("http://evil")', "@SUM(1)", "<script>alert(1)</script>", "+1", "-1", "\t=1")
_NUMBER = re.compile(r'href="/console/certificates/(\d{20})"')


@pytest.fixture(scope="module")
def office(founded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over a registry with certificates of two offices, and acts of both on the trail."""
    folder = tmp_path_factory.mktemp("province")
    with (
        opened(Place(copy_home(founded_sqlite, folder / "home")), folder) as rig,
        console_over(rig) as console,
    ):
        rig.issue(*range(60))
        rig.issue(100, 101, authority=INDUSTRY, kind="completion")
        rig.app.sign_log()
        for authority in (MUNICIPAL, INDUSTRY):
            actor = console.actor(Role.CLERK, authority)
            for place, text in enumerate(EVIL):
                with rig.app.database.write() as session:
                    record(
                        session,
                        actor,
                        "draft.return",
                        subject=f"draft:{place}",
                        now=rig.clock.now,
                        remark=f"{text} {authority}",
                        after={"name": text},
                    )
        yield console


def shown(caller: Caller, path: str) -> str:
    """A page that answers."""
    answer = caller.get(path)
    assert answer.status_code == 200, (path, answer.status_code, code_of(answer))
    return answer.text


def test_the_auditor_finds_each_act(office: Console) -> None:
    auditor = office.signed_in(AUDITOR)
    page = shown(auditor, "/console/trail")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert (MUNICIPAL in page, INDUSTRY in page) == (True, True)
    who = office.account(Role.CLERK, INDUSTRY).id
    only = shown(auditor, f"/console/trail?who={who}&act=draft.return")
    assert only.count('data-label="何人"') == len(EVIL)
    assert f"{EVIL[1]} {MUNICIPAL}" not in only
    assert shown(auditor, "/console/trail?subject=draft:2").count('data-label="何人"') == 2
    assert "没有符合条件的记录" in shown(auditor, "/console/trail?since=2027-01-01")
    assert code_of(auditor.get("/console/trail?since=yesterday")) == "form"
    entry = re.search(r'href="(/console/trail/\d+)"', only)
    assert entry is not None
    assert "变更前后" in shown(auditor, entry[1])


def test_an_office_sees_its_own_peoples_acts(office: Console) -> None:
    admin = office.signed_in(OFFICE)
    page = shown(admin, "/console/trail")
    assert f"{EVIL[1]} {MUNICIPAL}" in page
    assert f"{EVIL[1]} {INDUSTRY}" not in page
    stranger = office.account(Role.CLERK, INDUSTRY).id
    assert admin.get(f"/console/trail?who={stranger}").status_code == 404
    answer = admin.post("/console/trail/export", {"form": "csv"})
    assert INDUSTRY not in answer.text
    assert code_of(admin.post("/console/trail/export", {"form": "jsonl"})) == "form"


def table(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_exports_calculate_nothing(office: Console) -> None:
    auditor = office.signed_in(AUDITOR)
    rows = table(auditor.post("/console/trail/export", {"form": "csv", "act": "draft.return"}))
    assert len(rows) == 1 + 2 * len(EVIL)
    assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t")] == []
    book = openpyxl.load_workbook(
        io.BytesIO(auditor.post("/console/trail/export", {"form": "xlsx", "act": "draft.return"}).content)
    )
    cells = [cell for row in book.active.iter_rows() for cell in row]  # type: ignore[union-attr]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert f"{EVIL[0]} {MUNICIPAL}" in {cell.value for cell in cells}
    assert shown(auditor, "/console/trail?act=trail.export").count("导出审计记录") >= 2


def test_the_whole_trail_is_verified_outside(office: Console) -> None:
    admin, auditor = office.signed_in(ADMIN), office.signed_in(AUDITOR)
    with office.rig.app.database.read() as session:
        size = log_size(session)
    assert auditor.post("/console/trail/seals").status_code == 403
    assert admin.post("/console/trail/seals").status_code == 303
    with office.rig.app.database.read() as session:
        seal = last_seal(session)
        assert seal is not None
        assert (log_size(session), seal.count) == (size + 1, head_of(session).count)
    assert work_once(office.rig.app, KINDS, holder="tests")  # the head over it, by the worker
    site = office.rig.publish()
    answer = auditor.post("/console/trail/export", {"form": "jsonl"})
    lines = answer.content.splitlines(keepends=True)
    assert json.loads(lines[0])["count"] == len(lines) - 1
    pin = parse_pin((site / "root.json").read_bytes())
    report = verify_trail(lines, FolderSource(site), pin=pin, fingerprint="", now=office.rig.clock.now)
    assert (report.verdict, report.sealed) == (Verdict.PASSED, seal.count)
    assert "与透明日志中的各次封存一致" in shown(auditor, "/console/trail/seals")


def test_an_altered_trail_is_told(fresh: Console) -> None:
    for _ in range(3):
        with fresh.rig.app.database.write() as session:
            record(session, fresh.actor(Role.CLERK), "draft.open", subject="draft:1", now=fresh.rig.clock.now)
    tamper(
        fresh.rig,
        sql(
            "UPDATE trail_entry SET login = 'nobody' WHERE place = 2",
            "DELETE FROM trail_entry WHERE place = 1",
        ),
    )
    page = shown(fresh.signed_in(AUDITOR), "/console/trail/seals")
    assert ("trail_columns_differ" in page, "trail_gap" in page) == (True, True)


def test_figures_reconcile_and_lead_to_certificates(office: Console) -> None:
    auditor = office.signed_in(AUDITOR)
    page = shown(auditor, "/console/counts")
    assert "库中 62 份 = 日志中 62 份" in page
    assert page.count("<svg") == 5
    assert page.count("<title id=") == page.count("<desc id=") == 5
    links = re.findall(r'href="(/console/counts/certificates\?[^"]+)">([\d,]+)<', page.replace("&amp;", "&"))
    assert len(links) >= 6
    for path, figure in links:
        behind = shown(auditor, path)
        numbers = _NUMBER.findall(behind)
        while (
            following := re.search(r'href="(/console/counts/certificates\?[^"]+after=\d+)"', behind)
        ) is not None:
            behind = shown(auditor, following[1].replace("&amp;", "&"))
            numbers += _NUMBER.findall(behind)
        assert len(set(numbers)) == len(numbers) == int(figure.replace(",", "")), path
    assert "一致" in shown(auditor, "/console/counts/reconciliation")
    rows = table(auditor.get("/console/counts/export?form=csv"))
    assert sum(int(row[6]) for row in rows[1:]) == 62
    assert auditor.get("/console/counts/export?form=xlsx").content.startswith(b"PK")


@pytest.mark.parametrize("query", ["year=x", "month=202613", "month=1", "kind=９", "year=1234567"])
def test_questions_that_are_none(office: Console, query: str) -> None:
    assert code_of(office.signed_in(AUDITOR).get(f"/console/counts?{query}")) == "form"


def test_figures_and_authorities_in_good_english(office: Console) -> None:
    auditor, english = office.signed_in(AUDITOR), {"accept-language": "en"}
    counts = auditor.get("/console/counts", headers=english).text
    for heading in ("By issuing authority", "By month of issue", "By grade", "By kind"):
        assert f">{heading}</h2>" in counts
    assert '<th scope="col">Month of issue</th>' in counts
    assert "<button>Show</button>" in counts
    authority = auditor.get(f"/console/authorities/{MUNICIPAL}", headers=english).text
    assert re.search(r"Annual[^<]*, [^<]*Completion", authority)
    assert "、" not in authority


def test_an_office_counts_its_own(office: Console) -> None:
    clerk = office.signed_in(Role.CLERK)
    page = shown(clerk, "/console/counts?year=all")
    assert "卫生健康委员会" not in page
    for path in (
        f"/console/counts?authority={INDUSTRY}",
        f"/console/counts/certificates?authority={INDUSTRY}",
        f"/console/counts/export?authority={INDUSTRY}",
        f"/console/numbers/{INDUSTRY}-2026-2",
        f"/console/authorities/{INDUSTRY}",
    ):
        answer = clerk.get(path)
        assert (answer.status_code, code_of(answer)) == (404, "not_found"), path
    assert INDUSTRY not in clerk.get("/console/counts/export?form=csv").text
    assert "库中 60 份 = 日志中 60 份" in page


def test_every_number_has_its_place(office: Console) -> None:
    auditor = office.signed_in(AUDITOR)
    assert "办理中" in shown(auditor, "/console/numbers")
    page = shown(auditor, f"/console/numbers/{MUNICIPAL}-2026-1")
    assert "0000001–0000060" in page
    for wrong in ("410100-2026-3", "410100", "..", "410100-2026-1-1", "４１０１００-2026-1"):
        assert auditor.get(f"/console/numbers/{wrong}").status_code == 404


SUSPEND = f"/console/authorities/{MUNICIPAL}/change/suspend"


def suspend(caller: Caller, **more: str) -> httpx.Response:
    with caller.console.rig.app.database.read() as session:
        version = str(current_trust_list(session).version)
    return caller.post(SUSPEND, {"reason": "inspection", "version": version, "remark": "", **more})


def test_an_authority_is_suspended_by_the_worker_after_a_second_factor(fresh: Console) -> None:
    admin, app = fresh.signed_in(ADMIN), fresh.rig.app
    assert code_of(suspend(admin)) == "second_factor"
    answer = suspend(admin, **admin.confirmed(SUSPEND))
    assert answer.headers["location"] == f"/console/authorities/{MUNICIPAL}/progress"
    assert "后台正在办理" in shown(admin, answer.headers["location"])
    with app.database.read() as session:
        assert current_trust_list(session).authorities[MUNICIPAL].states[-1].state == "granted"
    assert work_once(app, KINDS, holder="tests")
    assert "已生效" in shown(admin, answer.headers["location"])
    fresh.rig.clock.now += 2
    assert "已暂停" in shown(admin, f"/console/authorities/{MUNICIPAL}")
    assert (
        suspend(admin, **admin.confirmed(f"/console/authorities/{INDUSTRY}/change/suspend")).status_code
        == 422
    )
    assert "提交暂停机关" in shown(fresh.signed_in(AUDITOR), "/console/trail?act=authority.suspend")


def test_where_the_root_is_elsewhere_the_page_shows_what_is_to_be_signed(fresh: Console) -> None:
    app = fresh.rig.app
    (app.settings.keys / "root-1.pem").unlink()
    admin = fresh.signed_in(ADMIN)
    suspend(admin, **admin.confirmed(SUSPEND))
    assert work_once(app, KINDS, holder="tests")
    page = shown(admin, "/console/authorities")
    code = re.search(r'<strong class="number">([^<]+)</strong>', page)
    assert code is not None
    assert code[1] in shown(admin, f"/console/authorities/{MUNICIPAL}/progress")
    assert "暂停" in page
    with app.database.read() as session:
        assert current_trust_list(session).authorities[MUNICIPAL].states[-1].state == "granted"


def test_a_confirmation_for_one_authority_or_act_is_none_for_another(fresh: Console) -> None:
    admin = fresh.signed_in(ADMIN)
    for other in (
        f"/console/authorities/{INDUSTRY}/change/suspend",
        f"/console/authorities/{MUNICIPAL}/change/withdraw",
        "/console/authorities/new",
    ):
        assert code_of(suspend(admin, **admin.confirmed(other))) == "second_factor"


def test_a_delegation_with_a_slip_costs_no_confirmation(fresh: Console) -> None:
    admin = fresh.signed_in(ADMIN)
    with fresh.rig.app.database.read() as session:
        version = str(current_trust_list(session).version)
    form = {
        "authority": "410300",
        "kind": "municipal",
        "name": "洛阳市人力资源和社会保障局",
        "uscc": "11410300005403116K",
        "division": "410300",
        "industry": "",
        "years": "2026、2027",
        "certificates": "both",
        "version": version,
        **admin.confirmed("/console/authorities/new"),
    }
    right = {"uscc": "11410300005403116J"}
    for wrong, field in (
        ({}, "uscc"),
        ({"authority": "4103"}, "authority"),
        ({"years": "二〇二六"}, "years"),
        ({"years": "2026 207"}, "years"),
        ({"kind": "royal"}, ""),
        ({"industry": "health"}, "division"),
        ({"division": "4103"}, "division"),
        ({"division": "", "industry": "卫生"}, "industry"),
    ):
        answer = admin.post("/console/authorities", {**form, **(right if wrong else {}), **wrong})
        assert answer.status_code == 422, wrong
        assert re.findall(r'<p class="wrong" id="(\w+)-wrong">', answer.text) == ([field] if field else []), (
            wrong
        )
        assert ('role="alert"' in answer.text) is (not field)
    answer = admin.post("/console/authorities", {**form, **right})
    assert answer.status_code == 303, answer.text
    assert work_once(fresh.rig.app, KINDS, holder="tests")
    fresh.rig.clock.now += 2
    assert "2026、2027" in shown(admin, "/console/authorities/410300")


def test_the_auditor_changes_no_authority(office: Console) -> None:
    auditor = office.signed_in(AUDITOR)
    for path in ("/console/authorities/new", SUSPEND):
        assert auditor.get(path).status_code == 403
    for path in ("/console/authorities", SUSPEND, "/console/trail/seals"):
        assert auditor.post(path).status_code == 403
