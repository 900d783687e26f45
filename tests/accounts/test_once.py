"""What is good once is good once, on each engine, also for two who come at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.accounts import slowdown
from registry.accounts.challenges import ask, take
from registry.accounts.errors import AccountError, SlowDownError
from registry.accounts.invites import invite, use_invite
from registry.accounts.models import Account
from registry.accounts.recovery import codes_left, make_codes, use_recovery_code
from registry.accounts.service import checked_account, create_account
from registry.accounts.sessions import end_session, open_session
from registry.accounts.totp import matching_step, new_totp_secret, open_secret, seal_secret, use_code
from registry.actors import SYSTEM, Role
from tests.builders import MUNICIPAL
from tests.registry.rig import Rig

AT_ONCE = 4


def at_once(rig: Rig, act: Callable[[Session], bool]) -> list[bool]:
    """What several transactions are told that do the same at the same time."""
    barrier = Barrier(AT_ONCE)

    def one(_: int) -> bool:
        barrier.wait()
        with rig.app.database.write() as session:
            return act(session)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def new_account(rig: Rig, login: str = "somebody") -> Account:
    with rig.app.database.write() as session:
        wanted = checked_account(
            session, SYSTEM, login=login, name="王", role=Role.CLERK, authority=MUNICIPAL
        )
        return create_account(session, SYSTEM, wanted, now=rig.clock.now).account


def test_everything_that_is_good_once(rig: Rig) -> None:
    account, now = new_account(rig), rig.clock.now
    secret = new_totp_secret()
    with rig.app.database.write() as session:
        session.get_one(Account, account.id).totp = seal_secret(rig.app.vault, secret, account.id)
        ticket = ask(session, "act", now=now).ticket
        invitation = invite(session, SYSTEM, account, now=now).secret
        recovery = make_codes(session, account.id)[0]
        row = open_session(session, account, origin="", browser="", now=now)[1]
    import pyotp

    code = pyotp.TOTP(secret).at(now)

    def by_code(session: Session) -> bool:
        found = session.get_one(Account, account.id)
        return use_code(session, rig.app.vault, found, code, now=now)

    acts: list[Callable[[Session], bool]] = [
        lambda session: take(session, "act", ticket, now=now) is not None,
        lambda session: use_invite(session, invitation, now=now),
        lambda session: use_recovery_code(session, account.id, recovery, now=now),
        lambda session: end_session(session, row.id, account.id, now=now),
        by_code,
    ]
    for act in acts:
        assert sorted(at_once(rig, act)) == [False] * (AT_ONCE - 1) + [True]
    with rig.app.database.read() as session:
        assert codes_left(session, account.id) == 9


def test_attempts_at_once_are_all_counted(rig: Rig) -> None:
    attempts = slowdown.sign_in_attempts("somebody", "192.0.2.1", known_device=None)

    def attempt(session: Session) -> bool:
        try:
            slowdown.begin(session, attempts, now=rig.clock.now)
        except SlowDownError:
            return False
        return True

    taken = [one for _ in range(3) for one in at_once(rig, attempt)]
    assert taken.count(True) == slowdown.PAIR.free + 1


def test_a_login_is_one_persons(rig: Rig) -> None:
    new_account(rig)
    with rig.app.database.write() as session, pytest.raises(AccountError, match="login_taken"):
        checked_account(session, SYSTEM, login="Somebody", name="李", role=Role.VIEWER, authority=MUNICIPAL)
    with rig.app.database.write() as session:
        wanted = checked_account(
            session, SYSTEM, login="other", name="李", role=Role.VIEWER, authority=MUNICIPAL
        )
    new_account(rig, "other")
    with rig.app.database.write() as session, pytest.raises(AccountError, match="login_taken"):
        create_account(session, SYSTEM, wanted, now=rig.clock.now)


@pytest.mark.parametrize(
    ("role", "authority"), [("clerk", None), ("province-admin", MUNICIPAL), ("root", None)]
)
def test_the_database_refuses_roles_that_are_none(rig: Rig, role: str, authority: str | None) -> None:
    row = Account(login="x", name="x", role=role, authority=authority, created_at=0, created_by=0)
    with pytest.raises(IntegrityError), rig.app.database.write() as session:
        session.add(row)


def test_a_secret_sealed_for_one_is_nothing_to_another(lite: Rig) -> None:
    mine, theirs = new_account(lite), new_account(lite, "another")
    mine.totp = seal_secret(lite.app.vault, new_totp_secret(), mine.id)
    theirs.totp = mine.totp
    assert open_secret(lite.app.vault, mine) is not None
    assert open_secret(lite.app.vault, theirs) is None


RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""20 bytes of RFC 6238, appendix B, in base32."""


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_the_codes_of_rfc_6238(at: int, code: str) -> None:
    assert matching_step(RFC_SECRET, code, now=at) == at // 30
    assert matching_step(RFC_SECRET, f"{code[:3]} {code[3:]}", now=at + 30) == at // 30
    assert matching_step(RFC_SECRET, code, now=at + 90) is None


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708x", "٢٨٧٠٨٢", "-28708"])
def test_what_is_no_code(code: str) -> None:
    assert matching_step(RFC_SECRET, code, now=59) is None
