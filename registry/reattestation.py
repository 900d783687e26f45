"""Which certificates a compromised key leaves without ground, and how their holders get new ones (SPEC 4.5, 5.3).

What the log had under the key before the moment of the compromise stands. What came after fails at every verifier, and
those that the registry itself issued are attested again: each by the path of a correction that changes nothing. The new
record has a **new number**, and the old one is superseded by it. The old number could not be kept: a number is in the log
as issued once, with the digest of one record, and whoever holds the old file (or its QR on paper) must be led to the right
answer, which is a signed status that names the successor. Cost: holders get a new file and a new date of issue.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from keys.trustlist import TrustList
from registry.app import App
from registry.ceremony import Issue, issues_of
from registry.correction import succeed
from registry.errors import OfficeError, RegistryError
from registry.intents import require_sealed
from registry.issuance import Observe, checkpoint, resume, unobserved
from registry.keychanges import full_id, owner_of
from registry.models import Certificate, Intent
from registry.status import state_of
from registry.trust import current_trust_list


@dataclass(frozen=True, slots=True)
class Affected:
    """An issue under a compromised key, and the certificate's state now."""

    issue: Issue
    state: str


@dataclass(frozen=True, slots=True)
class Reattested:
    """What became of the affected: old number → new; ``left`` says of each other one why it was left."""

    successors: tuple[tuple[str, str], ...]
    left: tuple[tuple[str, str], ...]


def affected(session: Session, identifier: str, *, compromised_from: int | None = None) -> list[Affected]:
    """Certificates that the log has under a key from the moment of its compromise on.

    ``compromised_from`` (Unix seconds) asks beforehand. Raises ``OfficeError``: ``key_unknown``, ``key_not_compromised``.
    """
    trust_list = current_trust_list(session)
    key_id = full_id(trust_list, identifier)
    since = compromised_from if compromised_from is not None else _compromise(trust_list, identifier)
    return [
        Affected(issue, state_of(session, issue.number))
        for issue in issues_of(session, owner_of(trust_list, key_id).code)
        if issue.key_id == key_id and issue.time >= since
    ]


def reattest(app: App, identifier: str, observe: Observe = unobserved) -> Reattested:
    """Supersede every affected certificate that is in force by a new one under the authority's present key.

    Certificate by certificate, each as safe as a correction; after a crash it is simply called again: what was reserved is
    finished first, what was superseded is no longer in force. Suspended ones are left, for a successor would end the
    suspension; so is one whose intent was altered.
    """
    resume(app)
    with app.database.read() as session:
        found = affected(session, identifier)
    successors, left = [], []
    for one in found:
        number = one.issue.number
        if one.state != "issued":
            left.append((number, one.state))
            continue
        try:
            with app.database.read() as session:
                _require_ours(app, session, number)
            finished = succeed(app, number, observe=observe)
        except RegistryError as error:
            if error.code not in _LEFT:
                raise
            left.append((number, error.code))
            continue
        successors += [(number, new) for new in finished.issued]
        left += [(number, reason) for _, reason in finished.void]
    checkpoint(app, observe)
    return Reattested(tuple(successors), tuple(left))


_LEFT = frozenset({"intent_altered", "record_altered", "status_transition", "correct_suspended"})
"""What speaks against one certificate and not against going on with the others."""


def _compromise(trust_list: TrustList, identifier: str) -> int:
    key_id = full_id(trust_list, identifier)
    key = owner_of(trust_list, key_id).key(key_id)
    if key is None or key.revoked is None or key.revoked.compromised_from is None:
        raise OfficeError("key_not_compromised", key=key_id)
    return key.revoked.compromised_from


def _require_ours(app: App, session: Session, number: str) -> None:
    """The certificate came from a range that this registry sealed: whoever had the key alone could not make one."""
    certificate = session.get_one(Certificate, number)
    require_sealed(session.get_one(Intent, certificate.intent_id), app.vault)
