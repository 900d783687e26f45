"""Where everybody arrives: what waits for the reader, and what his role does here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.responses import Response

from registry.accounts.models import Account
from registry.accounts.recovery import codes_left
from registry.accounts.service import expired_invitations
from registry.cases.requests import list_requests
from registry.cases.service import list_cases
from registry.console.context import Context, Ctx, may
from registry.console.rendering import render
from registry.console.routing import page_router
from registry.expiry import warnings_of
from registry.province.changes import waiting_proposal
from registry.review.drafts import count_by_state
from registry.trust import current_trust_list

router = page_router()
FEW_CODES = 3
MOST = 1000
"""Cases that are counted; more are more than anybody sees through in a day."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something to do: ``code`` names its sentence (``waiting.CODE``, with ``count``), ``route`` and ``query`` where it is done."""

    code: str
    count: int
    route: str
    query: str = ""


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


def lists_waiting(ctx: Context, session: Session) -> Iterator[Waiting]:
    """Lists to release; lists that came back; lists that were uploaded and not submitted."""
    wanted = (("submitted", "batches.release"), ("returned", "batches.submit"), ("draft", "batches.submit"))
    mine = [(state, route) for state, route in wanted if may(ctx, route)]
    counts = count_by_state(session, authority=ctx.authority_of("batches.list")) if mine else {}
    for state, _ in mine:
        if counts.get(state):
            yield Waiting(f"lists-{state}", counts[state], "batches.list", f"?state={state}")


def cases_waiting(ctx: Context, session: Session) -> Iterator[Waiting]:
    """What somebody else proposed; what holders asked for."""
    if may(ctx, "cases.confirm"):
        whose = ctx.authority_of("cases.list")
        proposed = list_cases(session, authority=whose, states=("proposed",), limit=MOST)
        others = [one for one in proposed if one.proposed_by != ctx.actor.account]
        if others:
            yield Waiting("cases", len(others), "cases.list")
    if may(ctx, "requests.decide"):
        whose = ctx.authority_of("requests.list")
        received = list_requests(session, authority=whose, states=("received",), limit=MOST)
        if received:
            yield Waiting("requests", len(received), "requests.list")


def province_waiting(ctx: Context, session: Session) -> Iterator[Waiting]:
    """A proposal that has to be signed elsewhere; what runs out soon."""
    if not may(ctx, "authorities.delegate"):
        return
    trust_list = current_trust_list(session)
    if waiting_proposal(ctx.app, trust_list, ctx.lang) is not None:
        yield Waiting("proposal", 1, "authorities.list")
    ending = warnings_of(trust_list, ctx.now)
    if ending:
        yield Waiting("expiry", len(ending), "authorities.list")


LOOKS: tuple[Callable[[Context, Session], Iterator[Waiting]], ...] = (
    lists_waiting,
    cases_waiting,
    province_waiting,
    accounts_waiting,
)
"""Who knows of something that waits. A capability adds its own, the most pressing first."""


@router.get("/", name="home")
def home(ctx: Ctx) -> Response:
    """What waits for the reader."""
    with ctx.app.database.read() as session:
        waiting = [one for look in LOOKS for one in look(ctx, session)]
    return render(ctx, "home.html", waiting=waiting)
