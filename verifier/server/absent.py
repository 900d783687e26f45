"""Where there is nothing, for who reads with a browser: `/` leads to the page where one verifies, anything else is told in both languages.

Programs, and all that is below `/api/`, keep the problem document (``problems``).
"""

from collections.abc import Iterable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from verifier.server.problems import PROBLEMS, Problem
from verifier.webpages import SET

_START = "/verify"
_VARY = {"Vary": "Accept", "Cache-Control": "no-store"}
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>没有这个地址 · Nothing here</title>
<link rel="icon" href="{mark}" type="image/svg+xml">
<link rel="stylesheet" href="{style}">
</head>
<body>
<header>
<img src="{mark}" width="40" height="40" alt="">
<div><h1>继续教育证书核验 <span lang="en">Certificate verification</span></h1></div>
</header>
<main>
<p>{zh}<br><a href="{start}">去核验证书</a></p>
<p lang="en">{en}<br><a href="{start}">Verify a certificate</a></p>
</main>
</body>
</html>
"""


def for_eyes(problem: Problem, request: Request, pages: Iterable[str]) -> Response | None:
    """What a browser is answered instead of ``problem``; None where the document stands. ``pages``: paths of the pages' files."""
    path = request.url.path
    asked = request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", "")
    if problem.code != "not_found" or not asked or path.startswith("/api/"):
        return None
    if path == "/":
        return RedirectResponse(_START, 303, _VARY)
    style, mark = (_address(pages, name) for name in ("style.css", "mark.svg"))
    title = PROBLEMS[problem.code].title
    page = _PAGE.format(style=style, mark=mark, start=_START, zh=escape(title.zh), en=escape(title.en))
    return HTMLResponse(page, problem.status, _VARY)


def _address(pages: Iterable[str], name: str) -> str:
    return next(f"/{path}" for path in pages if (found := SET.match(path)) and path[found.end() :] == name)
