"""A file from intake to issued certificates: what ``certreg issue`` does.

Rows stream through in chunks, each read, reserved, signed, judged and logged; of a large file the signatures are made in
another process (``registry.apart``), and what is signed is judged and logged, while the next chunks are read and reserved.
Faulty rows are reported and left out; the others go ahead. A row whose claim is taken (the same file again, another office's
certificate) gets nothing and is told under which number the person has it; where that stands in another name, the row is refused.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from keys.trustlist import ListedKey, RuleSet, TrustList
from registry.apart import WORTHWHILE_ROWS, private_agent
from registry.app import App
from registry.applications import KIND_DIGITS, Candidate
from registry.candidates import Chunk, Course, Place, read_chunks
from registry.claimants import differing, held_fields, is_anothers
from registry.errors import IssuanceError, RegistryError
from registry.intake.findings import Finding, Severity
from registry.intake.service import Intake
from registry.intents import Reservation, SeriesKey, reserve, taken_claims
from registry.issuance import Begun, Finished, Observe, begin_intent, checkpoint, end_intent, unobserved
from registry.log import log_origin
from registry.models import Batch, Certificate, Intent
from registry.offices import key_name, objection_to_issuing, require_authority, signing_key
from registry.outages import OUTAGES
from registry.ownkeys import own_log_names
from registry.signing import SignedRow
from registry.status import barred
from registry.trust import current_trust_list
from verifier.catalogue import CertificateTemplate
from verifier.garbage import rarely_collected
from verifier.loading import installed_catalogue
from verifier.messages import reason_word
from verifier.number import CertificateNumber
from verifier.template import Fields

CHUNK = 2000
"""Rows a transaction: large enough that commits cost little, small enough that a clerk sees progress."""
IN_FLIGHT = 4
"""Chunks reserved and not yet logged: bounds memory, and what a crash leaves for ``resume``."""
_WRITERS = 2
"""Threads that write records and have them signed: one writes while the other waits for the agent."""
MAX_ATTEMPTS = 3
"""To reserve a chunk; each needs another office that took a claim of it in the same instant."""
CURRENT_VERSION = "v1"
DRY_RUN = 0
"""In the place of a batch's number, where nothing was submitted."""
Ended = Callable[[], Finished]
"""Waits until an intent's records are logged and tells what became of it, or raises what was wrong."""


@dataclass(slots=True)
class BatchResult:
    """What became of a file. ``earlier`` is ``(batch id, Unix seconds)`` where the same file was submitted before.

    ``numbered`` tells where each number's row stands, also of numbers that became void; ``fit`` are the rows that a dry
    run found fit to be issued.
    """

    batch_id: int
    file_name: str
    rows: int = 0
    issued: list[str] = field(default_factory=list)
    void: list[tuple[str, str]] = field(default_factory=list)
    numbered: dict[str, Place] = field(default_factory=dict)
    fit: list[Place] = field(default_factory=list)
    refused_rows: set[Place] = field(default_factory=set)
    held_before: dict[Place, str] = field(default_factory=dict)
    short_of_hours: int = 0
    findings: list[Finding] = field(default_factory=list)
    earlier: tuple[int, int] | None = None

    @property
    def already_issued(self) -> int:
        """Rows whose person had a certificate for the same before."""
        return len(self.held_before)


@dataclass(frozen=True, slots=True)
class _Job:
    """What stays the same for a whole file."""

    app: App
    series: SeriesKey
    key: ListedKey
    template: CertificateTemplate
    course: Course
    batch_id: int
    own: frozenset[str] = frozenset()
    """Numbers that the batch has from an earlier beginning."""


@dataclass(frozen=True, slots=True)
class _Hands:
    """Who works at a file. ``end`` has an intent's records signed by the keys ``names``, judged and logged, ``ahead`` of which may
    be on their way; ``read`` gives the file's chunks, perhaps one of them ahead."""

    app: App
    names: tuple[str, ...]
    end: Callable[[Begun], Ended]
    ahead: int
    read: Callable[[Iterator[Chunk]], Iterator[Chunk]]


