"""From an upload, and what a draft had before, to what the draft is now: its list, what was refused, what is to be said.

``whole``: the upload stands alone. ``mended``: the rows of the upload take the place of earlier ones, and everything else
stays. Which row an uploaded one replaces is decided in this order, as a clerk would: the place that it names itself (the
column 原位置 of the rows that were handed out to be mended); the same person for the same certificate; the same identity number
as one refused row; the same name as one refused row that has no number that could be anybody's, if just one uploaded row has it. A row that replaces none is added. An earlier row that was refused and
is replaced by none stays refused: nobody is lost by forgetting him.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256

from registry.app import App
from registry.applications import KIND_NAMES
from registry.batches import preview_file
from registry.intake.columns import ORIGIN, fields_of
from registry.intake.findings import Finding, Severity
from registry.intake.identifiers import IdentifierError, ResidentIdentity
from registry.intake.service import Intake, intake_of
from registry.intake.text import clean
from registry.offices import CHINA
from registry.review.rows import (
    FIRST_ROW,
    ListedRow,
    Origin,
    RefusedRow,
    listed_row,
    open_list,
    parse_origin,
    person_key,
    write_list,
)
from verifier.drawing.fonts import missing_glyphs


@dataclass(frozen=True, slots=True)
class Frame:
    """What stays the same in a draft. ``kind`` is the digit."""

    authority: str
    year: int
    kind: int
    rule_set: str

    @property
    def kind_name(self) -> str:
        """``annual`` or ``completion``."""
        return KIND_NAMES[self.kind]


@dataclass(frozen=True, slots=True)
class Upload:
    """What was uploaded: the file's bytes and what its clerk calls it."""

    data: bytes
    name: str
    mode: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a draft has: the accepted rows, and the refused ones."""

    listed: Sequence[ListedRow] = ()
    refused: Sequence[RefusedRow] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with the upload that it is about; ``judged`` ones are of the whole list, and made anew with every upload."""

    finding: Finding
    part: int
    judged: bool


@dataclass(frozen=True, slots=True)
class Composed:
    """What a draft becomes by an upload. ``settled`` are places whose earlier findings no longer stand."""

    upload: Upload
    part: int
    rows: int
    content: Content
    data: bytes
    told: Sequence[Told]
    settled: frozenset[Origin]

    @property
    def sha256(self) -> str:
        """Digest of the list."""
        return sha256(self.data).hexdigest()


