"""Correcting a certificate: a new number with the right values, the old one revoked as superseded (SPEC 5.3).

The same path as any issue: one intent for one row that names what it corrects, so that the new record's leaf and the old
one's revocation are appended in one transaction. Nothing of the old certificate is edited.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.app import App
from registry.applications import KIND_NAMES, Candidate, claim_of, mask_identity
from registry.errors import IssuanceError, StatusChangeError
from registry.intents import SeriesKey, reserve
from registry.issuance import Finished, Observe, checkpoint, finish_intent, unobserved
from registry.models import Batch, Certificate
from registry.offices import require_authority, signing_key
from registry.status import state_of
from registry.trust import current_trust_list
from verifier.authority import objection_at
from verifier.catalogue import CertificateTemplate
from verifier.loading import installed_catalogue
from verifier.number import parse_number
from verifier.record import parse_record
from verifier.template import NUMBER_FIELD, Fields

_OF_THE_ISSUE = {NUMBER_FIELD, "validFrom", "created", "keySequence"}


def correct(
    app: App,
    number: str,
    changes: Mapping[str, str | int],
    *,
    identity: str | None = None,
    observe: Observe = unobserved,
) -> Finished:
    """Issue the successor of ``number`` with ``changes`` (by field name); raises where nothing would change."""
    now = app.clock()
    with app.database.write() as session:
        certificate = _current(session, number)
        template, fields = _fields(app, certificate)
        old_identity = app.vault.open(certificate.identity_sealed, number)
        candidate = _candidate(app, fields, changes, identity or old_identity, certificate.year)
        if candidate.fields == fields and candidate.identity == old_identity:
            raise StatusChangeError("correction_changes_nothing", number=number)
        authority = require_authority(current_trust_list(session), certificate.authority)
        key = signing_key(authority, app.keyring, year=certificate.year, now=now)
        old = parse_number(number)
        objection = objection_at(authority, key, old, now)
        if objection is not None:
            raise IssuanceError(objection, authority=authority.code, year=certificate.year)
        reservation = reserve(
            session,
            [candidate],
            series=SeriesKey(certificate.authority, certificate.year, certificate.kind),
            key=key,
            batch_id=_batch(session, certificate, now=now),
            template_version=template.version,
            vault=app.vault,
            now=now,
            corrects=old,
        )
        if reservation.intent_id is None:
            raise StatusChangeError("claim_taken", number=next(iter(reservation.taken.values())))
    observe("reserve:after", 1)
    finished = finish_intent(app, reservation.intent_id, observe)
    checkpoint(app, observe)
    return finished


def _current(session: Session, number: str) -> Certificate:
    certificate = session.scalars(select(Certificate).filter_by(number=number).with_for_update()).first()
    if certificate is None:
        raise StatusChangeError("number_unknown", number=number)
    state = state_of(session, number)
    if state == "revoked":
        raise StatusChangeError("status_transition", number=number, state=state, action="correct")
    return certificate


def _fields(app: App, certificate: Certificate) -> tuple[CertificateTemplate, Fields]:
    record = parse_record(certificate.record)
    template = installed_catalogue(app.host).templates[KIND_NAMES[certificate.kind], record.peek_template[1]]
    fields = template.record.fields_of(record.peek_document)
    return template, {name: value for name, value in fields.items() if name not in _OF_THE_ISSUE}


def _candidate(
    app: App, fields: Fields, changes: Mapping[str, str | int], identity: str, year: int
) -> Candidate:
    unknown = set(changes) - (set(fields) - {"identityDocument"})
    if unknown:
        raise StatusChangeError("correction_field", field=sorted(unknown)[0])
    values: Fields = {**fields, **changes, "identityDocument": mask_identity(identity)}
    return Candidate(values, identity, claim_of(values, app.vault, identity=identity, year=year))


def _batch(session: Session, certificate: Certificate, *, now: int) -> int:
    batch = Batch(
        authority=certificate.authority,
        year=certificate.year,
        kind=certificate.kind,
        file_sha256="",
        file_name="",
        submitted_at=now,
        finished_at=now,
    )
    session.add(batch)
    session.flush()
    return batch.id
