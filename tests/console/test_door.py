"""Signing in: the two steps, and what somebody finds who tries to guess, to fix a session, or to keep others out."""

import re

import httpx
import pytest
from sqlalchemy import select

from registry.accounts import passwords
from registry.accounts.models import Account, ConsoleSession
from registry.accounts.recovery import make_codes
from registry.accounts.sessions import ABSOLUTE, IDLE
from registry.actors import Role
from registry.console.context import DEVICE_COOKIE, DOOR_COOKIE, SESSION_COOKIE, csrf_token
from registry.trail.service import Filter, find
from tests.console.rig import PASSWORD, Console, Transport
from tests.console.test_permissions import code_of

WRONG = "x" + PASSWORD


class Door:
    """A browser before the door, without a session; ``peer`` is where it stands."""

    def __init__(self, console: Console, peer: str = "198.51.100.4") -> None:
        self.console = console
        transport = Transport(console.app, console.portal, peer)
        self.client = httpx.Client(transport=transport, base_url="https://console.example.cn")
        self.client.get("/console/sign-in")

    def post(self, path: str, **data: str) -> httpx.Response:
        """Send a form of the door."""
        token = csrf_token(self.client.cookies.get(DOOR_COOKIE, ""))
        return self.client.post(path, data={"csrf": token, **data})

    def password(self, login: str, password: str) -> httpx.Response:
        """The first step."""
        return self.post("/console/sign-in", login=login, password=password)

    def code(self, code: str) -> httpx.Response:
        """The second."""
        return self.post("/console/sign-in/code", code=code)

    def enter(self, account: Account) -> httpx.Response:
        """Both, rightly."""
        assert self.password(account.login, PASSWORD).status_code == 303
        return self.code(self.console.code(account))

    @property
    def is_in(self) -> bool:
        """Whether it is signed in."""
        return self.client.get("/console/").status_code == 200


@pytest.fixture
def person(console: Console) -> Account:
    """Somebody new."""
    return console.new_account(Role.CLERK, "410100")


def fresh_door(console: Console, peer: list[int] = [0]) -> Door:  # noqa: B006 - each stands elsewhere
    peer[0] += 1
    return Door(console, f"203.0.113.{peer[0]}")


def test_password_and_code_lead_in_and_leave_a_line(console: Console, person: Account) -> None:
    door = fresh_door(console)
    first = door.password(person.login.upper() + " ", PASSWORD)
    assert (first.status_code, first.headers["location"]) == (303, "/console/sign-in/code")
    assert not door.is_in
    second = door.code(console.code(person))
    assert (second.status_code, second.headers["location"]) == (303, "/console/")
    assert door.is_in
    cookie = next(
        one for one in second.headers.get_list("set-cookie") if one.startswith(SESSION_COOKIE + "=")
    )
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Max-Age" not in cookie
    with console.rig.app.database.read() as session:
        newest = find(session, Filter(login=person.login))[0].entry
    assert (newest.act, newest.subject) == ("session.open", f"account:{person.id}")


def test_the_page_asked_for_comes_after_and_no_other_sites(console: Console, person: Account) -> None:
    for wanted, got in (
        ("/console/me", "/console/me"),
        ("//evil.example/console/", "/console/"),
        ("https://evil.example", "/console/"),
        ("/console/\\evil", "/console/"),
        ("/console/../x", "/console/"),
    ):
        door = fresh_door(console)
        first = door.post("/console/sign-in", login=person.login, password=PASSWORD, next=wanted)
        page = door.client.get(first.headers["location"])
        back = re.search(r'name="next" value="([^"]*)"', page.text)
        assert back is not None
        last = door.post("/console/sign-in/code", code=console.code(person), next=back[1])
        assert last.headers["location"] == got


def test_unknown_wrong_disabled_and_not_set_up_are_answered_alike(console: Console, person: Account) -> None:
    gone, bare = console.new_account(Role.CLERK, "410100"), console.new_account(Role.CLERK, "410100")
    with console.rig.app.database.write() as session:
        session.get_one(Account, gone.id).disabled_at = 1
        session.get_one(Account, bare.id).password = None
    answers = [
        fresh_door(console).password(login, password)
        for login, password in (
            (person.login, WRONG),
            ("nobody", PASSWORD),
            (gone.login, PASSWORD),
            (bare.login, PASSWORD),
        )
    ]
    logins = (person.login, "nobody", gone.login, bare.login)
    tokens = re.compile(r'name="csrf" value="\w+"')
    texts = {tokens.sub("", one.text).replace(login, "") for one, login in zip(answers, logins, strict=True)}
    assert {one.status_code for one in answers} == {403}
    assert len(texts) == 1
    assert "用户名或密码不正确" in texts.pop()


