"""Open Badges 3.0 baking: the sample picture of 1EdTech's public validator is read, with a reader of our own."""

import json
from pathlib import Path

from verifier.containers import extract


def test_the_sample_badge_holds_its_credential(foreign_vectors: Path) -> None:
    contents = extract((foreign_vectors / "ob30" / "simple-json.png").read_bytes())
    assert (contents.kind, contents.log_proof, contents.qr_texts) == ("png", None, ())
    assert contents.record is not None
    credential = json.loads(contents.record)
    assert "OpenBadgeCredential" in credential["type"]
    assert credential["credentialSubject"]["achievement"]
