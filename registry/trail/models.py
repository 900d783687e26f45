"""The tables of the audit trail, which nobody alters: triggers refuse UPDATE, DELETE and TRUNCATE on both engines.

``trail_entry.data`` is what was hashed; every other column is an index that ``registry.trail.checking`` recomputes. The
triggers stop a slip and a program of ours. A database's administrator can drop them: the chain, and the heads that are
sealed in the transparency log, tell.
"""

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import Base


class TrailHead(Base):
    """How many entries the trail has and the digest of the last. Whoever records locks this one row: one order.

    Before the first entry ``digest`` is a random start, so that the sealed heads tell an outsider nothing of what was done.
    """

    __tablename__ = "trail_head"
    __table_args__ = (CheckConstraint("id = 1", name="trail_head_single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class TrailEntry(Base):
    """One act. ``data`` are the canonical bytes whose SHA-256 is ``digest``, which the next entry names."""

    __tablename__ = "trail_entry"
    __table_args__ = (
        Index("trail_entry_subject", "subject", "place"),
        Index("trail_entry_login", "login", "place"),
        Index("trail_entry_act", "act", "place"),
        Index("trail_entry_authority", "authority", "place"),
        Index("trail_entry_at", "at"),
    )

    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without a gap."""
    at: Mapped[int] = mapped_column(BigInteger)
    login: Mapped[str] = mapped_column(String(255))
    authority: Mapped[str | None] = mapped_column(String(6))
    """The actor's; None is provincial."""
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class TrailSeal(Base):
    """Where the transparency log has a head of the trail; an index of the log, which ``fsck`` recomputes."""

    __tablename__ = "trail_seal"

    leaf_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[int] = mapped_column(BigInteger)
