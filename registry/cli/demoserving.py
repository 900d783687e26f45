"""``demo serve``: the console and the public verifier over the demo's data, with one account a role; ``demo codes``: their codes.

For the machine that it runs on only. One-time codes would need a telephone for each of six people: Enter prints those of
this half minute, and ``certreg demo codes`` does where there is no terminal.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import typer
from rich.table import Table

from registry.app import App, open_app
from registry.cli.common import errors_told
from registry.cli.demoaccounts import FILE, PLAYERS, Credentials, demo_accounts
from registry.cli.demonstration import HOST, demo, demo_environment, demonstrate, extra_list
from registry.cli.serving import Port, serve_registry
from registry.cli.shell import SHELL
from registry.console.sentences import sentence
from registry.console.settings import ORIGIN, PREFIX

LOCAL = "127.0.0.1"
SHORT_SECONDS = 20
"""Below this nobody copies a code in time: those of the next half minute are told besides."""
demo_program = typer.Typer(invoke_without_command=True, callback=demo)


@demo_program.command("serve")
def serve(context: typer.Context, port: Port = 8700) -> None:
    """在本机打开演示的工作台与公开核验 · Console and public verifier on the demo's data, for this machine."""
    folder: Path = context.obj
    if not (folder / "site" / "root.json").is_file():
        demonstrate(folder)
    environment = {**demo_environment(folder), ORIGIN: f"http://localhost:{port}"}
    with _opened(environment) as app:
        accounts = demo_accounts(app, folder, host=HOST)
        extra = extra_list(folder, app.clock())

        def ready(origin: str, stop: Event) -> None:
            _tell(accounts, folder, extra, origin)
            tell_codes(accounts, app.clock())
            if sys.stdin.isatty():
                Thread(target=_codes_on_enter, args=(app, accounts, stop), daemon=True).start()

        serve_registry(app, environment, LOCAL, port, folder / "site", ready=ready)


@demo_program.command("codes")
def codes(context: typer.Context) -> None:
    """显示演示账号此刻的验证码 · The demo accounts' one-time codes of this half minute."""
    folder: Path = context.obj
    with _opened(demo_environment(folder)) as app:
        tell_codes(demo_accounts(app, folder, host=HOST), app.clock())


@contextmanager
def _opened(environment: Mapping[str, str]) -> Iterator[App]:
    with errors_told(), closing((app := open_app(environment)).database):
        yield app


def _tell(accounts: Mapping[str, Credentials], folder: Path, extra: Path, origin: str) -> None:
    """Who there is, how one signs in, and what there is to try."""
    table = Table(
        "岗位 Role", "用户名 User", "密码 Password", "机关 Authority", title="演示账号 Demo accounts"
    )
    for player in PLAYERS:
        said = accounts[player.login]
        role = sentence(f"role.{player.role.value}", {}, SHELL.lang)
        table.add_row(f"{role} {player.name}", player.login, said.password, player.authority or "–")
        SHELL.say_json(
            {
                "login": player.login,
                "role": player.role.value,
                "authority": player.authority,
                "password": said.password,
                "totp": said.totp,
            }
        )
    if not SHELL.as_json:
        SHELL.out.print(table)
    _tell_steps(folder, extra, origin)


def _tell_steps(folder: Path, extra: Path, origin: str) -> None:
    SHELL.say(
        f"1. 打开 {origin}{PREFIX}/，输入用户名和密码，再输入下面的验证码。账号只在本演示中存在，密码随机生成，存于 {folder / FILE}。",
        f"1. Open {origin}{PREFIX}/: user and password, then the code below. The accounts exist in this demo only; their random "
        f"passwords lie in {folder / FILE}.",
    )
    SHELL.say(
        f"2. 以经办人登录，上传 {extra}，查看核对结果，改好后提交；再以审核人签发、打印；最后以审计员查看操作留痕。",
        f"2. As the clerk upload {extra}, look at what was found, mend it, submit; as the approver release and print; as the "
        "auditor find each act.",
    )
    SHELL.say(
        f"3. 在 {origin}/verify 核验打印出的 PDF，或 {folder / 'out'} 中的证书。",
        f"3. Verify the printed PDF, or a certificate of {folder / 'out'}, at {origin}/verify.",
    )
    SHELL.say(
        "要同时以几个人登录，请各开一个隐私（无痕）窗口。",
        "To be several people at once, open a private window for each.",
    )


def tell_codes(accounts: Mapping[str, Credentials], now: int) -> None:
    """The codes of this half minute, and of the next where little of this is left. A code is good once."""
    shown, left = _codes(accounts, now)
    words = _listed(shown)
    SHELL.say(
        f"验证码（{left} 秒内有效，每个只用一次）：{words}", f"Codes (for {left} s, each good once): {words}"
    )
    told: dict[str, object] = {"codes": shown, "seconds": left}
    if left < SHORT_SECONDS:
        following, _ = _codes(accounts, now + left)
        words = _listed(following)
        SHELL.say(
            f"来不及输入的，{left} 秒后改用：{words}", f"Too late for these? In {left} s they are: {words}"
        )
        told["next"] = following
    SHELL.say_json(told)
    if sys.stdin.isatty():
        SHELL.say("按回车显示新的验证码。", "Enter shows new codes.")
    else:
        SHELL.say("新的验证码：certreg demo codes", "New codes: certreg demo codes")


def _codes(accounts: Mapping[str, Credentials], now: int) -> tuple[dict[str, str], int]:
    """Each player's code, by login, and for how many seconds they are shown."""
    shown = {player.login: accounts[player.login].code(now) for player in PLAYERS}
    return {login: code for login, (code, _) in shown.items()}, min(left for _, left in shown.values())


def _listed(shown: Mapping[str, str]) -> str:
    return "  ".join(f"{login} {code}" for login, code in shown.items())


def _codes_on_enter(app: App, accounts: Mapping[str, Credentials], stop: Event) -> None:
    while not stop.is_set() and sys.stdin.readline():
        tell_codes(accounts, app.clock())
