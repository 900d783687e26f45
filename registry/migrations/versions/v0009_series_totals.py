"""Totals by series, kept by triggers beside the rows that they count: also those that the program before this one writes.

A range's certificates are counted at once, when it is logged, in the same transaction: a trigger for each row took 10 µs a
certificate on SQLite. Deletions (nobody but a hand makes any) and void numbers are counted one by one. What is there already is
counted here: about a second for a million certificates, in which nothing is logged.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INTO = """INSERT INTO series_total (authority, year, kind, issued, void) {rows}
ON CONFLICT (authority, year, kind) DO UPDATE SET issued = series_total.issued + excluded.issued, void = series_total.void + excluded.void"""
_OF_NUMBER = "substr({row}number, 1, 6), CAST(substr({row}number, 7, 4) AS INTEGER), CAST(substr({row}number, 11, 1) AS INTEGER)"
_OF_RANGE = "VALUES (NEW.authority, NEW.year, NEW.kind, (SELECT count(*) FROM certificate WHERE intent_id = NEW.id), 0)"
_TRIGGERS = (
    ("intent_logged_total", "UPDATE OF state", "intent", _OF_RANGE),
    (
        "certificate_deleted_total",
        "DELETE",
        "certificate",
        f"VALUES ({_OF_NUMBER.format(row='OLD.')}, -1, 0)",
    ),
    ("void_number_total", "INSERT", "void_number", f"VALUES ({_OF_NUMBER.format(row='NEW.')}, 0, 1)"),
    (
        "void_number_deleted_total",
        "DELETE",
        "void_number",
        f"VALUES ({_OF_NUMBER.format(row='OLD.')}, 0, -1)",
    ),
)
_ONCE = "WHEN (NEW.state = 'logged' AND OLD.state <> 'logged') "


def upgrade() -> None:
    """Create the table and its triggers; count."""
    op.create_table(
        "series_total",
        sa.Column("authority", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("void", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "year", "kind"),
    )
    for name, event, table, rows in _TRIGGERS:
        into, once = _INTO.format(rows=rows), _ONCE if "state" in event else ""
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {into}; RETURN NULL; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {once}EXECUTE FUNCTION {name}()"
            )
        else:
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} {once}BEGIN {into}; END")
    for table, numbers in (("certificate", "count(*), 0"), ("void_number", "0, count(*)")):
        series = _OF_NUMBER.format(row="")
        # Without a condition SQLite takes what follows for a join's.
        op.execute(_INTO.format(rows=f"SELECT {series}, {numbers} FROM {table} WHERE 1 = 1 GROUP BY 1, 2, 3"))  # noqa: S608
