"""Status lists and their details: signed for one address, bounded, and silent where they cannot be used."""

import gzip
import json
import zlib
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import canonicalize
from keys.did import key_id, registry_did
from keys.encodings import base64url_decode, base64url_encode, timestamp_encode
from keys.proofs import add_proof
from keys.trustlist import KeyRevocation
from tests.builders import HOST, at, example_trust_list, refused, signed, signer, trust_draft
from tests.matrices import BITS
from verifier.errors import StatusError
from verifier.limits import MAX_STATUS_LIST_BYTES, STATUS_LIST_BITS
from verifier.number import number_of
from verifier.status import (
    DETAILS,
    PURPOSES,
    StatusChange,
    StatusDetails,
    StatusList,
    decode_list,
    encode_list,
    new_bits,
    sign_status_details,
    sign_status_list,
    status_path,
    status_url,
    verify_status_details,
    verify_status_list,
)

TRUST = example_trust_list()
NUMBER = number_of("410100", 2026, 1, 12)
REGISTRY = registry_did(HOST)
KEY = key_id(REGISTRY, "2026-1")
CREATED = at("2026-11-20T00:00:00Z")
REVOCATION, SUSPENSION = (status_url(HOST, NUMBER, purpose) for purpose in PURPOSES)
DETAILS_URL = status_url(HOST, NUMBER, DETAILS)
LIST = StatusList(REVOCATION, "revocation", new_bits({0, 12, 131071}), CREATED, CREATED + 86400, 1)
CHANGES = StatusDetails(
    DETAILS_URL,
    {
        12: StatusChange("revoked", at("2026-11-19T00:00:00Z"), "superseded", "41010020261000001354"),
        13: StatusChange("suspended", at("2026-11-19T00:00:00Z"), "inspection"),
    },
)


CONTEXT = f"https://{HOST}/ns/certificate/v1"


def list_bytes(status: StatusList = LIST, *, by: str = "status", key: str = KEY) -> bytes:
    return sign_status_list(status, issuer=REGISTRY, key_id=key, signer=signer(by), context=CONTEXT)


def at_time(moment: int, *, seconds: int = 86400) -> StatusList:
    return replace(LIST, valid_from=moment, valid_until=moment + seconds)


def details_bytes(details: StatusDetails = CHANGES) -> bytes:
    return sign_status_details(
        details,
        issuer=REGISTRY,
        key_id=KEY,
        signer=signer("status"),
        created=CREATED,
        valid_until=CREATED + 86400,
        context=CONTEXT,
    )


def resigned(data: bytes, **subject: object) -> bytes:
    """The document with members of its subject changed, signed again by the status key: form is of interest here."""
    document: dict[str, Any] = deepcopy(json.loads(data))
    for name, value in subject.items():
        if name in document:
            document[name] = value
        else:
            document["credentialSubject"][name] = value
    document = {name: value for name, value in document.items() if value != "left out"}
    return canonicalize(add_proof(document, signer("status"), verification_method=KEY, created=CREATED))


# Bits


@given(st.sets(st.integers(0, STATUS_LIST_BITS - 1), max_size=20))
def test_bits_come_back(indexes: set[int]) -> None:
    bits = decode_list(encode_list(new_bits(indexes)))
    status = replace(LIST, bits=bits)
    assert all(map(status.is_set, indexes))
    assert int.from_bytes(bits, "big").bit_count() == len(indexes)


def test_index_zero_is_the_most_significant_bit_of_the_first_byte() -> None:
    assert new_bits({0})[0] == 0x80
    assert new_bits({7})[0] == 0x01
    assert new_bits({STATUS_LIST_BITS - 1})[-1] == 0x01


def test_the_same_bits_give_the_same_text() -> None:
    assert encode_list(new_bits({5})) == encode_list(new_bits({5}))
    assert gzip.decompress(base64url_decode(encode_list(new_bits({5}))[1:])) == new_bits({5})


def packed(data: bytes) -> str:
    return "u" + base64url_encode(data)


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


