"""Delegating, suspending, reinstating, withdrawing an authority: ordered by the province, carried out by the worker.

The page that orders holds no key. The worker makes the next trust list: where the root's keys lie here, it is signed, logged
and in force; where they are in a ceremony, it becomes the proposal that its signers sign (``registry.ceremony``), with its
words and its confirmation code. Begun any number of times it comes to the same: what is done already is not done again,
and what was ordered while another list was in force is not done at all (``trust_list_changed``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from keys.ceremony import Proposal
from keys.errors import KeysError
from keys.trustbuild import document_of
from keys.trustdiff import changes_between
from keys.trustlist import TrustList
from registry.actors import Actor
from registry.app import App
from registry.ceremony import pending_proposal, write_proposal
from registry.errors import OfficeError, RootAbsentError
from registry.jobs.service import order
from registry.jobs.worker import Done, JobKind, Task
from registry.offices import (
    Delegation,
    add_authority,
    change_state,
    new_authority,
    require_authority,
    require_coverage,
    require_possible,
)
from registry.trail.entry import JsonValue
from registry.trail.service import record
from registry.trust import current_trust_list
from registry.trustwords import describe

DELEGATE = "delegate"
STATES = {"suspend": "suspended", "reinstate": "granted", "withdraw": "withdrawn"}
"""What an authority may be ordered to become, by act; ``delegate`` makes one, or gives it more years."""
KIND = "authority"


@dataclass(frozen=True, slots=True)
class Change:
    """What is ordered. A delegation has ``delegation``, every other act a public ``reason``."""

    act: str
    code: str
    reason: str = ""
    delegation: Delegation | None = None

    def to_json(self) -> dict[str, Any]:
        """For the job."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Change":
        """Of a job's payload."""
        given = document["delegation"]
        parts: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in (given or {}).items()
        }
        return cls(
            document["act"], document["code"], document["reason"], Delegation(**parts) if given else None
        )


def order_change(session: Session, actor: Actor, change: Change, *, seen: int, remark: str, now: int) -> int:
    """Have a change made; the job. ``seen`` is the version of the trust list that the page was drawn from.

    Raises ``OfficeError``: ``trust_list_changed``, and whatever keeps the change from being made.
    """
    trust_list = current_trust_list(session)
    if trust_list.version != seen:
        raise OfficeError("trust_list_changed")
    require_sensible(trust_list, change, now=now)
    subject, payload = f"authority:{change.code}", {**change.to_json(), "version": seen}
    job = order(session, actor, KIND, subject=subject, payload=payload, now=now)
    after: dict[str, JsonValue] = {"reason": change.reason, "version": seen, "job": job}
    record(session, actor, f"authority.{change.act}", subject=subject, now=now, after=after, remark=remark)
    return job


def require_sensible(trust_list: TrustList, change: Change, *, now: int) -> None:
    """The change could be made to ``trust_list``; raises ``OfficeError``."""
    if change.act in STATES:
        require_possible(require_authority(trust_list, change.code), STATES[change.act], change.reason)
        return
    given = change.delegation
    if change.act != DELEGATE or given is None or given.code != change.code:
        raise OfficeError("delegation_form", code=change.code, part="authority")
    require_coverage(given)
    known = trust_list.authorities.get(change.code)
    if known is None:
        try:
            new_authority(trust_list.registry, given, now=now)
        except KeysError as error:  # a code that is none
            raise OfficeError("delegation_form", code=change.code, part="authority") from error
    elif set(given.years) <= known.scope.years:
        raise OfficeError("authority_exists", code=change.code)
    elif known.states[-1].state != "granted":
        raise OfficeError(
            "authority_state", code=change.code, state=known.states[-1].state, possible="reinstate"
        )


def carry_out(app: App, change: Change, *, version: int) -> tuple[str, int, str]:
    """Make the change: ``signed`` or ``proposed``, the list's version, and a proposal's confirmation code or empty."""
    with app.database.read() as session:
        current = current_trust_list(session)
    pending = pending_proposal(app.settings.home, current)
    if is_made(current, change):
        return "signed", current.version, ""
    if pending is not None and is_made(pending.draft, change):
        return "proposed", pending.draft.version, pending.code
    if current.version != version:
        raise OfficeError("trust_list_changed")
    try:
        with app.write() as session:
            made = _made(session, app, change)
    except RootAbsentError as absent:
        proposal = write_proposal(app.settings.home, current, absent.draft)
        return "proposed", proposal.draft.version, proposal.code
    # If we stop here the change is in force, and the next beginning finds it so.
    app.sign_log()
    return "signed", made.version, ""


def _made(session: Session, app: App, change: Change) -> TrustList:
    now = app.clock()
    if change.delegation is not None:
        return add_authority(session, app.keyring, change.delegation, now=now)
    state = STATES[change.act]
    return change_state(session, app.keyring, code=change.code, state=state, reason=change.reason, now=now)


def is_made(trust_list: TrustList, change: Change) -> bool:
    """Whether ``trust_list`` has what ``change`` orders."""
    authority = trust_list.authorities.get(change.code)
    if authority is None:
        return False
    if change.delegation is not None:
        return set(change.delegation.years) <= authority.scope.years
    last = authority.states[-1]
    return (last.state, last.reason) == (STATES[change.act], change.reason)


def do_change(task: Task) -> Done:
    """The worker's part."""
    payload, job = task.job.payload, task.job
    change = Change.of(payload)
    outcome, version, code = carry_out(task.app, change, version=int(payload["version"]))

    def conclude(session: Session) -> None:
        after: dict[str, JsonValue] = {"act": change.act, "version": version, "code": code}
        record(
            session, job.actor, f"authority.{outcome}", subject=job.subject, now=task.app.clock(), after=after
        )

    return Done({"outcome": outcome, "version": version, "code": code}, conclude)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal that waits for its signers: the next list's version, the confirmation code, what it changes in words."""

    proposal: Proposal
    words: tuple[str, ...]


def waiting_proposal(app: App, current: TrustList, lang: str) -> Waiting | None:
    """The proposal that follows ``current``, or None."""
    proposal = pending_proposal(app.settings.home, current)
    if proposal is None:
        return None
    old, new = document_of(current), proposal.document
    return Waiting(proposal, tuple(describe(changes_between(old, new), old, new, lang)))


KINDS = {KIND: JobKind(do_change)}
