"""A case as the line of JSON that a program under test reads, and the Python verifier's answer to one (README: the protocol).

A line holds everything: bytes in base64, shared documents and templates in their place. It does not hold what is expected.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from keys.encodings import timestamp_decode
from keys.trustchain import parse_pin
from tests.lineprogram import Question
from verifier.catalogue import Catalogue, catalogue_of
from verifier.evidence import Evidence
from verifier.loading import installed_files
from verifier.policy import VerificationPolicy
from verifier.report import VerificationReport
from verifier.trust import Trust
from verifier.verify import verify

Pool = Callable[[str], bytes]
"""The bytes of a shared document, by its pool name."""


def question_of(document: Mapping[str, Any], pool: Pool) -> Question:
    """The case ``document`` (``case.json``) as a question."""
    return {
        "task": "judge",
        "case": document["name"],
        "evidence": _evidence(document["evidence"], pool),
        "trust": _trust(document["trust"], pool),
        "policy": document["policy"],
    }


def judge(question: Question) -> VerificationReport:
    """The Python verifier's report on a question, from what stands in it alone."""
    trust, policy = question["trust"], question["policy"]
    established = Trust.establish(
        [unbase64(data) for data in trust["chain"]],
        parse_pin(unbase64(trust["pin"])),
        _catalogue(tuple(trust["templates"].items())),
        pinned=trust["pinned"],
        seen_version=trust["seenVersion"],
    )
    demands = VerificationPolicy(
        at=timestamp_decode(policy["at"]),
        require_log=policy["requireLog"],
        require_status=policy["requireStatus"],
        clock_skew=policy["clockSkew"],
        max_log_delay=policy["maxLogDelay"],
        status_max_age=policy["statusMaxAge"],
    )
    return verify(evidence_in(question), established, demands)


def evidence_in(question: Question) -> Evidence:
    """What is to be judged."""
    evidence = question["evidence"]
    return Evidence(
        record=_optional(evidence.get("record")),
        qr_text=evidence.get("qrText"),
        number=evidence.get("number"),
        name=evidence.get("name"),
        log_proof=_optional(evidence.get("logProof")),
        status={url: unbase64(data) for url, data in evidence["status"].items()},
    )


def base64(data: bytes) -> str:
    """Bytes as they stand in a line."""
    return b64encode(data).decode("ascii")


def unbase64(text: str) -> bytes:
    """Bytes that stand in a line."""
    return b64decode(text, validate=True)


def _evidence(evidence: Mapping[str, Any], pool: Pool) -> dict[str, Any]:
    """``evidence`` of a case: its bytes are text or ``{"base64": …}`` there."""
    line = dict(evidence)
    for name in ("record", "logProof"):
        if isinstance(line.get(name), str):
            line[name] = base64(line[name].encode("utf-8"))
        elif name in line:
            line[name] = line[name]["base64"]
    return {**line, "status": {url: base64(pool(name)) for url, name in evidence["status"].items()}}


def _trust(trust: Mapping[str, Any], pool: Pool) -> dict[str, Any]:
    return {
        "pin": base64(pool(trust["pin"])),
        "chain": [base64(pool(name)) for name in trust["chain"]],
        "pinned": trust["pinned"],
        "seenVersion": trust["seenVersion"],
        "templates": _templates(trust["templates"]["host"]),
    }


@lru_cache(maxsize=4)
def _templates(host: str) -> dict[str, str]:
    return {path: base64(data) for path, data in sorted(installed_files(host).items())}


@lru_cache(maxsize=4)
def _catalogue(files: tuple[tuple[str, str], ...]) -> Catalogue:
    return catalogue_of({path: unbase64(text) for path, text in files})


def _optional(text: str | None) -> bytes | None:
    return None if text is None else unbase64(text)
