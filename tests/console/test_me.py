"""One's own account: confirmations that are good once and for one act, sessions, tokens."""

import re

import httpx
import pyotp
import pytest

from registry.accounts.models import Account, ApiToken
from registry.accounts.sessions import live_sessions
from registry.accounts.tokens import create_token
from registry.actors import Actor, Role
from registry.console.context import SESSION_COOKIE
from tests.builders import MUNICIPAL
from tests.console.rig import PASSWORD, Caller, Console
from tests.console.test_door import fresh_door
from tests.console.test_permissions import code_of

BETTER = "嵩山少林寺的早晨有点冷 2026"


@pytest.fixture
def caller(console: Console) -> Caller:
    """Somebody new, signed in."""
    return console.caller(console.new_account(Role.CLERK, MUNICIPAL))


def test_an_approval_replayed_is_refused(console: Console, caller: Caller) -> None:
    """The very same form again: the question was answered, and the code was used."""
    form = caller.confirmed("/console/me/recovery")
    first = caller.post("/console/me/recovery", form)
    assert first.status_code == 200
    second = caller.post("/console/me/recovery", form)
    assert (second.status_code, code_of(second)) == (403, "second_factor")
    # A fresh question with the used code, and the used question with a fresh code.
    fresh = caller.confirmed("/console/me/recovery")
    assert code_of(caller.post("/console/me/recovery", {**fresh, "code": form["code"]})) == "second_factor"
    assert caller.account is not None
    newer = console.code(caller.account)
    again = {"confirmation": form["confirmation"], "code": newer}
    assert code_of(caller.post("/console/me/recovery", again)) == "second_factor"
    assert caller.post("/console/me/recovery", {**fresh, "code": newer}).status_code == 200


def test_a_confirmation_is_for_one_act_one_session_one_person_and_a_while(
    console: Console, caller: Caller
) -> None:
    assert caller.account is not None
    new_code = lambda: console.code(caller.account)  # noqa: E731
    recovery = caller.confirmed("/console/me/recovery")
    other_act = caller.post("/console/me/password", {"password": BETTER, "again": BETTER, **recovery})
    assert code_of(other_act) == "second_factor"
    elsewhere = console.caller(caller.account)
    assert (
        code_of(elsewhere.post("/console/me/recovery", {**recovery, "code": new_code()})) == "second_factor"
    )
    somebody = console.caller(console.new_account(Role.CLERK, MUNICIPAL))
    assert somebody.account is not None
    theirs = {**recovery, "code": console.code(somebody.account)}
    assert code_of(somebody.post("/console/me/recovery", theirs)) == "second_factor"
    assert caller.post("/console/me/recovery", {**recovery, "code": new_code()}).status_code == 200
    late = caller.confirmed("/console/me/recovery")
    console.rig.clock.now += 15 * 60
    assert code_of(caller.post("/console/me/recovery", {**late, "code": new_code()})) == "second_factor"


def test_codes_of_a_confirmation_are_not_guessed(caller: Caller) -> None:
    form = caller.confirmed("/console/me/recovery")
    answers = [caller.post("/console/me/recovery", {**form, "code": f"{place:06d}"}) for place in range(8)]
    assert [code_of(one) for one in answers] == ["second_factor"] * 6 + ["too_many_attempts"] * 2
    assert int(answers[-1].headers["retry-after"]) > 0


def test_another_password_ends_every_other_session(console: Console, caller: Caller) -> None:
    assert caller.account is not None
    other = console.caller(caller.account)
    form = caller.confirmed("/console/me/password")
    answer = caller.post("/console/me/password", {"password": BETTER, "again": BETTER, **form})
    assert answer.status_code == 303
    assert other.get("/console/").status_code == 303
    now = caller.client.cookies.get(SESSION_COOKIE, domain="console.example.cn")
    assert now not in (None, caller.secret)
    stale = console.caller()
    stale.client.cookies.set(SESSION_COOKIE, caller.secret)
    assert stale.get("/console/").status_code == 303
    assert fresh_door(console).password(caller.account.login, PASSWORD).status_code == 403
    assert fresh_door(console).password(caller.account.login, BETTER).status_code == 303


def test_another_app(console: Console, caller: Caller) -> None:
    assert caller.account is not None
    form = caller.confirmed("/console/me/totp")
    page = caller.get("/console/me/totp").text
    secret = "".join(re.findall(r'<span class="mono">([A-Z2-7 ]+)</span>', page)[0].split())
    ticket = re.findall(r'name="ticket" value="([\w-]+)"', page)[0]
    wrong = caller.post("/console/me/totp", {**form, "ticket": ticket, "first": "000000"})
    assert wrong.status_code == 422
    first = pyotp.TOTP(secret).at(console.rig.clock.now)
    assert caller.post("/console/me/totp", {**form, "ticket": ticket, "first": first}).status_code == 200
    former = console.code(caller.account)
    console.secrets[caller.account.id] = secret
    door = fresh_door(console)
    door.password(caller.account.login, PASSWORD)
    assert door.code(former).status_code == 403
    assert door.code(first).status_code == 403  # it set the app up; it is used
    assert door.code(console.code(caller.account)).status_code == 303


