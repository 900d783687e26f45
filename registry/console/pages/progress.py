"""How far the issuing of a list is, as it happens: server-sent events, for whoever may see the list, in any session.

A stream ends after ``LONGEST`` seconds and the browser asks again, so that whoever was signed out meanwhile sees no more.
Without scripts the page itself is loaded anew every few seconds.
"""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from registry.console.context import Context, Ctx
from registry.console.language import translations
from registry.console.pages.batches import found_draft, newest_job
from registry.console.routing import page_router
from registry.jobs.service import JobView

router = page_router()
LONGEST = 60
"""Seconds of one stream."""
EVERY = 1.0
"""Seconds between two looks."""


@router.get("/batches/{draft_id}/events", name="batches.events")
def events(ctx: Ctx, draft_id: int) -> Response:
    """The stream; its first event tells how it stands."""
    if _look(ctx, draft_id) is None:
        return Response(status_code=204)  # nothing to watch: a browser does not ask again
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(ctx, draft_id), media_type="text/event-stream", headers=headers)


async def _stream(ctx: Context, draft_id: int) -> AsyncIterator[str]:
    told = ""
    for _ in range(int(LONGEST / EVERY)):
        job = await run_in_threadpool(_look, ctx, draft_id)
        if job is None:
            return
        text = json.dumps(_event(job, ctx.lang), ensure_ascii=False, sort_keys=True)
        if text != told:
            yield f"event: {'progress' if job.is_open else 'end'}\ndata: {text}\n\n"
            told = text
        if not job.is_open:
            return
        await asyncio.sleep(EVERY)


def _look(ctx: Context, draft_id: int) -> JobView | None:
    with ctx.app.database.read() as session:
        return newest_job(session, found_draft(ctx, session, draft_id))


def _event(job: JobView, lang: str) -> dict[str, object]:
    say = translations()[lang].gettext
    total = job.total or 0
    words = say(
        "batch.progress.waiting" if job.state == "waiting" and not job.done else "batch.progress.running"
    )
    text = words.format(done=f"{job.done:,}", total=f"{total:,}")
    return {"state": job.state, "done": job.done, "total": total, "text": text}
