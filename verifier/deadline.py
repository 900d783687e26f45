"""One deadline for a whole exchange over HTTP: names, connections, handshakes, headers and bodies (SPEC 8.3).

The HTTP library bounds each read by itself, so that a server that sends a byte of a header now and then could hold a
reader for hours. Here every operation on the network gets what is left of the deadline, and no more. Only the system's
resolver is bounded by its own configuration.
"""

import math
import socket
import ssl
import threading
from collections.abc import Iterable
from time import monotonic
from typing import Any

import httpcore
import httpx


class Deadline(threading.local):
    """When the exchange of this thread must be over; a new one is none."""

    _at = math.inf

    def start(self, seconds: float) -> None:
        """It must be over in ``seconds`` from now."""
        self._at = monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """Seconds that an operation may take that would be given ``timeout``; ``httpcore.ReadTimeout`` if none are left."""
        left = self._at - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline")
        return left if timeout is None else min(timeout, left)


def keep_deadline(client: httpx.Client, deadline: Deadline) -> None:
    """Let all connections of ``client``, to proxies too, keep to ``deadline``.

    The library has no public way to this; an attribute that is no longer there fails at once, and a test drips headers.
    """
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = _Backend(deadline)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address of ``host`` that takes one; a name may have very many that do not."""
        refusal: Exception = httpcore.ConnectError()
        for address in _addresses(host, port):
            left = self._deadline.left(timeout)
            try:
                stream = self._plain.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refusal = error
            else:
                return _Stream(stream, self._deadline)
        raise refusal


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
