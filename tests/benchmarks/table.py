"""The results as a table for people."""

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure import Measure, Timings, raw_json
from tests.benchmarks.run import Results


def print_results(results: Results, console: Console) -> None:
    """Three tables: raw, rates beside raw, single times."""
    console.print(_raw(results))
    console.print(_rates(results.measures))
    console.print(_times(results.timings))


def _raw(results: Results) -> Table:
    table = Table(
        "raw Ed25519, one thread", "a second", "spread", title=f"{len(results.gauge.samples)} samples"
    )
    for name, figures in raw_json(results.gauge.samples).items():
        assert isinstance(figures, dict)
        table.add_row(name, f"{figures['median']:,.0f}", f"{figures['least']:,.0f}–{figures['most']:,.0f}")
    return table


def _rates(measures: tuple[Measure, ...]) -> Table:
    table = Table(
        "measure", "count", "a second", "spread", "µs each", "CPU µs", "all CPU µs", "of raw", "per core"
    )
    for one in measures:
        rates = [item.rate for item in one.rounds]
        cpu = sorted(item.cpu / item.count * 1e6 for item in one.rounds)[len(rates) // 2]
        everything = sorted(item.all_cpu / item.count * 1e6 for item in one.rounds)[len(rates) // 2]
        ratio = f"{one.ratio:.3f} {one.beside}" if one.ratio is not None else "–"
        core = f"{one.core_ratio:.3f}" if one.core_ratio is not None else "–"
        spread = f"{min(rates):,.0f}–{max(rates):,.0f}"
        count = f"{one.rounds[0].count} x {len(rates)}"
        table.add_row(
            one.name,
            count,
            f"{one.rate:,.0f}",
            spread,
            f"{1e6 / one.rate:,.1f}",
            f"{cpu:,.1f}",
            f"{everything:,.1f}",
            ratio,
            core,
        )
    return table


def _times(timings: tuple[Timings, ...]) -> Table:
    table = Table("time", "count", "ms, median", "ms, p90", "CPU ms, median", "CPU ms, least")
    for one in timings:
        middle = sorted(one.seconds)[len(one.seconds) // 2] * 1e3
        cpu = sorted(one.cpu)
        figures = (middle, one.p90 * 1e3, cpu[len(cpu) // 2] * 1e3, cpu[0] * 1e3)
        table.add_row(one.name, str(len(one.seconds)), *(f"{figure:,.2f}" for figure in figures))
    return table
