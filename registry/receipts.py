"""What this host published, and where, of each block's status lists and of the log: so that nobody looks again at what did not change.

A receipt says that at this version of the block's events (``StatusMark``), under this trust list, the block's files were right, and by
which stamps they are known again without being read. That of the log says up to where the place had every tile, and when all were looked at
(``registry.settled``). They lie in the registry's folder, apart from database and publication: whoever writes to either has
no hand in them. One that is lost or unreadable costs one full look; one that is false is found in its turn, and twice a day, when the
lists are signed anew and all tiles are looked at. No backup holds them: restored ones would be of another day.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from registry.files import PRIVATE, replace_file
from registry.log import ENTRIES
from registry.status import Block

_VERSION = 2
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
class LogReceipt:
    """Of the log: the heads up to ``settled`` entries had all their tiles and bundles, and all were last looked at at ``whole_at``
    (Unix seconds). ``level`` and ``index`` are of the tile whose turn is next."""

    settled: int
    whole_at: int
    level: int
    index: int


@dataclass(frozen=True, slots=True)
class Receipts:
    """All receipts of one place; ``turn`` counts the publications there."""

    turn: int
    of: Mapping[Block, Receipt]
    log: LogReceipt | None = None


def receipts_file(home: Path, address: str) -> Path:
    """Where those of the place at ``address`` lie."""
    return home / f".published-{sha256(address.encode()).hexdigest()[:16]}.json"


def read_receipts(file: Path) -> Receipts:
    """The receipts; none where there are none that can be read."""
    try:
        document = orjson.loads(file.read_bytes())
        if document["receiptsVersion"] != _VERSION or type(document["turn"]) is not int:
            return Receipts(0, {})
        receipts = {_block(key): _receipt(one) for key, one in document["of"].items()}
        return Receipts(document["turn"], receipts, _log_receipt(document["log"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Receipts(0, {})


def write_receipts(file: Path, receipts: Receipts) -> None:
    """In one step. If we stop before it the older ones stand: their stamps are no longer those of the files."""
    document = {
        "receiptsVersion": _VERSION,
        "turn": receipts.turn,
        "log": astuple(receipts.log) if receipts.log else None,
        "of": {"/".join(map(str, astuple(block))): astuple(one) for block, one in receipts.of.items()},
    }
    replace_file(file, orjson.dumps(document), mode=PRIVATE)


def _block(key: str) -> Block:
    authority, *numbers = key.split("/")
    year, kind, block = map(int, numbers)
    return Block(authority, year, kind, block)


def _log_receipt(fields: Any) -> LogReceipt | None:
    if fields is None:
        return None
    settled, whole_at, level, index = fields
    if any(type(one) is not int for one in fields) or min(settled, whole_at, level - ENTRIES, index) < 0:
        raise ValueError
    return LogReceipt(settled, whole_at, level, index)


def _receipt(fields: Any) -> Receipt:
    if [type(one) for one in fields] != list(_FIELDS) or not all(type(one) is str for one in fields[4]):
        raise ValueError
    version, trust_list, until, looked, stamps = fields
    return Receipt(version, trust_list, until, looked, tuple(stamps))
