"""Where everybody arrives: what waits for the reader, and what his role does here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.responses import Response

from registry.accounts.models import Account
from registry.accounts.recovery import codes_left
from registry.accounts.service import expired_invitations
from registry.console.context import Context, Ctx, may
from registry.console.rendering import render
from registry.console.routing import page_router

router = page_router()
FEW_CODES = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something to do: ``code`` names its sentence (``waiting.CODE``, with ``count``), ``route`` where it is done."""

    code: str
    count: int
    route: str


def accounts_waiting(ctx: Context, session: Session) -> Iterator[Waiting]:
    """Recovery codes that run out; people whose invitation ran out before they used it."""
    account = session.get_one(Account, ctx.actor.account)
    left = codes_left(session, account.id)
    if account.totp is not None and left < FEW_CODES:
        yield Waiting("recovery", left, "me.recovery")
    if may(ctx, "accounts.reset"):
        expired = expired_invitations(session, authority=ctx.authority_of("accounts.list"), now=ctx.now)
        if expired:
            yield Waiting("invitations", expired, "accounts.list")


LOOKS: tuple[Callable[[Context, Session], Iterator[Waiting]], ...] = (accounts_waiting,)
"""Who knows of something that waits. A capability adds its own, the most pressing first."""


@router.get("/", name="home")
def home(ctx: Ctx) -> Response:
    """What waits for the reader."""
    with ctx.app.database.read() as session:
        waiting = [one for look in LOOKS for one in look(ctx, session)]
    return render(ctx, "home.html", waiting=waiting)
