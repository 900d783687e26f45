"""Reading apart: what another process reads is what this one would have read, whatever becomes of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from registry import reader as reading
from registry.app import App
from registry.applications import KIND_DIGITS, SeriesKey
from registry.batches import CURRENT_VERSION, issue_file
from registry.candidates import Chunk, Course
from registry.children import Kept
from registry.cli.main import main as certreg
from registry.intake.findings import IntakeError
from registry.intake.samples import write_ugly_csv, write_ugly_workbook
from registry.offices import CHINA
from registry.reader import ListFile, Opened, ReadApart, Reader, chunks_of, open_by, reader_for
from registry.settings import PASSPHRASE_VARIABLE
from registry.trust import current_trust_list
from tests.builders import HOST, MUNICIPAL
from tests.journeys.program import Shell
from tests.registry.rig import RULES, Rig, assert_sound, people
from tests.registry.sheets import ANNUAL, COMPLETION, TODAY, YEAR, annual, completion, write_csv, write_xlsx
from verifier.loading import installed_catalogue

SIZE = 3
"""Candidates a chunk."""


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """A process that reads list after list."""
    running = Reader.started()
    yield running
    running.end()
    assert not running.serves()


@pytest.fixture
def mortal() -> Iterator[Reader]:
    """One to be killed."""
    running = Reader.started()
    yield running
    running.end()


def file_of(path: Path, kind: str = "annual") -> ListFile:
    return ListFile(path.read_bytes(), path.name, kind, YEAR, TODAY)


def course_of(app: App, kind: str = "annual") -> Course:
    with app.database.read() as session:
        rules = current_trust_list(session).rule_sets[RULES] if kind == "annual" else None
    template = installed_catalogue(app.host).templates[kind, CURRENT_VERSION].record
    series = SeriesKey(MUNICIPAL, YEAR, KIND_DIGITS[kind])
    return Course(app.host, app.vault.hashes, series, template, rules, RULES)


def chunks(opened: Opened, course: Course) -> list[Chunk]:
    return list(chunks_of(opened, course, size=SIZE))


def mixed_rows() -> list[list[object]]:
    """Short of hours, faulty, twice the same, a long employer, a total."""
    faulty = [annual(20, 职称等级="工程师"), annual(1), annual(22, 公需科目学时=1)]
    crowd = [annual(number, 工作单位="郑州市" * 40) for number in range(30, 34)]
    return [list(ANNUAL), *(annual(number) for number in range(7)), *faulty, *crowd, ["合计"]]


def write_mixed(path: Path) -> Path:
    return write_csv(path, mixed_rows())


def write_completions(path: Path) -> Path:
    return write_csv(path, [COMPLETION, *(completion(number) for number in range(8))])


def write_sample(path: Path) -> Path:
    write = write_ugly_workbook if path.suffix == ".xlsx" else write_ugly_csv
    write(path, seed=7, year=YEAR)
    return path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ugly.xlsx", "annual"),
        ("ugly.csv", "annual"),
        ("mixed.csv", "annual"),
        ("trainings.csv", "completion"),
    ],
)
def test_it_reads_what_this_process_would_have_read(lite: Rig, reader: Reader, name: str, kind: str) -> None:
    writers = {"ugly": write_sample, "mixed": write_mixed, "trainings": write_completions}
    file = file_of(writers[Path(name).stem](lite.folder / name), kind)
    here, there, course = file.opened(), reader.opened(file), course_of(lite.app, kind)
    assert isinstance(there, ReadApart)
    for one in ("name", "kind", "year", "sha256", "total_rows"):
        assert getattr(there, one) == getattr(here, one)
    read = chunks(there, course)
    assert read == chunks(here, course)
    assert sum(len(chunk.candidates) for chunk in read) > SIZE
    assert chunks(reader.opened(file), course) == read, "one process reads list after list"


def test_hidden_rows_are_held_back_or_included_there_too(lite: Rig, reader: Reader) -> None:
    def hide(book: object) -> None:
        book.worksheets[0].row_dimensions[3].hidden = True  # type: ignore[attr-defined]

    path = write_xlsx(lite.folder / "hidden.xlsx", {"名单": [ANNUAL, annual(1), annual(2)]}, hide)
    course, numbers = course_of(lite.app), []
    for included in (False, True):
        file = replace(file_of(path), include_hidden=included)
        read = chunks(reader.opened(file), course)
        assert read == chunks(file.opened(), course)
        numbers.append(sum(len(chunk.candidates) for chunk in read))
    assert numbers == [1, 2]


def test_a_file_at_fault_is_refused_with_the_same_findings(lite: Rig, reader: Reader) -> None:
    path = write_csv(lite.folder / "wrong.csv", [["姓名", "姓名", "单位"], ["甲", "乙", "丙"]])
    raised = []
    for opened in (ListFile.opened, reader.opened):
        with pytest.raises(IntakeError) as refusal:
            opened(file_of(path))
        raised.append(refusal.value.findings)
    assert raised[0] == raised[1]
    assert len(raised[0]) > 1
    assert chunks(reader.opened(file_of(write_mixed(path))), course_of(lite.app)), "and it reads the next one"


def dies_before_opening(reader: Reader, file: ListFile, course: Course) -> Iterator[Chunk]:
    reader._child.kill()
    reader._child.wait()
    yield from chunks_of(reader.opened(file), course, size=SIZE)


def dies_once_opened(reader: Reader, file: ListFile, course: Course) -> Iterator[Chunk]:
    opened = reader.opened(file)
    yield from dies(reader, chunks_of(opened, course, size=SIZE), after=0)


def dies_after_a_chunk(reader: Reader, file: ListFile, course: Course) -> Iterator[Chunk]:
    opened = reader.opened(file)
    yield from dies(reader, chunks_of(opened, course, size=SIZE), after=1)


def dies(reader: Reader, read: Iterator[Chunk], after: int) -> Iterator[Chunk]:
    for _ in range(after):
        yield next(read)
    reader._child.kill()
    reader._child.wait()
    yield from read


@pytest.mark.parametrize("death", [dies_before_opening, dies_once_opened, dies_after_a_chunk])
def test_where_it_dies_this_process_reads_on_from_there(lite: Rig, mortal: Reader, death: object) -> None:
    file = ListFile(many(lite.folder / "many.csv"), "many.csv", "annual", YEAR, TODAY)
    course = course_of(lite.app)
    assert callable(death)
    # The list is longer than what a pipe holds, so it has not all been sent when its reader dies.
    assert list(death(mortal, file, course)) == chunks(file.opened(), course)
    assert mortal._child.returncode == -signal.SIGKILL


def many(path: Path) -> bytes:
    return people(path, range(2000)).read_bytes()


@pytest.mark.parametrize("said", ["", "abcdefgh", "\\0\\0\\0\\4[1,", "\\0\\0\\0\\2"])
def test_who_answers_nonsense_is_not_listened_to(lite: Rig, said: str) -> None:
    program = f"import sys; sys.stdout.write('{said}'); sys.stdout.flush()"
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    nonsense, file = Reader(child), file_of(write_mixed(lite.folder / "mixed.csv"))
    course = course_of(lite.app)
    assert chunks(nonsense.opened(file), course) == chunks(file.opened(), course)
    nonsense.end()


def test_it_is_told_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, str]] = []
    start = subprocess.Popen

    def spied(*arguments: object, **named: object) -> "subprocess.Popen[bytes]":
        told.append(named["env"])  # type: ignore[arg-type]
        return start(*arguments, **named)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setenv(PASSPHRASE_VARIABLE, "correct horse battery staple")
    monkeypatch.setenv("CERTREG_DATABASE_URL", "postgresql://registry:secret@db/registry")
    monkeypatch.setattr(reading.subprocess, "Popen", spied)
    Reader.started().end()
    assert {name for name in os.environ if name.startswith("CERTREG_")} > set()
    assert [name for name in told[0] if name.startswith("CERTREG_")] == []
    assert "PATH" in told[0]


@pytest.mark.both_engines
def test_what_is_issued_is_the_same(rig: Rig, reader: Reader) -> None:
    path = write_mixed(rig.folder / "mixed.csv")
    opened = reader.opened(file_of(path))
    assert isinstance(opened, ReadApart)
    result = issue_file(rig.app, opened, authority=MUNICIPAL, rule_set=RULES, chunk=2)
    assert len(result.issued) == 7 + 1  # one of the faulty is short of hours, which is no fault
    assert_sound(rig.app, issued=len(result.issued))
    again = rig.submit(path)
    assert (again.already_issued, again.earlier and again.earlier[0]) == (8, result.batch_id)
    assert again.refused_rows == result.refused_rows


def test_a_short_list_needs_none_and_a_long_one_has_one_as_long_as_it_takes() -> None:
    with reader_for(reading.WORTHWHILE_BYTES - 1, None) as none:
        assert none is None
    with reader_for(reading.WORTHWHILE_BYTES, None) as one:
        assert one is not None
        assert one.serves()
    assert one._child.returncode == 0


def open_first(kept: Kept[Reader], file: ListFile, seen: list[Reader | None]) -> None:
    with reader_for(reading.WORTHWHILE_BYTES, kept) as one:
        seen.append(one)
        open_by(one, file)


def test_one_is_kept_from_list_to_list_and_not_after_a_fault(lite: Rig) -> None:
    file, long = file_of(write_mixed(lite.folder / "mixed.csv")), reading.WORTHWHILE_BYTES
    course = course_of(lite.app)
    seen: list[Reader | None] = []
    with closing(Kept[Reader]()) as kept:
        for _ in range(2):
            with reader_for(long, kept) as one:
                assert chunks(open_by(one, file), course)
                seen.append(one)
        with pytest.raises(IntakeError):
            open_first(kept, replace(file, data=b"%PDF"), seen)
        with reader_for(long, kept) as one:
            seen.append(one)
    assert seen[0] is seen[1] is seen[2] is not seen[3]
    assert [one is not None and one._child.returncode for one in seen[2:]] == [0, 0]


def certreg_reading_nothing_itself() -> None:
    """``certreg`` that finds every list long, in a process that could not read one."""
    reading.WORTHWHILE_BYTES = 1  # this process is ours alone
    del ListFile.opened
    certreg()


def test_the_command_reads_a_long_list_apart(tmp_path: Path) -> None:
    shell, year = Shell(tmp_path), datetime.now(CHINA).year
    assert shell.certreg("init", "--host", HOST).code == 0
    bureau = ("410100", "--name", "郑州市人力资源和社会保障局", "--uscc", "11410100005252100Y")
    assert shell.certreg("authority", "add", *bureau, "--year", str(year)).code == 0
    good = [annual(number, 年度=year) for number in range(4)]
    write_csv(tmp_path / "list.csv", [ANNUAL, *good, annual(9, 年度=year, 职称等级="工程师")])
    words = ("--json", "issue", "list.csv", "--authority", MUNICIPAL, "--year", str(year))
    said = shell.run(certreg_reading_nothing_itself, *words)
    assert (said.code, len(said.json["issued"]), said.json["refusedRows"]) == (2, 4, 1), said.err
    (tmp_path / "wrong.csv").write_text("姓名,姓名", encoding="utf-8")
    refused = shell.run(certreg_reading_nothing_itself, *words[:2], "wrong.csv", *words[3:])
    assert (refused.code, refused.json["error"]) == (1, "header_not_found")
    absent = shell.run(certreg_reading_nothing_itself, *words[:2], "absent.csv", *words[3:])
    assert absent.json["error"] == "file_missing"
