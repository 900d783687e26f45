"""``witness …``: the registry's list of witnesses, and a witness as a program of its own.

``add``, ``remove``, ``quorum``, ``list`` change this registry's trust list. ``init``, ``watch``, ``forget``, ``key``, ``serve`` are for
whoever runs a witness, on another machine and with no registry: they take the witness's folder.
"""

import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from keys.encodings import base64_encode
from keys.trustlist import TrustList
from registry.app import system_clock
from registry.cli.common import errors_told, registry_app
from registry.cli.offices import tell_version
from registry.cli.shell import SHELL
from registry.cosigning import read_addresses
from registry.trust import current_trust_list
from registry.witness.service import serve
from registry.witness.state import WitnessState
from registry.witness.witness import STATE_FILE, create_witness, forget_key, open_witness, watch_log
from registry.witnesses import add_witness, change_quorum, remove_witness
from verifier.note import parse_vkey
from verifier.program import EXIT_USAGE

witness = typer.Typer(
    no_args_is_help=True,
    help="见证人：登记与法定数；独立的见证程序 · Witnesses: list and quorum; the witness itself as a program.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="见证人名称 · the witness's name")]
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="见证程序自己的文件夹 · the witness's own folder")
]


@witness.command("add")
def add(
    name: Name,
    vkey: Annotated[str, typer.Argument(metavar="VKEY", help="联署公钥 · its cosignature key")],
    url: Annotated[str, typer.Argument(metavar="URL", help="网址 · where it is reached")],
) -> None:
    """把见证人列入信任列表 · List a witness: its cosignatures count from the next version of the trust list."""
    with registry_app() as app:
        trust_list = add_witness(app, name, vkey, url)
    _tell(trust_list)


@witness.command("remove")
def remove(name: Name) -> None:
    """把见证人移出信任列表 · Take a witness off the list."""
    with registry_app() as app:
        trust_list = remove_witness(app, name)
    _tell(trust_list)


@witness.command("quorum")
def quorum(
    count: Annotated[int, typer.Argument(metavar="N", help="至少几个联署 · how many must cosign")],
) -> None:
    """规定每个检查点至少几个见证人联署 · How many witnesses must cosign what leaves the house."""
    with registry_app() as app:
        trust_list = change_quorum(app, count)
    _tell(trust_list)


@witness.command("list")
def list_witnesses() -> None:
    """列出见证人、网址与最新检查点的联署 · List the witnesses and how the newest checkpoint stands with them."""
    with registry_app() as app:
        with app.database.read() as session:
            trust_list = current_trust_list(session)
        standing = app.cosign_log()
        addresses = read_addresses(app.settings.home)
    table = Table("名称 Name", "网址 Address", "检查点 Checkpoint")
    for vkey in trust_list.witness_vkeys:
        name = parse_vkey(vkey).name
        state = standing.missing.get(name, "cosigned" if standing.size else "–")
        table.add_row(name, addresses.get(name, "–"), f"{standing.size}: {state}")
        SHELL.say_json({"name": name, "vkey": vkey, "url": addresses.get(name), "checkpoint": state})
    SHELL.say_json({"size": standing.size, "quorum": standing.quorum, "have": standing.have})
    if not SHELL.as_json:
        SHELL.out.print(table)
    SHELL.say(
        f"最新检查点 {standing.size} 条：联署 {standing.have}，需要 {standing.quorum}。",
        f"Newest checkpoint, {standing.size} entries: {standing.have} cosignatures, {standing.quorum} needed.",
    )


@witness.command("init")
def init(
    folder: Folder,
    name: Annotated[str, typer.Option(help="名称，如 witness.example.cn/w1 · its name, for good")],
    log: Annotated[
        list[str] | None,
        typer.Option(metavar="VKEY", help="要见证的日志公钥，可多次 · logs' keys, repeatable"),
    ] = None,
) -> None:
    """建立见证程序：密钥与状态（不需要登记系统）· Make a witness: its key and state; no registry is needed."""
    with errors_told():
        vkey = create_witness(folder, name, os.environ)
        for one in log or ():
            watch_log(folder, one)
    SHELL.say(f"见证公钥（交给登记系统）：{vkey}", f"The witness's key, for the registry: {vkey}")
    SHELL.say_json({"vkey": vkey, "logs": list(log or ())})


