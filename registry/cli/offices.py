"""``init``, ``authority …``, ``trust renew``: the province's commands."""

import os
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from keys.ceremony import parse_offer
from keys.encodings import timestamp_encode
from keys.trustchain import pin_of
from keys.trustlist import AUTHORITY_KINDS, Authority, TrustList
from registry.app import App, create_app
from registry.applications import KIND_DIGITS
from registry.ceremony import first_draft
from registry.cli.common import Yes, confirm, errors_told, kind_of, propose, registry_app, wrong_usage
from registry.cli.shell import SHELL
from registry.messages import word_of
from registry.offices import (
    STATE_REASONS,
    YEARS,
    Delegation,
    add_authority,
    change_state,
    renew_trust_list,
    require_authority,
    require_possible,
)
from registry.trust import current_trust_list
from verifier.cli import parse_time

authority = typer.Typer(
    no_args_is_help=True, help="发证机关：委托、暂停、恢复、撤销 · Authorities and their delegation."
)
trust = typer.Typer(no_args_is_help=True, help="信任列表 · The trust list.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="6 位机关代码，如 410100 · 6-digit authority code")]
Since = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="自何时起，缺省即刻 · from when, at once by default"),
]


def init(
    host: Annotated[
        str, typer.Option(help="核验网站域名（印在二维码里，以后不能改）· host in every QR, for good")
    ],
    root_keys: Annotated[int, typer.Option(help="根密钥数 · number of root keys")] = 1,
    threshold: Annotated[int, typer.Option(help="签名门限 · how many must sign")] = 1,
    root_public: Annotated[
        list[Path] | None,
        typer.Option(
            help="根密钥在别处：其公开文件，可多次 · the root's keys are elsewhere: their public files, repeatable"
        ),
    ] = None,
) -> None:
    """建立登记系统：数据库、密钥、第一版信任列表 · Make a registry: database, keys, first trust list."""
    with errors_told():
        offers = [parse_offer(file.read_bytes()) for file in root_public or ()]
        app = create_app(
            os.environ, home=SHELL.home, host=host, root_keys=root_keys, threshold=threshold, offers=offers
        )
        if offers:
            _propose_first(app)
        with app.database.read() as session:
            fingerprint = pin_of(current_trust_list(session)).fingerprint
    SHELL.say(f"登记系统已建立：{app.settings.home}", f"Registry made: {app.settings.home}")
    SHELL.say(
        f"根指纹（请公布并核对）：{fingerprint}", f"Root fingerprint (publish and compare it): {fingerprint}"
    )
    SHELL.say_json({"home": str(app.settings.home), "host": host, "rootFingerprint": fingerprint})
    app.database.close()


def _propose_first(app: App) -> None:
    with closing(app.database):
        with app.database.read() as session:
            draft = first_draft(session, app.keyring, now=app.clock())
        fingerprint = pin_of(draft).fingerprint
        SHELL.say(
            f"根指纹（首版签名导入后公布）：{fingerprint}",
            f"Root fingerprint (to be published once the first list is signed): {fingerprint}",
        )
        propose(app, draft)


@authority.command("add")
def add(
    code: Code,
    name: Annotated[str, typer.Option(help="机关全称（印在证书上）· full name, printed on certificates")],
    uscc: Annotated[str, typer.Option(help="统一社会信用代码 · unified social credit code")],
    year: Annotated[list[int], typer.Option(help="委托年度，可多次 · years, repeatable")],
    kind: Annotated[str, typer.Option(help="provincial | municipal | industry")] = "municipal",
    name_en: Annotated[str, typer.Option(help="英文名 · English name")] = "",
    division: Annotated[
        list[str] | None, typer.Option(help="辖区代码，可多次 · divisions, repeatable")
    ] = None,
    industry: Annotated[list[str] | None, typer.Option(help="行业，可多次 · industries, repeatable")] = None,
    certificate: Annotated[
        list[str] | None, typer.Option(help="annual | completion，可多次，缺省两者 · kinds, both by default")
    ] = None,
) -> None:
    """委托一个机关发证，或为其增加年度 · Delegate to an authority, or add years to one."""
    kinds = kinds_of(certificate)
    require_form(kind, name, year)
    areas = tuple(division or ()) or (() if industry else (code,))
    delegation = Delegation(code, kind, name, name_en, uscc, areas, tuple(industry or ()), kinds, tuple(year))
    with registry_app() as app:
        with app.write() as session:
            trust_list = add_authority(session, app.keyring, delegation, now=app.clock())
        app.sign_log()
    tell_version(trust_list, code)


def kinds_of(certificate: list[str] | None) -> tuple[int, ...]:
    """The digits of ``--certificate``, of all kinds where none is named; ends the program where one is unknown."""
    return tuple(KIND_DIGITS[kind_of(name, "--certificate")] for name in certificate or KIND_DIGITS)


