"""Figures for the province: certificates counted by authority, month, grade, kind and year, as tables and charts.

Every figure leads to the certificates behind it and these to their entries in the log. An authority sees its own.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from keys.trustlist import TrustList
from registry.applications import KIND_DIGITS, KIND_NAMES
from registry.cases.export import csv_table, xlsx_table
from registry.console.context import Context, Ctx, asked_number
from registry.console.files import download
from registry.console.language import EN, translations
from registry.console.problems import Problem
from registry.console.rendering import render
from registry.console.routing import page_router
from registry.console.sentences import sentence
from registry.offices import CHINA, china_year
from registry.province.chart import Bar, columns_chart, rows_chart
from registry.province.counts import Cell, Tally, bring_up_to_date, counts_of, progress
from registry.province.figures import PAGE, Choice, grouped, listed, total, within_reach
from registry.province.reconciling import reconcile
from registry.province.totals import issued_by_series
from registry.status import successors
from registry.trust import current_trust_list
from verifier.messages import GRADES, pick

router = page_router()
_BY = ("authority", "month", "grade", "kind")
_MONTHS_SHOWN = 24
_AUTHORITIES_SHOWN = 30
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAMES = ("authority", "year", "kind", "month", "grade")
_NO_GRADE = "none"
"""How an address says that a certificate has no grade."""


@router.get("/counts", name="counts.show")
def show(ctx: Ctx) -> Response:
    """The figures of a year, or of what was chosen."""
    at = bring_up_to_date(ctx.app)
    choice = _chosen(ctx, china_year(ctx.now))
    with ctx.app.database.look() as session:
        every = counts_of(session, authority=ctx.authority_filter)
        rows = issued_by_series(session)
        trust_list = current_trust_list(session)
    names = names_of(trust_list, ctx.lang)
    groups = {by: grouped(every, choice, by) for by in _BY}
    trend = grouped(every, Choice(choice.authority, None, choice.kind, None, choice.grade), "year")
    counted = sum(tally.issued for cell, tally in every.items())
    return render(
        ctx,
        "province/counts.html",
        choice=choice,
        groups=groups,
        trend=trend,
        sum=total(every, choice),
        names=names,
        years=sorted({cell.year for cell in every} | {china_year(ctx.now)}, reverse=True),
        label=lambda by, value: label(by, value, names, ctx.lang),
        link=lambda by, value: _query(choice, by, value),
        query=_query(choice, "", ""),
        charts={by: _chart(ctx, by, groups[by], names) for by in _BY}
        | {"year": _chart(ctx, "year", trend, names)},
        behind=at.behind,
        counted=counted,
        rows=sum(count for series, count in rows.items() if ctx.authority_filter in (None, series[0])),
        digits=KIND_DIGITS,
    )


@router.get("/counts/export", name="counts.export")
def export(ctx: Ctx) -> Response:
    """All cells of what was chosen, as a table for an office's own program."""
    bring_up_to_date(ctx.app)
    choice = _chosen(ctx, None)
    with ctx.app.database.look() as session:
        every = counts_of(session, authority=ctx.authority_filter)
        names = names_of(current_trust_list(session), ctx.lang)
    say = translations()[ctx.lang].gettext
    columns = (
        "authority",
        "name",
        "year",
        "kind",
        "month",
        "grade",
        "issued",
        "in_force",
        "suspended",
        "revoked",
    )
    headings = [say(f"counts.column.{name}") for name in columns]
    rows = [
        _exported(cell, tally, names, ctx.lang) for cell, tally in sorted(every.items()) if choice.fits(cell)
    ]
    title, day = say("证书统计"), datetime.fromtimestamp(ctx.now, CHINA).strftime("%Y%m%d")
    if ctx.request.query_params.get("form") == "csv":
        return download(csv_table(headings, rows), f"{title}-{day}.csv", "text/csv; charset=utf-8")
    return download(xlsx_table(title, headings, rows), f"{title}-{day}.xlsx", _XLSX)


@router.get("/counts/certificates", name="counts.certificates")
def certificates(ctx: Ctx) -> Response:
    """The certificates behind a figure, each with its place in the log."""
    choice = _chosen(ctx, None)
    after = asked_number(ctx, "after")
    with ctx.app.database.look() as session:
        found = listed(session, choice, after=-1 if after is None else after)
        superseded = successors(session, [one.number for one in found if one.state == "revoked"])
        every = counts_of(session, authority=ctx.authority_filter)
        names = names_of(current_trust_list(session), ctx.lang)
    return render(
        ctx,
        "province/certificates.html",
        found=found[:PAGE],
        superseded=superseded,
        more=found[PAGE - 1].leaf_index if len(found) > PAGE else None,
        choice=choice,
        sum=total(every, choice),
        query=_query(choice, "", ""),
        named=[
            label(by, value, names, ctx.lang) for by in _NAMES if (value := getattr(choice, by)) is not None
        ],
        label=lambda by, value: label(by, value, names, ctx.lang),
    )


