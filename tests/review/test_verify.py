"""Whether a report is the registry's: every step's ends, in Python and in the browser's modules alike."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import JsonLimits, canonicalize_restricted, parse_restricted
from keys.encodings import timestamp_encode
from keys.errors import TrustListError
from keys.trustlist import KeyRevocation, TrustList
from tests.builders import HOST, at, refused, signed, signer
from tests.lineprogram import LineProgram
from tests.review.rig import KEY, REPORT_SIGNER, compromised, listing, report_key
from tests.simulator import NOW, standard_draft, standard_pin
from verifier.cbor import decode_array, encode_array
from verifier.errors import FormError
from verifier.loading import installed_catalogue
from verifier.qr import decode_digits, encode_digits
from verifier.report import Verdict
from verifier.review.document import (
    COUNTS,
    PAYLOAD_FORMAT,
    ReviewRecord,
    SignedReview,
    looks_like_report_text,
    parse_report_text,
    parse_review,
    sign_review,
)
from verifier.review.table import root_of
from verifier.review.verify import ReviewEvidence, ReviewVerdict, verify_review
from verifier.review.words import CODES, STEPS
from verifier.sentences import SENTENCES
from verifier.trust import Trust

TABLE = b'{"a":1}\n{"b":2}\n{"c":3}\n'


def record(**changes: Any) -> ReviewRecord:
    """A report's values."""
    plain = ReviewRecord(
        created=NOW - 60,
        sitting="2026 年高级职称评审",
        years=(2024, 2025, 2026),
        grade="senior",
        rule_set="henan-2012",
        status_max_age=86400,
        trust_list_version=1,
        log_size=7,
        log_root="ab" * 32,
        counts=dict.fromkeys(COUNTS, 3),
        table_root=root_of(TABLE),
    )
    return replace(plain, **changes)


def review(key: str = KEY, name: str = "report", **changes: Any) -> SignedReview:
    """A report signed by ``signer(name)`` in the name of ``key``."""
    return sign_review(record(**changes), signer(name), host=HOST, key=key)


GOOD = review()
QR_TEXT = f"https://{HOST}/r#{GOOD.qr_digits}"


def trust_of(trust_list: TrustList | None = None, *, pinned: bool = True) -> Trust:
    """Trust in a list with a report key."""
    chain = [(trust_list or listing()).data]
    return Trust.establish(chain, standard_pin(), installed_catalogue(HOST), pinned=pinned)


