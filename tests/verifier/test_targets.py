"""Thousands of targets by several processes: the lines of one process, in its order; and where a process dies, nothing is lost."""

import multiprocessing
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

import pytest

from tests.simulator import NOW, standard_pin
from tests.verifier.publication import folder_of, good_and_revoked, publication
from verifier import targets
from verifier.gather import load_trust
from verifier.many import Processes
from verifier.policy import VerificationPolicy
from verifier.presented import Presented, plan
from verifier.program import EXIT_FAILED
from verifier.session import Options, run
from verifier.sources import FolderSource, RememberingSource
from verifier.targets import (
    WORTHWHILE,
    Bench,
    Manner,
    Planned,
    Terms,
    Written,
    _by_processes,
    _is_long,
    judged,
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication, its root, and a folder of fifty files: good, revoked, altered, unreadable, and with names to be escaped."""
    base = tmp_path_factory.mktemp("many")
    registry, good, revoked = good_and_revoked()
    folder_of(publication(registry, [good.number, revoked.number]), base / "site")
    (base / "root.json").write_bytes(standard_pin().to_bytes())
    folder = base / "certificates"
    folder.mkdir()
    contents = (
        good.record,
        revoked.record,
        good.record.replace(b'"publicHours":26', b'"publicHours":27'),
        b"\x89PNG\r\n\x1a\n but not for long",
        good.qr_text.encode(),
    )
    for place in range(50):
        name = f"{place:02}\u202e.txt" if place % 5 == 4 else f"{place:02}.json"
        (folder / name).write_bytes(contents[place % 5])
    return base


def output(
    desk: Path, *, at_once: int, monkeypatch: pytest.MonkeyPatch, **options: object
) -> tuple[str, int]:
    """Text and exit code of a run that starts processes where its targets cost ``at_once`` records."""
    monkeypatch.setattr(targets, "WORTHWHILE", at_once)
    out = StringIO()
    given = Options(root=str(desk / "root.json"), source=str(desk / "site"), **options)  # type: ignore[arg-type]
    code = run([str(desk / "certificates")], given, out=out, err=out, now=NOW)
    return out.getvalue(), code


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("name", [None, "王小明"])
def test_the_lines_of_one_process(
    desk: Path, as_json: bool, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []

    class Counted(Processes):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            begun.append(self)

    monkeypatch.setattr(targets, "Processes", Counted)
    monkeypatch.setattr(targets, "processors", lambda: 2)
    alone = output(desk, at_once=51, monkeypatch=monkeypatch, as_json=as_json, name=name)
    assert not begun
    assert output(desk, at_once=50, monkeypatch=monkeypatch, as_json=as_json, name=name) == alone
    assert len(begun) == 1
    assert alone[1] == EXIT_FAILED
    assert alone[0].count("\n") >= 50


@pytest.fixture
def bench(desk: Path) -> Bench:
    source = RememberingSource(FolderSource(desk / "site"))
    policy = VerificationPolicy(at=NOW, require_log=True)
    manner = Manner("en", as_json=True, colour=False, many=True)
    return Bench(source, Terms(load_trust(source, pin=standard_pin()), policy, manner))


def test_where_no_process_can_begin_this_one_judges(
    desk: Path, bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    items = plan(str(desk / "certificates"))
    found = list(_by_processes(items, bench, str(desk / "nowhere")))
    assert found == list(bench.one_by_one(items))
    assert "source_not_found" in capfd.readouterr().err


def test_where_processes_die_this_one_goes_on_from_there(
    desk: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, gone_on = plan(str(desk / "certificates")) * 10, []
    alone, one_by_one = list(bench.one_by_one(items)), bench.one_by_one

    def seen(rest: Sequence[Planned]) -> Iterator[Written]:
        gone_on.append(len(rest))
        return one_by_one(rest)

    monkeypatch.setattr(bench, "one_by_one", seen)
    found = []
    for one in _by_processes(items, bench, str(desk / "site")):
        found.append(one)
        if len(found) == 1:
            for child in multiprocessing.active_children():
                child.kill()
    assert found == alone
    assert len(gone_on) == 1
    assert 0 < gone_on[0] < len(items)


def test_only_what_takes_long_is_worth_processes() -> None:
    records = [Path(f"{place}.JSON") for place in range(WORTHWHILE)]
    pictures = [Path(f"{place}.jpg") for place in range(WORTHWHILE // 30 + 1)]
    assert _is_long(records)
    assert not _is_long(records[1:])
    assert _is_long([*records[1:], Presented("a number", number="1")])
    assert _is_long(pictures)
    assert not _is_long(pictures[1:])


@pytest.mark.parametrize(("place", "count"), [(None, 2), ("site", 1)])
def test_no_process_is_begun_without_a_place_or_a_second_processor(
    desk: Path, bench: Bench, place: str | None, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "WORTHWHILE", 1)
    monkeypatch.setattr(targets, "processors", lambda: count)
    monkeypatch.delattr(targets, "Processes")
    items = plan(str(desk / "certificates"))
    found = list(judged(items, bench, place and str(desk / place)))
    assert found == list(bench.one_by_one(items))
