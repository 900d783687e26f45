"""Authorities with scope, states and keys; delegating, suspending, reinstating and withdrawing them.

The page orders and shows. The worker makes the next trust list; where the root is in a ceremony it becomes a proposal, whose
words and confirmation code stand here for the signers to compare.
"""

from collections.abc import Callable, Sequence

from starlette.responses import Response

from keys.trustchain import parse_pin
from keys.trustlist import Authority
from registry.applications import KIND_NAMES
from registry.console.context import Context, Ctx, text_field
from registry.console.pages.province import names_of
from registry.console.problems import Problem
from registry.console.rendering import error_text, render, see_other
from registry.console.routing import page_router
from registry.errors import OfficeError
from registry.expiry import warnings_of
from registry.jobs.service import JobView, jobs_about
from registry.offices import STATE_REASONS, Delegation, china_year, possible_states
from registry.province.changes import (
    DELEGATE,
    STATES,
    Change,
    order_change,
    require_sensible,
    waiting_proposal,
)
from registry.province.totals import issued_by_series
from registry.trust import current_trust_list, registry_of

router = page_router()


@router.get("/authorities", name="authorities.list")
def show_list(ctx: Ctx) -> Response:
    """All of the trust list, what runs out soon, and what waits for signatures."""
    with ctx.app.database.read() as session:
        trust_list = current_trust_list(session)
        counts = issued_by_series(session)
        fingerprint = parse_pin(registry_of(session).root).fingerprint
    whose = ctx.authority_filter
    found = [one for code, one in sorted(trust_list.authorities.items()) if whose in (None, code)]
    issued = {one.code: sum(n for series, n in counts.items() if series[0] == one.code) for one in found}
    return render(
        ctx,
        "authorities/list.html",
        found=found,
        names=names_of(trust_list, ctx.lang),
        issued=issued,
        trust_list=trust_list,
        fingerprint=fingerprint,
        ending=warnings_of(trust_list, ctx.now) if whose is None else [],
        waiting=waiting_proposal(ctx.app, trust_list, ctx.lang) if whose is None else None,
        state_now=lambda one: one.state_at(ctx.now),
    )


@router.get("/authorities/new", name="authorities.new")
def new(ctx: Ctx) -> Response:
    """The form of a delegation."""
    return _form(ctx)


@router.post("/authorities", name="authorities.delegate")
def delegate(ctx: Ctx) -> Response:
    """Order a delegation, confirmed with the second factor."""
    given = _delegation(ctx)
    return _ordered(
        ctx, Change(DELEGATE, given.code, delegation=given), failed=lambda error: _form(ctx, error)
    )


@router.get("/authorities/{code}", name="authorities.show")
def show(ctx: Ctx, code: str) -> Response:
    """One authority: scope, history, keys, what was ordered."""
    return _page(ctx, code)


@router.get("/authorities/{code}/change/{act}", name="authorities.change")
def change(ctx: Ctx, code: str, act: str) -> Response:
    """The form to suspend, reinstate or withdraw."""
    return _change_page(ctx, code, act)


@router.post("/authorities/{code}/change/{act}", name="authorities.order")
def order(ctx: Ctx, code: str, act: str) -> Response:
    """Order it, confirmed with the second factor."""
    _found(ctx, code)
    if act not in STATES:
        raise Problem("not_found")
    wanted = Change(act, code, text_field(ctx.form, "reason", most=32))
    return _ordered(ctx, wanted, failed=lambda error: _change_page(ctx, code, act, error))


def _ordered(ctx: Context, wanted: Change, *, failed: Callable[[OfficeError], Response]) -> Response:
    seen, remark = text_field(ctx.form, "version", most=9), text_field(ctx.form, "remark", most=500)
    version = int(seen) if seen.isascii() and seen.isdecimal() else 0
    try:
        # First what can be mistyped: a confirmation that was given for nothing would cost another half minute.
        with ctx.app.database.read() as session:
            require_sensible(current_trust_list(session), wanted, now=ctx.now)
        ctx.require_second_factor(*_act(wanted.act, wanted.code), digest=str(version))
        with ctx.app.database.write() as session:
            order_change(session, ctx.actor, wanted, seen=version, remark=remark, now=ctx.now)
    except OfficeError as error:
        return failed(error)
    return see_other(ctx, "authorities.progress", code=wanted.code)


@router.get("/authorities/{code}/progress", name="authorities.progress")
def progress(ctx: Ctx, code: str) -> Response:
    """What became of what was ordered; of an authority that is not on the list yet, too."""
    with ctx.app.database.read() as session:
        trust_list = current_trust_list(session)
        jobs = jobs_about(session, f"authority:{code}")
    if not jobs or ctx.authority_filter not in (None, code):
        raise Problem("not_found")
    return render(
        ctx,
        "authorities/progress.html",
        code=code,
        listed=code in trust_list.authorities,
        names=names_of(trust_list, ctx.lang),
        job=jobs[0],
        failure=_failure(ctx, jobs[0]),
        waiting=waiting_proposal(ctx.app, trust_list, ctx.lang),
    )