def b64(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()


def judged(
    node: LineProgram,
    evidence: ReviewEvidence,
    trust_list: TrustList | None = None,
    *,
    moment: int = NOW,
    pinned: bool = True,
) -> ReviewVerdict:
    """The verdict, after both implementations gave the same."""
    trust_list = trust_list or listing()
    verdict = verify_review(evidence, trust_of(trust_list, pinned=pinned), at=moment)
    presented = {"document": b64(evidence.document), "qrText": evidence.qr_text, "table": b64(evidence.table)}
    question = {
        "task": "review",
        "evidence": {name: value for name, value in presented.items() if value is not None},
        "trust": {"chain": [b64(trust_list.data)], "pin": b64(standard_pin().to_bytes()), "pinned": pinned},
        "at": timestamp_encode(moment),
    }
    assert node.ask(question)["answer"] == verdict.to_json()
    return verdict


def test_a_report_with_its_table_passes(node: LineProgram) -> None:
    verdict = judged(node, ReviewEvidence(GOOD.data, table=TABLE))
    assert (verdict.verdict, verdict.reason) == (Verdict.PASSED, "report_valid")
    assert verdict.review == GOOD
    assert [step.code for step in verdict.steps] == [
        *(
            "report_read",
            "trust_list_in_force",
            "report_key_listed",
            "proof_valid",
            "report_table_matches",
            "no_qr",
        ),
    ]


def test_its_code_passes_alone(node: LineProgram) -> None:
    verdict = judged(node, ReviewEvidence(qr_text=f"  {QR_TEXT.upper().replace('/R#', '/r#')} "))
    assert verdict.verdict is Verdict.PASSED
    assert verdict.review is not None
    assert verdict.review.data == GOOD.data
    assert looks_like_report_text(QR_TEXT)
    assert not looks_like_report_text(QR_TEXT.replace("/r#", "/v#"))
    assert GOOD.record.mark == GOOD.record.table_root[:16].upper()[:4] + " " + " ".join(
        GOOD.record.table_root[start : start + 4].upper() for start in (4, 8, 12)
    )


@pytest.mark.parametrize("name", ["Review of 2026", "会议", "Mixed 会议 2026", "\U00020bb7" * 60])
def test_names_of_every_packing_come_back(node: LineProgram, name: str) -> None:
    one = review(sitting=name, log_size=0, log_root="")
    verdict = judged(node, ReviewEvidence(qr_text=f"https://{HOST}/r#{one.qr_digits}"))
    assert verdict.review is not None
    assert verdict.review.record.sitting == name


def altered(change: Callable[[dict[str, Any]], object], one: SignedReview = GOOD) -> bytes:
    """The document with a change that nobody signed."""
    document = parse_restricted(one.data, JsonLimits(max_bytes=65536))
    change(document)
    return canonicalize_restricted(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["credentialSubject"].update(failed=0),
        lambda one: one["credentialSubject"].update(sitting="别的会议"),
        lambda one: one["credentialSubject"].update(tableRoot="00" * 32),
    ],
)
def test_an_altered_figure_fails(node: LineProgram, change: Callable[[dict[str, Any]], object]) -> None:
    verdict = judged(node, ReviewEvidence(altered(change), table=None))
    assert (verdict.verdict, verdict.reason, verdict.review) == (Verdict.FAILED, "report_proof_invalid", None)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(more=1),
        lambda one: one["credentialSubject"].update(more=1),
        lambda one: one["credentialSubject"].update(sitting=" spaced"),
        lambda one: one["credentialSubject"].update(sitting="bidi\u202e"),
        lambda one: one["credentialSubject"].update(sitting="x" * 61),
        lambda one: one["credentialSubject"].update(sitting=[]),
        lambda one: one["credentialSubject"].update(years=[2026, 2025]),
        lambda one: one["credentialSubject"].update(years=[1999]),
        lambda one: one["credentialSubject"].update(years=[True]),
        lambda one: one["credentialSubject"].update(failed=-1),
        lambda one: one["credentialSubject"].update(failed=True),
        lambda one: one["credentialSubject"].update(failed="3"),
        lambda one: one["credentialSubject"].update(grade="grand"),
        lambda one: one["credentialSubject"].update(ruleSet="Ü"),
        lambda one: one["credentialSubject"].update(logRoot=""),
        lambda one: one["credentialSubject"].update(tableRoot="AB" * 32),
        lambda one: one["credentialSubject"].pop("met"),
        lambda one: one.update(credentialSubject=[]),
        lambda one: one.update(issuer={"id": "x"}),
        lambda one: one.update(issuer=f"did:web:{HOST}:a:410100"),
        lambda one: one.update(validFrom="2026-03-10T08:59:01Z"),
        lambda one: one.update(type=["VerifiableCredential"]),
        lambda one: one["proof"].pop("@context"),
        lambda one: one["proof"].update(verificationMethod=f"did:web:{HOST}#status-1"),
        lambda one: one.pop("proof"),
    ],
)
def test_another_form_is_no_report(node: LineProgram, change: Callable[[dict[str, Any]], object]) -> None:
    verdict = judged(node, ReviewEvidence(altered(change)))
    assert (verdict.verdict, verdict.reason) == (Verdict.FAILED, "report_form")


def test_a_row_altered_removed_or_added_fails(node: LineProgram) -> None:
    for table in (
        TABLE.replace(b"2", b"3"),
        TABLE[:-1],
        TABLE + b"\n",
        b"",
        TABLE.replace(b"\n", b"\r\n", 1),
        TABLE + b"x",
    ):
        verdict = judged(node, ReviewEvidence(GOOD.data, table=table))
        assert (verdict.verdict, verdict.reason) == (Verdict.FAILED, "report_table_differs")


def test_no_report_at_all(node: LineProgram) -> None:
    verdict = judged(node, ReviewEvidence())
    assert (verdict.verdict, verdict.reason) == (Verdict.FAILED, "qr_text")
    assert judged(node, ReviewEvidence(b" " * 70_000)).reason == "report_too_large"
    assert judged(node, ReviewEvidence(b"no json")).reason == "report_form"


def packed(change: Callable[[list[Any]], object], payload_format: int = PAYLOAD_FORMAT) -> str:
    """The QR's text with other items."""
    payload = decode_digits(GOOD.qr_digits)
    items: list[Any] = decode_array(payload[1:-64])
    change(items)
    body = bytes((payload_format,)) + encode_array(items) + payload[-64:]
    return f"https://{HOST}/r#{encode_digits(body)}"


def put(place: int, value: Any) -> Callable[[list[Any]], object]:
    return lambda items: items.__setitem__(place, value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (QR_TEXT[:-1], "qr_digits"),
        (f"https://{HOST}/r#{'9' * 1400}", "qr_digits"),
        (packed(lambda _: None, 1), "qr_format"),
        (f"https://{HOST}/r#{encode_digits(bytes((2,)) + bytes(64))}", "qr_format"),
        (f"https://{HOST}/r#{encode_digits(bytes((2, 99)) + bytes(64))}", "cbor_form"),
        (packed(list.pop), "qr_values"),
        (packed(put(0, "x")), "qr_values"),
        (packed(put(0, 2**60)), "qr_values"),
        (packed(put(1, 0)), "qr_values"),
        (packed(put(2, "2026 年高级职称评审")), "qr_values"),
        (packed(put(2, 7)), "qr_values"),
        (packed(put(2, b"\xd8\x00")), "qr_values"),
        (packed(put(3, b"\x02\x01")), "qr_values"),
        (packed(put(4, 9)), "qr_values"),
        (packed(put(5, b"x")), "qr_values"),
        (packed(put(9, b"x")), "qr_values"),
        (packed(put(12, b"x")), "qr_values"),
        (packed(put(21, b"x")), "qr_values"),
        (packed(put(13, 4)), "report_proof_invalid"),
    ],
)
def test_a_code_that_is_none_of_ours(node: LineProgram, text: str, code: str) -> None:
    verdict = judged(node, ReviewEvidence(qr_text=text))
    assert (verdict.verdict, verdict.reason) == (Verdict.FAILED, code)


