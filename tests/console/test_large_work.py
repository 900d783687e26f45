"""Large work in the web process: few at once, the rest told so; read once, made apart, whole or refused."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from weakref import ref

import httpx
import openpyxl
import pytest
from openpyxl.styles import Font

from registry.actors import Role
from registry.cases.index import Progress
from registry.console import turns as turns_module
from registry.console.pages import approvals, batchfiles, certificates, prints, uploads
from registry.console.problems import Problem
from registry.console.turns import LARGE, SMALL, SMALL_BYTES, SMALL_ROWS, Turns, turns_of
from registry.jobs.models import Job
from registry.review import drafts
from registry.review.rows import pick_rows
from tests.console.rig import Caller, Console
from tests.console.test_batches import FORM, submitted, upload
from tests.registry.sheets import ANNUAL, annual, write_xlsx
from tests.review.desk import csv_bytes

LONG = 3600.0


@contextmanager
def taken(turns: Turns) -> Iterator[None]:
    """A turn is had, in another thread, while the block runs."""
    had, over = Event(), Event()

    def have() -> None:
        with turns.turn():
            had.set()
            over.wait()

    thread = Thread(target=have)
    thread.start()
    had.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_whoever_comes_beyond_those_who_may_wait_is_told_at_once() -> None:
    turns = Turns(at_once=2, waiting=0, patience=LONG)
    for _ in range(2):  # everything is given back
        with taken(turns), taken(turns), pytest.raises(Problem) as refused, turns.turn():
            pass
        assert (refused.value.code, refused.value.headers) == ("busy", {"Retry-After": "30"})


def test_whoever_may_wait_has_his_turn_when_another_has_had_his() -> None:
    turns, had = Turns(at_once=1, waiting=1, patience=LONG), Event()

    def wait() -> None:
        with turns.turn():
            had.set()

    waiting = Thread(target=wait)
    with taken(turns):
        waiting.start()
        assert not had.is_set()
    waiting.join()
    assert had.is_set()


def test_patience_has_an_end() -> None:
    turns = Turns(at_once=1, waiting=1, patience=0.01)
    for _ in range(3):
        with taken(turns), pytest.raises(Problem, match="busy"), turns.turn():
            pass


class Held:
    """Something in a cycle."""

    def __init__(self) -> None:
        self.itself = self


def test_what_nobody_holds_any_more_is_given_back_after_a_large_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    ordered: list[Callable[[], None]] = []

    class Ordered:
        def __init__(self, _: float, what: Callable[[], None]) -> None:
            ordered.append(what)

        def start(self) -> None:
            """Not now."""

    monkeypatch.setattr(turns_module, "Timer", Ordered)
    with SMALL.turn():
        pass
    assert not ordered
    gc.disable()
    try:
        held = ref(Held())
        with LARGE.turn():
            pass
        assert held() is not None
        ordered[0]()
        assert held() is None
    finally:
        gc.enable()


def test_work_that_is_done_stands_where_no_thread_can_be_had_to_sweep_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class NoThread:
        def __init__(self, *_: object) -> None:
            """As a thread."""

        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(turns_module, "Timer", NoThread)
    turns = Turns(at_once=1, waiting=0, sweeping=True)
    for _ in range(2):
        with turns.turn():
            pass


def test_small_lists_do_not_stand_behind_large_ones() -> None:
    assert turns_of(SMALL_ROWS, SMALL_BYTES) is SMALL
    assert turns_of(SMALL_ROWS + 1) is turns_of(size=SMALL_BYTES + 1) is LARGE


@pytest.mark.parametrize(
    ("rows", "turns"), [(SMALL_ROWS - 100, SMALL), (SMALL_ROWS + 1, LARGE), (20_000, LARGE)]
)
@pytest.mark.parametrize("form", ["csv", "cr", "xlsx"])
def test_a_file_of_few_bytes_and_many_rows_is_large(
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    rows: int,
    turns: Turns,
) -> None:
    had: list[Turns] = []

    def told(count: float, size: int) -> Turns:
        had.append(turns_of(count, size))
        return Turns(at_once=1, waiting=0)

    if form == "xlsx":
        data = write_xlsx(tmp_path / "w.xlsx", {"表": [ANNUAL, *[["x"]] * (rows - 1)]}).read_bytes()
    else:
        data = ",".join(ANNUAL).encode() + (b"\n" if form == "csv" else b"\r") * rows
    assert len(data) <= SMALL_BYTES
    monkeypatch.setattr(uploads, "turns_of", told)
    monkeypatch.setattr(uploads, "compose", lambda *_, **__: (_ for _ in ()).throw(Problem("bad_request")))
    clerk = console.signed_in(Role.CLERK)
    clerk.post("/console/batches/new", FORM, files={"file": (f"w.{form}", data)})
    assert had == [turns]


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All turns are taken, and nobody may wait."""
    turns = Turns(at_once=1, waiting=0)
    for pages in (uploads, batchfiles, certificates):
        monkeypatch.setattr(pages, "turns_of", lambda *_, **__: turns)
    with taken(turns):
        yield


