"""The audit trail for whoever audits: found, looked at, recomputed, exported. An authority sees the acts of its own people."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from registry.accounts.models import Account
from registry.actors import SYSTEM
from registry.cases.export import EXPORTED, csv_table, xlsx_table
from registry.cases.working import order_head
from registry.console.changed import changes
from registry.console.context import Context, Ctx, asked_number, text_field
from registry.console.files import download, download_headers
from registry.console.language import LANGUAGES, translations
from registry.console.problems import Problem
from registry.console.rendering import render, see_other
from registry.console.routing import page_router
from registry.console.sentences import sentence
from registry.offices import CHINA
from registry.trail.checking import check_trail
from registry.trail.export import export_trail
from registry.trail.sealing import last_seal, seal_trail, seals
from registry.trail.service import (
    COUNTED,
    Filter,
    Recorded,
    acts_in_use,
    count_of,
    entry_at_place,
    find,
    head_of,
    record,
)
from registry.troubles import sentence_of_trouble
from verifier.errors import FormError
from verifier.number import parse_typed_number

router = page_router()
PAGE = 50
_SEALS = 12
_SUBJECTS = ("case", "draft", "account", "authority", "print", "batch")
_FIELDS = ("who", "act", "subject", "since", "until")
_COLUMNS = ("place", "time", "name", "login", "role", "authority", "origin", "act", "subject", "remark")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/trail", name="trail.list")
def show_list(ctx: Ctx) -> Response:
    """Acts, newest first; filtered by who, which act, about what, and when."""
    fields = {name: ctx.request.query_params.get(name, "")[:120] for name in _FIELDS}
    with ctx.app.database.look() as session:
        people = _people(ctx, session)
        wanted = _filter(ctx, fields, people)
        found = find(session, wanted, before=asked_number(ctx, "before"), limit=PAGE + 1)
        total = count_of(session, wanted)
        return render(
            ctx,
            "trail/list.html",
            found=found[:PAGE],
            more=found[PAGE - 1].entry.place if len(found) > PAGE else None,
            total=total,
            counted=COUNTED if total > COUNTED and wanted != Filter() else None,
            fields=fields,
            filtered=any(fields.values()),
            people=people,
            acts=acts_in_use(session),
            head=head_of(session),
            seal=last_seal(session),
        )


@router.get("/trail/seals", name="trail.check")
def check(ctx: Ctx) -> Response:
    """Recompute the whole trail and hold it against the seals in the log."""
    with ctx.app.database.look() as session:
        found = check_trail(session)
        return render(
            ctx,
            "trail/check.html",
            troubles=[(one, sentence_of_trouble(one.code, ctx.lang)) for one in found],
            head=head_of(session),
            seals=seals(session, limit=_SEALS),
        )


@router.post("/trail/seals", name="trail.seal")
def seal(ctx: Ctx) -> Response:
    """Seal now: an entry of the log, which the worker brings under a signed head."""
    with ctx.app.write() as session:
        made = seal_trail(session, now=ctx.now)
        if made is not None:
            order_head(session, ctx.actor, made.leaf_index, now=ctx.now)
    return see_other(ctx, "trail.check")


@router.post("/trail/export", name="trail.export")
def export(ctx: Ctx) -> Response:
    """The whole trail with its digests (``jsonl``), or what was filtered as a table. Either is on the trail itself."""
    form = text_field(ctx.form, "form", most=5)
    if form == "jsonl" and ctx.authority_filter is not None:
        raise Problem("form", field="form")  # a chain with parts left out proves nothing
    fields = {name: text_field(ctx.form, name, most=120) for name in _FIELDS}
    after: dict[str, str | int] = {"form": form, **{name: value for name, value in fields.items() if value}}
    with ctx.app.database.write() as session:
        record(session, ctx.actor, "trail.export", subject="trail", now=ctx.now, after=after)
    day = datetime.fromtimestamp(ctx.now, CHINA).strftime("%Y%m%d")
    if form == "jsonl":
        headers = download_headers(f"audit-trail-{day}.jsonl")
        return StreamingResponse(_lines(ctx), media_type="application/jsonl", headers=headers)
    title, headings, rows = _table(ctx, fields)
    if form == "csv":
        return download(csv_table(headings, rows), f"{title}-{day}.csv", "text/csv; charset=utf-8")
    return download(xlsx_table(title, headings, rows), f"{title}-{day}.xlsx", _XLSX)


@router.get("/trail/{entry}", name="trail.show")
def show(ctx: Ctx, entry: int) -> Response:
    """One act, with what was before and after."""
    with ctx.app.database.look() as session:
        found = entry_at_place(session, entry, authority=ctx.authority_filter)
        if found is None:
            raise Problem("not_found")
        last = last_seal(session)
    return render(
        ctx,
        "trail/show.html",
        one=found,
        changes=changes(found.entry.document, ctx.lang),
        sealed=last is not None and found.entry.place <= last.count,
    )


def _lines(ctx: Context) -> Iterator[bytes]:
    with ctx.app.database.look() as session:
        yield from export_trail(session, host=ctx.app.host, now=ctx.now)


def _table(ctx: Context, fields: Mapping[str, str]) -> tuple[str, list[str], list[list[str]]]:
    say = translations()[ctx.lang].gettext
    with ctx.app.database.look() as session:
        wanted = _filter(ctx, fields, _people(ctx, session))
        found = find(session, wanted, limit=EXPORTED)
    headings = [say(f"trail.column.{name}") for name in _COLUMNS]
    return say("审计记录"), headings, [_row(ctx, one) for one in found]


def _row(ctx: Context, one: Recorded) -> list[str]:
    entry, actor = one.entry, one.entry.document["actor"]
    time = datetime.fromtimestamp(entry.at, CHINA).strftime("%Y-%m-%d %H:%M:%S")
    return [
        str(entry.place),
        time,
        actor["name"],
        entry.login,
        sentence(f"role.{actor['role']}", {}, ctx.lang),
        actor["authority"],
        actor["origin"],
        sentence(f"trail.{entry.act}", {}, ctx.lang),
        entry.subject,
        entry.document.get("remark", ""),
    ]


def _people(ctx: Context, session: Session) -> dict[str, Account | None]:
    """Who may be asked for, by the account's id as text; None is the system itself."""
    chosen = select(Account).order_by(Account.login)
    if ctx.authority_filter is not None:
        chosen = chosen.where(Account.authority == ctx.authority_filter)
    found: dict[str, Account | None] = {str(one.id): one for one in session.scalars(chosen)}
    return found if ctx.authority_filter is not None else {str(SYSTEM.account): None, **found}


