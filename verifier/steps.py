"""The numbered steps of SPEC clause 7, each a function of a case: it passes, or raises how it ends.

They are run by ``verifier.verify``, in order, whatever failed before; what one establishes stands in the case for those after it.
``Undecided`` is an error too: the one that says that more evidence could decide.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from unicodedata import normalize

from keys.canonical import dump_checked
from keys.encodings import timestamp_decode, timestamp_encode
from keys.errors import EncodingError, TrustListError
from keys.proofs import hash_data
from verifier.authority import objection_at
from verifier.case import Case
from verifier.catalogue import CertificateTemplate
from verifier.errors import FormError, VerifierError
from verifier.evidence import WHITE_SPACE
from verifier.hours import judge_hours
from verifier.limits import MAX_LOG_PROOF_BYTES, MAX_NAME_TEXT, MAX_NUMBER_TEXT, MAX_QR_TEXT, MAX_RECORD_BYTES
from verifier.logcheck import check_logged
from verifier.number import parse_number, parse_typed_number
from verifier.outcome import Passed, Skipped, Undecided
from verifier.qr import QrText, parse_qr_text
from verifier.reading import read_known, read_written
from verifier.record import UnverifiedRecord, VerifiedRecord, parse_record
from verifier.report import Detail
from verifier.statuscheck import check_status
from verifier.template import issuer_did

_CHINA_SECONDS = 8 * 3600
"""China's time is UTC+8 all year."""
_WITHIN_BOUNDS, _RECORD, _QR = Passed("within_bounds"), Passed("record"), Passed("qr")
_STRICT, _WELL_FORMED = Passed("strict"), Passed("well_formed")
"""How steps pass that have nothing to tell."""


def _bounds(case: Case) -> Passed:
    """Step 0: nothing is read that is larger than any genuine evidence."""
    evidence = case.evidence
    # One by one: a loop over five takes four times as long.
    if (
        len(evidence.record or b"") > MAX_RECORD_BYTES
        or len(evidence.qr_text or "") > MAX_QR_TEXT
        or len(evidence.log_proof or b"") > MAX_LOG_PROOF_BYTES
        or len(evidence.number or "") > MAX_NUMBER_TEXT
        or len(evidence.name or "") > MAX_NAME_TEXT
    ):
        raise FormError("evidence_too_large")
    return _WITHIN_BOUNDS


def _decode(case: Case) -> Passed:
    """Step 1: what was presented is a record, a QR's text or a number; the record first."""
    if 0 not in case.passed:
        raise Skipped("evidence_too_large")
    evidence = case.evidence
    if evidence.record is not None:
        return _RECORD
    if evidence.qr_text is not None:
        case.qr = parse_qr_text(evidence.qr_text)
        return _QR
    if evidence.number is not None:
        case.number = parse_typed_number(evidence.number)
        raise Undecided("record_missing", missing="record")
    raise Undecided("evidence_missing", missing="record")


def _strict_form(case: Case) -> Passed:
    """Step 2: the record in its one form, read from its bytes or expanded from the QR's values."""
    if 1 not in case.passed:
        raise Skipped("no_record")
    if case.qr is None:
        _read(case, case.evidence.record or b"")
    else:
        case.record = _expand(case, case.qr)
    return _STRICT


def _read(case: Case, data: bytes) -> None:
    trust_list = case.trust_list
    known = read_known(data, case.trust, trust_list) if trust_list else None
    if known is not None:
        case.record, case.template, case.number, case.known = (
            known.record,
            known.template,
            known.number,
            known,
        )
        return
    case.record = parse_record(data)
    kind, version = case.record.peek_template
    case.template = case.trust.catalogue.get(kind, version)
    try:
        case.number = parse_number(case.record.peek_number)
    except FormError:
        case.number = None  # step 6 says so


def _expand(case: Case, qr: QrText) -> UnverifiedRecord:
    trust_list = case.need_trust_list()
    case.template = case.trust.catalogue.by_code.get(qr.template_code)
    # Expanding with another template than the root's would make a genuine signature fail.
    if case.template not in case.trust.listed:
        raise Undecided("template_unknown", missing="templates")
    fields = case.template.record.unpack(qr.values)
    case.number = parse_number(str(fields["certificateNumber"]))
    did = issuer_did(trust_list.registry, case.number.authority)
    authority = trust_list.authorities.get(case.number.authority)
    key = authority.key(f"{did}#{case.number.year}-{fields['keySequence']}") if authority else None
    if key is None:
        # Step 4 says the same with its consequences; without the key the issuer's name cannot be known.
        raise _not_listed(case, "key_not_listed", timestamp_decode(str(fields["created"])))
    case.known = read_written(
        case.template, case.number, fields, key.issuer_name, trust_list.registry, qr.signature
    )
    return case.known.record


