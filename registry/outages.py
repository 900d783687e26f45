"""What keeps the database from being used, as a code: an outage is a state of its own, and never a fault of what was asked.

SQLAlchemy has one error for all of it (``OperationalError``); the driver's words tell them apart. They may hold the
address, and so are read here and shown nowhere.
"""

import errno
import re

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

OUTAGES = (OperationalError, PoolTimeoutError)
"""What means that the database could not be used just now. Nothing of the transaction happened."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_MISSING = re.compile(r'database "[^"]*" does not exist')
_REFUSED = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "Peer authentication failed",
    'FATAL:  role "',
)
"""Of a connection that was made, which libpq says too: these come before what means that there is none."""
_FULL = ("disk is full", "No space left", "Disk quota", "disk I/O error", "File too large")
"""SQLite reports a write that was refused by a quota or a limit as an I/O error."""
_AWAY = (
    *("refused", "timeout", "timed out", "could not translate", "Name or service", "resolve"),
    *("No such file", "terminating connection", "server closed", "starting up", "shutting down"),
    *("connection is lost", "connection is closed", "recovery", "connection to server"),
)
_READ_ONLY = ("read-only transaction",)
"""Of a standby, and of a server that is still in recovery (``registry.postgresql`` makes it an outage)."""
_BUSY = ("database is locked", "QueuePool", "too many clients", "remaining connection slots")


def outage_of(error: DBAPIError | PoolTimeoutError) -> str:
    """``database_`` with ``missing``, ``refused``, ``read_only``, ``busy``, ``unreachable`` or ``unusable``; or ``disk_full``."""
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    if _MISSING.search(text):
        return "database_missing"
    for code, words in (
        ("database_refused", _REFUSED),
        ("database_read_only", _READ_ONLY),
        ("disk_full", _FULL),
        ("database_busy", _BUSY),
        ("database_unreachable", _AWAY),
    ):
        if any(word in text for word in words):
            return code
    return "database_unusable"


def is_full(error: OSError) -> bool:
    """Whether a file could not be written for want of room."""
    return error.errno in FULL