def _filter(ctx: Context, fields: Mapping[str, str], people: Mapping[str, Account | None]) -> Filter:
    who = people.get(fields["who"])
    login = who.login if who else SYSTEM.login if fields["who"] in people else ""
    if fields["who"] and not login:
        raise Problem("not_found")
    return Filter(
        login=login,
        act=fields["act"],
        subject=_subject(fields["subject"]),
        since=_day(fields["since"], 0),
        until=_day(fields["until"], 1),
        authority=ctx.authority_filter,
    )


def _subject(text: str) -> str:
    """What the trail is asked about: a certificate's number as it is printed, or a thing as the pages name it (事项 4)."""
    try:
        return f"certificate:{parse_typed_number(text).digits}"
    except FormError:
        return _named(text.strip())


def _named(text: str) -> str:
    for kind in _SUBJECTS:
        for lang in LANGUAGES:
            word = sentence(f"trail.subject.{kind}", {}, lang)
            number = text[len(word) :].strip(" :：#")
            if text.lower().startswith(word.lower()) and number.isdecimal():
                return f"{kind}:{number}"
    return text


def _day(text: str, later: int) -> int | None:
    """The beginning of a day in China, ``later`` days on; None where nothing was given."""
    if not text:
        return None
    try:
        return int(
            (datetime.fromisoformat(text[:10]).replace(tzinfo=CHINA) + timedelta(days=later)).timestamp()
        )
    except (ValueError, OverflowError) as error:
        raise Problem("form", field="since") from error
