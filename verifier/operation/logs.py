"""Log lines for people (``text``) or programs (``json``: an object a line), and nobody in either.

What may stand in a line beside its message are the ``FIELDS``, words and numbers of ours. Of an exception its kind and our
line are told, never its text: it may hold what somebody wrote.
"""

import errno
import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FIELDS = ("service", "method", "route", "status", "milliseconds", "job", "kind", "outcome")
_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """See ``logging.Formatter``."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = whereabouts(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """A line for people; an exception as its kind and place."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        """See ``logging.Formatter``."""
        return whereabouts(ei[1])


def whereabouts(error: BaseException) -> str:
    """What kind of error (of the system's the name, ``ENOSPC``), and where it came from; never its text."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-4:]]
    name = errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else ""
    return f"{type(error).__name__}{name and f' {name}'} at {' > '.join(places) or '?'}"


def logging_settings(form: str | None) -> dict[str, Any]:
    """For ``logging.config.dictConfig``: everything from INFO to standard error, ``form`` being ``json`` or ``text``."""
    formatter = {"()": JsonLines} if form == "json" else {"()": PlainLines, "format": _TEXT}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"line": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["line"], "level": "INFO"},
        "loggers": {
            # Both tell what they do, in lines that nobody needs.
            name: {"level": "WARNING"}
            for name in ("alembic", "httpx", "httpcore", "fontTools")
        },
    }


def log_form(environment: Mapping[str, str], name: str) -> str:
    """``json`` where the variable ``name`` says so, else ``text``."""
    return "json" if environment.get(name) == "json" else "text"
