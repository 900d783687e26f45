"""Whoever runs the log, with witnesses on his side or not: one history for the world, another for one panel."""

from pathlib import Path

import pytest

from keys.custody import open_key_file
from registry.handout import _log_proof
from registry.log import latest_checkpoint
from registry.models import Certificate
from registry.witness.witness import KEY_FILE
from tests.attacks.panel import Panel
from tests.registry.rig import NOW, PASSPHRASE, Place, Rig, copy_home, opened
from tests.registry.witnesses import NAMES, witnessed
from verifier.checkpoint import parse_checkpoint_text
from verifier.note import ALGORITHM_COSIGNATURE, NoteKey, append_signature, cosignature_message, parse_note
from verifier.tlogproof import TlogProof, parse_tlog_proof


def issued_in(home: Path, folder: Path, serial: int) -> tuple[str, bytes, bytes]:
    """A certificate of the history in ``home``: number, record, and its proof under that history's newest head."""
    folder.mkdir()
    with opened(Place(home), folder) as other:
        (number,) = other.issue(serial)
        with other.app.database.read() as session:
            certificate = session.get_one(Certificate, number)
            proof = _log_proof(session, certificate, latest_checkpoint(session))
            assert proof is not None
            return number, certificate.record, proof


def test_a_fork_for_one_reader_is_found_by_whoever_saw_the_other_branch(lite: Rig, panel: Panel) -> None:
    """No witness at all: a panel alone cannot know; an auditor who looks at what panels are served does."""
    lite.issue(1)
    home = copy_home(lite.place.home, lite.folder / "fork-home")
    (number,) = lite.issue(2)
    assert panel.audit(lite.publish()) == ("PASSED", set())
    (lite.folder / "fork").mkdir()
    with opened(Place(home), lite.folder / "fork") as other:
        assert other.issue(3) == [number]
        site, record = other.publish(), other.record(number)
    forged = panel.file("forged.json", record)
    assert panel.verdict(forged, site=site) == ("PASSED", "valid")
    assert panel.verdict(forged, site=lite.site) == ("FAILED", "log_entry_differs")
    verdict, found = panel.audit(site)
    assert verdict == "FAILED"
    assert "fork" in found


@pytest.mark.parametrize(
    ("colluding", "verdict"), [(0, "INDETERMINATE"), (1, "INDETERMINATE"), (2, "PASSED")]
)
def test_a_fork_needs_a_quorum_of_witnesses_in_collusion(
    lite: Rig, panel: Panel, colluding: int, verdict: str
) -> None:
    """Two of two must cosign. One who breaks its word is not enough; both are, for a panel: then only memory tells (above)."""
    with witnessed(lite):
        lite.issue(1)
        home = copy_home(lite.place.home, lite.folder / "fork-home")
        (honest,) = lite.issue(2)
        lite.publish()
        number, record, proof = issued_in(home, lite.folder / "fork", 3)
    assert number == honest
    for name in NAMES[:colluding]:
        proof = cosigned(proof, lite.folder / name, name)
    report = panel.report(panel.file("forged.json", record, proof), site=without_log(lite.site))
    assert report["verdict"] == verdict
    if verdict == "INDETERMINATE":
        assert (report["reason"], report["missing"]) == ("witnesses_missing", ["witnesses"])


def without_log(site: Path) -> Path:
    """The operator's web host keeps the true log back from this panel."""
    site.joinpath("log").rename(site.parent / "kept-back")
    return site


def cosigned(proof: bytes, folder: Path, name: str) -> bytes:
    """The proof with the word of a witness that signs what it is shown."""
    parsed = parse_tlog_proof(proof)
    signer = open_key_file(folder / KEY_FILE, PASSPHRASE.encode())
    head = parse_checkpoint_text(parse_note(parsed.checkpoint).text)
    signature = NOW.to_bytes(8, "big") + signer.sign(cosignature_message(head.text, NOW))
    key = NoteKey(name, ALGORITHM_COSIGNATURE, signer.public_key)
    note = append_signature(parsed.checkpoint, key, signature)
    return TlogProof(parsed.entry, parsed.index, parsed.hashes, note).to_bytes()
