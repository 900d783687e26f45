"""``certreg restore``: a backup into an empty database, and never a number twice or a second history (SPEC 6.6).

| step | effect | if we stop after |
|---|---|---|
| 1 check | none: manifest, digests, an empty database, the keys, the publication's head | start again |
| 2 home | what the home lacks is copied there; nothing in it is replaced | start again |
| 3 head | the newest of three heads is kept: this home's, the backup's, the publication's | start again |
| 4 load | the database, whole or not at all | it is guarded by 3; ``certreg fsck`` |
| 5 measure, ``fsck`` | a list of what is missing | ``certreg fsck`` |

Because the head is kept before there is a database, no moment lets anybody number or sign with an old one
(``registry.lasthead``). What the publication has is therefore asked for, and only who says that nothing was ever
published may do without.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile

from registry.app import App, Clock, open_app, system_clock
from registry.backup.engines import engine_of, live_files, load_database, require_empty
from registry.backup.gap import GAP_FILE, Gap, measure_gap
from registry.backup.manifest import HOME, Manifest, check_files, read_manifest
from registry.database import known_schemas, newest_schema
from registry.errors import RegistryError
from registry.files import PRIVATE, fresh_file, make_private_folder
from registry.fsck import FsckReport, fsck
from registry.keyring import LOG_KEY, Keyring, keyring_of
from registry.lasthead import keep_head, read_head
from registry.log import log_origin
from registry.ownkeys import log_keys
from registry.settings import Settings, settings_from
from verifier.checkpoint import Checkpoint, verify_checkpoint
from verifier.errors import LogError
from verifier.logfiles import LogFiles
from verifier.note import parse_vkey
from verifier.sources import Source

Observe = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. ``kept`` are files of the home that differ from the backup's and stayed; ``gap`` is None where
    nothing is missing."""

    manifest: Manifest
    added: tuple[str, ...]
    kept: tuple[str, ...]
    gap: Gap | None
    report: FsckReport


def restore(
    environment: Mapping[str, str],
    backup: Path,
    publication: Source | None,
    *,
    home: Path | None = None,
    clock: Clock = system_clock,
    observe: Observe = lambda _: None,
) -> Restored:
    """Restore ``backup``; ``publication`` is None where nothing was ever published.

    Raises ``RegistryError`` and changes nothing for: ``backup_absent``, ``backup_manifest``, ``backup_damaged``,
    ``backup_engine``, ``backup_schema``, ``restore_not_empty``, ``restore_left_over``, ``restore_keys``,
    ``restore_site``. ``backup_tool_failed`` leaves an empty database.
    """
    settings = settings_from(environment, home)
    manifest = read_manifest(backup)
    _check(manifest, backup, settings)
    published, note = None, None
    keyring = _future_keyring(manifest, backup, settings, environment)
    if publication is not None:
        published, note = _published_head(publication, keyring, manifest.registry)
    added, kept = _fill_home(manifest, backup, settings)
    observe("home")
    for known in filter(None, (_own_note(backup / HOME / settings.head.name), note)):
        keep_head(settings.head, known)
    observe("head")
    load_database(backup / manifest.database, settings.database_url)
    observe("loaded")
    app = open_app(environment, home=home, clock=clock)
    with closing(app.database):
        gap = _gap(app, publication, published)
        return Restored(manifest, added, kept, gap, fsck(app))


def _check(manifest: Manifest, backup: Path, settings: Settings) -> None:
    engine = engine_of(settings.database_url)
    if manifest.engine != engine:
        raise RegistryError("backup_engine", engine=manifest.engine, here=engine)
    if manifest.schema not in known_schemas():
        raise RegistryError("backup_schema", schema=manifest.schema, here=newest_schema())
    check_files(backup, manifest)
    require_empty(settings.database_url)


def _future_keyring(
    manifest: Manifest, backup: Path, settings: Settings, environment: Mapping[str, str]
) -> Keyring:
    """The keys that this registry will have: those of its home, else the backup's; raises ``restore_keys``."""
    here = keyring_of(settings, environment)
    if here.has(LOG_KEY):
        return here
    if manifest.with_keys:
        return keyring_of(replace(settings, home=backup / HOME), environment)
    raise RegistryError("restore_keys", folder=str(settings.keys))


def _published_head(publication: Source, keyring: Keyring, host: str) -> tuple[Checkpoint, bytes]:
    """The publication's head, signed by one of our own keys; raises ``RegistryError`` (``restore_site``)."""
    own = list(map(parse_vkey, log_keys(keyring, host)))
    try:
        note = LogFiles(publication).checkpoint()
        verified = verify_checkpoint(
            note, origin=log_origin(host), log_key=own[-1], former_keys=own[:-1], witness_keys=()
        )
    except LogError as error:
        raise RegistryError("restore_site", site=publication.describe(), problem=error.code) from error
    return verified.checkpoint, note


def _fill_home(
    manifest: Manifest, backup: Path, settings: Settings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Copy what the home lacks, the head apart; what was added, and what is there and differs.

    Never to where the database will be: backups were made that have its file as it lay in their home.
    """
    make_private_folder(settings.home)
    others = {settings.head, *live_files(settings.database_url)}
    added, kept = [], []
    for one in manifest.files:
        name = one.path.removeprefix(f"{HOME}/")
        target = settings.home / name
        if name == one.path or target in others:
            continue
        if target.exists():
            kept += [name] if target.read_bytes() != (backup / one.path).read_bytes() else []
            continue
        if target.parent != settings.home:
            make_private_folder(target.parent)
        with fresh_file(target, mode=PRIVATE) as fresh:
            copyfile(backup / one.path, fresh)
            fresh.replace(target)
        added.append(name)
    return tuple(added), tuple(kept)


def _own_note(file: Path) -> bytes | None:
    return file.read_bytes() if read_head(file) is not None else None


def _gap(app: App, publication: Source | None, published: Checkpoint | None) -> Gap | None:
    head = read_head(app.settings.head)
    with app.database.read() as session:  # never committed: see ``measure_gap``
        return measure_gap(
            session,
            LogFiles(publication) if publication is not None else None,
            published,
            signed=head.size if head else 0,
            file=app.settings.home / GAP_FILE,
        )
