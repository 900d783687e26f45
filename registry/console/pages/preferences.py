"""Style and scripts, and the language of the pages: for everybody."""

from starlette.responses import RedirectResponse, Response

from registry.console.context import Visitor
from registry.console.cookies import set_cookie
from registry.console.language import LANGUAGE_COOKIE, LANGUAGES
from registry.console.problems import Problem
from registry.console.rendering import address
from registry.console.routing import page_router
from registry.console.statics import assets

router = page_router()
_YEAR = 365 * 86400


@router.get("/static/{version}/{name}", name="static")
def static(visitor: Visitor, version: str, name: str) -> Response:
    """A file of style or script. ``version`` only makes its address a new one."""
    if name not in assets():
        raise Problem("not_found")
    data, media_type = assets()[name]
    return Response(
        data, media_type=media_type, headers={"Cache-Control": f"public, max-age={_YEAR}, immutable"}
    )


@router.get("/language/{lang}", name="language")
def language(visitor: Visitor, lang: str, back: str = "") -> Response:
    """Choose ``lang`` and go back to the page ``back``."""
    if lang not in LANGUAGES:
        raise Problem("not_found")
    answer = RedirectResponse(local_path(back) or address(visitor.request, "home"), status_code=303)
    set_cookie(answer, LANGUAGE_COOKIE, lang, seconds=_YEAR)
    return answer


def local_path(path: str) -> str:
    """``path`` where it leads into the console, else nothing: no link of ours leads to another's page."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and ".." not in path
    return path if plain and path.startswith("/console/") and "//" not in path else ""
