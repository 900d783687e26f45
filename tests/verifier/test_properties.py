"""Properties of ``verify``: no bit can be changed unnoticed, nothing that is presented breaks it, and the forms of a
certificate agree."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import RECORD_LIMITS, TRUST_LIST_LIMITS, canonicalize_restricted, parse_canonical
from keys.errors import KeysError
from tests.builders import HOST, signer
from tests.matrices import BITS, examples
from tests.simulator import ANNUAL, COMPLETION, Simulator, policy, resign, sealed
from verifier.evidence import Evidence
from verifier.number import number_of, parse_number, parse_typed_number
from verifier.qr import parse_qr_text, qr_prefix
from verifier.report import Outcome, Verdict, VerificationReport
from verifier.status import status_url
from verifier.verify import verify

REGISTRY = Simulator()
REGISTRY.fill(5)
CERTIFICATE = REGISTRY.issue()
GOOD = REGISTRY.evidence(CERTIFICATE)
TRUST = REGISTRY.trust()
REVOKING = Simulator(REGISTRY.trust_list)
REVOKING.revoke(CERTIFICATE.number)
REVOKED = REVOKING.status(CERTIFICATE.number)
LIST_URL = status_url(HOST, CERTIFICATE.number, "revocation")


def judge(evidence: Evidence) -> VerificationReport:
    return verify(evidence, TRUST, policy())


def flipped(data: bytes, bit: int) -> bytes:
    """``data`` with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


def bits_of(data: bytes) -> st.SearchStrategy[int]:
    """Any bit of ``data``."""
    return st.integers(0, len(data) * 8 - 1)


def flips_of(documents: Mapping[str, bytes]) -> st.SearchStrategy[dict[str, bytes]]:
    """``documents`` with one bit of one of them changed."""

    def flips(url: str) -> st.SearchStrategy[dict[str, bytes]]:
        return bits_of(documents[url]).map(lambda bit: {**documents, url: flipped(documents[url], bit)})

    return st.sampled_from(sorted(documents)).flatmap(flips)


def same_content_or_not_passed(report: VerificationReport) -> bool:
    if report.verdict is not Verdict.PASSED:
        return True
    return report.record is not None and report.record.data == CERTIFICATE.record


# One bit changed. Of what is signed as it stands, one of every byte is tried, and every one in the exhaustive run.

offline = policy(require_log=False, require_status=False)
thorough = examples(400)


@pytest.mark.repeated
def test_no_bit_of_the_record() -> None:
    for bit in range(0, len(CERTIFICATE.record) * 8, BITS):
        report = verify(Evidence(flipped(CERTIFICATE.record, bit)), TRUST, offline)
        # Another key's name, by a list that nothing says is still the newest, is undecided.
        assert (report.verdict is not Verdict.PASSED, report.record) == (True, None), bit


@pytest.mark.repeated
def test_no_bit_of_the_qr() -> None:
    prefix, data = qr_prefix(HOST), CERTIFICATE.qr_text.encode("ascii")
    for bit in range(0, len(data) * 8, BITS):
        text = flipped(data, bit).decode("latin-1")
        report = verify(Evidence(qr_text=text), TRUST, offline)
        # Scheme and host mean the same in either case; nothing else does.
        same_address = text.lower() == CERTIFICATE.qr_text and "/v#" in text
        assert report.verdict is (Verdict.PASSED if same_address else Verdict.FAILED), text[: len(prefix)]
        assert same_content_or_not_passed(report)


@thorough
@given(bits_of(GOOD.log_proof or b""))
def test_no_bit_of_the_log_proof_changes_the_content(bit: int) -> None:
    log_proof = flipped(GOOD.log_proof or b"", bit)
    assert same_content_or_not_passed(judge(replace(GOOD, log_proof=log_proof)))


@thorough
@given(flips_of(GOOD.status))
def test_no_bit_of_the_status_changes_the_content(status: dict[str, bytes]) -> None:
    assert same_content_or_not_passed(judge(replace(GOOD, status=status)))


@thorough
@given(flips_of(REVOKED))
def test_no_bit_of_the_status_brings_a_revoked_certificate_back(status: dict[str, bytes]) -> None:
    assert judge(replace(GOOD, status=status)).verdict is not Verdict.PASSED


@thorough
@given(bits_of(REGISTRY.trust_list.data))
def test_no_bit_of_the_trust_list_changes_the_content(bit: int) -> None:
    trust = REGISTRY.trust(documents=[flipped(REGISTRY.trust_list.data, bit)])
    assert same_content_or_not_passed(verify(GOOD, trust, policy()))
    if trust.trust_list is not None:
        assert {**trust.trust_list.document, "proof": None} == {**REGISTRY.trust_list.document, "proof": None}


# Anything may be presented.

texts = st.text(st.characters(codec=None), max_size=60) | st.just("41010020261000012315")
almost_qr = st.from_regex(r"https://[a-z.]{1,20}/v#[0-9]{1,200}", fullmatch=True)
almost_json = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
documents = st.binary(max_size=300) | st.text(max_size=100).map(str.encode)
maybe = st.none()


@examples(300)
@given(
    record=maybe | documents,
    qr_text=maybe | texts | almost_qr,
    number=maybe | texts,
    name=maybe | texts,
    log_proof=maybe | documents,
    status=st.dictionaries(st.sampled_from(sorted(GOOD.status)) | texts, documents, max_size=3),
)
def test_whatever_is_presented_there_is_a_report(**parts: Any) -> None:
    report = judge(Evidence(**parts))
    assert report.verdict is not Verdict.PASSED
    assert report.to_json()["record"] is None


