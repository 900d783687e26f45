"""Accounts: made, changed, disabled, set up anew. Every act is on the trail, in the same transaction.

Who may manage whom: a provincial administrator everybody, an authority's administrator the people of his own authority,
neither himself. ``authority`` as an argument is whose accounts may be seen (None: all); a foreign one is answered like one
that is not there. An authority's code has to be in the trust list.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.accounts.errors import AccountError
from registry.accounts.invites import Invitation, invite, is_invited, void_invites
from registry.accounts.models import Account, KnownDevice, Passkey, RecoveryCode
from registry.accounts.sessions import end_sessions
from registry.accounts.tokens import revoke_tokens
from registry.actors import PROVINCIAL, Actor, Role
from registry.trail.entry import JsonValue
from registry.trail.service import record
from registry.trust import current_trust_list

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,31}", re.ASCII)
MAX_NAME = 40


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made from, as it will be kept."""

    login: str
    name: str
    role: Role
    authority: str | None


def checked_account(
    session: Session, actor: Actor, *, login: str, name: str, role: Role, authority: str | None
) -> NewAccount:
    """What was typed, if it can be made; raises ``AccountError`` (``login_form``, ``login_taken``, ``name_form``, ``role_…``)."""
    made = NewAccount(normal_login(login), normal_name(name), role, authority)
    if _LOGIN.fullmatch(made.login) is None:
        raise AccountError("login_form")
    require_manageable(actor, role, authority)
    if authority is not None and authority not in current_trust_list(session).authorities:
        raise AccountError("authority_unknown", code=authority)
    if account_of_login(session, made.login) is not None:
        raise AccountError("login_taken", login=made.login)
    return made


