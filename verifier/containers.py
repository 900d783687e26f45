"""Reads what a holder or a panel presents: JSON, PDF, PNG, a photograph or scan, or text (SPEC clause 8).

An edge of the verifier: it finds the record or the QR's text in a file and judges nothing. A record that is attached
to a PDF or baked into a PNG comes first; only where there is none are the pages or the picture searched for QR codes.
Any bytes may come in and only ``ContainerError`` goes out: ``container_too_large`` ``container_unreadable``
``container_ambiguous`` (two different records in one file) ``container_no_certificate`` ``image_too_large``.

PDF and pictures are decoded by qpdf, PDFium, Pillow and zxing in this process. The limits bound memory; nothing here
bounds time, so a public server calls this in a worker that it can end.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, TypeVar

import zxingcpp
from PIL import Image

from verifier.errors import FormError, VerifierError
from verifier.limits import MAX_QR_TEXT
from verifier.number import parse_typed_number
from verifier.pdffile import attached_files, harmless_copy, page_pictures
from verifier.qr import looks_like_qr_text
from verifier.unpack import PNG_SIGNATURE, ContainerError, ContainerLimits, png_texts

__all__ = ["ContainerError", "ContainerLimits", "Contents", "extract"]

RECORD_KEYWORD = "openbadgecredential"  # Open Badges 3.0, 5.3.1
PROOF_KEYWORD = "tlog-proof"
RECORD_SUFFIX, PROOF_SUFFIX = ".json", ".tlog-proof"
_PICTURES = {b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"RIFF": "WEBP"}
_PAGE_DPI = (200, 300)  # a genuine QR module has 5 or 8 pixels then; the second for a scan within a scan
_MAX_LINES = 32
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

_T = TypeVar("_T")
Kind = Literal["json", "pdf", "png", "image", "text"]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, unverified. ``record`` and ``log_proof`` as they lie in it; ``qr_texts`` ours first."""

    kind: Kind
    record: bytes | None = None
    log_proof: bytes | None = None
    qr_texts: tuple[str, ...] = ()


def extract(data: bytes, *, limits: ContainerLimits | None = None) -> Contents:
    """The record, or else the QR texts, in ``data``; raises ``ContainerError`` where there is neither."""
    limits = limits or ContainerLimits()
    if len(data) > limits.max_bytes:
        raise ContainerError("container_too_large", f"{len(data)} > {limits.max_bytes}")
    if data.startswith(PNG_SIGNATURE):
        return _from_png(data, limits)
    if b"%PDF-" in data[:1024]:
        return _from_pdf(data, limits)
    for magic, form in _PICTURES.items():
        if data.startswith(magic):
            return _found("image", _read_picture(data, form, limits))
    return _from_text(data, limits)


def _found(kind: Kind, texts: Iterable[str]) -> Contents:
    ordered = tuple(sorted(dict.fromkeys(text for text in texts if text), key=_rank))
    if not ordered:
        raise ContainerError("container_no_certificate", kind)
    return Contents(kind, qr_texts=ordered)


def _rank(text: str) -> int:
    """What looks like a certificate's QR comes first, then what is a certificate's number, then the rest."""
    if looks_like_qr_text(text):
        return 0
    try:
        parse_typed_number(text)
    except FormError:
        return 2
    return 1


def _guarded(work: Callable[..., _T], *arguments: Any) -> _T:
    """Runs a decoder of others' on strangers' bytes. What it may raise is documented nowhere, so all of it is caught."""
    try:
        return work(*arguments)
    except VerifierError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ContainerError("image_too_large") from error
    except Exception as error:
        raise ContainerError("container_unreadable", type(error).__name__) from error


def _one(found: Iterable[bytes]) -> bytes | None:
    """The one thing found, however often; two different ones would let two readers see two certificates."""
    distinct = set(found)
    if len(distinct) > 1:
        raise ContainerError("container_ambiguous")
    return distinct.pop() if distinct else None


# ---- text and JSON


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
    return _found("text", (line for line in lines if len(line) <= MAX_QR_TEXT))


# ---- PNG: the baked record, by a reader that takes no chunk on trust


def _from_png(data: bytes, limits: ContainerLimits) -> Contents:
    most = {RECORD_KEYWORD: limits.max_record_bytes, PROOF_KEYWORD: limits.max_log_proof_bytes}
    baked = png_texts(data, most, max_chunks=limits.max_png_chunks)
    record = _one(baked[RECORD_KEYWORD])
    if record is not None:
        return Contents("png", record=record, log_proof=_one(baked[PROOF_KEYWORD]))
    return _found("png", _read_picture(data, "PNG", limits))


# ---- PDF: attachments, else the pages


def _from_pdf(data: bytes, limits: ContainerLimits) -> Contents:
    files = _guarded(attached_files, data, (RECORD_SUFFIX, PROOF_SUFFIX), limits)
    record = _one(content for name, content in files if name.endswith(RECORD_SUFFIX))
    if record is not None:
        proof = _one(content for name, content in files if name.endswith(PROOF_SUFFIX))
        return Contents("pdf", record=record, log_proof=proof)
    drawable = _guarded(harmless_copy, data, limits)
    texts: list[str] = []
    for dpi in _PAGE_DPI:
        for page in _guarded(page_pictures, drawable, dpi, limits):
            texts += _guarded(_read_codes, page)
        if any(map(looks_like_qr_text, texts)):
            break
    return _found("pdf", texts)


# ---- pictures


def _read_picture(data: bytes, form: str, limits: ContainerLimits) -> list[str]:
    return _guarded(_decode_picture, data, form, limits)


def _decode_picture(data: bytes, form: str, limits: ContainerLimits) -> list[str]:
    with Image.open(BytesIO(data), formats=(form,)) as picture:
        if picture.width * picture.height > limits.max_pixels:
            raise ContainerError("image_too_large", f"{picture.width} x {picture.height}")
        return _read_codes(_grey(picture))


def _grey(picture: Image.Image) -> Image.Image:
    """As grey on white: a transparent ground would otherwise turn black."""
    if not picture.has_transparency_data:
        return picture.convert("L")
    seen = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("L")


def _read_codes(grey: Image.Image) -> list[str]:
    """Texts of the QR codes in a picture, trying harder until one of them looks like a certificate's."""
    texts: list[str] = []
    for attempt in _attempts(grey):
        found = zxingcpp.read_barcodes(attempt, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain)
        texts += [code.text for code in found if len(code.text) <= MAX_QR_TEXT]
        if any(map(looks_like_qr_text, texts)):
            break
    return texts


def _attempts(grey: Image.Image) -> Iterator[Image.Image]:
    """The picture as it is; enlarged, for modules of two pixels; reduced, for a large and noisy photograph."""
    yield grey
    pixels = grey.width * grey.height
    for factor in (2, 3):
        if pixels * factor * factor <= 20_000_000:
            yield grey.resize((grey.width * factor, grey.height * factor), Image.Resampling.LANCZOS)
    if pixels > 4_000_000:
        yield grey.reduce(2)
