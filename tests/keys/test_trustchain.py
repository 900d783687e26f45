"""From a pinned root to today's list: who must have signed, and what may follow what."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import canonicalize
from keys.errors import TrustListError
from keys.proofs import create_proof
from keys.trustbuild import document_of, seal_trust_list
from keys.trustchain import MAX_CHAIN, RootPin, parse_pin, pin_of, verify_chain
from keys.trustlist import Root, TrustList
from tests.builders import (
    HOST,
    ISSUED_AT,
    at,
    example_trust_list,
    refused,
    root,
    root_key_id,
    root_signers,
    signed,
    signer,
    trust_draft,
)
from tests.matrices import BITS

FIRST = example_trust_list()
PIN = pin_of(FIRST)
NEW_NAMES = ("root-4", "root-5")
NEW_ROOT = root(NEW_NAMES)


def listed(version: int, *names: str, trusted_root: Root | None = None) -> TrustList:
    """A version of the list signed by the named root keys."""
    return signed(trust_draft(version=version, trusted_root=trusted_root), root_signers(names))


def chain(*lists: TrustList) -> list[bytes]:
    return [trust.data for trust in lists]


def test_a_threshold_of_the_pinned_root_is_enough() -> None:
    assert verify_chain(chain(FIRST), PIN) == FIRST
    assert verify_chain(chain(listed(1, "root-3", "root-1")), PIN).version == 1


def test_one_signature_below_the_threshold_is_not() -> None:
    with refused(TrustListError, "trust_list_threshold"):
        verify_chain(chain(listed(1, "root-1")), PIN)


def test_signatures_of_strangers_count_nothing() -> None:
    with refused(TrustListError, "trust_list_unsigned"):
        verify_chain(chain(listed(1, "root-4", "root-5")), PIN)
    with refused(TrustListError, "trust_list_threshold"):
        verify_chain(chain(listed(1, "root-1", "root-4", "root-5")), PIN)


def proof_by(draft: TrustList, name: str, *, named: str, created: str = ISSUED_AT) -> dict[str, object]:
    """A proof by ``signer(name)`` that claims to be of the key ``named``."""
    document = document_of(draft)
    return create_proof(document, signer(name), verification_method=root_key_id(named), created=at(created))


def test_one_key_that_signs_twice_counts_once() -> None:
    draft = trust_draft()
    once = proof_by(draft, "root-1", named="root-1")
    later = proof_by(draft, "root-1", named="root-1", created="2026-01-02T00:00:00Z")
    under_another_name = proof_by(draft, "root-1", named="root-2")
    trust = seal_trust_list(document_of(draft), [once, once, later, under_another_name])
    with refused(TrustListError, "trust_list_threshold"):
        verify_chain(chain(trust), PIN)


def test_a_worthless_proof_beside_enough_good_ones_does_no_harm() -> None:
    draft = trust_draft()
    proofs = [proof_by(draft, name, named=name) for name in ("root-1", "root-2")]
    forged = proof_by(draft, "stranger", named="root-3")
    assert verify_chain(chain(seal_trust_list(document_of(draft), [forged, *proofs])), PIN) == FIRST


def test_the_proofs_of_another_list_do_not_sign_this_one() -> None:
    with refused(TrustListError, "trust_list_unsigned"):
        verify_chain([canonicalize({**FIRST.document, "version": 2})], PIN)


@pytest.mark.parametrize("proof", [None, [], {}, "z", [1]])
def test_an_unsigned_list_is_refused(proof: object) -> None:
    document = document_of(FIRST) if proof is None else {**FIRST.document, "proof": proof}
    with refused(TrustListError, "trust_list_unsigned"):
        verify_chain([canonicalize(document)], PIN)


@pytest.mark.repeated
def test_no_bit_of_a_list_may_change() -> None:
    data = FIRST.data
    for bit in range(0, 8 * len(data), 23 * BITS):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TrustListError):
            verify_chain([bytes(altered)], replace(PIN, root=replace(PIN.root, threshold=3)))


def test_a_root_rotates_when_the_old_and_the_new_sign() -> None:
    both = listed(2, "root-1", "root-2", *NEW_NAMES, trusted_root=NEW_ROOT)
    after = listed(3, *NEW_NAMES, trusted_root=NEW_ROOT)
    assert verify_chain(chain(FIRST, both, after), PIN) == after
    assert verify_chain(chain(both, after), PIN) == after


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("root-1", "root-2", "root-3"), "trust_list_unsigned"),  # the old alone
        (NEW_NAMES, "trust_list_unsigned"),  # the new alone
        (("root-1", *NEW_NAMES), "trust_list_threshold"),
        (("root-1", "root-2", "root-4"), "trust_list_threshold"),
    ],
)
def test_a_root_does_not_rotate_otherwise(names: tuple[str, ...], code: str) -> None:
    with refused(TrustListError, code):
        verify_chain(chain(FIRST, listed(2, *names, trusted_root=NEW_ROOT)), PIN)


def test_an_old_root_signs_nothing_after_the_rotation() -> None:
    both = listed(2, "root-1", "root-2", *NEW_NAMES, trusted_root=NEW_ROOT)
    with refused(TrustListError, "trust_list_unsigned"):
        verify_chain(chain(FIRST, both, listed(3, "root-1", "root-2")), PIN)


def test_a_rotation_may_not_be_left_out() -> None:
    with refused(TrustListError, "trust_list_unsigned"):
        verify_chain(chain(FIRST, listed(3, *NEW_NAMES, trusted_root=NEW_ROOT)), PIN)


def test_a_key_that_stays_counts_for_both_roots() -> None:
    overlapping = root(("root-2", "root-3", "root-4"))
    trust = listed(2, "root-2", "root-3", trusted_root=overlapping)
    assert verify_chain(chain(FIRST, trust), PIN).root == overlapping


def test_a_lowered_threshold_needs_the_old_one_once_more() -> None:
    lower = root(threshold=1)
    with refused(TrustListError, "trust_list_threshold"):
        verify_chain(chain(FIRST, listed(2, "root-1", trusted_root=lower)), PIN)
    agreed = listed(2, "root-1", "root-2", trusted_root=lower)
    assert verify_chain(chain(FIRST, agreed, listed(3, "root-3", trusted_root=lower)), PIN).version == 3


def test_versions_rise_and_may_leave_gaps() -> None:
    assert verify_chain(chain(FIRST, listed(7, "root-1", "root-2")), PIN).version == 7


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_that_does_not_rise_is_refused(version: int) -> None:
    second = listed(2, "root-1", "root-2")
    with refused(TrustListError, "trust_list_version"):
        verify_chain(chain(FIRST, second, listed(version, "root-1", "root-2")), PIN)


def test_a_list_older_than_one_already_seen_is_refused() -> None:
    second = listed(2, "root-1", "root-2")
    assert verify_chain(chain(FIRST, second), PIN, seen_version=2) == second
    with refused(TrustListError, "trust_list_rollback"):
        verify_chain(chain(FIRST), PIN, seen_version=2)


def test_another_registrys_list_is_refused() -> None:
    with refused(TrustListError, "trust_list_registry"):
        verify_chain(chain(FIRST), replace(PIN, registry="other.example"))


@pytest.mark.parametrize("count", [0, MAX_CHAIN + 1])
def test_a_chain_has_bounds(count: int) -> None:
    with refused(TrustListError, "trust_list_count"):
        verify_chain(chain(FIRST) * count, PIN)


def test_a_pin_comes_back_and_has_one_fingerprint() -> None:
    pin = parse_pin(PIN.to_bytes())
    assert pin == PIN
    assert pin.fingerprint == PIN.fingerprint
    assert pin_of(listed(2, *NEW_NAMES, trusted_root=NEW_ROOT)).fingerprint != PIN.fingerprint


KEY = {"id": root_key_id("root-1"), "publicKeyMultibase": signer("root-1").public_key.multikey}


@pytest.mark.parametrize(
    "document",
    [
        [],
        1,
        "pin",
        {},
        {"registry": HOST, "threshold": 1},
        {"registry": HOST, "keys": [KEY]},
        {"threshold": 1, "keys": [KEY]},
        {"registry": 1, "threshold": 1, "keys": [KEY]},
        {"registry": [], "threshold": 1, "keys": [KEY]},
        {"registry": "Example", "threshold": 1, "keys": [KEY]},
        {"registry": "other.example", "threshold": 1, "keys": [KEY]},
        {"registry": HOST, "threshold": 0, "keys": [KEY]},
        {"registry": HOST, "threshold": 2, "keys": [KEY]},
        {"registry": HOST, "threshold": True, "keys": [KEY]},
        {"registry": HOST, "threshold": "1", "keys": [KEY]},
        {"registry": HOST, "threshold": 1, "keys": []},
        {"registry": HOST, "threshold": 1, "keys": {}},
        {"registry": HOST, "threshold": 1, "keys": "abc"},
        {"registry": HOST, "threshold": 1, "keys": [1]},
        {"registry": HOST, "threshold": 1, "keys": [{"id": KEY["id"]}]},
        {"registry": HOST, "threshold": 1, "keys": [{**KEY, "id": []}]},
        {"registry": HOST, "threshold": 1, "keys": [{**KEY, "id": "root-1"}]},
        {"registry": HOST, "threshold": 1, "keys": [{**KEY, "publicKeyMultibase": 1}]},
        {"registry": HOST, "threshold": 1, "keys": [{**KEY, "publicKeyMultibase": "z6Mk"}]},
        {"registry": HOST, "threshold": 1, "keys": [KEY, KEY]},
        {"registry": HOST, "threshold": 1, "keys": [KEY, {**KEY, "id": root_key_id("root-2")}]},
        {
            "registry": HOST,
            "threshold": 1,
            "keys": [KEY, {**KEY, "publicKeyMultibase": signer("x").public_key.multikey}],
        },
    ],
)
def test_what_is_not_a_pin(document: object) -> None:
    with refused(TrustListError, "pin_form"):
        parse_pin(canonicalize(document))


@given(st.binary(max_size=60))
def test_any_bytes_are_no_pin(data: bytes) -> None:
    with refused(TrustListError, "pin_form"):
        parse_pin(data)


def test_a_pin_file_may_be_laid_out_by_hand() -> None:
    data = PIN.to_bytes().replace(b",", b" ,\n ")
    assert parse_pin(data) == RootPin(HOST, PIN.root)
