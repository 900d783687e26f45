"""The frame: who may come in at all, headers, language, and what is said where something is not there."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from registry.accounts.invites import LIFETIME
from registry.accounts.recovery import make_codes
from registry.actors import Role
from registry.console.origin import address_of, client_of
from registry.console.settings import console_settings_from
from registry.console.statics import asset
from registry.errors import RegistryError
from tests.console.rig import Console


def test_nobody_is_led_to_the_door(console: Console) -> None:
    answer = console.caller().get("/console/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")


def test_somebody_is_greeted_in_his_language(console: Console) -> None:
    caller = console.signed_in(Role.CLERK)
    chinese = caller.get("/console/")
    assert chinese.status_code == 200
    assert "经办" in chinese.text
    english = caller.get("/console/", headers={"accept-language": "en-GB,en;q=0.9"})
    assert "Clerk" in english.text


def test_signing_out_ends_the_session_on_the_server(console: Console) -> None:
    caller = console.signed_in(Role.CLERK)
    assert caller.client.post("/console/sign-out").status_code == 403
    assert caller.get("/console/").status_code == 200
    secret = caller.secret
    assert caller.post("/console/sign-out").status_code == 303
    caller.client.cookies.set("__Host-certreg", secret)
    assert caller.get("/console/").status_code == 303


def test_home_tells_what_waits(console: Console) -> None:
    caller = console.caller(console.new_account(Role.CLERK, "410100"))
    assert "恢复码只剩 0 个" in caller.get("/console/").text
    with console.rig.app.database.write() as session:
        assert caller.account is not None
        make_codes(session, caller.account.id)
    assert "目前没有等您办理的事" in caller.get("/console/").text
    console.invitation(Role.VIEWER, "410100", "too-late")
    console.rig.clock.now += LIFETIME
    office = console.signed_in(Role.AUTHORITY_ADMIN)
    assert "1 个账号的邀请已过期" in office.get("/console/").text
    assert "邀请已过期" in office.get("/console/accounts").text


def test_a_refusal_keeps_the_navigation(console: Console) -> None:
    caller = console.signed_in(Role.CLERK)
    answer = caller.get("/console/accounts")
    assert answer.status_code == 403
    assert "nav" in answer.text
    assert "退出" in answer.text


def test_the_language_is_chosen_and_leads_back(console: Console) -> None:
    caller = console.signed_in(Role.CLERK)
    answer = caller.get("/console/language/en?back=/console/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/me")
    assert "My account" in caller.get("/console/me").text
    assert caller.get("/console/language/de").status_code == 404
    assert caller.get("/console/language/en?back=//evil.example").headers["location"] == "/console/"
    wrong = caller.post("/console/me/password", {"password": "short", "again": "short"})
    assert 'language/zh-CN?back=/console/me/password"' in wrong.text


def test_style_and_scripts_are_kept_by_browsers_and_change_their_address(console: Console) -> None:
    caller = console.caller()
    answer = caller.get(asset("console.css"))
    assert answer.headers["cache-control"].endswith("immutable")
    assert answer.headers["content-type"].startswith("text/css")
    assert caller.get("/console/static/x/base.html").status_code == 404
    with pytest.raises(KeyError):
        asset("../base.html")


def test_where_a_request_came_from(console: Console) -> None:
    proxies = (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert address_of("10.1.2.3", ["203.0.113.9, 192.0.2.4"], proxies) == "192.0.2.4"
    assert address_of("10.1.2.3", ["192.0.2.4, 10.9.9.9"], proxies) == "192.0.2.4"
    assert address_of("192.0.2.7", ["203.0.113.9"], proxies) == "192.0.2.7"
    assert address_of("10.1.2.3", ["nonsense"], proxies) == "10.1.2.3"
    assert address_of("", [], proxies) == "unknown"
    assert address_of("::ffff:192.0.2.7", [], ()) == "192.0.2.7"
    assert client_of("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert client_of("192.0.2.7") == "192.0.2.7"


@pytest.mark.parametrize(
    "origin",
    ["http://console.example.cn", "https://", "https://a/b", "ftp://a", "https://a?x", "localhost:8700"],
)
def test_addresses_that_a_console_cannot_have(origin: str) -> None:
    with pytest.raises(RegistryError, match="console_origin"):
        console_settings_from({"CERTREG_CONSOLE_ORIGIN": origin})


def test_settings_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "known"
    with pytest.raises(RegistryError, match="console_breached"):
        console_settings_from({"CERTREG_BREACHED": str(file)})
    file.touch()
    made = console_settings_from(
        {
            "CERTREG_CONSOLE_ORIGIN": "https://c.example.cn:8443",
            "CERTREG_CONSOLE_PROXIES": "10.0.0.0/8, ::1/128",
            "CERTREG_BREACHED": str(file),
        }
    )
    assert (made.host, len(made.proxies), made.breached) == ("c.example.cn", 2, file)
    assert console_settings_from({}).host == "localhost"
    with pytest.raises(RegistryError, match="console_proxies"):
        console_settings_from({"CERTREG_CONSOLE_PROXIES": "ten"})
