"""Whether a server that has just been started answers: asked again and again, so without a client that must first be built."""

import subprocess
import time
from http.client import HTTPConnection, HTTPException

PAUSE_SECONDS = 0.05


def answers(process: "subprocess.Popen[bytes]", port: int, path: str, *, seconds: float = 60) -> bool:
    """Whether ``process`` answers ``path`` at this machine's ``port`` with 200 within ``seconds``, and before it ends."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        if _status(port, path) == 200:
            return True
        time.sleep(PAUSE_SECONDS)  # asked again, not hoped for
    return False


def _status(port: int, path: str) -> int | None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
