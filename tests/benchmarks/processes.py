"""What several processes gain: ``python -m tests.benchmarks.processes [COUNT] [ROUNDS]``, certificates judged, rounds of each.

By turns, because the machine of one minute is not that of the next: all by one process, then by as many as there are
processors; from records with log proofs, from the texts of QR codes, and ``certverify`` on a folder of them with its start.
The gain is that of each pair of turns, the median and the spread. The most there could be is the number of processors, or what
"apart" has: the same by processes that share nothing and hand nothing over, so all that such a machine's processors have to give
when they work at once.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from keys.encodings import timestamp_encode
from tests.benchmarks.judging import Held, Judge, collect, judge_all, judge_all_in, trust_of
from tests.benchmarks.measure import RawGauge, Round, timed
from tests.benchmarks.office import Office, make_sheets, open_office
from verifier.evidence import Evidence
from verifier.many import VerifierPool, processors
from verifier.policy import VerificationPolicy
from verifier.trust import Trust

_SEED = 20_261_129
Pair = tuple[Round, Round]
"""By one process, and by all."""


def main(arguments: Sequence[str]) -> int:
    """The comparison, as a table."""
    count, rounds = (*map(int, arguments), *(4000, 7)[len(arguments) :])
    gauge = RawGauge(0.3)
    with tempfile.TemporaryDirectory(prefix="certreg-processes-") as name, ExitStack() as stack:
        folder = Path(name)
        office = stack.enter_context(open_office(folder / "office", ""))
        office.issue_all(make_sheets(folder / "sheets", rows=count, sheets=1, seed=_SEED)[0])
        held = collect(office, count)
        print(f"{processors()} processors, {count} certificates, {rounds} pairs of turns")
        for form, alone, by_all in _works(office, held, folder, stack):
            alone(), by_all()
            pairs: list[Pair] = []
            raw = []
            for _ in range(rounds):
                pairs.append((timed(alone), timed(by_all)))
                raw.append(gauge.sample().verify)
            _tell(form, pairs, raw)
    return 0


def _works(office: Office, held: Held, folder: Path, stack: ExitStack) -> Iterator[tuple[str, Judge, Judge]]:
    now = office.app.clock()
    trust = trust_of(office)
    pool = stack.enter_context(VerifierPool(trust))
    cases: tuple[tuple[str, Sequence[Evidence], VerificationPolicy], ...] = (
        ("JSON", held.records, VerificationPolicy(at=now, require_log=True)),
        ("QR", held.qr_texts, VerificationPolicy(at=now)),
    )
    for form, evidence, policy in cases:
        yield form, judge_all(evidence, trust, policy), judge_all_in(pool, evidence, policy)
        yield f"{form} apart", *(_apart(evidence, trust, policy, of) for of in (1, processors()))
    files = folder / "files"
    files.mkdir()
    for place, one in enumerate(held.records):
        (files / f"{place}.json").write_bytes(one.record or b"")
        (files / f"{place}.tlog-proof").write_bytes(one.log_proof or b"")
    yield "files", _command(office, files, "0"), _command(office, files)


def _apart(evidence: Sequence[Evidence], trust: Trust, policy: VerificationPolicy, processes: int) -> Judge:
    """By forks of this process, each with its share from the first."""
    shares = [judge_all(evidence[place::processes], trust, policy) for place in range(processes)]

    def work() -> int:
        children = [get_context("fork").Process(target=share) for share in shares]
        for child in children:
            child.start()
        for child in children:
            child.join()
        if any(child.exitcode for child in children):
            raise RuntimeError("a share was not judged")
        return len(evidence)

    return work


def _command(office: Office, files: Path, *processors_given: str) -> Judge:
    """The real command, from its start to its end; by all processors, or those that are named."""
    command = [sys.executable, "-m", "verifier", str(files), "--trust", str(office.site / "root.json")]
    command += ["--url", str(office.site), "--json", "--at", timestamp_encode(office.app.clock())]
    if processors_given:
        command = ["taskset", "-c", ",".join(processors_given), *command]

    def work() -> int:
        return subprocess.run(command, check=True, capture_output=True).stdout.count(b"\n")

    return work


def _tell(form: str, pairs: Sequence[Pair], raw: Sequence[float]) -> None:
    def micro(of: Callable[[Round], float], which: int) -> float:
        return median(of(pair[which]) / pair[which].count * 1e6 for pair in pairs)

    gains = sorted(alone.wall / by_all.wall for alone, by_all in pairs)
    of_raw = [
        median(pair[which].rate / one for pair, one in zip(pairs, raw, strict=True)) for which in (0, 1)
    ]
    print(
        f"{form:>10}: one process {micro(lambda one: one.wall, 0):4.0f} us ({of_raw[0]:.2f} of raw), "
        f"all {micro(lambda one: one.wall, 1):4.0f} us ({of_raw[1]:.2f} of raw): "
        f"{median(gains):.2f} times as many ({gains[0]:.2f} to {gains[-1]:.2f}); "
        f"processor time {micro(lambda one: one.all_cpu, 0):.0f} us, then here {micro(lambda one: one.cpu, 1):.0f} "
        f"and in all {micro(lambda one: one.all_cpu, 1):.0f}"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
