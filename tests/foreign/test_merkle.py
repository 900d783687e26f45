"""transparency-dev/merkle's proofs, good and bad.

Of the 196 cases, two of consistency from size 0 are matters of policy (``POLICY``): RFC 9162 defines no such proof. Ours
is that an empty tree proves nothing, which happens to be what the data expect as well.
"""

import json
from binascii import a2b_base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verifier.errors import LogError
from verifier.merkle import check_consistency, check_inclusion

POLICY = {
    "consistency-check-on-empty-tree-size1-is-zero-is-useless",
    "size1-is-zero-and-size2-is-not-zero",
}


def cases(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.json")):
        yield path, json.loads(path.read_bytes())


def hashes(texts: list[str] | None) -> list[bytes]:
    return [a2b_base64(text) for text in texts or []]


def inclusion_holds(case: dict[str, Any]) -> bool:
    leaf, root = hashes([case["leafHash"], case["root"]])
    try:
        check_inclusion(leaf, case["leafIdx"], case["treeSize"], hashes(case["proof"]), root)
    except LogError:
        return False
    return True


def consistency_holds(case: dict[str, Any]) -> bool:
    old, new = hashes([case["root1"], case["root2"]])
    try:
        check_consistency(case["size1"], old, case["size2"], new, hashes(case["proof"]))
    except LogError:
        return False
    return True


def test_all_cases(foreign_vectors: Path) -> None:
    judged, policy = 0, set()
    for kind, holds in (("inclusion", inclusion_holds), ("consistency", consistency_holds)):
        for path, case in cases(foreign_vectors / "merkle" / kind):
            if path.stem in POLICY:
                policy.add(path.stem)
                assert not holds(case), path
                continue
            assert holds(case) != case["wantErr"], path
            judged += 1
    assert judged == 194
    assert policy == POLICY
