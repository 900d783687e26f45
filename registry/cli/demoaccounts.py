"""The demo's people: one a role, with passwords and one-time-code secrets made at random when the demo is first served.

They exist in the demo's registry and nowhere else: no password stands in the program, and a registry that the demo did not
found is refused (``demo_only``). What they sign in with lies in ``accounts.json`` in the demo's folder, readable by its
owner, because whoever tries the demo plays all of them.
"""

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pyotp
from sqlalchemy.orm import Session

from registry.accounts.invites import void_invites
from registry.accounts.models import Account
from registry.accounts.passwords import PasswordCost, Passwords
from registry.accounts.recovery import make_codes
from registry.accounts.service import account_of_login, checked_account, create_account, enable_account
from registry.accounts.totp import PERIOD, new_totp_secret, open_secret, seal_secret
from registry.actors import SYSTEM, Role
from registry.app import App
from registry.errors import RegistryError
from registry.files import PRIVATE, replace_file

FILE = "accounts.json"
_COST = PasswordCost()
_LETTERS = "".join(sorted(set(string.ascii_lowercase + string.digits) - set("il1o0")))
"""What nobody misreads on a screen: 31 characters, 79 bits in 16 of them."""


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody of the demo: who he is, and what he is there to try."""

    login: str
    name: str
    role: Role
    authority: str | None


PLAYERS = (
    Player("shengting", "周明远", Role.PROVINCE_ADMIN, None),
    Player("shenji", "孙静", Role.PROVINCE_AUDITOR, None),
    Player("zhengzhou", "何春燕", Role.AUTHORITY_ADMIN, "410100"),
    Player("jingban", "王丽", Role.CLERK, "410100"),
    Player("shenhe", "李国强", Role.APPROVER, "410100"),
    Player("chakan", "赵晓梅", Role.VIEWER, "410100"),
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a player signs in with; ``totp`` in base32."""

    password: str
    totp: str

    def code(self, now: int) -> tuple[str, int]:
        """The one-time code of this half minute, and for how many seconds it is shown."""
        return pyotp.TOTP(self.totp).at(now), PERIOD - now % PERIOD


def demo_accounts(app: App, folder: Path, *, host: str, cost: PasswordCost = _COST) -> dict[str, Credentials]:
    """Every player's credentials, by login, as the registry has them now: made, or put back to what the file says."""
    if app.host != host or not (app.settings.home / "demo-passphrase").is_file():
        raise RegistryError("demo_only", folder=str(folder))
    known = _kept(folder / FILE)
    wanted = {one.login: known.get(one.login) or _made() for one in PLAYERS}
    if wanted != known:
        # If we stop here the accounts are made with these the next time.
        text = json.dumps({login: asdict(one) for login, one in wanted.items()}, indent=1)
        replace_file(folder / FILE, text.encode(), mode=PRIVATE)
    passwords = Passwords(cost)
    for player in PLAYERS:
        with app.database.write() as session:
            _bring_about(session, app, passwords, player, wanted[player.login])
    return wanted


def _bring_about(
    session: Session, app: App, passwords: Passwords, player: Player, wanted: Credentials
) -> None:
    """The account is there, in use, and has these credentials; passkeys that somebody added stay."""
    now = app.clock()
    account = account_of_login(session, player.login) or _created(session, player, now)
    if account.disabled_at is not None:
        enable_account(session, SYSTEM, account.id, authority=None, now=now)
    if not passwords.verify(account.password, wanted.password):
        account.password = passwords.hash(wanted.password)
    if open_secret(app.vault, account) != wanted.totp:
        account.totp, account.totp_step = seal_secret(app.vault, wanted.totp, account.id), None
        make_codes(session, account.id)  # told to nobody: whoever loses his way serves the demo again


def _created(session: Session, player: Player, now: int) -> Account:
    checked = checked_account(
        session,
        SYSTEM,
        login=player.login,
        name=player.name,
        role=player.role,
        authority=player.authority,
    )
    account = create_account(session, SYSTEM, checked, now=now).account
    void_invites(session, account.id, now=now)  # nobody needs the link: the credentials are made here
    return account


def _made() -> Credentials:
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return Credentials("-".join(groups), new_totp_secret())


def _kept(file: Path) -> Mapping[str, Credentials]:
    """What the file holds; a file that was spoilt holds nothing."""
    try:
        held = json.loads(file.read_bytes())
        return {login: Credentials(str(one["password"]), str(one["totp"])) for login, one in held.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
