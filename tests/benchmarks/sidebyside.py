"""Two trees of this program beside each other: ``python -m tests.benchmarks.sidebyside OTHER-TREE [ROUNDS]``.

A machine that others use is never twice the same, so a gain shows only where old and new work by turns: two processes, one
in each tree, verify the same certificates 200 at a time, raw verification before each turn; ``post``: as the public server,
one certificate a request. By processor time of that process; the lower tenth of the turns is the steadiest figure, being
those that nobody disturbed.
"""

import importlib.util
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.trustchain import parse_pin
from tests.benchmarks.judging import collect
from tests.benchmarks.measure import MESSAGE
from tests.benchmarks.office import make_sheets, open_office
from verifier.evidence import Evidence
from verifier.gather import load_trust
from verifier.policy import VerificationPolicy
from verifier.report import Verdict
from verifier.sources import FolderSource
from verifier.verify import verify_all

_TURN = 200
_ISSUED = 2_000
_FORMS = ("json", "qr", "post")
_HERE = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """The comparison, or with ``--turns FOLDER`` one of its two processes."""
    if arguments[0] == "--turns":
        return _take_turns(Path(arguments[1]))
    other, rounds = Path(arguments[0]).resolve(), int(arguments[1]) if len(arguments) > 1 else 30
    with tempfile.TemporaryDirectory(prefix="certreg-beside-") as name:
        folder = Path(name)
        _prepare(folder)
        # This file works in both trees: the other may be older than it.
        command = [sys.executable, "-P", str(Path(__file__).resolve()), "--turns", name]
        trees = {"other": other, "here": _HERE}
        workers = {
            which: subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": str(tree)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
            for which, tree in trees.items()
        }
        figures: dict[str, list[float]] = {}
        for place in range(rounds):
            for form in _FORMS:
                for which in list(workers)[:: 1 if place % 2 else -1]:
                    figures.setdefault("raw", []).append(_ask(workers[which], "raw"))
                    figures.setdefault(f"{form} {which}", []).append(_ask(workers[which], form))
        for worker in workers.values():
            worker.communicate()
    _tell(figures)
    return 0


def _tell(figures: dict[str, list[float]]) -> None:
    raw, least = median(figures["raw"]), _tenth(figures["raw"])
    print(f"{'raw':<12} median {raw:6.1f} us  lower tenth {least:6.1f} us")
    for name in sorted(set(figures) - {"raw"}):
        middle, low = median(figures[name]), _tenth(figures[name])
        print(
            f"{name:<12} median {middle:6.1f} us = {raw / middle:.3f} of raw  lower tenth {low:6.1f} us = {least / low:.3f}"
        )


def _tenth(values: list[float]) -> float:
    return sorted(values)[len(values) // 10]


def _ask(worker: "subprocess.Popen[str]", what: str) -> float:
    assert worker.stdin is not None and worker.stdout is not None  # noqa: PT018 - both are pipes
    worker.stdin.write(what + "\n")
    worker.stdin.flush()
    return float(worker.stdout.readline())


def _prepare(folder: Path) -> None:
    """Certificates, and the publication that they are judged by, for both."""
    sheets = make_sheets(folder / "sheets", rows=_ISSUED, sheets=2, seed=3)
    with open_office(folder / "office") as office:
        for sheet in sheets:
            office.issue_all(sheet)
        held = collect(office, 5 * _TURN)
        plain = [
            (one.record, one.log_proof, qr.qr_text, dict(one.status))
            for one, qr in zip(held.records, held.qr_texts, strict=True)
        ]
        (folder / "held").write_bytes(pickle.dumps((plain, office.app.clock())))
        office.site.rename(folder / "site")


def _take_turns(folder: Path) -> int:
    plain, now = pickle.loads((folder / "held").read_bytes())  # noqa: S301 - our own, of a moment ago
    site, serving = folder / "site", _serving()
    work = _verifying(plain, site, now)
    with serving.running(site, lambda: now) as port:
        caller = serving.Caller(port)
        items = [{"record": a.decode(), "logProof": b.decode()} for a, b, _, _ in plain]
        bodies = [json.dumps({"items": [one]}).encode() for one in items]
        lines = {start: caller.line(bodies[start : start + _TURN]) for start in range(0, len(bodies), _TURN)}
        work["post"] = lambda start: caller.ask(lines[start])
        starts = dict.fromkeys(work, 0)
        for line in sys.stdin:
            what = line.strip()
            start, starts[what] = starts[what], (starts[what] + _TURN) % len(plain)
            computed = time.process_time()
            work[what](start)
            print((time.process_time() - computed) / _TURN * 1e6, flush=True)
        caller.close()
    return 0


def _verifying(plain: Sequence[Any], site: Path, now: int) -> dict[str, Callable[[int], object]]:
    """A turn of each kind but ``post``, from a place among the certificates on."""
    trust = load_trust(FolderSource(site), pin=parse_pin((site / "root.json").read_bytes())).trust
    records = [Evidence(record=a, log_proof=b, status=d) for a, b, _, d in plain]
    texts = [Evidence(qr_text=c, status=d) for _, _, c, d in plain]
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key(), private.sign(MESSAGE)

    def judge(evidence: list[Evidence], policy: VerificationPolicy) -> None:
        for report in verify_all(evidence, trust, policy):
            if report.verdict is not Verdict.PASSED:
                raise RuntimeError(report.reason)

    def raw(_: int) -> None:
        for _ in range(_TURN):
            public.verify(signature, MESSAGE)

    logged, alone = VerificationPolicy(at=now, require_log=True), VerificationPolicy(at=now)
    return {
        "raw": raw,
        "json": lambda start: judge(records[start : start + _TURN], logged),
        "qr": lambda start: judge(texts[start : start + _TURN], alone),
    }


def _serving() -> Any:
    """How this tree runs a server and asks it, for both."""
    spec = importlib.util.spec_from_file_location("serving_here", _HERE / "tests/benchmarks/serving.py")
    assert spec is not None and spec.loader is not None  # noqa: PT018 - a file of ours
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
