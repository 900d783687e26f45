"""What a reader has seen: the newest trust list of each root, and nothing ever forgotten or guessed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import refused, root, signed
from tests.simulator import NOW, Simulator, standard_draft, standard_pin
from tests.verifier.publication import folder_of, publication
from verifier.errors import SourceError
from verifier.memory import SeenLists, memory_file
from verifier.program import EXIT_INDETERMINATE, EXIT_PASSED, EXIT_USAGE
from verifier.session import Options, run

PIN = standard_pin()
OTHER = replace(PIN, root=root(("root-4", "root-5"), threshold=1))


def test_where_it_lies() -> None:
    assert memory_file({"XDG_STATE_HOME": "/state", "HOME": "/home/x"}) == Path("/state/certreg/seen.json")
    assert memory_file({"HOME": "/home/x"}) == Path("/home/x/.local/state/certreg/seen.json")
    assert memory_file({}) is None


def test_the_newest_of_each_root_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "seen.json"
    assert SeenLists(file).newest(PIN) == 0
    for version in (3, 2, 5, 4):
        SeenLists(file).remember(PIN, version)
    SeenLists(file).remember(OTHER, 1)
    assert (SeenLists(file).newest(PIN), SeenLists(file).newest(OTHER)) == (5, 1)
    assert [one.name for one in file.parent.iterdir()] == ["seen.json"]


def test_without_a_file_nothing_is_remembered() -> None:
    nothing = SeenLists(None)
    nothing.remember(PIN, 3)
    assert nothing.newest(PIN) == 0


@pytest.mark.parametrize("text", ["", "[]", '{"a": "1"}', "{", "\xff"])
def test_a_damaged_memory_is_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    file.write_text(text, encoding="latin-1")
    with refused(SourceError, "memory_form"):
        SeenLists(file).newest(PIN)
    with refused(SourceError, "memory_form"):
        SeenLists(file).remember(PIN, 1)


def test_a_memory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    with refused(SourceError, "memory_unwritable"):
        SeenLists(tmp_path / "taken" / "state" / "seen.json").remember(PIN, 1)


def test_a_mirror_cannot_lead_back(tmp_path: Path) -> None:
    """A newer list seen once; later the older one, with status lists of its own time, from another place."""
    registry = Simulator()
    certificate = registry.issue()
    old = folder_of(publication(registry, [certificate.number]), tmp_path / "old")
    registry.trust_list = signed(replace(standard_draft(), version=2))
    new = folder_of(publication(registry, [certificate.number]), tmp_path / "new")
    record = tmp_path / "c.json"
    record.write_bytes(certificate.record)
    memory = tmp_path / "state" / "seen.json"

    def judged(site: Path) -> int:
        options = Options(source=str(site), pin=PIN, memory=memory, at=NOW, lang="en")
        return run([str(record)], options, now=NOW)

    assert [judged(old), judged(new), judged(old)] == [EXIT_PASSED, EXIT_PASSED, EXIT_INDETERMINATE]
    assert json.loads(memory.read_text()) == {PIN.fingerprint: 2}
    memory.write_text("damaged")
    assert judged(new) == EXIT_USAGE


def test_what_was_not_pinned_is_not_remembered(tmp_path: Path) -> None:
    site = folder_of(publication(Simulator()), tmp_path / "site")
    memory = tmp_path / "seen.json"
    options = Options(source=str(site), memory=memory, at=NOW)
    assert run(["41010020261000012315"], options, now=NOW) == EXIT_INDETERMINATE
    assert not memory.exists()
