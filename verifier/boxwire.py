"""What goes in and out of a box (``verifier.box``): frames of bytes, and answers that take nothing on trust.

A frame is its length in four bytes, big-endian, and so many bytes. A request is a byte for the task (``CERTIFICATE``, ``WITH_PAGE``, ``REPORT``) and a file. An answer is JSON in the
restricted profile: ``spent`` (whether the process wants to be replaced) and either ``code`` or ``kind`` ``record``
``logProof`` ``table`` (base64, left out where there is none) ``texts`` ``page``. Whoever takes over a box by a hostile file can write any answer, so it
is read as strictly as a stranger's document, and it is never a pickle.
"""

import json
from dataclasses import dataclass
from typing import Any, BinaryIO, get_args

from keys.canonical import JsonLimits, parse_restricted
from keys.encodings import base64_decode, base64_encode
from keys.errors import KeysError
from verifier.contents import MAX_PAGE_TEXT, MAX_TEXTS, Contents, Kind
from verifier.limits import MAX_LOG_PROOF_BYTES, MAX_QR_TEXT, MAX_RECORD_BYTES

CERTIFICATE, WITH_PAGE, REPORT = b"C", b"P", b"R"
"""What is asked of a file: its certificate, that and its page's text, or the review report in it."""
CODES = frozenset(
    {
        "container_ambiguous",
        "container_no_certificate",
        "container_too_costly",
        "container_too_large",
        "container_unreadable",
        "image_too_large",
    }
)
"""What may be said of a file in which nothing was found."""
_MAX_TABLE_BYTES = 16 * 1024 * 1024
_ANSWER_LIMITS = JsonLimits(max_bytes=24 * 1024 * 1024)
"""A review's table in base64, or ``MAX_TEXTS`` texts in UTF-8, and the record."""
_LENGTH_BYTES = 4
_KINDS = frozenset(get_args(Kind))


class WireError(Exception):
    """What came through the pipe is no frame or no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a box says of one file: exactly one of ``contents`` and ``code``."""

    contents: Contents | None = None
    code: str = ""


def write_frame(stream: BinaryIO, data: bytes) -> None:
    """Write ``data`` with its length."""
    stream.write(len(data).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(data)
    stream.flush()


def read_frame(stream: BinaryIO, most: int) -> bytes | None:
    """The next frame's bytes; None where the stream has ended; ``WireError`` for a frame that is cut or over ``most``."""
    head = stream.read(_LENGTH_BYTES)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    if len(head) != _LENGTH_BYTES or size > most:
        raise WireError
    data = stream.read(size)
    if len(data) != size:
        raise WireError
    return data


def write_answer(stream: BinaryIO, answer: Answer, *, spent: bool) -> None:
    """Write an answer as a frame."""
    document: dict[str, Any] = {"spent": spent, "code": answer.code}
    if answer.contents is not None:
        document = {
            "spent": spent,
            "kind": answer.contents.kind,
            "texts": list(answer.contents.qr_texts),
            "page": answer.contents.page_text,
        }
        found = answer.contents
        parts = {"record": found.record, "logProof": found.log_proof, "table": found.table}
        document |= {name: base64_encode(part) for name, part in parts.items() if part is not None}
    write_frame(stream, json.dumps(document, ensure_ascii=False).encode())


def read_answer(stream: BinaryIO) -> tuple[Answer, bool]:
    """The next answer, and whether the process is spent; ``WireError`` for anything that no box of ours would say."""
    data = read_frame(stream, _ANSWER_LIMITS.max_bytes)
    try:
        document = parse_restricted(data or b"", _ANSWER_LIMITS)
        spent = _of_type(document["spent"], bool)
        if "code" in document:
            return Answer(code=_one_of(document["code"], CODES)), spent
        return Answer(contents=_contents(document)), spent
    except (KeysError, KeyError, TypeError) as error:
        raise WireError from error


def _contents(document: dict[str, Any]) -> Contents:
    texts, page = _of_type(document["texts"], list), _of_type(document["page"], str)
    if len(texts) > MAX_TEXTS or any(type(text) is not str or len(text) > MAX_QR_TEXT for text in texts):
        raise WireError
    if len(page) > MAX_PAGE_TEXT:
        raise WireError
    return Contents(
        _one_of(document["kind"], _KINDS),
        record=_part(document.get("record"), MAX_RECORD_BYTES),
        log_proof=_part(document.get("logProof"), MAX_LOG_PROOF_BYTES),
        qr_texts=tuple(texts),
        page_text=page,
        table=_part(document.get("table"), _MAX_TABLE_BYTES),
    )


def _of_type(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise WireError
    return value


def _one_of(value: Any, allowed: frozenset[str]) -> Any:
    if type(value) is not str or value not in allowed:
        raise WireError
    return value


def _part(text: Any, most: int) -> bytes | None:
    if text is None:
        return None
    data = base64_decode(_of_type(text, str))
    if len(data) > most:
        raise WireError
    return data
