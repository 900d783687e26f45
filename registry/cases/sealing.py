"""What was confirmed, in one spelling, under a keyed hash; and the values of a correction, encrypted.

The worker carries out what stands in a table. Whoever can write to the database and has no secret must not thereby revoke
or correct anything: a case's seal covers what is to be done and who proposed and confirmed it.
"""

from collections.abc import Mapping
from hashlib import sha256

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.canonical import canonicalize_restricted
from registry.cases.errors import CaseError
from registry.cases.models import Case, CaseItem
from registry.identity import IdentityVault

PURPOSE = "case"


def seal_changes(
    vault: IdentityVault, case: Case, changes: Mapping[str, str | int], identity: str | None
) -> bytes:
    """The new values of a correction, sealed to its case and number."""
    document = orjson.dumps({"changes": dict(changes), "identity": identity})
    return vault.safe(PURPOSE).seal(document, case_place(case))


def open_changes(vault: IdentityVault, case: Case) -> tuple[dict[str, str | int], str | None]:
    """The new values, and the new identity number or None."""
    document = orjson.loads(vault.safe(PURPOSE).open(case.payload or b"", case_place(case)))
    return document["changes"], document["identity"]


def seal_decision(session: Session, vault: IdentityVault, case: Case) -> bytes:
    """The seal of ``case`` as it is now."""
    return vault.safe(PURPOSE).mark(_decided(session, case))


def digest_of(session: Session, case: Case, newest: int) -> str:
    """What somebody who confirms has before him: the case, all its numbers, and the certificate's newest leaf."""
    return sha256(_decided(session, case) + f"{case.state} {newest}".encode()).hexdigest()


def require_decision(session: Session, vault: IdentityVault, case: Case) -> None:
    """The case is what was confirmed, by whom it says; else ``CaseError`` (``case_altered``)."""
    if case.seal is None or not vault.safe(PURPOSE).is_mark(case.seal, _decided(session, case)):
        raise CaseError("case_altered", case=case.id)


def case_place(case: Case) -> str:
    """To what the new values are sealed."""
    return f"{case.id}:{case.action}:{case.number}"


def _decided(session: Session, case: Case) -> bytes:
    items = sha256()
    of_case = select(CaseItem.number, CaseItem.reason, CaseItem.basis).filter_by(case_id=case.id)
    for number, reason, basis in session.execute(of_case.order_by(CaseItem.place)):
        items.update(f"{number} {reason} {basis}\n".encode())
    return canonicalize_restricted(
        {
            "case": case.id,
            "authority": case.authority,
            "action": case.action,
            "number": case.number or "",
            "reason": case.reason,
            "basis": case.basis,
            "payload": sha256(case.payload or b"").hexdigest(),
            "items": items.hexdigest(),
            "proposedBy": case.proposed_by,
            "decidedBy": case.decided_by or 0,
            "decidedAt": case.decided_at or 0,
        }
    )
