"""Drafts: opened, filled by uploads, withdrawn, discarded; found by those whose authority's they are.

Services are called in one transaction of the caller's. Reading a file takes seconds and is done before
(``composition.compose``); ``store`` then refuses to join it to a draft that somebody else changed meanwhile.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from registry.actors import Actor
from registry.errors import RegistryError
from registry.identity import IdentityVault, Safe
from registry.offices import YEARS
from registry.review.composition import Composed, Content, Frame
from registry.review.findings import store_findings
from registry.review.keeping import review_safe, seal, seal_json, unseal, unseal_json
from registry.review.models import Draft, DraftHand, DraftList, DraftPart
from registry.review.rows import Origin, RefusedRow, read_list, refused_json, refused_of
from registry.trail.entry import JsonValue
from registry.trail.service import record
from registry.trust import current_trust_list

PREPARED, DECIDED = "prepared", "decided"
OPEN = ("draft", "returned")
"""States in which rows may be changed."""
MAX_PARTS = 200
"""Uploads of one draft; who could abuse it: a clerk's script. Each is kept."""
PAGE = 50
Facts: TypeAlias = Mapping[str, JsonValue]
"""What the trail is told."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of something: ``rows``, and whether there is more."""

    rows: Sequence[Draft]
    more: bool


def open_draft(session: Session, actor: Actor, frame: Frame, *, title: str, now: int) -> Draft:
    """A new draft; raises ``RegistryError`` where the authority does not issue such certificates, or has not this rule set."""
    trust_list = current_trust_list(session)
    authority = trust_list.authorities.get(frame.authority)
    if authority is None or actor.authority not in (None, frame.authority):
        raise RegistryError("authority_unknown", code=frame.authority)
    if (
        frame.year not in YEARS
        or frame.kind not in authority.scope.kinds
        or frame.year not in authority.scope.years
    ):
        raise RegistryError("authority_out_of_scope", authority=frame.authority, year=frame.year)
    if frame.kind == 1 and frame.rule_set not in trust_list.rule_sets:
        raise RegistryError("rule_set_unknown", ruleSet=frame.rule_set)
    draft = Draft(
        authority=frame.authority,
        year=frame.year,
        kind=frame.kind,
        rule_set=frame.rule_set,
        title=clean_name(title),
        state="draft",
        parts=0,
        rounds=0,
        people=0,
        left_out=0,
        created_by=actor.account,
        creator=actor.name,
        created_at=now,
        changed_at=now,
    )
    session.add(draft)
    session.flush()
    lend_hand(session, actor, draft.id, PREPARED)
    after: Facts = {
        "authority": draft.authority,
        "year": draft.year,
        "kind": draft.kind,
        "ruleSet": draft.rule_set,
    }
    record(session, actor, "draft.open", subject=subject_of(draft), now=now, after=after)
    return draft


def frame_of(draft: Draft) -> Frame:
    """What stays the same in it."""
    return Frame(draft.authority, draft.year, draft.kind, draft.rule_set)


def subject_of(draft: Draft) -> str:
    """Its key on the trail and among the jobs."""
    return f"draft:{draft.id}"


def content_of(session: Session, vault: IdentityVault, draft: Draft) -> Content:
    """The rows that it has."""
    kept = session.get(DraftList, draft.id)
    if kept is None:
        return Content()
    listed = unseal(review_safe(vault), kept.listed, f"list:{draft.id}")
    return Content(read_list(listed), refused_rows(session, vault, draft))


def refused_rows(session: Session, vault: IdentityVault, draft: Draft) -> Sequence[RefusedRow]:
    """The rows that were refused and not mended yet."""
    kept = session.get(DraftList, draft.id)
    if kept is None:
        return ()
    return refused_of(unseal_json(review_safe(vault), kept.refused, f"refused:{draft.id}"))


def refused_at(
    session: Session, vault: IdentityVault, draft: Draft, wanted: Set[Origin]
) -> dict[Origin, Mapping[str, str]]:
    """Of the refused rows those at ``wanted``: place → field → text as written. For a page of a hundred thousand."""
    kept = session.get(DraftList, draft.id)
    if kept is None:
        return {}
    stored = unseal_json(review_safe(vault), kept.refused, f"refused:{draft.id}")
    keys = {(one.part, one.sheet, one.row) for one in wanted}
    found = refused_of([row for row in stored if (row[0], row[1], row[2]) in keys])
    return {row.origin: row.cells for row in found}


def list_bytes(session: Session, vault: IdentityVault, draft_id: int) -> bytes:
    """The list as it would be issued; raises ``RegistryError`` (``draft_altered``) where its digest is another."""
    kept = session.get(DraftList, draft_id)
    if kept is None:
        raise RegistryError("draft_empty")
    data = unseal(review_safe(vault), kept.listed, f"list:{draft_id}")
    if sha256(data).hexdigest() != kept.sha256:
        raise RegistryError("draft_altered", place=f"list:{draft_id}")
    return data


def part_bytes(vault: IdentityVault, part: DraftPart) -> bytes:
    """An upload, as it came."""
    return unseal(review_safe(vault), part.sealed, f"part:{part.draft_id}/{part.part}")


