"""Indexes for what pages ask of tables that grow (tests/console/test_plans.py). Nothing else: the program before works on, unaware.

Writing to each table waits while its index is made: about a second for a million rows. None is on ``certificate``.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAMED = sa.text("successor IS NOT NULL")


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("intent_batch", "intent", ["batch_id"], unique=False, if_not_exists=True)
    op.create_index(
        "status_event_successor",
        "status_event",
        ["successor"],
        unique=False,
        if_not_exists=True,
        sqlite_where=_NAMED,
        postgresql_where=_NAMED,
    )
    op.create_index(
        "trail_entry_authority", "trail_entry", ["authority", "place"], unique=False, if_not_exists=True
    )
    op.create_index("draft_state", "draft", ["authority", "state"], unique=False, if_not_exists=True)
