"""What `/api/openapi.json` says of the routes: bodies, answers, problems, and an example of each.

The routes read their bodies themselves, within bounds, so this is written by hand; tests hold requests made from it, and
the answers to them, against what the server does.
"""

from typing import Any

from verifier.report import STEP_NAMES, Outcome, Verdict
from verifier.server.problems import MEDIA_TYPE, PROBLEMS, Problem, problem_document
from verifier.server.requests import NAME_HEADER, LookupRequest, VerifyRequest

SUMMARY = "Judges continuing-education certificates · 核验继续教育证书"
DESCRIPTION = (
    "Every answer of status 200 is a report, or reports, with one of three verdicts; a problem says nothing of any "
    "certificate. What is sent is kept nowhere. Codes are the identity of a finding; SPEC 7.4 lists them."
)
_STRING = {"type": "string"}
_EXAMPLE_NUMBER = "41010020261000012315"
REPORT: dict[str, Any] = {
    "type": "object",
    "description": "SPEC 7.5. Later versions only add members.",
    "required": [
        "reportVersion", "verdict", "reason", "missing", "at", "number", "steps", "trust", "record",
        "target", "source", "pinned", "troubles",
    ],
    "properties": {
        "reportVersion": {"const": 1},
        "verdict": {"enum": [one.value for one in Verdict]},
        "reason": _STRING,
        "missing": {"type": "array", "items": _STRING},
        "at": _STRING,
        "number": {"type": "string", "pattern": "^([0-9]{20})?$"},
        "steps": {
            "type": "array",
            "minItems": len(STEP_NAMES),
            "maxItems": len(STEP_NAMES),
            "items": {
                "type": "object",
                "required": ["step", "name", "outcome", "code", "details"],
                "properties": {
                    "step": {"type": "integer"},
                    "name": {"enum": list(STEP_NAMES)},
                    "outcome": {"enum": [one.value for one in Outcome]},
                    "code": _STRING,
                    "details": {"type": "object"},
                },
            },
        },
        "trust": {"type": "object"},
        "record": {"type": ["object", "null"]},
        "target": _STRING,
        "source": _STRING,
        "pinned": {"type": "boolean"},
        "troubles": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "code"],
                "properties": {"path": _STRING, "code": _STRING},
            },
        },
    },
}  # fmt: skip
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": _STRING,
        "title": _STRING,
        "status": {"type": "integer"},
        "code": {"enum": sorted(PROBLEMS)},
        "cause": _STRING,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["place", "cause"],
                "properties": {"place": _STRING, "cause": _STRING},
            },
        },
    },
}
_REPORT_EXAMPLE: dict[str, Any] = {
    "reportVersion": 1,
    "verdict": "INDETERMINATE",
    "reason": "record_missing",
    "missing": ["record"],
    "at": "2026-11-24T08:00:00Z",
    "number": _EXAMPLE_NUMBER,
    "steps": [
        {"step": place, "name": name, "outcome": "SKIPPED", "code": "no_record", "details": {}}
        for place, name in enumerate(STEP_NAMES)
    ],
    "trust": {"registry": "jxjy.example.cn", "version": 3},
    "record": None,
    "target": "row 7",
    "source": "https://jxjy.example.cn/",
    "pinned": True,
    "troubles": [],
}
_ITEMS_EXAMPLE = {
    "items": [
        {"qrText": "https://jxjy.example.cn/v#0123456789", "target": "row 7"},
        {"number": "410100 2026 1 0000123 15"},
    ],
    "options": {"requireLog": True},
}


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Documented answers by status, with an example for each code."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in (*codes, "too_many_requests", "fault", "busy", "verifier_away", "publication_unavailable"):
        kind = PROBLEMS[code]
        answer = found.setdefault(
            kind.status, {"description": "", "content": {MEDIA_TYPE: {"schema": _PROBLEM, "examples": {}}}}
        )
        answer["description"] = f"{answer['description']} {kind.title.en}".strip()
        answer["content"][MEDIA_TYPE]["examples"][code] = {"value": problem_document(Problem(code), "en")}
    for status in (429, 503):
        found[status]["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "string"}, "required": False}
        }
    return found


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of ours without references: they would point outside of where it is put."""
    definitions = schema.pop("$defs", {})

    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return resolved(definitions[value["$ref"].rpartition("/")[2]])
        if value.get("anyOf", [{}])[-1] == {"type": "null"}:  # absent, and never null
            kept = {name: one for name, one in value.items() if name not in ("anyOf", "default")}
            return resolved({**kept, **value["anyOf"][0]})
        return {name: resolved(one) for name, one in value.items()}

    inlined: dict[str, Any] = resolved(schema)
    return inlined


_JSON_REPORT = {"schema": REPORT, "examples": {"number only": {"value": _REPORT_EXAMPLE}}}
_VERIFY_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": inlined(VerifyRequest.model_json_schema()),
            "examples": {"a code and a number": {"value": _ITEMS_EXAMPLE}},
        },
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                        "description": "JSON, PDF, PNG, JPEG, .tlog-proof, or a ZIP of them.",
                    },
                    "options": {"type": "string", "description": "The options of the JSON body, as JSON."},
                },
                "additionalProperties": False,
            },
        },
    },
}
VERIFY: dict[str, Any] = {
    "summary": "Judge up to 1,000 certificates",
    "description": (
        "Reports in the order of what was sent: one as JSON; several, or on `Accept: application/x-ndjson`, a line "
        "each. A picture may hold several certificates. A stream that cannot be finished ends with a problem's line. "
        "A number alone is judged by its status only."
    ),
    "openapi_extra": {"requestBody": _VERIFY_BODY},
    "responses": {
        200: {
            "description": "A report, or a line for each.",
            "content": {
                "application/json": _JSON_REPORT,
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        },
        **problems(
            "bad_request", "body_not_json", "upload_form", "body_timeout", "body_too_large", "too_many_items",
            "archive_too_large", "media_type", "body_form", "archive_form",
        ),
    },
}  # fmt: skip
CERTIFICATE: dict[str, Any] = {
    "summary": "Judge the certificate of a number, for who knows the holder's name",
    "description": (
        "The name is in the body, so that it stands in no address and so in no log, history or Referer. 'No such number' and "
        "'another name' are one answer, after the same time."
    ),
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": inlined(LookupRequest.model_json_schema()),
                    "examples": {"a name": {"value": {"name": "张文博"}}},
                }
            },
        }
    },
    "responses": {
        200: {"description": "The report.", "content": {"application/json": _JSON_REPORT}},
        **problems(
            "bad_request", "body_not_json", "certificate_not_found", "number_lookup_unavailable", "body_timeout",
            "body_too_large", "media_type", "body_form", "number_form", "number_check",
        ),
    },
}  # fmt: skip
CERTIFICATE_BY_HEADER: dict[str, Any] = {
    "summary": "The same, with the name in a header",
    "description": (
        "`Holder-Name` is the holder's name in UTF-8, percent-encoded, with or without RFC 8187's `UTF-8''` before it. "
        "All that is said of POST holds: the name stands in no address, and a refusal tells nothing."
    ),
    "openapi_extra": {
        "parameters": [
            {
                "name": NAME_HEADER,
                "in": "header",
                "required": True,
                "schema": {
                    "type": "string",
                    "pattern": "^(?:UTF-8'[A-Za-z0-9-]{0,8}')?(?:%E[4-9]%[89AB][0-9A-F]%[89AB][0-9A-F]){1,20}$",
                },
                "examples": {
                    "RFC 8187": {"value": "UTF-8''%E5%BC%A0%E6%96%87%E5%8D%9A"},
                    "plain": {"value": "%E5%BC%A0%E6%96%87%E5%8D%9A"},
                },
            }
        ]
    },
    "responses": {
        200: {"description": "The report.", "content": {"application/json": _JSON_REPORT}},
        **problems(
            "bad_request", "name_header", "certificate_not_found", "number_lookup_unavailable", "number_form", "number_check",
        ),
    },
}  # fmt: skip
PROBLEM: dict[str, Any] = {
    "summary": "What a problem's code means",
    "responses": {
        200: {"description": "The problem.", "content": {"application/json": {"schema": _PROBLEM}}},
        **problems("not_found", "body_form"),
    },
}
