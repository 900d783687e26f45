"""Accounts of others: made by invitation, never above oneself, never another authority's; and what names may not do."""

import re
from urllib.parse import urlsplit

import pyotp
import pytest

from registry.accounts.invites import LIFETIME, find_invited
from registry.accounts.models import Account
from registry.accounts.passwords import Passwords
from registry.actors import Role
from registry.console.sentences import problem_sentence
from registry.trail.service import Filter, find
from tests.builders import MUNICIPAL
from tests.console.rig import CHEAP, OTHER, PASSWORD, Caller, Console
from tests.console.test_door import fresh_door
from tests.console.test_me import token_for
from tests.console.test_permissions import code_of

NEW = "/console/accounts/new"
_LINK = re.compile(r"https://console\.example\.cn(/console/invite/[\w-]+)")


def made(caller: Caller, login: str, role: Role, name: str = "李晓", authority: str = "") -> str:
    """The invitation's path of a new account."""
    form = {"login": login, "name": name, "role": role.value, "authority": authority, **caller.confirmed(NEW)}
    answer = caller.post("/console/accounts", form)
    assert answer.status_code == 200, answer.text
    found = _LINK.search(answer.text)
    assert found is not None
    return found[1]


def account_of(console: Console, login: str) -> Account:
    with console.rig.app.database.read() as session:
        return session.query(Account).filter_by(login=login).one()


def set_up(console: Console, path: str) -> tuple[str, str]:
    """Follow an invitation with password and code; returns the app's secret and the page that answered."""
    door = fresh_door(console)
    page = door.client.get(path).text
    secret = "".join(re.findall(r'<span class="mono">([A-Z2-7 ]+)</span>', page)[0].split())
    tickets = re.findall(r'name="ticket" value="([\w-]+)"', page)
    answer = door.post(
        f"{path}/password",
        ticket=tickets[1],
        password=PASSWORD,
        again=PASSWORD,
        code=pyotp.TOTP(secret).at(console.rig.clock.now),
    )
    assert answer.status_code == 200, answer.text
    assert door.is_in
    return secret, answer.text


