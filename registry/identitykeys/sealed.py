"""Everything that lies in the database under a data key, and how each is put under the newest: what a rotation walks over.

A kind of row is read in the order of its key, so that no batch is looked at twice, and written by comparing with what was
read: whoever changes or deletes the row meanwhile is not overwritten. A row that does not open is left as it is and told.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.cases.errors import CaseError
from registry.cases.models import Case, CaseDocument, HolderRequest
from registry.cases.sealing import PURPOSE, case_place, require_decision, seal_decision
from registry.errors import IssuanceError
from registry.identity import IdentityVault, key_id_of, safe_key_id_of
from registry.intents import keys_of_rows, reseal_rows
from registry.models import Certificate, Intent
from registry.review.models import DraftFinding, DraftList, DraftPart, DraftSubmission
from registry.troubles import Trouble

Key = tuple[Any, ...]
Column = InstrumentedAttribute[Any]


@dataclass(slots=True)
class Step:
    """What one batch did: rows changed, the last row's key (None where there was none), what did not open."""

    changed: int = 0
    last: Key | None = None
    troubles: list[Trouble] = field(default_factory=list)


class Kind(Protocol):
    """Rows of one kind."""

    @property
    def name(self) -> str:
        """The table, and the column where it has several."""
        ...

    def reseal(self, session: Session, vault: IdentityVault, after: Key | None) -> Step:
        """One batch behind the key ``after``, in the caller's transaction."""
        ...

    def keys(self, session: Session) -> Counter[int]:
        """How many rows lie under which data key."""
        ...


@dataclass(frozen=True, slots=True)
class Certificates:
    """The identity number of every certificate."""

    name: str = "certificate"
    batch: int = 1000

    def reseal(self, session: Session, vault: IdentityVault, after: Key | None) -> Step:
        """See ``Kind``."""
        columns = select(Certificate.number, Certificate.identity_sealed).order_by(Certificate.number)
        if after is not None:
            columns = columns.where(Certificate.number > after[0])
        step = Step()
        for number, sealed in session.execute(columns.limit(self.batch)).all():
            step.last = (number,)
            if key_id_of(sealed) == vault.current:
                continue
            try:
                fresh = vault.seal(vault.open(sealed, number), number)
            except (InvalidTag, ValueError):
                step.troubles.append(Trouble("identity_unreadable", number))
                continue
            same = (Certificate.number == number, Certificate.identity_sealed == sealed)
            session.execute(
                update(Certificate).where(*same).values(identity_sealed=fresh), execution_options=_PLAIN
            )
            step.changed += 1
        return step

    def keys(self, session: Session) -> Counter[int]:
        """See ``Kind``."""
        rows = session.scalars(select(Certificate.identity_sealed).execution_options(yield_per=10_000))
        return Counter(map(key_id_of, rows))


@dataclass(frozen=True, slots=True)
class Intents:
    """The rows of every range that was logged. One that is still open is not touched: its rows may be in somebody's hands."""

    name: str = "intent"
    batch: int = 4

    def reseal(self, session: Session, vault: IdentityVault, after: Key | None) -> Step:
        """See ``Kind``."""
        chosen = select(Intent).where(Intent.state == "logged").order_by(Intent.id)
        if after is not None:
            chosen = chosen.where(Intent.id > after[0])
        step = Step()
        for intent in session.scalars(chosen.limit(self.batch).with_for_update()):
            step.last = (intent.id,)
            try:
                step.changed += reseal_rows(intent, vault)
            except IssuanceError as error:
                step.troubles.append(Trouble(error.code, str(intent.id)))
            except (InvalidTag, ValueError):
                step.troubles.append(Trouble("identity_unreadable", f"intent {intent.id}"))
        session.flush()
        return step

    def keys(self, session: Session) -> Counter[int]:
        """See ``Kind``."""
        found: Counter[int] = Counter()
        for intent in session.scalars(select(Intent).execution_options(yield_per=8)):
            found.update(keys_of_rows(intent))
            session.expunge(intent)  # half a thousand rows each
        return found


