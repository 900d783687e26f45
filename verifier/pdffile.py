"""PDF as strangers send it: what is attached, whether it would burst, and its pages as pictures.

qpdf (pikepdf) reads the structure and PDFium draws. Both unpack streams: qpdf while it opens a file, where none of our
code can intervene, so its own limits are set, once and for the process; PDFium without a limit one can set, so nothing
is drawn but a ``harmless_copy``, with every stream counted. A file of 1.4 MB took 2 GB in either before that.
"""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

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
_PICTURES = {"/DCTDecode": "JPEG", "/DCT": "JPEG", "/JPXDecode": "JPEG2000"}
_MAX_PAGE_SIDE = 20_000  # points: seven metres


def attached_files(data: bytes, most: Mapping[str, int], limits: ContainerLimits) -> list[tuple[str, bytes]]:
    """Name and content of the attachments whose names end in a suffix of ``most``, which says how long they may be.

    Wherever they are attached, and under whatever second name: what one program shows of a file another may not.
    """
    files = []
    with pikepdf.Pdf.open(BytesIO(data), suppress_warnings=True) as pdf:
        if len(pdf.objects) > limits.max_pdf_objects:
            raise ContainerError("container_too_large", "PDF objects")
        for count, (names, stream) in enumerate(_attached_streams(pdf)):
            if count == limits.max_attachments:
                raise ContainerError("container_too_large", "attachments")
            for name in names:
                suffix = next((suffix for suffix in most if name.lower().endswith(suffix)), None)
                if suffix is not None:
                    files.append((name.lower(), _content(stream, most[suffix])))
                    break
    return files


def _attached_streams(pdf: pikepdf.Pdf) -> Iterator[tuple[list[str], pikepdf.Object]]:
    """The files of all file specifications (ISO 32000-1, 7.11.3), each once, with their names."""
    for one in _dictionaries(pdf):
        held = one.get("/EF")
        if isinstance(held, pikepdf.Dictionary):
            names = [str(one[key]) for key in ("/UF", "/F") if isinstance(one.get(key), pikepdf.String)]
            streams = {
                stream.objgen: stream for stream in held.values() if isinstance(stream, pikepdf.Stream)
            }
            yield from ((names, stream) for stream in streams.values())


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """All that are objects, or lie within one."""
    waiting: list[Any] = list(pdf.objects)
    while waiting:
        one = waiting.pop()
        if isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
            yield one
            inner: Iterable[Any] = one.values()
        elif isinstance(one, pikepdf.Array):
            inner = one
        else:
            continue
        waiting += (
            part
            for part in inner
            if isinstance(part, (pikepdf.Dictionary, pikepdf.Array)) and not part.is_indirect
        )


def harmless_copy(data: bytes, limits: ContainerLimits) -> bytes:
    """The file as qpdf understood it, once each of its streams is known to unpack to what the limits allow.

    ContainerError otherwise. The copy is what PDFium gets: in the original it might see streams that qpdf did not.
    """
    total, out = 0, BytesIO()
    with pikepdf.Pdf.open(BytesIO(data), suppress_warnings=True) as pdf:
        streams = [one for one in pdf.objects if isinstance(one, pikepdf.Stream)]
        _check_depth(streams, limits.max_form_depth)
        for one in streams:
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


def page_text(data: bytes, most: int) -> str:
    """At most ``most`` characters of the first page's text, as PDFium reads it from a ``harmless_copy``."""
    with _pdfium, pypdfium2.PdfDocument(data) as document:
        text = document[0].get_textpage()
        return str(text.get_text_range(0, min(most, text.count_chars())))


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


def _check_depth(streams: Sequence[pikepdf.Stream], most: int) -> None:
    """Refuse drawings (form XObjects, patterns) that name one another in a circle or in more than ``most`` levels."""
    drawn = {one.objgen: _drawn_by(one) for one in streams}
    for _ in range(most):
        # Who draws nothing that is left is no longer needed: after n rounds, all of at most n levels are gone.
        drawn = {key: left for key, names in drawn.items() if (left := names & drawn.keys())}
    if drawn:
        raise ContainerError("container_too_costly", "drawings within drawings")


def _drawn_by(stream: pikepdf.Stream) -> frozenset[tuple[int, int]]:
    """The streams that a stream's resources name to be drawn; what is no dictionary names nothing."""
    resources = stream.get("/Resources")
    if not isinstance(resources, pikepdf.Dictionary):
        return frozenset()
    groups = (resources.get(name) for name in ("/XObject", "/Pattern"))
    things = (
        thing for group in groups if isinstance(group, pikepdf.Dictionary) for _, thing in group.items()
    )
    return frozenset(thing.objgen for thing in things if isinstance(thing, pikepdf.Stream))


def _unpacked_size(stream: pikepdf.Stream, limits: ContainerLimits) -> int:
    """Bytes to which a stream unpacks in PDFium, as far as that can be told without unpacking it; ContainerError."""
    most = limits.max_pdf_stream
    names = _filters(stream)
    if str(stream.get("/Subtype", "")) == "/Image":
        most = limits.max_pdf_image
        if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > limits.max_pixels:
            raise ContainerError("image_too_large", "PDF image")
    if names and names[-1] in _PICTURES:
        _check_picture(stream, names, limits)
        return 0
    shrinking = [name for name in names if name in _SHRINKING]
    if not shrinking:
        return 0
    if len(shrinking) == 1 and names[0] in _FLATE:
        return inflated_size(stream.read_raw_bytes(), most)
    return len(bounded(stream.read_bytes(), most))  # rare; qpdf's own limit holds while it unpacks


def _check_picture(stream: pikepdf.Stream, names: Sequence[str], limits: ContainerLimits) -> None:
    """Refuse a packed picture that is too large by its own header: PDFium believes that, whatever the dictionary says.

    Where the header cannot be read here, nothing is known against the picture; the box bounds what it takes.
    """
    raw = stream.read_raw_bytes()
    if len(names) > 1:
        raw = inflate(raw, limits.max_bytes) if names[:-1] == [_FLATE[0]] else b""
    form = _PICTURES[names[-1]]
    try:
        with Image.open(BytesIO(raw), formats=(form,)) as picture:
            pixels = picture.width * picture.height
    except (OSError, ValueError, SyntaxError):
        return
    if pixels > (limits.max_jpx_pixels if form == "JPEG2000" else limits.max_pixels):
        raise ContainerError("image_too_large", "PDF image")