@witness.command("watch")
def watch(
    folder: Folder,
    vkey: Annotated[str, typer.Argument(metavar="VKEY", help="日志公钥 · the log's key")],
    origin: Annotated[
        str, typer.Option(help="日志来源行，缺省为公钥名称 · its origin, the key's name by default")
    ] = "",
) -> None:
    """增加一个要见证的日志（或其新公钥）· One more log to cosign for, or one more key of it."""
    with errors_told():
        watch_log(folder, vkey, origin)
    SHELL.say_json({"watched": origin or parse_vkey(vkey).name})


@witness.command("forget")
def forget(
    folder: Folder,
    vkey: Annotated[str, typer.Argument(metavar="VKEY", help="日志失去的公钥 · the key that the log lost")],
) -> None:
    """日志密钥泄露：不再为它联署（已见的历史仍然记住）· A log's key was stolen: cosign for it no more; nothing seen is forgotten."""
    with errors_told():
        origins = forget_key(folder, vkey)
        left = {origin: len(WitnessState(folder / STATE_FILE).keys_of(origin)) for origin in origins}
    for origin, count in left.items():
        SHELL.say(f"{origin}：还有 {count} 把公钥。", f"{origin}: {count} keys left.")
    SHELL.say_json({"forgotten": vkey, "keysLeft": left})


@witness.command("key")
def key(folder: Folder) -> None:
    """显示见证公钥、所见证的日志与被拒绝的检查点 · Its key, the logs it knows, and what it refused."""
    with errors_told():
        state = WitnessState(folder / STATE_FILE)
        vkey = state.vkey()
        logs: list[dict[str, Any]] = [
            {
                "origin": origin,
                "originHash": sha256(origin.encode("utf-8")).hexdigest(),
                "size": state.head(origin).size,
                "root": base64_encode(state.head(origin).root),
                "keys": [one.vkey for one in state.keys_of(origin)],
            }
            for origin in state.origins()
        ]
        refused = [
            {"origin": origin, "reason": reason, "note": note.decode("utf-8")}
            for origin, reason, note in state.evidence()
        ]
    SHELL.say(vkey, vkey)
    for log in logs:
        SHELL.say(f"{log['origin']}：{log['size']} 条", f"{log['origin']}: {log['size']} entries")
        for one in log["keys"]:
            SHELL.say(f"  {one}", f"  {one}")
    for one in refused:
        SHELL.say(f"拒绝（{one['reason']}）：\n{one['note']}", f"Refused ({one['reason']}):\n{one['note']}")
    SHELL.say_json({"vkey": vkey, "logs": logs, "refused": refused})


@witness.command("serve")
def serve_command(
    folder: Folder,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="监听地址，端口 0 表示任选 · port 0: any")
    ] = "127.0.0.1:8090",
) -> None:
    """运行见证服务（C2SP tlog-witness）；TLS 由前置代理负责 · Serve; put a proxy that speaks TLS before it."""
    host, separator, port = listen.rpartition(":")
    if not separator or not port.isdecimal() or int(port) > 65535:
        SHELL.complain("--listen: HOST:PORT", "usage")
        raise typer.Exit(EXIT_USAGE)
    with errors_told():
        opened = open_witness(folder, os.environ, system_clock)
        serve(opened, host.strip("[]"), int(port), _announce)


def _announce(address: str) -> None:
    SHELL.say(f"见证服务已启动：{address}", f"Witness listening on {address}")
    SHELL.say_json({"listening": address})
    sys.stdout.flush()


def _tell(trust_list: TrustList) -> None:
    tell_version(trust_list, "")
    if trust_list.witness_quorum == 0 and trust_list.witness_vkeys:
        SHELL.say(
            "尚未规定法定数：请用 certreg witness quorum 设置，否则联署不作要求。",
            "No quorum is set: set one with certreg witness quorum, or no cosignature is demanded.",
        )
