"""Keeping what may name a person: sealed with keys of this capability's own, each for its place and no other.

A sealed upload moved to another draft, or a list to another round, does not open. The keys come from the vault's secret
(``registry.identity``), which the database has not.
"""

from typing import Any

import orjson
from cryptography.exceptions import InvalidTag

from registry.errors import RegistryError
from registry.identity import IdentityVault, Safe


def review_safe(vault: IdentityVault) -> Safe:
    """This capability's own keys."""
    return vault.safe("review")


def seal(safe: Safe, data: bytes, place: str) -> bytes:
    """``data`` for ``place`` (``part:12/1``)."""
    return safe.seal(data, place)


def unseal(safe: Safe, sealed: bytes, place: str) -> bytes:
    """What was sealed for ``place``; raises ``RegistryError`` (``draft_altered``) for anything else."""
    try:
        return safe.open(sealed, place)
    except InvalidTag as error:
        raise RegistryError("draft_altered", place=place) from error


def seal_json(safe: Safe, value: Any, place: str) -> bytes:
    """A JSON value for ``place``."""
    return seal(safe, orjson.dumps(value), place)


def unseal_json(safe: Safe, sealed: bytes, place: str) -> Any:
    """The JSON value that was sealed for ``place``."""
    return orjson.loads(unseal(safe, sealed, place))
