"""Project Wycheproof's Ed25519 cases: every valid signature verifies, every other does not."""

import json
from pathlib import Path

from keys.publickey import PublicKey


def test_all_151_cases(foreign_vectors: Path) -> None:
    suite = json.loads((foreign_vectors / "wycheproof" / "ed25519_test.json").read_bytes())
    judged = 0
    for group in suite["testGroups"]:
        key = PublicKey.from_raw(bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            verdict = key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            assert verdict == (case["result"] == "valid"), (case["tcId"], case["comment"], case["flags"])
            judged += 1
    assert judged == suite["numberOfTests"] == 151