@dataclass(frozen=True, slots=True)
class SafeColumn:
    """A column that a ``Safe`` sealed: for which purpose, and to which place of the row's values each is bound."""

    name: str
    key: tuple[Column, ...]
    column: Column
    purpose: str
    place: Callable[[Any], str]
    beside: tuple[Column, ...] = ()
    batch: int = 50

    def reseal(self, session: Session, vault: IdentityVault, after: Key | None) -> Step:
        """See ``Kind``."""
        columns = select(*self.key, *self.beside, self.column.label("sealed_here")).order_by(*self.key)
        if after is not None:
            columns = columns.where(tuple_(*self.key) > after)
        safe, step = vault.safe(self.purpose), Step()
        for row in session.execute(columns.limit(self.batch)).all():
            step.last, sealed = tuple(row[: len(self.key)]), row.sealed_here
            if safe_key_id_of(sealed) == safe.current:
                continue
            place = self.place(row)
            try:
                fresh = safe.seal(safe.open(sealed, place), place)
            except (InvalidTag, ValueError):
                step.troubles.append(Trouble("identity_unreadable", f"{self.name} {place}"))
                continue
            same = (
                *(one == value for one, value in zip(self.key, step.last, strict=True)),
                self.column == sealed,
            )
            changed = update(self.column.class_).where(*same).values({self.column: fresh})
            session.execute(changed, execution_options=_PLAIN)
            step.changed += 1
        return step

    def keys(self, session: Session) -> Counter[int]:
        """See ``Kind``."""
        rows = session.scalars(select(self.column).execution_options(yield_per=50))
        return Counter(map(safe_key_id_of, rows))


@dataclass(frozen=True, slots=True)
class CasePayloads:
    """The new values of a correction. What was confirmed is marked, payload and all, and is marked anew."""

    name: str = "certificate_case"
    batch: int = 50

    def reseal(self, session: Session, vault: IdentityVault, after: Key | None) -> Step:
        """See ``Kind``."""
        chosen = select(Case).where(Case.payload.is_not(None)).order_by(Case.id)
        if after is not None:
            chosen = chosen.where(Case.id > after[0])
        safe, step = vault.safe(PURPOSE), Step()
        for case in session.scalars(chosen.limit(self.batch).with_for_update()):
            step.last = (case.id,)
            if safe_key_id_of(case.payload or b"") == safe.current:
                continue
            try:
                if case.seal is not None:
                    require_decision(session, vault, case)
                case.payload = safe.seal(safe.open(case.payload or b"", case_place(case)), case_place(case))
                if case.seal is not None:
                    case.seal = seal_decision(session, vault, case)
                step.changed += 1
            except CaseError as error:
                step.troubles.append(Trouble(error.code, str(case.id)))
            except (InvalidTag, ValueError):
                step.troubles.append(Trouble("identity_unreadable", f"{self.name} {case.id}"))
        session.flush()
        return step

    def keys(self, session: Session) -> Counter[int]:
        """See ``Kind``."""
        rows = session.scalars(select(Case.payload).where(Case.payload.is_not(None)))
        return Counter(safe_key_id_of(row) for row in rows if row is not None)


_PLAIN = {"synchronize_session": False}
_DRAFT = "review"
KINDS: tuple[Kind, ...] = (
    # Ranges before certificates: what a range held when it was logged becomes certificates, never the other way.
    Intents(),
    Certificates(),
    SafeColumn(
        "draft_part",
        (DraftPart.draft_id, DraftPart.part),
        DraftPart.sealed,
        _DRAFT,
        lambda row: f"part:{row.draft_id}/{row.part}",
        batch=2,
    ),
    SafeColumn(
        "draft_list.listed",
        (DraftList.draft_id,),
        DraftList.listed,
        _DRAFT,
        lambda row: f"list:{row.draft_id}",
        batch=2,
    ),
    SafeColumn(
        "draft_list.refused",
        (DraftList.draft_id,),
        DraftList.refused,
        _DRAFT,
        lambda row: f"refused:{row.draft_id}",
        batch=2,
    ),
    SafeColumn(
        "draft_finding",
        (DraftFinding.draft_id, DraftFinding.place),
        DraftFinding.detail,
        _DRAFT,
        lambda row: f"finding:{row.draft_id}/{row.place}",
        batch=500,
    ),
    SafeColumn(
        "draft_submission",
        (DraftSubmission.draft_id, DraftSubmission.round),
        DraftSubmission.sheet,
        _DRAFT,
        lambda row: f"sheet:{row.draft_id}/{row.round}",
        batch=10,
    ),
    SafeColumn(
        "holder_request",
        (HolderRequest.id,),
        HolderRequest.sealed,
        "holder request",
        lambda row: str(row.receipt),
        beside=(HolderRequest.receipt,),
    ),
    SafeColumn(
        "case_document",
        (CaseDocument.id,),
        CaseDocument.sealed,
        "case document",
        lambda row: f"{row.id}:{row.authority}:{row.case_id}:{row.request_id}:{row.kind}",
        beside=(CaseDocument.authority, CaseDocument.case_id, CaseDocument.request_id, CaseDocument.kind),
        batch=2,
    ),
    CasePayloads(),
)
"""Purposes and places are those of ``registry.review`` and ``registry.cases``; what was sealed for another does not open."""
