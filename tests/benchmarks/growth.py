"""How costs grow with the archive: ``python -m tests.benchmarks.growth [--rows 100000 1000000] [--engine both]``.

A synthetic archive (``archive``) is filled step by step on each engine; after each step the same things are measured: look-up
by number with its log proof, the row alone, by keyed identity hash, the console's search by each field, bulk insertion, issuing,
a change of status, a checkpoint, a publication after one change. Beside the time stands a figure that no neighbour of this machine
can move: pages that PostgreSQL touches, steps of SQLite's machine. Written: a JSON file, and charts as SVG (``charts``).
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text

from registry.database import Database
from registry.publication import publish
from tests.benchmarks.archive import Archive, Person
from tests.benchmarks.charts import draw
from tests.benchmarks.effort import effort_of
from tests.benchmarks.growing import reads_of, writes_of
from tests.benchmarks.office import Office, open_office
from tests.registry.engines import postgresql

ENGINES = ("sqlite", "postgresql")
TABLES = ("certificate", "certificate_index", "claim", "intent", "log_tile", "status_event")
Work = Callable[[Person], object]


@dataclass(slots=True)
class Step:
    """One size of one engine: for each measure milliseconds (median, least, of this process) and effort; bytes of each table."""

    engine: str
    rows: int
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, measure, write."""
    options = _parser().parse_args(arguments)
    engines = ENGINES if options.engine == "both" else (options.engine,)
    steps: list[Step] = []
    for engine in engines:
        for step in _steps_on(engine, options):
            steps.append(step)
            _told(step)
            options.json.parent.mkdir(parents=True, exist_ok=True)
            document = {"growthVersion": 1, "steps": [_to_json(one) for one in steps]}
            options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    draw(json.loads(options.json.read_text(encoding="utf-8"))["steps"], options.json.parent)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.benchmarks.growth", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--json", type=Path, default=Path("var/growth/growth.json"), metavar="FILE")
    return parser


def _steps_on(engine: str, options: argparse.Namespace) -> Iterator[Step]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="certreg-growth-")))
        cluster = stack.enter_context(postgresql()) if engine == "postgresql" else None
        url = cluster.url(cluster.create()) if cluster else ""
        if cluster:
            _prepare(url)
        office = stack.enter_context(open_office(folder, url))
        archive, writes = Archive(office.app), writes_of(office, folder)
        for rows in options.rows:
            began = time.perf_counter()
            archive.fill(rows)
            _analyse(office.app.database)
            print(f"… {engine}: {rows:,} rows after {time.perf_counter() - began:,.0f} s", file=sys.stderr)
            step = Step(engine, rows, sizes=sizes_of(office, folder))
            people = random.Random(rows).choices(archive.sample, k=options.rounds)
            _measure_reads(step, office, people, reads_of(office))
            publish(office.app, office.site)  # all that the fill brought
            for name, (before, write) in writes.items():
                step.figures[name] = _timed([write] * max(3, options.rounds // 5), before)
            yield step


def _measure_reads(step: Step, office: Office, people: Sequence[Person], reads: dict[str, Work]) -> None:
    for name, work in reads.items():
        for one in people[:2]:  # whatever the program reads once
            work(one)
        step.figures[name] = _timed([_bound(work, one) for one in people])
        step.figures[name]["effort"] = median(
            effort_of(office.app.database, _bound(work, one)) for one in people[:5]
        )


def _bound(work: Work, one: Person) -> Callable[[], object]:
    return lambda: work(one)


def _timed(works: Sequence[Callable[[], Any]], before: Callable[[], None] = lambda: None) -> dict[str, float]:
    """Milliseconds of each; a work that says how many things it did is divided by them."""
    walls, computed = [], []
    for work in works:
        before()
        wall, cpu = time.perf_counter(), time.process_time()
        count = work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        things = count if isinstance(count, int) else 1
        walls.append(wall / things * 1e3)
        computed.append(cpu / things * 1e3)
    return {"median": median(walls), "least": min(walls), "cpu": median(computed)}


def _prepare(url: str) -> None:
    """A log that is recycled seldom, and commits that do not wait for the disk while the archive is filled."""
    database = Database(url)
    with database.engine.connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ALTER SYSTEM SET max_wal_size = '6GB'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    database.close()


def _analyse(database: Database) -> None:
    with database.engine.connect() as opened:
        postgres = database.engine.dialect.name == "postgresql"
        statement = "VACUUM ANALYZE" if postgres else "ANALYZE"
        opened.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))


def sizes_of(office: Office, folder: Path) -> dict[str, int]:
    """Bytes of each table and of its indexes, all parts together; of SQLite's file."""
    if office.app.database.engine.dialect.name != "postgresql":
        return {"file": (folder / "registry" / "registry.db").stat().st_size}
    found = {}
    with office.app.database.read() as session:
        for table in TABLES:
            sizes = text(
                "SELECT CAST(sum(pg_table_size(one)) AS bigint), CAST(sum(pg_indexes_size(one)) AS bigint) "
                "FROM (SELECT CAST(:name AS regclass) AS one UNION SELECT relid FROM pg_partition_tree(:name)) AS parts"
            )
            found[table], found[f"{table} indexes"] = session.execute(sizes, {"name": table}).one()
    return found


def _told(step: Step) -> None:
    print(f"{step.engine}, {step.rows:,} rows: {json.dumps(step.sizes)}")
    for name, one in step.figures.items():
        effort = f"{one['effort']:>10,.0f}" if "effort" in one else " " * 10
        print(
            f"  {name:<34}{one['median']:>10.3f} ms {one['least']:>10.3f} least {one['cpu']:>10.3f} cpu {effort}"
        )
    sys.stdout.flush()


def _to_json(step: Step) -> dict[str, object]:
    figures = {
        name: {kind: round(value, 4) for kind, value in one.items()} for name, one in step.figures.items()
    }
    return {"engine": step.engine, "rows": step.rows, "figures": figures, "bytes": step.sizes}


if __name__ == "__main__":
    sys.exit(main())
