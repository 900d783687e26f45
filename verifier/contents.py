"""What a presented file holds, and the reading that needs no decoder of others': JSON, text, a record baked into a PNG.

This is the quick part of reading a file (SPEC clause 8) and is safe in any process: our own code, bounded in time and
memory. What is left (PDF, and pictures that carry no record) is for ``verifier.containers``, in a box.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from verifier.errors import FormError
from verifier.limits import MAX_QR_TEXT
from verifier.number import parse_typed_number
from verifier.qr import looks_like_qr_text
from verifier.unpack import PNG_SIGNATURE, ContainerError, ContainerLimits, png_texts

RECORD_KEYWORD = "openbadgecredential"  # Open Badges 3.0, 5.3.1
PROOF_KEYWORD = "tlog-proof"
RECORD_SUFFIX, PROOF_SUFFIX = ".json", ".tlog-proof"
MAX_TEXTS = 256
"""Texts of codes kept of one file; a sheet of copies has a dozen."""
_MAX_LINES = 32
_MAGIC = {PNG_SIGNATURE: "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"RIFF": "WEBP"}

MAX_PAGE_TEXT = 20_000
"""Characters kept of a page's text; a certificate has under 1,000."""
REPORT_SUFFIX, TABLE_SUFFIX = ".jsonld", ".jsonl"
"""What a review report's PDF has attached (SPEC 8.5)."""

Kind = Literal["json", "pdf", "png", "image", "text", "report"]
Form = Literal["PDF", "PNG", "JPEG", "GIF", "WEBP", "text"]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, unverified. ``record`` and ``log_proof`` as they lie in it; ``qr_texts`` ours first."""

    kind: Kind
    record: bytes | None = None
    log_proof: bytes | None = None
    qr_texts: tuple[str, ...] = ()
    page_text: str = ""
    """Of a PDF's first page, if that was asked for: to compare with what is signed, and never a fact."""
    table: bytes | None = None
    """Of a review report, whose document is then ``record``."""


def form_of(data: bytes) -> Form:
    """What ``data`` is by its first bytes; ``text`` for all that has no other sign."""
    form = next((form for magic, form in _MAGIC.items() if data.startswith(magic)), None)
    if form is None and b"%PDF-" in data[:1024]:
        return "PDF"
    return form or "text"  # type: ignore[return-value]


def read_plainly(data: bytes, limits: ContainerLimits) -> Contents | None:
    """What can be read without a decoder; None where one is needed. Raises ``ContainerError``."""
    if len(data) > limits.max_bytes:
        raise ContainerError("container_too_large", f"{len(data)} > {limits.max_bytes}")
    form = form_of(data)
    if form == "text":
        return _from_text(data, limits)
    return _baked(data, limits) if form == "PNG" else None


def found(kind: Kind, texts: Iterable[str]) -> Contents:
    """Contents with the texts of codes or lines; raises ``ContainerError`` where there is none."""
    ordered = tuple(sorted(dict.fromkeys(text for text in texts if text), key=_rank))
    if not ordered:
        raise ContainerError("container_no_certificate", kind)
    return Contents(kind, qr_texts=ordered[:MAX_TEXTS])


def only(things: Iterable[bytes]) -> bytes | None:
    """The one thing found, however often; two different ones would let two readers see two certificates."""
    distinct = set(things)
    if len(distinct) > 1:
        raise ContainerError("container_ambiguous")
    return distinct.pop() if distinct else None


def _rank(text: str) -> int:
    """What looks like a certificate's QR comes first, then what is a certificate's number, then the rest."""
    if looks_like_qr_text(text):
        return 0
    try:
        parse_typed_number(text)
    except FormError:
        return 2
    return 1


def _from_text(data: bytes, limits: ContainerLimits) -> Contents:
    if len(data) > limits.max_record_bytes:
        raise ContainerError("container_too_large", "text")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContainerError("container_unreadable", "not UTF-8") from error
    if "\0" in text:
        raise ContainerError("container_unreadable", "NUL")
    text = text.removeprefix("\ufeff").strip()
    if text.startswith("{"):
        return Contents("json", record=data)
    lines = [line.strip() for line in text.splitlines()[:_MAX_LINES]]
    return found("text", (line for line in lines if len(line) <= MAX_QR_TEXT))


def _baked(data: bytes, limits: ContainerLimits) -> Contents | None:
    """The record baked into a PNG, by a reader that takes no chunk on trust."""
    most = {RECORD_KEYWORD: limits.max_record_bytes, PROOF_KEYWORD: limits.max_log_proof_bytes}
    baked = png_texts(data, most, max_chunks=limits.max_png_chunks, max_texts=limits.max_png_texts)
    record = only(baked[RECORD_KEYWORD])
    if record is None:
        return None
    return Contents("png", record=record, log_proof=only(baked[PROOF_KEYWORD]))
