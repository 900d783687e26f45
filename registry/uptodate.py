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
from registry.outages import OUTAGES, outage_of
from registry.publication import publish
from registry.statuslists import STATUS_VALIDITY
from verifier.operation.logs import whereabouts

LOOK = 3.0
"""Seconds between looks at the log: what a relying party waits at most, and the time of a publication."""
AT_LEAST = STATUS_VALIDITY // 3
"""Seconds after which it is published although nothing changed: lists are signed anew while more than half fresh."""
_PAUSE = 60.0
"""Seconds after one that failed: a full disk does not empty in three."""
logger = logging.getLogger(__name__)


def keep_published(app: App, site: Path, *, stop: Event, look: float = LOOK) -> None:
    """Publish to ``site`` until ``stop``."""
    size, due = -1, 0
    while not stop.is_set():
        try:
            with app.database.read() as session:
                now_size = log_size(session)
            began = app.clock()
            if now_size != size or began >= due:
                publish(app, site)
                # What was logged meanwhile, the trail's seal too, is another size, and published at the next look.
                size, due = now_size, began + AT_LEAST
        except Exception as error:
            logger.warning("nothing was published: %s", _told(error))
            stop.wait(_PAUSE)
        stop.wait(look)


def _told(error: Exception) -> str:
    """Our own errors and outages by their code, whatever else by its place: texts may hold what a clerk wrote."""
    if isinstance(error, OUTAGES):
        return outage_of(error)  # SQLAlchemy's errors have a ``code`` too, which is a page of its manual
    code = getattr(error, "code", "")
    return code if isinstance(code, str) and code else whereabouts(error)
