"""Answers that are files: saved and never rendered, whatever they claim to be, under a name that is no path."""

from urllib.parse import quote

from starlette.responses import FileResponse, Response

_INERT = "default-src 'none'; sandbox"
"""Should a browser render it all the same, nothing in it runs."""


def download_headers(name: str) -> dict[str, str]:
    """Headers of a download: an ASCII name for old programs, the whole name for the others (RFC 6266)."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "-_.") else "_" for one in name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {
        "Content-Disposition": disposition,
        "Content-Security-Policy": _INERT,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def download(data: bytes, name: str, media_type: str) -> Response:
    """``data`` as a file named ``name``."""
    return Response(data, media_type=media_type, headers=download_headers(name))


def download_file(path: str, name: str, media_type: str) -> Response:
    """A file of this machine, sent in pieces."""
    return FileResponse(path, media_type=media_type, headers=download_headers(name))
