"""Reads what a holder or a panel presents: JSON, PDF, PNG, a photograph or scan, or text (SPEC clause 8).

An edge of the verifier: it finds the record or the QR's text in a file and judges nothing. A record that is attached
to a PDF or baked into a PNG comes first; only where there is none are the pages or the picture searched for QR codes.
Any bytes may come in and only ``ContainerError`` goes out: ``container_too_large`` ``container_unreadable``
``container_ambiguous`` (two different records in one file) ``container_no_certificate`` ``container_too_costly``
(memory ran out) ``image_too_large``.

PDF and pictures are decoded by qpdf, PDFium, Pillow and zxing in this process. The limits here bound what a file may
claim; what it then takes of time and memory is bounded by the box (``verifier.box``) in which strangers' files are read.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any, TypeVar

import zxingcpp
from PIL import Image, ImageChops

from verifier.contents import (
    MAX_PAGE_TEXT,
    MAX_TEXTS,
    PROOF_SUFFIX,
    RECORD_SUFFIX,
    REPORT_SUFFIX,
    TABLE_SUFFIX,
    Contents,
    Form,
    form_of,
    found,
    only,
    read_plainly,
)
from verifier.errors import VerifierError
from verifier.limits import MAX_QR_TEXT
from verifier.pdffile import attached_files, harmless_copy, page_pictures, page_text
from verifier.qr import looks_like_qr_text
from verifier.unpack import ContainerError, ContainerLimits

__all__ = ["ContainerError", "ContainerLimits", "Contents", "extract"]

_PAGE_DPI = (200, 300)  # a genuine QR module has 5 or 8 pixels then; the second for a scan within a scan
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

_T = TypeVar("_T")


def extract(data: bytes, *, limits: ContainerLimits | None = None, with_page: bool = False) -> Contents:
    """The record, or else the QR texts, in ``data``; raises ``ContainerError`` where there is neither.

    ``with_page``: of a PDF also the text of its page, which costs about as much as all the rest.

    Decodes in this process: for strangers' files call ``verifier.box``.
    """
    limits = limits or ContainerLimits()
    contents = read_plainly(data, limits)
    if contents is not None:
        return contents
    form = form_of(data)
    if form == "PDF":
        contents = _from_pdf(data, limits)
        return replace(contents, page_text=_page_text(data, limits)) if with_page else contents
    texts = _guarded(_decode_picture, data, form, limits)
    return found("png" if form == "PNG" else "image", texts)


def _guarded(work: Callable[..., _T], *arguments: Any) -> _T:
    """Runs a decoder of others' on strangers' bytes. What it may raise is documented nowhere, so all of it is caught."""
    try:
        return work(*arguments)
    except VerifierError:
        raise
    except MemoryError as error:
        raise ContainerError("container_too_costly") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ContainerError("image_too_large") from error
    except Exception as error:
        raise ContainerError("container_unreadable", type(error).__name__) from error


# ---- PDF: attachments, else the pages


def extract_report(data: bytes) -> Contents:
    """The review report attached to the PDF in ``data``, with its table; raises ``ContainerError`` where there is none."""
    limits = ContainerLimits()
    if len(data) > limits.max_bytes:
        raise ContainerError("container_too_large")
    if form_of(data) != "PDF":
        raise ContainerError("container_no_certificate", "no PDF")
    most = {REPORT_SUFFIX: limits.max_record_bytes, TABLE_SUFFIX: limits.max_table_bytes}
    files = _guarded(attached_files, data, most, limits)
    report = only(content for name, content in files if name.endswith(REPORT_SUFFIX))
    if report is None:
        raise ContainerError("container_no_certificate", "no report")
    return Contents(
        "report", record=report, table=only(content for name, content in files if name.endswith(TABLE_SUFFIX))
    )


def _page_text(data: bytes, limits: ContainerLimits) -> str:
    """What the page says; nothing where it cannot be read, for that is no finding."""
    try:
        return _guarded(page_text, _guarded(harmless_copy, data, limits), MAX_PAGE_TEXT).replace("\0", " ")
    except ContainerError:
        return ""


def _from_pdf(data: bytes, limits: ContainerLimits) -> Contents:
    most = {RECORD_SUFFIX: limits.max_record_bytes, PROOF_SUFFIX: limits.max_log_proof_bytes}
    files = _guarded(attached_files, data, most, limits)
    record = only(content for name, content in files if name.endswith(RECORD_SUFFIX))
    if record is not None:
        proof = only(content for name, content in files if name.endswith(PROOF_SUFFIX))
        return Contents("pdf", record=record, log_proof=proof)
    drawable = _guarded(harmless_copy, data, limits)
    texts: list[str] = []
    for dpi in _PAGE_DPI:
        for page in _guarded(page_pictures, drawable, dpi, limits):
            texts += _guarded(_read_codes, page)
        if any(map(looks_like_qr_text, texts)):
            break
    return found("pdf", texts)


# ---- pictures


def _decode_picture(data: bytes, form: Form, limits: ContainerLimits) -> list[str]:
    with Image.open(BytesIO(data), formats=(form,)) as picture:
        picture.draft("L", picture.size)  # a JPEG is unpacked in grey at once; other forms pass this over
        pixels = picture.width * picture.height
        if pixels > limits.max_pixels or pixels * _pixel_bytes(picture) > limits.max_decoded:
            raise ContainerError("image_too_large", f"{picture.width} x {picture.height}")
        return _read_codes(_grey(picture))


def _pixel_bytes(picture: Image.Image) -> int:
    """Bytes of a pixel in Pillow's memory."""
    return 1 if picture.mode in ("1", "L", "P") else 4


def _grey(picture: Image.Image) -> Image.Image:
    """As grey on white: a transparent ground would otherwise turn black."""
    if not picture.has_transparency_data:
        return picture.convert("L")
    seen = picture.convert("LA" if picture.mode in ("1", "L", "LA") else "RGBA")
    alpha = seen.getchannel("A")
    # grey x alpha + white x (1 - alpha), with no more than three grey pictures at once
    return ImageChops.add(ImageChops.multiply(seen.convert("L"), alpha), ImageChops.invert(alpha))


def _read_codes(grey: Image.Image) -> list[str]:
    """Texts of the QR codes in a picture, trying harder until one of them looks like a certificate's."""
    texts: list[str] = []
    for attempt in _attempts(grey):
        codes = zxingcpp.read_barcodes(attempt, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain)
        texts += [code.text for code in codes[:MAX_TEXTS] if len(code.text) <= MAX_QR_TEXT]
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
