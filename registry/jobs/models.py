"""The table of background work, and what the database promises about it. Times are Unix seconds."""

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import AutoId, Base

OPEN = text("state IN ('waiting', 'running')")
"""The condition of the partial indexes: a query that has it, literally, may use them."""


class Job(Base):
    """One piece of work for a worker. ``subject`` is the key of what it is about (``draft:12``), as in the trail.

    ``payload``, ``actor`` and ``result`` are JSON, without an identity number. While it runs, ``holder`` has it until
    ``lease_until``; whoever takes it over raises ``attempt``, so that a holder who comes back late changes nothing. The
    partial index keeps one piece of work from being ordered twice while it is open.

    On PostgreSQL every row that comes to wait sends a message to the queue, by a trigger in the same transaction, whichever
    program writes it; ``message`` is the one by which it runs.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="job_state"),
        CheckConstraint("(state = 'running') = (holder IS NOT NULL)", name="job_holder"),
        CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="job_error"),
        CheckConstraint("(holder IS NULL) = (lease_until IS NULL)", name="job_lease"),
        Index("job_once", "kind", "subject", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("job_open", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("job_subject", "subject"),
    )

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(80))
    authority: Mapped[str | None] = mapped_column(String(6))
    """Whose it is; None for the province's own."""
    actor: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8))
    done: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column()
    holder: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[int | None] = mapped_column(BigInteger)
    message: Mapped[int | None] = mapped_column(BigInteger)
    """The queue's name for it while it runs; None where there is no queue."""
    not_before: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[int | None] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[bytes | None] = mapped_column(LargeBinary)
    error: Mapped[str | None] = mapped_column(String(64))
    error_params: Mapped[bytes | None] = mapped_column(LargeBinary)
