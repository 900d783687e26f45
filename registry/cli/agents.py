"""``agent serve``: the process that holds the keys."""

import os
import signal
import socket
from pathlib import Path
from pwd import getpwnam
from typing import Annotated

import typer

from keys.agentd import Agent, Journal, listening, serve
from keys.did import check_host
from registry.apart import keep_memory_private, served_keys
from registry.cli.common import errors_told
from registry.cli.shell import SHELL
from registry.errors import OfficeError, RegistryError
from registry.files import require_private
from registry.keyring import Keyring, keyring_of
from registry.log import log_origin
from registry.settings import settings_from

agent = typer.Typer(
    no_args_is_help=True,
    help="签名代理：私钥在独立进程中 · The signing agent: keys in a process of their own.",
)


@agent.command("serve")
def serve_command(
    host: Annotated[str, typer.Option(help="核验网站域名，如 init 所用 · the host, as of init")],
    path: Annotated[
        Path | None, typer.Option("--socket", help="缺省 HOME/agent/socket · by default HOME/agent/socket")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="密钥名，可多次；缺省为根密钥以外的全部 · repeatable; all but the root's by default"
        ),
    ] = None,
    client: Annotated[
        list[str] | None,
        typer.Option(
            metavar="USER",
            help="另一系统用户的名称或号码，可多次 · name or number of another user to serve, repeatable",
        ),
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(help="请求记录，缺省 HOME/agent.log · journal of requests")
    ] = None,
) -> None:
    """持有密钥并为本机程序签名，直到 SIGTERM；其他程序用 CERTREG_AGENT 指向套接字 · Hold keys and sign for programs here.

    其他命令设 CERTREG_AGENT=套接字 后不再打开密钥 · with CERTREG_AGENT=SOCKET, other commands open no key.
    """
    environment = {name: value for name, value in os.environ.items() if name != "CERTREG_AGENT"}
    with errors_told():
        settings = settings_from(environment, SHELL.home)
        check_host(host)
        if not settings.home.is_dir():
            raise OfficeError("not_initialised")
        require_private(settings.home, "700")
        keep_memory_private()
        keyring = keyring_of(settings, environment)
        keys = served_keys(keyring, key or _all_but_root(keyring), log_origin=log_origin(host))
        uids = frozenset((os.geteuid(), *map(_number_of, client or ())))
        held = Agent(keys, Journal(journal or settings.journal), uids)
        place = path or settings.home / "agent" / "socket"
        with listening(place, shared=bool(client)) as listener, _signalled() as stop:
            SHELL.say(
                f"签名代理已就绪：{place}（{len(keys)} 把密钥）",
                f"Signing agent ready: {place} ({len(keys)} keys)",
            )
            SHELL.say_json({"socket": str(place), "keys": sorted(keys)})
            SHELL.out.file.flush()
            serve(held, listener, stop)


def _number_of(user: str) -> int:
    """The number of a user of this system; raises ``RegistryError`` (``agent_client``)."""
    if user.isascii() and user.isdigit():
        return int(user)
    try:
        return getpwnam(user).pw_uid
    except KeyError as error:
        raise RegistryError("agent_client", user=user) from error


def _all_but_root(keyring: Keyring) -> list[str]:
    """Whoever may have the root sign decides who may issue: it is served only where it is named."""
    return [name for name in keyring.names() if not name.startswith("root-")]


def _signalled() -> socket.socket:
    """A socket that can be read once SIGTERM or SIGINT has come."""
    stop, bell = socket.socketpair()
    bell.setblocking(False)
    signal.set_wakeup_fd(bell.detach())
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: None)
    return stop
