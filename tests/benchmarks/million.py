"""A year's certificates in one process: ``python -m tests.benchmarks.million [ENGINE] [CERTIFICATES] [ROWS A FILE]``.

One line a file: rate, CPU of this process and with its agent (a database server is another's), the ratio to raw signing
around it by the clock and by a core, the memory that this process uses afterwards and the most that it ever used, neither of
which may grow with what was issued before. In the end there must be
as many certificates, claims and leaves as were issued, all under the last checkpoint. (Some of a million made-up people have
the number of another, and get nothing the second time.)
"""

import argparse
import resource
import sys
import tempfile
from pathlib import Path

from sqlalchemy import func, select

from registry.log import latest_checkpoint, log_size
from registry.models import Certificate, Claim
from tests.benchmarks.measure import RawGauge, timed
from tests.benchmarks.office import Office, make_sheets
from tests.benchmarks.run import ENGINES, office_on

_SEED = 5_000_000


def main(arguments: list[str]) -> int:
    """Issue file after file; returns 1 where the counts differ in the end."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks.million", description=__doc__)
    parser.add_argument("engine", nargs="?", choices=ENGINES, default="postgresql")
    parser.add_argument("total", nargs="?", type=int, default=1_000_000, help="certificates")
    parser.add_argument("rows", nargs="?", type=int, default=100_000, help="rows a file")
    options = parser.parse_args(arguments)
    engine, total, rows = options.engine, options.total, min(options.total, options.rows)
    gauge = RawGauge(0.5)
    with tempfile.TemporaryDirectory(prefix="certreg-million-") as name:
        folder = Path(name)
        with office_on(engine, folder / engine) as office:
            issued = 0
            for place in range(total // rows):
                sheet = make_sheets(folder / "sheets", rows=rows, sheets=1, seed=_SEED + place)[0]
                issued += _issue(office, sheet, gauge, before=issued)
                sheet.unlink()
            return 0 if _complete(office, issued) else 1


def _issue(office: Office, sheet: Path, gauge: RawGauge, *, before: int) -> int:
    before_it = gauge.sample()
    one = timed(lambda: len(office.issue(sheet).issued))
    after_it = gauge.sample()
    raw, raw_cpu = before_it.sign + after_it.sign, before_it.sign_cpu + after_it.sign_cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20
    cpu, all_cpu = one.cpu / one.count * 1e6, one.all_cpu / one.count * 1e6
    print(
        f"{before + one.count:>9,}  {one.rate:>7,.0f}/s  CPU {cpu:>6.1f}, with others {all_cpu:>6.1f} us"
        f"  {2 * one.rate / raw:.3f} of raw, {2e6 / all_cpu / raw_cpu:.3f} a core  {resident:>5,} MB, at most {most:,}",
        flush=True,
    )
    return one.count


def _complete(office: Office, total: int) -> bool:
    with office.app.database.read() as session:
        counted = [session.scalar(select(func.count()).select_from(one)) for one in (Certificate, Claim)]
        size, head = log_size(session), latest_checkpoint(session)
    trust_lists = size - total
    print(
        f"certificates {counted[0]:,}, claims {counted[1]:,}, leaves {size:,} ({trust_lists} of trust lists)"
    )
    return counted == [total, total] and trust_lists < 10 and head is not None and head.size == size


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
