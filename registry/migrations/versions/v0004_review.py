"""Review: background jobs, and lists from upload to release."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("state IN ('waiting', 'running')")


def upgrade() -> None:
    """Create the tables of ``registry.jobs``."""
    op.create_table(
        "job",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("authority", sa.String(length=6), nullable=True),
        sa.Column("actor", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("error_params", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="job_state"),
        sa.CheckConstraint("(state = 'running') = (holder IS NOT NULL)", name="job_holder"),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="job_error"),
        sa.CheckConstraint("(holder IS NULL) = (lease_until IS NULL)", name="job_lease"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "job_once", "job", ["kind", "subject"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("job_open", "job", ["id"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("job_subject", "job", ["subject"])