@examples(200)
@given(st.lists(documents, max_size=3))
def test_whatever_is_called_a_trust_list_there_is_a_report(chain: list[bytes]) -> None:
    report = verify(GOOD, REGISTRY.trust(documents=chain), policy())
    assert report.verdict is not Verdict.PASSED
    assert report.steps[3].outcome is not Outcome.PASSED


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value but the whole."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [found for key, member in members for found in [(*path, key), *_paths(member, (*path, key))]]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


def _with_nonsense(document: Any) -> st.SearchStrategy[Any]:
    """``document`` with any one of its values replaced by any other."""
    return st.builds(_replaced, st.just(document), st.sampled_from(_paths(document)), almost_json)


@examples(400)
@given(_with_nonsense(CERTIFICATE.unsigned))
def test_nonsense_that_the_authority_signed_is_refused(document: dict[str, Any]) -> None:
    def edit(_: object) -> dict[str, Any]:
        return document

    try:
        certificate = REGISTRY.issue(edit=edit, log=False)
    except (KeysError, TypeError, AttributeError):
        return  # it cannot even be written
    report = verify(Evidence(certificate.record), TRUST, offline)
    if report.verdict is Verdict.PASSED:
        # One allowed value in place of another: the record is still what the template makes of its values.
        template = certificate.template.record
        name = certificate.document["issuer"]["name"]
        expanded = template.expand(template.fields_of(document), host=HOST, issuer_name=name)
        assert canonicalize_restricted(expanded) == canonicalize_restricted(document)


@examples(400)
@given(_with_nonsense(parse_canonical(GOOD.status[LIST_URL], RECORD_LIMITS)))
def test_nonsense_that_the_status_key_signed_is_survived(document: dict[str, Any]) -> None:
    try:
        data = resign(document, signer("status"))
    except (KeysError, TypeError, KeyError):
        return
    assert same_content_or_not_passed(judge(replace(GOOD, status={**GOOD.status, LIST_URL: data})))


@examples(400)
@given(_with_nonsense(parse_canonical(REGISTRY.trust_list.data, TRUST_LIST_LIMITS)))
def test_nonsense_that_the_root_signed_is_survived(document: dict[str, Any]) -> None:
    try:
        data = sealed(document)
    except KeysError:
        return
    report = verify(GOOD, REGISTRY.trust(documents=[data]), policy())
    assert same_content_or_not_passed(report)


@examples(200)
@given(almost_json)
def test_any_canonical_json_as_any_document(value: object) -> None:
    try:
        data = canonicalize_restricted(value)
    except KeysError:
        return
    evidence = Evidence(record=data, log_proof=data, status=dict.fromkeys(GOOD.status, data))
    assert judge(evidence).verdict is Verdict.FAILED


# The forms of one certificate agree.

names = (
    st.text(st.sampled_from("张文博阿依古丽买提·𠮷㐱 éABCxyz"), min_size=2, max_size=40)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: text == text.strip())
)
days = st.dates(date(2026, 1, 1), date(2026, 3, 2)).map(date.isoformat)
hours = st.integers(0, 2000)
identities = st.from_regex(r"[0-9]{6}\*{8}[0-9]{3}[0-9X]", fullmatch=True)
serials = st.integers(1, 9_999_999)
annual = st.fixed_dictionaries(
    {
        "name": names,
        "identityDocument": identities,
        "employer": names,
        "grade": st.sampled_from(["senior", "intermediate", "junior"]),
        "ruleSet": st.sampled_from(["henan-2012", "national-2015", "industry-credits-7"]),
        "professionalHours": hours,
        "publicHours": hours,
    }
).map(lambda fields: {**ANNUAL, **fields})
completion = st.fixed_dictionaries(
    {
        "name": names,
        "identityDocument": identities,
        "employer": names,
        "programme": names,
        "institution": names,
        "category": st.sampled_from(["professional", "public"]),
        "completedOn": days,
    }
).map(lambda fields: {**COMPLETION, **fields})


@examples(150)
@given(annual | completion, serials)
def test_json_and_qr_are_one_certificate(fields: dict[str, Any], serial: int) -> None:
    registry = Simulator(REGISTRY.trust_list)
    certificate = registry.issue(fields, serial=serial)
    by_json, by_qr = (verify(registry.evidence(certificate, qr=qr), TRUST, policy()) for qr in (False, True))
    assert by_json.verdict is by_qr.verdict is Verdict.PASSED
    assert by_json.record is not None
    assert by_json.record == by_qr.record
    assert by_json.record.qr_text == certificate.qr_text
    differing = {a.number for a, b in zip(by_json.steps, by_qr.steps, strict=True) if a != b}
    assert differing == {1, 9}


@given(annual | completion, serials)
def test_a_qr_says_what_was_put_into_it(fields: dict[str, Any], serial: int) -> None:
    certificate = REGISTRY.issue(fields, serial=serial, log=False)
    found = parse_qr_text(certificate.qr_text)
    template = certificate.template.record
    assert (found.host, found.template_code, found.signature) == (HOST, template.code, certificate.signature)
    unpacked = template.unpack(found.values)
    assert unpacked == dict(certificate.fields)
    assert template.fields_of(certificate.document) == {**unpacked, "keySequence": "1"}


@given(st.integers(100_000, 999_999).map(str), st.integers(1000, 2999), st.integers(1, 9), serials)
def test_numbers_come_back(authority: str, year: int, kind: int, serial: int) -> None:
    number = number_of(authority, year, kind, serial)
    assert parse_number(number.digits) == number
    assert parse_typed_number(number.printed) == number
