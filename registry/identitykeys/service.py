"""Identity keys of a registry: made with it, adopted in a home from before, wrapped anew, opened as a vault.

Everything here is one transaction of the database: if we stop, nothing happened.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.database import Database
from registry.errors import OfficeError
from registry.identity import MAX_KEY_ID, IdentityVault
from registry.identitykeys.master import Masters
from registry.identitykeys.models import BASE, IdentityKey
from registry.models import Registry


def found_keys(session: Session, masters: Masters, *, now: int) -> None:
    """The keys of a new registry: a master key where there is none, a base secret, the first data key. Found once."""
    if session.get(IdentityKey, BASE) is not None:
        return  # the first trust list is prepared again, until it is signed
    _insert(session, masters, BASE, secrets.token_bytes(32), master=1, make=True, now=now)
    add_data_key(session, masters, now=now)


def adopt_home(session: Session, masters: Masters, *, now: int) -> None:
    """Give data keys to a home from before: its secret stays where it is, wraps from now on, and stays the base secret.

    Numbers sealed under it (key 0) are still read, and are sealed anew by the next rotation. If we stop, nothing happened.
    """
    if session.get(Registry, 1) is None or session.get(IdentityKey, BASE) is not None:
        return
    _insert(session, masters, BASE, masters.first_secret(), master=1, now=now)
    add_data_key(session, masters, now=now)


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The data keys in the database (``registry.identity.KeySource``), each time as they are now."""

    database: Database
    masters: Masters

    def newest(self) -> int:
        """See ``KeySource``."""
        with self.database.read() as session:
            return newest_key(session)

    def keys(self) -> dict[int, bytes]:
        """See ``KeySource``."""
        return {one: key for one, key in self.everything().items() if one != BASE}

    def everything(self) -> dict[int, bytes]:
        """The base secret too."""
        with self.database.read() as session:
            return _opened(_rows(session), self.masters)


def open_vault(database: Database, masters: Masters) -> IdentityVault:
    """The vault of the registry in ``database``; raises ``OfficeError`` and ``CustodyError``."""
    source = StoredKeys(database, masters)
    keys = source.everything()
    # Without any row: a home from before, read by somebody who changes nothing.
    base = keys.pop(BASE, None) or masters.first_secret()
    return IdentityVault(base, keys, source)


def newest_key(session: Session) -> int:
    """The id of the data key that seals; 0 in a home from before."""
    return session.scalars(select(func.max(IdentityKey.id))).one() or 0


def add_data_key(session: Session, masters: Masters, *, now: int) -> int:
    """Make a data key, which seals from the commit on; its id."""
    identifier = newest_key(session) + 1
    if identifier > MAX_KEY_ID:
        raise OfficeError("identity_keys_full")
    master = session.scalars(select(func.max(IdentityKey.master))).one() or 1
    _insert(session, masters, identifier, secrets.token_bytes(32), master=master, now=now)
    return identifier


def rewrap(session: Session, masters: Masters) -> int:
    """Wrap every key under the next master key, which is made unless it is there; its count.

    The old master key opens nothing of this database any more, and still opens older backups: keep or destroy it with them.
    """
    rows = _rows(session)
    following = max(row.master for row in rows) + 1
    opened = _opened(rows, masters)
    master = masters.master(following, make=True)
    for row in rows:
        row.wrapped, row.master = master.wrap(opened[row.id], _about(row.id, following)), following
    session.flush()
    return following


def _insert(
    session: Session,
    masters: Masters,
    identifier: int,
    key: bytes,
    *,
    master: int,
    now: int,
    make: bool = False,
) -> None:
    wrapped = masters.master(master, make=make).wrap(key, _about(identifier, master))
    session.add(IdentityKey(id=identifier, master=master, wrapped=wrapped, made_at=now))
    session.flush()


def _rows(session: Session) -> Sequence[IdentityKey]:
    return session.scalars(select(IdentityKey).order_by(IdentityKey.id)).all()


def _opened(rows: Sequence[IdentityKey], masters: Masters) -> dict[int, bytes]:
    return {
        row.id: masters.master(row.master).unwrap(bytes(row.wrapped), _about(row.id, row.master))
        for row in rows
    }


def _about(identifier: int, master: int) -> bytes:
    return f"certreg identity key {identifier} under master {master}".encode("ascii")
