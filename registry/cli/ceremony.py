"""``root …``: the ceremony. Most of it runs on signers' own machines, which have no registry and no network.

signer      root key init      a key file, and a small public file for the registry
registry    init --root-public …, root rotate, or any change: the proposal lies in the home
signer      root sign          what changes, in words, from the two documents; a code to type; a small proof file
anyone      root combine       the proofs and the proposal make the list, or it is told what is missing
any         root qr, root scan any of these files from screen to screen, where no memory stick may go
registry    root import        stored and logged
signer      root accept        the list becomes the one that the signer trusts and compares the next with
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from keys.ceremony import (
    CODE_LENGTH,
    Proposal,
    combine,
    default_fragment,
    digest_of,
    fingerprint_of,
    make_offer,
    parse_offer,
    parse_proposal,
    parse_root_proof,
    require_follows,
    sign_proposal,
    tallies,
)
from keys.custody import create_key_file, open_key_file, read_passphrase
from keys.encodings import timestamp_encode
from keys.errors import CeremonyError, KeysError
from keys.qrparts import split_for_qr
from keys.trustchain import pin_of, verify_chain
from keys.trustdiff import changes_between
from keys.trustlist import TrustList, parse_trust_list
from registry.app import system_clock
from registry.ceremony import PROPOSAL_FILE, import_list, pending_proposal, refound, rotate_root
from registry.cli.carrying import qr_command, scan_command, show_codes
from registry.cli.common import confirmed, errors_told, registry_app
from registry.cli.offices import tell_version
from registry.cli.shell import EXIT_REFUSED_ROWS, SHELL
from registry.expiry import WARN_DAYS, Expiry, days_left, warnings_of
from registry.files import replace_file
from registry.messages import WARNINGS, pick
from registry.settings import PASSPHRASE_VARIABLE
from registry.trust import current_trust_list
from registry.trustwords import describe, nothing_yet

root = typer.Typer(no_args_is_help=True, help="根密钥仪式：提案、签名、合并、导入 · The root ceremony.")
key = typer.Typer(no_args_is_help=True, help="签名人自己的根密钥 · A signer's own root key.")
root.add_typer(key, name="key")
root.command("qr")(qr_command)
root.command("scan")(scan_command)

ProposalFile = Annotated[Path, typer.Argument(metavar="PROPOSAL", help="提案文件 · the proposal")]
ListFile = Annotated[Path, typer.Argument(metavar="LIST", help="已签名的信任列表 · the signed trust list")]
Trusted = Annotated[
    Path | None,
    typer.Option(help="您所信任的信任列表，第一版除外 · the list you trust; none for the first"),
]
Qr = Annotated[bool, typer.Option("--qr", help="同时显示二维码 · show it as a QR code, too")]


@key.command("init")
def key_init(
    host: Annotated[str, typer.Option(help="登记系统域名 · the registry's host")],
    out: Annotated[
        Path, typer.Option(help="加密的密钥文件；公开文件在其旁 · the key file; a public one beside it")
    ],
    name: Annotated[str, typer.Option(help="密钥名称，缺省自动 · the key's name, its own by default")] = "",
    qr: Qr = False,
) -> None:
    """制作一把根密钥（离线机器上，无需登记系统）· Make a root key, offline, with no registry."""
    with errors_told():
        # If we stop after this the key has no public file and nobody was told of it: delete it and begin again.
        signer = create_key_file(out, _passphrase())
        fragment = name or default_fragment(signer.public_key)
        data = make_offer(signer, registry=host, fragment=fragment, created=system_clock())
        public = out.with_suffix(".public.json")
        replace_file(public, data)
    fingerprint = fingerprint_of(signer.public_key)
    SHELL.say(
        f"密钥文件 {out}（请妥善保管，连同口令备份两处）；公开文件 {public}；密钥指纹 {fingerprint}",
        f"Key file {out} (keep it, and two backups with the passphrase apart); public file {public}; fingerprint {fingerprint}",
    )
    SHELL.say_json({"name": fragment, "public": str(public), "fingerprint": fingerprint})
    _show_qr(data, wanted=qr)


@key.command("show")
def key_show(
    file: Annotated[Path, typer.Argument(metavar="PUBLIC_FILE", help="根公钥文件 · the public file")],
) -> None:
    """核对一份根公钥文件：持有证明与指纹 · Check a public file: possession and fingerprint."""
    with errors_told():
        offer = parse_offer(file.read_bytes())
    fingerprint = fingerprint_of(offer.key.public_key)
    SHELL.say(f"{offer.key.id}：{fingerprint}", f"{offer.key.id}: {fingerprint}")
    SHELL.say_json(
        {"id": offer.key.id, "fingerprint": fingerprint, "created": timestamp_encode(offer.created)}
    )


@root.command("show")
def show(proposal: ProposalFile, trusted: Trusted = None) -> None:
    """用文字说明提案改变了什么 · Say in words what a proposal changes."""
    with errors_told():
        read, base = parse_proposal(proposal.read_bytes()), _trusted(trusted)
        require_follows(read, base)
    _tell_changes(read, base)


@root.command("sign")
def sign(
    proposal: ProposalFile,
    key_file: Annotated[Path, typer.Option("--key", help="您的根密钥文件 · your root key file")],
    out: Annotated[Path, typer.Option(help="签名文件 · the proof to write")],
    trusted: Trusted = None,
    qr: Qr = False,
) -> None:
    """阅读变更、键入确认码、签名（离线）· Read what changes, type the code, sign; offline."""
    with errors_told():
        read, base = parse_proposal(proposal.read_bytes()), _trusted(trusted)
        require_follows(read, base)
        _tell_changes(read, base)
        confirmed(read.code)
        signer = open_key_file(key_file, _passphrase())
        data = sign_proposal(read, signer, trusted=base, created=system_clock())
        replace_file(out, data)
    SHELL.say(f"签名已写入 {out}。", f"The proof is in {out}.")
    SHELL.say_json({"proof": str(out), "code": read.code})
    _show_qr(data, wanted=qr)


@root.command("combine")
def combine_command(
    proposal: ProposalFile,
    proofs: Annotated[list[Path], typer.Argument(metavar="PROOF...", help="签名文件 · proofs")],
    out: Annotated[Path, typer.Option(help="签好的信任列表 · the signed list to write")],
    trusted: Trusted = None,
    new_root: Annotated[
        bool,
        typer.Option("--new-root", help="旧根已失：只数新根 · the old root is lost: count the new one alone"),
    ] = False,
) -> None:
    """把签名与提案合成信任列表；新旧根都须达到门限 · Make the list; the old and the new root must both be enough."""
    with errors_told():
        read, base = parse_proposal(proposal.read_bytes()), _trusted(trusted)
        require_follows(read, base)
        counted = None if new_root else base
        handed = [parse_root_proof(file.read_bytes()) for file in proofs]
        for tally in tallies(read, handed, counted):
            names = " ".join(one.partition("#")[2] for one in tally.signed)
            SHELL.say(
                f"已签 {len(tally.signed)} / {tally.threshold}：{names}",
                f"signed {len(tally.signed)} / {tally.threshold}: {names}",
            )
        signed = combine(read, handed, counted)
        replace_file(out, signed.data)
    SHELL.say(f"信任列表第 {signed.version} 版：{out}", f"Trust list version {signed.version}: {out}")
    SHELL.say_json({"version": signed.version, "list": str(out)})


@root.command("accept")
def accept(
    file: ListFile,
    trusted: Annotated[
        Path, typer.Option(help="您所信任的信任列表（将被替换）· the list you trust; it is replaced")
    ],
) -> None:
    """签名人：核对新列表，作为以后比较的依据 · For a signer: check a list and compare with it from now on."""
    with errors_told():
        base = _trusted(trusted) if trusted.exists() else None
        new = _trusted(file, base)
        assert new is not None  # noqa: S101 - a file was given
        old = base.document if base else nothing_yet(new.document)
        for line in describe(changes_between(old, new.document), old, new.document, SHELL.lang):
            SHELL.say(line, line)
        fingerprint = pin_of(new).fingerprint
        SHELL.say(f"根指纹：{fingerprint}", f"Root fingerprint: {fingerprint}")
        confirmed(digest_of(new.document)[:CODE_LENGTH])
        replace_file(trusted, new.data)
    SHELL.say_json({"version": new.version, "rootFingerprint": fingerprint})


@root.command("import")
def import_command(
    file: ListFile,
    condemn: Annotated[
        bool,
        typer.Option("--condemn", help="明知会使已发证书失效 · although certificates will fail under it"),
    ] = False,
    new_root: Annotated[
        str,
        typer.Option(
            metavar="SHA256", help="旧根已失：新根的指纹 · the old root is lost: the new one's fingerprint"
        ),
    ] = "",
) -> None:
    """导入签好的信任列表：核对、存储、记入日志 · Take a signed list in: checked, stored, logged."""
    with registry_app() as app:
        data, now = file.read_bytes(), app.clock()
        with app.write() as session:
            if new_root:
                trust_list = refound(session, app.keyring, data, fingerprint=new_root, now=now)
            else:
                trust_list = import_list(session, app.keyring, data, now=now, condemn=condemn)
        # If we stop here the proposal is still there; it follows no list any more, and counts for nothing.
        (app.settings.home / PROPOSAL_FILE).unlink(missing_ok=True)
        app.sign_log()
    tell_version(trust_list, "")


@root.command("rotate")
def rotate(
    add: Annotated[
        list[Path] | None, typer.Option(help="新根公钥文件，可多次 · public files of new keys, repeatable")
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="要移除的密钥名称，可多次 · names to remove, repeatable"),
    ] = None,
    threshold: Annotated[int | None, typer.Option(help="签名门限 · how many must sign")] = None,
) -> None:
    """更换根密钥：写出提案，由新旧根共同签名 · Change the root's keys: a proposal for the old and the new root."""
    with registry_app() as app:
        offers = [parse_offer(file.read_bytes()) for file in add or ()]
        with app.write() as session:
            rotate_root(
                session,
                app.keyring,
                add=offers,
                remove=tuple(remove or ()),
                threshold=threshold,
                now=app.clock(),
            )


