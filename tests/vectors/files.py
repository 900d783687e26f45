"""Vectors as files: writing a case, and running one from its files alone (see README.md for the format).

Bytes are text wherever they are UTF-8, else ``{"base64": …}``. What several cases share (trust lists, pins, status
documents) lies in ``_pool`` as its exact bytes, named by its kind and the start of its SHA-256.
"""

import json
import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from keys.encodings import timestamp_decode, timestamp_encode
from keys.trustchain import parse_pin
from tests.builders import HOST
from tests.vectors.model import Expected, Scene, Vector
from verifier.evidence import Evidence
from verifier.loading import installed_catalogue
from verifier.policy import VerificationPolicy
from verifier.report import STEP_NAMES, VerificationReport
from verifier.trust import Trust
from verifier.verify import verify

FOLDER = Path(__file__).parent
POOL = "_pool"
CASE = "case.json"
_INVISIBLE = re.compile(
    "[\x7f-\xa0\xad\u0300-\u036f\u061c\u115f\u1160\u1680\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000"
    "\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001ffff\U000e0000-\U0010ffff]"
)

_catalogue = cache(installed_catalogue)


def case_files(vector: Vector, scene: Scene) -> dict[str, bytes]:
    """The files of one vector, by path below the folder of the vectors."""
    pool: dict[str, bytes] = {}
    document = {
        "name": vector.name,
        "title": vector.title,
        "clause": vector.clause,
        "evidence": _evidence(scene.evidence, pool),
        "trust": {
            "pin": _pooled(scene.pin.to_bytes(), "root", pool),
            "chain": [_pooled(data, "trust", pool) for data in scene.chain],
            "pinned": scene.pinned,
            "seenVersion": scene.seen_version,
            "templates": {"host": HOST},
        },
        "policy": _policy(scene.policy),
        "expected": _expected(scene.expected),
    }
    return {f"{vector.name}/{CASE}": _json(document), **pool}


def run_case(folder: Path, name: str) -> tuple[dict[str, Any], VerificationReport]:
    """The document of the case ``name`` below ``folder``, and the report of its verification from files alone."""
    document = json.loads((folder / name / CASE).read_bytes())
    trust = document["trust"]
    established = Trust.establish(
        [_read_pool(folder, reference) for reference in trust["chain"]],
        parse_pin(_read_pool(folder, trust["pin"])),
        _catalogue(trust["templates"]["host"]),
        pinned=trust["pinned"],
        seen_version=trust["seenVersion"],
    )
    evidence = _read_evidence(folder, document["evidence"])
    return document, verify(evidence, established, _read_policy(document["policy"]))


def disagreements(document: Mapping[str, Any], report: VerificationReport) -> list[str]:
    """Where ``report`` is not what the case expects; empty where they agree."""
    return differences(document, report.to_json())


def differences(document: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """The same, of a report in its JSON form, whoever made it."""
    expected = document["expected"]
    found = [
        f"{member}: expected {expected[member]}, got {actual[member]}"
        for member in ("verdict", "reason", "missing")
        if expected[member] != actual[member]
    ]
    for wanted, step in zip(expected["steps"], actual["steps"], strict=True):
        details = {name: step["details"].get(name) for name in wanted.get("details", {})}
        got = {name: step[name] for name in ("step", "name", "outcome", "code")}
        got |= {"details": details} if "details" in wanted else {}
        if wanted != got:
            found.append(f"step {step['step']}: expected {wanted}, got {got}")
    for name, value in expected.get("trust", {}).items():
        if actual["trust"].get(name) != value:
            found.append(f"trust.{name}: expected {value}, got {actual['trust'].get(name)}")
    return found


def _evidence(evidence: Evidence, pool: dict[str, bytes]) -> dict[str, Any]:
    members = {
        "record": _text(evidence.record),
        "qrText": evidence.qr_text,
        "number": evidence.number,
        "name": evidence.name,
        "logProof": _text(evidence.log_proof),
        "status": {url: _pooled(data, "status", pool) for url, data in evidence.status.items()},
    }
    return {name: value for name, value in members.items() if value is not None}


def _read_evidence(folder: Path, value: Mapping[str, Any]) -> Evidence:
    return Evidence(
        record=_bytes(value.get("record")),
        qr_text=value.get("qrText"),
        number=value.get("number"),
        name=value.get("name"),
        log_proof=_bytes(value.get("logProof")),
        status={url: _read_pool(folder, reference) for url, reference in value["status"].items()},
    )


def _policy(policy: VerificationPolicy) -> dict[str, Any]:
    return {
        "at": timestamp_encode(policy.at),
        "requireLog": policy.require_log,
        "requireStatus": policy.require_status,
        "clockSkew": policy.clock_skew,
        "maxLogDelay": policy.max_log_delay,
        "statusMaxAge": policy.status_max_age,
    }


def _read_policy(value: Mapping[str, Any]) -> VerificationPolicy:
    return VerificationPolicy(
        at=timestamp_decode(value["at"]),
        require_log=value["requireLog"],
        require_status=value["requireStatus"],
        clock_skew=value["clockSkew"],
        max_log_delay=value["maxLogDelay"],
        status_max_age=value["statusMaxAge"],
    )


def _expected(expected: Expected) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    for number, name in enumerate(STEP_NAMES):
        outcome, code = expected.steps[number].split(" ")
        steps.append({"step": number, "name": name, "outcome": outcome, "code": code})
        if number in expected.details:
            steps[number]["details"] = dict(expected.details[number])
    document: dict[str, Any] = {"verdict": expected.verdict, "reason": expected.reason}
    document |= {"missing": list(expected.missing), "steps": steps}
    return {**document, "trust": dict(expected.trust)} if expected.trust else document


def _pooled(data: bytes, kind: str, pool: dict[str, bytes]) -> str:
    name = f"{kind}-{sha256(data).hexdigest()[:12]}.json"
    pool[f"{POOL}/{name}"] = data
    return name


def _read_pool(folder: Path, name: str) -> bytes:
    return (folder / POOL / name).read_bytes()


def _text(data: bytes | None) -> str | dict[str, str] | None:
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64encode(data or b"").decode("ascii")}


def _bytes(value: str | Mapping[str, str] | None) -> bytes | None:
    if value is None:
        return None
    return value.encode("utf-8") if isinstance(value, str) else b64decode(value["base64"], validate=True)


def _json(document: Mapping[str, Any]) -> bytes:
    """Indented JSON in which nothing is invisible, and no normalising editor can change a name."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return (_INVISIBLE.sub(_escape, text) + "\n").encode("utf-8")


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def is_visible(text: str) -> bool:
    """Whether a reader of ``text`` sees all of it: line feeds apart, nothing but visible characters and spaces."""
    return all(
        character in "\n " or (character.isprintable() and not unicodedata.combining(character))
        for character in text
    )
