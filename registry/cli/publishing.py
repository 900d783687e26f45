"""``publish``, ``bundle``, ``verify``, ``fsck``: what others see, and whether all is well."""

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from keys.encodings import timestamp_encode
from keys.trustchain import RootPin, parse_pin
from registry.app import App, open_app, system_clock
from registry.bucket import SCHEME, open_bucket
from registry.cli.ceremony import tell_warnings
from registry.cli.common import OUR_ERRORS, errors_told, registry_app, tell_open_batches, told
from registry.cli.shell import EXIT_ERROR, EXIT_REFUSED_ROWS, SHELL
from registry.cosigning import Cosigning
from registry.errors import OfficeError, RegistryError
from registry.expiry import warnings_of
from registry.fsck import FsckReport, fsck
from registry.handout import find_record
from registry.holdings import open_batches
from registry.messages import LANGUAGES, error_sentence
from registry.publication import publish, write_bundle
from registry.sites import Site
from registry.troubles import sentence_of_trouble
from registry.trust import current_trust_list, registry_of
from verifier.bundleinfo import BundleInfo, describe_bundle
from verifier.cli import parse_fingerprint, parse_time, use_colour
from verifier.memory import memory_file
from verifier.session import Options, run
from verifier.textreport import time_text

MAX_TOLD = 50
"""Troubles of one code that are told one by one."""


def publish_command(
    place: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIR | s3://BUCKET/PREFIX]",
            help="网站文件夹（缺省为登记系统下的 site）或存储桶 · a folder, default: site in the registry; or a bucket",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="逐字节核对已公布的文件并修复 · compare every published byte, repair and tell"
        ),
    ] = False,
) -> None:
    """把核验所需的一切写成静态文件（只写有变化的）· Write what verifiers need as static files, changes only."""
    with registry_app() as app:
        target = site_at(app, place)
        done = publish(app, target, check=check)
        with app.database.read() as session:
            ending = warnings_of(current_trust_list(session), app.clock())
            unfinished = open_batches(session)
    tell_warnings(ending)
    tell_open_batches(unfinished)
    for path in done.damaged:
        SHELL.say(f"已修复（内容曾不符）：{path}", f"Repaired; it was not what it must be: {path}")
    if check and not done.damaged:
        SHELL.say("已逐字节核对，没有损坏的文件。", "Every byte was compared; no file was damaged.")
    shown = place or target
    SHELL.say(
        f"已公布到 {shown}：写入 {done.written} 个文件，核对 {done.unchanged} 个无变化，日志 {done.log_size} 条。",
        f"Published to {shown}: {done.written} files written, {done.unchanged} compared and unchanged, "
        f"{done.log_size} log entries.",
    )
    waits = done.cosigning is not None and not done.cosigning.enough
    SHELL.say_json(
        {
            "written": done.written,
            "unchanged": done.unchanged,
            "logSize": done.log_size,
            "repaired": done.damaged,
            "witnessesMissing": dict(done.cosigning.missing) if done.cosigning else {},
            "logAwaitsWitnesses": waits,
            "warnings": [{"code": one.code, "subject": one.subject, "days": one.days} for one in ending],
        }
    )
    if waits and done.cosigning is not None:
        _tell_awaited(done.cosigning, done.log_size)
        raise typer.Exit(EXIT_ERROR)


def bundle_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="离线核验包 · the bundle")],
    show: Annotated[
        bool, typer.Option("--show", help="不写，只说明已有的包 · write none, tell of the one that is there")
    ] = False,
    trust: Annotated[
        Path | None,
        typer.Option(
            metavar="ROOT_JSON", help="--show 所用的根文件，缺省为本系统的 · the root to pin with --show"
        ),
    ] = None,
) -> None:
    """写出离线核验包：信任列表、模板、状态；说明大小与时效 · Write what an offline verifier needs; tell its size and age.

    退出码 · exit codes: 2 已过期或有不可信的状态列表 out of date, or with lists that cannot be trusted.
    """
    if show:
        with errors_told():
            if not file.is_file():
                raise RegistryError("file_missing", file=str(file))
            pin = parse_pin(trust.read_bytes()) if trust else own_pin(app_or_none())
            if pin is None:
                raise OfficeError("not_initialised")
            info = describe_bundle(file, pin)
        tell_bundle(info, file, system_clock())
        return
    with registry_app() as app:
        write_bundle(app, file)
        # What was written is read as its readers will: a bundle that they cannot use is no success.
        with app.database.read() as session:
            pin = parse_pin(registry_of(session).root)
        info = describe_bundle(file, pin)
    tell_bundle(info, file, app.clock())


def tell_bundle(info: BundleInfo, file: Path, now: int) -> None:
    """Size, age and end of a bundle; exit code 2 where it serves no longer."""
    hours = max(0, now - info.as_of) // 3600
    as_of, until = ([time_text(moment, lang) for lang in LANGUAGES] for moment in (info.as_of, info.until))
    SHELL.say(
        f"{file}：{info.size:,} 字节，信任列表第 {info.version} 版，状态列表 {info.lists} 份，签于 {as_of[0]}（{hours} 小时前），可用至 {until[0]}。",
        f"{file}: {info.size:,} bytes, trust list version {info.version}, {info.lists} status lists signed {as_of[1]} ({hours} hours ago), good until {until[1]}.",
    )
    SHELL.say_json(
        {
            "file": str(file),
            "bytes": info.size,
            "registry": info.registry,
            "trustListVersion": info.version,
            "statusLists": info.lists,
            "createdAt": timestamp_encode(info.created_at),
            "asOf": timestamp_encode(info.as_of),
            "until": timestamp_encode(info.until),
            "unusable": list(info.unusable),
        }
    )
    for path in info.unusable:
        SHELL.complain(error_sentence("bundle_list", {"path": path}, SHELL.lang), "bundle_list")
    if info.until < now:
        SHELL.complain(error_sentence("bundle_stale", {"hours": hours}, SHELL.lang), "bundle_stale")
    if info.unusable or info.until < now:
        raise typer.Exit(EXIT_REFUSED_ROWS)


