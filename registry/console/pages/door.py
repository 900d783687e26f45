"""The door: signing in and out."""

from starlette.responses import Response

from registry.accounts.sessions import end_session
from registry.console.context import SESSION_COOKIE, Ctx, Visitor
from registry.console.cookies import drop_cookie
from registry.console.problems import Problem
from registry.console.rendering import render, see_other
from registry.console.routing import page_router

router = page_router()


@router.get("/sign-in", name="session.new")
def new(visitor: Visitor) -> Response:
    """The form."""
    return render(visitor, "door/sign-in.html")


@router.post("/sign-in", name="session.create")
def create(visitor: Visitor) -> Response:
    """Sign in."""
    raise Problem("conflict")


@router.post("/sign-out", name="session.end")
def end(ctx: Ctx) -> Response:
    """Sign out: the session ends on the server, and the browser forgets it."""
    if ctx.session_id is not None:
        with ctx.app.database.write() as session:
            end_session(session, ctx.session_id, ctx.actor.account, now=ctx.now)
    answer = see_other(ctx, "session.new")
    drop_cookie(answer, SESSION_COOKIE)
    return answer
