"""Counts of certificates, followed from the log; they begin at its beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and the mark."""
    op.create_table(
        "certificate_count",
        sa.Column("authority", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grade", sa.String(length=16), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("suspended", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "year", "kind", "month", "grade"),
    )
    op.create_table(
        "certificate_count_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="certificate_count_mark_single_row"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute("INSERT INTO certificate_count_mark (id, leaf) VALUES (1, 0)")