def verify_command(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET...",
            help="JSON PDF PNG JPEG 文件、文件夹、二维码内容、编号 · files, folders, QR text, numbers",
        ),
    ] = None,
    trust: Annotated[str | None, typer.Option(metavar="ROOT_JSON", help="根文件 · the root to pin")] = None,
    root_fingerprint: Annotated[
        str | None, typer.Option(metavar="SHA256", help="或：根文件的指纹 · or the root file's fingerprint")
    ] = None,
    bundle: Annotated[str | None, typer.Option(metavar="FILE", help="离线核验包 · offline bundle")] = None,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL_OR_FOLDER", help="公布网址或文件夹，缺省为本系统的 site · publication"),
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="核验时间 · judge as of this time")] = None,
    name: Annotated[str | None, typer.Option(help="应为此姓名 · the holder's name to compare")] = None,
) -> None:
    """公开核验：与 certverify 相同，并可按编号从本系统取证书 · As certverify; finds the record of a number here.

    退出码 · exit codes: 0 全部通过 PASSED, 1 有未通过 FAILED, 2 有无法判定 INDETERMINATE, 64 用法 usage.
    """
    app = app_or_none()
    options = Options(
        root=trust,
        fingerprint=parse_fingerprint(root_fingerprint),
        source=bundle or url or own_site(app),
        pin=own_pin(app),
        memory=memory_file(os.environ),
        at=parse_time(at) if at else None,
        name=name,
        lang=SHELL.lang,
        as_json=SHELL.as_json,
        colour=use_colour(),
    )
    code = run(targets or [], options, find_record=(lambda number: find_record(app, number)) if app else None)
    if app is not None:
        app.database.close()
    raise typer.Exit(code)


def fsck_command() -> None:
    """核对全部数据：记录、编号、日志、检查点 · Check every record, number, leaf and checkpoint."""
    with registry_app(reading=True) as app:
        report = fsck(app)
        with app.database.read() as session:
            unfinished = open_batches(session)
    tell_open_batches(unfinished)
    tell_fsck(report)
    if report.troubles:
        raise typer.Exit(EXIT_ERROR)


def tell_fsck(report: FsckReport) -> None:
    """Say what was looked at and what was found."""
    counts = Counter(trouble.code for trouble in report.troubles)
    told: Counter[str] = Counter()
    for trouble in report.troubles:
        told[trouble.code] += 1
        if told[trouble.code] <= MAX_TOLD:
            sentence = sentence_of_trouble(trouble.code, SHELL.lang)
            SHELL.complain(f"{trouble.code} {trouble.subject}: {sentence}", trouble.code)
    for code, count in counts.items():
        if count > MAX_TOLD:
            more = count - MAX_TOLD
            SHELL.say(
                f"{code}：另有 {more} 处同类问题（共 {count} 处）。",
                f"{code}: {more} more of the same, {count} in all.",
            )
    SHELL.say(
        f"核对证书 {report.certificates} 份、日志 {report.entries} 条、待完成区间 {report.waiting} 个：问题 {len(report.troubles)} 处。",
        f"{report.certificates} certificates, {report.entries} log entries, {report.waiting} ranges waiting: "
        f"{len(report.troubles)} troubles.",
    )
    SHELL.say_json(
        {
            "certificates": report.certificates,
            "entries": report.entries,
            "waiting": report.waiting,
            "troubles": [{"code": one.code, "subject": one.subject} for one in report.troubles],
        }
    )


def _tell_awaited(cosigning: Cosigning, published: int) -> None:
    params = {
        "size": cosigning.size,
        "have": cosigning.have,
        "quorum": cosigning.quorum,
        "witnesses": cosigning.names,
        "published": published,
    }
    SHELL.complain(error_sentence("log_awaits_witnesses", params, SHELL.lang), "log_awaits_witnesses")


def site_at(app: App, place: str | None) -> Path | Site:
    """Where to publish: a folder, or a bucket; by default the registry's own folder."""
    if place is not None and place.startswith(SCHEME):
        return open_bucket(place, home=app.settings.home, clock=app.clock)
    return Path(place) if place else app.settings.site


def own_site(app: App | None) -> str | None:
    """This registry's own publication, where ``publish`` wrote it without another folder."""
    return str(app.settings.site) if app and app.settings.site.is_dir() else None


def own_pin(app: App | None) -> RootPin | None:
    """This registry's own root, from its database: whoever alters the published files does not choose it."""
    if app is None:
        return None
    with app.database.read() as session:
        return parse_pin(registry_of(session).root)


def app_or_none() -> App | None:
    """This machine's registry, if there is one: a verifier needs none.

    Where it is and cannot be used, that is said beside the verdict, and is none: the verifier does without.
    """
    try:
        return open_app(os.environ, home=SHELL.home, reading=True)
    except OUR_ERRORS as error:
        code, sentence = told(error)
        if code != "not_initialised":
            SHELL.err.print(sentence, markup=False, soft_wrap=True, style="yellow")
        return None
