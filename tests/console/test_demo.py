"""The demo's accounts: one a role, made at random, in the demo's registry and in no other; signed in through the door."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from typer.testing import CliRunner

from registry.accounts.passwords import Passwords
from registry.accounts.service import account_of_login, list_accounts
from registry.actors import Role
from registry.app import App
from registry.cli.demoaccounts import FILE, PLAYERS, Credentials, demo_accounts
from registry.cli.demonstration import HOST, found_or_continue
from registry.cli.demoserving import tell_codes
from registry.cli.main import app as program
from registry.cli.shell import SHELL
from registry.console.app import create_console_app
from registry.console.settings import ConsoleSettings
from registry.errors import RegistryError
from registry.publication import publish
from tests.console.process import serving
from tests.console.rig import CHEAP, ORIGIN, Transport
from tests.registry.rig import Rig


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A demo that has been published, without its lists."""
    made = tmp_path_factory.mktemp("demo")
    as_json, SHELL.as_json = SHELL.as_json, True
    app = found_or_continue(made)
    publish(app, made / "site")
    app.database.close()
    yield made
    SHELL.as_json = as_json


@pytest.fixture
def app(folder: Path) -> Iterator[App]:
    one = found_or_continue(folder)
    yield one
    one.database.close()


def entered(app: App, login: str, said: Credentials) -> httpx.Response:
    """Through the door, as a browser without scripts would; what he sees then."""
    console = create_console_app(app, ConsoleSettings(origin=ORIGIN))
    with (
        start_blocking_portal() as portal,
        httpx.Client(transport=Transport(console, portal), base_url=ORIGIN) as client,
    ):

        def token(page: httpx.Response) -> str:
            return page.text.split('name="csrf" value="')[1].split('"')[0]

        shown = client.get("/console/sign-in")
        form = {"csrf": token(shown), "login": login, "password": said.password}
        asked = client.post("/console/sign-in", data=form)
        code = {"csrf": token(client.get(asked.headers["location"])), "code": said.code(app.clock())[0]}
        inside = client.post(asked.headers["location"], data=code)
        return client.get(inside.headers["location"])


def test_one_a_role_signs_in_with_what_was_told(app: App, folder: Path) -> None:
    accounts = demo_accounts(app, folder, host=HOST, cost=CHEAP)
    assert {player.role for player in PLAYERS} == set(Role)
    assert len({one.password for one in accounts.values()}) == len(PLAYERS)
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    home = entered(app, "jingban", accounts["jingban"])
    assert home.status_code == 200
    assert "王丽" in home.text
    again = demo_accounts(app, folder, host=HOST, cost=CHEAP)
    assert again == accounts  # a second start changes nobody's password


def test_what_a_visitor_changed_is_put_back(app: App, folder: Path) -> None:
    accounts = demo_accounts(app, folder, host=HOST, cost=CHEAP)
    with app.database.write() as session:
        account = account_of_login(session, "shenhe")
        assert account is not None
        account.password = Passwords(CHEAP).hash("another password of his own")
        account.totp, account.disabled_at = None, app.clock()
    demo_accounts(app, folder, host=HOST, cost=CHEAP)
    assert entered(app, "shenhe", accounts["shenhe"]).status_code == 200


def test_a_spoilt_file_means_new_passwords(app: App, folder: Path) -> None:
    before = demo_accounts(app, folder, host=HOST, cost=CHEAP)
    (folder / FILE).write_bytes(b'{"jingban": 7}')
    after = demo_accounts(app, folder, host=HOST, cost=CHEAP)
    assert after["jingban"] != before["jingban"]
    assert set(json.loads((folder / FILE).read_bytes())) == {player.login for player in PLAYERS}


def test_no_other_registry_gets_them(lite: Rig, tmp_path: Path) -> None:
    for host in (HOST, lite.app.host):
        with pytest.raises(RegistryError) as refused:
            demo_accounts(lite.app, tmp_path, host=host)
        assert refused.value.code == "demo_only"
    with lite.app.database.read() as session:
        assert list_accounts(session, authority=None) == []
    assert not (tmp_path / FILE).exists()


def test_served_on_this_machine_with_its_accounts_told(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    words = ("--json", "demo", "--dir", str(folder), "serve")
    with serving({}, log, command=words) as (_, address):
        port = int(address.rpartition(":")[2])
        with httpx.Client(base_url=address) as client:
            bare = client.get("/")
            assert (bare.status_code, bare.headers["location"]) == (303, "/console/")
            assert client.get("/v").status_code == 200
            assert client.get("/console/sign-in").status_code == 200
        assert listening_at(port) == {"0100007F"}  # 127.0.0.1 and no other address
        taken = CliRunner().invoke(program, [*words, "--port", str(port)])
        assert (taken.exit_code, json.loads(taken.stdout)["error"]) == (1, "port_taken")
    told = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert [one["role"] for one in told if "role" in one] == [player.role.value for player in PLAYERS]
    assert (folder / "in").exists()


@pytest.mark.parametrize(("now", "left"), [(1_795_395_600, 30), (1_795_395_610, 20), (1_795_395_611, 19)])
def test_codes_that_are_nearly_over_are_told_with_the_next(
    capsys: pytest.CaptureFixture[str], now: int, left: int
) -> None:
    accounts = {player.login: Credentials("", "JBSWY3DPEHPK3PXP" * 2) for player in PLAYERS}
    as_json, SHELL.as_json = SHELL.as_json, True
    tell_codes(accounts, now)
    SHELL.as_json = as_json
    told = json.loads(capsys.readouterr().out)
    assert told["seconds"] == left
    following = {login: one.code(now + left)[0] for login, one in accounts.items()}
    assert told.get("next") == (following if left < 20 else None)
    assert following != told["codes"]


def listening_at(port: int) -> set[str]:
    """Addresses, as the kernel writes them, at which somebody listens to ``port``."""
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()
    ]
    sockets = [(words[1].split(":"), words[3]) for words in lines if ":" in words[1]]
    return {address for (address, number), state in sockets if state == "0A" and int(number, 16) == port}
