"""Counts of certificates: followed from the log (``counts``), and of the rows, kept by the database (``totals``). Both are derived."""

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import Base


class CertificateCount(Base):
    """How many certificates of an authority, year, kind, month and grade were ever issued, and how many of them are
    suspended or revoked now. ``month`` is of the log's time in China, 202611; ``grade`` is empty where a kind has none."""

    __tablename__ = "certificate_count"

    authority: Mapped[str] = mapped_column(String(6), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    grade: Mapped[str] = mapped_column(String(16), primary_key=True)
    issued: Mapped[int] = mapped_column(BigInteger)
    suspended: Mapped[int] = mapped_column(BigInteger)
    revoked: Mapped[int] = mapped_column(BigInteger)


class CountMark(Base):
    """How far the counts have followed the log: every entry below ``leaf`` is in them."""

    __tablename__ = "certificate_count_mark"
    __table_args__ = (CheckConstraint("id = 1", name="certificate_count_mark_single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    leaf: Mapped[int] = mapped_column(BigInteger)


class SeriesTotal(Base):
    """How many rows ``certificate`` and ``void_number`` have of a series now. Triggers keep it (migration 0009) and nobody else
    writes it, so it is true after every transaction, also after those of a program that does not know it."""

    __tablename__ = "series_total"

    authority: Mapped[str] = mapped_column(String(6), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    issued: Mapped[int] = mapped_column(BigInteger)
    void: Mapped[int] = mapped_column(BigInteger)
