"""A registry's tables with tens of thousands of rows: what is there is multiplied, so that every row is of the right shape.

On SQLite a tenth of them: nobody tells its planner how many there are, so its plans are those of any number.

For plans of queries only: hashes are of nothing, records are of somebody else, and ``fsck`` would find all of it.
"""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

MANY = 50_000


def _number(series: int) -> str:
    """The certificate numbers of a series from serial 100,001, as an expression: with their check (ISO 7064 MOD 97-10)."""
    body = f"({series} + n)"
    return f"CAST({body} AS TEXT) || substr(CAST(198 - {body} % 97 * 100 % 97 AS TEXT), 2)"


NUMBER, VOID = _number(410100202610100000), _number(410100202620100000)
_BLOB = {"sqlite": "randomblob(32)", "postgresql": "sha256(CAST(CAST(n AS TEXT) AS BYTEA))"}
_SERIES = {
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s) AS s",
    "postgresql": "generate_series(1, {count}) AS s(n)",
}
TABLES: tuple[tuple[str, int, Mapping[str, str]], ...] = (
    ("batch", 610, {"id": "1000 + n", "file_sha256": "CAST(n AS TEXT)"}),
    (
        "intent",
        6000,
        {
            "id": "1000 + n",
            "batch_id": "1001 + n / 10",
            "first_serial": "100000 + 100 * n",
            "first_leaf": "10000000 + 100 * n",
        },
    ),
    (
        "certificate",
        MANY,
        {
            "number": NUMBER,
            "serial": "100000 + n",
            "intent_id": "1001 + n / 100",
            "leaf_index": "10000000 + n",
            "identity_hash": "BLOB",
        },
    ),
    ("claim", MANY, {"key": "BLOB", "number": NUMBER}),
    ("employer", 5000, {"id": "1000 + n", "name": "'单位' || CAST(n AS TEXT)"}),
    (
        "certificate_index",
        MANY,
        {
            "number": NUMBER,
            "batch_id": "1001 + n / 100",
            "employer_id": "1001 + n % 5000",
            "name_key": "BLOB",
            "state": "CASE WHEN n % 100 = 0 THEN 'revoked' ELSE 'issued' END",
        },
    ),
    ("status_event", MANY // 2, {"leaf_index": "20000000 + n", "number": NUMBER}),
    (
        "void_number",
        5000,
        {
            "number": VOID,
            "leaf_index": "30000000 + n",
            "intent_id": "1001 + n / 100",
        },
    ),
    (
        "trail_entry",
        MANY,
        {
            "place": "1000000 + n",
            "at": "at + n",
            "login": "'login-' || CAST(n % 100 AS TEXT)",
            "subject": "'batch:' || CAST(n AS TEXT)",
        },
    ),
    (
        "job",
        20_000,
        {
            "id": "1000000 + n",
            "subject": "'old:' || CAST(n AS TEXT)",
            "state": "'done'",
            "holder": "NULL",
            "lease_until": "NULL",
            "error": "NULL",
        },
    ),
    ("certificate_case", 20_000, {"id": "1000000 + n", "number": NUMBER, "state": "'done'"}),
    ("console_session", 20_000, {"id": "1000000 + n", "hash": "BLOB", "account_id": "account_id"}),
    ("draft", 10_000, {"id": "1000000 + n", "state": "'discarded'", "batch_id": "NULL"}),
    ("draft_finding", 20_000, {"place": "1000000 + n"}),
    ("print_order", 5000, {"id": "1000000 + n"}),
    (
        "holder_request",
        10_000,
        {
            "id": "1000000 + n",
            "receipt": "CAST(1000000 + n AS TEXT)",
            "number": NUMBER,
            "state": "'declined'",
        },
    ),
)
"""Each table, how often its first row is repeated, and what differs: an expression of ``n`` for a column."""
BIG = frozenset(name for name, count, _ in TABLES if count > 5000)
"""Those that grow with the archive; the others are as many as there are offices, employers or lists."""


_LESS = {"sqlite": 10, "postgresql": 1}


def multiply(session: Session) -> None:
    """Fill the tables in the caller's transaction."""
    dialect = session.connection().dialect.name
    there = {name for name, *_ in TABLES if session.execute(text(f'SELECT 1 FROM "{name}" LIMIT 1')).first()}  # noqa: S608
    assert there == {name for name, *_ in TABLES}
    for name, most, differing in TABLES:
        count = most // _LESS[dialect] if name in BIG else most
        columns = _columns(name)
        values = [
            differing.get(column, f'one."{column}"').replace("BLOB", _BLOB[dialect]) for column in columns
        ]
        series = _SERIES[dialect].format(count=count)
        names = ", ".join(f'"{column}"' for column in columns)
        done = session.execute(
            text(
                f'INSERT INTO "{name}" ({names}) SELECT {", ".join(values)} '  # noqa: S608 - our own words
                f'FROM (SELECT * FROM "{name}" LIMIT 1) AS one, {series}'
            )
        )
        assert done.rowcount == count, f"{name}: there is no row to begin with"  # type: ignore[attr-defined]


def _columns(name: str) -> list[str]:
    from registry.tables import Base

    return [column.name for column in Base.metadata.tables[name].columns]
