"""Which revoked certificates were replaced by a correction: people are told so, and not that they were revoked."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from registry.database import select_among
from registry.models import StatusEvent

SUPERSEDED = "superseded"
"""The word (``state.superseded``) in place of ``revoked``; the registry itself knows no such state."""


def superseded_of(session: Session, revoked: Iterable[str]) -> frozenset[str]:
    """Those of these numbers that another certificate replaced."""
    rows = select_among(session, StatusEvent, "number", list(revoked), ("number", "successor"))
    return frozenset(number for number, successor in rows if successor)
