"""The differences of two lists: none goes unseen, and put into another document they make the same."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import CeremonyError
from keys.trustbuild import document_of
from keys.trustdiff import ADDED, CHANGED, REMOVED, REORDERED, Change, applied, changes_between
from tests.builders import MUNICIPAL, example_trust_list, refused, trust_draft

OLD = document_of(trust_draft())
Place = tuple[str | int, ...]


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Every place in a document."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for name in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[name], (*path, name))


PLACES = list(places(OLD))


def container(document: Any, path: Place) -> Any:
    for name in path[:-1]:
        document = document[name]
    return document


def test_a_list_differs_from_itself_in_nothing() -> None:
    assert changes_between(OLD, copy.deepcopy(OLD)) == ()
    assert changes_between(OLD, example_trust_list().document) == ()  # a proof is no content


@given(place=st.sampled_from(PLACES), value=st.one_of(st.text(), st.integers(), st.booleans(), st.just([])))
def test_no_change_of_a_value_goes_unseen(place: Place, value: Any) -> None:
    new = copy.deepcopy(OLD)
    before = container(new, place)[place[-1]]
    container(new, place)[place[-1]] = value
    if (type(before), before) == (type(value), value):
        assert changes_between(OLD, new) == ()
        return
    changes = changes_between(OLD, new)
    assert changes != ()
    assert changes_between(new, OLD) != ()


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_taken_away_unseen_and_all_can_be_put_back(place: Place) -> None:
    new = copy.deepcopy(OLD)
    del container(new, place)[place[-1]]
    changes = changes_between(OLD, new)
    assert changes != ()
    # Without its identity an item is another one, and comes to stand last.
    assert {one.kind for one in changes_between(applied(OLD, changes), new)} <= {REORDERED}


def test_a_member_that_nobody_knows_is_told() -> None:
    new = {**OLD, "usage": [{"a": 1}, "b"]}
    assert changes_between(OLD, new) == (Change(ADDED, ("usage",), after=[{"a": 1}, "b"]),)
    other = {**OLD, "usage": [{"a": 2}, "b", "b"]}
    assert changes_between(new, other) == (
        Change(CHANGED, ("usage", "0", "a"), 1, 2),
        Change(ADDED, ("usage", "2"), after="b"),
    )
    (change,) = changes_between({**OLD, "usage": [1]}, {**OLD, "usage": ["1"]})
    assert (change.before, change.after) == (1, "1")
    assert changes_between({**OLD, "usage": [["x"]]}, {**OLD, "usage": [["y"]]}) != ()


def test_items_go_by_their_identity_and_order_is_told() -> None:
    new = copy.deepcopy(OLD)
    new["authorities"].reverse()
    (change,) = changes_between(OLD, new)
    assert (change.kind, change.path) == (REORDERED, ("authorities",))
    assert applied(OLD, [change]) == OLD
    new = copy.deepcopy(OLD)
    del new["authorities"][0]
    (change,) = changes_between(OLD, new)
    assert (change.kind, change.path) == (REMOVED, ("authorities", MUNICIPAL))


STATE = {"state": "withdrawn", "from": "2026-07-01T00:00:00Z", "reason": "reform"}
STATES = ("authorities", MUNICIPAL, "states", "3")


def test_two_changes_join() -> None:
    one, two = copy.deepcopy(OLD), copy.deepcopy(OLD)
    one["authorities"][0]["states"].append(STATE)
    two["statusKeys"][0]["revoked"] = {"at": "2026-07-01T00:00:00Z", "reason": "superseded"}
    two["authorities"][0]["scope"]["years"].append(2027)
    two["root"]["keys"].pop()
    two["root"]["threshold"] = 1
    two["templates"][0]["record"] = "00"
    joined = applied(one, changes_between(OLD, two))
    assert {change.path for change in changes_between(OLD, joined)} == {
        change.path for new in (one, two) for change in changes_between(OLD, new)
    }
    assert changes_between(OLD, one) == (Change(ADDED, STATES, after=STATE),)


@pytest.mark.parametrize(
    "change",
    [
        Change(ADDED, ("authorities", MUNICIPAL, "states", "2"), after=STATE),  # it is there
        Change(ADDED, ("authorities", MUNICIPAL, "states", "4"), after=STATE),  # not the next
        Change(CHANGED, ("authorities", MUNICIPAL, "states", "0"), {}, STATE),
        Change(CHANGED, ("authorities", MUNICIPAL, "states", "9"), STATE, STATE),
        Change(REMOVED, ("witnesses", "vkeys", "nobody"), "nobody"),
        Change(ADDED, ("authorities", "999999", "kind"), after="municipal"),
        Change(ADDED, ("log", "vkey"), after="x"),
        Change(CHANGED, ("log", "vkey"), "x", "y"),
        Change(REMOVED, ("log", "former"), []),
        Change(CHANGED, ("nothing", "here"), 1, 2),
    ],
)
def test_a_change_of_what_has_moved_on_is_refused(change: Change) -> None:
    with refused(CeremonyError, "proposal_conflict"):
        applied(OLD, [change])


def test_a_value_in_a_list_is_changed_in_its_place() -> None:
    first = OLD["authorities"][0]["states"][0]
    change = Change(CHANGED, ("authorities", MUNICIPAL, "states", "0"), first, STATE)
    assert applied(OLD, [change])["authorities"][0]["states"][0] == STATE
    vkey = OLD["witnesses"]["vkeys"][0]
    assert applied(OLD, [Change(REMOVED, ("witnesses", "vkeys", vkey), vkey)])["witnesses"]["vkeys"] == [
        OLD["witnesses"]["vkeys"][1]
    ]
