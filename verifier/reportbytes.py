"""A report as bytes of JSON (SPEC 7.5), for a program that writes thousands: what ``session.to_json`` says, without the objects between.

The record goes in as the bytes that it is. They are its canonical form, so any writer would write them anew; a test holds
the two ways together for every vector.
"""

import json
from functools import lru_cache
from typing import Any

import orjson

from keys.encodings import timestamp_encode
from verifier.report import REPORT_VERSION, STEP_NAMES, StepResult
from verifier.session import Judged, to_json


def report_bytes(judged: Judged, *, source: str, pinned: bool) -> bytes:
    """The report with the members that a gathering program adds, in UTF-8 and on one line."""
    report = judged.report
    verdict, reason = report.conclusion
    document = {
        "reportVersion": REPORT_VERSION,
        "verdict": verdict._value_,
        "reason": reason,
        "missing": report.missing,
        "at": timestamp_encode(report.at),
        "number": report.number,
        "steps": [_step(step) for step in report.steps],
        "trust": report.trust,
        "record": orjson.Fragment(report.record.data) if report.record else None,
        "target": judged.target,
        "source": source,
        "pinned": pinned,
        "troubles": [{"path": trouble.path, "code": trouble.code} for trouble in judged.troubles],
    }
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:  # half a surrogate pair, in what a caller called a thing
        return document_bytes(to_json(judged, source=source, pinned=pinned))


def document_bytes(document: dict[str, Any]) -> bytes:
    """Any JSON value, likewise; half a surrogate pair is told in words."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        pass
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


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