def _trust_list(case: Case) -> Passed:
    """Step 3: signed by the pinned root, in force at ``policy.at``, and not known to be old.

    It never fails: a list that cannot be used says nothing about the certificate.
    """
    trust_list = case.trust.trust_list
    if trust_list is None:
        error = case.trust.error or TrustListError("trust_list_count")
        raise Undecided(error.code, missing="trust-list")
    if not case.trust.pinned:
        raise Undecided("root_not_pinned", missing="root")
    at, skew = case.policy.at, case.policy.clock_skew
    if not trust_list.valid_from - skew <= at <= trust_list.valid_until:
        raise Undecided(
            "trust_list_stale", missing="trust-list", details={"validUntil": trust_list.valid_until}
        )
    newest = case.status_lists().newest_version
    if newest > trust_list.version:
        details: Mapping[str, Detail] = {"version": trust_list.version, "newest": newest}
        raise Undecided("trust_list_rollback", missing="trust-list", details=details)
    return Passed("trust_list_in_force", {"version": trust_list.version, "asOf": case.newest_until()})


def _authority_and_key(case: Case) -> Passed:
    """Step 4: the authority may issue this, and the key may sign it, at time T."""
    record, trust_list = case.need_record(), case.need_trust_list()
    method = record.peek_method
    case.authority = trust_list.authority_of(record.peek_issuer)
    if case.authority is None:
        raise _not_listed(case, "authority_not_listed", record.peek_created)
    case.key = case.authority.key(method)
    if case.key is None:
        raise _not_listed(case, "key_not_listed", record.peek_created)
    if case.number is None:
        raise Skipped("no_number")
    if case.key.issuer_name != record.peek_issuer_name:
        raise FormError("issuer_name_differs")
    moment = _check_times(case, record.peek_created)
    return Passed("authorised", {"time": moment, "timeSource": "log" if case.logged else "policy"})


def _check_times(case: Case, created: int) -> int:
    """T, once nothing speaks against the signature then."""
    _evaluate_log(case)
    assert case.authority and case.key and case.number  # noqa: S101, PT018 - set by the caller
    policy = case.policy
    moment = case.logged.time if case.logged else policy.at
    if created > moment + policy.clock_skew:
        if case.logged:
            raise FormError("created_after_time")
        raise Undecided("created_after_time", missing="clock")
    if case.logged and created < moment - policy.max_log_delay:
        raise FormError("created_long_before_logged")
    for then in (moment, min(created, moment)) if case.logged else (created,):
        if objection := objection_at(case.authority, case.key, case.number, then):
            raise _objection(case, objection, then)
    if not case.logged and (objection := objection_at(case.authority, case.key, case.number, moment)):
        raise Undecided(objection, missing="log-proof")
    return moment


def _objection(case: Case, code: str, moment: int) -> VerifierError:
    """A finding, unless a newer list might have lifted it: a delegation renewed, a scope or a key's period extended."""
    if code in _FOR_EVER or moment <= case.newest_until():
        return FormError(code)
    return Undecided("trust_list_too_old", missing="trust-list", details={"objection": code})


_FOR_EVER = ("key_of_another_year", "key_compromised", "key_superseded")
"""Objections that no newer list takes back."""


def _not_listed(case: Case, code: str, created: int) -> VerifierError:
    """Nobody's, if the list was the newest when it was created; since then it may have been listed."""
    if created > case.newest_until():
        return Undecided(code, missing="trust-list")
    return FormError(code)


def _proof(case: Case) -> Passed:
    """Step 5: the Data Integrity proof."""
    record = case.need_record()
    if case.key is None:
        raise Skipped("no_key")
    if case.known is not None:
        signed = case.known.signed
    else:
        document = record.peek_document
        signed = hash_data(document, document["proof"], canonical=dump_checked)
    if not case.key.public_key.verify(record.peek_signature, signed):
        raise FormError("proof_invalid")
    return Passed("proof_valid", {"key": case.key.id})


def _schema_and_number(case: Case) -> Passed:
    """Step 6: the published schema, the number's agreement, and nothing that the template does not say."""
    record, trust_list = case.need_record(), case.need_trust_list()
    template = case.template
    if template not in case.trust.listed:
        known = record.peek_template in {(one.kind, one.version) for one in trust_list.templates}
        if known:
            raise Undecided("template_unknown", missing="templates")
        raise _not_listed(case, "template_not_published", record.peek_created)
    valid = case.known.valid if case.known else template.schema(record.peek_document)
    if not valid:
        raise FormError("schema")
    _check_number(case, record, template)
    if case.known is None:
        raise FormError("record_not_of_template")
    return _WELL_FORMED