def store(
    session: Session, actor: Actor, vault: IdentityVault, draft_id: int, composed: Composed, *, now: int
) -> Draft:
    """Join an upload to its draft; raises ``RegistryError`` (``draft_changed``, ``draft_not_open``)."""
    draft = locked(session, draft_id)
    require_state(draft, OPEN)
    if draft.parts != composed.part - 1:
        raise RegistryError("draft_changed")
    if composed.part > MAX_PARTS:
        raise RegistryError("draft_full", most=MAX_PARTS)
    lend_hand(session, actor, draft_id, PREPARED)
    upload, safe = composed.upload, review_safe(vault)
    digest = sha256(upload.data).hexdigest()
    session.add(
        DraftPart(
            draft_id=draft_id,
            part=composed.part,
            mode=upload.mode,
            file_name=clean_name(upload.name),
            sha256=digest,
            size=len(upload.data),
            rows=composed.rows,
            sealed=seal(safe, upload.data, f"part:{draft_id}/{composed.part}"),
            uploaded_by=actor.account,
            uploader=actor.name,
            uploaded_at=now,
        )
    )
    _keep_list(session, safe, draft_id, composed)
    store_findings(session, vault, draft_id, composed)
    before: Facts = {"people": draft.people, "leftOut": draft.left_out}
    draft.parts, draft.changed_at = composed.part, now
    draft.people, draft.left_out = len(composed.content.listed), len(composed.content.refused)
    after: Facts = {"people": draft.people, "leftOut": draft.left_out, "mode": upload.mode, "file": digest}
    record(session, actor, "draft.upload", subject=subject_of(draft), now=now, before=before, after=after)
    return draft


def _keep_list(session: Session, safe: Safe, draft_id: int, composed: Composed) -> None:
    kept = session.get(DraftList, draft_id) or DraftList(draft_id=draft_id)
    kept.sha256 = composed.sha256
    kept.listed = seal(safe, composed.data, f"list:{draft_id}")
    kept.refused = seal_json(safe, refused_json(composed.content.refused), f"refused:{draft_id}")
    session.add(kept)
    session.flush()


def discard(session: Session, actor: Actor, draft_id: int, *, now: int) -> None:
    """Give a draft up; it stays to be seen. Raises ``RegistryError`` (``draft_not_open``)."""
    draft = locked(session, draft_id)
    require_state(draft, OPEN)
    lend_hand(session, actor, draft_id, PREPARED)
    draft.state, draft.changed_at = "discarded", now
    record(session, actor, "draft.discard", subject=subject_of(draft), now=now)


def lend_hand(session: Session, actor: Actor, draft_id: int, part: str) -> None:
    """Enter that ``actor`` prepares or decides; whoever did the other is refused (``own_draft``, ``decided_before``).

    The table's primary key holds it, for two requests at once too.
    """
    if part == DECIDED and actor.account == 0:
        raise RegistryError("own_draft")  # the program itself is nobody's second pair of eyes
    key = {"draft_id": draft_id, "account": actor.account}
    held = session.get(DraftHand, (draft_id, actor.account), populate_existing=True)
    if held is None:
        try:
            with session.begin_nested():
                session.add(DraftHand(**key, part=part))
        except IntegrityError:
            held = session.get(DraftHand, (draft_id, actor.account), populate_existing=True)
    if held is not None and held.part != part:
        raise RegistryError("own_draft" if part == DECIDED else "decided_before")


def hand_of(session: Session, actor: Actor, draft_id: int) -> str | None:
    """``prepared``, ``decided``, or None where the actor had nothing to do with it."""
    held = session.get(DraftHand, (draft_id, actor.account))
    return held.part if held else None


def locked(session: Session, draft_id: int) -> Draft:
    """The draft's row, held until the transaction ends; its state may be decided upon."""
    draft = session.scalars(
        select(Draft).filter_by(id=draft_id).with_for_update().execution_options(populate_existing=True)
    ).first()
    if draft is None:
        raise RegistryError("draft_unknown")
    return draft


def require_state(draft: Draft, states: Sequence[str]) -> None:
    """Raise ``RegistryError`` (``draft_not_open``, ``draft_not_submitted``) where it is in another state."""
    if draft.state not in states:
        raise RegistryError("draft_not_submitted" if states == ("submitted",) else "draft_not_open")


def find_draft(session: Session, draft_id: int, *, authority: str | None) -> Draft | None:
    """A draft, or None where there is none or it is not ``authority``'s (None: every one)."""
    draft = session.get(Draft, draft_id) if 0 < draft_id < 2**31 else None
    if draft is None or (authority is not None and draft.authority != authority):
        return None
    return draft


def drafts(session: Session, *, authority: str | None, state: str = "", before: int | None = None) -> Page:
    """A page of drafts, newest first: those before the draft ``before``."""
    wanted = select(Draft).order_by(Draft.id.desc()).limit(PAGE + 1)
    if authority is not None:
        wanted = wanted.where(Draft.authority == authority)
    if state:
        wanted = wanted.where(Draft.state == state)
    if before is not None:
        wanted = wanted.where(Draft.id < before)
    found = list(session.scalars(wanted))
    return Page(found[:PAGE], len(found) > PAGE)


def count_by_state(session: Session, *, authority: str | None) -> dict[str, int]:
    """How many drafts are in each state."""
    counts = select(Draft.state, func.count()).group_by(Draft.state)
    if authority is not None:
        counts = counts.where(Draft.authority == authority)
    return {row[0]: row[1] for row in session.execute(counts)}


def parts_of(session: Session, draft_id: int) -> list[DraftPart]:
    """Its uploads in order, without their bytes."""
    wanted = select(DraftPart).filter_by(draft_id=draft_id).order_by(DraftPart.part)
    return list(session.scalars(wanted.options(defer(DraftPart.sealed, raiseload=True))))


def find_part(session: Session, draft_id: int, part: int) -> DraftPart | None:
    """One upload with its bytes."""
    return session.get(DraftPart, (draft_id, part))


def clean_name(name: str) -> str:
    """A file's or a list's name for people: no folder, no control or direction character, 120 characters at most.

    It is shown and never opened: nothing on disk is ever called by it.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(character for character in last if character.isprintable()).strip(". ")
    return shown[-120:] or "名单"
