"""What changes from one trust list to another, told by the two documents alone (SPEC clause 4).

A signer of the root is shown this, computed on his own machine, before he signs: what a proposal says of itself counts
for nothing. The walk is generic, so that nothing can change unseen, not even a member that no clause names; only
``proof`` is left out, which signs the rest. Lists whose items have an identity are compared by it (an authority by its
code, a key by its id), lists of plain values as sets, all others place by place; an order that changed is told too.

``applied`` puts changes into another document: that is how a second change joins one that waits for its signatures.
"""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from keys.canonical import JsonObject
from keys.errors import CeremonyError

ADDED, REMOVED, CHANGED, REORDERED = "added", "removed", "changed", "reordered"
LIFETIME = frozenset({("version",), ("validFrom",), ("validUntil",)})
"""Paths that are new in every version."""
_IDENTITY = {
    "root.keys": ("id",),
    "authorities": ("code",),
    "authorities.keys": ("id",),
    "statusKeys": ("id",),
    "reportKeys": ("id",),
    "ruleSets": ("id",),
    "templates": ("kind", "version"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``path`` has names, and identities of items: ``("authorities", "410100", "states", "1")``."""

    kind: str
    path: tuple[str, ...]
    before: Any = None
    after: Any = None


def changes_between(old: JsonObject, new: JsonObject) -> tuple[Change, ...]:
    """Every difference of two documents of trust lists, proofs apart; empty exactly where they say the same."""
    return tuple(_object_changes(_unsigned(old), _unsigned(new), (), ""))


def applied(document: JsonObject, changes: Iterable[Change]) -> JsonObject:
    """``document`` with ``changes``; raises ``CeremonyError`` (``proposal_conflict``) where it has moved on itself."""
    result = copy.deepcopy(document)
    for change in changes:
        if change.kind != REORDERED:
            _apply(result, change)
    return result


def _unsigned(document: JsonObject) -> JsonObject:
    return {name: value for name, value in document.items() if name != "proof"}


def _changes(old: Any, new: Any, path: tuple[str, ...], where: str) -> Iterator[Change]:
    if type(old) is dict and type(new) is dict:
        yield from _object_changes(old, new, path, where)
    elif type(old) is list and type(new) is list:
        yield from _list_changes(old, new, path, where)
    elif type(old) is not type(new) or old != new:
        yield Change(CHANGED, path, old, new)


def _object_changes(old: JsonObject, new: JsonObject, path: tuple[str, ...], where: str) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        inner = f"{where}.{name}" if where else name
        yield from _member_changes(old, new, name, path, inner)


def _list_changes(old: list[Any], new: list[Any], path: tuple[str, ...], where: str) -> Iterator[Change]:
    before, after = _by_identity(old, new, where)
    for name in dict.fromkeys((*before, *after)):
        yield from _member_changes(before, after, name, path, where)
    common = [[name for name in one if name in before and name in after] for one in (before, after)]
    if common[0] != common[1]:
        yield Change(REORDERED, path, list(before), list(after))


def _member_changes(
    old: JsonObject, new: JsonObject, name: str, path: tuple[str, ...], where: str
) -> Iterator[Change]:
    if name not in old:
        yield Change(ADDED, (*path, name), after=new[name])
    elif name not in new:
        yield Change(REMOVED, (*path, name), before=old[name])
    else:
        yield from _changes(old[name], new[name], (*path, name), where)


def _by_identity(old: list[Any], new: list[Any], where: str) -> tuple[JsonObject, JsonObject]:
    """Both lists by the identity of their items; by their places where there is none, or one stands twice."""
    named = [{_identity(item, where): item for item in items} for items in (old, new)]
    if None in named[0] or None in named[1] or (len(named[0]), len(named[1])) != (len(old), len(new)):
        named = [{str(place): item for place, item in enumerate(items)} for items in (old, new)]
    return named[0], named[1]  # type: ignore[return-value]


def _identity(item: Any, where: str) -> str | None:
    if type(item) is dict:
        names = _IDENTITY.get(where, ())
        return "/".join(str(item.get(name)) for name in names) or None
    return None if type(item) is list else str(item)


def _apply(document: JsonObject, change: Change) -> None:
    container: Any = document
    for depth, name in enumerate(change.path[:-1]):
        container = _child(container, name, change.path[:depth])
    if type(container) is list:
        _apply_to_list(container, change)
        return
    name = change.path[-1]
    if (name in container) != (change.kind != ADDED) or container.get(name) != change.before:
        raise CeremonyError("proposal_conflict", ".".join(change.path))
    if change.kind == REMOVED:
        del container[name]
    else:
        container[name] = change.after


def _apply_to_list(items: list[Any], change: Change) -> None:
    place = _place(items, change.path[-1], change.path[:-1])
    if change.kind == ADDED:
        # A place in a history must be the next one; an item with an identity must be new.
        if place is not None or (change.path[-2] == "states" and change.path[-1] != str(len(items))):
            raise CeremonyError("proposal_conflict", ".".join(change.path))
        items.append(change.after)
        return
    if place is None or items[place] != change.before:
        raise CeremonyError("proposal_conflict", ".".join(change.path))
    if change.kind == REMOVED:
        del items[place]
    else:
        items[place] = change.after


def _child(container: Any, name: str, path: tuple[str, ...]) -> Any:
    if type(container) is list:
        place = _place(container, name, path)
        if place is not None:
            return container[place]
    elif name in container:
        return container[name]
    raise CeremonyError("proposal_conflict", ".".join((*path, name)))


def _place(items: list[Any], name: str, path: tuple[str, ...]) -> int | None:
    """Where the item called ``name`` stands in the list at ``path``."""
    where = ".".join((path[0], *path[2:]) if path[0] == "authorities" else path)
    identities = [_identity(item, where) for item in items]
    if None in identities:
        identities = [str(place) for place in range(len(items))]
    return identities.index(name) if name in identities else None
