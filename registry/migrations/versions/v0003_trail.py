"""The audit trail: entries, its head, its seals in the log; triggers that keep what was written."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEPT = ("trail_entry", "trail_seal")
"""Tables whose rows are never changed and never leave."""


def upgrade() -> None:
    """Create the tables, the head with its random start, and the triggers."""
    op.create_table(
        "trail_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name="trail_head_single_row"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "trail_entry",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.String(length=255), nullable=False),
        sa.Column("authority", sa.String(length=6), nullable=True),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    for column in ("subject", "login", "act"):
        op.create_index(f"trail_entry_{column}", "trail_entry", [column, "place"], unique=False)
    op.create_index("trail_entry_at", "trail_entry", ["at"], unique=False)
    op.create_table(
        "trail_seal",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index"),
    )
    head = sa.table("trail_head", sa.column("id"), sa.column("count"), sa.column("digest", sa.LargeBinary()))
    op.execute(head.insert().values(id=1, count=0, digest=secrets.token_bytes(32)))
    if op.get_bind().dialect.name == "postgresql":
        _keep_on_postgresql()
    else:
        _keep_on_sqlite()


def _keep_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION trail_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    )
    for table in _KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION trail_is_kept()"
        )
    op.execute(
        "CREATE TRIGGER trail_head_kept BEFORE DELETE OR TRUNCATE ON trail_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION trail_is_kept()"
    )
    op.execute(
        "CREATE TRIGGER trail_head_rises BEFORE UPDATE ON trail_head FOR EACH ROW "
        "WHEN (NEW.count <> OLD.count + 1) EXECUTE FUNCTION trail_is_kept()"
    )


def _keep_on_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
    for table in _KEPT:
        for change in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refuse}")
        # INSERT OR REPLACE would delete the old row without asking the trigger above.
        key = "place" if table == "trail_entry" else "leaf_index"
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - names of our own
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) {refuse}"
        )
    op.execute(f"CREATE TRIGGER trail_head_no_delete BEFORE DELETE ON trail_head {refuse}")
    op.execute(
        f"CREATE TRIGGER trail_head_rises BEFORE UPDATE ON trail_head WHEN NEW.count <> OLD.count + 1 {refuse}"
    )
