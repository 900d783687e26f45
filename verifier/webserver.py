"""A publication on a web server, read with bounds on size, time and redirects (SPEC 8.3).

Refused: a redirect to another host or out of https, compressed transfer (unpacking it would need a bound of its own),
more bytes than asked for, and a server that drips them, or its headers.
"""

from functools import cache
from ssl import SSLContext
from urllib.parse import urljoin, urlsplit

import httpx

from verifier.bounded import check_path, check_size
from verifier.deadline import Deadline, keep_deadline
from verifier.errors import SourceError

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 60.0
"""For one document with its headers and redirects, so that a server that drips bytes cannot hold a reader for ever."""
MAX_REDIRECTS = 3


@cache
def trusted_roots() -> SSLContext:
    """What tells a true server from a false one: read once, which takes longer than many a conversation."""
    return httpx.create_ssl_context()


class HttpSource:
    """A publication on a web server, at ``https://HOST`` or below a path of it."""

    carries_log = True

    def __init__(self, address: str, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._base = address.rstrip("/") + "/"
        self._total = total_seconds
        self._client = httpx.Client(
            verify=trusted_roots(),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "certverify"},
        )
        self._deadline = Deadline()
        keep_deadline(self._client, self._deadline)

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """See ``Source``."""
        address = self._base + check_path(path)
        self._deadline.start(self._total)
        try:
            for _ in range(1 + MAX_REDIRECTS):
                with self._client.stream("GET", address) as response:
                    if not response.has_redirect_location:
                        return _body(response, max_bytes)
                    address = _same_host(address, response)
        except SourceError:
            raise
        except Exception as error:
            # Besides its own errors the library lets through those of others for what a server says in headers.
            raise SourceError("source_unreachable", type(error).__name__) from error
        raise SourceError("source_redirect", path)

    def describe(self) -> str:
        """The address."""
        return self._base

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _body(response: httpx.Response, max_bytes: int) -> bytes | None:
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    if response.status_code != httpx.codes.OK:
        code = "source_unreachable" if response.is_server_error else "source_refused"
        raise SourceError(code, str(response.status_code))
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise SourceError("source_encoding")  # unpacking a stranger's compression would need its own bound
    data = bytearray()
    for chunk in response.iter_raw():
        data += chunk
        check_size(len(data), max_bytes, response.url.path)
    return bytes(data)


def _same_host(address: str, response: httpx.Response) -> str:
    """Where a redirect leads, if it stays on the host and does not leave https."""
    old, new = urlsplit(address), urlsplit(urljoin(address, response.headers["Location"]))
    upgraded = (old.scheme, new.scheme, new.netloc) == ("http", "https", old.hostname)
    if not upgraded and (old.scheme, old.netloc) != (new.scheme, new.netloc):
        raise SourceError("source_redirect", "another host")
    return new.geturl()
