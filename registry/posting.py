"""A conversation with a witness over HTTP, with bounds on the time and the size of its answers (``registry.cosigning``).

Loaded where one is spoken to, with the library that speaks HTTP.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from verifier.deadline import Deadline, keep_deadline
from verifier.webserver import trusted_roots

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 15.0
TOTAL_SECONDS = 20.0
"""For one answer with its headers, so that a witness that drips bytes cannot hold an office."""
MAX_ANSWER_BYTES = 8 * 1024
"""A few signature lines. Sender: whoever answers at a witness's address."""


class UnreachableError(Exception):
    """There is no whole answer in time."""


def is_address(url: str) -> bool:
    """Whether a witness can be reached at ``url``."""
    try:
        parsed = httpx.URL(url)
        # As the connection will do it: the library lets names through that cannot be looked up.
        parsed.raw_host.decode("ascii").encode("idna")
        return parsed.scheme in ("http", "https") and bool(parsed.host)
    except (httpx.InvalidURL, ValueError):
        return False


@contextmanager
def posting(url: str) -> Iterator[Callable[[bytes], tuple[int, bytes]]]:
    """A function that posts a body to ``url`` and returns status and body, no body where it is too long; raises ``UnreachableError``."""
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    deadline = Deadline()
    with httpx.Client(verify=trusted_roots(), timeout=timeout, follow_redirects=False) as client:
        keep_deadline(client, deadline)
        yield lambda body: _post(client, deadline, url, body)


def _post(client: httpx.Client, deadline: Deadline, url: str, body: bytes) -> tuple[int, bytes]:
    deadline.start(TOTAL_SECONDS)
    try:
        with client.stream("POST", url, content=body) as response:
            answer = b""
            for chunk in response.iter_raw():
                answer += chunk
                if len(answer) > MAX_ANSWER_BYTES:
                    return response.status_code, b""
            return response.status_code, answer
    except Exception as error:
        # Besides its own errors the library lets through those of others for what a witness says in headers.
        raise UnreachableError from error
