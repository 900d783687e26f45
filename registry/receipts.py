"""What this host published of each block's status lists, and where: so that nobody makes again what did not change.

A receipt says that at this version of the block's events (``StatusMark``), under this trust list, the block's files were right, and by
which stamps they are known again without being read. It lies in the registry's folder, apart from database and publication: whoever writes to either has
no hand in it. One that is lost or unreadable costs one full look; one that is false is found in its turn, and when the lists are
signed anew, twice a day. No backup holds it: a restored one would be of another day.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from registry.files import PRIVATE, replace_file
from registry.status import Block

_VERSION = 1
_FIELDS = (int, int, int, int, list)


@dataclass(frozen=True, slots=True)
class Receipt:
    """``until`` is the end of the list that ends first, Unix seconds; ``looked`` the turn of the last full look."""

    version: int
    trust_list: int
    until: int
    looked: int
    stamps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipts:
    """All receipts of one place; ``turn`` counts the publications there."""

    turn: int
    of: Mapping[Block, Receipt]


def receipts_file(home: Path, address: str) -> Path:
    """Where those of the place at ``address`` lie."""
    return home / f".published-{sha256(address.encode()).hexdigest()[:16]}.json"


def read_receipts(file: Path) -> Receipts:
    """The receipts; none where there are none that can be read."""
    try:
        document = orjson.loads(file.read_bytes())
        if document["receiptsVersion"] != _VERSION or type(document["turn"]) is not int:
            return Receipts(0, {})
        return Receipts(document["turn"], {_block(key): _receipt(one) for key, one in document["of"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Receipts(0, {})


def write_receipts(file: Path, receipts: Receipts) -> None:
    """In one step. If we stop before it the older ones stand: their stamps are no longer those of the files."""
    document = {
        "receiptsVersion": _VERSION,
        "turn": receipts.turn,
        "of": {"/".join(map(str, astuple(block))): astuple(one) for block, one in receipts.of.items()},
    }
    replace_file(file, orjson.dumps(document), mode=PRIVATE)


def _block(key: str) -> Block:
    authority, *numbers = key.split("/")
    year, kind, block = map(int, numbers)
    return Block(authority, year, kind, block)


def _receipt(fields: Any) -> Receipt:
    if [type(one) for one in fields] != list(_FIELDS) or not all(type(one) is str for one in fields[4]):
        raise ValueError
    version, trust_list, until, looked, stamps = fields
    return Receipt(version, trust_list, until, looked, tuple(stamps))
