"""The offline bundle: one file with which everything but the log is judged on a machine without a network."""

import zipfile
from pathlib import Path

from keys.trustchain import parse_pin
from registry.publication import write_bundle
from tests.builders import HOST
from tests.registry.rig import DAY, Rig
from tests.registry.sheets import identity
from verifier.gather import Gatherer, load_trust
from verifier.judged import judge
from verifier.policy import VerificationPolicy
from verifier.presented import Presented
from verifier.report import Verdict, VerificationReport
from verifier.sources import open_source
from verifier.webpages import PAGES, WORKER

NOT_IN_A_BUNDLE = {"log", "verifier", *PAGES, *WORKER}
"""The log (SPEC 8.4), and the pages, for which a verifier without a network has no use."""


def judged(rig: Rig, bundle: Path, number: str, *, log_proof: bytes | None = None) -> VerificationReport:
    """What the public verifier says with nothing but the bundle and the root it pinned."""
    source = open_source(str(bundle))
    pin = parse_pin((rig.site / "root.json").read_bytes())
    loaded = load_trust(source, pin=pin)
    gatherer = Gatherer(source, loaded.trust)
    presented = Presented(number, record=rig.record(number), log_proof=log_proof)
    report = next(iter(judge([presented], gatherer, loaded, VerificationPolicy(at=rig.clock.now)))).report
    source.close()
    return report


def test_it_verifies_offline(rig: Rig) -> None:
    numbers = rig.issue(1, 2) + rig.issue(1, kind="completion")
    rig.change(numbers[1], "revoke", "fraud")
    rig.publish()
    size = write_bundle(rig.app, rig.folder / "bundle")
    assert size == (rig.folder / "bundle").stat().st_size
    reasons = [judged(rig, rig.folder / "bundle", number).reason for number in numbers]
    assert reasons == ["valid", "revoked", "valid"]


def test_it_says_when_it_is_too_old(rig: Rig) -> None:
    (number,) = rig.issue(1)
    rig.publish()
    write_bundle(rig.app, rig.folder / "bundle")
    rig.clock.now += 2 * DAY
    report = judged(rig, rig.folder / "bundle", number)
    assert (report.verdict, report.reason) == (Verdict.INDETERMINATE, "status_stale")


def test_it_holds_the_publication_but_for_the_log_and_nobodys_name(rig: Rig) -> None:
    rig.issue(1, 2)
    site = rig.publish()
    write_bundle(rig.app, rig.folder / "bundle")
    with zipfile.ZipFile(rig.folder / "bundle") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    header = members.pop("bundle.json")
    assert f'"registry":"{HOST}"'.encode() in header
    wanted = {
        str(path.relative_to(site)): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file() and path.name != ".lock" and path.relative_to(site).parts[0] not in NOT_IN_A_BUNDLE
    }
    assert members == wanted  # signed at the same moment, so even the lists are the same bytes
    for data in members.values():
        assert "张文博".encode() not in data
        assert identity(1).encode() not in data


def test_the_same_content_gives_the_same_bytes(lite: Rig) -> None:
    lite.issue(1)
    write_bundle(lite.app, lite.folder / "one")
    write_bundle(lite.app, lite.folder / "two")
    assert (lite.folder / "one").read_bytes() == (lite.folder / "two").read_bytes()
