"""Templates to pages. One Jinja2 environment a language, autoescape on, an undefined name is an error.

In every template: ``_`` and ``ngettext``, ``sentence(code, params)`` for codes, ``url(route, **values)``, ``may(route)``,
``csrf`` (the form's token), ``ctx`` (None at the door), ``lang``, ``now``; filters ``day``, ``moment``, ``written_day`` (of ``2026-11-20``), ``count``,
``number`` (a certificate's), ``unbroken`` (of a heading's own), ``authority_name`` is the page's own business.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match

from registry.console.context import Context, Visit, may
from registry.console.language import EN, translations
from registry.console.sentences import problem_sentence, sentence
from registry.console.statics import asset
from registry.errors import RegistryError
from registry.offices import CHINA
from verifier.number import parse_number

_PRINTED = re.compile(r"\b\d{6} \d{4} \d \d{7} \d{2}\b")


def render(
    ctx: Context | Visit,
    template: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """The page ``templates/console/TEMPLATE`` in the reader's language."""
    visitor = ctx.visit if isinstance(ctx, Context) else ctx
    inside = ctx if isinstance(ctx, Context) else None
    request = visitor.request
    text = (
        environment(visitor.lang)
        .get_template(template)
        .render(
            ctx=inside,
            lang=visitor.lang,
            now=visitor.now,
            csrf=visitor.csrf,
            may=lambda route: inside is not None and may(inside, route),
            url=lambda route, **parts: address(request, route, **parts),
            here=request.url.path,
            back=looked_at(request),
            **values,
        )
    )
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})


def address(request: Request, route: str, /, **parts: Any) -> str:
    """The path of a route: ``address(request, "batches.show", batch=12)``."""
    return str(request.app.state.routes[route].url_path_for(route, **parts))


def looked_at(request: Request) -> str:
    """The page to come back to in another language: this one, or where a form was sent, the one above it."""
    path = request.url.path
    if request.method in ("GET", "HEAD"):
        return path
    while path.count("/") > 1:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            return path
        path = path.rpartition("/")[0]
    return ""


def see_other(ctx: Context | Visit, route: str, /, **parts: Any) -> Response:
    """After a form: go and look there. Reloading that page sends nothing again."""
    request = ctx.request
    return RedirectResponse(address(request, route, **parts), status_code=303)


@cache
def environment(lang: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=PackageLoader("templates", "console"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(translations()[lang], newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        day=lambda moment: day(moment, lang),
        written_day=lambda written: written_day(written, lang),
        moment=lambda moment: moment_text(moment, lang),
        count=lambda number: f"{number:,}",
        number=lambda digits: parse_number(digits).printed,
        unbroken=_unbroken,
    )
    made.globals.update(
        asset=asset,
        sentence=lambda code, params=None: sentence(code, params or {}, lang),
        problem_sentence=lambda code, params=None: problem_sentence(code, params or {}, lang),
    )
    return made


def _unbroken(heading: Markup) -> Markup:
    """A heading whose certificate numbers stay on one line each, and are still copied with ordinary spaces."""
    return Markup(_PRINTED.sub(r'<span class="number">\g<0></span>', str(heading)))  # noqa: S704 - escaped when it was made


def error_text(error: RegistryError, lang: str) -> str:
    """An error of a service in the reader's words."""
    return problem_sentence(error.code, error.params, lang)


def day(moment: int, lang: str) -> str:
    """A date as offices read it, China time."""
    at = datetime.fromtimestamp(moment, CHINA)
    return f"{at:%d %b %Y}".lstrip("0") if lang == EN else f"{at.year}年{at.month}月{at.day}日"


def written_day(written: str, lang: str) -> str:
    """The same of a date as records have it, ``2026-11-20``."""
    return day(int(datetime.fromisoformat(written).replace(tzinfo=CHINA).timestamp()), lang)


def moment_text(moment: int, lang: str) -> str:
    """A date and the time of day, China time."""
    return f"{day(moment, lang)} {datetime.fromtimestamp(moment, CHINA):%H:%M}"
