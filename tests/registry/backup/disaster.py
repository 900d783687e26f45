"""Losing a registry's database, or its whole machine, and what is left."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg

from registry.backup.restoring import Restored, restore
from registry.settings import settings_from
from tests.registry.rig import Place, Rig
from verifier.sources import FolderSource


def lose_database(rig: Rig) -> None:
    """The database is gone; the folder with keys and head is there."""
    rig.app.database.close()
    if rig.place.url:
        with psycopg.connect(rig.place.url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return
    for file in rig.place.home.glob("registry.db*"):
        file.unlink()


def lose_machine(rig: Rig, *, keep_keys: bool = True) -> None:
    """Database and folder are gone; somebody kept the keys elsewhere, or not."""
    lose_database(rig)
    kept = rig.folder / "kept-keys"
    shutil.move(rig.place.home / "keys", kept)
    shutil.rmtree(rig.place.home)
    if keep_keys:
        rig.place.home.mkdir(mode=0o700)
        shutil.move(kept, rig.place.home / "keys")


def back_again(rig: Rig, backup: Path, *, published: bool = True) -> Restored:
    """Restore ``backup`` and open the registry anew."""
    source = FolderSource(rig.site) if published else None
    done = restore(rig.place.environment, backup, source, clock=rig.clock)
    rig.app = rig.place.open(rig.clock)
    return done


@dataclass(frozen=True, slots=True)
class Outside:
    """What a failed restoration must leave as it was: files of the home by content."""

    files: dict[str, bytes]

    @classmethod
    def of(cls, place: Place) -> "Outside":
        """As it is now; SQLite's own side files and locks apart."""
        home = settings_from(place.environment).home
        ours = (file for file in home.rglob("*") if file.is_file() and "registry.db" not in file.name)
        return cls({str(file): file.read_bytes() for file in ours if not file.name.endswith(".lock")})
