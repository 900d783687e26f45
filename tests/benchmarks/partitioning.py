"""Should ``certificate`` be divided by year? ``python -m tests.benchmarks.partitioning [ROWS]``, on a PostgreSQL of its own.

The same synthetic rows twice: a table as it is, and one divided into ten years, whose keys must have the year in them. Of each
question the pages that it touches and the least of 15 times, planning and execution, as the server tells them; and what a divided table can no longer promise.
"""

import sys
from random import Random
from typing import Any

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from tests.registry.engines import postgresql

YEARS = range(2017, 2027)
_COLUMNS = """number varchar(20) NOT NULL, authority varchar(6) NOT NULL, year integer NOT NULL, kind integer NOT NULL,
    serial integer NOT NULL, intent_id bigint NOT NULL, record bytea NOT NULL, leaf_index bigint NOT NULL,
    identity_hash bytea NOT NULL, identity_sealed bytea NOT NULL"""
_ROWS = """INSERT INTO {table}
    SELECT '41' || 1201 + n % 40 || year || '1' || lpad((n / 40)::text, 7, '0') || '00', '41' || 1201 + n % 40, year, 1, n / 40,
        n / 500, decode(repeat(md5(n::text), 47), 'hex'), n + year::bigint * 100000000,
        sha256((year || ' ' || n)::bytea), decode(repeat(md5(n::text), 4), 'hex')
    FROM generate_series(2017, 2026) AS year, generate_series(1, {each}) AS n"""
_NEW = """INSERT INTO {table}
    SELECT '99999920261' || lpad(n::text, 7, '0') || '00', '999999', 2026, 1, n, 1, decode(repeat(md5(n::text), 47), 'hex'),
        n + 900000000000, sha256(('new ' || n)::bytea), decode(repeat(md5(n::text), 4), 'hex')
    FROM generate_series(1, 500) AS n"""
_SHARING = """INSERT INTO {table} SELECT '888888' || substr(number, 7), '888888', year + 1, kind, serial, intent_id, record, leaf_index,
    identity_hash, identity_sealed FROM {table} WHERE year = 2025 LIMIT 1"""
_ONE = "SELECT number, leaf_index FROM {table} WHERE "
QUESTIONS: dict[str, str] = {
    "by number, its year said": _ONE + "number = {number} AND year = {year}",
    "by number alone (a program that knows no parts)": _ONE + "number = {number}",
    "by identity hash": _ONE + "identity_hash = {identity}",
    "256 leaves of the log": _ONE + "leaf_index BETWEEN {leaf} AND {leaf} + 255",
    "the certificates of 50 numbers": _ONE + "number = ANY({fifty})",
    "500 new rows, each": _NEW,
}


def main(arguments: list[str]) -> int:
    """Fill both, ask both, print."""
    rows = int(arguments[0]) if arguments else 1_000_000
    table = Table("question", "whole: pages", "ms", "divided: pages", "ms", title=f"{rows:,} rows, ten years")
    with (
        postgresql() as cluster,
        psycopg.connect(cluster.url(cluster.create()), autocommit=True) as connection,
    ):
        _make(connection, rows // len(YEARS))
        for name, question in QUESTIONS.items():
            found = [_cost(connection, question, which, rows // len(YEARS)) for which in ("whole", "divided")]
            cells = [text for pages, ms in found for text in (f"{pages:,.1f}", f"{ms:.3f}")]
            table.add_row(name, *cells)
        for promise, tried in (
            ("one leaf for two certificates", _shares),
            ("a reference to a number", _refers),
        ):
            table.add_row(promise, tried(connection, "whole"), "", tried(connection, "divided"), "")
    Console(width=130).print(table)
    return 0


def _make(connection: psycopg.Connection, each: int) -> None:
    for which, divided, key in (("whole", "", ""), ("divided", " PARTITION BY RANGE (year)", ", year")):
        table = sql.Identifier(which)
        _do(connection, f"CREATE TABLE {{table}} ({_COLUMNS}){divided}", table=table)
        for year in YEARS if divided else ():
            part = sql.Identifier(f"part_{year}")
            bounds = {"low": sql.Literal(year), "high": sql.Literal(year + 1)}
            _do(
                connection,
                "CREATE TABLE {part} PARTITION OF {table} FOR VALUES FROM ({low}) TO ({high})",
                table=table,
                part=part,
                **bounds,
            )
        _do(connection, _ROWS, table=table, each=sql.Literal(each))
        for columns in (
            f"PRIMARY KEY (number{key})",
            "UNIQUE (authority, year, kind, serial)",
            f"UNIQUE (leaf_index{key})",
        ):
            _do(connection, f"ALTER TABLE {{table}} ADD {columns}", table=table)
        for column in ("identity_hash", "intent_id"):
            _do(connection, f"CREATE INDEX ON {{table}} ({column})", table=table)
    connection.execute("VACUUM ANALYZE")


def _cost(connection: psycopg.Connection, question: str, which: str, each: int) -> tuple[float, float]:
    """Pages and the least milliseconds; an insertion's of one row of 500, taken back."""
    draw, found = Random(which == question), []
    for _ in range(15):
        n, year = draw.randrange(1, each), draw.choice(YEARS)
        number = f"41{1201 + n % 40}{year}1{n // 40:07d}00"
        fifty = [
            f"41{1201 + one % 40}{draw.choice(YEARS)}1{one // 40:07d}00"
            for one in draw.sample(range(1, each), 50)
        ]
        words = {"number": number, "year": year, "leaf": n + year * 100_000_000, "fifty": fifty}
        identity = sql.SQL("sha256({}::bytea)").format(sql.Literal(f"{year} {n}"))
        given = {name: sql.Literal(value) for name, value in words.items()} | {"identity": identity}
        with connection.transaction(force_rollback=True):
            asked = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {question}"
            (told,) = _do(connection, asked, table=sql.Identifier(which), **given)
        plan = told[0]
        pages = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        found.append((pages, plan["Planning Time"] + plan["Execution Time"]))
    by = 500 if question == _NEW else 1
    return sorted(pages for pages, _ in found)[7] / by, min(ms for _, ms in found) / by


def _shares(connection: psycopg.Connection, which: str) -> str:
    """A certificate of another year at a leaf that has one."""
    return _tried(connection, _SHARING, which, "refused")


def _refers(connection: psycopg.Connection, which: str) -> str:
    """A status event, say, to its certificate."""
    return _tried(
        connection,
        "CREATE TABLE refers (number varchar(20) REFERENCES {table} (number))",
        which,
        "impossible",
    )


def _tried(connection: psycopg.Connection, statement: str, which: str, otherwise: str) -> str:
    try:
        with connection.transaction(force_rollback=True):
            _do(connection, statement, table=sql.Identifier(which))
    except psycopg.Error:
        return otherwise
    return "possible"


def _do(connection: psycopg.Connection, statement: str, **words: sql.Composable) -> tuple[Any, ...]:
    cursor = connection.execute(sql.SQL(statement).format(**words))
    return cursor.fetchone() or () if cursor.description else ()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