@given(st.text(st.sampled_from("0123456789"), min_size=1, max_size=400))
def test_any_digits_are_a_report_or_an_error_of_ours(digits: str) -> None:
    with pytest.raises(FormError):
        parse_report_text(f"https://{HOST}/r#{digits}", registry=HOST)


def test_a_foreign_host_is_told(node: LineProgram) -> None:
    verdict = judged(node, ReviewEvidence(qr_text=QR_TEXT.replace(HOST, "jxjy.example.com")))
    assert (verdict.verdict, verdict.reason) == (Verdict.FAILED, "foreign_host")


@pytest.mark.parametrize(
    ("key", "created", "verdict", "code"),
    [
        (report_key(), NOW + 1000, Verdict.INDETERMINATE, "report_in_future"),
        (report_key(not_before=NOW), NOW - 60, Verdict.FAILED, "report_key_out_of_window"),
        (
            report_key(revoked=KeyRevocation(NOW - 90, "superseded")),
            NOW - 60,
            Verdict.FAILED,
            "report_key_superseded",
        ),
        (report_key(revoked=KeyRevocation(NOW - 30, "superseded")), NOW - 60, Verdict.PASSED, "report_valid"),
        (
            report_key(revoked=compromised("2026-01-01T00:00:00Z")),
            NOW - 60,
            Verdict.FAILED,
            "report_key_compromised",
        ),
        (
            report_key(revoked=compromised("2026-04-01T00:00:00Z")),
            NOW - 60,
            Verdict.INDETERMINATE,
            "report_key_compromised",
        ),
        (report_key(public_key=signer("other").public_key), NOW - 60, Verdict.FAILED, "report_proof_invalid"),
    ],
)
def test_the_key_at_the_reports_time(
    node: LineProgram, key: Any, created: int, verdict: Verdict, code: str
) -> None:
    found = judged(node, ReviewEvidence(review(created=created).data), listing(key))
    assert (found.verdict, found.reason) == (verdict, code)


def test_a_key_that_is_not_listed(node: LineProgram) -> None:
    """A newer list may have it, unless this one was in force after the report already."""
    bare = signed(standard_draft())
    found = judged(node, ReviewEvidence(GOOD.data), bare)
    assert (found.verdict, found.reason, found.review) == (
        Verdict.INDETERMINATE,
        "report_key_not_listed",
        None,
    )
    later = signed(replace(standard_draft(), version=2, valid_from=NOW))
    assert judged(node, ReviewEvidence(GOOD.data), later).verdict is Verdict.FAILED
    stranger = review(f"did:web:{HOST}#report-9", "thief")
    assert judged(node, ReviewEvidence(stranger.data)).verdict is Verdict.INDETERMINATE


def test_without_trust_in_force_nothing_passes(node: LineProgram) -> None:
    evidence = ReviewEvidence(GOOD.data, table=TABLE)
    assert judged(node, evidence, pinned=False).reason == "root_not_pinned"
    assert judged(node, evidence, moment=at("2027-02-01T00:00:00Z")).reason == "trust_list_stale"
    nothing = Trust.nothing(
        standard_pin(), TrustListError("trust_list_unsigned"), catalogue=installed_catalogue(HOST)
    )
    found = verify_review(evidence, nothing, at=NOW)
    assert (found.verdict, found.reason, found.review) == (Verdict.INDETERMINATE, "trust_list_unsigned", None)


def test_values_that_no_report_may_have_are_not_signed() -> None:
    with refused(FormError, "report_form"):
        sign_review(record(sitting=""), REPORT_SIGNER, host=HOST, key=KEY)
    with refused(FormError, "report_form"):
        sign_review(record(), REPORT_SIGNER, host=HOST, key=f"did:web:{HOST}#status-1")
    with refused(FormError, "report_form"):
        parse_review(b"[]")


def test_every_code_has_its_sentence(node: LineProgram) -> None:
    verdict = judged(node, ReviewEvidence(GOOD.data))
    assert [step.name for step in verdict.steps] == list(STEPS)
    told = {
        "report_valid",
        "report_form",
        "report_key_listed",
        "report_table_absent",
        *(step.code for step in verdict.steps),
    }
    assert told <= {*CODES, *SENTENCES}
