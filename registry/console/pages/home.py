"""Where everybody arrives: what waits for whom."""

from starlette.responses import Response

from registry.console.context import Ctx
from registry.console.rendering import render
from registry.console.routing import page_router

router = page_router()


@router.get("/", name="home")
def home(ctx: Ctx) -> Response:
    """What waits for the reader."""
    return render(ctx, "home.html")
