"""Gathering: what a publication has becomes evidence, what it lacks becomes a trouble, and nothing it does becomes "false"."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from keys.trustchain import RootPin
from tests.builders import HOST, refused, root, root_signers, signed
from tests.matrices import cells
from tests.simulator import (
    ANNUAL,
    COMPLETION,
    LOGGED_AT,
    Certificate,
    Simulator,
    policy,
    standard_draft,
    standard_pin,
)
from tests.verifier.publication import bundle_of, folder_of, publication
from tests.verifier.webserver import serving
from verifier.catalogue import catalogue_of, digest_of
from verifier.errors import LogError, SourceError
from verifier.evidence import Evidence
from verifier.gather import Gathered, Gatherer, LoadedTrust, gather, load_trust
from verifier.loading import installed_files
from verifier.logentry import LogEntry, record_digest
from verifier.logfiles import bundle_entries
from verifier.loglookup import runs_path
from verifier.presented import Presented, present_text
from verifier.report import Verdict, VerificationReport
from verifier.sources import FolderSource, RememberingSource, Source, open_source
from verifier.status import status_path
from verifier.trouble import Trouble, distinct
from verifier.verify import verify
from verifier.webserver import HttpSource

Files = dict[str, bytes]


@pytest.fixture
def registry() -> Simulator:
    """300 other certificates, ours, and some after it: two entry bundles and a tile above."""
    simulator = Simulator()
    simulator.fill(300)
    return simulator


def _load(
    files: Mapping[str, bytes], folder: Path, pin: RootPin | None = None, **options: Any
) -> LoadedTrust:
    return load_trust(FolderSource(folder_of(files, folder)), pin=pin, **options)


def _gathered(files: Mapping[str, bytes], folder: Path, presented: Presented) -> tuple[Gathered, LoadedTrust]:
    source = FolderSource(folder_of(files, folder))
    loaded = load_trust(source, pin=standard_pin())
    return gather(presented, source, loaded.trust), loaded


def _judged(
    files: Mapping[str, bytes], folder: Path, presented: Presented
) -> tuple[VerificationReport, tuple[Trouble, ...]]:
    gathered, loaded = _gathered(files, folder, presented)
    return verify(gathered.evidence, loaded.trust, policy()), gathered.troubles


def _record(certificate: Certificate) -> Presented:
    return Presented("c", record=certificate.record)


# ---- trust


def test_trust_rests_on_the_root_given(tmp_path: Path) -> None:
    loaded = _load(publication(Simulator()), tmp_path, standard_pin())
    assert loaded.trust.trust_list is not None
    assert (loaded.trust.pinned, loaded.troubles) == (True, ())


def test_a_root_taken_from_the_publication_is_told(tmp_path: Path) -> None:
    loaded = _load(publication(Simulator()), tmp_path)
    assert loaded.trust.trust_list is not None
    assert not loaded.trust.pinned


def test_a_root_whose_fingerprint_is_known_is_pinned(tmp_path: Path) -> None:
    files = publication(Simulator())
    assert _load(files, tmp_path, fingerprint=standard_pin().fingerprint).trust.pinned
    assert not _load(files, tmp_path, fingerprint="0" * 64).trust.pinned


def test_without_any_root_there_is_nothing_to_begin_with(tmp_path: Path) -> None:
    files = publication(Simulator())
    with refused(SourceError, "root_form"):
        _load({**files, "root.json": b"{}"}, tmp_path / "a")
    del files["root.json"]
    with refused(SourceError, "root_missing"):
        _load(files, tmp_path / "b")


def test_a_publication_out_of_reach_leaves_everything_undecided() -> None:
    certificate = Simulator().issue()
    with serving({}) as (address, _):
        pass
    for pin in (None, standard_pin()):
        with closing(RememberingSource(HttpSource(address))) as source:
            loaded = load_trust(source, pin=pin)
            assert loaded.troubles[0].code == "source_unreachable"
            assert loaded.trust.trust_list is None
            gathered = gather(_record(certificate), source, loaded.trust)
            report = verify(gathered.evidence, loaded.trust, policy())
        assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "trust_list_count")


def test_a_publication_without_a_trust_list_leaves_everything_undecided(tmp_path: Path) -> None:
    files = publication(Simulator())
    del files["trust.json"]
    loaded = _load(files, tmp_path, standard_pin())
    assert loaded.troubles == (Trouble("trust.json", "trust_list_missing"),)
    assert loaded.trust.error is not None
    assert loaded.trust.error.code == "trust_list_count"


def test_a_list_that_nobody_signed_is_refused(tmp_path: Path) -> None:
    foreign = signed(standard_draft(), root_signers(["root-9"]))
    loaded = _load({**publication(Simulator()), "trust.json": foreign.data}, tmp_path, standard_pin())
    assert loaded.trust.error is not None
    assert loaded.trust.error.code == "trust_list_unsigned"


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    loaded = _load({**publication(Simulator()), "trust.json": b"{}"}, tmp_path, standard_pin())
    assert loaded.trust.error is not None
    assert loaded.trust.error.code == "trust_list_form"


def test_a_list_older_than_one_seen_is_refused(tmp_path: Path) -> None:
    loaded = _load(publication(Simulator()), tmp_path, standard_pin(), seen_version=lambda _: 2)
    assert loaded.trust.error is not None
    assert loaded.trust.error.code == "trust_list_rollback"


def _rotated() -> Files:
    """Versions 1 to 6; the root changes at version 3, and again at version 5."""
    names = (("root-1", "root-2", "root-3"), ("root-4", "root-5"), ("root-6", "root-7"))
    roots = [root(group, threshold=2) for group in names]
    at_version = [0, 0, 1, 1, 2, 2]
    files = publication(Simulator())
    for version, place in enumerate(at_version, start=1):
        draft = replace(standard_draft(), version=version, root=roots[place])
        signers = root_signers([*names[place], *names[max(0, at_version[max(0, version - 2)])]])
        files[f"trust/{version}.json"] = files["trust.json"] = signed(draft, signers).data
    return files


def test_a_root_that_changed_is_walked_to(tmp_path: Path) -> None:
    loaded = _load(_rotated(), tmp_path, standard_pin())
    assert loaded.trust.trust_list is not None
    assert loaded.trust.trust_list.version == 6
    assert loaded.troubles == ()


def test_a_pin_of_a_later_root_begins_there(tmp_path: Path) -> None:
    files = {path: data for path, data in _rotated().items() if path not in ("trust/1.json", "trust/2.json")}
    later = RootPin(HOST, root(("root-4", "root-5"), threshold=2))
    loaded = _load(files, tmp_path, later)
    assert loaded.trust.trust_list is not None
    assert loaded.trust.trust_list.version == 6


def test_a_history_with_a_gap_leaves_everything_undecided(tmp_path: Path) -> None:
    files = _rotated()
    del files["trust/4.json"]
    loaded = _load(files, tmp_path, standard_pin())
    assert loaded.troubles == (Trouble("trust/4.json", "history_missing"),)
    assert loaded.trust.error is not None
    assert loaded.trust.error.code == "trust_list_count"


def test_a_history_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    stranger = RootPin(HOST, root(("root-8", "root-9"), threshold=2))
    loaded = _load(_rotated(), tmp_path, stranger)
    assert loaded.trust.error is not None
    assert loaded.trust.error.code == "trust_list_unsigned"


def test_a_history_beyond_its_bound_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.gather.MAX_HISTORY_BYTES", 10)
    loaded = _load(_rotated(), tmp_path, standard_pin())
    assert loaded.troubles == (Trouble("trust.json", "source_too_large"),)


# ---- templates that are not installed


def _with_new_version(*, tampered: bool = False) -> tuple[Files, Simulator]:
    """A registry that has published annual v2, which no verifier has installed."""
    files = installed_files(HOST)
    record = files["templates/annual/v1/record.json"].replace(b'"v1",\n  "code": 1', b'"v2",\n  "code": 41')
    record = record.replace(b"schemas/annual/v1", b"schemas/annual/v2")
    schema = files["schemas/annual/v1.json"].replace(b"annual/v1", b"annual/v2")
    new = {"templates/annual/v2/record.json": record, "schemas/annual/v2.json": schema}
    digests = catalogue_of({**files, **new}).digests
    registry = Simulator(trust_list=signed(replace(standard_draft(), templates=digests)))
    published = {**publication(registry), **new}
    if tampered:
        published["schemas/annual/v2.json"] = schema.replace(b"2000", b"9999")
    return published, registry


def test_a_published_template_is_fetched(tmp_path: Path) -> None:
    files, _ = _with_new_version()
    loaded = _load(files, tmp_path, standard_pin())
    assert loaded.troubles == ()
    fetched = loaded.trust.catalogue.get("annual", "v2")
    assert fetched is not None
    assert loaded.trust.catalogue.by_code[41] is fetched
    assert set(loaded.trust.catalogue.by_code) == {1, 2, 41}


def test_a_template_that_is_not_the_roots_is_not_used(tmp_path: Path) -> None:
    files, _ = _with_new_version(tampered=True)
    loaded = _load(files, tmp_path, standard_pin())
    assert loaded.troubles == (Trouble("templates/annual/v2/record.json", "template_differs"),)
    assert loaded.trust.catalogue.get("annual", "v2") is None


def test_a_template_that_is_missing_or_malformed_is_told(tmp_path: Path) -> None:
    files, _ = _with_new_version()
    del files["schemas/annual/v2.json"]
    loaded = _load(files, tmp_path, standard_pin())
    assert loaded.troubles == (Trouble("templates/annual/v2/record.json", "template_form"),)


def _listed(files: Files, new: Files) -> Files:
    """A publication whose trust list names the ``new`` files of annual v2, whatever they are."""
    known = catalogue_of(files).digests
    digest = digest_of({**files, **new}, "annual", "v2")
    registry = Simulator(trust_list=signed(replace(standard_draft(), templates=(*known, digest))))
    return {**publication(registry), **new}


HOSTILE_SCHEMAS = {
    "deep": b'{"type":"array","items":' * 2_000 + b"{}" + b"}" * 2_000,
    "deep within the bound of JSON": b'{"type":"array","items":' * 15 + b"{}" + b"}" * 15,
    "a pattern that cannot be compiled": b'{"type":"string","pattern":"' + b"(" * 60_000 + b'"}',
    "a pattern of very many copies": b'{"type":"string","pattern":"(((a{99}){99}){99}){99999999999}"}',
    "no JSON": b"\xff\xfe",
}


@pytest.mark.parametrize("name", sorted(HOSTILE_SCHEMAS))
def test_a_hostile_template_is_compiled_only_if_the_root_signed_it_and_harms_nobody_then(
    name: str, tmp_path: Path
) -> None:
    files, _ = _with_new_version()
    hostile = HOSTILE_SCHEMAS[name]
    unsigned = {**files, "schemas/annual/v2.json": hostile}
    loaded = _load(unsigned, tmp_path / "unsigned", standard_pin())
    assert loaded.troubles == (Trouble("templates/annual/v2/record.json", "template_differs"),)

    record = files["templates/annual/v2/record.json"]
    new = {"templates/annual/v2/record.json": record, "schemas/annual/v2.json": hostile}
    loaded = _load(_listed(installed_files(HOST), new), tmp_path / "signed", standard_pin())
    assert [(one.path, one.code) for one in loaded.troubles] in (
        [("templates/annual/v2/record.json", "template_form")],
        [("templates/annual/v2/record.json", "schema_keyword")],
    )
    assert set(loaded.trust.catalogue.by_code) == {1, 2}


def test_a_signed_template_of_an_impossible_name_is_told(tmp_path: Path) -> None:
    files = installed_files(HOST)
    odd = {
        f"{folder}/Annual/{name}": files[f"{folder}/annual/{name}"]
        for folder, name in (("templates", "v1/record.json"), ("schemas", "v1.json"))
    }
    digests = (*catalogue_of(files).digests, digest_of({**files, **odd}, "Annual", "v1"))
    registry = Simulator(trust_list=signed(replace(standard_draft(), templates=digests)))
    loaded = _load({**publication(registry), **odd}, tmp_path, standard_pin())
    assert loaded.troubles == (Trouble("templates/Annual/v1/record.json", "template_form"),)


# ---- evidence


@pytest.mark.parametrize("kind", ["folder", "server"])
@pytest.mark.parametrize("qr", [False, True])
def test_a_record_or_qr_alone_is_judged_by_the_publication(
    registry: Simulator, tmp_path: Path, kind: str, qr: bool
) -> None:
    certificate = registry.issue(COMPLETION)
    registry.fill(3)
    files = publication(registry, [certificate.number])
    shown = Presented("c", qr_text=certificate.qr_text) if qr else _record(certificate)

    def judge(source: Source) -> VerificationReport:
        loaded = load_trust(source, pin=standard_pin())
        gathered = gather(shown, source, loaded.trust)
        assert gathered.troubles == ()
        return verify(gathered.evidence, loaded.trust, policy())

    if kind == "folder":
        report = judge(FolderSource(folder_of(files, tmp_path)))
    else:
        with serving(files) as (address, _), closing(HttpSource(address)) as source:
            report = judge(source)
    assert (report.verdict, report.reason) == (Verdict.PASSED, "valid")
    assert report.steps[7].details["index"] == 300


def test_a_bundle_has_status_and_no_log(registry: Simulator, tmp_path: Path) -> None:
    certificate = registry.issue()
    (tmp_path / "b.zip").write_bytes(bundle_of(publication(registry, [certificate.number])))
    source = open_source(str(tmp_path / "b.zip"))
    loaded = load_trust(source, pin=standard_pin())
    gathered = gather(_record(certificate), source, loaded.trust)
    assert gathered.troubles == ()
    assert gathered.evidence.log_proof is None
    assert verify(gathered.evidence, loaded.trust, policy(require_log=False)).verdict is Verdict.PASSED


def test_a_proof_that_was_presented_is_the_one_judged(registry: Simulator, tmp_path: Path) -> None:
    certificate = registry.issue()
    own = registry.log_proof().to_bytes()
    registry.fill(2)
    gathered, _ = _gathered(publication(registry), tmp_path, replace(_record(certificate), log_proof=own))
    assert gathered.evidence.log_proof == own


def test_details_are_fetched_only_where_a_bit_is_set(registry: Simulator, tmp_path: Path) -> None:
    good, bad = registry.issue(), registry.issue(serial=124)
    registry.revoke(bad.number, reason="superseded", successor=good.number.digits)
    files = publication(registry, [good.number])
    report, _ = _judged(files, tmp_path, _record(bad))
    assert (report.verdict, report.reason) == (Verdict.FAILED, "superseded")
    assert report.steps[8].details["successor"] == good.number.digits
    gathered, _ = _gathered(files, tmp_path, _record(good))
    assert len(gathered.evidence.status) == 2


def test_what_the_status_lists_lack_is_told(registry: Simulator, tmp_path: Path) -> None:
    certificate = registry.issue()
    report, troubles = _judged(publication(registry), tmp_path, _record(certificate))
    assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "status_missing")
    assert {trouble.code for trouble in troubles} == {"status_absent"}


def test_status_lists_out_of_reach_are_told(registry: Simulator) -> None:
    certificate = registry.issue()
    files = publication(registry, [certificate.number])
    path = status_path(certificate.number, "revocation")
    with (
        serving(files, {path: (500, {})}) as (address, _),
        closing(HttpSource(address)) as source,
    ):
        loaded = load_trust(source, pin=standard_pin())
        gathered = gather(_record(certificate), source, loaded.trust)
    assert gathered.troubles == (Trouble(path, "source_unreachable"),)
    report = verify(gathered.evidence, loaded.trust, policy())
    assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "status_missing")


def test_a_forged_status_list_says_nothing(registry: Simulator, tmp_path: Path) -> None:
    certificate = registry.issue()
    registry.revoke(certificate.number)
    files = publication(registry, [certificate.number])
    for path, data in registry.status(certificate.number, key="somebody").items():
        files[path.removeprefix(f"https://{HOST}/")] = data
    report, troubles = _judged(files, tmp_path, _record(certificate))
    assert troubles == ()
    assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "status_list_signature")


# ---- numbers


def test_a_number_alone_is_undecided(registry: Simulator, tmp_path: Path) -> None:
    certificate = registry.issue()
    files = publication(registry, [certificate.number])
    report, _ = _judged(files, tmp_path, Presented("n", number=certificate.number.printed))
    assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "record_missing")


def test_a_revoked_number_says_so(registry: Simulator, tmp_path: Path) -> None:
    certificate = registry.issue()
    registry.revoke(certificate.number)
    files = publication(registry, [certificate.number])
    report, _ = _judged(files, tmp_path, Presented("n", number=certificate.number.printed))
    assert (report.verdict, report.reason) == (Verdict.FAILED, "revoked")


def test_a_number_with_a_slip_fails(registry: Simulator, tmp_path: Path) -> None:
    digits = registry.issue().number.digits
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    report, troubles = _judged(publication(registry), tmp_path, Presented("n", number=wrong))
    assert (report.verdict, report.reason, troubles) == (Verdict.FAILED, "number_check", ())


@pytest.mark.parametrize(
    ("name", "verdict", "reason"),
    [
        ("张文博", Verdict.PASSED, "valid"),
        ("张文", Verdict.FAILED, "name_differs"),
        (None, Verdict.PASSED, "valid"),
    ],
)
def test_the_registry_finds_the_record_of_a_number(
    registry: Simulator, tmp_path: Path, name: str | None, verdict: Verdict, reason: str
) -> None:
    certificate = registry.issue()
    source = FolderSource(folder_of(publication(registry, [certificate.number]), tmp_path))
    loaded = load_trust(source, pin=standard_pin())
    known = {certificate.number: (certificate.record, None)}
    presented = Presented("n", number=certificate.number.printed, name=name)
    gathered = gather(presented, source, loaded.trust, find_record=known.get)
    report = verify(gathered.evidence, loaded.trust, policy())
    assert (report.verdict, report.reason) == (verdict, reason)


def test_the_registry_is_not_asked_for_what_is_no_number(registry: Simulator) -> None:
    asked = []
    gatherer = Gatherer(None, registry.trust(), find_record=asked.append)
    assert gatherer.gather(Presented("n", number="4101")).evidence.record is None
    assert gatherer.gather(_record(registry.issue())).evidence.record is not None
    assert asked == []


def test_nothing_presented_is_told_with_its_trouble(registry: Simulator) -> None:
    gathered = gather(Presented("photo.jpg", trouble="container_no_certificate"), None, registry.trust())
    assert gathered.troubles == (Trouble("photo.jpg", "container_no_certificate"),)
    report = verify(gathered.evidence, registry.trust(), policy())
    assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "evidence_missing")


@pytest.mark.parametrize("garbage", [b"", b"{}", b'{"a":', b"\xff", b"[" * 100_000])
def test_any_bytes_can_be_gathered_for(registry: Simulator, tmp_path: Path, garbage: bytes) -> None:
    report, _ = _judged(publication(registry), tmp_path, Presented("x", record=garbage))
    assert report.verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "text", ["https://x/v#", "https://jxjy.henan.example/v#123", "https://x.cn/v#" + "9" * 330]
)
def test_any_qr_can_be_gathered_for(registry: Simulator, tmp_path: Path, text: str) -> None:
    report, _ = _judged(publication(registry), tmp_path, Presented("x", qr_text=text))
    assert report.verdict is Verdict.FAILED


# ---- a log that is wrong leaves the certificate undecided


def _drop(part: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        for path in [path for path in files if path.startswith(part)]:
            del files[path]

    return change


def _put(path: str, data: bytes) -> Callable[[Files], None]:
    return lambda files: files.update({path: data})


def _flip(part: str) -> Callable[[Files], None]:
    """Change the last byte of every file below ``part``."""

    def change(files: Files) -> None:
        for path in [path for path in files if path.startswith(part)]:
            files[path] = files[path][:-1] + bytes((files[path][-1] ^ 1,))

    return change


def _swap(path: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    return lambda files: files.update({path: files[path].replace(old, new)})


_RUNS = "log/runs/410100/2026/1.json"


def _hint(runs: object) -> Callable[[Files], None]:
    return _put(_RUNS, json.dumps({"runs": runs}).encode())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_drop("log/"), "log_absent"),
        (_drop("log/tile/entries"), "log_tile"),
        (_drop("log/tile/0"), "log_tile"),
        (_drop("log/runs"), "log_not_listed"),
        (_put("log/checkpoint", b"junk"), "note_form"),
        (_flip("log/tile/1"), "log_inclusion"),
        (_flip("log/tile/0/000"), None),
        (_put("log/tile/1/000.p/1", b"short"), "log_tile"),
        (_put("log/tile/1/000.p/1", bytes(9000)), "source_too_large"),
        (_swap("log/tile/entries/001.p/47", b'"issue"', b'"iXsue"'), "log_entry_form"),
        (_swap("log/tile/entries/001.p/47", b"05Z", b"06Z"), "log_inclusion"),
        (_put("log/tile/entries/001.p/47", b"\0"), "log_bundle_form"),
        (_put("log/tile/entries/001.p/47", b"\0\1a"), "log_bundle_form"),
        (_put("log/tile/entries/001.p/47", b"\0\1a" * 44), "log_bundle_form"),  # ours would be the next
        (_hint([[123, 1, 299]]), "log_hint"),
        (_hint([[123, 1, 303]]), "log_behind"),
        (_hint([[1, 5, 300]]), "log_not_listed"),
        (_hint([[122, 1, 299]]), "log_not_listed"),
        (_hint([[200, 5, 300]]), "log_not_listed"),
        (_hint([[123, 1]]), "log_runs_form"),
        (_hint([[123, 1, "300"]]), "log_runs_form"),
        (_hint([[123, 1, -1]]), "log_runs_form"),
        (_hint([[124, 1, 1], [123, 1, 300]]), "log_runs_form"),
        (_hint(7), "log_runs_form"),
        (_put(_RUNS, b"["), "log_runs_form"),
        (_put(_RUNS, b"{}"), "log_runs_form"),
    ],
)
def test_a_log_that_is_wrong_leaves_the_certificate_undecided(
    registry: Simulator, tmp_path: Path, change: Callable[[Files], None], code: str | None
) -> None:
    certificate = registry.issue()
    registry.fill(2)
    files = publication(registry, [certificate.number])
    assert runs_path(certificate.number) == _RUNS
    change(files)
    report, troubles = _judged(files, tmp_path, _record(certificate))
    if code is None:  # a tile that this proof does not need
        assert report.verdict is Verdict.PASSED
        return
    assert troubles == (Trouble("log", code),)
    assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "log_proof_missing")


def test_a_hint_at_another_entry_of_the_number_leaves_the_certificate_undecided(
    registry: Simulator, tmp_path: Path
) -> None:
    certificate = registry.issue()
    digest = record_digest(certificate.record)
    number = certificate.number
    later = LogEntry("suspend", number.digits, digest, number.authority, LOGGED_AT, reason="under-review")
    index = registry.log(later)
    files = publication(registry, [number])
    _hint([[number.serial, 1, index]])(files)
    report, troubles = _judged(files, tmp_path, _record(certificate))
    assert troubles == (Trouble("log", "log_hint"),)
    assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "log_proof_missing")


def test_a_checkpoint_that_the_log_did_not_sign_leaves_the_certificate_undecided(
    registry: Simulator, tmp_path: Path
) -> None:
    certificate = registry.issue()
    files = publication(registry, [certificate.number])
    forged = Simulator(entries=[*registry.entries[:-1], b"x"], log_name="other.example/log")
    files["log/checkpoint"] = forged.checkpoint()
    report, troubles = _judged(files, tmp_path, _record(certificate))
    assert troubles == (Trouble("log", "checkpoint_origin"),)
    assert report.verdict is Verdict.INDETERMINATE


def test_another_record_under_the_number_is_a_finding(registry: Simulator, tmp_path: Path) -> None:
    registry.issue()
    changed = registry.issue({**ANNUAL, "name": "王五"}, log=False)
    report, troubles = _judged(publication(registry, [changed.number]), tmp_path, _record(changed))
    assert troubles == ()
    assert (report.verdict, report.reason) == (Verdict.FAILED, "log_entry_differs")


def test_a_full_tile_stands_in_for_a_partial_one(registry: Simulator, tmp_path: Path) -> None:
    """After the log has grown a publication may drop the partial tiles of an older checkpoint."""
    certificate = registry.issue()
    old = publication(registry, [certificate.number])
    registry.fill(300)
    kept = {path: data for path, data in old.items() if not path.startswith(("log/tile/0", "log/tile/e"))}
    files = {**publication(registry), **kept}
    assert "log/tile/0/001.p/45" in old
    assert "log/tile/0/001.p/45" not in files
    report, troubles = _judged(files, tmp_path, _record(certificate))
    assert troubles == ()
    assert report.verdict is Verdict.PASSED


def test_entry_bundles_are_read_strictly() -> None:
    assert bundle_entries(b"") == []
    assert bundle_entries(b"\0\1a\0\0") == [b"a", b""]
    for data in (b"\0", b"\0\2a", b"\0\0" * 257):
        with refused(LogError, "log_bundle_form"):
            bundle_entries(data)


# ---- many


# The trust list, a checkpoint, the runs, two status lists; of each 256 entries a bundle and a tile, and the tile above them.
@pytest.mark.parametrize(("count", "most"), cells([(300, 10), (1000, 14)], always=[(300, 10)]))
def test_many_certificates_cost_few_reads(count: int, most: int) -> None:
    registry = Simulator()
    issued = [registry.issue(serial=serial) for serial in range(1, count + 1)]
    files = publication(registry, [issued[0].number])
    with serving(files) as (address, asked), closing(RememberingSource(HttpSource(address))) as source:
        loaded = load_trust(source, pin=standard_pin())
        gatherer = Gatherer(source, loaded.trust)
        for certificate in issued:
            gathered = gatherer.gather(Presented("q", qr_text=certificate.qr_text))
            assert gathered.troubles == ()
            assert gathered.evidence.log_proof is not None
    assert verify(gathered.evidence, loaded.trust, policy()).verdict is Verdict.PASSED
    assert len(asked) == len(set(asked)) <= most


def test_troubles_are_told_once() -> None:
    once = Trouble("x", "y")
    assert distinct([once, Trouble("a", "b"), once]) == (once, Trouble("a", "b"))


def test_texts_are_told_apart(registry: Simulator) -> None:
    certificate = registry.issue()
    qr = present_text("t", f" {certificate.qr_text}\n")
    assert qr is not None
    assert qr.qr_text == certificate.qr_text
    wide = "４１０１００　２０２６ 1 0000123-15"
    number = present_text("t", wide)
    assert number is not None
    assert number.number == wide
    for text in ("", "张文博", "12", "https://example.cn/", sha256(b"").hexdigest()):
        assert present_text("t", text) is None


@pytest.mark.parametrize("page", [b"<html>please log in</html>", b'{"version":3,"auth', b"\xff\xfe"])
def test_a_page_in_place_of_the_trust_list_is_an_outage(tmp_path: Path, page: bytes) -> None:
    (tmp_path / "trust.json").write_bytes(page)
    loaded = load_trust(FolderSource(tmp_path), pin=standard_pin())
    assert [(one.path, one.code) for one in loaded.troubles] == [("trust.json", "trust_list_missing")]
    certificate = Simulator().issue()
    report = verify(Evidence(record=certificate.record), loaded.trust, policy(require_log=False))
    assert report.verdict is Verdict.INDETERMINATE