def test_an_unknown_login_costs_a_hash_as_well(
    console: Console, person: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal time is equal work: one verification at the same cost each, counted at the library's door."""
    seen: list[str] = []
    verify = passwords.PasswordHasher.verify

    def counted(self: passwords.PasswordHasher, kept: str, password: str) -> bool:
        seen.append(kept.rpartition("$")[0].rpartition("$")[0])
        return bool(verify(self, kept, password))

    monkeypatch.setattr(passwords.PasswordHasher, "verify", counted)
    fresh_door(console).password(person.login, WRONG)
    fresh_door(console).password("nobody-at-all", WRONG)
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_guessing_is_slowed_down_and_the_owner_is_not(console: Console, person: Account) -> None:
    owner = fresh_door(console)
    owner.enter(person)
    guesser = fresh_door(console)
    answers = [guesser.password(person.login, WRONG) for _ in range(8)]
    assert [one.status_code for one in answers] == [403] * 6 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    # While it waits, the right password is not looked at either.
    assert guesser.password(person.login, PASSWORD).status_code == 429
    # The owner: elsewhere, in his own browser, and where the guesser sits but in a browser that is known.
    assert fresh_door(console).password(person.login, PASSWORD).status_code == 303
    beside = Door(console, "203.0.113.250")
    for _ in range(8):
        beside.password(person.login, WRONG)
    assert beside.password(person.login, PASSWORD).status_code == 429
    beside.client.cookies.set(DEVICE_COOKIE, owner.client.cookies[DEVICE_COOKIE])
    assert beside.password(person.login, PASSWORD).status_code == 303


def test_a_delay_ends_and_grows(console: Console, person: Account) -> None:
    door = fresh_door(console)
    waits: list[int] = []
    for _ in range(40):
        answer = door.password(person.login, WRONG)
        if answer.status_code == 429:
            waits.append(int(answer.headers["retry-after"]))
            console.rig.clock.now += waits[-1]
        if len(waits) == 12:
            break
    assert waits == sorted(waits)
    assert waits[-1] == 900
    assert door.password(person.login, PASSWORD).status_code == 303


def test_one_client_trying_many_logins_is_slowed_down(console: Console) -> None:
    door = fresh_door(console)
    answers = [door.password(f"login-{place}", WRONG).status_code for place in range(33)]
    assert answers[:31] == [403] * 31
    assert answers[-1] == 429


def test_many_at_once_are_many(console: Console, person: Account) -> None:
    """A hundred guesses in parallel are counted before any is judged."""
    from concurrent.futures import ThreadPoolExecutor

    door = fresh_door(console)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: door.password(person.login, WRONG).status_code, range(24)))
    assert answers.count(403) <= 6
    assert answers.count(429) >= 18


def test_codes_are_not_guessed(console: Console, person: Account) -> None:
    door = fresh_door(console)
    door.password(person.login, PASSWORD)
    answers = [door.code(f"{place:06d}").status_code for place in range(8)]
    assert answers == [403] * 6 + [429] * 2


def test_a_code_is_good_once(console: Console, person: Account) -> None:
    code = console.code(person)
    first, second = fresh_door(console), fresh_door(console)
    for door in (first, second):
        door.password(person.login, PASSWORD)
    assert first.code(code).status_code == 303
    assert second.code(code).status_code == 403
    assert not second.is_in


def test_a_recovery_code_is_good_once(console: Console, person: Account) -> None:
    with console.rig.app.database.write() as session:
        code = make_codes(session, person.id)[0]
    first, second = fresh_door(console), fresh_door(console)
    for door in (first, second):
        door.password(person.login, PASSWORD)
    answer = first.code(code.upper().replace("-", " "))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/me")
    assert second.code(code).status_code == 403


def test_the_second_step_alone_is_nothing(console: Console, person: Account) -> None:
    door = fresh_door(console)
    assert door.code(console.code(person)).status_code == 403
    other = fresh_door(console)
    other.password(person.login, PASSWORD)
    console.rig.clock.now += 301
    assert "登录已超时" in other.code(console.code(person)).text
    assert not door.is_in
    assert not other.is_in


