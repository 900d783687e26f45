"""``backup`` and ``restore``: a copy of one state, and the way back that gives no number twice."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from keys.encodings import timestamp_encode
from registry.app import system_clock
from registry.backup.gap import Gap
from registry.backup.making import back_up
from registry.backup.restoring import Restored, restore
from registry.bucket import SCHEME, open_bucket
from registry.cli.common import errors_told, registry_app
from registry.cli.publishing import tell_fsck
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.errors import RegistryError
from registry.messages import LANGUAGES, error_sentence
from registry.settings import Settings, settings_from
from registry.sites import Site
from verifier.bounded import bounded
from verifier.logfiles import CHECKPOINT_PATH
from verifier.sources import Source, open_source
from verifier.textreport import time_text

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="备份文件夹 · the backup's folder")]


class SiteSource:
    """A bucket as verifiers read a publication."""

    carries_log = True

    def __init__(self, site: Site, name: str) -> None:
        self._site, self._name = site, name

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """See ``Source``."""
        found = self._site.read(path)
        return found if found is None else bounded(found, max_bytes, path)

    def describe(self) -> str:
        """The bucket's address."""
        return self._name

    def close(self) -> None:
        """The block of ``alone`` closes it."""


def backup_command(
    folder: Folder,
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="连同密钥文件（请另行保管口令）· the key files, too"),
    ] = False,
) -> None:
    """在使用中备份数据库及其外的记录；不含密钥、口令和公布内容 · Back up database and head, while in use; no keys, no publication.

    还须另行保管：密钥文件夹、口令、公布的文件 · To be kept apart: the folder of keys, the passphrase, the publication.
    """
    with registry_app(reading=True) as app:
        made = back_up(app, folder, with_keys=with_keys)
    size = sum(one.bytes for one in made.files)
    SHELL.say(
        f"已备份到 {folder}：日志 {made.log_size} 条，{len(made.files)} 个文件，{size:,} 字节，{'含' if with_keys else '不含'}密钥。",
        f"Backed up to {folder}: {made.log_size} log entries, {len(made.files)} files, {size:,} bytes, "
        f"{'with' if with_keys else 'without'} the keys.",
    )
    if not with_keys:
        SHELL.say(
            "密钥文件夹和口令须另行备份：没有它们，恢复的数据不能继续使用。",
            "Keep the folder of keys and the passphrase apart: without them what is restored cannot go on.",
        )
    SHELL.say_json(
        {
            "folder": str(folder),
            "engine": made.engine,
            "logSize": made.log_size,
            "createdAt": timestamp_encode(made.created_at),
            "withKeys": with_keys,
            "bytes": size,
        }
    )


def restore_command(
    folder: Folder,
    site: Annotated[
        str | None,
        typer.Option(
            metavar="DIR | URL | s3://BUCKET",
            help="公布所在，缺省为登记系统的 site · where it was published",
        ),
    ] = None,
    never_published: Annotated[
        bool, typer.Option("--never-published", help="从未公布过 · there never was a publication")
    ] = False,
) -> None:
    """把备份恢复到空数据库，与公布内容对照，最后核对全部数据 · Restore into an empty database, compare with the publication, then fsck.

    退出码 · exit codes: 0 可以继续 may go on, 1 有缺失或问题 something is missing or wrong.
    """
    with errors_told():
        settings = settings_from(os.environ, SHELL.home)
        with _publication(site, settings, never=never_published) as publication:
            done = restore(os.environ, folder, publication, home=SHELL.home)
    _tell_files(done)
    if done.gap is not None:
        _tell_gap(done.gap)
    tell_fsck(done.report)
    if done.gap is not None or done.report.troubles:
        raise typer.Exit(EXIT_ERROR)
    SHELL.say(
        "可以继续：certreg resume，然后 certreg publish。", "Go on: certreg resume, then certreg publish."
    )


@contextmanager
def _publication(place: str | None, settings: Settings, *, never: bool) -> Iterator[Source | None]:
    """The publication that was named, or lies in the home; None where there never was one."""
    if never:
        yield None
        return
    if place is None:
        if not (settings.site / CHECKPOINT_PATH).is_file():
            raise RegistryError("restore_site_needed")
        place = str(settings.site)
    if place.startswith(SCHEME):
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        bucket = open_bucket(place, home=settings.home, clock=system_clock)
        with bucket.alone():
            yield SiteSource(bucket, place)
        return
    with closing(open_source(place)) as source:
        yield source


def _tell_files(done: Restored) -> None:
    manifest = done.manifest
    made = [time_text(manifest.created_at, lang) for lang in LANGUAGES]
    SHELL.say(
        f"已恢复 {made[0]} 的备份：日志 {manifest.log_size} 条。补入文件 {len(done.added)} 个。",
        f"Restored the backup of {made[1]}: {manifest.log_size} log entries. {len(done.added)} files were added to the home.",
    )
    for name in done.kept:
        SHELL.say(
            f"保留了现有文件（与备份不同）：{name}", f"Kept as it is here, unlike in the backup: {name}"
        )
    SHELL.say_json({"logSize": manifest.log_size, "added": list(done.added), "kept": list(done.kept)})


def _tell_gap(gap: Gap) -> None:
    """What is missing, precisely, and how to go on."""
    params = {"here": gap.here, "signed": gap.signed, "published": gap.published}
    SHELL.complain(error_sentence("restore_gap", params, SHELL.lang), "restore_gap")
    SHELL.say_json(
        {
            **params,
            "actions": dict(gap.actions),
            "numbers": {key: list(ends) for key, ends in sorted(gap.series.items())},
            "file": str(gap.file or ""),
            "trouble": gap.trouble,
        }
    )
    if gap.trouble:
        SHELL.complain(
            error_sentence("restore_gap_unread", {"problem": gap.trouble}, SHELL.lang), gap.trouble
        )
    if gap.file is not None:
        span = [
            f"{time_text(gap.first, lang)}{dash}{time_text(gap.last, lang)}"
            for lang, dash in zip(LANGUAGES, (" 至 ", " to "), strict=True)
        ]
        told = ", ".join(f"{action} ×{count}" for action, count in sorted(gap.actions.items()))
        SHELL.say(
            f"其中已公布的：{told}，{span[0]}。逐条见 {gap.file}。",
            f"Published of these: {told}, {span[1]}. One by one: {gap.file}.",
        )
        for low, high in sorted(gap.series.values()):
            SHELL.say(f"  编号 {low} 至 {high}", f"  numbers {low} to {high}")
    way = "restore_gap_public" if gap.is_public else "restore_gap_unseen"
    SHELL.say(*(error_sentence(way, params, lang) for lang in LANGUAGES))
