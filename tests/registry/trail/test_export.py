"""An auditor has a file, the publication and a root; and needs no word of the registry's."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from keys.canonical import JsonLimits, canonicalize_restricted, parse_canonical
from keys.trustchain import parse_pin
from registry.cli.main import app as program
from registry.trail.entry import digest_of
from registry.trail.export import MAX_LINE, export_trail
from registry.trail.sealing import SEAL_SECONDS
from registry.trail.verifying import TrailReport, verify_trail
from tests.builders import HOST
from tests.registry.rig import Rig
from tests.registry.trail.test_trail import fill
from verifier.report import Verdict
from verifier.sources import FolderSource

Lines = list[bytes]
_LIMITS = JsonLimits(MAX_LINE, 12)


def exported(rig: Rig) -> Lines:
    with rig.app.database.read() as session:
        return list(export_trail(session, host=rig.app.host, now=rig.clock.now))


def verified(rig: Rig, lines: Lines, *, pinned: bool = True) -> TrailReport:
    pin = parse_pin((rig.site / "root.json").read_bytes()) if pinned else None
    return verify_trail(lines, FolderSource(rig.site), pin=pin, fingerprint="", now=rig.clock.now)


def codes(report: TrailReport) -> set[str]:
    return {trouble.code for trouble in report.troubles}


@pytest.fixture
def sealed(rig: Rig) -> Rig:
    """Four acts under two seals, published, and one more."""
    for _ in range(2):
        fill(rig.app, 2)
        rig.publish()
        rig.clock.now += SEAL_SECONDS
    fill(rig.app, 1)
    return rig


def test_an_export_passes_and_tells_how_far_it_is_sealed(sealed: Rig) -> None:
    report = verified(sealed, exported(sealed))
    assert report.troubles == ()
    assert report.verdict is Verdict.PASSED
    assert (report.registry, report.count, report.sealed, report.seals, report.later_seals) == (
        HOST,
        5,
        4,
        2,
        0,
    )


def test_an_older_export_says_nothing_of_later_seals(sealed: Rig) -> None:
    lines = exported(sealed)
    sealed.clock.now += SEAL_SECONDS
    sealed.publish()
    report = verified(sealed, lines)
    assert (report.verdict, report.sealed, report.later_seals) == (Verdict.PASSED, 4, 1)


def test_without_a_root_of_ones_own_it_is_not_told(sealed: Rig) -> None:
    report = verified(sealed, exported(sealed), pinned=False)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, {"trail_root_not_pinned"})


def rechained(lines: Lines, change: Callable[[list[dict[str, object]]], None]) -> Lines:
    """The best forger: alters entries and recomputes whatever follows."""
    head = parse_canonical(lines[0].strip(), _LIMITS)
    entries = [parse_canonical(line.strip(), _LIMITS)["entry"] for line in lines[1:]]
    change(entries)
    result, digest = [canonicalize_restricted({**head, "count": len(entries)}) + b"\n"], ""
    for place, entry in enumerate(entries, 1):
        forged = {**entry, "place": place, "previous": digest or entry["previous"]}
        digest = digest_of(canonicalize_restricted(forged)).hex()
        result.append(canonicalize_restricted({"digest": digest, "entry": forged}) + b"\n")
    return result


FORGED: dict[str, tuple[Callable[[Lines], Lines], set[str]]] = {
    "altered": (
        lambda lines: [line.replace(b"batch:1", b"batch:7") for line in lines],
        {"trail_altered", "trail_chain", "trail_seal_differs"},
    ),
    "rewritten": (
        lambda lines: rechained(lines, lambda entries: entries[1].update(act="batch.other")),
        {"trail_seal_differs"},
    ),
    "one left out": (
        lambda lines: rechained(lines, lambda entries: entries.__delitem__(1)),
        {"trail_seal_differs"},
    ),
    "two exchanged": (
        lambda lines: rechained(lines, lambda entries: entries.insert(0, entries.pop(1))),
        {"trail_seal_differs"},
    ),
    "one put in": (
        lambda lines: rechained(lines, lambda entries: entries.insert(1, dict(entries[0]))),
        {"trail_seal_differs"},
    ),
    "the end cut off": (
        lambda lines: rechained(lines, lambda entries: entries.__delitem__(slice(3, None))),
        {"trail_cut_off"},
    ),
    "the file cut off": (lambda lines: lines[:-1], {"trail_export_cut"}),
    "a line cut off": (
        lambda lines: [*lines[:-1], lines[-1][:-9]],
        {"trail_export_form", "trail_export_cut"},
    ),
    "a line moved": (
        lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
        {"trail_moved", "trail_chain", "trail_seal_differs"},
    ),
    "another's": (
        lambda lines: [lines[0].replace(HOST.encode(), b"jxjy.other.example"), *lines[1:]],
        {"trail_of_another"},
    ),
    "no head": (lambda lines: lines[1:], {"trail_export_form"}),
    "nothing": (lambda _: [], {"trail_export_form"}),
}


def test_each_forgery_is_found(sealed: Rig) -> None:
    lines = exported(sealed)
    for name, (forge, wanted) in FORGED.items():
        report = verified(sealed, forge(lines))
        assert (name, report.verdict, codes(report)) == (name, Verdict.FAILED, wanted)


def test_the_unsealed_rest_can_be_rewritten_and_is_told_apart(sealed: Rig) -> None:
    report = verified(
        sealed, rechained(exported(sealed), lambda entries: entries[4].update(act="batch.other"))
    )
    assert (report.verdict, report.count, report.sealed) == (Verdict.PASSED, 5, 4)


def test_an_outage_is_no_forgery(lite: Rig) -> None:
    fill(lite.app, 2)
    lite.publish()
    lines = exported(lite)
    (lite.site / "log" / "checkpoint").rename(lite.folder / "away")
    report = verified(lite, lines)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, {"trail_log_unread", "trail_unsealed"})


def test_a_log_that_was_altered_seals_nothing(lite: Rig) -> None:
    fill(lite.app, 2)
    lite.publish()
    lines = exported(lite)
    for bundle in (lite.site / "log" / "tile" / "entries").rglob("*"):
        if bundle.is_file():
            bundle.write_bytes(bundle.read_bytes().replace(b'"number":"2"', b'"number":"1"'))
    report = verified(lite, lines)
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, {"trail_log_unread", "trail_unsealed"})


def test_before_the_first_seal_there_is_nothing_to_compare_with(lite: Rig) -> None:
    lite.publish()
    fill(lite.app, 2)
    report = verified(lite, exported(lite))
    assert (report.verdict, codes(report)) == (Verdict.INDETERMINATE, {"trail_unsealed"})


def test_the_command_line(lite: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export, seal, check and verify as an office would; the export is itself an act."""
    for name, value in lite.place.environment.items():
        monkeypatch.setenv(name, value)
    export = lite.folder / "trail.jsonl"

    def run(*words: str) -> tuple[int, dict[str, object]]:
        done = CliRunner().invoke(program, ["--json", *words])
        return done.exit_code, json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}

    fill(lite.app, 2)
    assert run("trail", "seal")[1]["sealed"] == 2
    assert run("trail", "export", str(export)) == (0, {"file": str(export), "count": 3})
    assert run("trail", "check") == (0, {"count": 3, "troubles": []})
    assert export.stat().st_mode & 0o777 == 0o600
    assert run("publish", str(lite.site))[0] == 0
    root = ["--trust", str(lite.site / "root.json")]
    monkeypatch.delenv("CERTREG_HOME")
    monkeypatch.chdir(lite.folder)
    code, report = run("trail", "verify", str(export), str(lite.site), *root)
    assert (code, report["verdict"], report["count"], report["sealed"]) == (0, "PASSED", 3, 2)
    export.write_bytes(export.read_bytes().replace(b"batch:1", b"batch:7"))
    code, report = run("trail", "verify", str(export), str(lite.site), *root)
    assert (code, report["verdict"]) == (1, "FAILED")
    assert run("trail", "verify", str(export), str(lite.folder / "nowhere"), *root)[0] == 64
    assert run("trail", "verify", str(lite.folder / "none"), str(lite.site), *root)[0] == 1
