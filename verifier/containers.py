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
from io import BytesIO
from typing import Any, TypeVar

import zxingcpp
from PIL import Image, ImageChops

from verifier.contents import (
    MAX_TEXTS,
    PROOF_SUFFIX,
    RECORD_SUFFIX,
    Contents,
    Form,
    form_of,
    found,
    only,
    read_plainly,
)
from verifier.errors import VerifierError
from verifier.limits import MAX_QR_TEXT
from verifier.pdffile import attached_files, harmless_copy, page_pictures
from verifier.qr import looks_like_qr_text
from verifier.unpack import ContainerError, ContainerLimits

__all__ = ["ContainerError", "ContainerLimits", "Contents", "extract"]

_PAGE_DPI = (200, 300)  # a genuine QR module has 5 or 8 pixels then; the second for a scan within a scan
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

_T = TypeVar("_T")


def extract(data: bytes, *, limits: ContainerLimits | None = None) -> Contents:
    """The record, or else the QR texts, in ``data``; raises ``ContainerError`` where there is neither.

    Decodes in this process: for strangers' files call ``verifier.box``.
    """
    limits = limits or ContainerLimits()
    contents = read_plainly(data, limits)
    if contents is not None:
        return contents
    form = form_of(data)
    if form == "PDF":
        return _from_pdf(data, limits)
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


def _from_pdf(data: bytes, limits: ContainerLimits) -> Contents:
    files = _guarded(attached_files, data, (RECORD_SUFFIX, PROOF_SUFFIX), limits)
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
