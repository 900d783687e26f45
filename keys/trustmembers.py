"""Which members of a trust list this version understands (SPEC clause 4).

A signed list may carry more than we know: that is accepted, named by its dotted path, and never acted on. ``scope`` is
not here, because an unknown member of it is refused, nor are the open maps ``names``, ``title`` and ``grades``.
"""

from collections.abc import Iterator

from keys.canonical import JsonObject

_LISTED_KEY = frozenset({"id", "publicKeyMultibase", "notBefore", "notAfter", "revoked"})
_REVOCATION = frozenset({"at", "reason", "compromisedFrom"})

TOP = frozenset(
    {"specVersion", "registry", "version", "validFrom", "validUntil", "root", "authorities", "log"}
    | {"witnesses", "statusKeys", "reportKeys", "ruleSets", "templates", "critical", "proof"}
)
_MEMBERS = {
    "": TOP,
    "root": frozenset({"threshold", "keys"}),
    "root.keys": frozenset({"id", "publicKeyMultibase"}),
    "authorities": frozenset({"code", "id", "kind", "uscc", "names", "scope", "states", "keys"}),
    "authorities.states": frozenset({"state", "from", "reason"}),
    "authorities.keys": _LISTED_KEY | {"issuerName"},
    "authorities.keys.revoked": _REVOCATION,
    "log": frozenset({"origin", "vkey", "former"}),
    "witnesses": frozenset({"vkeys", "quorum"}),
    "statusKeys": _LISTED_KEY,
    "statusKeys.revoked": _REVOCATION,
    "reportKeys": _LISTED_KEY,
    "reportKeys.revoked": _REVOCATION,
    "ruleSets": frozenset({"id", "title", "source", "article", "inForceFrom", "grades"}),
    "templates": frozenset({"kind", "version", "record", "schema", "context"}),
}


def not_understood(document: JsonObject) -> tuple[str, ...]:
    """Sorted dotted paths (``authorities.keys.usage``) of the members that no clause names, each once."""
    return tuple(sorted(set(_unknown(document, ""))))


def _unknown(value: JsonObject, path: str) -> Iterator[str]:
    for name, member in value.items():
        where = f"{path}.{name}" if path else name
        if name not in _MEMBERS[path]:
            yield where
        elif where in _MEMBERS:
            for child in member if type(member) is list else [member]:
                yield from _unknown(child, where)
