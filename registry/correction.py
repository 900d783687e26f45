"""Correcting a certificate: a new number with the right values, the old one revoked as superseded (SPEC 5.3).

The same path as any issue: one intent for one row that names what it corrects, so that the new record's leaf and the old
one's revocation are appended in one transaction. Nothing of the old certificate is edited.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.trustlist import TrustList
from registry.app import App
from registry.applications import Candidate, claim_of, mask_identity, short_of_hours
from registry.errors import IssuanceError, StatusChangeError
from registry.fitting import fits_qr
from registry.intake.findings import Finding, IntakeError, Severity
from registry.intake.judge import Readers
from registry.intake.values import CATEGORIES, GRADES, CellFault
from registry.intents import SeriesKey, reserve, taken_claims
from registry.issuance import Finished, Observe, checkpoint, finish_intent, unobserved
from registry.log import require_logged
from registry.models import Batch, Certificate
from registry.offices import CHINA, objection_to_issuing, require_authority, signing_key
from registry.status import barred, impossible, state_of
from registry.trust import current_trust_list
from verifier.catalogue import CertificateTemplate
from verifier.drawing.fonts import missing_glyphs
from verifier.loading import installed_catalogue
from verifier.number import parse_number
from verifier.qrvalues import NUMBER_FIELD
from verifier.record import parse_record
from verifier.template import Fields, RecordTemplate

_CODES = {"grade": frozenset(GRADES.values()), "category": frozenset(CATEGORIES.values())}
"""Values as records have them, which a clerk's list has in words."""
_OF_THE_ISSUE = {NUMBER_FIELD, "validFrom", "created", "keySequence"}
_NOT_BY_NAME = {"identityDocument", "year"}
"""Fields that no list of what can be corrected has: the one is given as a whole number, the other stands in the number."""


def correct(
    app: App,
    number: str,
    changes: Mapping[str, str | int],
    *,
    identity: str | None = None,
    observe: Observe = unobserved,
) -> Finished:
    """Issue the successor of ``number`` with ``changes`` (by field name) and, if given, another ``identity``.

    Raises ``StatusChangeError`` or ``IssuanceError`` where that cannot be, ``IntakeError`` for a value that no list may have,
    ``CustodyError`` where the log's key does not open: nothing is reserved then.
    """
    app.open_log_key()
    finished = succeed(app, number, changes, identity=identity, unchanged=False, observe=observe)
    checkpoint(app, observe)
    return finished


def succeed(
    app: App,
    number: str,
    changes: Mapping[str, str | int] = MappingProxyType({}),
    *,
    identity: str | None = None,
    unchanged: bool = True,
    observe: Observe = unobserved,
) -> Finished:
    """The same without a checkpoint; and, where ``unchanged``, with nothing but number, date and key new."""
    with app.write() as session:
        intent_id = reserve_successor(
            session, app, number, changes, identity=identity, unchanged=unchanged, now=app.clock()
        )
        observe("reserve:before", 1)
    observe("reserve:after", 1)
    return finish_intent(app, intent_id, observe)


@dataclass(frozen=True, slots=True)
class Examined:
    """A correction that could be made now: the values as they are and as they would be, identity numbers masked.

    ``short`` says by how much the hours would be below the rule set.
    """

    before: Fields
    after: Fields
    template: CertificateTemplate
    candidate: Candidate
    short: Finding | None


def examine(
    session: Session,
    app: App,
    number: str,
    changes: Mapping[str, str | int],
    *,
    identity: str | None = None,
    unchanged: bool = False,
) -> Examined:
    """What ``correct`` would make of ``number``; raises what it would raise, and locks the certificate."""
    certificate = _current(session, number)
    template, fields = _fields(app, certificate)
    old_identity = app.vault.open(certificate.identity_sealed, number)
    # Of the number, and not of the columns beside it, which anybody could have altered.
    old = parse_number(number)
    candidate = _candidate(app, fields, changes, identity or old_identity, old.year)
    if not unchanged and candidate.fields == fields and candidate.identity == old_identity:
        raise StatusChangeError("correction_changes_nothing", number=number)
    series = SeriesKey(old.authority, old.year, old.kind)
    trust_list = current_trust_list(session)
    _check_values(candidate, template.record, series, trust_list)
    taken = taken_claims(session, [candidate]).get(candidate.claim, number)
    if taken != number:
        raise _taken(session, taken)
    rule = str(candidate.fields.get("ruleSet", ""))
    short = short_of_hours(candidate, trust_list.rule_sets.get(rule), rule)
    return Examined(fields, candidate.fields, template, candidate, short)