ZEROS = bytes(16384)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "status_list_form"),
        ("u", "status_list_form"),
        (encode_list(ZEROS)[1:], "status_list_form"),
        ("z" + encode_list(ZEROS)[1:], "status_list_form"),
        (encode_list(ZEROS) + "=", "status_list_form"),
        (encode_list(ZEROS)[:-4], "status_list_form"),
        ("u" + "A" * 40, "status_list_form"),
        (packed(zlib.compress(ZEROS)), "status_list_form"),
        (packed(gzipped(ZEROS[:-1])), "status_list_form"),
        (packed(gzipped(b"")), "status_list_form"),
        (packed(gzipped(ZEROS)[:-1]), "status_list_form"),
        (packed(gzipped(ZEROS)[:-8] + bytes(8)), "status_list_form"),
        (packed(gzipped(ZEROS) + b"x"), "status_list_form"),
        (packed(gzipped(ZEROS) + gzipped(b"")), "status_list_form"),
        (packed(gzipped(ZEROS + b"\0")), "status_list_too_large"),
        (packed(gzipped(bytes(30_000_000))), "status_list_too_large"),
    ],
)
def test_what_is_not_a_list(text: str, code: str) -> None:
    with refused(StatusError, code):
        decode_list(text)


@given(st.text(max_size=40) | st.binary(max_size=40).map(packed))
def test_any_text_is_no_list(text: str) -> None:
    with pytest.raises(StatusError):
        decode_list(text)


# Signed lists


def test_paths() -> None:
    assert status_path(NUMBER, "revocation") == "status/410100/2026/1/revocation/0"
    assert f"https://{HOST}/status/410100/2026/1/suspension/0" == SUSPENSION


def test_a_list_comes_back() -> None:
    assert verify_status_list(list_bytes(), REVOCATION, TRUST) == LIST


@pytest.mark.repeated
def test_no_bit_of_a_list_may_change() -> None:
    data = list_bytes()
    for bit in range(0, 8 * len(data), BITS):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StatusError):
            verify_status_list(bytes(changed), REVOCATION, TRUST)


def test_a_list_for_another_address() -> None:
    with refused(StatusError, "status_list_other"):
        verify_status_list(list_bytes(), SUSPENSION, TRUST)


@pytest.mark.parametrize("purpose", ["suspension", "status", "2026", "1", "", "0"])
def test_a_list_whose_purpose_is_not_that_of_its_address(purpose: str) -> None:
    with refused(StatusError, "status_list_form"):
        verify_status_list(list_bytes(replace(LIST, purpose=purpose)), REVOCATION, TRUST)


def test_details_are_no_list_and_a_list_no_details() -> None:
    with refused(StatusError, "status_list_other"):
        verify_status_list(details_bytes(), DETAILS_URL, TRUST)
    with refused(StatusError, "status_list_other"):
        verify_status_details(list_bytes(), REVOCATION, TRUST)


@pytest.mark.parametrize(
    "key",
    [key_id(REGISTRY, "root-1"), key_id(REGISTRY, "2025-1"), "did:web:jxjy.henan.example:a:410100#2026-1"],
)
def test_a_key_that_is_no_status_key(key: str) -> None:
    with refused(StatusError, "status_list_key"):
        verify_status_list(list_bytes(key=key), REVOCATION, TRUST)


def test_a_stranger_who_names_the_status_key() -> None:
    with refused(StatusError, "status_list_signature"):
        verify_status_list(list_bytes(by="stranger"), REVOCATION, TRUST)


@pytest.mark.parametrize(
    ("created", "good"),
    [
        ("2025-12-31T15:59:59Z", False),
        ("2025-12-31T16:00:00Z", True),
        ("2026-12-31T15:59:59Z", True),
        ("2026-12-31T16:00:00Z", False),
    ],
)
def test_the_keys_window_is_inclusive(created: str, good: bool) -> None:
    data = list_bytes(at_time(at(created)))
    if good:
        assert verify_status_list(data, REVOCATION, TRUST) == at_time(at(created))
    else:
        with refused(StatusError, "status_list_key"):
            verify_status_list(data, REVOCATION, TRUST)


@pytest.mark.parametrize(
    ("revocation", "good"),
    [
        (KeyRevocation(CREATED + 1, "superseded"), True),
        (KeyRevocation(CREATED, "superseded"), False),
        (KeyRevocation(CREATED + 10, "compromised", CREATED + 1), False),
        (KeyRevocation(CREATED + 10, "compromised", CREATED), False),
    ],
)
def test_a_revoked_status_key(revocation: KeyRevocation, good: bool) -> None:
    draft = trust_draft()
    trust = signed(replace(draft, status_keys=(replace(draft.status_keys[0], revoked=revocation),)))
    if good:
        assert verify_status_list(list_bytes(), REVOCATION, trust) == LIST
    else:
        with refused(StatusError, "status_list_key"):
            verify_status_list(list_bytes(), REVOCATION, trust)


