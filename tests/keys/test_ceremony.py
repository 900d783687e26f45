"""What travels between the machines of a ceremony: strict, proven, and never more than it says."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from keys.canonical import JsonObject, canonicalize, parse_restricted
from keys.ceremony import (
    SMALL_LIMITS,
    Proposal,
    RootProof,
    combine,
    default_fragment,
    digest_of,
    fingerprint_of,
    make_offer,
    parse_offer,
    parse_proposal,
    parse_root_proof,
    proposal_bytes,
    require_follows,
    sign_proposal,
    tallies,
)
from keys.did import check_host
from keys.errors import CeremonyError
from keys.trustbuild import document_of
from keys.trustchain import pin_of, verify_chain
from keys.trustlist import Root, TrustList
from tests.builders import (
    HOST,
    ISSUED_AT,
    at,
    example_trust_list,
    refused,
    root,
    root_key_id,
    signer,
    trust_draft,
)

CURRENT = example_trust_list()
NEW_ROOT = root(("root-2", "root-3", "root-4"))
Edit = Callable[[JsonObject], object]


def proposal(
    *, trusted_root: Root | None = None, version: int = 2, current: TrustList | None = CURRENT
) -> Proposal:
    return parse_proposal(
        proposal_bytes(document_of(trust_draft(version=version, trusted_root=trusted_root)), current)
    )


def proof(of: Proposal, name: str, trusted: TrustList | None = CURRENT) -> RootProof:
    return parse_root_proof(sign_proposal(of, signer(name), trusted=trusted, created=at(ISSUED_AT)))


def edited(data: bytes, edit: Edit) -> bytes:
    value = parse_restricted(data, SMALL_LIMITS)
    edit(value)
    return canonicalize(value)


def offer(name: str = "root-9") -> bytes:
    return make_offer(signer(name), registry=HOST, fragment=name, created=at(ISSUED_AT))


def test_an_offer_proves_possession() -> None:
    read = parse_offer(offer())
    assert (read.registry, read.key.id, read.created) == (HOST, root_key_id("root-9"), at(ISSUED_AT))
    assert read.key.public_key == signer("root-9").public_key
    assert (
        fingerprint_of(read.key.public_key)
        .replace(" ", "")
        .startswith(default_fragment(read.key.public_key).removeprefix("root-"))
    )


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (
            lambda one: one["key"].update(publicKeyMultibase=signer("x").public_key.multikey),
            "root_key_possession",
        ),
        (lambda one: one["key"].update(id=root_key_id("root-8")), "root_key_possession"),
        (lambda one: one.update(created="2026-01-02T00:00:00Z"), "root_key_possession"),
        (lambda one: one.update(registry="other.example"), "root_key_form"),
        (lambda one: one.update(registry=7), "root_key_form"),
        (lambda one: one.update(more=1), "root_key_form"),
        (lambda one: one.update(format="certreg-root-proof/1"), "root_key_form"),
        (lambda one: one.update(key="x"), "root_key_form"),
        (lambda one: one["key"].update(id=7), "root_key_form"),
        (lambda one: one["key"].update(id=root_key_id("root-9") + "#"), "root_key_form"),
        (lambda one: one.pop("proof"), "root_key_form"),
        (lambda one: one.update(proof=[]), "root_key_form"),
    ],
)
def test_an_offer_that_proves_nothing(edit: Edit, code: str) -> None:
    with refused(CeremonyError, code):
        parse_offer(edited(offer(), edit))
    with refused(CeremonyError, "root_key_form"):
        parse_offer(b"[]")


def test_a_proposal_is_a_list_without_proof_and_what_it_was_made_from() -> None:
    one = proposal()
    assert (one.base_version, one.base_digest) == (1, digest_of(CURRENT.document))
    assert one.draft == trust_draft(version=2)
    assert one.code == one.digest[:8]
    first = proposal(version=1, current=None)
    assert (first.base_version, first.base_digest) == (0, "")


@pytest.mark.parametrize(
    "edit",
    [
        lambda one: one.update(description="adds nothing"),
        lambda one: one.update(format="x"),
        lambda one: one["base"].update(version="1"),
        lambda one: one["base"].update(digest=1),
        lambda one: one["base"].pop("digest"),
        lambda one: one["document"].update(proof=[]),
        lambda one: one["document"].pop("log"),
        lambda one: one.update(document=[]),
        lambda one: one.update(document=7),
    ],
)
def test_a_proposal_out_of_form(edit: Edit) -> None:
    with refused(CeremonyError, "proposal_form"):
        parse_proposal(edited(proposal_bytes(document_of(trust_draft(version=2)), CURRENT), edit))


def test_what_a_signer_may_be_asked_to_sign() -> None:
    require_follows(proposal(), CURRENT)
    require_follows(proposal(version=1, current=None), None)
    require_follows(
        proposal(version=9, current=replace(CURRENT, version=8)), CURRENT
    )  # those between were missed
    for asked, trusted, code in (
        (proposal(), None, "trusted_list_missing"),
        (proposal(version=1), CURRENT, "proposal_not_newer"),
        (proposal(), replace(CURRENT, registry=check_host("other.example")), "proposal_registry"),
        (replace(proposal(), base_digest="0" * 64), CURRENT, "proposal_other_base"),
    ):
        with refused(CeremonyError, code):
            require_follows(asked, trusted)


def test_a_threshold_makes_a_list_that_verifiers_follow() -> None:
    asked = proposal()
    signed = combine(asked, [proof(asked, "root-1"), proof(asked, "root-3")], CURRENT)
    assert verify_chain([CURRENT.data, signed.data], pin_of(CURRENT)) == signed
    first = proposal(version=1, current=None)
    signed = combine(first, [proof(first, name, None) for name in ("root-1", "root-2")], None)
    assert verify_chain([signed.data], pin_of(CURRENT)) == signed


@pytest.mark.parametrize(
    ("names", "counts"),
    [
        ((), (0, 0)),
        (("root-1",), (1, 0)),
        (("root-1", "root-4"), (1, 1)),
        (("root-1", "root-2"), (2, 1)),
        (("root-4", "root-3"), (1, 2)),
        (("root-2", "root-3"), (2, 2)),
        (("root-1", "root-2", "root-4"), (2, 2)),
    ],
)
def test_a_rotation_needs_the_old_and_the_new(names: tuple[str, ...], counts: tuple[int, int]) -> None:
    asked = proposal(trusted_root=NEW_ROOT)
    proofs = [proof(asked, name) for name in names]
    old, new = tallies(asked, proofs, CURRENT)
    assert (len(old.signed), len(new.signed)) == counts
    if counts == (2, 2):
        signed = combine(asked, proofs, CURRENT)
        assert verify_chain([CURRENT.data, signed.data], pin_of(CURRENT)) == signed
    else:
        with refused(CeremonyError, "root_proofs_too_few"):
            combine(asked, proofs, CURRENT)


def test_the_same_key_twice_is_one() -> None:
    asked = proposal()
    with refused(CeremonyError, "root_proofs_too_few"):
        combine(asked, [proof(asked, "root-1")] * 2, CURRENT)


def test_what_counts_for_nothing_is_refused_and_not_passed_over() -> None:
    asked, other = proposal(), proposal(version=3, current=replace(CURRENT, version=2))
    good = proof(asked, "root-1")
    forged: dict[str, Any] = {**good.proof, "verificationMethod": root_key_id("root-2")}
    for handed, code in (
        (proof(other, "root-1"), "root_proof_other"),
        (RootProof(asked.digest, proof(other, "root-1").proof), "root_proof_invalid"),
        (RootProof(asked.digest, forged), "root_proof_invalid"),
        (RootProof(asked.digest, {}), "root_proof_invalid"),
    ):
        with refused(CeremonyError, code):
            tallies(asked, [good, handed], CURRENT)
    with refused(CeremonyError, "root_key_not_listed"):
        proof(asked, "stranger")


@pytest.mark.parametrize(
    "edit",
    [lambda one: one.update(digest=1), lambda one: one.update(proof=[]), lambda one: one.pop("format")],
)
def test_a_proof_out_of_form(edit: Edit) -> None:
    data = sign_proposal(proposal(), signer("root-1"), trusted=None, created=at(ISSUED_AT))
    assert len(data) < 800  # it fits a QR code
    with refused(CeremonyError, "root_proof_form"):
        parse_root_proof(edited(data, edit))


def test_a_document_is_proposed_as_it_stands() -> None:
    document = {**document_of(trust_draft(version=2)), "usage": "later"}
    assert parse_proposal(proposal_bytes(document, CURRENT)).draft.not_understood == ("usage",)
