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
from verifier.logentry import LogEntry, parse_log_entry
from verifier.tiles import TILE_WIDTH

NEVER_ISSUED, VOID = "", "void"


@dataclass(slots=True)
class _Story:
    """What has been read so far. ``states`` has numbers by what has become of them; plainly issued ones too."""

    time: int = 0
    states: dict[str, str] = field(default_factory=dict)


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
    if entry.action == "trust-list":
        return
    after = _state_after(story.states.get(entry.number, NEVER_ISSUED), entry.action)
    if after is None:
        yield Trouble("status_transition", entry.number)
    else:
        story.states[entry.number] = after


def _state_after(before: str, action: str) -> str | None:
    if action in ("issue", "void"):
        return None if before else {"issue": "issued", "void": VOID}[action]
    return state_after(before, action)
