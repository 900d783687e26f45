"""Results of printing whose day is over, and what was left of them by workers that were killed: they hold names, and do not stay.

Of this host's folder, whoever noted what in the database: a file stays while its order is worked at or its day lasts. Done by the
next order, and by every publication, since nobody may order again.
"""

import logging
from collections.abc import Container
from pathlib import Path

from sqlalchemy import select

from registry.app import App
from registry.cases.models import PrintOrder
from registry.jobs.models import OPEN, Job

KIND = "print"
logger = logging.getLogger(__name__)


def results_folder(app: App) -> Path:
    """Where the results lie."""
    return app.settings.home / "prints"


def sweep(app: App) -> int:
    """Take away results whose time is over, and what is left of those that never came to be; how many files.

    One that the system does not let go, or a folder that it does not show, is told in the log, and stops nobody: what asks has
    done its own work.
    """
    now = app.clock()
    try:  # before it is asked who stays: what appears meanwhile is somebody's
        there = list(results_folder(app).iterdir())
    except FileNotFoundError:
        return 0
    except OSError as error:
        logger.warning("prints/ cannot be looked at: %s", error.strerror)
        return 0
    with app.database.read() as session:
        open_jobs = session.scalars(select(Job.subject).where(OPEN, Job.kind == KIND))
        drawn = {int(subject.partition(":")[2]) for subject in open_jobs}
        fresh = {*drawn, *session.scalars(select(PrintOrder.id).where(PrintOrder.expires_at > now))}
    gone = [file for file in there if _is_over(file.name, drawn, fresh)]
    for file in gone:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s in prints/ cannot be taken away: %s", file.name, error.strerror)
    return len(gone)


def _is_over(name: str, drawn: Container[int], fresh: Container[int]) -> bool:
    """Whether it is a result that is not ``fresh``, or the beginning of one that is not ``drawn`` any more; what is none of ours is not."""
    number = name.removeprefix(".").partition(".")[0]
    if not (number.isascii() and number.isdecimal()):
        return False
    return int(number) not in (drawn if name.startswith(".") else fresh)