def issue_file(
    app: App,
    intake: Intake,
    *,
    authority: str,
    rule_set: str,
    observe: Observe = unobserved,
    chunk: int = CHUNK,
    batch_id: int | None = None,
) -> BatchResult:
    """Issue what is fit in ``intake`` for ``authority``; raises ``IssuanceError`` or ``OfficeError`` beforehand.

    ``chunk`` is how many rows a transaction takes. ``batch_id`` is a batch that was begun (``begin_batch``), perhaps
    issued in part and interrupted: what it has already is told as issued. Its intents must be finished first.
    """
    job, result = _start(app, intake, authority, rule_set, batch_id)
    pending: deque[Ended] = deque()
    nothing_left = nullcontext() if batch_id is not None else _no_batch_of_nothing(app, job.batch_id)
    with nothing_left, rarely_collected(), _hands(job, intake.total_rows, observe) as hands:
        for read in hands.read(read_chunks(intake, job.course, size=chunk)):
            if not (candidates := _enter(result, read)):
                continue
            for name in hands.names:  # opened once; whoever cannot sign reserves nothing
                hands.app.keyring.signer(name)
            reservation = _reserve(job, candidates, observe)
            free = _report_taken(app, intake, result, candidates, reservation.taken, job.own)
            numbers = (number.digits for number in reservation.numbers)
            result.numbered.update(zip(numbers, free, strict=True))
            if reservation.intent_id is not None:
                begun = begin_intent(
                    hands.app, reservation.intent_id, reserved=reservation.rows, observe=observe
                )
                if isinstance(begun, Finished):
                    _collect(result, begun)  # a ``resume`` beside us was quicker
                else:
                    pending.append(hands.end(begun))
            while len(pending) > hands.ahead:
                _collect(result, pending.popleft()())
        while pending:
            _collect(result, pending.popleft()())
        checkpoint(hands.app, observe)
    with app.database.write() as session:
        session.get_one(Batch, job.batch_id).finished_at = app.clock()
    return result


@contextmanager
def _no_batch_of_nothing(app: App, batch_id: int) -> Iterator[None]:
    """Whoever is stopped before a number was reserved (a wrong passphrase, Ctrl-C) has submitted nothing: no batch stays open."""
    try:
        yield
    except BaseException:
        numbered = select(Intent.id).where(Intent.batch_id == batch_id)
        with suppress(RegistryError, *OUTAGES), app.database.write() as session:
            session.execute(delete(Batch).where(Batch.id == batch_id, ~numbered.exists()))
        raise


@contextmanager
def _hands(job: _Job, rows: int | None, observe: Observe) -> Iterator[_Hands]:
    """Who signs: this process where it is its turn, or for a large file an agent of its own, ahead (``registry.apart``)."""
    app, names = job.app, (key_name(job.key), *own_log_names(job.app.keyring))
    if (rows or 0) < WORTHWHILE_ROWS or not app.keyring.opens_unasked(*names):

        def end(begun: Begun) -> Ended:
            return lambda: end_intent(app, begun, begun.signed(), observe)

        yield _Hands(app, names, end, ahead=0, read=iter)
        return
    origin, journal = log_origin(app.host), app.settings.journal
    agent = app.agent.lent if app.agent is not None else private_agent
    with (
        agent(app.keyring, names, log_origin=origin, journal=journal) as keyring,
        ThreadPoolExecutor(_WRITERS) as writing,
        ThreadPoolExecutor(1) as reading,
        ThreadPoolExecutor(1) as ending,
    ):
        apart = replace(app, keyring=keyring)
        yield _Hands(
            apart,
            names,
            _Ending(apart, observe, writing, ending),
            ahead=IN_FLIGHT - 1,
            read=lambda chunks: _one_ahead(chunks, reading),
        )


class _Ending:
    """Has intents signed by ``writing`` and, in the order in which they come, judged and logged by ``ending``, one thread beside
    the one that reserves. After a fault nothing more is logged: what waits is told the same fault."""

    def __init__(self, app: App, observe: Observe, writing: Executor, ending: Executor) -> None:
        self._app, self._observe, self._writing, self._ending = app, observe, writing, ending
        self._last: Future[Finished] | None = None

    def __call__(self, begun: Begun) -> Ended:
        """Begin; what is returned waits for the end."""
        signed = self._writing.submit(begun.signed)
        self._last = self._ending.submit(self._end, begun, signed, self._last)
        return self._last.result

    def _end(
        self, begun: Begun, signed: Future[list[SignedRow]], before: Future[Finished] | None
    ) -> Finished:
        if before is not None:
            before.result()
        return end_intent(self._app, begun, signed.result(), self._observe)


