"""Printing: many certificates drawn in the background, as one PDF or as a ZIP of their files.

A ZIP holds what a holder is given (the PDF with record and log proof attached); one PDF is for the printer, its pages
alone. What may not be handed out is named and left out. The result lies in the registry's folder for its owner alone,
for a day: it holds names, and can be drawn again.
"""

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.actors import Actor
from registry.app import App
from registry.cases.errors import CaseError
from registry.cases.models import PrintOrder
from registry.cases.sweeping import KIND, results_folder, sweep
from registry.errors import RegistryError
from registry.faces.face import face_source
from registry.faces.pool import DrawingPool
from registry.faces.renderer import FaceRenderer
from registry.files import PRIVATE, fresh_file, make_private_folder
from registry.handout import Handout, draw_each
from registry.jobs.service import order
from registry.trail.service import record
from verifier.drawing.errors import FaceError
from verifier.number import parse_number

FORMS = ("pdf", "zip")
MOST: Mapping[str, int] = {"pdf": 1_000, "zip": 5_000}
"""Certificates of one order. 1,000 pages are 40 MB, and are put together in memory; of a ZIP one is held at a time."""
KEPT = 24 * 3600
"""Seconds that a result stays."""
TOLD = 20
"""Certificates between two looks at whether to go on."""
LISTED = 30
"""Orders on the page of them."""
Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an order: bytes of the file, and what could not be drawn (number to code)."""

    size: int
    refused: Mapping[str, str]


def order_print(
    session: Session,
    actor: Actor,
    *,
    numbers: Sequence[str],
    authority: str | None,
    form: str,
    title: str,
    now: int,
) -> PrintOrder:
    """Order ``numbers`` to be drawn; those beyond ``authority`` (None: any) are not among them, whatever was asked.

    Of ``title``, which becomes a file's name, control and direction signs are left out.
    """
    if form not in FORMS:
        raise CaseError("print_form")
    within = [number for number in dict.fromkeys(numbers) if authority in (None, number[:6])]
    if not within:
        raise CaseError("print_nothing")
    if len(within) > max(MOST.values()):  # nobody counts how many there are
        raise CaseError("print_too_many", most=max(MOST.values()))
    if len(within) > MOST[form]:
        raise CaseError("print_many", count=len(within), most=MOST[form])
    codes = {number[:6] for number in within}
    wanted = PrintOrder(
        authority=codes.pop() if len(codes) == 1 else None,
        form=form,
        title="".join(filter(str.isprintable, title))[:64],
        numbers=json.dumps(within),
        total=len(within),
        requested_by=actor.account,
        requester=actor.name,
        requested_at=now,
        refused="{}",
        size=0,
    )
    session.add(wanted)
    session.flush()
    subject = subject_of(wanted.id)
    order(session, actor, KIND, subject=subject, now=now, authority=wanted.authority, total=wanted.total)
    after: dict[str, str | int] = {"order": wanted.id, "form": form, "certificates": wanted.total}
    record(session, actor, "certificate.print", subject=subject, now=now, after=after)
    return wanted


def subject_of(order_id: int) -> str:
    """The key of an order, for its job and on the trail."""
    return f"print:{order_id}"


def print_order_of(session: Session, order_id: int, *, authority: str | None) -> PrintOrder:
    """An order within reach; raises ``CaseError`` (``not_found``)."""
    found = session.get(PrintOrder, order_id)
    if found is None or authority not in (None, found.authority):
        raise CaseError("not_found")
    return found


def list_orders(session: Session, *, authority: str | None) -> list[PrintOrder]:
    """The newest ``LISTED`` orders."""
    chosen = select(PrintOrder).order_by(PrintOrder.id.desc()).limit(LISTED)
    return list(
        session.scalars(chosen if authority is None else chosen.where(PrintOrder.authority == authority))
    )


def result_file(app: App, wanted: PrintOrder, *, now: int) -> Path:
    """The result; raises ``CaseError`` (``print_not_ready``, ``print_expired``)."""
    if wanted.finished_at is None:
        raise CaseError("print_not_ready")
    file = _file(app, wanted.id, wanted.form)
    if wanted.expires_at is None or wanted.expires_at <= now or not file.exists():
        raise CaseError("print_expired")
    return file


def draw(app: App, order_id: int, advance: Advance) -> Result | None:
    """Draw an order into its file; None where it was drawn already. If we stop within, it is drawn anew."""
    with app.database.read() as session:
        wanted = session.get_one(PrintOrder, order_id)
        numbers, form, title = json.loads(wanted.numbers), wanted.form, wanted.title
        if wanted.finished_at is not None:
            return None
    sweep(app)
    file = _file(app, order_id, form)
    make_private_folder(file.parent)
    refused: dict[str, str] = {}
    with fresh_file(file, mode=PRIVATE) as fresh:
        with _binder(form, fresh, title) as bind:
            for number, page in _drawn(app, numbers, refused, advance):
                bind(number, page)
        size = fresh.stat().st_size
        if len(refused) < len(numbers):
            fresh.replace(file)
    return Result(size if len(refused) < len(numbers) else 0, refused)


def conclude(session: Session, order_id: int, result: Result, *, now: int) -> None:
    """Note that an order is drawn, in the transaction that ends its job."""
    wanted = session.get_one(PrintOrder, order_id)
    wanted.finished_at, wanted.size, wanted.refused = now, result.size, json.dumps(dict(result.refused))
    wanted.expires_at = now + KEPT if result.size else None


def _file(app: App, order_id: int, form: str) -> Path:
    return results_folder(app) / f"{order_id}.{form}"


def _drawn(
    app: App, numbers: Sequence[str], refused: dict[str, str], advance: Advance
) -> Iterator[tuple[str, bytes]]:
    with DrawingPool() as pool:
        for place, (number, made) in enumerate(draw_each(app, numbers, _page, pool=pool), start=1):
            try:
                page = made.result()
            except (FaceError, RegistryError) as error:
                refused[number] = error.code
            else:
                yield number, page
            if place % TOLD == 0 or place == len(numbers):
                advance(place, len(numbers))


def _page(renderer: FaceRenderer, handout: Handout) -> bytes:
    return renderer.pdf(face_source(handout.record, log_proof=handout.log_proof))


@contextmanager
def _binder(form: str, target: Path, title: str) -> Iterator[Callable[[str, bytes], None]]:
    """Takes certificates one by one; the file is whole when the block ends."""
    if form == "zip":
        # Stored as they are: a PDF is packed within.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            yield lambda number, page: archive.writestr(f"{number}.pdf", page)
        return
    bound: list[str] = []
    with ExitStack() as open_pages, pikepdf.new() as book:

        def bind(number: str, page: bytes) -> None:
            source = open_pages.enter_context(pikepdf.open(BytesIO(page)))
            book.pages.extend(source.pages)
            bound.append(number)

        yield bind
        with book.open_outline() as outline:  # once: each opening reads all that is there
            for place, number in enumerate(bound):
                outline.root.append(pikepdf.OutlineItem(parse_number(number).printed, place))
        book.docinfo["/Title"] = title
        book.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
