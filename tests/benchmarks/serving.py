"""The public server over HTTP on the loopback: what one request costs, and what a certificate among a hundred does.

The server runs in this process and the caller in another, so processor time is the server's alone: a second of it is what
one core does. Sixteen ask at once, of whom each asks again as soon as he has his answer, so the server is never idle.
"""

import gc
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import uvicorn

from keys.trustchain import parse_pin
from tests.benchmarks.judging import Held
from tests.benchmarks.measure import Measure, RawGauge, measure
from tests.benchmarks.office import Office
from verifier.report import Verdict
from verifier.server import command
from verifier.server.app import create_public_app
from verifier.server.settings import Limits, PublicSettings

MANY = 100
"""Certificates of one request of the second measure."""


def serving_measures(office: Office, held: Held, rounds: int, gauge: RawGauge) -> list[Measure]:
    """`POST /api/verify` with one certificate, and with many; things counted are certificates."""
    items = [
        {"record": one.record.decode(), "logProof": one.log_proof.decode()}
        for one in held.records
        if one.record and one.log_proof
    ]
    found = []
    with running(office.site, office.app.clock) as port:
        caller = Caller(port)
        for name, size in (("one a request", 1), (f"{MANY} a request", MANY)):
            bodies = [
                json.dumps({"items": items[start : start + size]}).encode()
                for start in range(0, len(items), size)
            ]
            caller.ask(caller.line(bodies[:1]))
            works = [partial(caller.ask, caller.line(bodies))] * rounds
            found.append(measure(f"POST /api/verify, {name}", gauge, works, beside="verify", per_core=True))
        caller.close()
    return found


@contextmanager
def running(site: Path, clock: Callable[[], float]) -> Iterator[int]:
    """The public server on ``site`` in a thread of this process; yields its port."""
    pin = parse_pin((site / "root.json").read_bytes())
    settings = PublicSettings(site, pin=pin, limits=Limits(burst=1e12), clock=clock)
    server = uvicorn.Server(
        uvicorn.Config(
            create_public_app(settings),
            port=0,
            http=getattr(command, "Connection", "auto"),  # an older tree has none
            log_level="error",
            access_log=False,
            proxy_headers=False,
        )
    )
    before, turn = gc.get_threshold(), sys.getswitchinterval()
    command.settle()
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        gc.set_threshold(*before)
        gc.unfreeze()
        sys.setswitchinterval(turn)


class Caller:
    """Another process that asks; its processor time is not the server's."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, str(Path(__file__).with_name("caller.py")), str(port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    @staticmethod
    def line(bodies: Sequence[bytes]) -> bytes:
        """``bodies`` as that process takes them: written beforehand, or it counts as the server's time, 20 µs each."""
        return json.dumps([body.decode() for body in bodies]).encode() + b"\n"

    def ask(self, line: bytes) -> int:
        """Ask each body of ``line``; how many certificates PASSED, and any other verdict is an error of the benchmark."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        verdicts: dict[str, int] = json.loads(self._process.stdout.readline())
        if set(verdicts) != {Verdict.PASSED}:
            raise RuntimeError(f"{verdicts}")
        return verdicts[Verdict.PASSED]

    def close(self) -> None:
        """End it."""
        self._process.communicate()