def is_busy(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and answer.headers["retry-after"] == "30" and "正忙" in answer.text


def test_what_is_large_takes_a_turn(
    console: Console, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = console.signed_in(Role.CLERK)
    draft = upload(clerk, csv_bytes([annual(901), annual(902, 姓名="李1雷")]))
    request.getfixturevalue("busy")
    monkeypatch.setattr(uploads, "Upload", None)  # a file that waits is not in memory
    page = f"/console/batches/{draft}"
    file = {"file": ("名单.csv", csv_bytes([annual(903)]))}
    assert is_busy(clerk.post("/console/batches/new", FORM, files=file))
    assert is_busy(clerk.post(f"{page}/upload", {"mode": "mended"}, files=file))
    assert is_busy(clerk.post(f"{page}/submit"))
    for name in ("parts/1/annotated", "to-mend", "list"):
        assert is_busy(clerk.get(f"{page}/{name}.xlsx"))
    assert is_busy(clerk.post("/console/certificates/export", {"form": "csv"}))
    assert clerk.get(page).status_code == 200


def test_a_person_by_form_waits_for_nobody(console: Console, request: pytest.FixtureRequest) -> None:
    clerk = console.signed_in(Role.CLERK)
    request.getfixturevalue("busy")
    cells = dict(zip(("name", "identity", "employer", "grade"), annual(904)[:4], strict=True))
    form = {**FORM, **cells, "professional_hours": "60", "public_hours": "30"}
    assert clerk.post("/console/batches/single/annual", form).status_code == 303


def test_a_list_is_read_once_for_the_approvers_page(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, _ = submitted(console, 911, 912, 913)
    readings = []

    def counted(data: bytes, wanted: list[int]) -> object:
        readings.append(wanted)
        return pick_rows(data, wanted)

    monkeypatch.setattr(approvals, "pick_rows", counted)
    assert console.signed_in(Role.APPROVER).get(f"/console/batches/{draft}/review").status_code == 200
    assert readings == [[0, 1, 2]]


def test_a_workbook_is_annotated_in_a_process_apart(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dressed(book: openpyxl.Workbook) -> None:
        book.worksheets[0]["A1"].font = Font(name="宋体", size=20)

    file = write_xlsx(tmp_path / "名单.xlsx", {"表": [ANNUAL, annual(921, 姓名="李1雷")]}, dressed)
    clerk = console.signed_in(Role.CLERK)
    draft = upload(clerk, file.read_bytes(), file.name)
    monkeypatch.setattr(openpyxl, "load_workbook", None)  # of this process, which serves others
    data = clerk.get(f"/console/batches/{draft}/parts/1/annotated.xlsx").content
    monkeypatch.undo()
    (tmp_path / "back.xlsx").write_bytes(data)
    sheet = openpyxl.load_workbook(tmp_path / "back.xlsx").worksheets[0]
    assert sheet["A1"].font.name == "宋体"
    assert sheet["H2"].value == "未发"


def test_an_export_is_whole_or_refused(
    console: Console, clerk_with_three: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = clerk_with_three
    monkeypatch.setattr(certificates, "EXPORTED", 3)
    assert clerk.post("/console/certificates/export", {"form": "csv"}).status_code == 200
    monkeypatch.setattr(certificates, "EXPORTED", 2)
    monkeypatch.setattr(certificates, "every", None)  # that it is refused is known before any record is read
    refused = clerk.post("/console/certificates/export", {"form": "csv"})
    assert refused.status_code == 409
    assert "上限 2 份" in refused.text


def test_nothing_is_exported_or_printed_by_half_an_index(
    console: Console, clerk_with_three: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "bring_up_to_date", lambda _: Progress(40, 12_385))
    for path, form in (("certificates/export", "csv"), ("prints", "pdf")):
        refused = clerk_with_three.post(f"/console/{path}", {"form": form})
        assert refused.status_code == 409
        assert "12,345" in refused.text
    with console.rig.app.database.read() as session:
        assert session.query(Job).filter_by(kind="search-index").count() == 1  # and somebody mends it


@pytest.fixture(scope="module")
def clerk_with_three(console: Console) -> Caller:
    """A clerk whose office has three certificates."""
    console.rig.issue(931, 932, 933)
    return console.signed_in(Role.CLERK)


def test_how_many_were_found_is_not_said_where_nobody_counted(
    console: Console, clerk_with_three: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [f"410100{place:014d}" for place in range(5001)]
    monkeypatch.setattr(prints, "numbers_found", lambda *_, **__: many)
    refused = clerk_with_three.post("/console/prints", {"form": "zip"}).text
    assert "上限 5,000 份" in refused
    assert "5,001" not in refused
    monkeypatch.setattr(prints, "numbers_found", lambda *_, **__: many[:1001])
    assert "1,001" in clerk_with_three.post("/console/prints", {"form": "pdf"}).text


def test_specimens_and_rows_to_mend_open_no_more_of_a_list_than_they_show(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        annual(941),
        annual(942, 姓名="阿卜杜拉·买买提"),
        annual(943, 工作单位="郑州大学第一附属医院分院"),
    ]
    clerk = console.signed_in(Role.CLERK)
    draft = upload(clerk, csv_bytes([*rows, annual(944, 姓名="李1雷")]))
    monkeypatch.setattr(drafts, "read_list", None)
    page = clerk.get(f"/console/batches/{draft}/specimens").text
    assert page.count("<img") == 3
    assert clerk.get(f"/console/batches/{draft}/specimens/2.png").status_code == 200
    assert clerk.get(f"/console/batches/{draft}/specimens/3.png").status_code == 404
    assert clerk.get(f"/console/batches/{draft}/to-mend.xlsx").status_code == 200


@pytest.mark.parametrize(("path", "most"), [("batches/new", "64 MB"), ("me/sessions/end-others", "256 kB")])
def test_how_much_may_be_sent_is_said_as_people_say_it(console: Console, path: str, most: str) -> None:
    clerk = console.signed_in(Role.CLERK)
    request = clerk.client.build_request("POST", f"/console/{path}", content=b"csrf=x")
    request.headers["content-length"] = "99999999"
    refused = clerk.client.send(request)
    assert refused.status_code == 413
    assert f"最多 {most}。" in refused.text
