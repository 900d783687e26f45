"""Identity keys, wrapped under a master key; a home from before is given its rows when it is opened."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "identity_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("master", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(length=60), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id BETWEEN 0 AND 65535", name="identity_key_id"),
        sa.PrimaryKeyConstraint("id"),
    )