@root.command("status")
def status(
    days: Annotated[int, typer.Option(help="提前多少天提醒 · how early to warn")] = WARN_DAYS,
) -> None:
    """根、信任列表与密钥的期限；有提醒时退出码为 2 · The root, the list and what ends soon; exit code 2 if warned."""
    with registry_app() as app:
        now = app.clock()
        with app.database.read() as session:
            trust_list = current_trust_list(session)
        pending = pending_proposal(app.settings.home, trust_list)
        here = [one.id for one in trust_list.root.keys if app.keyring.has(one.id.partition("#")[2])]
    found = warnings_of(trust_list, now, days=days)
    left = days_left(trust_list.valid_until, now)
    until, size = timestamp_encode(trust_list.valid_until), len(trust_list.root.keys)
    SHELL.say(
        f"信任列表第 {trust_list.version} 版，有效至 {until}（{left} 天）；根 {trust_list.root.threshold} / {size}，本机有 {len(here)} 把。",
        f"Trust list version {trust_list.version}, valid until {until} ({left} days); root {trust_list.root.threshold} of {size}, {len(here)} lie here.",
    )
    for one in trust_list.root.keys:
        line = f"  {one.id.partition('#')[2]}  {fingerprint_of(one.public_key)}"
        SHELL.say(line, line)
    if pending is not None:
        SHELL.say(
            f"待签提案：第 {pending.draft.version} 版，确认码 {pending.code}",
            f"A proposal waits: version {pending.draft.version}, code {pending.code}",
        )
    tell_warnings(found)
    SHELL.say_json(
        {
            "version": trust_list.version,
            "validUntil": until,
            "days": left,
            "threshold": trust_list.root.threshold,
            "keys": [one.id for one in trust_list.root.keys],
            "here": here,
            "proposal": pending.code if pending else None,
            "warnings": [{"code": one.code, "subject": one.subject, "days": one.days} for one in found],
        }
    )
    if found:
        raise typer.Exit(EXIT_REFUSED_ROWS)


