"""How somebody becomes signed in: a new session each time, its cookie, the browser remembered, and the line on the trail.

The secret of a session is made here and nowhere else, so that one that was known before is never a session afterwards
(no fixation); a session that this browser still had ends.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.responses import Response

from registry.accounts.models import Account
from registry.accounts.secrets import new_secret
from registry.accounts.sessions import end_session, find_session, open_session
from registry.accounts.slowdown import DEVICE_SECONDS, remember
from registry.actors import Actor, Role
from registry.console.context import DEVICE_COOKIE, DOOR_COOKIE, SESSION_COOKIE, Context, Visit
from registry.console.cookies import drop_cookie, set_cookie
from registry.trail.service import record


@dataclass(frozen=True, slots=True)
class Entered:
    """Secrets for the browser: of its new session, and of the browser itself."""

    session: str
    device: str

    def give(self, answer: Response) -> Response:
        """Put them into cookies; what served at the door is over."""
        set_cookie(answer, SESSION_COOKIE, self.session)
        set_cookie(answer, DEVICE_COOKIE, self.device, seconds=DEVICE_SECONDS)
        drop_cookie(answer, DOOR_COOKIE)
        return answer


def enter(session: Session, visitor: Visit, account: Account, *, by: str) -> Entered:
    """Sign ``account`` in, in this transaction; ``by`` is what it was proven with."""
    end_former(session, visitor)
    device = visitor.device or new_secret()
    remember(session, device, account.id, now=visitor.now)
    browser = browser_of(visitor.request.headers.get("user-agent", ""))
    secret, row = open_session(session, account, origin=visitor.origin, browser=browser, now=visitor.now)
    record(
        session,
        actor_of(account, visitor.origin),
        "session.open",
        subject=f"account:{account.id}",
        now=visitor.now,
        after={"session": row.id, "by": by},
    )
    return Entered(secret, device)


def renew(session: Session, ctx: Context, account: Account) -> Entered:
    """After a change of what somebody signs in with: a new session here, and an end of all others."""
    return enter(session, ctx.visit, account, by="renewed")


def end_former(session: Session, visitor: Visit) -> None:
    """A session that this browser had ends."""
    secret = visitor.request.cookies.get(SESSION_COOKIE, "")
    former = find_session(session, secret, now=visitor.now) if secret else None
    if former is not None:
        end_session(session, former.session.id, former.account.id, now=visitor.now)


def actor_of(account: Account, origin: str) -> Actor:
    """The account as the one who acts."""
    return Actor(account.id, account.login, account.name, Role(account.role), account.authority, origin)


def browser_of(agent: str) -> str:
    """A browser and a system in a word each, for the list of sessions; not for deciding anything."""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    found = [next((name for mark, name in marks if mark in agent), "") for marks in (browsers, systems)]
    return " · ".join(filter(None, found))