@router.get("/counts/reconciliation", name="counts.reconcile")
def reconciliation(ctx: Ctx) -> Response:
    """Count rows and entries anew, and compare."""
    bring_up_to_date(ctx.app)
    with ctx.app.database.look() as session:
        found = reconcile(session, authority=ctx.authority_filter)
        behind = progress(session).behind
        names = names_of(current_trust_list(session), ctx.lang)
    return render(
        ctx,
        "province/reconciliation.html",
        found=found,
        behind=behind,
        label=lambda by, value: label(by, value, names, ctx.lang),
    )


def names_of(trust_list: TrustList, lang: str) -> dict[str, str]:
    """Names of authorities in the reader's language, where they have one there."""
    return {
        code: (one.names.get("en") if lang == EN else None) or one.names["zh"]
        for code, one in trust_list.authorities.items()
    }


def label(by: str, value: str | int, names: Mapping[str, str], lang: str) -> str:
    """A value of a dimension in words."""
    if by == "authority":
        return names.get(str(value), str(value))
    if by == "month":
        year, month = divmod(int(value), 100)
        return f"{year}-{month:02d}" if lang == EN else f"{year}年{month}月"
    if by == "year":
        return str(value) if lang == EN else f"{value}年"
    if by == "kind":
        return sentence(f"counts.kind.{KIND_NAMES.get(int(value), 'other')}", {}, lang)
    return pick(GRADES[str(value)], lang) if value in GRADES else sentence("counts.grade.none", {}, lang)


def _chosen(ctx: Context, year: int | None) -> Choice:
    """What the address asks for, as far as the reader reaches; raises ``Problem``."""
    given = ctx.request.query_params
    numbers: dict[str, int | None] = {"year": year, "kind": None, "month": None}
    for name in numbers:
        text = given.get(name, "")
        if text == "all":
            numbers[name] = None
        elif text:
            if not (text.isascii() and text.isdecimal() and len(text) <= 6) or not _is_one(name, int(text)):
                raise Problem("form", field=name)
            numbers[name] = int(text)
    if numbers["month"] is not None and "year" not in given:
        numbers["year"] = None
    grade: str | None = given.get("grade", "")[:16] or None
    asked = Choice(
        given.get("authority", "")[:6] or None, **numbers, grade="" if grade == _NO_GRADE else grade
    )
    choice = within_reach(asked, ctx.authority_filter)
    if choice is None:
        raise Problem("not_found")
    return choice


def _is_one(name: str, value: int) -> bool:
    return name != "month" or (1 <= value % 100 <= 12 and 2000 <= value // 100 < 2100)


def _query(choice: Choice, by: str, value: str | int) -> str:
    """The address's question for ``choice`` and one more restriction; made of codes and digits alone."""
    parts = {name: getattr(choice, name) for name in _NAMES} | ({by: value} if by else {})
    said = {name: _NO_GRADE if one == "" else one for name, one in parts.items() if one is not None}
    if "year" not in said:
        said["year"] = "all"
    return "&".join(f"{name}={one}" for name, one in said.items())


def _chart(ctx: Context, by: str, group: Mapping[str | int, Tally], names: Mapping[str, str]) -> Markup:
    say = translations()[ctx.lang].gettext
    bars = [Bar(label(by, value, names, ctx.lang), one.issued, one.in_force) for value, one in group.items()]
    if by == "authority":
        bars = sorted(bars, key=lambda one: -one.value)[:_AUTHORITIES_SHOWN]
    draw = columns_chart if by in ("month", "year") else rows_chart
    shown = bars[-_MONTHS_SHOWN:] if by == "month" else bars
    most = max(shown, key=lambda one: one.value, default=None)
    described = say("counts.chart.most").format(label=most.label, value=f"{most.value:,}") if most else ""
    return draw(f"chart-{by}", say(f"counts.chart.{by}"), described, shown)


def _exported(cell: Cell, tally: Tally, names: Mapping[str, str], lang: str) -> list[str]:
    words: dict[str, Any] = {
        by: label(by, getattr(cell, by), names, lang) for by in ("kind", "month", "grade")
    }
    figures = (tally.issued, tally.in_force, tally.suspended, tally.revoked)
    return [
        cell.authority,
        names.get(cell.authority, ""),
        str(cell.year),
        words["kind"],
        f"{cell.month // 100}-{cell.month % 100:02d}",
        words["grade"],
        *map(str, figures),
    ]