def tell_warnings(found: list[Expiry]) -> None:
    """What ends soon, to a person."""
    for one in found:
        text = pick(WARNINGS[one.code], SHELL.lang).format(subject=one.subject, days=one.days)
        if not SHELL.as_json:
            SHELL.err.print(text, markup=False, soft_wrap=True, style="yellow")


def _trusted(file: Path | None, after: TrustList | None = None) -> TrustList | None:
    """The list in ``file``, signed by its own root and, if given, following ``after``."""
    if file is None:
        return None
    data = file.read_bytes()
    try:
        return verify_chain(
            [data], pin_of(after or parse_trust_list(data)), seen_version=after.version if after else 0
        )
    except KeysError as error:
        raise CeremonyError("trusted_list_invalid", error.code) from error


def _tell_changes(proposal: Proposal, trusted: TrustList | None) -> None:
    """Computed here and now from the two documents."""
    new = proposal.document
    old = trusted.document if trusted else nothing_yet(new)
    SHELL.say(
        f"登记系统 {proposal.draft.registry}。与您所信任的列表相比：",
        f"Registry {proposal.draft.registry}. Compared with the list that you trust:",
    )
    lines = describe(changes_between(old, new), old, new, SHELL.lang)
    for line in lines:
        SHELL.say(line, line)
    SHELL.say(f"确认码：{proposal.code}", f"Code: {proposal.code}")
    SHELL.say_json({"version": proposal.draft.version, "code": proposal.code, "changes": lines})


def _passphrase() -> bytes:
    file = os.environ.get(f"{PASSPHRASE_VARIABLE}_FILE")
    prompt = "Passphrase of your root key 根密钥口令: " if sys.stdin.isatty() else ""
    return read_passphrase(
        os.environ, variable=PASSPHRASE_VARIABLE, file=Path(file) if file else None, prompt=prompt
    )


def _show_qr(data: bytes, *, wanted: bool) -> None:
    if wanted:
        show_codes(split_for_qr(data))
