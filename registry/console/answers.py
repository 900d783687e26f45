"""Answers where something is not as asked: a page for people, problem JSON (RFC 9457) for programs with a token."""

import json
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from registry.console.context import asker_of, bearer
from registry.console.problems import Problem
from registry.console.rendering import address, render
from registry.console.sentences import problem_sentence

_PROBLEM_JSON = "application/problem+json"


def problem(request: Request, error: Problem) -> Response:
    """What was wrong, and what to do about it."""
    asker = asker_of(request)
    if bearer(request) is not None:
        return problem_json(error, asker.lang)
    return render(
        asker,
        "problem.html",
        status=error.status,
        headers=error.headers,
        code=error.code,
        params=error.params,
    )


def problem_json(error: Problem, lang: str) -> Response:
    """The same for a program."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "code": error.code,
        "status": error.status,
        "detail": problem_sentence(error.code, error.params, lang),
    }
    return Response(
        json.dumps(document, ensure_ascii=False),
        status_code=error.status,
        media_type=_PROBLEM_JSON,
        headers={**error.headers, "Content-Language": lang},
    )


def sign_in_needed(request: Request) -> Response:
    """To the door, and back to a page that can be asked for again; a program is told 401."""
    if bearer(request) is not None:
        answer = problem_json(Problem("token"), asker_of(request).lang)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    where = address(request, "session.new")
    if request.method == "GET" and request.url.path != address(request, "home"):
        where += f"?next={request.url.path}"
    return RedirectResponse(where, status_code=303)


def fault(request: Request) -> Response:
    """For what nobody foresaw."""
    return problem(request, Problem("fault"))
