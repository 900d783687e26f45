"""The trust list's form: what is written is read back, and what is not of that form is refused."""

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import canonicalize
from keys.did import authority_did, key_id, registry_did
from keys.errors import JsonError, TrustListError
from keys.trustbuild import (
    document_of,
    next_version,
    seal_trust_list,
    with_authority,
    with_key,
    with_state,
)
from keys.trustlist import Authority, StateChange, TrustList, parse_trust_list
from tests.builders import (
    HOST,
    INDUSTRY,
    MUNICIPAL,
    at,
    example_trust_list,
    municipal_authority,
    refused,
    signed,
    signer,
    trust_draft,
    year_key,
)

EXAMPLE = example_trust_list()
LOW_ORDER_KEY = "z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP"
Path = tuple[str | int, ...]
REMOVED = object()


def changed(path: Path, value: object) -> bytes:
    """The example with the member at ``path`` put to ``value``, or taken out; the form alone is of interest here."""
    document = deepcopy(EXAMPLE.document)
    target: Any = document
    for step in path[:-1]:
        target = target[step]
    if value is REMOVED:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return canonicalize(document)


def members(value: object, path: Path = ()) -> Iterator[Path]:
    """The path of every member and item under ``value``."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in steps:
        yield (*path, step)
        yield from members(child, (*path, step))


FORM = [path for path in members(EXAMPLE.document) if path[0] != "proof"]
OPTIONAL = {"revoked", "compromisedFrom", "en", "senior", "intermediate", "junior"}


def test_a_list_comes_back_as_it_was_written() -> None:
    assert trust_draft() == EXAMPLE
    assert parse_trust_list(EXAMPLE.data) == EXAMPLE
    assert canonicalize(EXAMPLE.document) == EXAMPLE.data
    assert EXAMPLE.not_understood == ()


@pytest.mark.parametrize("path", FORM, ids=lambda path: ".".join(map(str, path)))
def test_no_member_of_another_type(path: Path) -> None:
    with pytest.raises(TrustListError):
        parse_trust_list(changed(path, True))


@pytest.mark.parametrize(
    "path",
    [path for path in FORM if isinstance(path[-1], str) and path[-1] not in OPTIONAL],
    ids=lambda path: ".".join(map(str, path)),
)
def test_no_member_missing(path: Path) -> None:
    with refused(TrustListError, "trust_list_form"):
        parse_trust_list(changed(path, REMOVED))


AUTHORITY: Path = ("authorities", 0)
KEY: Path = (*AUTHORITY, "keys", 0)
STATUS_KEY = EXAMPLE.document["statusKeys"][0]
OTHER_KEY = signer("x").public_key.multikey


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("root", "threshold"), 3),  # all of them
        (("witnesses", "quorum"), 2),
        (("witnesses", "quorum"), 0),
        (("ruleSets", 0, "grades", "senior", "public"), 0),
    ],
)
def test_what_a_list_may_just_demand(path: Path, value: int) -> None:
    assert parse_trust_list(changed(path, value)) != EXAMPLE


def test_an_authority_of_another_registry_is_none_of_ours() -> None:
    assert EXAMPLE.authority_of(authority_did(HOST, MUNICIPAL)) == EXAMPLE.authorities[MUNICIPAL]
    assert EXAMPLE.authority_of(authority_did("other.example", MUNICIPAL)) is None


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("specVersion",), "2", "trust_list_spec_version"),
        (("critical",), ["scopeByPrefix"], "trust_list_critical"),
        (("critical",), "root", "trust_list_form"),
        (("critical",), ["root", "root"], "trust_list_duplicate"),
        (("registry",), "Example", "trust_list_form"),
        (("registry",), "other.example", "trust_list_form"),
        (("version",), 0, "trust_list_form"),
        (("validFrom",), "2026-01-01", "trust_list_form"),
        (("validUntil",), "2026-02-30T00:00:00Z", "trust_list_form"),
        (("root", "threshold"), 0, "trust_list_form"),
        (("root", "threshold"), 4, "trust_list_form"),
        (("root", "keys"), [], "trust_list_form"),
        (("root", "keys", 0, "id"), "did:web:other.example#root-1", "trust_list_form"),
        (("root", "keys", 0, "id"), f"did:web:{HOST}", "trust_list_form"),
        (("root", "keys", 0, "publicKeyMultibase"), LOW_ORDER_KEY, "trust_list_form"),
        (("root", "keys", 1), EXAMPLE.document["root"]["keys"][0], "trust_list_duplicate"),
        (("root", "keys", 1, "id"), f"did:web:{HOST}#root-1", "trust_list_duplicate"),
        (
            ("root", "keys", 1, "publicKeyMultibase"),
            EXAMPLE.document["root"]["keys"][0]["publicKeyMultibase"],
            "trust_list_duplicate",
        ),
        (("witnesses", "quorum"), 3, "trust_list_form"),
        (("witnesses", "quorum"), -1, "trust_list_form"),
        (("witnesses", "vkeys", 1), EXAMPLE.witness_vkeys[0], "trust_list_duplicate"),
        (("authorities", 1), EXAMPLE.document["authorities"][0], "trust_list_duplicate"),
        ((*AUTHORITY, "code"), "41010", "trust_list_form"),
        ((*AUTHORITY, "code"), "410200", "trust_list_form"),
        ((*AUTHORITY, "id"), authority_did(HOST, INDUSTRY), "trust_list_form"),
        ((*AUTHORITY, "kind"), "national", "trust_list_form"),
        ((*AUTHORITY, "names"), {"en": "Zhengzhou"}, "trust_list_form"),
        ((*AUTHORITY, "states"), [], "trust_list_form"),
        ((*AUTHORITY, "states", 0, "state"), "paused", "trust_list_form"),
        ((*AUTHORITY, "states", 0, "from"), "2026-05-01T00:00:01Z", "trust_list_form"),
        ((*AUTHORITY, "scope", "prefix"), "4101", "trust_list_scope"),
        ((*AUTHORITY, "scope", "industries"), [], "trust_list_form"),
        ((*AUTHORITY, "scope"), {"kinds": [1], "years": [2026]}, "trust_list_form"),
        ((*AUTHORITY, "scope", "divisions"), ["410100", "410100"], "trust_list_duplicate"),
        ((*AUTHORITY, "scope", "years"), ["2026"], "trust_list_form"),
        ((*KEY, "id"), EXAMPLE.document["authorities"][1]["keys"][0]["id"], "trust_list_form"),
        ((*KEY, "id"), EXAMPLE.document["authorities"][0]["keys"][1]["id"], "trust_list_duplicate"),
        ((*KEY, "publicKeyMultibase"), LOW_ORDER_KEY, "trust_list_form"),
        ((*KEY, "publicKeyMultibase"), signer("x").public_key.multikey + "1", "trust_list_form"),
        (
            (*KEY, "publicKeyMultibase"),
            EXAMPLE.document["authorities"][1]["keys"][0]["publicKeyMultibase"],
            "trust_list_duplicate",
        ),
        (("statusKeys", 0, "id"), key_id(authority_did(HOST, MUNICIPAL), "2026-1"), "trust_list_form"),
        (("statusKeys",), EXAMPLE.document["statusKeys"] * 2, "trust_list_duplicate"),
        (
            ("statusKeys",),
            [STATUS_KEY, {**STATUS_KEY, "publicKeyMultibase": OTHER_KEY}],
            "trust_list_duplicate",
        ),
        (("statusKeys",), [STATUS_KEY, {**STATUS_KEY, "id": STATUS_KEY["id"] + "x"}], "trust_list_duplicate"),
        (("ruleSets",), EXAMPLE.document["ruleSets"] * 2, "trust_list_duplicate"),
        (("ruleSets", 0, "grades", "senior", "total"), -1, "trust_list_form"),
        (("templates",), {}, "trust_list_form"),
    ],
)
def test_what_is_not_a_trust_list(path: Path, value: object, code: str) -> None:
    with refused(TrustListError, code):
        parse_trust_list(changed(path, value))


def test_a_status_key_may_not_stand_there_twice_under_two_ids() -> None:
    key = EXAMPLE.document["statusKeys"][0]
    again = {**key, "id": key_id(registry_did(HOST), "again")}
    with refused(TrustListError, "trust_list_duplicate"):
        parse_trust_list(changed(("statusKeys",), [key, again]))


def test_report_keys_are_read_like_status_keys_and_may_be_absent() -> None:
    key = {**EXAMPLE.document["statusKeys"][0], "id": key_id(registry_did(HOST), "report-1")}
    trust = parse_trust_list(changed(("reportKeys",), [key]))
    assert trust.report_key(key["id"]) == trust.report_keys[0]
    assert trust.not_understood == ()
    assert EXAMPLE.report_keys == ()
    assert EXAMPLE.report_key(key["id"]) is None
    assert "reportKeys" not in document_of(EXAMPLE)
    assert document_of(trust)["reportKeys"] == [key]
    strange = parse_trust_list(changed(("reportKeys",), [{**key, "motto": "x"}]))
    assert strange.not_understood == ("reportKeys.motto",)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({}, "trust_list_form"),
        ([EXAMPLE.document["authorities"][0]["keys"][0]], "trust_list_form"),
        (EXAMPLE.document["statusKeys"] * 2, "trust_list_duplicate"),
    ],
)
def test_what_are_no_report_keys(value: object, code: str) -> None:
    with refused(TrustListError, code):
        parse_trust_list(changed(("reportKeys",), value))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"a":1,"a":2}', b"\xff", EXAMPLE.data + b"\n"])
def test_what_is_not_a_document(data: bytes) -> None:
    with refused(TrustListError, "trust_list_form"):
        parse_trust_list(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(TrustListError):
        parse_trust_list(data)


scalars = st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(path=st.sampled_from(FORM), value=values)
def test_any_value_of_any_member_is_read_or_refused(path: Path, value: object) -> None:
    try:
        data = changed(path, value)
    except JsonError:
        return
    with suppress(TrustListError):
        assert parse_trust_list(data).data == data


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("motto",), "motto"),
        (("root", "motto"), "root.motto"),
        (("root", "keys", 0, "motto"), "root.keys.motto"),
        ((*AUTHORITY, "motto"), "authorities.motto"),
        ((*AUTHORITY, "states", 0, "until"), "authorities.states.until"),
        ((*KEY, "usage"), "authorities.keys.usage"),
        ((*KEY, "revoked", "by"), "authorities.keys.revoked.by"),
        (("log", "motto"), "log.motto"),
        (("witnesses", "motto"), "witnesses.motto"),
        (("statusKeys", 0, "issuerName"), "statusKeys.issuerName"),
        (("ruleSets", 0, "motto"), "ruleSets.motto"),
        (("templates", 0, "face"), "templates.face"),
    ],
)
def test_an_unknown_member_is_noted_and_nothing_else_changes(path: Path, name: str) -> None:
    trust = parse_trust_list(changed(path, {"deep": ["value", {}]}))
    assert trust.not_understood == (name,)
    assert replace(trust, not_understood=()) == EXAMPLE


def test_an_unknown_member_is_noted_once() -> None:
    document = deepcopy(EXAMPLE.document)
    for authority in document["authorities"]:
        authority["motto"] = "x"
    document["anthem"] = 1
    assert parse_trust_list(canonicalize(document)).not_understood == ("anthem", "authorities.motto")


def test_a_critical_member_that_is_understood_is_no_obstacle() -> None:
    trust = parse_trust_list(changed(("critical",), ["templates", "witnesses"]))
    assert replace(trust, document=EXAMPLE.document) == EXAMPLE


def test_an_open_map_may_have_any_names() -> None:
    trust = parse_trust_list(changed((*AUTHORITY, "names", "fr"), "Zhengzhou"))
    assert trust.authorities[MUNICIPAL].names["fr"] == "Zhengzhou"
    assert trust.not_understood == ()


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2024-12-31T23:59:59Z", None),
        ("2025-01-01T00:00:00Z", "granted"),
        ("2026-04-30T23:59:59Z", "granted"),
        ("2026-05-01T00:00:00Z", "suspended"),
        ("2026-05-31T23:59:59Z", "suspended"),
        ("2026-06-01T00:00:00Z", "granted"),
        ("2099-01-01T00:00:00Z", "granted"),
    ],
)
def test_the_state_at_a_moment(moment: str, state: str | None) -> None:
    change = municipal_authority().state_at(at(moment))
    assert (change and change.state) == state


def test_of_two_states_from_one_moment_the_later_written_holds() -> None:
    moment = at("2026-07-01T00:00:00Z")
    authority = with_state(municipal_authority(), StateChange("suspended", moment, "x"))
    authority = with_state(authority, StateChange("withdrawn", moment, "y"))
    change = reread(authority).authorities[MUNICIPAL].state_at(moment)
    assert change is not None
    assert change.state == "withdrawn"


def reread(authority: Authority) -> TrustList:
    return signed(with_authority(trust_draft(), authority))


def test_look_ups() -> None:
    did = authority_did(HOST, MUNICIPAL)
    authority = EXAMPLE.authority_of(did)
    assert authority is EXAMPLE.authorities[MUNICIPAL]
    key = authority.key(key_id(did, "2026-1"))
    assert key is not None
    assert key.public_key == signer(key.id).public_key
    assert authority.key(key_id(authority_did(HOST, INDUSTRY), "2026-1")) is None
    assert EXAMPLE.authority_of(authority_did(HOST, "410200")) is None
    assert EXAMPLE.status_key(key_id(registry_did(HOST), "2026-1")) == EXAMPLE.status_keys[0]
    assert EXAMPLE.status_key(key_id(did, "2026-1")) is None


def test_revocations_come_back() -> None:
    superseded = EXAMPLE.authorities[MUNICIPAL].keys[0].revoked
    compromised = EXAMPLE.authorities[INDUSTRY].keys[0].revoked
    assert superseded is not None
    assert superseded.compromised_from is None
    assert compromised is not None
    assert compromised.compromised_from == at("2025-11-01T00:00:00Z")
    assert EXAMPLE.authorities[INDUSTRY].keys[1].revoked is None


def test_editing_a_list() -> None:
    draft = next_version(
        EXAMPLE, valid_from=at("2026-06-01T00:00:00Z"), valid_until=at("2027-06-01T00:00:00Z")
    )
    new_key = year_key(authority_did(HOST, MUNICIPAL), 2027)
    trust = signed(with_authority(draft, with_key(draft.authorities[MUNICIPAL], new_key)))
    assert trust.version == 2
    assert trust.valid_until == at("2027-06-01T00:00:00Z")
    assert trust.authorities[MUNICIPAL].keys[-1] == new_key
    assert list(trust.authorities) == [MUNICIPAL, INDUSTRY]


def test_a_list_without_proof_is_not_sealed() -> None:
    with refused(TrustListError, "trust_list_unsigned"):
        seal_trust_list(document_of(EXAMPLE), [])


def test_what_a_verifier_would_refuse_is_not_sealed() -> None:
    draft = replace(EXAMPLE, witness_quorum=3)
    with refused(TrustListError, "trust_list_form"):
        signed(draft)