def require_form(kind: str, name: str, years: Iterable[int]) -> None:
    """End the program where the kind of an authority, its name or a year cannot be, and say which."""
    if kind not in AUTHORITY_KINDS:
        wrong_usage(
            f"--kind 应为 provincial（省级）、municipal（市级）或 industry（行业），不是「{kind}」。",
            f"--kind is provincial, municipal or industry, not “{kind}”.",
        )
    if not name.strip():
        wrong_usage("--name 不能为空：请写机关全称。", "--name is empty: give the authority's full name.")
    for year in years:
        if year not in YEARS:
            wrong_usage(
                f"--year {year}：年度须为四位数字，{YEARS.start} 至 {YEARS.stop - 1}。",
                f"--year {year}: a year has four digits, {YEARS.start} to {YEARS.stop - 1}.",
            )


@authority.command("list")
def list_authorities() -> None:
    """列出机关、范围、状态、密钥 · List authorities with scope, state and keys."""
    with registry_app(reading=True) as app, app.database.read() as session:
        trust_list = current_trust_list(session)
    table = Table("代码 Code", "名称 Name", "类别 Kind", "状态 State", "年度 Years", "密钥 Keys")
    for one in trust_list.authorities.values():
        years = " ".join(map(str, sorted(one.scope.years)))
        keys = " ".join(key.id.partition("#")[2] for key in one.keys)
        table.add_row(
            one.code,
            one.names["zh"],
            word_of(one.kind, SHELL.lang),
            word_of(one.states[-1].state, SHELL.lang),
            years,
            keys,
        )
        SHELL.say_json(_authority_json(one))
    if not SHELL.as_json:
        SHELL.out.print(table)


def reason_help(state: str) -> str:
    """The closed list of public reasons, for ``--help``."""
    return f"公开事由代码 · public reason: {' | '.join(STATE_REASONS[state])}"


@authority.command("suspend")
def suspend(
    code: Code,
    reason: Annotated[str, typer.Option("--reason", help=reason_help("suspended"))],
    since: Since = None,
) -> None:
    """暂停机关发证（已发证书有效）· Suspend; issued certificates stand."""
    _change(code, "suspended", reason, since)


@authority.command("reinstate")
def reinstate(
    code: Code,
    reason: Annotated[str, typer.Option("--reason", help=reason_help("granted"))],
    since: Since = None,
) -> None:
    """恢复机关发证 · Let it issue again."""
    _change(code, "granted", reason, since)


@authority.command("withdraw")
def withdraw(
    code: Code,
    reason: Annotated[str, typer.Option("--reason", help=reason_help("withdrawn"))],
    since: Since = None,
    yes: Yes = False,
) -> None:
    """撤销委托，不可恢复（已发证书有效）· Withdraw for good, it cannot be undone; issued certificates stand."""
    with registry_app() as app, app.database.read() as session:
        known = require_authority(current_trust_list(session), code)
        require_possible(known, "withdrawn", reason)
        name = known.names["zh"]
    if not yes:
        with errors_told():
            confirm(
                "withdraw", f"撤销对 {code} {name} 的委托，不可恢复。", f"Withdraw {code} {name} for good?"
            )
    _change(code, "withdrawn", reason, since)


def _change(code: str, state: str, reason: str, since: str | None) -> None:
    with registry_app() as app:
        with app.write() as session:
            trust_list = change_state(
                session,
                app.keyring,
                code=code,
                state=state,
                reason=reason,
                now=app.clock(),
                since=parse_time(since) if since else None,
            )
        app.sign_log()
    tell_version(trust_list, code)


@trust.command("renew")
def renew() -> None:
    """重新签发信任列表（有效期一年）· Sign the trust list anew; it is valid for a year."""
    with registry_app() as app:
        with app.write() as session:
            trust_list = renew_trust_list(session, app.keyring, now=app.clock())
        app.sign_log()
    tell_version(trust_list, "")


def tell_version(trust_list: TrustList, code: str) -> None:
    """Say that a version of the trust list was signed."""
    until = timestamp_encode(trust_list.valid_until)
    SHELL.say(
        f"信任列表第 {trust_list.version} 版已签发，有效至 {until}。请运行 certreg publish 公布。",
        f"Trust list version {trust_list.version} signed, valid until {until}. Publish it with certreg publish.",
    )
    SHELL.say_json({"version": trust_list.version, "validUntil": until, "code": code})


def _authority_json(one: Authority) -> dict[str, object]:
    return {
        "code": one.code,
        "names": dict(one.names),
        "kind": one.kind,
        "state": one.states[-1].state,
        "years": sorted(one.scope.years),
        "keys": [key.id for key in one.keys],
    }