def _act(act: str, code: str) -> tuple[str, str]:
    """What is confirmed, and about whom; the code of a new authority is typed on the page that is confirmed."""
    return f"authorities.{act}", "authority:new" if act == DELEGATE else f"authority:{code}"


def _failure(ctx: Context, job: JobView) -> str:
    return error_text(OfficeError(job.error, **job.error_params), ctx.lang) if job.error else ""


def _found(ctx: Context, code: str) -> Authority:
    with ctx.app.database.read() as session:
        found = current_trust_list(session).authorities.get(code)
    if found is None or ctx.authority_filter not in (None, code):
        raise Problem("not_found")
    return found


def _page(ctx: Context, code: str) -> Response:
    one = _found(ctx, code)
    with ctx.app.database.read() as session:
        counts = {series: count for series, count in issued_by_series(session).items() if series[0] == code}
        jobs = jobs_about(session, f"authority:{code}")
    return render(
        ctx,
        "authorities/show.html",
        one=one,
        state=one.state_at(ctx.now),
        possible=[act for act, state in STATES.items() if state in possible_states(one)],
        kinds=[KIND_NAMES[kind] for kind in sorted(one.scope.kinds) if kind in KIND_NAMES],
        counts=counts,
        jobs=[(job, _failure(ctx, job)) for job in jobs[:10]],
    )


def _change_page(ctx: Context, code: str, act: str, error: OfficeError | None = None) -> Response:
    one = _found(ctx, code)
    if act not in STATES:
        raise Problem("not_found")
    with ctx.app.database.read() as session:
        version = current_trust_list(session).version
    return render(
        ctx,
        "authorities/change.html",
        status=200 if error is None else 422,
        one=one,
        act=act,
        version=version,
        reasons=STATE_REASONS[STATES[act]],
        possible=STATES[act] in possible_states(one),
        error=error_text(error, ctx.lang) if error else "",
        confirmation=ctx.ask_second_factor(*_act(act, code), digest=str(version)),
    )


def _form(ctx: Context, error: OfficeError | None = None) -> Response:
    # Not "code": that is what the second factor's field is called, in the same form.
    fields = ("authority", "kind", "name", "name_en", "uscc", "division", "industry", "years", "certificates")
    typed = {name: text_field(ctx.form, name, most=2000) for name in fields}
    code = typed["authority"] or ctx.request.query_params.get("code", "")[:6]
    with ctx.app.database.read() as session:
        trust_list = current_trust_list(session)
    known = trust_list.authorities.get(code)
    if known is not None and not ctx.form:
        typed |= _of(known)
    said, place = (error_text(error, ctx.lang), _field_of(error)) if error else ("", "")
    return render(
        ctx,
        "authorities/new.html",
        status=200 if error is None else 422,
        typed={**typed, "authority": code, "years": typed["years"] or str(china_year(ctx.now))},
        known=known,
        version=trust_list.version,
        error="" if place else said,
        slips={place: said},
        confirmation=ctx.ask_second_factor(*_act(DELEGATE, code), digest=str(trust_list.version)),
    )


def _field_of(error: OfficeError) -> str:
    """The text field that has to be mended, empty where it is none in particular."""
    part = str(error.params.get("part", ""))
    if part:
        return part if part not in ("kind", "certificates") else ""
    return {"delegation_area": "division", "uscc": "uscc", "authority_exists": "years"}.get(error.code, "")


def _of(known: Authority) -> dict[str, str]:
    return {
        "kind": known.kind,
        "name": known.names["zh"],
        "name_en": known.names.get("en", ""),
        "uscc": known.uscc,
        "division": " ".join(sorted(known.scope.divisions)),
        "industry": " ".join(sorted(known.scope.industries)),
    }


def _delegation(ctx: Context) -> Delegation:
    form = ctx.form
    years = _words(text_field(form, "years", most=200))
    kinds = {"annual": (1,), "completion": (2,)}.get(text_field(form, "certificates", most=12), (1, 2))
    return Delegation(
        code=text_field(form, "authority", most=6),
        kind=text_field(form, "kind", most=12),
        name=text_field(form, "name", most=100),
        name_en=text_field(form, "name_en", most=200),
        uscc=text_field(form, "uscc", most=18).upper(),
        divisions=tuple(_words(text_field(form, "division", most=2000))),
        industries=tuple(_words(text_field(form, "industry", most=2000))),
        kinds=kinds,
        years=tuple(map(_year, years)),
    )


def _year(text: str) -> int:
    """A year; 0, which none is, for anything else, so that it is refused and not passed over."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else 0


def _words(text: str) -> Sequence[str]:
    """What was typed with spaces or commas between, Chinese ones too."""
    return text.replace("，", " ").replace("、", " ").replace(",", " ").split()
