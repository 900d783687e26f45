"""Data Integrity proofs: one strict form, and no document but the signed one."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import RECORD_LIMITS, canonicalize, parse_canonical
from keys.encodings import multibase_decode, multibase_encode
from keys.errors import KeysError, ProofError
from keys.proofs import (
    MAX_PROOFS,
    add_proof,
    create_proof,
    hash_data,
    parse_proof,
    parse_proof_set,
    verify_proof,
)
from tests.builders import at, refused, signer

CONTEXT = ["https://www.w3.org/ns/credentials/v2", "https://jxjy.henan.example/ns/certificate/v1"]
METHOD = "did:web:jxjy.henan.example:a:410100#2026-1"
CREATED = at("2026-11-20T08:00:00Z")
DOCUMENT: dict[str, Any] = {
    "@context": CONTEXT,
    "id": "https://jxjy.henan.example/c/41010020261000012315",
    "credentialSubject": {"name": "张文博", "year": 2026, "note": "a\u0001b"},
}
SIGNED = add_proof(DOCUMENT, signer("410100"), verification_method=METHOD, created=CREATED)


def verifies(document: dict[str, Any]) -> bool:
    proofs = parse_proof_set(document)
    return all(verify_proof(document, proof, signer("410100").public_key) for proof in proofs)


def with_proof(**members: object) -> dict[str, Any]:
    return {**SIGNED, "proof": {**SIGNED["proof"], **members}}


def test_a_proof_verifies_and_says_what_it_says() -> None:
    proof = parse_proof(SIGNED, SIGNED["proof"])
    assert verifies(SIGNED)
    assert (proof.verification_method, proof.created) == (METHOD, CREATED)
    assert not verify_proof(SIGNED, proof, signer("418001").public_key)


def test_signing_is_deterministic_and_leaves_the_old_proof_out() -> None:
    again = add_proof(SIGNED, signer("410100"), verification_method=METHOD, created=CREATED)
    assert again == SIGNED


def test_the_context_is_repeated_in_the_proof_where_there_is_one() -> None:
    assert SIGNED["proof"]["@context"] == CONTEXT
    bare = add_proof({"a": 1}, signer("410100"), verification_method=METHOD, created=CREATED)
    assert "@context" not in bare["proof"]
    assert verifies(bare)


def test_a_proof_may_leave_the_context_out() -> None:
    options = {
        name: value for name, value in SIGNED["proof"].items() if name not in {"@context", "proofValue"}
    }
    value = multibase_encode(signer("410100").sign(hash_data(DOCUMENT, options)))
    assert verifies({**DOCUMENT, "proof": {**options, "proofValue": value}})


def test_no_bit_of_a_signed_document_may_change() -> None:
    data = canonicalize(SIGNED)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        assert not accepted(bytes(changed)), bytes(changed)
    assert accepted(data)


def accepted(data: bytes) -> bool:
    try:
        return verifies(parse_canonical(data, RECORD_LIMITS))
    except KeysError:
        return False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created", "2026-11-20T08:00:01Z"),
        ("verificationMethod", "did:web:jxjy.henan.example:a:410100#2026-2"),
        ("proofValue", SIGNED["proof"]["proofValue"][:-1] + "1"),
    ],
)
def test_every_member_of_the_proof_is_signed(name: str, value: str) -> None:
    assert not verifies(with_proof(**{name: value}))


def test_the_context_is_signed_on_both_sides() -> None:
    longer = [*CONTEXT, "https://evil.example/v1"]
    assert not verifies({**with_proof(**{"@context": longer}), "@context": longer})


def test_the_proof_of_another_document_does_not_verify() -> None:
    other = {**DOCUMENT, "id": "https://jxjy.henan.example/c/41010020261000022367"}
    assert not verifies({**other, "proof": SIGNED["proof"]})


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        (None, "proof_members"),
        ("z", "proof_members"),
        ([[]], "proof_members"),
        ({}, "proof_members"),
        ({"domain": "x"}, "proof_members"),
        ({"type": None}, "proof_suite"),
        ({"type": "Ed25519Signature2020"}, "proof_suite"),
        ({"type": ["DataIntegrityProof"]}, "proof_suite"),
        ({"cryptosuite": "eddsa-rdfc-2022"}, "proof_suite"),
        ({"proofPurpose": "authentication"}, "proof_suite"),
        ({"@context": CONTEXT[:1]}, "proof_context"),
        ({"@context": [*CONTEXT, "x"]}, "proof_context"),
        ({"@context": None}, "proof_context"),
        ({"verificationMethod": 1}, "proof_method"),
        ({"created": 1}, "proof_created"),
        ({"created": "2026-11-20"}, "proof_created"),
        ({"created": "2026-11-20T08:00:00+00:00"}, "proof_created"),
        ({"proofValue": 1}, "proof_value"),
        ({"proofValue": ""}, "proof_value"),
        ({"proofValue": "uAAAA"}, "proof_value"),
        ({"proofValue": multibase_encode(b"\1" * 63)}, "proof_value"),
        ({"proofValue": multibase_encode(b"\1" * 65)}, "proof_value"),
        ({"proofValue": SIGNED["proof"]["proofValue"] + "\n"}, "proof_value"),
    ],
)
def test_what_is_not_a_proof(proof: Any, code: str) -> None:
    value = {**SIGNED["proof"], **proof} if proof and isinstance(proof, dict) else proof
    with refused(ProofError, code):
        parse_proof_set({**SIGNED, "proof": value})


@pytest.mark.parametrize("name", sorted(set(SIGNED["proof"]) - {"@context"}))
def test_no_member_may_be_missing(name: str) -> None:
    proof = {key: value for key, value in SIGNED["proof"].items() if key != name}
    with refused(ProofError, "proof_members"):
        parse_proof(SIGNED, proof)


@pytest.mark.parametrize("context", [None, CONTEXT])
def test_a_proof_has_no_context_of_its_own(context: object) -> None:
    document = add_proof({"a": 1}, signer("410100"), verification_method=METHOD, created=CREATED)
    with refused(ProofError, "proof_context"):
        parse_proof(document, {**document["proof"], "@context": context})


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), ([1], [True]), ([{"a": 0}], [{"a": False}]), (None, ...)]
)
def test_a_context_of_another_type_is_another(one: object, other: object) -> None:
    """Which Python would not say of 1 and true."""
    document = {"a": 1} if other is ... else {"@context": other, "a": 1}
    proof = add_proof({"a": 1}, signer("410100"), verification_method=METHOD, created=CREATED)["proof"]
    with refused(ProofError, "proof_context"):
        parse_proof(document, {**proof, "@context": one})
    same = add_proof({"@context": one, "a": 1}, signer("410100"), verification_method=METHOD, created=CREATED)
    assert parse_proof(same, same["proof"]).options["@context"] == one


@pytest.mark.parametrize("count", [0, MAX_PROOFS + 1])
def test_a_set_has_bounds(count: int) -> None:
    with refused(ProofError, "proof_count"):
        parse_proof_set({**SIGNED, "proof": [SIGNED["proof"]] * count})


def test_a_document_without_proof_has_none() -> None:
    with refused(ProofError, "proof_members"):
        parse_proof_set(DOCUMENT)


def test_a_set_signs_the_document_each_on_its_own() -> None:
    names = [f"root-{number}" for number in range(MAX_PROOFS)]
    proofs = [
        create_proof(DOCUMENT, signer(name), verification_method=f"did:web:a.example#{name}", created=CREATED)
        for name in names
    ]
    document = {**DOCUMENT, "proof": list(reversed(proofs))}
    for name, proof in zip(reversed(names), parse_proof_set(document), strict=True):
        assert verify_proof(document, proof, signer(name).public_key)
        assert not verify_proof(document, proof, signer("another").public_key)


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(name=st.sampled_from(sorted(SIGNED["proof"])), value=values)
def test_any_value_of_any_member_is_refused_or_does_not_verify(name: str, value: object) -> None:
    document = deepcopy(SIGNED)
    document["proof"][name] = value
    try:
        assert verifies(document) == (document == SIGNED)
    except KeysError:
        assert document != SIGNED


@given(values)
def test_any_value_is_a_proof_or_refused(value: object) -> None:
    try:
        parse_proof_set({**DOCUMENT, "proof": value})
    except ProofError:
        return
    raise AssertionError(value)


@pytest.mark.parametrize("document", [{"a": float("nan")}, {"a": "\ud800"}, {"a": b""}])
def test_what_has_no_canonical_form_is_not_signed(document: dict[str, Any]) -> None:
    with pytest.raises(KeysError):
        add_proof(document, signer("410100"), verification_method=METHOD, created=CREATED)


def test_a_signature_is_64_bytes_in_base58() -> None:
    assert len(multibase_decode(SIGNED["proof"]["proofValue"])) == 64
