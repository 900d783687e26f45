"""What `/api/openapi.json` says of the panel's routes; see ``documentation``."""

from typing import Any

from verifier.server.documentation import inlined, problems
from verifier.server.panelrequests import ReviewRequest

_OBJECT = {"type": "object"}
_LINES = {"application/x-ndjson": {"schema": {"type": "string"}}}
_FILES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                        }
                    },
                    "additionalProperties": False,
                }
            }
        },
    }
}
_BODY = ("bad_request", "body_timeout", "body_too_large", "media_type", "body_form")
_UPLOAD = (*_BODY, "body_not_json", "upload_form", "too_many_items", "archive_too_large", "archive_form")
ABILITIES: dict[str, Any] = {
    "summary": "What this site can do for a panel",
    "responses": {
        200: {"description": "`reads` and `signs`.", "content": {"application/json": {"schema": _OBJECT}}}
    },
}
READ: dict[str, Any] = {
    "summary": "What files present, without judging it",
    "description": (
        "A line for each certificate found: `target`, and `record` `qrText` `number` `logProof` (texts), `page` (what the "
        "PDF's page says, by field), or `trouble`. Nothing in it is verified."
    ),
    "openapi_extra": _FILES,
    "responses": {200: {"description": "A line each.", "content": _LINES}, **problems(*_UPLOAD)},
}
REPORT: dict[str, Any] = {
    "summary": "Judge a sitting anew, and make its report",
    "description": (
        "Lines of progress (`done` `of`), then one with `signed` `mark` `counts` `table` `pdf` (base64) and, where it is "
        "signed, `report` and `qr`. A verdict cannot be sent; everything is judged from the evidence."
    ),
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": inlined(ReviewRequest.model_json_schema()),
                    "examples": {"nobody": {"value": {"name": "2026", "items": []}}},
                }
            },
        }
    },
    "responses": {
        200: {"description": "Lines.", "content": _LINES},
        **problems(*_BODY, "body_not_json", "review_too_large", "report_key_unlisted", "review_not_trusted"),
    },
}
FIND: dict[str, Any] = {
    "summary": "The review report in a PDF, without judging it",
    "openapi_extra": _FILES,
    "responses": {
        200: {
            "description": "`report` and `table`, as texts.",
            "content": {"application/json": {"schema": _OBJECT}, **_LINES},
        },
        **problems(*_UPLOAD, "report_not_found"),
    },
}
