"""The part of ``fsck`` that reads the log from end to end, as an outsider would: is its story one that can have happened?

Times never fall and none lies ahead of the clock; every entry names the authority that its number begins with; a number
is issued once or void, and what happens to it then is what may (nothing follows a revocation); no checkpoint is dated
before what is under it. Nothing is taken from the tables but the checkpoints' dates: whoever adds a leaf adds its row too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.log import MAX_CLOCK_STEP, log_size, names_its_authority, read_entries
from registry.models import CheckpointRow
from registry.status import state_after
from registry.troubles import Trouble
from verifier.errors import VerifierError
from verifier.logentry import OWN_ACTIONS, LogEntry, parse_log_entry
from verifier.tiles import TILE_WIDTH


class _Numbers:
    """A set of numbers, a bit for each: a province's log has tens of millions."""

    def __init__(self) -> None:
        self._bits: dict[str, bytearray] = {}

    def add(self, number: str) -> None:
        """Put ``number`` in; what is no number (20 digits) by its form is left out: its record is told elsewhere."""
        place = self._place(number)
        if place is not None:
            bits, index = self._bits.setdefault(number[:11], bytearray()), place // 8
            bits.extend(bytes(max(0, index + 1 - len(bits))))
            bits[index] |= 1 << place % 8

    def __contains__(self, number: str) -> bool:
        bits, place = self._bits.get(number[:11], b""), self._place(number)
        return place is not None and place // 8 < len(bits) and bool(bits[place // 8] >> place % 8 & 1)

    @staticmethod
    def _place(number: str) -> int | None:
        return int(number[11:18]) if len(number) == 20 and number.isascii() and number.isdecimal() else None


@dataclass(slots=True)
class _Story:
    """What has been read so far. ``changed`` has the states of those to which something happened after their issue."""

    time: int = 0
    issued: _Numbers = field(default_factory=_Numbers)
    void: _Numbers = field(default_factory=_Numbers)
    changed: dict[str, str] = field(default_factory=dict)

    def follow(self, number: str, action: str) -> bool:
        """Go on with ``action``; whether it may follow what has become of ``number``."""
        if action in ("issue", "void"):
            if number in self.issued or number in self.void:
                return False
            (self.issued if action == "issue" else self.void).add(number)
            return True
        if number not in self.issued:
            return False
        state = state_after(self.changed.get(number, "issued"), action)
        if state is not None:
            self.changed[number] = state
        return state is not None


def chronicle_troubles(session: Session, now: int) -> Iterator[Trouble]:
    """Troubles of the log's story; an entry that is none is said elsewhere."""
    story = _Story()
    signed = {row.size: row.signed_at for row in session.scalars(select(CheckpointRow))}
    for bundle in range(-(-log_size(session) // TILE_WIDTH)):
        for place, data in enumerate(read_entries(session, bundle)):
            index = bundle * TILE_WIDTH + place
            try:
                entry = parse_log_entry(data)
            except VerifierError:
                continue
            yield from _entry_troubles(story, entry, index, now)
            if signed.get(index + 1, story.time) < story.time:
                yield Trouble("checkpoint_early", str(index + 1))


def _entry_troubles(story: _Story, entry: LogEntry, index: int, now: int) -> Iterator[Trouble]:
    if entry.time < story.time:
        yield Trouble("log_time_falls", str(index))
    if entry.time > now + MAX_CLOCK_STEP:
        yield Trouble("log_time_ahead", str(index))
    story.time = max(story.time, entry.time)
    if not names_its_authority(entry):
        yield Trouble("log_authority_differs", str(index))
    if entry.action not in OWN_ACTIONS and not story.follow(entry.number, entry.action):
        yield Trouble("status_transition", entry.number)