def test_a_planted_session_is_nobodys(console: Console, person: Account) -> None:
    """Fixation: what a browser carried before signing in, made up or somebody's, is no session of him who signs in."""
    thief = console.signed_in(Role.VIEWER, another=True)
    for planted in ("a" * 43, thief.secret):
        door = fresh_door(console)
        door.client.cookies.set(SESSION_COOKIE, planted, domain="console.example.cn", path="/")
        door.enter(person)
        assert door.is_in
        now = door.client.cookies.get(SESSION_COOKIE, domain="console.example.cn")
        assert now is not None
        assert now != planted
        stranger = console.caller()
        stranger.client.cookies.set(SESSION_COOKIE, planted)
        answer = stranger.get("/console/")
        assert answer.status_code == 303


def test_each_sign_in_has_a_session_of_its_own(console: Console, person: Account) -> None:
    door = fresh_door(console)
    door.enter(person)
    first = door.client.cookies.get(SESSION_COOKIE)
    door.client.get("/console/sign-in")
    door.enter(person)
    assert door.client.cookies.get(SESSION_COOKIE) != first
    with console.rig.app.database.read() as session:
        rows = session.scalars(select(ConsoleSession).where(ConsoleSession.account_id == person.id)).all()
    assert [row.ended_at is None for row in rows] == [False, True]


def test_sessions_are_short(console: Console, person: Account) -> None:
    idle, busy = console.caller(person), console.caller(person)
    began = console.rig.clock.now
    console.rig.clock.now += IDLE - 1
    assert busy.get("/console/").status_code == 200
    console.rig.clock.now += 1
    assert idle.get("/console/").status_code == 303
    while console.rig.clock.now < began + ABSOLUTE - IDLE:
        console.rig.clock.now += IDLE - 60
        assert busy.get("/console/").status_code == 200
    console.rig.clock.now = began + ABSOLUTE
    assert busy.get("/console/").status_code == 303


def test_the_database_holds_no_secret_that_can_be_used(console: Console, person: Account) -> None:
    caller = console.caller(person)
    with console.rig.app.database.read() as session:
        rows = session.scalars(select(ConsoleSession).where(ConsoleSession.account_id == person.id)).all()
        kept = session.get_one(Account, person.id)
    assert all(caller.secret.encode() not in row.hash and len(row.hash) == 32 for row in rows)
    assert kept.password is not None
    assert kept.password.startswith("$argon2id$")
    assert console.secrets[person.id].encode() not in (kept.totp or b"")
    stolen = console.caller()
    for row in rows:
        stolen.client.cookies.set(SESSION_COOKIE, row.hash.hex())
        assert stolen.get("/console/").status_code == 303


def test_a_forged_sign_in_form_is_refused(console: Console, person: Account) -> None:
    """Sign-in CSRF: nobody is signed in as somebody else by another site's form."""
    door = fresh_door(console)
    plain = door.client.post("/console/sign-in", data={"login": person.login, "password": PASSWORD})
    assert (plain.status_code, code_of(plain)) == (403, "csrf")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content-length": "99999999"}, 413, "too_large"),
        ({"transfer-encoding": "chunked"}, 411, "length_required"),
    ],
)
def test_what_is_sent_has_bounds(console: Console, headers: dict[str, str], status: int, code: str) -> None:
    caller = console.signed_in(Role.CLERK)
    request = caller.client.build_request("POST", "/console/me/sessions/end-others", content=b"csrf=x")
    del request.headers["content-length"]
    request.headers.update(headers)
    answer = caller.client.send(request)
    assert (answer.status_code, code_of(answer)) == (status, code)


def test_a_form_is_read_as_utf8_and_by_no_codec_of_the_senders(console: Console) -> None:
    """One of Python's takes seconds for what is small enough, in the loop that answers everybody."""
    door = fresh_door(console)
    headers = {"content-type": "multipart/form-data; boundary=x; charset=punycode"}
    answer = door.client.post("/console/sign-in", content=b"--x--", headers=headers)
    assert (answer.status_code, code_of(answer)) == (400, "bad_request")


def test_headers_of_every_answer(console: Console) -> None:
    caller = console.signed_in(Role.CLERK)
    for answer in (
        caller.get("/console/"),
        caller.get("/console/nowhere"),
        console.caller().get("/console/sign-in"),
    ):
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"


def test_a_fault_tells_nothing(
    console: Console, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("410105199001011234")

    caller = console.signed_in(Role.CLERK)
    monkeypatch.setattr("registry.console.pages.home.render", broken)
    answer = caller.get("/console/")
    assert (answer.status_code, code_of(answer)) == (500, "fault")
    assert "410105" not in answer.text + caplog.text
    assert "ValueError" in caplog.text


def test_the_log_holds_nobody(console: Console, person: Account, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    door = fresh_door(console)
    door.enter(person)
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("certreg")]
    assert ours
    assert not any(person.login in line or "203.0.113" in line or "/console" in line for line in ours)
