"""How to make what a path names: for each parameter of a route's path, one that is the caller's and one that is not.

The permission matrix tries every route with both. A capability with pages registers its parameters here, in a module of
its own named ``objects_…`` beside this one: ``@makes("batch")`` above a function ``(console, caller, own) -> value``.
``own`` means what the table's OWN reaches: of the caller's authority, or himself; provincial callers may be given any.
"""

import secrets
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from registry.accounts.passkeys import Passkey
from registry.accounts.sessions import open_session
from registry.accounts.tokens import create_token
from registry.actors import Actor, Role
from tests.builders import MUNICIPAL
from tests.console.rig import OTHER, Caller, Console

Maker = Callable[[Console, Caller, bool], str | int]
MAKERS: dict[str, Maker] = {}


def makes(parameter: str) -> Callable[[Maker], Maker]:
    """Register the function below for ``parameter``."""

    def register(maker: Maker) -> Maker:
        assert parameter not in MAKERS, f"{parameter} is made twice"
        MAKERS[parameter] = maker
        return maker

    return register


def load_makers() -> dict[str, Maker]:
    """All of them, from every module beside this one."""
    for file in sorted(Path(__file__).parent.glob("objects_*.py")):
        import_module(f"tests.console.{file.stem}")
    return MAKERS


def authority_for(caller: Caller, own: bool) -> str:
    """Whose object it should be."""
    mine = (caller.account and caller.account.authority) or MUNICIPAL
    return mine if own else OTHER


@makes("account")
def _account(console: Console, caller: Caller, own: bool) -> int:
    return console.new_account(Role.VIEWER, authority_for(caller, own)).id


@makes("session_id")
def _session(console: Console, caller: Caller, own: bool) -> int:
    assert caller.account is not None
    account = caller.account if own else console.new_account(Role.VIEWER, OTHER)
    with console.rig.app.database.write() as session:
        return open_session(session, account, origin="", browser="", now=console.rig.clock.now)[1].id


@makes("passkey_id")
def _passkey(console: Console, caller: Caller, own: bool) -> int:
    assert caller.account is not None
    owner = caller.account if own else console.new_account(Role.VIEWER, OTHER)
    with console.rig.app.database.write() as session:
        count = console.rig.clock.now
        row = Passkey(
            account_id=owner.id,
            credential=secrets.token_bytes(16),
            public_key=b"",
            sign_count=0,
            label="钥匙",
            created_at=count,
        )
        session.add(row)
        session.flush()
        return row.id


@makes("token_id")
def _token(console: Console, caller: Caller, own: bool) -> int:
    assert caller.account is not None
    owner = caller.account if own else console.new_account(Role.VIEWER, OTHER)
    actor = Actor(owner.id, owner.login, owner.name, Role(owner.role), owner.authority, "")
    with console.rig.app.database.write() as session:
        return create_token(session, actor, label="系统", routes=["none"], days=1, now=console.rig.clock.now)[
            1
        ].id
