"""PDF as strangers send it: what is attached, whether it would burst, and its pages as pictures.

qpdf (pikepdf) reads the structure and PDFium draws. Both unpack streams: qpdf while it opens a file, where none of our
code can intervene, so its own limits are set, once and for the process; PDFium without a limit one can set, so nothing
is drawn but a ``harmless_copy``, with every stream counted. A file of 1.4 MB took 2 GB in either before that.
"""

import math
import threading
from collections.abc import Sequence
from io import BytesIO

import pikepdf
import pypdfium2
from PIL import Image

from verifier.unpack import ContainerError, ContainerLimits, bounded, inflate, inflated_size

_QPDF_BYTES = 64 * 1024 * 1024
pikepdf.settings.set_qpdf_limits(
    flate_max_memory=_QPDF_BYTES,
    png_max_memory=_QPDF_BYTES,
    tiff_max_memory=_QPDF_BYTES,
    run_length_max_memory=_QPDF_BYTES,
    dct_max_memory=_QPDF_BYTES,
    max_stream_filters=4,
    parser_max_nesting=100,
    parser_max_container_size=1_000_000,
    doc_max_warnings=100,
)
_pdfium = threading.Lock()  # PDFium may be entered by one thread at a time

_FLATE = ("/FlateDecode", "/Fl")
_SHRINKING = (*_FLATE, "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL")
_MAX_PAGE_SIDE = 20_000  # points: seven metres


def attached_files(data: bytes, suffixes: Sequence[str], limits: ContainerLimits) -> list[tuple[str, bytes]]:
    """Name and content of the attachments whose names end in one of ``suffixes``; the first is the record's."""
    files = []
    with pikepdf.Pdf.open(BytesIO(data), suppress_warnings=True) as pdf:
        if len(pdf.objects) > limits.max_pdf_objects or len(pdf.attachments) > limits.max_attachments:
            raise ContainerError("container_too_large", "PDF objects")
        for attachment in pdf.attachments.values():
            name = attachment.filename
            if name.endswith(tuple(suffixes)):
                most = limits.max_record_bytes if name.endswith(suffixes[0]) else limits.max_log_proof_bytes
                files.append((name, _content(attachment.get_file().obj, most)))
    return files


def harmless_copy(data: bytes, limits: ContainerLimits) -> bytes:
    """The file as qpdf understood it, once each of its streams is known to unpack to what the limits allow.

    ContainerError otherwise. The copy is what PDFium gets: in the original it might see streams that qpdf did not.
    """
    total, out = 0, BytesIO()
    with pikepdf.Pdf.open(BytesIO(data), suppress_warnings=True) as pdf:
        for one in pdf.objects:
            if isinstance(one, pikepdf.Stream):
                total += _unpacked_size(one, limits)
                if total > limits.max_pdf_total:
                    raise ContainerError("container_too_large", "PDF streams")
        pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def page_pictures(data: bytes, dpi: int, limits: ContainerLimits) -> list[Image.Image]:
    """The first pages in grey at ``dpi``, or less where a page is larger than the limit allows."""
    pictures = []
    with _pdfium, pypdfium2.PdfDocument(data) as document:
        for number in range(min(len(document), limits.max_pages)):
            page = document[number]
            width, height = page.get_size()
            if not (0 < width < _MAX_PAGE_SIDE and 0 < height < _MAX_PAGE_SIDE):
                raise ContainerError("image_too_large", "page")
            scale = min(dpi / 72, math.sqrt(limits.max_page_pixels / (width * height)))
            pictures.append(page.render(scale=scale, grayscale=True).to_pil().copy())
    return pictures


def _filters(stream: pikepdf.Object) -> list[str]:
    filters = stream.get("/Filter", pikepdf.Array())
    return [str(one) for one in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]


def _content(stream: pikepdf.Object, most: int) -> bytes:
    """An attachment's content: stored or deflated, as every writer does it, and no other way."""
    names = _filters(stream)
    if names not in ([], ["/FlateDecode"]) or "/DecodeParms" in stream:
        raise ContainerError("container_unreadable", "attachment filter")
    raw = stream.read_raw_bytes()
    return inflate(raw, most) if names else bounded(raw, most)


def _unpacked_size(stream: pikepdf.Stream, limits: ContainerLimits) -> int:
    most = limits.max_pdf_stream
    if str(stream.get("/Subtype", "")) == "/Image":
        most = limits.max_pdf_image
        if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > limits.max_pixels:
            raise ContainerError("image_too_large", "PDF image")
    names = _filters(stream)
    shrinking = [name for name in names if name in _SHRINKING]
    if not shrinking:
        return 0
    if len(shrinking) == 1 and names[0] in _FLATE:
        return inflated_size(stream.read_raw_bytes(), most)
    return len(bounded(stream.read_bytes(), most))  # rare; qpdf's own limit holds while it unpacks