@pytest.mark.parametrize(("seconds", "good"), [(7 * 86400, True), (7 * 86400 + 1, False)])
def test_a_list_lasts_a_week_at_most(seconds: int, good: bool) -> None:
    status = at_time(CREATED, seconds=seconds)
    if good:
        assert verify_status_list(list_bytes(status), REVOCATION, TRUST) == status
    else:
        with refused(StatusError, "status_list_validity"):
            verify_status_list(list_bytes(status), REVOCATION, TRUST)


def test_a_list_begins_when_it_is_signed() -> None:
    for moved in (CREATED - 1, CREATED + 1):
        data = resigned(list_bytes(), validFrom=timestamp_encode(moved))
        with refused(StatusError, "status_list_validity"):
            verify_status_list(data, REVOCATION, TRUST)


def test_a_list_over_the_bound() -> None:
    with refused(StatusError, "status_list_too_large"):
        verify_status_list(b" " * (MAX_STATUS_LIST_BYTES + 1), REVOCATION, TRUST)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"proof":[]}', b"\xff"])
def test_what_is_not_signed(data: bytes) -> None:
    for verify in (verify_status_list, verify_status_details):
        with refused(StatusError, "status_list_form"):
            verify(data, REVOCATION, TRUST)


@pytest.mark.parametrize(
    "subject",
    [
        {"credentialSubject": {"statusPurpose": "revocation", "encodedList": encode_list(LIST.bits)}},
        {"statusPurpose": ["revocation"]},
        {"encodedList": 1},
        {"encodedList": "uAAAA"},
        {"credentialSubject": []},
        {"credentialSubject": "x"},
        {"credentialSubject": {}},
        {"validFrom": 1},
        {"validUntil": "tomorrow"},
        {"validUntil": "left out"},
        {"trustListVersion": "left out"},
        {"trustListVersion": 0},
        {"trustListVersion": "1"},
        {"trustListVersion": True},
    ],
)
def test_what_is_signed_and_yet_no_list(subject: dict[str, object]) -> None:
    with refused(StatusError, "status_list_form"):
        verify_status_list(resigned(list_bytes(), **subject), REVOCATION, TRUST)


# Signed details


def test_details_come_back() -> None:
    assert verify_status_details(details_bytes(), DETAILS_URL, TRUST) == CHANGES
    assert (
        verify_status_details(details_bytes(replace(CHANGES, changes={})), DETAILS_URL, TRUST).changes == {}
    )


CHANGE = {"status": "revoked", "since": "2026-11-19T00:00:00Z", "reason": "superseded"}


@pytest.mark.parametrize(
    "entries",
    [
        [],
        "x",
        {"012": CHANGE},
        {" 12": CHANGE},
        {"1_2": CHANGE},
        {"-1": CHANGE},
        {"131072": CHANGE},
        {"1234567": CHANGE},
        {"12": []},
        {"12": "revoked"},
        {"12": {}},
        {"12": {**CHANGE, "since": 1}},
        {"12": {**CHANGE, "since": "2026-11-19"}},
        {"12": {**CHANGE, "reason": 1}},
        {"12": {**CHANGE, "reason": ""}},
        {"12": {**CHANGE, "reason": "<b>"}},
        {"12": {**CHANGE, "reason": "a b"}},
        {"12": {**CHANGE, "reason": "a" * 33}},
        {"12": {**CHANGE, "status": "expired"}},
        {"12": {**CHANGE, "status": 1}},
        {"12": {**CHANGE, "successor": ""}},
        {"12": {**CHANGE, "successor": 1}},
        {"12": {**CHANGE, "successor": "41010020261000001300"}},
    ],
)
def test_what_is_signed_and_yet_no_details(entries: object) -> None:
    with refused(StatusError, "status_details_form"):
        verify_status_details(resigned(details_bytes(), entries=entries), DETAILS_URL, TRUST)


def test_the_last_index_has_details() -> None:
    data = resigned(details_bytes(), entries={"131071": CHANGE})
    assert list(verify_status_details(data, DETAILS_URL, TRUST).changes) == [131071]