@dataclass(slots=True)
class _Read:
    """What an upload holds: accepted rows by place, refused places, findings, and rows as written."""

    accepted: dict[Origin, ListedRow] = field(default_factory=dict)
    refused: dict[Origin, None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    written: dict[Origin, dict[str, str]] = field(default_factory=dict)

    @property
    def places(self) -> Iterator[Origin]:
        yield from self.accepted
        yield from self.refused


def compose(app: App, frame: Frame, before: Content, upload: Upload, *, part: int) -> Composed:
    """What the draft becomes; nothing is stored. Raises ``IntakeError`` for a file that cannot be read, and
    ``RegistryError`` where the authority may not issue this now."""
    today = datetime.fromtimestamp(app.clock(), CHINA).date()
    read = _read(frame, upload, part, today)
    content, settled = _overlaid(read, before, frame.kind_name, whole=upload.mode == "whole")
    judged, content = _judged(app, frame, content, today, read.written)
    told = [Told(finding, part, judged=False) for finding in read.findings]
    return Composed(
        upload,
        part,
        len(read.accepted) + len(read.refused),
        content,
        write_list(content.listed, frame.kind_name),
        [*told, *judged],
        settled,
    )


def _read(frame: Frame, upload: Upload, part: int, today: date) -> _Read:
    intake = intake_of(
        upload.data,
        name=upload.name,
        kind=frame.kind_name,
        year=frame.year,
        today=today,
        missing_glyphs=missing_glyphs,
    )
    read = _Read()
    for item in intake.items():
        if not isinstance(item, Finding):
            row = listed_row(item, part, frame.kind_name)
            read.accepted[row.origin] = row
            continue
        read.findings.append(item)
        if item.severity is Severity.FAULT and item.row is not None:
            read.refused[Origin(part, item.sheet, item.row)] = None
    _read_written(read, intake, part, all_rows=upload.mode != "whole")
    return read


def _read_written(read: _Read, intake: Intake, part: int, *, all_rows: bool) -> None:
    """Keep rows as their clerk wrote them: the refused ones, to be handed out again, and of mended rows the names."""
    if not all_rows and not read.refused:
        return
    for sheet, row, cells in intake.written():
        origin = Origin(part, sheet, row)
        if all_rows or origin in read.refused:
            read.written[origin] = cells


def _overlaid(read: _Read, before: Content, kind: str, *, whole: bool) -> tuple[Content, frozenset[Origin]]:
    refused = [RefusedRow(origin, _without_origin(read.written.get(origin, {}))) for origin in read.refused]
    if whole:
        earlier = frozenset({row.origin for row in before.listed} | {row.origin for row in before.refused})
        return Content(list(read.accepted.values()), refused), earlier
    replaced = _replaced(read, before, kind)
    gone = frozenset(replaced.values())
    successors = {old: read.accepted[new] for new, old in replaced.items() if new in read.accepted}
    # A mended row stands where the old one stood, so that the list keeps the clerk's order.
    listed = [
        successors.get(row.origin, row)
        for row in before.listed
        if row.origin not in gone or row.origin in successors
    ]
    there = {row.origin for row in listed}
    listed += [row for row in read.accepted.values() if row.origin not in there]
    kept = [row for row in before.refused if row.origin not in gone]
    return Content(listed, [*kept, *refused]), gone


def _replaced(read: _Read, before: Content, kind: str) -> dict[Origin, Origin]:
    """Uploaded place → the earlier place that it replaces."""
    known = {row.origin for row in before.listed} | {row.origin for row in before.refused}
    by_person = {person_key(row.cells, kind): row.origin for row in before.listed}
    of_refused = _refused_by_identity_or_name(before.refused)
    own_names = _only(Counter(_name(read.written.get(origin, {})) for origin in read.places))
    found: dict[Origin, Origin] = {}
    taken: set[Origin] = set()
    for origin in read.places:
        written = read.written.get(origin, {})
        name, row = _name(written), read.accepted.get(origin)
        named = parse_origin(written.get(ORIGIN, ""))
        same_person = by_person.get(person_key(row.cells, kind)) if row else None
        same_number = of_refused.get(_identity(written))
        same_name = of_refused.get(name) if name in own_names else None
        for old in (named, same_person, same_number, same_name):
            if old is not None and old in known and old not in taken:
                found[origin] = old
                taken.add(old)
                break
    return found


def _refused_by_identity_or_name(refused: Sequence[RefusedRow]) -> dict[str, Origin]:
    """Refused rows by identity number; by name those that have no number that could be somebody's. Each alone of its kind."""
    keys = [_identity(row.cells) or _name(row.cells) for row in refused]
    alone = _only(Counter(keys))
    return {key: row.origin for key, row in zip(keys, refused, strict=True) if key in alone}


def _identity(cells: Mapping[str, str]) -> str:
    """The identity number of a row as written, or nothing where that is none."""
    text = clean(cells.get("identity", "")).replace(" ", "").upper()
    try:
        ResidentIdentity.parse(text, today=date.max)
    except IdentifierError:
        return ""
    return text


def _name(cells: Mapping[str, str]) -> str:
    return "".join(cells.get("name", "").split())


def _only(counts: Counter[str]) -> set[str]:
    return {name for name, count in counts.items() if name and count == 1}


def _without_origin(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in cells.items() if name != ORIGIN}


def _judged(
    app: App, frame: Frame, content: Content, today: date, written: Mapping[Origin, Mapping[str, str]]
) -> tuple[list[Told], Content]:
    """The whole list before the registry: who has a certificate already, whose hours are short, what cannot be issued.

    Who cannot be issued is taken off the list; his remark is told at the place where he was uploaded.
    """
    if not content.listed:
        return [], content
    listed = list(content.listed)
    intake = open_list(
        write_list(listed, frame.kind_name), kind=frame.kind_name, year=frame.year, today=today
    )
    result = preview_file(app, intake, authority=frame.authority, rule_set=frame.rule_set)
    told = []
    for finding in result.findings:
        if finding.row is None:
            continue  # of the list's own columns
        origin = listed[finding.row - FIRST_ROW].origin
        # What refuses a row stands until the row is mended; the rest is found anew with every upload.
        lasting = finding.severity is Severity.FAULT
        here = replace(finding, sheet=origin.sheet, row=origin.row, column=None)
        told.append(Told(here, origin.part, judged=not lasting))
    refused = {row - FIRST_ROW for _, row in result.refused_rows}
    if not refused:
        return told, content
    fields = fields_of(frame.kind_name)
    out = [
        RefusedRow(
            row.origin, _without_origin(written.get(row.origin) or dict(zip(fields, row.cells, strict=True)))
        )
        for place, row in enumerate(listed)
        if place in refused
    ]
    kept = [row for place, row in enumerate(listed) if place not in refused]
    return told, Content(kept, [*content.refused, *out])
