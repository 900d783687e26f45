"""Acts on issued certificates: cases, their documents, holders' requests, print jobs, and the search index."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _searching()
    _requests()
    _cases()
    _documents()
    _printing()
    op.execute("INSERT INTO certificate_index_mark (id, leaf) VALUES (1, 0)")
    if op.get_bind().dialect.name == "postgresql":
        # Sealed bytes cannot be packed; trying costs time.
        op.execute("ALTER TABLE case_document ALTER COLUMN sealed SET STORAGE EXTERNAL")


def _searching() -> None:
    """What certificates are searched by."""
    op.create_table(
        "employer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "certificate_index",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("name_key", sa.LargeBinary(), nullable=False),
        sa.Column("employer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["number"],
            ["certificate.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("certificate_index_batch", "certificate_index", ["batch_id", "number"], unique=False)
    op.create_index(
        "certificate_index_employer", "certificate_index", ["employer_id", "number"], unique=False
    )
    op.create_index("certificate_index_name", "certificate_index", ["name_key", "number"], unique=False)
    op.create_index("certificate_index_state", "certificate_index", ["state", "number"], unique=False)
    op.create_index("certificate_index_year", "certificate_index", ["year", "kind", "number"], unique=False)
    op.create_table(
        "certificate_index_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="certificate_index_mark_single_row"),
        sa.PrimaryKeyConstraint("id"),
    )


def _requests() -> None:
    """What holders ask for."""
    op.create_table(
        "holder_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receipt", sa.String(length=12), nullable=False),
        sa.Column("authority", sa.String(length=6), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("received_by", sa.BigInteger(), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decider", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'accepted', 'declined', 'done')", name="holder_request_state"
        ),
        sa.ForeignKeyConstraint(
            ["number"],
            ["certificate.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("receipt"),
    )
    op.create_index("holder_request_waiting", "holder_request", ["state", "authority"], unique=False)
    op.create_index(op.f("ix_holder_request_number"), "holder_request", ["number"], unique=False)


def _cases() -> None:
    """Acts on certificates, one by one and by file."""
    op.create_table(
        "certificate_case",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("authority", sa.String(length=6), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("basis", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposer", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decider", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=True),
        sa.Column("intent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.Column("successor", sa.String(length=20), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=False),
        sa.CheckConstraint("(number IS NULL) = (action = 'bulk-revoke')", name="case_number"),
        sa.CheckConstraint(
            "action IN ('suspend', 'reinstate', 'revoke', 'release', 'correct', 'bulk-revoke')",
            name="case_action",
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'confirmed', 'done', 'failed', 'declined', 'withdrawn')",
            name="case_state",
        ),
        sa.ForeignKeyConstraint(
            ["intent_id"],
            ["intent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["holder_request.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_of_number", "certificate_case", ["number"], unique=False)
    op.create_index(
        "case_open_number",
        "certificate_case",
        ["number"],
        unique=True,
        sqlite_where=sa.text("state IN ('proposed', 'confirmed')"),
        postgresql_where=sa.text("state IN ('proposed', 'confirmed')"),
    )
    op.create_index("case_waiting", "certificate_case", ["state", "authority"], unique=False)
    op.create_index(op.f("ix_certificate_case_intent_id"), "certificate_case", ["intent_id"], unique=False)
    op.create_index(op.f("ix_certificate_case_request_id"), "certificate_case", ["request_id"], unique=False)
    op.create_table(
        "case_item",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("basis", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("failure", sa.String(length=64), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'waiting', 'done', 'refused')", name="case_item_state"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["certificate_case.id"],
        ),
        sa.PrimaryKeyConstraint("case_id", "place"),
    )
    op.create_index(
        "case_item_waiting",
        "case_item",
        ["number"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(op.f("ix_case_item_number"), "case_item", ["number"], unique=False)


def _documents() -> None:
    """What goes with a case."""
    op.create_table(
        "case_document",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("authority", sa.String(length=6), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('pdf', 'png', 'jpeg')", name="case_document_kind"),
        sa.CheckConstraint("(case_id IS NULL) <> (request_id IS NULL)", name="case_document_owner"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["certificate_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["holder_request.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_case_document_case_id"), "case_document", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_document_request_id"), "case_document", ["request_id"], unique=False)


def _printing() -> None:
    """Certificates drawn in the background."""
    op.create_table(
        "print_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("authority", sa.String(length=6), nullable=True),
        sa.Column("form", sa.String(length=3), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("requester", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("form IN ('pdf', 'zip')", name="print_order_form"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_print_order_authority"), "print_order", ["authority"], unique=False)
    op.create_index(op.f("ix_print_order_expires_at"), "print_order", ["expires_at"], unique=False)
