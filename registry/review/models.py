"""Lists on their way from upload to release, and what the database promises about them. Times are Unix seconds.

What a clerk uploaded, and everything read from it that may name a person, is sealed (``registry.review.keeping``).
"""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import AutoId, Base


class Draft(Base):
    """A list for one authority, year, kind and rule set. ``people`` are on its list, ``left_out`` were refused and not
    mended yet; ``parts`` and ``rounds`` count uploads and submissions. One batch is made of it at most."""

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'submitted', 'returned', 'released', 'discarded')", name="draft_state"
        ),
        CheckConstraint("(state = 'released') = (batch_id IS NOT NULL)", name="draft_batch"),
        Index("draft_authority", "authority", "id"),
        Index("draft_state", "authority", "state"),
    )

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    authority: Mapped[str] = mapped_column(String(6))
    year: Mapped[int] = mapped_column()
    kind: Mapped[int] = mapped_column()
    rule_set: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10))
    parts: Mapped[int] = mapped_column()
    rounds: Mapped[int] = mapped_column()
    people: Mapped[int] = mapped_column()
    left_out: Mapped[int] = mapped_column()
    created_by: Mapped[int] = mapped_column(BigInteger)
    creator: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), unique=True)


class DraftPart(Base):
    """One upload, as it came. ``mode``: ``whole`` (the list anew), ``mended`` (rows that were mended) or ``form``."""

    __tablename__ = "draft_part"
    __table_args__ = (CheckConstraint("mode IN ('whole', 'mended', 'form')", name="draft_part_mode"),)

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(String(8))
    file_name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column()
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by: Mapped[int] = mapped_column(BigInteger)
    uploader: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[int] = mapped_column(BigInteger)


class DraftList(Base):
    """What would be issued now, and the rows that were refused: both sealed (``registry.review.rows``)."""

    __tablename__ = "draft_list"

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    listed: Mapped[bytes] = mapped_column(LargeBinary)
    refused: Mapped[bytes] = mapped_column(LargeBinary)


class DraftFinding(Base):
    """A remark on an upload that still stands. ``judged`` ones are of the whole list and made anew with every upload.

    ``detail`` (heading, value, parameters) is sealed: a value may be an identity number.
    """

    __tablename__ = "draft_finding"
    __table_args__ = (
        CheckConstraint("nature IN ('refused', 'notice', 'repaired', 'space')", name="draft_finding_nature"),
        Index("draft_finding_filter", "draft_id", "nature", "code"),
    )

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The order in which they were found, from 1, over all uploads."""
    part: Mapped[int] = mapped_column()
    judged: Mapped[bool] = mapped_column()
    nature: Mapped[str] = mapped_column(String(8))
    code: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(5))
    sheet: Mapped[str] = mapped_column(String(120))
    row: Mapped[int | None] = mapped_column()
    column: Mapped[str | None] = mapped_column(String(3))
    detail: Mapped[bytes] = mapped_column(LargeBinary)


class DraftHand(Base):
    """Whose hand an account lent to a draft. **The primary key is the two pairs of eyes**: one account, one part, for
    good, so that nobody decides upon what he uploaded or submitted, and nobody changes what he decided upon."""

    __tablename__ = "draft_hand"
    __table_args__ = (CheckConstraint("part IN ('prepared', 'decided')", name="draft_hand_part"),)

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    account: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(8))


class DraftSubmission(Base):
    """One round: what was put before the approver, and what became of it.

    ``sheet`` (sealed, canonical JSON) is all that the approver is shown, ``shown`` its digest, ``list_sha256`` the file's.
    ``seal`` is a keyed hash over the release, which the database cannot make.
    """

    __tablename__ = "draft_submission"
    __table_args__ = (
        CheckConstraint(
            "decision IN ('released', 'returned', 'withdrawn')", name="draft_submission_decision"
        ),
        CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name="draft_submission_decided"),
        CheckConstraint(
            "decided_by IS NULL OR decided_by <> submitted_by OR decision = 'withdrawn'",
            name="draft_submission_two_people",
        ),
        CheckConstraint(
            "(seal IS NOT NULL) = (decision IS NOT NULL AND decision = 'released')",
            name="draft_submission_seal",
        ),
    )

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    submitted_by: Mapped[int] = mapped_column(BigInteger)
    submitter: Mapped[str] = mapped_column(String(64))
    submitted_at: Mapped[int] = mapped_column(BigInteger)
    list_sha256: Mapped[str] = mapped_column(String(64))
    sheet: Mapped[bytes] = mapped_column(LargeBinary)
    shown: Mapped[str] = mapped_column(String(64))
    decision: Mapped[str | None] = mapped_column(String(9))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decider: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    remark: Mapped[str] = mapped_column(Text)
    seal: Mapped[bytes | None] = mapped_column(LargeBinary(32))
