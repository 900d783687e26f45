"""Keeping a publication up to date while the registry is in use: soon after every change, and before lists grow old.

What an office revokes is told by the public verifier within seconds, and not with the timer's next run. It may be killed
anywhere and run beside a timer: a publication takes its place alone (``Site.alone``), and an interrupted one is older and
valid.
"""

import logging
from pathlib import Path
from threading import Event

from registry.app import App
from registry.log import log_size
from registry.outages import OUTAGES, is_full, outage_of
from registry.publication import publish
from registry.putting import Published
from registry.statuslists import STATUS_VALIDITY
from verifier.operation.logs import whereabouts

LOOK = 3.0
"""Seconds between looks at the log: what a relying party waits at most, and the time of a publication."""
AT_LEAST = STATUS_VALIDITY // 3
"""Seconds after which it is published although nothing changed: lists are signed anew while more than half fresh."""
_PAUSE = 60.0
"""Seconds after one that failed, or that waits for witnesses: a full disk does not empty in three."""
logger = logging.getLogger(__name__)


def keep_published(
    app: App, site: Path, *, stop: Event, look: float = LOOK, missing: list[str] | None = None
) -> None:
    """Publish to ``site`` until ``stop``; while that fails ``missing`` has the code of why, for those who ask whether all is well."""
    told = missing if missing is not None else []
    size, last, due = -1, 0, 0
    while not stop.is_set():
        try:
            with app.database.read() as session:
                now_size = log_size(session)
            began = app.clock()
            # A clock that went back was wrong then, or is now: what was signed by it is looked at.
            if now_size != size or not last <= began < due:
                waiting = _awaited(publish(app, site))
                # What was logged meanwhile, the trail's seal too, is another size, and published at the next look.
                size, last, due = now_size, began, began + (int(_PAUSE) if waiting else AT_LEAST)
            told.clear()
        except Exception as error:
            code = _code(error)
            logger.warning("nothing was published: %s", code or whereabouts(error))
            # Whether the database is there they look themselves, and sooner than we.
            told[:] = [] if code.startswith("database_") else [code or "publication_fails"]
            stop.wait(_PAUSE)
        stop.wait(look)


def _awaited(done: Published) -> bool:
    """Whether the log's newest head waits for witnesses; they are asked again, and it is told."""
    if done.cosigning is None or done.cosigning.enough:
        return False
    logger.warning("the published log waits for witnesses: %s", done.cosigning.names)
    return True


def _code(error: Exception) -> str:
    """The code of our own errors, of outages and of a full disk; empty for whatever else, of which the place is told: texts may hold what a clerk wrote."""
    if isinstance(error, OUTAGES):
        return outage_of(error)  # SQLAlchemy's errors have a ``code`` too, which is a page of its manual
    if isinstance(error, OSError):
        return "disk_full" if is_full(error) else ""
    code = getattr(error, "code", "")
    return code if isinstance(code, str) else ""
