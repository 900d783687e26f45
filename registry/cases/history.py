"""A certificate's life on one page: what it says, what happened to it, where it lies in the log, and who did what."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.cases.certificates import certificate_of, newest_leaf
from registry.cases.models import Case, HolderRequest
from registry.cases.requests import requests_about
from registry.cases.service import cases_of
from registry.cosigning import witnessed_checkpoint
from registry.log import entry_at, latest_checkpoint
from registry.models import Certificate, CheckpointRow, Intent, StatusEvent
from registry.status import barred, state_of
from registry.trail.service import Filter, Recorded, find
from registry.trust import current_trust_list
from verifier.logentry import parse_log_entry
from verifier.record import parse_record

TRAIL_SHOWN = 100


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the certificate lies: its leaf, when it was logged, and the heads that it is under (None: not yet).

    ``signed`` is the newest head; ``witnessed`` the newest with cosignatures enough, without which nothing is handed out.
    """

    leaf: int
    logged_at: int
    signed: CheckpointRow | None
    witnessed: CheckpointRow | None


@dataclass(frozen=True, slots=True)
class Life:
    """All that the office knows of a certificate. ``newest`` is the leaf that whoever acts on it has seen."""

    number: str
    state: str
    subject: dict[str, Any]
    issuer: str
    valid_from: str
    key: str
    batch_id: int
    place: LogPlace
    events: tuple[StatusEvent, ...]
    newest: int
    successor: str
    predecessor: str
    bars: bool
    """Whether its revocation keeps the person from being certified anew."""
    cases: tuple[Case, ...]
    requests: tuple[HolderRequest, ...]
    trail: tuple[Recorded, ...]

    @property
    def possible(self) -> tuple[str, ...]:
        """The acts that its state is open to."""
        if self.state == "revoked":
            return ("release",) if self.bars else ()
        return ("correct", "suspend", "revoke") if self.state == "issued" else ("reinstate", "revoke")

    @property
    def open_case(self) -> Case | None:
        """The case that waits, or is being carried out."""
        return next(
            (
                one
                for one in self.cases
                if one.number == self.number and one.state in ("proposed", "confirmed")
            ),
            None,
        )


def life_of(session: Session, number: str, *, authority: str | None, now: int) -> Life:
    """The life of a certificate within reach; raises ``CaseError`` (``not_found``)."""
    certificate = certificate_of(session, number, authority=authority)
    document = parse_record(certificate.record).peek_document
    of_number = select(StatusEvent).filter_by(number=number).order_by(StatusEvent.leaf_index)
    events = tuple(session.scalars(of_number))
    before = select(StatusEvent.number).filter_by(successor=number, action="revoke")
    return Life(
        number=number,
        state=state_of(session, number),
        subject=dict(document["credentialSubject"]),
        issuer=str(document["issuer"]["name"]),
        valid_from=str(document["validFrom"])[:10],
        key=str(document["proof"]["verificationMethod"]),
        batch_id=session.scalars(select(Intent.batch_id).filter_by(id=certificate.intent_id)).one(),
        place=_place(session, certificate, now),
        events=events,
        newest=newest_leaf(session, certificate),
        successor=next((event.successor for event in events if event.successor), ""),
        predecessor=session.scalars(before).first() or "",
        bars=number in barred(session, [number]),
        cases=tuple(cases_of(session, number)),
        requests=tuple(requests_about(session, number)),
        trail=tuple(find(session, Filter(subject=f"certificate:{number}"), limit=TRAIL_SHOWN)),
    )


def _place(session: Session, certificate: Certificate, now: int) -> LogPlace:
    leaf = certificate.leaf_index
    witnessed = witnessed_checkpoint(session, current_trust_list(session), now=now)
    signed = latest_checkpoint(session)
    return LogPlace(
        leaf,
        parse_log_entry(entry_at(session, leaf)).time,
        signed if signed is not None and signed.size > leaf else None,
        witnessed if witnessed is not None and witnessed.size > leaf else None,
    )