def reserve_successor(
    session: Session,
    app: App,
    number: str,
    changes: Mapping[str, str | int],
    *,
    identity: str | None,
    unchanged: bool = False,
    now: int,
) -> int:
    """Reserve the successor's number, in the caller's transaction; returns the intent, which ``finish_intent`` finishes."""
    examined = examine(session, app, number, changes, identity=identity, unchanged=unchanged)
    old = parse_number(number)
    authority = require_authority(current_trust_list(session), old.authority)
    key = signing_key(authority, app.keyring, year=old.year, now=now)
    objection = objection_to_issuing(authority, key, old, now)
    if objection is not None:
        raise IssuanceError(objection, authority=authority.code, year=old.year)
    series = SeriesKey(old.authority, old.year, old.kind)
    reservation = reserve(
        session,
        [examined.candidate],
        series=series,
        key=key,
        batch_id=_batch(session, series, now=now),
        template_version=examined.template.version,
        vault=app.vault,
        now=now,
        corrects=old,
    )
    if (
        reservation.intent_id is None
    ):  # between the two looks somebody took it, where nothing is locked for it
        raise _taken(session, next(iter(reservation.taken.values())))
    return reservation.intent_id


def _taken(session: Session, number: str) -> StatusChangeError:
    """Somebody has what the correction would give: who, and whether that bars the person."""
    bars = barred(session, [number])
    if bars:
        return StatusChangeError("claim_barred", number=number, codes=bars[number])
    return StatusChangeError("claim_taken", number=number)


def _current(session: Session, number: str) -> Certificate:
    certificate = session.scalars(select(Certificate).filter_by(number=number).with_for_update()).first()
    if certificate is None:
        raise StatusChangeError("number_unknown", number=number)
    state = state_of(session, number)
    if state == "revoked":
        raise impossible(session, number, state, "correct")
    if state == "suspended":
        # The successor would be in force: a correction is no way to end a suspension.
        raise StatusChangeError("correct_suspended", number=number)
    require_logged(session, certificate)  # its values are about to be signed again
    return certificate


def _fields(app: App, certificate: Certificate) -> tuple[CertificateTemplate, Fields]:
    record = parse_record(certificate.record)
    template = installed_catalogue(app.host).templates[record.peek_template]
    fields = template.record.fields_of(record.peek_document)
    return template, {name: value for name, value in fields.items() if name not in _OF_THE_ISSUE}


def _candidate(
    app: App, fields: Fields, changes: Mapping[str, str | int], identity: str, year: int
) -> Candidate:
    unknown = set(changes) - (set(fields) - {"identityDocument"})
    if unknown:
        known = " ".join(name for name in fields if name not in _NOT_BY_NAME)
        raise StatusChangeError("correction_field", field=sorted(unknown)[0], fields=known)
    readers = _readers(app, year)
    corrected = {field: _read(readers, field, value) for field, value in changes.items()}
    identity = str(_read(readers, "identity", identity))
    values: Fields = {**fields, **corrected, "identityDocument": mask_identity(identity)}
    return Candidate(values, identity, claim_of(values, app.vault, identity=identity, year=year))


def _readers(app: App, year: int) -> Readers:
    """What a clerk's cells are read by: a correction is held to no less."""
    today = datetime.fromtimestamp(app.clock(), CHINA).date()
    return Readers(year=year, today=today, missing_glyphs=missing_glyphs)


def _read(readers: Readers, field: str, value: str | int) -> str | int:
    """``value`` as intake takes it; raises ``IntakeError`` with its finding."""
    if field == "ruleSet" or value in _CODES.get(field, ()):
        return value
    column = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", field)
    try:
        return readers.by_field[column](value, [])
    except CellFault as fault:
        finding = Finding(
            fault.code, Severity.FAULT, heading=field, value=str(value), params=dict(fault.params)
        )
        raise IntakeError(finding) from fault


def _check_values(
    candidate: Candidate, template: RecordTemplate, series: SeriesKey, trust_list: TrustList
) -> None:
    rule_set = candidate.fields.get("ruleSet")
    if rule_set is not None and rule_set not in trust_list.rule_sets:
        raise StatusChangeError("rule_set_unknown", ruleSet=rule_set)
    if not fits_qr(candidate, template, series, host=trust_list.registry):
        raise IntakeError(Finding("qr_too_large", Severity.FAULT))


def _batch(session: Session, series: SeriesKey, *, now: int) -> int:
    batch = Batch(
        authority=series.authority,
        year=series.year,
        kind=series.kind,
        file_sha256="",
        file_name="",
        submitted_at=now,
        finished_at=now,
    )
    session.add(batch)
    session.flush()
    return batch.id