def test_an_invitation_leads_to_an_account_once(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    path = made(admin, "lixiao", Role.CLERK)
    # Looking does not use it up: mail programs look, too.
    assert "李晓" in console.caller().get(path).text
    secret, page = set_up(console, path)
    codes = re.findall(r"<li>([\w-]{19})</li>", page)
    assert len(set(codes)) == 10
    account = account_of(console, "lixiao")
    console.secrets[account.id] = secret
    assert (account.role, account.authority) == ("clerk", MUNICIPAL)
    again = console.caller().get(path)
    assert (again.status_code, code_of(again)) == (409, "invite")
    assert fresh_door(console).enter(account).status_code == 303
    with console.rig.app.database.read() as session:
        acts = [one.entry.act for one in find(session, Filter(subject=f"account:{account.id}"))]
    assert acts == ["session.open", "session.open", "account.set-up", "account.create"]


def test_an_invitation_ends_and_is_replaced(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    first = made(admin, "waits", Role.CLERK)
    account = account_of(console, "waits")
    reset = f"/console/accounts/{account.id}/reset"
    answer = admin.post(reset, admin.confirmed(reset))
    second = _LINK.search(answer.text)
    assert second is not None
    assert code_of(console.caller().get(first)) == "invite"
    assert console.caller().get(second[1]).status_code == 200
    console.rig.clock.now += LIFETIME
    assert code_of(console.caller().get(second[1])) == "invite"
    secret = second[1].rpartition("/")[2]
    with console.rig.app.database.read() as session:
        assert find_invited(session, secret, now=console.rig.clock.now) is None


@pytest.mark.parametrize(
    ("password", "again", "code"),
    [
        ("短密码而已", None, "password_short"),
        ("a" * 129, None, "password_long"),
        ("aaaaaaaaaaaaaaaa", None, "password_plain"),
        ("1234567890123", None, "password_plain"),
        ("rules-of-pass!", None, "password_plain"),
        (PASSWORD, PASSWORD + "x", "password_again"),
    ],
)
def test_weak_passwords_cost_no_invitation(
    console: Console, password: str, again: str | None, code: str
) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    login = "rules-of" if code == "password_plain" else "rules"
    name = f"{login}-{abs(hash((password, again))) % 10**6}"
    path = made(admin, name if "rules-of-pass" not in password else "rules-of-pass", Role.VIEWER)
    door = fresh_door(console)
    page = door.client.get(path).text
    ticket = re.findall(r'name="ticket" value="([\w-]+)"', page)[1]
    answer = door.post(
        f"{path}/password", ticket=ticket, password=password, again=again or password, code="000000"
    )
    assert answer.status_code == 422
    assert ticket in answer.text  # the same secret again: nobody scans twice
    assert console.caller().get(path).status_code == 200


def test_a_list_of_known_passwords(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("known") / "list.txt"
    file.write_text("password123456\nP@ssw0rd2026!\n短\n", encoding="utf-8")
    rules = Passwords(CHEAP, file)
    with pytest.raises(Exception, match="password_known"):
        rules.require_good("password123456", login="x")
    rules.require_good(PASSWORD, login="x")


def test_nobody_raises_anybody_above_himself(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    for role, authority in (
        (Role.PROVINCE_ADMIN, ""),
        (Role.PROVINCE_AUDITOR, ""),
        (Role.PROVINCE_ADMIN, MUNICIPAL),
    ):
        form = {"login": "climber", "name": "高", "role": role.value, "authority": authority}
        answer = admin.post("/console/accounts", {**form, **admin.confirmed(NEW)})
        assert answer.status_code == 422
        assert "无权" in answer.text
    # Another authority's code in the form is not looked at: it becomes an account of one's own.
    path = made(admin, "stays-here", Role.CLERK, authority=OTHER)
    assert path
    assert account_of(console, "stays-here").authority == MUNICIPAL
    clerk = console.new_account(Role.CLERK, MUNICIPAL)
    page = f"/console/accounts/{clerk.id}"
    answer = admin.post(f"{page}/change", {"name": "某", "role": "province-admin", **admin.confirmed(page)})
    assert answer.status_code == 422
    assert account_of(console, clerk.login).role == "clerk"


def test_nobody_changes_himself(console: Console) -> None:
    admin = console.signed_in(Role.PROVINCE_ADMIN)
    assert admin.account is not None
    mine = f"/console/accounts/{admin.account.id}"
    for act in ("disable", "sign-out"):
        answer = admin.post(f"{mine}/{act}")
        assert (answer.status_code, code_of(answer)) == (409, "account_own")
    assert admin.get("/console/").status_code == 200
    assert "停用账号" not in admin.get(mine).text


def test_foreign_accounts_are_not_there(console: Console) -> None:
    """IDOR: each act on an account of another authority, with everything else right."""
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    victim = console.new_account(Role.APPROVER, OTHER)
    sitting = console.caller(victim)
    before = account_of(console, victim.login)
    own = console.new_account(Role.CLERK, MUNICIPAL)
    for act in ("change", "disable", "enable", "sign-out", "reset"):
        confirmed = admin.confirmed(f"/console/accounts/{own.id}")
        answer = admin.post(
            f"/console/accounts/{victim.id}/{act}", {"name": "夺", "role": "viewer", **confirmed}
        )
        assert (answer.status_code, code_of(answer)) == (404, "not_found"), act
    after = account_of(console, victim.login)
    kept = ("name", "role", "authority", "disabled_at", "password", "totp")
    assert [getattr(before, one) for one in kept] == [getattr(after, one) for one in kept]
    assert sitting.get("/console/").status_code == 200
    listed = admin.get("/console/accounts").text
    assert victim.login not in listed
    assert victim.login in console.signed_in(Role.PROVINCE_ADMIN).get("/console/accounts").text


def test_a_confirmation_for_one_account_is_none_for_another(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    first, second = (console.new_account(Role.VIEWER, MUNICIPAL) for _ in range(2))
    confirmed = admin.confirmed(f"/console/accounts/{first.id}/reset")
    answer = admin.post(f"/console/accounts/{second.id}/reset", confirmed)
    assert code_of(answer) == "second_factor"
    assert account_of(console, second.login).password is not None


def asked_by(console: Console, token: str) -> int:
    """What a program with ``token`` is answered."""
    return console.caller().get("/console/batches", headers={"authorization": f"Bearer {token}"}).status_code


def test_disabled_is_out_at_once_and_can_come_back(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    person = console.new_account(Role.CLERK, MUNICIPAL)
    sitting = console.caller(person)
    token = token_for(console, person, "batches.list")
    page = f"/console/accounts/{person.id}"
    assert admin.post(f"{page}/disable").status_code == 303
    assert sitting.get("/console/").status_code == 303
    assert fresh_door(console).password(person.login, PASSWORD).status_code == 403
    assert admin.post(f"{page}/enable", admin.confirmed(page)).status_code == 303
    assert sitting.get("/console/").status_code == 303
    assert fresh_door(console).enter(person).status_code == 303
    assert asked_by(console, token) == 401


def test_another_role_ends_what_was_begun(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    person = console.new_account(Role.CLERK, MUNICIPAL)
    sitting = console.caller(person)
    page = f"/console/accounts/{person.id}"
    form = {"name": person.name, "role": "approver"}
    token = token_for(console, person, "batches.list")
    assert asked_by(console, token) == 200
    assert admin.post(f"{page}/change", {**form, **admin.confirmed(page)}).status_code == 303
    assert sitting.get("/console/").status_code == 303
    assert asked_by(console, token) == 401
    with console.rig.app.database.read() as session:
        entry = find(session, Filter(act="account.change", subject=f"account:{person.id}"))[0].entry
    assert [entry.document[part]["role"] for part in ("before", "after")] == ["clerk", "approver"]


def test_a_reset_takes_everything(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    person = console.new_account(Role.CLERK, MUNICIPAL)
    sitting = console.caller(person)
    page = f"/console/accounts/{person.id}/reset"
    link = _LINK.search(admin.post(page, admin.confirmed(page)).text)
    assert link is not None
    assert sitting.get("/console/").status_code == 303
    assert fresh_door(console).password(person.login, PASSWORD).status_code == 403
    secret, _ = set_up(console, urlsplit(link[1]).path)
    console.secrets[person.id] = secret
    assert fresh_door(console).enter(person).status_code == 303


HOSTILE = '"><script>alert(1)</script>'


def test_a_name_is_text(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    made(admin, "hostile", Role.VIEWER, name=HOSTILE)
    account = account_of(console, "hostile")
    sitting = console.caller(account)
    pages = [
        admin.get("/console/accounts"),
        admin.get(f"/console/accounts/{account.id}"),
        admin.get(f"/console/accounts/{account.id}/reset"),
        sitting.get("/console/"),
        sitting.get("/console/me"),
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text


@pytest.mark.parametrize("name", ["", " ", "王\u202e五", "a\x07", "长" * 41])
def test_names_that_are_none(console: Console, name: str) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    form = {"login": "noname", "name": name, "role": "viewer"}
    answer = admin.post("/console/accounts", {**form, **admin.confirmed(NEW)})
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("login", ["ab", "-abc", "李晓", "a b c", "x" * 33, "a/b/c", "a\u0430bc"])
def test_logins_that_are_none(console: Console, login: str) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    form = {"login": login, "name": "李", "role": "viewer"}
    assert admin.post("/console/accounts", {**form, **admin.confirmed(NEW)}).status_code == 422


def test_a_login_is_never_given_twice(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    made(admin, "onlyonce", Role.VIEWER)
    confirmed = admin.confirmed(NEW)
    form = {"login": "ONLYONCE", "name": "李", "role": "viewer", **confirmed}
    answer = admin.post("/console/accounts", form)
    assert answer.status_code == 422
    assert "已被使用" in answer.text
    # What was mistyped cost no confirmation.
    assert admin.post("/console/accounts", {**form, "login": "another-one"}).status_code == 200


def test_what_an_invitation_offered_adds_nothing_to_an_account_in_use(console: Console) -> None:
    """Whoever saw the page of an invitation holds its offer of a passkey, and has not confirmed anything."""
    path = console.invitation(Role.CLERK, MUNICIPAL, login="zhou-xing")
    page = console.caller().get(path).text
    offered = re.findall(r'name="ticket" value="([\w-]+)"', page)
    assert offered
    owner = console.caller(account_of(console, "zhou-xing"))
    for ticket in offered:
        answer = owner.post("/console/me/passkeys", {"ticket": ticket, "credential": "{}", "label": "钥匙"})
        assert answer.status_code == 422
        assert problem_sentence("offer_expired", {}, "zh-CN") in answer.text


def test_an_invitation_does_not_come_back_with_an_account_that_was_disabled(console: Console) -> None:
    admin = console.signed_in(Role.AUTHORITY_ADMIN)
    path = console.invitation(Role.CLERK, MUNICIPAL, login="wu-ming")
    page = f"/console/accounts/{account_of(console, 'wu-ming').id}"
    assert admin.post(f"{page}/disable").status_code == 303
    assert admin.post(f"{page}/enable", admin.confirmed(page)).status_code == 303
    assert code_of(console.caller().get(path)) == "invite"
