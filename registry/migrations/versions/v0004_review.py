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
    """Create the tables of ``registry.jobs`` and ``registry.review``."""
    _create_jobs()
    _create_drafts()
    _create_findings()
    _create_rounds()


def _create_jobs() -> None:
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


def _create_drafts() -> None:
    op.create_table(
        "draft",
        sa.Column("id", _ID, nullable=False),
        sa.Column("authority", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("rule_set", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("creator", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", _ID, nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'returned', 'released', 'discarded')", name="draft_state"
        ),
        sa.CheckConstraint("(state = 'released') = (batch_id IS NOT NULL)", name="draft_batch"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("batch_id"),
    )
    op.create_index("draft_authority", "draft", ["authority", "id"])
    op.create_table(
        "draft_part",
        sa.Column("draft_id", _ID, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("uploader", sa.String(length=64), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("mode IN ('whole', 'mended', 'form')", name="draft_part_mode"),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"]),
        sa.PrimaryKeyConstraint("draft_id", "part"),
    )
    op.create_table(
        "draft_list",
        sa.Column("draft_id", _ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("listed", sa.LargeBinary(), nullable=False),
        sa.Column("refused", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"]),
        sa.PrimaryKeyConstraint("draft_id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Sealed bytes cannot be packed.
        for table, column in (("draft_part", "sealed"), ("draft_list", "listed"), ("draft_list", "refused")):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")


def _create_findings() -> None:
    op.create_table(
        "draft_finding",
        sa.Column("draft_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Boolean(), nullable=False),
        sa.Column("nature", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=5), nullable=False),
        sa.Column("sheet", sa.String(length=120), nullable=False),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("column", sa.String(length=3), nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "nature IN ('refused', 'notice', 'repaired', 'space')", name="draft_finding_nature"
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"]),
        sa.PrimaryKeyConstraint("draft_id", "place"),
    )
    op.create_index("draft_finding_filter", "draft_finding", ["draft_id", "nature", "code"])
    op.create_table(
        "draft_hand",
        sa.Column("draft_id", _ID, nullable=False),
        sa.Column("account", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.CheckConstraint("part IN ('prepared', 'decided')", name="draft_hand_part"),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"]),
        sa.PrimaryKeyConstraint("draft_id", "account"),
    )


def _create_rounds() -> None:
    op.create_table(
        "draft_submission",
        sa.Column("draft_id", _ID, nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("submitted_by", sa.BigInteger(), nullable=False),
        sa.Column("submitter", sa.String(length=64), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("list_sha256", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=9), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decider", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint(
            "decision IN ('released', 'returned', 'withdrawn')", name="draft_submission_decision"
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> submitted_by OR decision = 'withdrawn'",
            name="draft_submission_two_people",
        ),
        sa.CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name="draft_submission_decided"),
        sa.CheckConstraint(
            "(seal IS NOT NULL) = (decision IS NOT NULL AND decision = 'released')",
            name="draft_submission_seal",
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"]),
        sa.PrimaryKeyConstraint("draft_id", "round"),
    )
