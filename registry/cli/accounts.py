"""``certreg account``: the first administrator, and the way back in for one who lost everything.

No password is ever given: the command prints a link that is good once (``registry.accounts.invites``).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table

from registry.accounts import service
from registry.accounts.errors import AccountError
from registry.accounts.invites import Invitation
from registry.actors import SYSTEM, Role
from registry.cli.common import registry_app
from registry.cli.listing import local_time
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.console.sentences import problem_sentence, sentence
from registry.console.settings import console_settings_from

account = typer.Typer(
    no_args_is_help=True,
    help="工作台账号：第一位管理员、重置 · Accounts of the console: the first administrator, resets",
)
_ROLES = " | ".join(Role)


@account.command("add")
def add(
    login: Annotated[str, typer.Argument(help="用户名 · user name")],
    name: Annotated[str, typer.Option(help="姓名 · the person's name")],
    role: Annotated[Role, typer.Option(help=f"岗位 · role: {_ROLES}")] = Role.PROVINCE_ADMIN,
    authority: Annotated[
        str | None, typer.Option(help="机关代码，省级岗位不填 · authority's code; none for the province")
    ] = None,
) -> None:
    """新建账号并打印一次性邀请链接 · Make an account and print its invitation, good once."""
    with registry_app() as app, _told(), app.database.write() as session:
        wanted = service.checked_account(
            session, SYSTEM, login=login, name=name, role=role, authority=authority
        )
        made = service.create_account(session, SYSTEM, wanted, now=app.clock())
    _tell(made)


@account.command("reset")
def reset(login: Annotated[str, typer.Argument(help="用户名 · user name")]) -> None:
    """作废该账号的一切登录方式并打印新的邀请链接 · Void all that an account signs in with; print a new invitation."""
    with registry_app() as app, _told(), app.database.write() as session:
        found = service.account_of_login(session, login)
        if found is None:
            raise AccountError("account_unknown")
        now = app.clock()
        if found.disabled_at is not None:
            service.enable_account(session, SYSTEM, found.id, authority=None, now=now)
        made = service.reset_account(session, SYSTEM, found.id, authority=None, now=now)
    _tell(made)


@account.command("list")
def list_command() -> None:
    """列出账号 · List accounts."""
    with registry_app(reading=True) as app, app.database.read() as session:
        found = service.list_accounts(session, authority=None)
        ready = {one.id for one in found if service.is_set_up(session, one)}
    table = Table("用户名 User", "姓名 Name", "岗位 Role", "机关 Authority", "状态 State")
    for one in found:
        state = (
            "停用 disabled" if one.disabled_at else "可用 in use" if one.id in ready else "待设置 not set up"
        )
        role = sentence(f"role.{one.role}", {}, SHELL.lang)
        table.add_row(one.login, one.name.replace("[", "\\["), role, one.authority or "–", state)
        SHELL.say_json(
            {
                "login": one.login,
                "role": one.role,
                "authority": one.authority,
                "disabled": one.disabled_at is not None,
                "ready": one.id in ready,
            }
        )
    if not SHELL.as_json:
        SHELL.out.print(table)


@contextmanager
def _told() -> Iterator[None]:
    """Errors of accounts in the console's own sentences."""
    try:
        yield
    except AccountError as error:
        SHELL.complain(problem_sentence(error.code, error.params, SHELL.lang), error.code)
        raise typer.Exit(EXIT_ERROR) from error


def _tell(made: Invitation) -> None:
    link = f"{console_settings_from(os.environ).origin}/console/invite/{made.secret}"
    until = local_time(made.expires_at)
    SHELL.say(
        f"邀请链接（只用一次，{until} 前有效）：请用可靠的方式单独交给本人。",
        f"Invitation (good once, until {until}): give it to the person alone, by a way that you trust.",
    )
    SHELL.say(link, link)
    SHELL.say_json({"login": made.account.login, "link": link, "expires": made.expires_at})
