"""Vectors as files: writing a case, reading it, and running one from its files alone (see README.md for the format).

Bytes are text wherever they are UTF-8, else ``{"base64": …}``. What several cases share (trust lists, pins, status
documents) lies in ``_pool`` as its exact bytes, named by its kind and the start of its SHA-256.
"""

import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from keys.encodings import timestamp_encode
from tests.builders import HOST
from tests.lineprogram import Question
from tests.vectors.model import Expected, Scene, Vector
from tests.vectors.protocol import judge, question_of
from verifier.evidence import Evidence
from verifier.policy import VerificationPolicy
from verifier.report import STEP_NAMES, VerificationReport

FOLDER = Path(__file__).parent
POOL = "_pool"
CASE = "case.json"
_INVISIBLE = re.compile(
    "[\x7f-\xa0\xad\u0300-\u036f\u061c\u115f\u1160\u1680\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000"
    "\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\u0897\U000105d2\U0001ffff\U000e0000-\U0010ffff]"
)


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


def case_names(folder: Path = FOLDER) -> list[str]:
    """The names of the cases below ``folder``, in order."""
    return sorted(path.parent.name for path in folder.glob(f"*/{CASE}"))


def read_case(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The document of a case."""
    document: dict[str, Any] = json.loads((folder / name / CASE).read_bytes())
    return document


def question_of_case(document: Mapping[str, Any], folder: Path = FOLDER) -> Question:
    """What a program under test is asked about the case ``document``."""
    return question_of(document, lambda name: (folder / POOL / name).read_bytes())


def run_case(folder: Path, name: str) -> tuple[dict[str, Any], VerificationReport]:
    """The document of the case ``name`` below ``folder``, and the Python verifier's report, from files alone."""
    document = read_case(name, folder)
    return document, judge(question_of_case(document, folder))


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


def _policy(policy: VerificationPolicy) -> dict[str, Any]:
    return {
        "at": timestamp_encode(policy.at),
        "requireLog": policy.require_log,
        "requireStatus": policy.require_status,
        "clockSkew": policy.clock_skew,
        "maxLogDelay": policy.max_log_delay,
        "statusMaxAge": policy.status_max_age,
    }


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


def _text(data: bytes | None) -> str | dict[str, str] | None:
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64encode(data or b"").decode("ascii")}


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
