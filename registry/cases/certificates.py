"""One certificate for those who may see it: found within an authority's reach, its newest change, its person's number."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.actors import Actor
from registry.cases.errors import CaseError
from registry.identity import IdentityVault
from registry.models import Certificate, StatusEvent
from registry.trail.service import record

MAX_REASON = 200


def certificate_of(
    session: Session, number: str, *, authority: str | None, lock: bool = False
) -> Certificate:
    """The certificate; raises ``CaseError`` (``not_found``) for one that is missing or, to the asker the same, another's.

    Whose it is says the number, and not the column beside it.
    """
    chosen = select(Certificate).filter_by(number=number)
    certificate = session.scalars(chosen.with_for_update() if lock else chosen).first()
    if certificate is None or authority not in (None, number[:6]):
        raise CaseError("not_found")
    return certificate


def newest_leaf(session: Session, certificate: Certificate) -> int:
    """The place in the log of the newest thing that happened to it: whoever saw an older one saw another certificate."""
    newest = select(func.max(StatusEvent.leaf_index)).filter_by(number=certificate.number)
    return session.scalars(newest).one() or certificate.leaf_index


def require_seen(session: Session, certificate: Certificate, seen: int) -> None:
    """Raise ``CaseError`` (``case_overtaken``) where something happened to it since the asker's page was made."""
    if newest_leaf(session, certificate) != seen:
        raise CaseError("case_overtaken", number=certificate.number)


def reveal_identity(
    session: Session,
    actor: Actor,
    vault: IdentityVault,
    *,
    number: str,
    authority: str | None,
    reason: str,
    now: int,
) -> str:
    """The whole identity number; that it was looked at, by whom and why stands in the trail first."""
    if not 2 <= len(reason.strip()) <= MAX_REASON:
        raise CaseError("reveal_reason", most=MAX_REASON)
    certificate = certificate_of(session, number, authority=authority)
    record(
        session, actor, "certificate.reveal", subject=f"certificate:{number}", now=now, remark=reason.strip()
    )
    return vault.open(certificate.identity_sealed, number)