def create_account(session: Session, actor: Actor, wanted: NewAccount, *, now: int) -> Invitation:
    """A new account and its invitation; raises ``AccountError`` (``login_taken``) where another was quicker."""
    made = Account(
        login=wanted.login,
        name=wanted.name,
        role=wanted.role.value,
        authority=wanted.authority,
        created_at=now,
        created_by=actor.account,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise AccountError("login_taken", login=wanted.login) from error
    invitation = invite(session, actor, made, now=now)
    after: dict[str, JsonValue] = {
        "login": made.login,
        "name": made.name,
        "role": made.role,
        "authority": made.authority or "",
    }
    record(session, actor, "account.create", subject=_subject(made), now=now, after=after)
    return invitation


def require_manageable(actor: Actor, role: Role, authority: str | None) -> None:
    """Raise ``AccountError`` unless ``actor`` may make or keep an account of ``role`` at ``authority``."""
    if (role in PROVINCIAL) != (authority is None) or authority == "":
        raise AccountError("role_authority")
    if actor.role is Role.PROVINCE_ADMIN:
        return
    if actor.role is not Role.AUTHORITY_ADMIN or authority is None or authority != actor.authority:
        raise AccountError("role_forbidden")


def find_account(session: Session, account_id: int, *, authority: str | None) -> Account | None:
    """An account that may be seen."""
    chosen = select(Account).where(Account.id == account_id)
    if authority is not None:
        chosen = chosen.where(Account.authority == authority)
    return session.scalars(chosen).one_or_none()


def list_accounts(session: Session, *, authority: str | None) -> Sequence[Account]:
    """Accounts that may be seen: the province's first, then by authority and login."""
    chosen = select(Account).order_by(Account.authority.is_not(None), Account.authority, Account.login)
    if authority is not None:
        chosen = chosen.where(Account.authority == authority)
    return session.scalars(chosen).all()


def account_of_login(session: Session, login: str) -> Account | None:
    """The account of a login, as typed."""
    return session.scalars(select(Account).where(Account.login == normal_login(login))).one_or_none()


def change_account(
    session: Session, actor: Actor, account_id: int, *, authority: str | None, name: str, role: Role, now: int
) -> None:
    """Another name or role. With the role everything ends that was begun under the old one: sessions and tokens."""
    account = _managed(session, actor, account_id, authority=authority)
    name = normal_name(name)
    require_manageable(actor, role, account.authority)
    before = {"name": account.name, "role": account.role}
    after = {"name": name, "role": role.value}
    if before == after:
        return
    if role.value != account.role:
        end_sessions(session, account.id, now=now)
        revoke_tokens(session, account.id, now=now)
    account.name, account.role = name, role.value
    record(session, actor, "account.change", subject=_subject(account), now=now, before=before, after=after)


def disable_account(
    session: Session, actor: Actor, account_id: int, *, authority: str | None, now: int
) -> None:
    """Nobody signs in with it any more, and whoever is signed in is out at the next click. Its past stays."""
    account = _managed(session, actor, account_id, authority=authority)
    if account.disabled_at is not None:
        return
    account.disabled_at = now
    end_sessions(session, account.id, now=now)
    revoke_tokens(session, account.id, now=now)
    void_invites(session, account.id, now=now)
    record(session, actor, "account.disable", subject=_subject(account), now=now)


def enable_account(
    session: Session, actor: Actor, account_id: int, *, authority: str | None, now: int
) -> None:
    """It can be used again, with what it had: password, codes, passkeys; not its tokens."""
    account = _managed(session, actor, account_id, authority=authority)
    if account.disabled_at is None:
        return
    account.disabled_at = None
    record(session, actor, "account.enable", subject=_subject(account), now=now)


def reset_account(
    session: Session, actor: Actor, account_id: int, *, authority: str | None, now: int
) -> Invitation:
    """Take away all that somebody signs in with, and invite him anew: for a lost phone, or a suspicion."""
    account = _managed(session, actor, account_id, authority=authority)
    if account.disabled_at is not None:
        raise AccountError("account_disabled")
    clear_credentials(session, account, now=now)
    record(session, actor, "account.reset", subject=_subject(account), now=now)
    return invite(session, actor, account, now=now)


def clear_credentials(session: Session, account: Account, *, now: int) -> None:
    """Password, codes, passkeys, sessions, tokens, known browsers: gone."""
    account.password, account.totp = None, None
    for table in (Passkey, RecoveryCode, KnownDevice):
        session.execute(delete(table).where(table.account_id == account.id))
    end_sessions(session, account.id, now=now)
    revoke_tokens(session, account.id, now=now)


def sign_out_everywhere(
    session: Session, actor: Actor, account_id: int, *, authority: str | None, now: int
) -> int:
    """End all sessions of an account; how many."""
    account = _managed(session, actor, account_id, authority=authority)
    ended = end_sessions(session, account.id, now=now)
    record(session, actor, "account.sign-out", subject=_subject(account), now=now, after={"sessions": ended})
    return ended


def expired_invitations(session: Session, *, authority: str | None, now: int) -> int:
    """How many people cannot sign in and have no invitation any more."""
    found = [one for one in list_accounts(session, authority=authority) if one.disabled_at is None]
    return sum(not is_set_up(session, one) and not is_invited(session, one.id, now=now) for one in found)


def set_password(session: Session, account_id: int, hashed: str) -> None:
    """Keep a new password's hash."""
    session.execute(update(Account).where(Account.id == account_id).values(password=hashed))


def hash_anew(session: Session, account_id: int, kept: str, hashed: str) -> None:
    """Keep the same password's hash at today's cost in place of ``kept``, if that is still the one: none comes back that was changed meanwhile."""
    same = (Account.id == account_id, Account.password == kept)
    session.execute(update(Account).where(*same).values(password=hashed))


def is_set_up(session: Session, account: Account) -> bool:
    """Whether somebody can sign in with it: by password and code, or by passkey."""
    if account.password is not None and account.totp is not None:
        return True
    held = session.scalars(select(Passkey.id).where(Passkey.account_id == account.id))
    return held.first() is not None


def normal_login(text: str) -> str:
    """A login as it is kept."""
    return text.strip().lower()


def normal_name(text: str) -> str:
    """A person's name as it is kept; raises ``AccountError`` (``name_form``)."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 0 < len(name) <= MAX_NAME or any(unicodedata.category(one)[0] == "C" for one in name):
        raise AccountError("name_form", most=MAX_NAME)
    return name


def _managed(session: Session, actor: Actor, account_id: int, *, authority: str | None) -> Account:
    """The account, if ``actor`` may change it; raises ``AccountError`` (``account_unknown``, ``account_own``, ``role_forbidden``)."""
    account = find_account(session, account_id, authority=authority)
    if account is None:
        raise AccountError("account_unknown")
    if account.id == actor.account:
        raise AccountError("account_own")
    require_manageable(actor, Role(account.role), account.authority)
    return account


def _subject(account: Account) -> str:
    return f"account:{account.id}"
