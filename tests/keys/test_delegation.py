"""An authority's request: everything it asks for, signed by the very key that it offers."""

from collections.abc import Callable
from typing import Any

import pytest

from keys.canonical import JsonObject, canonicalize, parse_restricted
from keys.ceremony import SMALL_LIMITS
from keys.delegation import make_request, parse_request
from keys.did import authority_did
from keys.errors import CeremonyError
from keys.trustlist import Scope
from tests.builders import HOST, ISSUED_AT, at, refused, signer

SCOPE = Scope(frozenset({"410300"}), frozenset(), frozenset({1, 2}), frozenset({2027, 2026}))
Edit = Callable[[JsonObject], object]


def request(**changes: Any) -> bytes:
    asked: dict[str, Any] = {
        "registry": HOST,
        "code": "410300",
        "kind": "municipal",
        "names": {"zh": "洛阳市人力资源和社会保障局"},
        "uscc": "114103000053830041",
        "scope": SCOPE,
        "year": 2027,
        "sequence": 1,
        "created": at(ISSUED_AT),
        "nonce": "0123456789abcdef" * 2,
    }
    return make_request(signer("bureau"), **{**asked, **changes})


def test_it_says_what_is_asked() -> None:
    asked = parse_request(request())
    assert (asked.registry, asked.year, asked.created) == (HOST, 2027, at(ISSUED_AT))
    assert (asked.authority.code, asked.authority.scope) == ("410300", SCOPE)
    assert asked.key.id == f"{authority_did(HOST, '410300')}#2027-1"
    assert asked.key.public_key == signer("bureau").public_key
    assert parse_request(request(nonce="f" * 32)).digest != asked.digest
    industry = Scope(frozenset(), frozenset({"health"}), frozenset({1}), frozenset({2027}))
    assert parse_request(request(scope=industry)).authority.scope == industry


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nonce": "0" * 31}, "request_form"),
        ({"nonce": "G" * 32}, "request_form"),
        ({"kind": "national"}, "request_form"),
        ({"names": {"en": "Luoyang"}}, "request_form"),
        ({"year": 2028}, "request_key_year"),
        ({"sequence": 0}, "request_key_year"),
        ({"sequence": 100}, "request_key_year"),
    ],
)
def test_what_cannot_be_asked(changes: dict[str, Any], code: str) -> None:
    with refused(CeremonyError, code):
        parse_request(request(**changes))


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda one: one.update(uscc="x"), "request_possession"),
        (lambda one: one["scope"].update(years=[2026, 2027, 2028]), "request_possession"),
        (
            lambda one: one["key"].update(publicKeyMultibase=signer("x").public_key.multikey),
            "request_possession",
        ),
        (lambda one: one["key"].update(id=f"{authority_did(HOST, '410300')}#2027-2"), "request_possession"),
        (lambda one: one["key"].update(id=f"{authority_did(HOST, '410100')}#2027-1"), "request_form"),
        (lambda one: one.update(year="2027"), "request_form"),
        (lambda one: one.update(registry=1), "request_form"),
        (lambda one: one.update(names="x"), "request_form"),
        (lambda one: one.update(more=1), "request_form"),
        (lambda one: one["scope"].update(more=1), "request_form"),
        (lambda one: one.pop("nonce"), "request_form"),
        (lambda one: one.update(format="certreg-root-key/1"), "request_form"),
    ],
)
def test_a_request_that_was_altered(edit: Edit, code: str) -> None:
    value = parse_restricted(request(), SMALL_LIMITS)
    edit(value)
    with refused(CeremonyError, code):
        parse_request(canonicalize(value))
