"""Static files: the publication as it lies in its folder, and the pages that are installed with the program.

How long each may be kept is said by ``verifier.webheaders``. Only paths that a publication has are given out (SPEC 8.3), so nothing else that lies in the
folder is.
"""

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from os import fstat
from pathlib import Path
from typing import BinaryIO

import brotli
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from verifier.bounded import check_path
from verifier.errors import SourceError
from verifier.server.problems import Problem
from verifier.webheaders import FOREVER, JSON, PAGE_TYPES, cache_control, published_type
from verifier.webpages import SET, pages_with

_PUBLISHED = re.compile(
    r"(?:root|trust)\.json|trust/\d+\.json|\.well-known/did\.json|a/\d{6}/did\.json|ns/[a-z0-9/]+|schemas/[a-z0-9/]+\.json"
    r"|templates/[a-z0-9/]+\.json|status/\d{6}/\d{4}/\d/[a-z]+/\d+|log/checkpoint|log/runs/[0-9/]+\.json"
    r"|log/tile/[0-9a-z/.]+|bundle\.zip|verifier/[\w-]{22}/[a-z0-9/-]+\.(?:css|js|json|svg)",
    re.ASCII,
)
_WHOLE = 4 * 1024 * 1024
"""Bytes up to which a file is read at once; what is larger (details of many revocations, a bundle) goes out in pieces."""
_PIECE = 256 * 1024
_PACKED = 1024 * 1024
"""Bytes of a document of the publication up to which it goes out compressed; one is compressed once in each process."""
OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""A publication is for everybody's verifier, those in the pages of other hosts too."""


# ---- the publication


def published_file(site: Path, path: str, request: Request, *, now: float, keep: int) -> Response:
    """The publication's file at ``path``; raises ``Problem`` (``not_found``). ``keep``: seconds for what changes."""
    stream = _opened(site, path)
    with_headers = {**OPEN, "Content-Type": published_type(path)}
    size, tag = _identity(stream)
    if size > _WHOLE:
        return _in_pieces(stream, size, tag, request, {**with_headers, "Cache-Control": "no-cache"})
    with stream:
        data = stream.read(_WHOLE + 1)
    with_headers["Cache-Control"] = cache_control(path, data, now=now, keep=keep)
    tag = _tag(data)
    if size <= _PACKED and with_headers["Content-Type"] == JSON:
        with_headers["Vary"] = "Accept-Encoding"
        if coding := _coding(request.headers.get("accept-encoding", "")):
            data, with_headers["Content-Encoding"] = _packed(data, coding), coding
    return tagged(request, data, with_headers, tag=tag)


@lru_cache(maxsize=32)
def _packed(data: bytes, coding: str) -> bytes:
    """Fast rather than small: a trust list is compressed where requests are answered."""
    packed: bytes = brotli.compress(data, quality=5) if coding == "br" else gzip.compress(data, 6, mtime=0)
    return packed


def _opened(site: Path, path: str) -> BinaryIO:
    if _PUBLISHED.fullmatch(path) is None:
        raise Problem("not_found")
    try:
        target = (site / check_path(path)).resolve()
        if target.is_relative_to(site.resolve()):
            return target.open("rb")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, SourceError):
        pass
    except (OSError, RuntimeError) as error:  # it is there, and cannot be read: 404 would say that it is not
        raise Problem("publication_unavailable") from error
    raise Problem("not_found")


def _identity(stream: BinaryIO) -> tuple[int, str]:
    """Size, and what tells this file from the one that replaces it."""
    stat = fstat(stream.fileno())
    return stat.st_size, f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def _in_pieces(
    stream: BinaryIO, size: int, tag: str, request: Request, headers: Mapping[str, str]
) -> Response:
    if _is_known(request, tag):
        stream.close()
        return Response(status_code=304, headers={**headers, "ETag": tag})
    if request.method == "HEAD":
        stream.close()
        return Response(headers={**headers, "ETag": tag, "Content-Length": str(size)})

    def pieces() -> Iterator[bytes]:
        left = size
        with stream:
            while left and (piece := stream.read(min(_PIECE, left))):
                left -= len(piece)
                yield piece

    return StreamingResponse(pieces(), headers={**headers, "ETag": tag, "Content-Length": str(size)})


# ---- the pages


@dataclass(frozen=True)
class PageFile:
    """A file of the pages, which a telephone loads compressed."""

    data: bytes
    kind: str

    def packed(self, coding: str) -> bytes:
        """The bytes to send under ``coding``: as small as can be, once in each process."""
        return _smallest(self.data, coding) if coding else self.data


@lru_cache(maxsize=512)
def _smallest(data: bytes, coding: str) -> bytes:
    """Brotli is a seventh less than gzip; browsers take it over https."""
    packed: bytes = brotli.compress(data) if coding == "br" else gzip.compress(data, mtime=0)
    return packed


def page_files(pin: bytes | None) -> dict[str, PageFile]:
    """Every file of the pages by its path, with the root that they trust."""
    return {path.removesuffix("/index.html"): page_file(data, path) for path, data in pages_with(pin).items()}


def page_file(data: bytes, name: str) -> PageFile:
    """``data`` as a file of the pages, called ``name``."""
    return PageFile(data, PAGE_TYPES[f".{name.rpartition('.')[2]}"])


def page_response(file: PageFile, path: str, request: Request, *, keep: int) -> Response:
    """A page's file at ``path``, compressed for who takes that."""
    coding = _coding(request.headers.get("accept-encoding", ""))
    data = file.packed(coding)
    headers = {
        "Content-Type": file.kind,
        "Vary": "Accept-Encoding",
        "Cache-Control": _page_control(path, keep),
    }
    return tagged(request, data, headers | ({"Content-Encoding": coding} if coding else {}), tag=_tag(data))


def _coding(accepted: str) -> str:
    """The best that ``accepted`` takes; none where it takes neither."""
    taken = {
        one.strip().partition(";")[0]
        for one in accepted[:1000].split(",")
        if not one.replace(" ", "").endswith("q=0")
    }
    return next((coding for coding in ("br", "gzip") if coding in taken), "")


def _page_control(path: str, keep: int) -> str:
    if SET.match(path):
        return FOREVER
    # A page leads to its own edition's files, which this program has no longer once it is another edition.
    return f"public, max-age={keep}, must-revalidate" if "." in path else "no-cache"


# ---- both


def tagged(request: Request, data: bytes, headers: Mapping[str, str], *, tag: str) -> Response:
    """``data``, or 304 for who has it."""
    if _is_known(request, tag):
        kept = {name: value for name, value in headers.items() if name != "Content-Encoding"}
        return Response(status_code=304, headers={**kept, "ETag": tag})
    return Response(data, headers={**headers, "ETag": tag})


def _tag(data: bytes) -> str:
    return f'"{sha256(data).hexdigest()[:32]}"'


def _is_known(request: Request, tag: str) -> bool:
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return tag in known or known == ["*"]
