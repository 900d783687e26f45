"""Lists attacked: through what is written in them, what they are called, what they unpack to, and by those who hold an account."""

import csv
import html
import io
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import openpyxl
import pytest

from registry.accounts.models import Account
from registry.accounts.tokens import create_token
from registry.actors import Role
from registry.intake.limits import DEFAULT_LIMITS
from registry.review.models import Draft
from registry.trail.service import Filter, find
from tests.console.rig import OTHER, Console
from tests.console.test_batches import FORM, shown, submitted, upload
from tests.console.test_permissions import code_of
from tests.matrices import cells
from tests.registry.sheets import ANNUAL, COMPLETION, annual, completion, patch_zip, sheet_xml, write_xlsx
from tests.review.desk import csv_bytes

SCRIPT = "<img src=x onerror=alert(1)>"
FORMULA = ('=HYPERLINK("http://evil.example","x")', "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "=cmd|' /C calc'!A0")
PLACES = ("", "/findings?nature=", "/findings?nature=refused", "/specimens", "/review")


class Handlers(HTMLParser):
    """What a browser would run of a page: attributes on…, and scripts that are not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @classmethod
    def of(cls, page: str) -> list[str]:
        """All of ``page``."""
        parser = cls()
        parser.feed(page)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.found += [name for name, _ in attrs if name.startswith("on")]
        values = dict(attrs)
        if tag == "script" and not str(values.get("src")).startswith("/console/static/"):
            self.found.append(tag)


EVERY = "every field"
TOGETHER = (("annual", EVERY), ("completion", EVERY), ("annual", "工作单位"), ("completion", "培训项目"))
"""Every field in a list that is refused, and in lists that pass what may be any text."""
ALONE = (*(("annual", heading) for heading in ANNUAL), *(("completion", heading) for heading in COMPLETION))


@pytest.mark.parametrize(("kind", "heading"), cells(dict.fromkeys((*TOGETHER, *ALONE)), always=TOGETHER))
def test_no_field_is_markup(console: Console, kind: str, heading: str) -> None:
    """What stands in a cell, and what is refused of it, is text on every page."""
    clerk = console.signed_in(Role.CLERK)
    headings, row = (ANNUAL, annual) if kind == "annual" else (COMPLETION, completion)
    attacked = headings if heading == EVERY else (heading,)
    spoilt = [row(304 + place, **{one: SCRIPT}) for place, one in enumerate(attacked)]
    rows = [headings, row(301), *spoilt, row(303, 工作单位=SCRIPT)]
    path = write_xlsx(console.rig.folder / "xss.xlsx", {"<b>页": rows})
    draft = upload(clerk, path.read_bytes(), f"{SCRIPT.replace('/', '')}.xlsx", kind=kind)
    clerk.post(f"/console/batches/{draft}/submit", {"remark": SCRIPT})
    readers = (clerk, console.signed_in(Role.APPROVER))
    pages = [one.get(f"/console/batches/{draft}{place}").text for one in readers for place in PLACES]
    pages.append(clerk.get("/console/batches").text)
    assert any(html.escape(SCRIPT) in page for page in pages)
    for page in pages:
        assert "<img src=x" not in page
        assert "<b>页" not in page
        assert Handlers.of(page) == []


def test_a_remark_is_text(console: Console) -> None:
    draft, clerk = submitted(console, 311)
    approver = console.signed_in(Role.APPROVER)
    form = {**shown(approver, draft), "remark": SCRIPT}
    assert approver.post(f"/console/batches/{draft}/return", form).status_code == 303
    assert "<img src=x" not in clerk.get(f"/console/batches/{draft}").text


def test_no_cell_of_ours_becomes_a_formula(console: Console) -> None:
    clerk = console.signed_in(Role.CLERK)
    rows = [annual(320 + place, 工作单位=text, 姓名="李雷") for place, text in enumerate(FORMULA)]
    rows += [annual(340 + place, 姓名=text) for place, text in enumerate(FORMULA)]
    text = io.StringIO()
    csv.writer(text).writerows([ANNUAL, *rows])
    draft = upload(clerk, text.getvalue().encode())
    for path in ("to-mend.xlsx", "list.xlsx", "parts/1/annotated.xlsx"):
        answer = clerk.get(f"/console/batches/{draft}/{path}")
        assert answer.headers["content-disposition"].startswith("attachment")
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        assert any(str(cell.value).startswith(("=", "+")) for cell in cells)
        assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "..\\..\\windows\\system32\\a.xlsx",
        "/etc/shadow.xlsx",
        "a\x00b.xlsx",
        "名单\r\nSet-Cookie: a=b.xlsx",
        "\u202exslx.exe",
        "." * 300,
        "长" * 400 + ".csv",
        "",
    ],
)
def test_a_files_name_is_only_shown(console: Console, name: str) -> None:
    clerk = console.signed_in(Role.CLERK)
    answer = clerk.post("/console/batches/new", FORM, files={"file": (name or "x", csv_bytes([annual(351)]))})
    assert answer.status_code == 303
    draft = int(answer.headers["location"].rpartition("/")[2])
    with console.rig.app.database.read() as session:
        title = session.get_one(Draft, draft).title
    assert title
    assert len(title) <= 120
    assert not set(title) & set("/\\\r\n\x00\u202e")
    given = clerk.get(f"/console/batches/{draft}/parts/1/annotated.xlsx")
    assert given.status_code == 200
    assert "set-cookie" not in given.headers
    assert not {"etc", "shadow", "passwd"} & {one.name for one in console.rig.folder.rglob("*")}


def _zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def _bomb_by_size() -> bytes:
    return _zip(xl__worksheets__sheet1=b" " * (300 << 20))


def _entities() -> bytes:
    laughs = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))
    return b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">' + laughs + b"]><x>&a9;</x>"


def _far_cell(console: Console) -> bytes:
    path = write_xlsx(console.rig.folder / "far.xlsx", {"名单": [ANNUAL, annual(1)]})
    patch_zip(
        path, {"xl/worksheets/sheet1.xml": sheet_xml('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')}
    )
    return path.read_bytes()


def _external(console: Console) -> bytes:
    path = write_xlsx(console.rig.folder / "ext.xlsx", {"名单": [ANNUAL, annual(1)]})
    evil = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet>&e;</worksheet>'
    patch_zip(path, {"xl/worksheets/sheet1.xml": evil})
    return path.read_bytes()


@pytest.fixture(scope="module")
def bombs(console: Console) -> dict[str, bytes]:
    """Files that no list may be, by what is wrong with them."""
    return {
        "size": _bomb_by_size(),
        "entities": _zip(**{"[Content_Types].xml": _entities(), "xl__workbook.xml": _entities()}),
        "far": _far_cell(console),
        "external": _external(console),
        "members": _zip(**{f"m{number}": b"" for number in range(2000)}),
        "markup": b"<html><table><tr><td>1</td></tr></table></html>",
        "old": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "nothing": b"",
        "rows": b"\n" * 250_000 + csv_bytes([annual(1)]),
    }


def test_bombs_are_no_lists_of_numbers_either(console: Console, bombs: dict[str, bytes]) -> None:
    """What is to be revoked comes by a file as well; why it is refused is said in words, not by a code."""
    clerk = console.signed_in(Role.CLERK)
    for name, data in bombs.items():
        answer = clerk.post("/console/revocations", files={"list": ("名单.xlsx", data, "x")})
        told = re.search(r'role="alert"><p>([^<]+)</p>', answer.text)
        assert answer.status_code == 422, name
        assert told is not None, name
        assert "root:" not in answer.text
        assert not re.search("[a-z]_[a-z]", told[1]), told[1]


def test_bombs_are_refused_with_a_reason_and_change_nothing(
    console: Console, bombs: dict[str, bytes]
) -> None:
    clerk = console.signed_in(Role.CLERK)
    draft = upload(clerk, csv_bytes([annual(361)]))
    for name, data in bombs.items():
        answer = clerk.post("/console/batches/new", FORM, files={"file": ("list.xlsx", data)})
        assert answer.status_code == 422, name
        assert 'role="alert"' in answer.text
        assert "root:" not in answer.text
        again = clerk.post(
            f"/console/batches/{draft}/upload", {"mode": "whole"}, files={"file": ("list.xlsx", data)}
        )
        assert again.status_code == 422, name
    with console.rig.app.database.read() as session:
        row = session.get_one(Draft, draft)
    assert (row.parts, row.people) == (1, 1)


def test_what_is_too_large_is_refused_before_it_is_read(console: Console) -> None:
    clerk = console.signed_in(Role.CLERK)
    length = str(DEFAULT_LIMITS.file_bytes + (1 << 20))
    answer = clerk.client.post(
        "/console/batches/new",
        content=b"x",
        headers={"content-length": length, "content-type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 413
    answer = clerk.client.post(
        "/console/batches/1/submit", content=b"x", headers={"content-length": "999999"}
    )
    assert answer.status_code == 413


def _token(console: Console, account: Account, *routes: str) -> dict[str, str]:
    actor = replace(console.actor(Role(account.role)), account=account.id, authority=account.authority)
    with console.rig.app.database.write() as session:
        secret, _ = create_token(
            session, actor, label="系统", routes=list(routes), days=9, now=console.rig.clock.now
        )
    return {"authorization": f"Bearer {secret}"}


def test_an_offices_own_system_hands_in_and_never_releases(console: Console) -> None:
    """With a token: lists are uploaded and submitted; released they are only by a person with a second factor."""
    account = console.account(Role.CLERK)
    routes = ("batches.create", "batches.show", "batches.submit", "batches.findings", "batches.upload")
    clerk = _token(console, account, *routes)
    nobody = console.caller().client
    files = {"file": ("名单.csv", csv_bytes([annual(371), annual(372, 姓名="李1雷")]))}
    made = nobody.post("/console/batches/new", data=FORM, files=files, headers=clerk)
    assert made.status_code == 200
    draft = made.json()["id"]
    found = nobody.get(f"/console/batches/{draft}/findings", headers=clerk).json()["findings"]
    assert [one["code"] for one in found] == ["name_digits"]
    broken = nobody.post("/console/batches/new", data=FORM, files={"file": ("a", b"<html>")}, headers=clerk)
    assert (broken.status_code, broken.json()["code"]) == (422, "unread")
    assert (
        nobody.post(f"/console/batches/{draft}/submit", data={"x": ""}, headers=clerk).json()["state"]
        == "submitted"
    )
    approver = console.signed_in(Role.APPROVER)
    form = shown(approver, draft)
    token = _token(console, console.account(Role.APPROVER), "batches.release", "batches.show")
    answer = nobody.post(f"/console/batches/{draft}/release", data=form, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_token")
    for role, headers in ((Role.CLERK, clerk), (Role.CLERK, {**clerk, "cookie": "x=y"})):
        answer = nobody.post(f"/console/batches/{draft}/release", data=form, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), role


def test_a_clerk_who_became_an_approver_does_not_release_his_own(console: Console) -> None:
    account = console.new_account(Role.CLERK, "410100")
    clerk = console.caller(account)
    draft = upload(clerk, csv_bytes([annual(381)]))
    assert clerk.post(f"/console/batches/{draft}/submit").status_code == 303
    other = console.signed_in(Role.APPROVER)
    form = shown(other, draft)
    with console.rig.app.database.write() as session:
        session.get_one(Account, account.id).role = Role.APPROVER.value
    caller = clerk
    page = caller.get(f"/console/batches/{draft}/review").text
    assert "/release" not in page
    assert caller.post(f"/console/batches/{draft}/release", form).status_code == 403  # another's confirmation
    answer = caller.post(f"/console/batches/{draft}/return", {**form, "remark": "自己退回"})
    assert code_of(answer) == "own_draft"


def test_a_confirmation_is_for_one_list_once(console: Console) -> None:
    first, _ = submitted(console, 391)
    second, _ = submitted(console, 392)
    approver = console.signed_in(Role.APPROVER)
    one, two = shown(approver, first), shown(approver, second)
    crossed = {**two, "confirmation": one["confirmation"], "code": one["code"]}
    assert approver.post(f"/console/batches/{second}/release", crossed).status_code == 403
    assert (
        approver.post(f"/console/batches/{second}/release", {**two, "shown": one["shown"]}).status_code == 409
    )


def test_a_list_that_changed_between_the_page_and_the_release(console: Console) -> None:
    draft, clerk = submitted(console, 395)
    approver = console.signed_in(Role.APPROVER)
    form = shown(approver, draft)
    assert clerk.post(f"/console/batches/{draft}/withdraw").status_code == 303
    files = {"file": ("名单.csv", csv_bytes([annual(396), annual(397)]))}
    assert clerk.post(f"/console/batches/{draft}/upload", {"mode": "whole"}, files=files).status_code == 303
    assert code_of(approver.post(f"/console/batches/{draft}/release", form)) == "draft_not_submitted"
    assert clerk.post(f"/console/batches/{draft}/submit").status_code == 303
    assert code_of(approver.post(f"/console/batches/{draft}/release", form)) == "draft_changed"
    with console.rig.app.database.read() as session:
        assert session.get_one(Draft, draft).state == "submitted"


def test_a_foreign_list_is_not_there(console: Console) -> None:
    draft, clerk = submitted(console, 398)
    form = {"round": "1", "shown": "0" * 64, "checked": "yes", "mode": "whole", "remark": "外机构"}
    stranger, boss = console.signed_in(Role.CLERK, OTHER), console.signed_in(Role.APPROVER, OTHER)
    for caller, places in (
        (
            stranger,
            ("", "/findings", "/specimens/0.png", "/list.xlsx", "/parts/1/annotated.xlsx", "/to-mend.xlsx"),
        ),
        (boss, ("", "/review", "/events")),
    ):
        for place in places:
            answer = caller.get(f"/console/batches/{draft}{place}")
            assert (answer.status_code, code_of(answer)) == (404, "not_found"), place
    for caller, act in ((stranger, "submit"), (stranger, "withdraw"), (stranger, "discard"), (stranger, "upload"),
                        (boss, "release"), (boss, "return"), (boss, "retry")):  # fmt: skip
        answer = caller.post(f"/console/batches/{draft}/{act}", form)
        assert (answer.status_code, code_of(answer)) == (404, "not_found"), act
    assert "等待另一人签发" in clerk.get(f"/console/batches/{draft}").text


def test_no_log_line_and_no_trail_names_anybody(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    clerk = console.signed_in(Role.CLERK)
    person = annual(399, 姓名="司马相如")
    draft = upload(clerk, csv_bytes([person, annual(400, 姓名="欧阳1修")]))
    for place in PLACES:
        clerk.get(f"/console/batches/{draft}{place}")
    clerk.get(f"/console/batches/{draft}/list.xlsx")
    with console.rig.app.database.read() as session:
        trail = str([one.entry.document for one in find(session, Filter(subject=f"draft:{draft}"))])
    assert "draft.download" in trail
    for text in (caplog.text, trail):
        assert person[1] not in text
        assert "司马相如" not in text
        assert "欧阳1修" not in text
