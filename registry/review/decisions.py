"""Two pairs of eyes: a list is submitted by one person and released, or returned, by another.

A release names the round and the digest of what was shown; anything else that happened since (returned and submitted
again, withdrawn, changed) makes it void (``draft_changed``). It enters the batch, whose digest is the list's, and orders the
issuing; a keyed seal over the release is what the worker asks for before it numbers anybody, so that a row written into the
database releases nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from registry.actors import Actor
from registry.app import App
from registry.batches import begin_batch
from registry.errors import RegistryError
from registry.identity import IdentityVault
from registry.intents import SeriesKey
from registry.jobs.service import order, retry_newest
from registry.offices import CHINA
from registry.review.drafts import (
    DECIDED,
    OPEN,
    PREPARED,
    Facts,
    content_of,
    frame_of,
    lend_hand,
    list_bytes,
    locked,
    require_state,
    subject_of,
)
from registry.review.keeping import review_safe, seal, unseal
from registry.review.models import Draft, DraftList, DraftSubmission
from registry.review.sheet import sheet_bytes, sheet_of
from registry.trail.service import record

RELEASE = "release"
"""The kind of job that issues a released list."""
REMARK_LEAST, REMARK_MOST = 2, 1000
"""Characters of the reason for which a list is returned."""
_SEED_BYTES = 16


@dataclass(frozen=True, slots=True)
class Submitted:
    """A round as the approver sees it."""

    submission: DraftSubmission
    sheet: Mapping[str, Any]


def prepare(app: App, draft_id: int, *, remark: str, now: int) -> dict[str, Any]:
    """The sheet for the list as it is now; nothing is stored. Raises ``RegistryError`` where it cannot be submitted.

    It takes seconds for a hundred thousand, and so is done outside the transaction that submits.
    """
    today = datetime.fromtimestamp(now, CHINA).date()
    with app.database.read() as session:
        draft = session.get_one(Draft, draft_id)
        require_state(draft, OPEN)
        data = list_bytes(session, app.vault, draft_id)
        if draft.people == 0:
            raise RegistryError("draft_empty")
        content, seed = content_of(session, app.vault, draft), secrets.token_hex(_SEED_BYTES)
        sheet = sheet_of(app, session, frame_of(draft), content, data, seed=seed, today=today)
        sheet |= {"draft": draft_id, "round": draft.rounds + 1, "remark": remark.strip()[:REMARK_MOST]}
        if sheet["people"] != draft.people or sheet["refusedNow"]:
            # Since the upload somebody lost his certificate for cause, or the rules changed: the list must be read anew.
            raise RegistryError("draft_outdated")
        if not sheet["fit"]:
            raise RegistryError("draft_nothing_new")
        return sheet | _frame_json(draft)


def submit(
    session: Session, actor: Actor, vault: IdentityVault, draft_id: int, sheet: Mapping[str, Any], *, now: int
) -> DraftSubmission:
    """Put the list before an approver with its sheet; raises ``RegistryError`` (``draft_changed``, ``draft_not_open``)."""
    draft = locked(session, draft_id)
    require_state(draft, OPEN)
    kept = session.get_one(DraftList, draft_id, populate_existing=True)
    if (sheet["list"], sheet["round"]) != (kept.sha256, draft.rounds + 1):
        raise RegistryError("draft_changed")
    lend_hand(session, actor, draft_id, PREPARED)
    shown = sheet_bytes(sheet)
    draft.rounds += 1
    draft.state, draft.changed_at = "submitted", now
    submission = DraftSubmission(
        draft_id=draft_id,
        round=draft.rounds,
        submitted_by=actor.account,
        submitter=actor.name,
        submitted_at=now,
        list_sha256=kept.sha256,
        sheet=seal(review_safe(vault), shown, _place(draft)),
        shown=sha256(shown).hexdigest(),
        remark="",
    )
    session.add(submission)
    session.flush()
    after: Facts = {
        "round": draft.rounds,
        "people": draft.people,
        "list": submission.list_sha256,
        "sheet": submission.shown,
    }
    record(session, actor, "draft.submit", subject=subject_of(draft), now=now, after=after)
    return submission


def submitted(
    session: Session, vault: IdentityVault, draft: Draft, number: int | None = None
) -> Submitted | None:
    """A round of a draft (the newest), or None where there is none; raises ``RegistryError`` (``draft_altered``)."""
    submission = session.get(DraftSubmission, (draft.id, draft.rounds if number is None else number))
    if submission is None:
        return None
    data = unseal(review_safe(vault), submission.sheet, f"sheet:{draft.id}/{submission.round}")
    if sha256(data).hexdigest() != submission.shown:
        raise RegistryError("draft_altered", place=f"sheet:{draft.id}/{submission.round}")
    return Submitted(submission, orjson.loads(data))


def rounds_of(session: Session, draft_id: int) -> list[DraftSubmission]:
    """All rounds of a draft, newest first, without their sheets."""
    wanted = select(DraftSubmission).filter_by(draft_id=draft_id).order_by(DraftSubmission.round.desc())
    return list(session.scalars(wanted.options(defer(DraftSubmission.sheet, raiseload=True))))


def withdraw(session: Session, actor: Actor, draft_id: int, *, now: int) -> None:
    """Take a submitted list back, to change it; whoever prepares may, while nobody has decided."""
    draft, submission = _round(session, draft_id)
    lend_hand(session, actor, draft_id, PREPARED)
    draft.state, draft.changed_at = "draft", now
    _decide(submission, actor, "withdrawn", "", now)
    record(
        session, actor, "draft.withdraw", subject=subject_of(draft), now=now, after={"round": draft.rounds}
    )


def send_back(
    session: Session, actor: Actor, draft_id: int, *, round_number: int, shown: str, remark: str, now: int
) -> None:
    """Return the list with a remark to those who prepared it."""
    remark = remark.strip()
    if not REMARK_LEAST <= len(remark) <= REMARK_MOST:
        raise RegistryError("remark_length", least=REMARK_LEAST, most=REMARK_MOST)
    draft, submission = _shown_round(session, draft_id, round_number, shown)
    lend_hand(session, actor, draft_id, DECIDED)
    draft.state, draft.changed_at = "returned", now
    _decide(submission, actor, "returned", remark, now)
    after: Facts = {"round": draft.rounds, "sheet": shown}
    record(session, actor, "draft.return", subject=subject_of(draft), now=now, after=after, remark=remark)


def release(
    session: Session,
    actor: Actor,
    vault: IdentityVault,
    draft_id: int,
    *,
    round_number: int,
    shown: str,
    now: int,
) -> int:
    """Release the list that was shown; returns the job that issues it. Whether the second factor was confirmed is asked before."""
    draft, submission = _shown_round(session, draft_id, round_number, shown)
    lend_hand(session, actor, draft_id, DECIDED)
    series = SeriesKey(draft.authority, draft.year, draft.kind)
    draft.batch_id = begin_batch(
        session, series=series, sha256=submission.list_sha256, file_name=draft.title, now=now
    )
    draft.state, draft.changed_at = "released", now
    _decide(submission, actor, "released", "", now)
    submission.seal = review_safe(vault).mark(release_bytes(draft, submission))
    session.flush()
    job = order(
        session,
        actor,
        RELEASE,
        subject=subject_of(draft),
        now=now,
        payload={"draft": draft.id},
        authority=draft.authority,
        total=draft.people,
    )
    after: Facts = {
        "round": draft.rounds,
        "people": draft.people,
        "list": submission.list_sha256,
        "sheet": shown,
        "batch": draft.batch_id,
    }
    record(session, actor, "draft.release", subject=subject_of(draft), now=now, after=after)
    return job


def release_bytes(draft: Draft, submission: DraftSubmission) -> bytes:
    """All that a release decides, in one spelling."""
    return orjson.dumps(
        {
            **_frame_json(draft),
            "draft": draft.id,
            "batch": draft.batch_id,
            "round": submission.round,
            "list": submission.list_sha256,
            "sheet": submission.shown,
            "submittedBy": submission.submitted_by,
            "decidedBy": submission.decided_by,
            "decidedAt": submission.decided_at,
        },
        option=orjson.OPT_SORT_KEYS,
    )


def try_again(session: Session, actor: Actor, draft_id: int, *, now: int) -> None:
    """Begin the issuing of a released list anew after it failed: what was released is still released."""
    draft = locked(session, draft_id)
    require_state(draft, ("released",))
    job = retry_newest(session, subject_of(draft), now=now)
    record(session, actor, "draft.retry", subject=subject_of(draft), now=now, after={"job": job})


def _round(session: Session, draft_id: int) -> tuple[Draft, DraftSubmission]:
    draft = locked(session, draft_id)
    require_state(draft, ("submitted",))
    return draft, session.get_one(DraftSubmission, (draft_id, draft.rounds), populate_existing=True)


def _shown_round(
    session: Session, draft_id: int, round_number: int, shown: str
) -> tuple[Draft, DraftSubmission]:
    """The newest round, if that is what was shown; else ``RegistryError`` (``draft_changed``)."""
    draft, submission = _round(session, draft_id)
    if round_number != submission.round or not secrets.compare_digest(
        shown.encode(), submission.shown.encode()
    ):
        raise RegistryError("draft_changed")
    return draft, submission


def _decide(submission: DraftSubmission, actor: Actor, decision: str, remark: str, now: int) -> None:
    submission.decision, submission.remark = decision, remark
    submission.decided_by, submission.decider, submission.decided_at = actor.account, actor.name, now


def _frame_json(draft: Draft) -> dict[str, Any]:
    return {"authority": draft.authority, "year": draft.year, "kind": draft.kind, "ruleSet": draft.rule_set}


def _place(draft: Draft) -> str:
    return f"sheet:{draft.id}/{draft.rounds}"
