"""What issuing cannot do without, however it is written: ``python -m tests.benchmarks.floor [ROWS] [ROUNDS]``.

The libraries' share of a certificate by itself, on what one file of ROWS left in a registry on PostgreSQL: two signatures, the
sheet read, the hashes, ciphers and JSON of each certificate, its rows handed to the server. Each by the shortest loop that Python has around
the library's own function, and no decision, check or line of this program between them. So the sum is what would be left if all
the rest took no time: the ratio "a core" that no change of the program can exceed while it keeps these libraries and these
promises. The whole path stands beside it, in the same run.
"""

import hmac
import io
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import gmpy2
import orjson
import psycopg
import python_calamine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import crypto_sign
from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.string import BytesBinaryDumper
from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure import MESSAGE, Measure, RawGauge, measure
from tests.benchmarks.office import make_sheets
from tests.benchmarks.run import office_on

_SEED = 9_100_000
_TABLES = ("certificate", "claim")
"""What a certificate adds a row to."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A share of the path, and what does it for all certificates of the file once."""

    name: str
    work: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Rows:
    """All of a table: its columns' names and PostgreSQL's names of their types, in order, and their values."""

    table: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    values: list[tuple[Any, ...]]


def pieces_of(url: str, sheet: Path) -> list[Piece]:
    """The pieces, on what ``sheet`` left in the database at ``url`` (PostgreSQL's)."""
    with psycopg.connect(url) as connection:
        kept = [_rows(connection, table) for table in _TABLES]
    certificates = kept[0]
    place = certificates.names.index("record")
    records = [bytes(row[place]) for row in certificates.values]
    return [
        Piece("two signatures, one by each library", lambda: _sign(len(records))),
        Piece("the sheet unpacked and read", lambda: _read(sheet)),
        Piece("hashes, keyed hashes, cipher, base58", lambda: _hash(records)),
        Piece("JSON: the record, and the row as reserved", lambda: _write(records)),
        Piece("rows handed to PostgreSQL", lambda: _copy(url, kept)),
    ]


def _rows(connection: psycopg.Connection[Any], table: str) -> Rows:
    asked = "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
    columns = connection.execute(asked, (table,)).fetchall()
    names, types = (tuple(column) for column in zip(*columns, strict=True))
    values = connection.execute(SQL("SELECT {} FROM {}").format(_listed(names), Identifier(table))).fetchall()
    return Rows(table, names, types, values)


def _listed(names: Sequence[str]) -> Composed:
    return SQL(", ").join(map(Identifier, names))


def _sign(count: int) -> int:
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes_raw() + key.public_key().public_bytes_raw()
    for _ in range(count):
        if key.sign(MESSAGE) != crypto_sign(MESSAGE, secret)[:64]:
            raise RuntimeError("two libraries, two signatures")
    return count


def _read(sheet: Path) -> int:
    workbook = python_calamine.load_workbook(io.BytesIO(sheet.read_bytes()))
    rows = workbook.get_sheet_by_index(0).iter_rows()
    return sum(1 for _ in rows) - 1


def _hash(records: Sequence[bytes]) -> int:
    """Of each: proof's options and document, digest, leaf and its node; two keyed hashes (four blocks); a number sealed; base58."""
    cipher, key = AESGCM(AESGCM.generate_key(256)), os.urandom(32)
    signature = int.from_bytes(os.urandom(64), "big")
    for record in records:
        sha256(record).digest()
        sha256(record).hexdigest()
        leaf = sha256(b"\0" + record[:200]).digest()
        sha256(b"\1" + leaf + leaf).digest()
        hmac.digest(key, record[:32], "sha256")
        hmac.digest(key, record[:24], "sha256")
        cipher.encrypt(key[:12], record[:18], record[:20])
        gmpy2.digits(signature, 58)
    return len(records)


def _write(records: Sequence[bytes]) -> int:
    documents = [orjson.loads(record) for record in records[:256]]
    for place in range(len(records)):
        document = documents[place % 256]
        orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        orjson.dumps(document["credentialSubject"])
    return len(records)


def _copy(url: str, kept: Sequence[Rows]) -> int:
    """Into empty tables with the indexes of the registry's own, thrown away again."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA floor")
        for rows in kept:
            table, own = Identifier("floor", rows.table), Identifier("public", rows.table)
            cursor.execute(SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(table, own))
            copying = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(table, _listed(rows.names))
            with cursor.copy(copying) as copy:
                cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
                copy.set_types(rows.types)
                for row in rows.values:
                    copy.write_row(row)
        connection.rollback()
    return len(kept[0].values)


def shares(measures: Sequence[Measure]) -> list[float]:
    """Processor time of each measure, in raw signatures of the same minutes."""
    return [1 / one.core_ratio for one in measures if one.core_ratio]


def main(arguments: Sequence[str]) -> int:
    """Measure and print; of the file's rows those count that were issued."""
    rows = int(arguments[0]) if arguments else 20_000
    rounds = int(arguments[1]) if len(arguments) > 1 else 5
    gauge = RawGauge(0.3)
    with tempfile.TemporaryDirectory(prefix="certreg-floor-") as name:
        warm, *sheets = make_sheets(Path(name) / "sheets", rows=rows, sheets=rounds + 1, seed=_SEED)
        with office_on("postgresql", Path(name) / "office") as office:
            office.issue_all(warm)
            url = office.app.database.engine.url.set(drivername="postgresql")
            pieces = pieces_of(url.render_as_string(hide_password=False), warm)
            parts = [measure(one.name, gauge, [one.work] * rounds, beside="sign") for one in pieces]
            works = [lambda sheet=sheet: office.issue_all(sheet) for sheet in sheets]
            whole = measure("the whole path, to the publication", gauge, works, beside="sign")
    table = Table(
        "of issuing a certificate", "raw signatures", "so a core yields at most", title=f"{rows} rows"
    )
    found = shares(parts)
    for one, share in zip(parts, found, strict=True):
        table.add_row(one.name, f"{share:.2f}")
    table.add_row("together", f"{sum(found):.2f}", f"{1 / sum(found):.3f} of raw", end_section=True)
    (share,) = shares([whole])
    table.add_row(whole.name, f"{share:.2f}", f"{1 / share:.3f}, measured")
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
