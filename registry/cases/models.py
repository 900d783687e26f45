"""The tables of what happens to a certificate after its issue: cases, their documents, requests, print jobs, and the index.

A case is one act on a certificate, with who proposed it and who confirmed it. The index is for searching only: ``fsck``
recomputes it from the records and the log, and it may be thrown away. Times are Unix seconds; ``…_by`` are account ids,
and the name beside each is the person's as it was then, since an account may be renamed and a case may not.
"""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import AutoId, Base


class Case(Base):
    """One act on an issued certificate, or on the many of a file.

    At most one is open for a certificate: the database refuses the second, so that nobody confirms what somebody else is
    about to overtake. ``basis`` is the leaf of the newest thing that happened to the certificate when the case was
    proposed: whoever confirms must have seen the certificate as it is. ``seal`` is a keyed hash over what was confirmed
    and by whom: the worker carries out nothing that was only written into this table.
    """

    __tablename__ = "certificate_case"
    __table_args__ = (
        CheckConstraint(
            "action IN ('suspend', 'reinstate', 'revoke', 'release', 'correct', 'bulk-revoke')",
            name="case_action",
        ),
        CheckConstraint(
            "state IN ('draft', 'proposed', 'confirmed', 'done', 'failed', 'declined', 'withdrawn')",
            name="case_state",
        ),
        CheckConstraint("(number IS NULL) = (action = 'bulk-revoke')", name="case_number"),
        Index(
            "case_open_number",
            "number",
            unique=True,
            sqlite_where=text("state IN ('proposed', 'confirmed')"),
            postgresql_where=text("state IN ('proposed', 'confirmed')"),
        ),
        Index("case_waiting", "state", "authority"),
        Index("case_of_number", "number"),
    )

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    authority: Mapped[str] = mapped_column(String(6))
    action: Mapped[str] = mapped_column(String(12))
    number: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(32))
    """The public code; ``superseded`` for a correction, empty where each number of a file has its own."""
    remark: Mapped[str] = mapped_column(Text)
    """For the office's eyes."""
    state: Mapped[str] = mapped_column(String(10))
    basis: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of a correction: the new values, sealed, since they may hold an identity number."""
    findings: Mapped[str] = mapped_column(Text)
    """Of a file: what is wrong in it, as JSON, long numbers masked."""
    file_name: Mapped[str] = mapped_column(String(120))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("holder_request.id"), index=True)
    proposed_by: Mapped[int] = mapped_column(BigInteger)
    proposer: Mapped[str] = mapped_column(String(64))
    proposed_at: Mapped[int] = mapped_column(BigInteger)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decider: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    decision: Mapped[str] = mapped_column(Text)
    """What the decider remarked."""
    seal: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    intent_id: Mapped[int | None] = mapped_column(ForeignKey("intent.id"), index=True)
    """Of a correction: the reserved number's intent, written with the reservation, so that a crash never reserves twice."""
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    leaf_index: Mapped[int | None] = mapped_column(BigInteger)
    """Where the act stands in the log."""
    successor: Mapped[str | None] = mapped_column(String(20))
    failure: Mapped[str] = mapped_column(String(64))
    """The code of why a confirmed case came to nothing; empty where it did not."""


class CaseItem(Base):
    """One number of a file. A number waits in one file at most; the database refuses the second."""

    __tablename__ = "case_item"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'waiting', 'done', 'refused')", name="case_item_state"),
        Index(
            "case_item_waiting",
            "number",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("certificate_case.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str] = mapped_column(String(32))
    remark: Mapped[str] = mapped_column(Text)
    row: Mapped[int] = mapped_column()
    """Where it stands in the file."""
    basis: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(8))
    failure: Mapped[str] = mapped_column(String(64))
    leaf_index: Mapped[int | None] = mapped_column(BigInteger)


class HolderRequest(Base):
    """What a holder asks to have corrected, from its receipt to its end. What is asked, and by whom, is sealed."""

    __tablename__ = "holder_request"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'accepted', 'declined', 'done')", name="holder_request_state"),
        Index("holder_request_waiting", "state", "authority"),
    )

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    receipt: Mapped[str] = mapped_column(String(12), unique=True)
    """What the holder is given to ask by."""
    authority: Mapped[str] = mapped_column(String(6))
    number: Mapped[str] = mapped_column(ForeignKey("certificate.number"), index=True)
    channel: Mapped[str] = mapped_column(String(12))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8))
    received_by: Mapped[int] = mapped_column(BigInteger)
    receiver: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[int] = mapped_column(BigInteger)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decider: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    answer: Mapped[str] = mapped_column(Text)
    """What the holder is told."""
    finished_at: Mapped[int | None] = mapped_column(BigInteger)


