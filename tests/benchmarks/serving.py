"""The public server over HTTP on the loopback: what one request costs, and what a certificate among a hundred does.

Server and caller run in this process, so processor time is that of both: the figure for one core.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from keys.trustchain import parse_pin
from tests.benchmarks.judging import Held
from tests.benchmarks.measure import Measure, RawGauge, measure
from tests.benchmarks.office import Office
from verifier.report import Verdict
from verifier.server.app import create_public_app
from verifier.server.settings import Limits, PublicSettings

MANY = 100
"""Certificates of one request of the second measure."""
_CONNECTIONS = 4


def serving_measures(office: Office, held: Held, rounds: int, gauge: RawGauge) -> list[Measure]:
    """`POST /api/verify` with one certificate, and with many; things counted are certificates."""
    items = [
        {"record": one.record.decode(), "logProof": one.log_proof.decode()}
        for one in held.records
        if one.record and one.log_proof
    ]
    found = []
    with _running(office) as port:
        for name, size in (("one a request", 1), (f"{MANY} a request", MANY)):
            bodies = [
                json.dumps({"items": items[start : start + size]}).encode()
                for start in range(0, len(items), size)
            ]
            _ask(port, bodies[:1], [])
            found.append(
                measure(f"POST /api/verify, {name}", gauge, [_all(port, bodies)] * rounds, beside="verify")
            )
    return found


@contextmanager
def _running(office: Office) -> Iterator[int]:
    settings = PublicSettings(
        office.site,
        pin=parse_pin((office.site / "root.json").read_bytes()),
        limits=Limits(burst=1e12),
        clock=office.app.clock,
    )
    server = uvicorn.Server(
        uvicorn.Config(create_public_app(settings), port=0, log_level="error", access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def _all(port: int, bodies: Sequence[bytes]) -> Callable[[], int]:
    def work() -> int:
        verdicts: list[str] = []
        shares = [bodies[start::_CONNECTIONS] for start in range(_CONNECTIONS)]
        callers = [threading.Thread(target=_ask, args=(port, share, verdicts)) for share in shares]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        if set(verdicts) != {Verdict.PASSED}:
            raise RuntimeError(f"{set(verdicts)}")
        return len(verdicts)

    return work


def _ask(port: int, bodies: Sequence[bytes], verdicts: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for body in bodies:
        connection.request("POST", "/api/verify", body, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        verdicts += [json.loads(line)["verdict"] for line in answer.splitlines()]
    connection.close()
