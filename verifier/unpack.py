"""Bounded unpacking of strangers' bytes: zlib streams, and the text chunks of a PNG (baking, SPEC clause 8).

Nothing is unpacked further than its bound, whatever it claims to hold. The PNG reader takes no chunk on trust: lengths
must fit, every checksum must be right, and what comes after IEND is not read.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from verifier.errors import VerifierError
from verifier.limits import MAX_LOG_PROOF_BYTES, MAX_RECORD_BYTES

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class ContainerError(VerifierError):
    """Nothing to judge can be taken from what was presented (verifier.containers)."""


@dataclass(frozen=True, slots=True)
class ContainerLimits:
    """Bounds on what is presented; the sender is anyone with a file."""

    max_bytes: int = 20 * 1024 * 1024  # a 50-megapixel photograph as JPEG; against filling memory by upload
    max_record_bytes: int = MAX_RECORD_BYTES
    max_log_proof_bytes: int = MAX_LOG_PROOF_BYTES
    max_png_chunks: int = 20_000  # 20 MB in chunks of 1 KB
    max_png_texts: int = 16  # unpacked, of one keyword; a genuine file has one
    max_pixels: int = 50_000_000  # what current telephones take; against pictures that unpack to gigabytes
    max_decoded: int = (
        160_000_000  # bytes, 4 a pixel in colour: A4 at 600 dpi, or 50 megapixels of a JPEG read in grey
    )
    max_jpx_pixels: int = (
        16_000_000  # A4 at 400 dpi; JPEG 2000 takes 12 bytes a pixel and more while it is unpacked
    )
    max_pdf_objects: int = 20_000  # our own PDF has about 100, a scanned bundle some hundreds
    max_pdf_stream: int = 16 * 1024 * 1024  # unpacked: a font or a page's drawing has under 2 MB
    max_pdf_image: int = 160 * 1024 * 1024  # unpacked: A4 at 600 dpi in colour has 104 MB
    max_pdf_total: int = 400 * 1024 * 1024  # unpacked, all streams; two seconds' work
    max_form_depth: int = 8  # drawings within drawings of a PDF; our own has 1, a scan with marks on it 3
    max_attachments: int = 16
    max_table_bytes: int = 16 * 1024 * 1024  # of a review report: 20,000 rows
    max_pages: int = 3  # a certificate is one page; rendering a page costs up to half a second
    max_page_pixels: int = 12_000_000  # A4 at 300 dpi is 8.7 million


def inflate(data: bytes, most: int) -> bytes:
    """One whole zlib stream of at most ``most`` bytes unpacked; else ContainerError."""
    stream = zlib.decompressobj()
    try:
        unpacked = stream.decompress(data, most + 1)
    except zlib.error as error:
        raise ContainerError("container_unreadable", "zlib") from error
    if len(unpacked) > most:
        raise ContainerError("container_too_large", "unpacked")
    if not stream.eof:
        raise ContainerError("container_unreadable", "zlib")
    return unpacked


def inflated_size(data: bytes, most: int) -> int:
    """Bytes in the zlib stream that ``data`` begins with, damaged or not, counted without keeping them; else ContainerError."""
    stream, size, rest = zlib.decompressobj(), 0, data
    while rest and not stream.eof:
        try:
            size += len(stream.decompress(rest, 1 << 20))
        except zlib.error:
            break
        if size > most:
            raise ContainerError("container_too_large", "unpacked")
        rest = stream.unconsumed_tail
    return size


def bounded(data: bytes, most: int) -> bytes:
    """``data``, if it has at most ``most`` bytes; else ContainerError ``container_too_large``."""
    if len(data) > most:
        raise ContainerError("container_too_large", "stored")
    return data


def png_texts(
    data: bytes, most: Mapping[str, int], *, max_chunks: int, max_texts: int
) -> dict[str, list[bytes]]:
    """Keyword → the different texts of its iTXt and tEXt chunks, for the keywords in ``most``, which says how long a
    text may be. Two are enough to know that a file is ambiguous: what comes after them is not unpacked."""
    texts: dict[str, list[bytes]] = {keyword: [] for keyword in most}
    seen: dict[str, set[tuple[bytes, bytes]]] = {keyword: set() for keyword in most}
    for form, body in _png_chunks(data, max_chunks):
        name = body[:80].partition(b"\0")[0].decode("latin-1")
        if name not in most or form not in _TEXT_CHUNKS or len(texts[name]) > 1 or (form, body) in seen[name]:
            continue
        seen[name].add((form, body))
        if len(seen[name]) > max_texts:
            raise ContainerError("container_too_large", "PNG texts")
        text = _TEXT_CHUNKS[form](body[len(name) + 1 :], most[name])
        if text not in texts[name]:
            texts[name].append(text)
    return texts


def _png_chunks(data: bytes, max_chunks: int) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each chunk up to IEND (PNG 3, 5.3); what comes after it is nobody's."""
    at = len(PNG_SIGNATURE)
    for _ in range(max_chunks):
        size = int.from_bytes(data[at : at + 4], "big")
        form, body, check = (
            data[at + 4 : at + 8],
            data[at + 8 : at + 8 + size],
            data[at + 8 + size : at + 12 + size],
        )
        if len(check) != 4 or zlib.crc32(body, zlib.crc32(form)) != int.from_bytes(check, "big"):
            raise ContainerError("container_unreadable", "PNG chunk")
        if form == b"IEND":
            return
        yield form, body
        at += 12 + size
    raise ContainerError("container_unreadable", "PNG chunks")


def _international_text(rest: bytes, most: int) -> bytes:
    """The text of an iTXt chunk after its keyword (PNG 3, 11.3.3.4); compressed or not."""
    flag, method, tail = rest[:1], rest[1:2], rest[2:]
    parts = tail.split(b"\0", 2)
    if flag not in (b"\0", b"\1") or method != b"\0" or len(parts) != 3:
        raise ContainerError("container_unreadable", "iTXt")
    return inflate(parts[2], most) if flag == b"\1" else bounded(parts[2], most)


_TEXT_CHUNKS: dict[bytes, Callable[[bytes, int], bytes]] = {b"iTXt": _international_text, b"tEXt": bounded}