def _one_ahead(chunks: Iterator[Chunk], reading: Executor) -> Iterator[Chunk]:
    """``chunks``, the next of them being read beside whatever is done with one: much of that is waiting for the database."""
    coming = reading.submit(next, chunks, None)
    while (chunk := coming.result()) is not None:
        coming = reading.submit(next, chunks, None)
        yield chunk


def preview_file(app: App, intake: Intake, *, authority: str, rule_set: str) -> BatchResult:
    """What ``issue_file`` would say, with nothing reserved: ``--dry-run``. ``fit`` has the rows that would be issued."""
    with app.database.read() as session:
        trust_list = current_trust_list(session)
        _checked_key(app, trust_list, authority, intake)
        earlier = _earlier(session, authority, intake)
    course = _course(app, trust_list, authority, intake, rule_set)
    result = BatchResult(DRY_RUN, intake.name, earlier=earlier)
    for read in read_chunks(intake, course, size=CHUNK):
        if not (candidates := _enter(result, read)):
            continue
        with app.database.read() as session:
            taken = taken_claims(session, candidates)
        result.fit += _report_taken(app, intake, result, candidates, taken)
    return result


def begin_batch(session: Session, *, series: SeriesKey, sha256: str, file_name: str, now: int) -> int:
    """Enter a batch for a file with this digest; its id. What is issued for it must be that file (``issue_file``)."""
    batch = Batch(
        authority=series.authority,
        year=series.year,
        kind=series.kind,
        file_sha256=sha256,
        file_name=file_name[-255:],
        submitted_at=now,
    )
    session.add(batch)
    session.flush()
    return batch.id


def _start(
    app: App, intake: Intake, authority: str, rule_set: str, begun: int | None
) -> tuple[_Job, BatchResult]:
    series = SeriesKey(authority, intake.year, KIND_DIGITS[intake.kind])
    with app.write() as session:
        trust_list = current_trust_list(session)
        key = _checked_key(app, trust_list, authority, intake)
        course = _course(app, trust_list, authority, intake, rule_set)
        earlier = _earlier(session, authority, intake)
        own: frozenset[str] = frozenset()
        if begun is None:
            batch_id = begin_batch(
                session, series=series, sha256=intake.sha256, file_name=intake.name, now=app.clock()
            )
        else:
            batch_id, own = begun, _own_numbers(session, begun, series, intake)
            earlier = earlier if earlier and earlier[0] != begun else None
    job = _Job(app, series, key, _template(app, intake.kind), course, batch_id, own)
    return job, BatchResult(batch_id, intake.name, earlier=earlier)


def _own_numbers(session: Session, batch_id: int, series: SeriesKey, intake: Intake) -> frozenset[str]:
    """What a batch has been issued; raises ``IssuanceError`` (``batch_differs``) where ``intake`` is not its file."""
    batch = session.get(Batch, batch_id)
    wanted = (series.authority, series.year, series.kind, intake.sha256)
    if batch is None or (batch.authority, batch.year, batch.kind, batch.file_sha256) != wanted:
        raise IssuanceError("batch_differs", batch=batch_id)
    numbers = select(Certificate.number).join(Intent, Certificate.intent_id == Intent.id)
    return frozenset(session.scalars(numbers.where(Intent.batch_id == batch_id)))


def _checked_key(app: App, trust_list: TrustList, code: str, intake: Intake) -> ListedKey:
    """The key to sign with, once the authority may issue this kind and year now."""
    authority = require_authority(trust_list, code)
    now = app.clock()
    number = CertificateNumber(code, intake.year, KIND_DIGITS[intake.kind], 1)
    key = signing_key(authority, app.keyring, year=intake.year, now=now)
    objection = objection_to_issuing(authority, key, number, now)
    if objection is not None:
        raise IssuanceError(objection, authority=code, year=intake.year)
    return key


def _rules(trust_list: TrustList, rule_set: str, intake: Intake) -> RuleSet | None:
    if intake.kind != "annual":
        return None
    if rule_set not in trust_list.rule_sets:
        raise IssuanceError("rule_set_unknown", ruleSet=rule_set)
    rules = trust_list.rule_sets[rule_set]
    if rules.in_force_from > f"{intake.year}-12-31":
        raise IssuanceError("rule_set_too_new", ruleSet=rule_set, year=intake.year, since=rules.in_force_from)
    return rules