def test_sessions_are_listed_and_ended(console: Console, caller: Caller) -> None:
    assert caller.account is not None
    other, third = console.caller(caller.account), console.caller(caller.account)
    with console.rig.app.database.read() as session:
        rows = live_sessions(session, caller.account.id, now=console.rig.clock.now)
    assert len(rows) == 3
    page = caller.get("/console/me").text
    assert page.count('/end"') == 2
    mine = re.findall(r"/console/me/sessions/(\d+)/end", page)
    assert caller.post(f"/console/me/sessions/{mine[0]}/end").status_code == 303
    assert sorted([other.get("/console/").status_code, third.get("/console/").status_code]) == [200, 303]
    assert caller.post("/console/me/sessions/end-others").status_code == 303
    assert {other.get("/console/").status_code, third.get("/console/").status_code} == {303}
    assert caller.get("/console/").status_code == 200


def token_for(console: Console, account: Account, *routes: str, days: int = 1) -> str:
    actor = Actor(account.id, account.login, account.name, Role(account.role), account.authority, "")
    with console.rig.app.database.write() as session:
        return create_token(
            session, actor, label="系统", routes=routes, days=days, now=console.rig.clock.now
        )[0]


def by_token(console: Console, secret: str, path: str, method: str = "GET") -> httpx.Response:
    return console.caller().client.request(method, path, headers={"authorization": f"Bearer {secret}"})


def test_a_token_reaches_what_was_chosen_and_no_further(console: Console) -> None:
    """Made by the service for two routes of an auditor, of whom more is possible."""
    auditor = console.new_account(Role.PROVINCE_AUDITOR, None)
    secret = token_for(console, auditor, "accounts.list", "accounts.new")
    assert by_token(console, secret, "/console/accounts").status_code == 200
    for path in ("/console/me", f"/console/accounts/{auditor.id}", "/console/"):
        answer = by_token(console, secret, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert answer.headers["content-type"] == "application/problem+json"
    # Chosen, but beyond the account: the table is asked each time.
    assert by_token(console, secret, "/console/accounts/new").json()["code"] == "forbidden"


def test_a_token_ends(console: Console) -> None:
    auditor = console.new_account(Role.PROVINCE_AUDITOR, None)
    path = "/console/accounts"
    expired, revoked = (token_for(console, auditor, "accounts.list", days=days) for days in (1, 300))
    console.rig.clock.now += 86400
    answer = by_token(console, expired, path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert by_token(console, revoked, path).status_code == 200
    with console.rig.app.database.read() as session:
        row = session.query(ApiToken).filter_by(account_id=auditor.id, revoked_at=None).all()[-1]
    assert revoked.encode() not in row.hash
    assert console.caller(auditor).post(f"/console/me/tokens/{row.id}/revoke").status_code == 303
    assert by_token(console, revoked, path).status_code == 401
    third = token_for(console, auditor, "accounts.list")
    assert (
        console.signed_in(Role.PROVINCE_ADMIN).post(f"/console/accounts/{auditor.id}/disable").status_code
        == 303
    )
    assert by_token(console, third, path).status_code == 401


def test_a_token_confirms_nothing_and_needs_no_form_token(console: Console) -> None:
    admin = console.new_account(Role.PROVINCE_ADMIN, None)
    victim = console.new_account(Role.VIEWER, MUNICIPAL)
    secret = token_for(console, admin, "accounts.reset", "accounts.reset_ask")
    for method in ("GET", "POST"):
        answer = by_token(console, secret, f"/console/accounts/{victim.id}/reset", method)
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_token")


def test_a_token_is_judged_alone(console: Console, caller: Caller) -> None:
    """A bad token is not made good by a session beside it, so that no form is sent around the form's token."""
    answer = caller.client.post(
        "/console/me/sessions/end-others", headers={"authorization": "Bearer certreg_nothing"}
    )
    assert answer.status_code == 401


def test_only_offered_routes_go_into_a_token(console: Console, caller: Caller) -> None:
    page = caller.get("/console/me/tokens/new")
    assert page.status_code == 200
    form = {"label": "x", "days": "1", "route": "me.password_set"}
    answer = caller.post("/console/me/tokens", form)
    assert (answer.status_code, code_of(answer)) == (400, "form")
