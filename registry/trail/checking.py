"""``check_trail``: is the audit trail what was recorded, and what the log has sealed?

The chain is recomputed over the bytes of every entry: an altered, deleted, inserted or moved one breaks it. Whoever
recomputes the whole chain, as a database's administrator can, meets the sealed heads. Columns are compared with the bytes.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.errors import RegistryError
from registry.trail.entry import digest_of, parse_entry
from registry.trail.models import TrailEntry, TrailHead
from registry.trail.sealing import Seal, seals_in_log
from registry.troubles import Trouble


class Chain:
    """Follow entries in order, against the seals; ``troubles`` gathers what is wrong."""

    def __init__(self, seals: Iterable[Seal]) -> None:
        self.count = 0
        self.digest = b""
        self.troubles: list[Trouble] = []
        self._sealed: dict[int, list[Seal]] = {}
        self._highest = 0
        for seal in seals:
            if seal.count < self._highest:
                self.troubles.append(Trouble("trail_seal_order", str(seal.leaf_index)))
            self._highest = max(self._highest, seal.count)
            self._sealed.setdefault(seal.count, []).append(seal)

    @property
    def sealed(self) -> int:
        """How many entries are under a seal."""
        return self._highest

    def follow(self, place: int, data: bytes, digest: bytes) -> None:
        """One entry: ``place`` and ``digest`` as they stand beside the bytes."""
        wanted = self.count + 1
        if place != wanted:
            self.troubles.append(Trouble("trail_gap", str(wanted)))
        try:
            entry = parse_entry(data)
        except RegistryError as error:
            self.troubles.append(Trouble(error.code, str(place)))
        else:
            if entry.place != place:
                self.troubles.append(Trouble("trail_moved", str(place)))
            if self.count and entry.previous != self.digest:
                self.troubles.append(Trouble("trail_chain", str(place)))
        computed = digest_of(data)
        if computed != digest:
            self.troubles.append(Trouble("trail_altered", str(place)))
        for seal in self._sealed.pop(place, ()):
            if seal.digest != computed:
                self.troubles.append(Trouble("trail_seal_differs", str(place)))
        self.count, self.digest = place, computed

    def finish(self) -> None:
        """Seals of entries that are not there: the trail was cut off."""
        missing = sorted(count for count in self._sealed if count > self.count)
        self.troubles += [Trouble("trail_cut_off", str(count)) for count in missing]


def check_trail(session: Session) -> list[Trouble]:
    """Everything that is wrong with the trail: none for one that is as it was recorded and sealed."""
    chain = Chain(seals_in_log(session))
    chain.troubles += _column_troubles(session, chain)
    chain.finish()
    head = session.scalars(select(TrailHead)).one_or_none()
    if head is None or (head.count, bytes(head.digest)) != (chain.count, chain.digest or bytes(head.digest)):
        chain.troubles.append(Trouble("trail_head_differs", str(chain.count)))
    return chain.troubles


def _column_troubles(session: Session, chain: Chain) -> Iterator[Trouble]:
    rows = select(TrailEntry).order_by(TrailEntry.place).execution_options(yield_per=500)
    for row in session.scalars(rows):
        chain.follow(row.place, row.data, bytes(row.digest))
        try:
            entry = parse_entry(row.data)
        except RegistryError:
            continue  # said already
        columns = (row.at, row.login, row.authority, row.act, row.subject)
        if columns != (entry.at, entry.login, entry.authority, entry.act, entry.subject):
            yield Trouble("trail_columns_differ", str(row.place))
