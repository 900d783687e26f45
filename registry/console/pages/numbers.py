"""Number blocks and their gaps: what became of every number that was ever reserved."""

import re

from starlette.responses import Response

from registry.console.context import Ctx, asked_number
from registry.console.pages.province import label, names_of
from registry.console.problems import Problem
from registry.console.rendering import render
from registry.console.routing import page_router
from registry.province.numbers import BLOCKS, account_of, accounts_of, blocks_of, gaps_of, voids_of
from registry.trust import current_trust_list
from verifier.messages import pick
from verifier.sentences import SENTENCES

router = page_router()
_SERIES = re.compile(r"([1-9][0-9]{5})-([12][0-9]{3})-([1-9])", re.ASCII)


@router.get("/numbers", name="numbers.list")
def show_list(ctx: Ctx) -> Response:
    """Every series: reserved, issued, void, on their way, unexplained."""
    with ctx.app.database.look() as session:
        found = accounts_of(session, authority=ctx.authority_filter)
        names = names_of(current_trust_list(session), ctx.lang)
    return render(
        ctx,
        "province/numbers.html",
        found=found,
        unexplained=sum(one.unexplained for one in found),
        label=lambda by, value: label(by, value, names, ctx.lang),
    )


@router.get("/numbers/{series}", name="numbers.show")
def show(ctx: Ctx, series: str) -> Response:
    """One series (``410100-2026-1``): its blocks, void numbers with their reasons, and gaps."""
    parts = _SERIES.fullmatch(series)
    after = ctx.request.query_params.get("after", "")
    with ctx.app.database.look() as session:
        one = (
            account_of(session, parts[1], int(parts[2]), int(parts[3]), within=ctx.authority_filter)
            if parts
            else None
        )
        if one is None:
            raise Problem("not_found")
        blocks = blocks_of(session, one, below=asked_number(ctx, "below"))
        voids = voids_of(
            session, one, limit=BLOCKS + 1, after=after if after.isascii() and after.isdecimal() else ""
        )
        gaps = gaps_of(session, one)
        names = names_of(current_trust_list(session), ctx.lang)
    return render(
        ctx,
        "province/series.html",
        one=one,
        series=series,
        blocks=blocks,
        more_blocks=blocks[-1].first if len(blocks) == BLOCKS and blocks[-1].first > 1 else None,
        voids=voids[:BLOCKS],
        more_voids=voids[BLOCKS - 1].number if len(voids) > BLOCKS else None,
        gaps=gaps,
        reason=lambda code: pick(SENTENCES[code], ctx.lang) if code in SENTENCES else code,
        label=lambda by, value: label(by, value, names, ctx.lang),
    )
