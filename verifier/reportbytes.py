"""A report as bytes of JSON (SPEC 7.5), for a program that writes thousands: what ``to_json`` says, without the objects between.

The record goes in as the bytes that it is. They are its canonical form, so any writer would write them anew; a test holds
the two ways together for every vector.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

from keys.encodings import timestamp_encode
from verifier.judged import Judged, to_json
from verifier.report import REPORT_VERSION, STEP_NAMES, StepResult, VerificationReport


def core_bytes(report: VerificationReport) -> bytes:
    """The report by itself, in UTF-8 and on one line."""
    return _written(_members(report), report.to_json)


def report_bytes(judged: Judged, *, source: str, pinned: bool) -> bytes:
    """The same with the members that a gathering program adds."""
    members = _members(judged.report)
    members["target"] = judged.target
    members["source"] = source
    members["pinned"] = pinned
    members["troubles"] = [{"path": trouble.path, "code": trouble.code} for trouble in judged.troubles]
    return _written(members, lambda: to_json(judged, source=source, pinned=pinned))


def _written(members: dict[str, Any], slowly: Callable[[], dict[str, Any]]) -> bytes:
    try:
        return orjson.dumps(members)
    except orjson.JSONEncodeError:  # half a surrogate pair, in what a caller called a thing
        return document_bytes(slowly())


def document_bytes(document: dict[str, Any]) -> bytes:
    """Any JSON value, likewise; half a surrogate pair is told in words."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        pass
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _members(report: VerificationReport) -> dict[str, Any]:
    verdict, reason = report.conclusion
    return {
        "reportVersion": REPORT_VERSION,
        "verdict": verdict._value_,
        "reason": reason,
        "missing": report.missing,
        "at": timestamp_encode(report.at),
        "number": report.number,
        "steps": [_step(step) for step in report.steps],
        "trust": report.trust,
        "record": orjson.Fragment(report.record.data) if report.record else None,
    }


def _step(step: StepResult) -> Any:
    number, outcome, code, details, _ = step
    if not details:
        return _without_details(number, outcome._value_, code)
    return {
        "step": number,
        "name": STEP_NAMES[number],
        "outcome": outcome._value_,  # as ``value``, which is a call of Python
        "code": code,
        "details": details,
    }


@lru_cache(maxsize=1024)
def _without_details(number: int, outcome: str, code: str) -> orjson.Fragment:
    """The same for all certificates."""
    step = {"step": number, "name": STEP_NAMES[number], "outcome": outcome, "code": code, "details": {}}
    return orjson.Fragment(orjson.dumps(step))
