"""Printing many: ordered, watched, downloaded while it stays."""

import json
from datetime import datetime

from starlette.responses import JSONResponse, Response

from registry.cases.models import PrintOrder
from registry.cases.printing import (
    MOST,
    list_orders,
    order_print,
    print_order_of,
    result_file,
    subject_of,
)
from registry.cases.search import numbers_found
from registry.console.context import Context, Ctx, text_field
from registry.console.files import download_file
from registry.console.pages.certificates import require_whole_index, searched, sent_query
from registry.console.rendering import render, see_other
from registry.console.routing import page_router
from registry.console.sentences import sentence
from registry.jobs.service import JobView, jobs_about
from registry.offices import CHINA

router = page_router()
MEDIA = {"pdf": "application/pdf", "zip": "application/zip"}


@router.get("/prints", name="prints.list")
def show_list(ctx: Ctx) -> Response:
    """The newest orders."""
    with ctx.app.database.read() as session:
        orders = list_orders(session, authority=ctx.authority_filter)
        jobs = {one.id: _job(jobs_about(session, subject_of(one.id))) for one in orders}
    return render(ctx, "prints/list.html", orders=orders, jobs=jobs)


@router.post("/prints", name="prints.create")
def create(ctx: Ctx) -> Response:
    """Order everything that a search found."""
    query = searched(ctx, sent_query(ctx))
    form = text_field(ctx.form, "form", most=3)
    require_whole_index(ctx)
    with ctx.app.database.write() as session:
        most = max(MOST.values()) + 1
        numbers = numbers_found(session, query, authority=ctx.authority_filter, at_most=most)
        order = order_print(
            session,
            ctx.actor,
            numbers=numbers,
            authority=ctx.authority_filter,
            form=form,
            title=text_field(ctx.form, "title", most=64) or _title(ctx, len(numbers)),
            now=ctx.now,
        )
    return see_other(ctx, "prints.show", order_id=order.id)


@router.get("/prints/{order_id}", name="prints.show")
def show(ctx: Ctx, order_id: int) -> Response:
    """How far it is, and where the result is."""
    order, job = _order(ctx, order_id)
    ready = order.expires_at is not None and order.expires_at > ctx.now and order.size > 0
    return render(
        ctx, "prints/show.html", order=order, job=job, ready=ready, refused=json.loads(order.refused)
    )


@router.get("/prints/{order_id}/progress", name="prints.progress")
def progress(ctx: Ctx, order_id: int) -> Response:
    """The same for the page's script."""
    order, job = _order(ctx, order_id)
    state = job.state if job is not None else "done"
    ended = order.finished_at is not None or state == "failed"
    done = job.done if job else order.total
    waits = state == "waiting" and not done
    return JSONResponse({"done": done, "total": order.total, "waits": waits, "ended": ended})


@router.get("/prints/{order_id}/file", name="prints.download")
def file(ctx: Ctx, order_id: int) -> Response:
    """The result."""
    with ctx.app.database.read() as session:
        order = print_order_of(session, order_id, authority=ctx.authority_filter)
    path = result_file(ctx.app, order, now=ctx.now)
    return download_file(
        str(path), f"{order.title or _title(ctx, order.total)}.{order.form}", MEDIA[order.form]
    )


def _title(ctx: Context, certificates: int) -> str:
    """What an order holds, where nobody gave it a name: of its file, and of the PDF itself."""
    day = datetime.fromtimestamp(ctx.now, CHINA).strftime("%Y%m%d")
    return sentence("print-title", {"count": certificates, "day": day}, ctx.lang)


def _order(ctx: Context, order_id: int) -> tuple[PrintOrder, JobView | None]:
    with ctx.app.database.read() as session:
        order = print_order_of(session, order_id, authority=ctx.authority_filter)
        return order, _job(jobs_about(session, subject_of(order_id)))


def _job(jobs: list[JobView]) -> JobView | None:
    return jobs[0] if jobs else None