def _check_number(case: Case, record: UnverifiedRecord, template: CertificateTemplate) -> None:
    known, evidence = case.known, case.evidence
    number = known.number if known else parse_number(record.peek_number)
    # Where the template wrote the record, its year is the number's.
    year = number.year if known else record.peek_document["credentialSubject"]["year"]
    _, _, code = record.peek_issuer.rpartition(":")
    if (number.authority, number.year, number.kind) != (code, year, template.record.kind_digit):
        raise FormError("number_disagrees")
    valid_from = known.shared.valid_from if known else record.peek_document["validFrom"]
    if valid_from != _day_of_issue(record.peek_created):
        raise FormError("valid_from_differs")
    if evidence.number is not None and parse_typed_number(evidence.number) != number:
        raise FormError("number_differs")
    if evidence.name is not None:
        name = record.peek_document["credentialSubject"]["name"]
        if normalize("NFC", evidence.name.strip(WHITE_SPACE)) != name:
            raise FormError("name_differs")


@lru_cache(maxsize=256)
def _day_of_issue(created: int) -> str:
    """China's day of the signature as a record writes it."""
    try:
        return timestamp_encode(created + _CHINA_SECONDS)[:10] + "T00:00:00Z"
    except EncodingError:  # the last hours of the calendar; no day is theirs
        return ""


def _log(case: Case) -> Passed:
    """Step 7: the issue is in the transparency log, under a checkpoint that enough witnesses saw."""
    case.need_trust_list()
    case.need_record()
    if case.evidence.log_proof is None:
        if case.policy.require_log:
            raise Undecided("log_proof_missing", missing="log-proof")
        raise Skipped("log_proof_absent")
    _evaluate_log(case)
    if case.log_error is not None:
        raise case.log_error
    if case.logged is None:
        raise Skipped("no_number")
    details: dict[str, Detail] = {
        "index": case.logged.place,
        "size": case.logged.size,
        "time": case.logged.time,
        "witnesses": case.logged.witnesses,
    }
    return Passed("logged", details)


def _evaluate_log(case: Case) -> None:
    """Check the log proof once; steps 4 and 7 both need the answer."""
    proof, trust_list, record, number = case.evidence.log_proof, case.trust_list, case.record, case.number
    if (
        case.logged
        or case.log_error
        or proof is None
        or trust_list is None
        or record is None
        or number is None
    ):
        return
    try:
        case.logged = check_logged(
            proof,
            record=record.data,
            number=number,
            trust=case.trust,
            trust_list=trust_list,
            policy=case.policy,
        )
    except VerifierError as error:
        case.log_error = error


def _status(case: Case) -> Passed:
    """Step 8: neither revoked nor suspended, by fresh signed lists."""
    trust_list = case.need_trust_list()
    if case.number is None:
        raise Skipped("no_number")
    if not case.evidence.status and not case.policy.require_status:
        raise Skipped("status_not_required")
    return check_status(
        case.number, case.status_lists(), case.evidence.status, case.trust, trust_list, case.policy
    )


def _host(case: Case) -> Passed:
    """Step 9: the QR leads to the registry and to nobody else."""
    if case.qr is None:
        raise Skipped("no_qr")
    expected = case.need_trust_list().registry
    if case.qr.host != expected:
        raise FormError("foreign_host")
    return Passed("registry_host", {"host": expected})


def _rule(case: Case) -> Passed:
    """Step 10: do the hours meet the rule set? Reported beside the verdict."""
    if not case.passed >= _AUTHENTIC:
        raise Skipped("not_authentic")
    assert case.known and case.trust_list  # noqa: S101, PT018 - step 6 and step 4 passed
    return judge_hours(case.known.fields, case.trust_list.rule_sets)


_AUTHENTIC = frozenset((1, 2, 4, 5, 6))


def verified_record(case: Case) -> VerifiedRecord | None:
    """The record, where steps 1, 2, 4, 5 and 6 passed and the root signed the list they used."""
    if not case.passed >= _AUTHENTIC:
        return None
    assert case.record and case.number and case.template and case.trust_list  # noqa: S101, PT018
    return VerifiedRecord(case.record, case.number, case.template, case.trust_list.registry)


STEPS: tuple[Callable[[Case], Passed], ...] = (
    _bounds,
    _decode,
    _strict_form,
    _trust_list,
    _authority_and_key,
    _proof,
    _schema_and_number,
    _log,
    _status,
    _host,
    _rule,
)
