"""RFC 8785's own test data (cyberphone/json-canonicalization)."""

import json
from pathlib import Path

from keys.canonical import canonicalize

NAMES = ("arrays", "french", "structures", "unicode", "values", "weird")


def test_all_six_documents_have_the_published_form(foreign_vectors: Path) -> None:
    folder = foreign_vectors / "jcs"
    assert {path.stem for path in (folder / "input").iterdir()} == set(NAMES)
    for name in NAMES:
        form = canonicalize(json.loads((folder / "input" / f"{name}.json").read_bytes()))
        assert form == (folder / "output" / f"{name}.json").read_bytes(), name
        assert form == bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text()), name
