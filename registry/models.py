"""The tables, and the promises that the database holds for us.

Signed bytes are the truth (``trust_list.data``, ``certificate.record``, ``log_tile``); every other column is an index
that ``registry.fsck`` can recompute. Times are Unix seconds.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Integers that SQLite can give out by itself must be its INTEGER; PostgreSQL gets 64 bits.
AutoId = BigInteger().with_variant(Integer, "sqlite")


_NAMED = text("successor IS NOT NULL")


class Base(DeclarativeBase):
    """All tables of a registry."""


class Registry(Base):
    """The one row that makes a database a registry."""

    __tablename__ = "registry"
    __table_args__ = (CheckConstraint("id = 1", name="registry_single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(String(259))
    root: Mapped[bytes] = mapped_column(LargeBinary)
    """The first root, as the pin that verifiers are given (``root.json``)."""
    created_at: Mapped[int] = mapped_column(BigInteger)


class TrustListVersion(Base):
    """Every version of the trust list, as signed. The primary key keeps two writers from making the same version."""

    __tablename__ = "trust_list"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_index: Mapped[int] = mapped_column(BigInteger, unique=True)


class Series(Base):
    """The next serial of an authority, year and kind. Whoever reserves numbers locks this row, so that no number is
    given twice; nothing ever computes ``max() + 1``."""

    __tablename__ = "series"
    __table_args__ = (CheckConstraint("next_serial BETWEEN 1 AND 10000000", name="series_serial_range"),)

    authority: Mapped[str] = mapped_column(String(6), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_serial: Mapped[int] = mapped_column()


class Batch(Base):
    """One file (or one correction) handed in for one authority, year and kind."""

    __tablename__ = "batch"
    __table_args__ = (Index("batch_file", "authority", "year", "kind", "file_sha256"),)

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    authority: Mapped[str] = mapped_column(String(6))
    year: Mapped[int] = mapped_column()
    kind: Mapped[int] = mapped_column()
    file_sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255))
    submitted_at: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)


class Intent(Base):
    """A range of numbers and the approved rows that will get them: durable before the first signature.

    ``rows`` (JSON) with ``created_at`` and ``key_id`` determine every signed byte, so that a crash can be resumed with
    the very same records. ``seal`` is a keyed hash of all that (``registry.intents``): a row that somebody else wrote, or
    changed, is never signed. ``state`` goes from ``reserved`` to ``logged`` once, in the transaction that makes the records
    and their leaves visible. The unique first serial keeps a range from being reserved twice.
    """

    __tablename__ = "intent"
    __table_args__ = (
        UniqueConstraint("authority", "year", "kind", "first_serial", name="intent_range"),
        CheckConstraint("state IN ('reserved', 'logged')", name="intent_state"),
        CheckConstraint("count > 0", name="intent_count"),
        Index("intent_open", "state"),
        Index("intent_batch", "batch_id"),
    )

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    authority: Mapped[str] = mapped_column(String(6))
    year: Mapped[int] = mapped_column()
    kind: Mapped[int] = mapped_column()
    first_serial: Mapped[int] = mapped_column()
    count: Mapped[int] = mapped_column()
    key_id: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[int] = mapped_column(BigInteger)
    template_version: Mapped[str] = mapped_column(String(8))
    corrects: Mapped[str | None] = mapped_column(String(20))
    rows: Mapped[bytes] = mapped_column(LargeBinary)
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
    first_leaf: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    """Where its entries lie in the log, one for each number in order; set when it is logged."""
    state: Mapped[str] = mapped_column(String(8))


class Claim(Base):
    """A person has, is about to have, or lost for cause (``registry.status.FREEING``) a certificate for this: ``key`` is a keyed hash of who and what for.

    The primary key refuses a second certificate for the same, whichever office or process asks; it is taken with the
    number, before anything is signed.
    """

    __tablename__ = "claim"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), index=True)


class Certificate(Base):
    """An issued certificate. ``record`` are the bytes that were signed, logged and are served."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("authority", "year", "kind", "serial", name="certificate_series"),
        Index("certificate_identity", "identity_hash"),
    )

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    authority: Mapped[str] = mapped_column(String(6))
    year: Mapped[int] = mapped_column()
    kind: Mapped[int] = mapped_column()
    serial: Mapped[int] = mapped_column()
    intent_id: Mapped[int] = mapped_column(ForeignKey("intent.id"), index=True)
    record: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_index: Mapped[int] = mapped_column(BigInteger, unique=True)
    identity_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    identity_sealed: Mapped[bytes] = mapped_column(LargeBinary(64))


class VoidNumber(Base):
    """A number that was reserved and will never be issued, with the reason: no unexplained gap."""

    __tablename__ = "void_number"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    reason: Mapped[str] = mapped_column(String(64))
    leaf_index: Mapped[int] = mapped_column(BigInteger, unique=True)
    intent_id: Mapped[int] = mapped_column(ForeignKey("intent.id"), index=True)


class StatusEvent(Base):
    """Suspension, reinstatement or revocation of a certificate, in the order of the log."""

    __tablename__ = "status_event"
    __table_args__ = (
        Index("status_event_successor", "successor", sqlite_where=_NAMED, postgresql_where=_NAMED),
    )

    leaf_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(ForeignKey("certificate.number"), index=True)
    action: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(32))
    successor: Mapped[str | None] = mapped_column(String(20))
    at: Mapped[int] = mapped_column(BigInteger)
    remark: Mapped[str | None] = mapped_column(Text)
    """For the office's eyes; neither logged nor published. So are the two below."""
    released_at: Mapped[int | None] = mapped_column(BigInteger)
    """Since when, after a revocation that bars it, the person may be certified anew."""
    release_remark: Mapped[str | None] = mapped_column(Text)


class StatusMark(Base):
    """How often anything was written about the status of a block's numbers; triggers count, whoever writes (migration 0012).

    It tells a publication which blocks to look at, and nothing about anybody's status.
    """

    __tablename__ = "status_mark"

    authority: Mapped[str] = mapped_column(String(6), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)


class LogHead(Base):
    """How many entries the log has. Whoever appends locks this one row, so entries have one order."""

    __tablename__ = "log_head"
    __table_args__ = (CheckConstraint("id = 1", name="log_head_single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)


class LogTile(Base):
    """Tiles of hashes (level 0 and up) and entry bundles (level -1), as they are published; the last of each level
    grows in place until it has 256."""

    __tablename__ = "log_tile"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """Every checkpoint that was signed. The primary key makes signing compare-and-swap: one head for each size."""

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[int] = mapped_column(BigInteger)
