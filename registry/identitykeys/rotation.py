"""Rotation: a new data key, and everything that lies under an older one put under it, in bounded batches.

Where it stands is in the data: each row says its key. Killed anywhere, it goes on when it is called again, and makes no
other key before all rows lie under the newest. Offices go on working meanwhile: whoever seals asks for the newest key first.

The old key stays, for older backups of this database and for ranges that are still open, until ``forget`` is told.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import func, select

from registry.actors import SYSTEM
from registry.app import App
from registry.errors import OfficeError
from registry.identitykeys.master import Masters
from registry.identitykeys.models import BASE, IdentityKey
from registry.identitykeys.sealed import KINDS
from registry.identitykeys.service import add_data_key, newest_key, rewrap
from registry.trail.service import record
from registry.troubles import Trouble

FORGET_AFTER = 3600
"""Seconds since the next key was made: no transaction that began under the old one is still at work."""
Observe = Callable[[str, int], None]
"""Called after every batch with the kind of rows and how many of them were changed so far."""


def unobserved(_: str, __: int) -> None:
    """An observer that does not look."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did. ``changed`` counts rows by kind, ``left`` what still lies under older keys, by kind."""

    key: int
    made: bool
    changed: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()


def rotate(app: App, masters: Masters, *, anew: bool = False, observe: Observe = unobserved) -> Rotation:
    """Make a data key unless an earlier rotation is not at its end, and put everything under the newest.

    ``anew`` makes one even so: rows that nobody can open any more must not keep a registry from rotating.
    """
    made = anew or not _left(app)
    if made:
        with app.database.write_alone() as session:
            key = add_data_key(session, masters, now=app.clock())
            record(session, SYSTEM, "identity.rotate", subject=f"identity-key:{key}", now=app.clock())
    # If we stop here, or in any batch, the rows under older keys are what is left to do.
    app.vault.refresh()
    changed: Counter[str] = Counter()
    troubles: list[Trouble] = []
    for kind in KINDS:
        after = None
        while True:
            with app.database.write() as session:
                step = kind.reseal(session, app.vault, after)
            if step.last is None:
                break
            after = step.last
            changed[kind.name] += step.changed
            troubles += step.troubles
            observe(kind.name, changed[kind.name])
    return Rotation(app.vault.current, made, dict(+changed), _left(app), tuple(troubles))


def _left(app: App) -> dict[str, int]:
    """Rows under other keys than the newest, by kind."""
    with app.database.read() as session:
        newest = newest_key(session)
        counts = {kind.name: kind.keys(session) for kind in KINDS}
    left = {name: found.total() - found[newest] for name, found in counts.items()}
    return {name: count for name, count in left.items() if count}


def keys_in_use(app: App) -> dict[int, int]:
    """How many rows lie under each data key; 0 is the one of homes from before."""
    with app.database.read() as session:
        return dict(sum((kind.keys(session) for kind in KINDS), Counter()))


def change_master(app: App, masters: Masters) -> int:
    """Wrap every key under the next master key; its count. No row of any other table is touched."""
    with app.database.write_alone() as session:
        count = rewrap(session, masters)
        record(session, SYSTEM, "identity.rewrap", subject=f"identity-master:{count}", now=app.clock())
        return count


def forget(app: App, identifier: int) -> None:
    """Destroy a data key under which nothing lies any more; raises ``OfficeError``.

    Older backups of the database have it still, wrapped under the master key of their time.
    """
    in_use = keys_in_use(app).get(identifier, 0)
    with app.database.write_alone() as session:
        key = session.get(IdentityKey, identifier) if identifier > BASE else None
        later = select(func.min(IdentityKey.made_at)).where(IdentityKey.id > identifier)
        since = session.scalars(later).one()
        if key is None or since is None:
            raise OfficeError("identity_key_unknown", key=identifier)
        if in_use or app.clock() < since + FORGET_AFTER:
            raise OfficeError("identity_key_in_use", key=identifier, rows=in_use)
        session.delete(key)
        record(session, SYSTEM, "identity.forget", subject=f"identity-key:{identifier}", now=app.clock())