class CaseDocument(Base):
    """A document that goes with a case or a request, sealed: whoever has the database alone cannot read it."""

    __tablename__ = "case_document"
    __table_args__ = (
        CheckConstraint("(case_id IS NULL) <> (request_id IS NULL)", name="case_document_owner"),
        CheckConstraint("kind IN ('pdf', 'png', 'jpeg')", name="case_document_kind"),
    )

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    authority: Mapped[str] = mapped_column(String(6))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("certificate_case.id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("holder_request.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(4))
    size: Mapped[int] = mapped_column()
    added_by: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[int] = mapped_column(BigInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class PrintOrder(Base):
    """Certificates to be drawn in the background (``registry.jobs`` tells how far it is). The result is a file of the
    registry's folder, and does not stay."""

    __tablename__ = "print_order"
    __table_args__ = (CheckConstraint("form IN ('pdf', 'zip')", name="print_order_form"),)

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    authority: Mapped[str | None] = mapped_column(String(6), index=True)
    """Whose certificates; None for those of several, which only the province may have."""
    form: Mapped[str] = mapped_column(String(3))
    title: Mapped[str] = mapped_column(String(64))
    numbers: Mapped[str] = mapped_column(Text)
    """JSON."""
    total: Mapped[int] = mapped_column()
    requested_by: Mapped[int] = mapped_column(BigInteger)
    requester: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger, index=True)
    """When the result goes; None before there is one, and again once it is gone."""
    refused: Mapped[str] = mapped_column(Text)
    """JSON: number to code, of what could not be drawn."""
    size: Mapped[int] = mapped_column(BigInteger)


class Employer(Base):
    """Every employer that a certificate names, once: a few thousand texts, which are searched by any part of them."""

    __tablename__ = "employer"

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)


class IndexedCertificate(Base):
    """What a certificate is searched by, besides its own columns. Derived; see ``registry.cases.index``.

    ``name_key`` is the name in GB 18030: byte order is then the order that Chinese offices know, pinyin for the common
    characters, and the beginning of a name is the beginning of its key, on both engines and in no collation's hands.

    On PostgreSQL it is divided by year (``partitions``): there its primary key is ``(number, year)``, and a check has the year be
    the number's, so that a number still stands in it once.
    """

    __tablename__ = "certificate_index"
    __table_args__ = (
        Index("certificate_index_name", "name_key", "number"),
        Index("certificate_index_employer", "employer_id", "number"),
        Index("certificate_index_batch", "batch_id", "number"),
        Index("certificate_index_state", "state", "number"),
        Index("certificate_index_year", "year", "kind", "number"),
    )

    number: Mapped[str] = mapped_column(ForeignKey("certificate.number"), primary_key=True)
    year: Mapped[int] = mapped_column()
    kind: Mapped[int] = mapped_column()
    batch_id: Mapped[int] = mapped_column(BigInteger)
    name_key: Mapped[bytes] = mapped_column(LargeBinary)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"))
    state: Mapped[str] = mapped_column(String(9))


class IndexMark(Base):
    """How far the index has followed the log: everything below ``leaf`` is in it."""

    __tablename__ = "certificate_index_mark"
    __table_args__ = (CheckConstraint("id = 1", name="certificate_index_mark_single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    leaf: Mapped[int] = mapped_column(BigInteger)
