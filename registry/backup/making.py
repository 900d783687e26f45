"""``certreg backup``: one state of the registry in a folder, while it is in use.

The database, and what lies outside of it: the last signed head, the witnesses' addresses, the agent's journal. Keys and
passphrases are not among it unless asked for: whoever has both could issue, so that they are kept apart. The publication
is not among it either: it is made anew, and is the one memory that no restoration may take back.

The folder appears whole under its name, or not at all.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.app import App
from registry.backup.engines import dump_database, engine_of, live_files
from registry.backup.manifest import HOME, Manifest, describe, write_manifest
from registry.database import newest_schema
from registry.errors import RegistryError
from registry.files import FRESH, PRIVATE, flush_folder
from registry.log import log_size, tree
from registry.settings import Settings

_USUAL_DATABASE = "registry.db"
"""Left in a home whose database is elsewhere now, such a file and what lies beside it are of the past."""


def back_up(app: App, target: Path, *, with_keys: bool = False) -> Manifest:
    """Make a backup in ``target``, which must not be there yet or be empty.

    Raises ``RegistryError``: ``backup_not_empty``, ``backup_tool_missing``, ``backup_tool_failed``; ``log_rolled_back`` where
    the database is an old one itself, and would push better backups out.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RegistryError("backup_not_empty", folder=str(target))
    with _fresh_folder(target) as folder:
        # The head comes first: what is copied after it holds at least what it covers.
        _copy_home(app.settings, folder / HOME, with_keys=with_keys)
        with app.database.read() as session:
            app.require_head(session)
            size = log_size(session)
            root = tree(session, size).root()
            dump_database(session, app.settings.database_url, folder)
        manifest = Manifest(
            registry=app.host,
            engine=engine_of(app.settings.database_url),
            schema=newest_schema(),
            created_at=app.clock(),
            log_size=size,
            log_root=root.hex(),
            with_keys=with_keys,
            files=tuple(describe(folder)),
        )
        write_manifest(folder, manifest)
    return manifest


def home_files(settings: Settings, *, with_keys: bool) -> Iterator[Path]:
    """What lies in the home beside database and publication; keys where they are asked for.

    Not the note of the last publication: it is of this host and of its present, and a restored one would be false.
    """
    others = {settings.published, *live_files(settings.database_url)}
    for file in sorted(settings.home.iterdir()):
        ours = not file.name.startswith((".", _USUAL_DATABASE)) and file not in others
        if file.is_file() and not file.is_symlink() and ours and file.suffix not in (".sock", ".db"):
            yield file
    if with_keys and settings.keys.is_dir():
        yield from sorted(file for file in settings.keys.iterdir() if file.is_file())


def _copy_home(settings: Settings, target: Path, *, with_keys: bool) -> None:
    target.mkdir(mode=0o700)
    for file in home_files(settings, with_keys=with_keys):
        copy = target / file.relative_to(settings.home)
        copy.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(file, copy)
        copy.chmod(PRIVATE)
        with copy.open("rb") as stream:
            os.fsync(stream.fileno())
    flush_folder(target)


@contextmanager
def _fresh_folder(target: Path) -> Iterator[Path]:
    """A folder for our eyes beside ``target``, renamed to it at the block's end; gone where that raises."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(8)}{FRESH}")
    fresh.mkdir(mode=0o700)
    try:
        yield fresh
        flush_folder(fresh)
        # If we stop here nothing bears the backup's name, and what was copied is a folder that nobody reads.
        fresh.rename(target)
        flush_folder(target.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
