"""``authority request`` and ``authority approve``: an authority makes its own key and asks; the province grants.

``request`` runs at the authority, with no registry. The key file goes into the registry's key folder under the authority's
name where the registry signs for the authority, and stays there where a signer of its own does.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from keys.ceremony import CODE_LENGTH, fingerprint_of
from keys.custody import create_key_file, read_passphrase
from keys.delegation import AuthorityRequest, make_request, parse_request
from keys.encodings import timestamp_encode
from registry.app import system_clock
from registry.approval import approve_request
from registry.cli.common import confirmed, errors_told, registry_app
from registry.cli.offices import Code, authority, kinds_of, require_form, tell_version
from registry.cli.shell import SHELL
from registry.files import replace_file
from registry.messages import word_of
from registry.offices import Delegation, new_authority
from registry.settings import PASSPHRASE_VARIABLE
from registry.trustwords import kind_words
from verifier.cli import parse_time


@authority.command("request")
def request(
    code: Code,
    host: Annotated[str, typer.Option(help="登记系统域名 · the registry's host")],
    name: Annotated[str, typer.Option(help="机关全称（印在证书上）· full name, printed on certificates")],
    uscc: Annotated[str, typer.Option(help="统一社会信用代码 · unified social credit code")],
    year: Annotated[int, typer.Option(help="密钥所属年度 · the year of the key")],
    key_out: Annotated[Path, typer.Option(help="加密的密钥文件 · the key file to make")],
    out: Annotated[Path, typer.Option(help="申请文件 · the request to write")],
    kind: Annotated[str, typer.Option(help="provincial | municipal | industry")] = "municipal",
    name_en: Annotated[str, typer.Option(help="英文名 · English name")] = "",
    division: Annotated[
        list[str] | None, typer.Option(help="辖区代码，可多次 · divisions, repeatable")
    ] = None,
    industry: Annotated[list[str] | None, typer.Option(help="行业，可多次 · industries, repeatable")] = None,
    certificate: Annotated[
        list[str] | None, typer.Option(help="annual | completion，可多次 · kinds, both by default")
    ] = None,
    sequence: Annotated[int, typer.Option(help="本年度第几把密钥 · which key of the year")] = 1,
) -> None:
    """机关自制密钥并申请委托（无需登记系统）· At an authority: make a key and ask for a delegation."""
    with errors_told():
        now = system_clock()
        areas = tuple(division or ()) or (() if industry else (code,))
        kinds = kinds_of(certificate)
        require_form(kind, name, (year,))
        wanted = Delegation(code, kind, name, name_en, uscc, areas, tuple(industry or ()), kinds, (year,))
        asking = new_authority(
            host, wanted, now=now
        )  # what the province would refuse is told before a key is made
        data = make_request(
            create_key_file(key_out, _passphrase()),
            registry=host,
            code=code,
            kind=kind,
            names=asking.names,
            uscc=uscc,
            scope=asking.scope,
            year=year,
            sequence=sequence,
            created=now,
            nonce=secrets.token_hex(16),
        )
        asked = parse_request(data)
        replace_file(out, data)
    fingerprint = fingerprint_of(asked.key.public_key)
    SHELL.say(
        f"申请已写入 {out}；密钥指纹 {fingerprint}（请通过电话与省级机构核对）",
        f"The request is in {out}; key fingerprint {fingerprint} (compare it with the province by telephone)",
    )
    SHELL.say_json({"request": str(out), "key": asked.key.id, "fingerprint": fingerprint})


@authority.command("approve")
def approve(
    file: Annotated[Path, typer.Argument(metavar="REQUEST", help="申请文件 · the request")],
    not_before: Annotated[
        str | None, typer.Option(metavar="TIME", help="密钥起用时间，缺省现在 · from, now by default")
    ] = None,
    not_after: Annotated[
        str | None, typer.Option(metavar="TIME", help="密钥截止时间，缺省次年底 · until, the next year's end")
    ] = None,
) -> None:
    """省级机构：核对申请、键入确认码、委托 · For the province: read a request, type its code, delegate."""
    with registry_app() as app:
        asked = parse_request(file.read_bytes())
        _tell(asked)
        confirmed(asked.digest[:CODE_LENGTH])
        with app.write() as session:
            trust_list = approve_request(
                session,
                app.keyring,
                asked,
                not_before=parse_time(not_before) if not_before else None,
                not_after=parse_time(not_after) if not_after else None,
                now=app.clock(),
            )
        app.sign_log()
    tell_version(trust_list, asked.authority.code)


def _tell(asked: AuthorityRequest) -> None:
    one = asked.authority
    areas = " ".join(sorted(one.scope.divisions or one.scope.industries))
    years = " ".join(map(str, sorted(one.scope.years)))
    chinese, english = zip(*(kind_words(kind) for kind in sorted(one.scope.kinds)), strict=True)
    fingerprint, created = fingerprint_of(asked.key.public_key), timestamp_encode(asked.created)
    code = asked.digest[:CODE_LENGTH]
    SHELL.say(
        f"{one.code} {one.names['zh']}（{word_of(one.kind, 'zh-CN')}，{one.uscc}）申请：范围 {areas}，种类 {'、'.join(chinese)}，年度 {years}；"
        f"密钥 {asked.key.id}，指纹 {fingerprint}；写于 {created}。确认码：{code}",
        f"{one.code} {one.names['zh']} ({one.kind}, {one.uscc}) asks for: area {areas}, kinds {', '.join(english)}, years {years}; "
        f"key {asked.key.id}, fingerprint {fingerprint}; made at {created}. Code: {code}",
    )
    SHELL.say_json({"key": asked.key.id, "fingerprint": fingerprint, "code": code})


def _passphrase() -> bytes:
    file = os.environ.get(f"{PASSPHRASE_VARIABLE}_FILE")
    prompt = "Passphrase of the new key 新密钥口令: " if sys.stdin.isatty() else ""
    return read_passphrase(
        os.environ, variable=PASSPHRASE_VARIABLE, file=Path(file) if file else None, prompt=prompt
    )
