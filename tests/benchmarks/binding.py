"""``python -m tests.benchmarks.binding 1000``: certificates printed in the background, as the console orders them.

Each form is ordered and carried out by the worker's own function: every certificate looked up, judged by the public verifier,
drawn, and bound into one PDF or a ZIP. By processor time of the whole process, since a shared machine's clock says more of the
neighbours; raw signatures before and after each form stand for the machine's minute.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from registry.actors import SYSTEM
from registry.cases.models import PrintOrder
from registry.cases.printing import FORMS, order_print
from registry.cases.working import KINDS
from registry.jobs.worker import work_once
from tests.benchmarks.measure import RawGauge
from tests.benchmarks.office import OFFICE, Office, make_sheets, open_office
from verifier.number import parse_number


@dataclass(frozen=True, slots=True)
class Printed:
    """One order: seconds of the processors and of the clock for ``count`` certificates; raw signatures a second of them."""

    form: str
    count: int
    computed: float
    wall: float
    size: int
    raw: float

    def told(self) -> str:
        """In a line."""
        each = self.computed / self.count
        return (
            f"{self.form}: {each * 1000:.1f} ms of processor time each ({each * self.raw:,.0f} raw signatures), "
            f"{self.wall / self.count * 1000:.1f} ms by the clock; {self.count:,} in {self.size / 1e6:.1f} MB"
        )


def print_all(office: Office, numbers: list[str], form: str, gauge: RawGauge) -> Printed:
    """Order them and have them drawn; anything refused is an error of the benchmark."""
    before = gauge.sample()
    with office.app.database.write() as session:
        wanted = order_print(
            session,
            SYSTEM,
            numbers=numbers,
            authority=None,
            form=form,
            title="",
            now=office.app.clock(),
        ).id
    computed, began = time.process_time(), time.perf_counter()
    while work_once(office.app, KINDS, holder="benchmark"):
        pass
    computed, wall = time.process_time() - computed, time.perf_counter() - began
    with office.app.database.read() as session:
        done = session.get_one(PrintOrder, wanted)
    if done.finished_at is None or done.refused != "{}":
        raise RuntimeError(f"not all was drawn: {done.refused}")
    raw = mean(one.sign_cpu for one in (before, gauge.sample()))
    return Printed(form, len(numbers), computed, wall, done.size, raw)


def main(count: int) -> list[Printed]:
    """Both forms of ``count`` certificates."""
    gauge = RawGauge(0.4)
    with tempfile.TemporaryDirectory(prefix="certreg-bench-") as name:
        folder = Path(name)
        with open_office(folder) as office:
            (sheet,) = make_sheets(folder / "sheets", rows=count, sheets=1, seed=20_261_128)
            issued = [parse_number(one).digits for one in office.issue(sheet).issued]
            assert all(number.startswith(OFFICE) for number in issued)
            return [print_all(office, issued, form, gauge) for form in FORMS]


if __name__ == "__main__":
    for one in main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000):
        print(one.told())
