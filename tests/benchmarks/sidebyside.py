"""Two trees of this program beside each other: ``python -m tests.benchmarks.sidebyside OTHER-TREE [ROUNDS]``.

A machine that others use is never twice the same, so a gain shows only where old and new work by turns: two processes, one
in each tree, verify the same certificates 200 at a time, raw verification before each turn. By processor time; the lower
tenth of the turns is the steadiest figure, being those that nobody disturbed.
"""

import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

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
_FORMS = ("json", "qr")
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
    site = folder / "site"
    trust = load_trust(FolderSource(site), pin=parse_pin((site / "root.json").read_bytes())).trust
    work = {
        "json": (
            [Evidence(record=a, log_proof=b, status=d) for a, b, _, d in plain],
            VerificationPolicy(at=now, require_log=True),
        ),
        "qr": ([Evidence(qr_text=c, status=d) for _, _, c, d in plain], VerificationPolicy(at=now)),
    }
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key(), private.sign(MESSAGE)
    starts = dict.fromkeys(work, 0)
    for line in sys.stdin:
        what = line.strip()
        if what == "raw":
            computed = time.process_time()
            for _ in range(_TURN):
                public.verify(signature, MESSAGE)
        else:
            evidence, policy = work[what]
            start, starts[what] = starts[what], (starts[what] + _TURN) % len(evidence)
            some = evidence[start : start + _TURN]
            computed = time.process_time()
            for report in verify_all(some, trust, policy):
                if report.verdict is not Verdict.PASSED:
                    raise RuntimeError(report.reason)
        print((time.process_time() - computed) / _TURN * 1e6, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
