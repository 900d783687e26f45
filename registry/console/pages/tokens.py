"""One's own API tokens: made for chosen routes and a time, shown once, revoked."""

from starlette.responses import Response
from starlette.routing import Route

from registry.accounts.errors import AccountError
from registry.accounts.tokens import MAX_DAYS, create_token, revoke_token
from registry.console.context import Context, Ctx, text_field
from registry.console.permissions import token_routes
from registry.console.problems import Problem
from registry.console.rendering import render, see_other
from registry.console.routing import page_router

router = page_router()


@router.get("/me/tokens/new", name="token.new")
def new(ctx: Ctx) -> Response:
    """The form."""
    return _page(ctx)


@router.post("/me/tokens", name="token.create")
def create(ctx: Ctx) -> Response:
    """Make one; its secret is on the page that answers, and nowhere else ever."""
    chosen = [one for one in ctx.form.getlist("route") if isinstance(one, str)]
    if not set(chosen) <= set(token_routes(ctx.actor.role)):
        raise Problem("form", field="route")
    days = text_field(ctx.form, "days", most=4)
    label = text_field(ctx.form, "label", most=100)
    if not (label and chosen and days.isascii() and days.isdigit()):
        return _page(ctx, error=AccountError("token_form", most=MAX_DAYS))
    ctx.require_second_factor("token.create", f"account:{ctx.actor.account}")
    try:
        with ctx.app.database.write() as session:
            secret, token = create_token(
                session, ctx.actor, label=label, routes=chosen, days=int(days), now=ctx.now
            )
    except AccountError as error:
        return _page(ctx, error=error)
    return render(ctx, "me/token-made.html", secret=secret, token=token)


@router.post("/me/tokens/{token_id}/revoke", name="token.revoke")
def revoke(ctx: Ctx, token_id: int) -> Response:
    """It is good for nothing any more."""
    with ctx.app.database.write() as session:
        if not revoke_token(session, ctx.actor, token_id, now=ctx.now):
            raise Problem("not_found")
    return see_other(ctx, "me.show")


def _by_capability(ctx: Context) -> dict[str, list[tuple[str, str]]]:
    """Routes under the capability that they begin with; how each is asked (``POST /console/batches/new``)."""
    asked = {
        route.name: f"{next(iter(route.methods - {'HEAD'}))} {route.path}"
        for route in ctx.request.app.routes
        if isinstance(route, Route) and route.methods
    }
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in token_routes(ctx.actor.role):
        groups.setdefault(name.partition(".")[0], []).append((name, asked[name]))
    return groups


def _page(ctx: Context, *, error: AccountError | None = None) -> Response:
    confirmation = ctx.ask_second_factor("token.create", f"account:{ctx.actor.account}")
    return render(
        ctx,
        "me/token-new.html",
        status=200 if error is None else 422,
        error=error,
        groups=_by_capability(ctx),
        most=MAX_DAYS,
        confirmation=confirmation,
    )
