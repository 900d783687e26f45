"""The part of ``fsck`` that is about people: sealed identity numbers and the claims that keep anyone from having two.

Recomputed from each record and its sealed identity number: the mask that is printed, the hash by which the person is
found, and the claim. Needs the secret of ``registry.identity``; what it reads is neither kept nor told.
"""

from collections.abc import Iterator, Mapping

from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.errors import KeysError
from registry.app import App
from registry.applications import claim_of, mask_identity
from registry.errors import IssuanceError
from registry.intents import rows_of
from registry.models import Certificate, Claim, Intent, StatusEvent, VoidNumber
from registry.status import barred
from registry.troubles import Trouble
from verifier.errors import VerifierError
from verifier.loading import installed_catalogue
from verifier.number import parse_number
from verifier.record import parse_record


def people_troubles(app: App, session: Session) -> Iterator[Trouble]:
    """Every certificate in force, and every one revoked for cause, has its person's claim; no other number has one."""
    held = {number: bytes(key) for number, key in session.execute(select(Claim.number, Claim.key))}
    claims = dict(held)
    revoked = set(session.scalars(select(StatusEvent.number).where(StatusEvent.action == "revoke")))
    freed = revoked - barred(session, sorted(revoked)).keys()
    for certificate in session.scalars(select(Certificate).execution_options(yield_per=500)):
        claim = claims.pop(certificate.number, None)
        code = _trouble_of(app, certificate, claim, freed=certificate.number in freed)
        if code:
            yield Trouble(code, certificate.number)
    void = set(session.scalars(select(VoidNumber.number)))
    for intent in session.scalars(select(Intent).where(Intent.state == "reserved")):
        yield from _waiting_troubles(app, intent, held)
        claims = {number: claim for number, claim in claims.items() if not _is_in(number, intent)}
    for number in sorted(claims):
        yield Trouble("claim_of_void" if number in void else "claim_of_nothing", number)


def _trouble_of(app: App, certificate: Certificate, held: bytes | None, *, freed: bool) -> str:
    try:
        identity = app.vault.open(certificate.identity_sealed, certificate.number)
    except (InvalidTag, ValueError):
        return "identity_unreadable"
    try:
        record = parse_record(certificate.record)
        template = installed_catalogue(app.host).get(*record.peek_template)
        fields: Mapping[str, object] = template.record.fields_of(record.peek_document) if template else {}
    except (VerifierError, KeysError):
        return ""  # the record is no record any more; said already
    found_by = app.vault.hash("identity", identity)
    if (fields.get("identityDocument"), certificate.identity_hash) != (mask_identity(identity), found_by):
        return "identity_differs"
    if freed:
        return "claim_of_revoked" if held else ""
    claim = claim_of(fields, app.vault, identity=identity, year=certificate.year)
    return "" if held == claim else "claim_differs" if held else "claim_missing"


def _waiting_troubles(app: App, intent: Intent, held: Mapping[str, bytes]) -> Iterator[Trouble]:
    """Everyone about to be issued a certificate has the claim on it."""
    try:
        rows = rows_of(intent, app.vault)
    except IssuanceError:
        return  # nothing in it can be believed; said already
    for row in rows:
        number = row.number.digits
        identity = app.vault.open(row.identity_sealed, number)
        claim = claim_of(row.fields, app.vault, identity=identity, year=intent.year)
        # A correction for the same person leaves the claim with the old number until it is logged.
        if claim in (held.get(number), held.get(intent.corrects or "")):
            continue
        yield Trouble("claim_differs" if number in held else "claim_missing", number)


def _is_in(digits: str, intent: Intent) -> bool:
    """Whether the intent has reserved the number."""
    try:
        number = parse_number(digits)
    except VerifierError:
        return False
    series = (number.authority, number.year, number.kind)
    return series == (intent.authority, intent.year, intent.kind) and (
        intent.first_serial <= number.serial < intent.first_serial + intent.count
    )