def _course(app: App, trust_list: TrustList, authority: str, intake: Intake, rule_set: str) -> Course:
    series = SeriesKey(authority, intake.year, KIND_DIGITS[intake.kind])
    template, rules = _template(app, intake.kind).record, _rules(trust_list, rule_set, intake)
    return Course(app.host, app.vault, series, template, rules, rule_set)


def _template(app: App, kind: str) -> CertificateTemplate:
    return installed_catalogue(app.host).templates[kind, CURRENT_VERSION]


def _earlier(session: Session, authority: str, intake: Intake) -> tuple[int, int] | None:
    same = select(Batch.id, Batch.submitted_at).filter_by(
        authority=authority, year=intake.year, kind=KIND_DIGITS[intake.kind], file_sha256=intake.sha256
    )
    found = session.execute(same.order_by(Batch.id).limit(1)).first()
    return (found[0], found[1]) if found else None


def _enter(result: BatchResult, chunk: Chunk) -> list[Candidate]:
    """The candidates of ``chunk``; what else it came to is entered in ``result``."""
    result.rows += chunk.rows
    result.findings += chunk.findings
    result.refused_rows |= chunk.refused_rows
    result.short_of_hours += chunk.short_of_hours
    return chunk.candidates


def _reserve(job: _Job, chunk: list[Candidate], observe: Observe) -> Reservation:
    for _ in range(MAX_ATTEMPTS):
        try:
            with job.app.write() as session:
                reservation = reserve(
                    session,
                    chunk,
                    series=job.series,
                    key=job.key,
                    batch_id=job.batch_id,
                    template_version=job.template.version,
                    vault=job.app.vault,
                    now=job.app.clock(),
                )
                observe("reserve:before", len(reservation.numbers))
        except IntegrityError:
            # Another office took one of these claims between our look and our insert; nothing of ours was kept.
            continue
        observe("reserve:after", len(reservation.numbers))
        return reservation
    raise IssuanceError("claims_contended")


def _report_taken(
    app: App,
    intake: Intake,
    result: BatchResult,
    chunk: list[Candidate],
    taken: Mapping[bytes, str],
    own: frozenset[str] = frozenset(),
) -> list[Place]:
    """Enter whose claim is taken; returns where the others stand, in the order in which they are numbered."""
    free: list[Place] = []
    with app.database.read() as session:
        lost = barred(session, list(taken.values())) if taken else {}
        others = [number for number in taken.values() if number not in own and number not in lost]
        held = held_fields(session, installed_catalogue(app.host), others)
    for candidate in chunk:
        place = (candidate.sheet, candidate.row)
        number = taken.get(candidate.claim)
        if number is None:
            free.append(place)
            continue
        if number in own:
            result.numbered[number] = place
            result.issued.append(number)
            continue
        if number in lost:
            # Revoked for cause: no faulty row, and yet nothing that the clerk may pass over.
            reason = f"{reason_word(lost[number], 'zh-CN')} {lost[number]}"
            cell = (*place, "identity", candidate.identity)
            result.findings.append(intake.fault("lost_for_cause", *cell, number=number, reason=reason))
            result.refused_rows.add(place)
            continue
        finding = _of_taken(intake, candidate, number, held.get(number, {}))
        result.findings.append(finding)
        if finding.severity is Severity.FAULT:
            result.refused_rows.add(place)
        else:
            result.held_before[place] = number
    return free


def _of_taken(intake: Intake, candidate: Candidate, number: str, held: Fields) -> Finding:
    """What is said to a row whose number ``held`` is; whose it is, where it is another's, is told to nobody."""
    place = (candidate.sheet, candidate.row)
    if is_anothers(candidate, held):
        cell = (*place, "name", str(candidate.fields["name"]))
        return intake.fault("issued_to_another_name", *cell, number=number)
    if fields := differing(candidate, held):
        params = {"number": number, "fields": "、".join(fields)}
        return Finding("already_issued_differs", Severity.NOTE, *place, params=params)
    return Finding("already_issued", Severity.NOTE, *place, params={"number": number})


def _collect(result: BatchResult, finished: Finished) -> None:
    result.issued += finished.issued
    result.void += finished.void
    for number, reason in finished.void:
        params = {"number": number, "reason": reason}
        result.findings.append(
            Finding("number_void", Severity.FAULT, *result.numbered[number], params=params)
        )
