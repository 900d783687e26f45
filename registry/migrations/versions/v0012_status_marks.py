"""How often anything was written about the status of each block's numbers, kept by triggers: what a publication need not make again.

Whoever writes, a program of before or a hand, is counted: rows that come, change or go. On PostgreSQL once a statement (a row of
marks that one transaction changes a thousand times is read through as often); on SQLite row by row. What is there already is counted here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BLOCK = (
    "substr({row}number, 1, 6), CAST(substr({row}number, 7, 4) AS INTEGER), "
    "CAST(substr({row}number, 11, 1) AS INTEGER), CAST(substr({row}number, 12, 7) AS INTEGER) / 131072"
)
_INTO = """INSERT INTO status_mark (authority, year, kind, block, version) {rows}
ON CONFLICT (authority, year, kind, block) DO UPDATE SET version = status_mark.version + excluded.version"""
_EVENTS = {"insert": ("new",), "update": ("old", "new"), "delete": ("old",)}


def upgrade() -> None:
    """Create the table and its triggers; count."""
    op.create_table(
        "status_mark",
        sa.Column("authority", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "year", "kind", "block"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
    else:
        for event, sides in _EVENTS.items():
            marks = " ".join(
                _INTO.format(rows=f"VALUES ({_BLOCK.format(row=f'{side}.')}, 1)") + ";" for side in sides
            )
            op.execute(f"CREATE TRIGGER status_mark_{event} AFTER {event} ON status_event BEGIN {marks} END")
    # Without a condition SQLite takes what follows for a join's.
    rows = f"SELECT {_BLOCK.format(row='')}, count(*) FROM status_event WHERE 1 = 1 GROUP BY 1, 2, 3, 4"  # noqa: S608
    op.execute(_INTO.format(rows=rows))


def _on_postgresql() -> None:
    for event, sides in _EVENTS.items():
        changed = " UNION ALL ".join(f"SELECT number FROM changed_{side}" for side in sides)  # noqa: S608
        rows = f"SELECT {_BLOCK.format(row='')}, count(*) FROM ({changed}) AS changed GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"  # noqa: S608
        op.execute(
            f"CREATE FUNCTION status_mark_{event}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN {_INTO.format(rows=rows)}; RETURN NULL; END $$"
        )
        named = " ".join(f"{side} TABLE AS changed_{side}" for side in sides)
        op.execute(
            f"CREATE TRIGGER status_mark_{event} AFTER {event} ON status_event REFERENCING {named} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION status_mark_{event}()"
        )
    op.execute(
        "CREATE FUNCTION status_mark_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN UPDATE status_mark SET version = version + 1; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER status_mark_truncate AFTER TRUNCATE ON status_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION status_mark_truncate()"
    )
