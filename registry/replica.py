"""A streaming replica for searches and long lists (``CERTREG_READ_DATABASE_URL``): used while it has all that was committed.

Whoever has just done something looks for it on the next page. So before a page is read from the replica the primary is asked
how far it is, and the replica whether it has come so far; where it has not within a moment, where it is away, silent or all connections
to it are taken, or where it is no replica any more (it was promoted, and may be another history), the primary is read. No outage
of a replica is seen, but for a second by the page that first meets one that is silent (its host is gone, or stands still), and
by those that come in the same moment.
"""

import logging
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock, Thread

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from registry.outages import OUTAGES

PATIENCE = 0.05
"""Seconds that a page waits for the replica, or for a connection to it; within one house it is some milliseconds behind."""
SILENCE = 1.0
"""Seconds that a page waits for a replica that says nothing at all."""
LATE = 2 * PATIENCE
"""Seconds after which an answer is late: the pages that come then do not wait, until there is one."""
_PAUSE = 0.002
_REACHED = text("SELECT pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn) WHERE pg_is_in_recovery()")
LONG = 5.0
"""Seconds that a commit may wait for a standby until it is told; one that is there answers within milliseconds."""
_HELD_UP = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"
    " AND query_start < clock_timestamp() - make_interval(secs => :seconds)"
)
_ARCHIVE_FAILS = text(
    "SELECT count(*) FROM pg_stat_archiver WHERE last_failed_time > coalesce(last_archived_time, '-infinity')"
)
_ONLY_READS = text("SELECT current_setting('transaction_read_only') = 'on'")
logger = logging.getLogger(__name__)


class Replica:
    """A replica by its engine. It is asked beside the page, which waits a moment for the answer and no longer for whatever reason."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = Lock()
        self._asked: dict[Future[Connection | None], float] = {}
        """Since when each answer is awaited, the oldest first."""

    def connection_in_step(self, primary: Engine) -> Connection | None:
        """A connection to it that sees all that was committed on ``primary`` until now; None where there is none.

        While an answer is late nothing more is asked. Raises one of ``OUTAGES`` where the primary is away.
        """
        with primary.connect() as asked:
            position = asked.execute(text("SELECT pg_current_wal_flush_lsn()::text")).scalar_one()
        answer: Future[Connection | None] = Future()
        with self._lock:
            now = time.monotonic()
            if now - next(iter(self._asked.values()), now) > LATE:
                return None
            # Of its own and no pool's: whoever waits for a server that is silent keeps nobody from ending.
            Thread(target=self._ask, args=(position, answer), name="replica", daemon=True).start()
            self._asked[answer] = now
        try:
            return answer.result(SILENCE)
        except FutureTimeoutError:
            logger.warning("the replica does not answer; the primary is read")
            answer.add_done_callback(_give_back)
            return None

    def _ask(self, position: str, answer: "Future[Connection | None]") -> None:
        try:
            found = _connection_at(self.engine, position)
        except BaseException as error:
            self._is_answered(answer)
            answer.set_exception(error)
        else:
            self._is_answered(answer)
            answer.set_result(found)

    def _is_answered(self, answer: "Future[Connection | None]") -> None:
        with self._lock:
            del self._asked[answer]


def _connection_at(replica: Engine, position: str) -> Connection | None:
    try:
        connection = replica.connect()
    except OUTAGES:
        logger.warning("the replica cannot be reached; the primary is read")
        return None
    try:
        if _has_reached(connection, position):
            return connection
    except OUTAGES:
        logger.warning("the replica cannot be used; the primary is read")
    connection.close()
    return None


def _give_back(answer: "Future[Connection | None]") -> None:
    """What nobody waits for any more."""
    if answer.exception() is None and (connection := answer.result()) is not None:
        connection.close()


def commits_waiting(session: Session) -> int:
    """How many commits have waited for a synchronous standby longer than usual: it is away, and they wait without an error.

    Of all programs that come as our user, on whatever host. 0 on SQLite.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return 0
    return int(connection.execute(_HELD_UP, {"seconds": LONG}).scalar_one())


def archive_fails(session: Session) -> bool:
    """Whether the server's last attempt to archive its write-ahead log failed: nothing later is archived, and nothing else tells."""
    connection = session.connection()
    return connection.dialect.name == "postgresql" and bool(connection.execute(_ARCHIVE_FAILS).scalar_one())


def only_reads(session: Session) -> bool:
    """Whether nothing can be written: the server is a standby, or has not replayed all of its write-ahead log. False on SQLite."""
    connection = session.connection()
    return connection.dialect.name == "postgresql" and bool(connection.execute(_ONLY_READS).scalar_one())


def _has_reached(connection: Connection, position: str) -> bool:
    end = time.monotonic() + PATIENCE
    while True:
        reached = connection.execute(_REACHED, {"position": position}).scalar_one_or_none()
        connection.rollback()  # the next statement sees the state of its own moment
        if reached is None:
            logger.warning("the replica is none: it was promoted; the primary is read")
            return False
        if reached:
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE)
