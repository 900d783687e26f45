"""Handing out: the files a professional holds (SPEC clause 8), drawn from a verified record and nothing else.

Only what is under a checkpoint with the quorum of witnesses is handed out: the witnesses are asked once more where they
are missing, and named where they stay so. The public verifier judges the record with its log proof first; a
certificate that is revoked or suspended is not drawn anew.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from registry.app import App
from registry.cosigning import witnessed_checkpoint
from registry.database import select_among
from registry.errors import RegistryError
from registry.faces.face import face_source
from registry.faces.pool import DrawingPool
from registry.faces.renderer import FaceRenderer
from registry.files import replace_file
from registry.log import latest_checkpoint, log_size, prove, prove_all
from registry.models import Certificate, CheckpointRow, VoidNumber
from registry.status import states_of, successors
from registry.trust import current_trust_list, established_trust
from verifier.evidence import Evidence
from verifier.number import CertificateNumber
from verifier.policy import VerificationPolicy
from verifier.record import VerifiedRecord
from verifier.report import Verdict, VerificationReport
from verifier.verify import TOGETHER, verify_all

FORMATS = ("json", "pdf", "png")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Handout:
    """A verified record and the proof that goes with it."""

    record: VerifiedRecord
    log_proof: bytes


def find_record(app: App, number: CertificateNumber) -> tuple[bytes, bytes | None] | None:
    """The record's bytes and its log proof (None before the checkpoint), or None where there is no such number."""
    with app.database.read() as session:
        certificate = session.get(Certificate, number.digits)
        if certificate is None:
            return None
        witnessed = witnessed_checkpoint(session, current_trust_list(session), now=app.clock())
        proof = _log_proof(session, certificate, witnessed)
        # Without the quorum the verifier itself says that witnesses are missing.
        return certificate.record, proof or _log_proof(session, certificate, latest_checkpoint(session))


def prepare(app: App, number: str, *, awaited: str = "") -> Handout:
    """The verified record of ``number``; raises ``RegistryError`` where it may not be handed out.

    ``awaited``: the witnesses, by name, that were asked a moment ago and did not cosign; empty: they are asked once more.
    """
    (found,) = prepare_all(app, [number], awaited=awaited)
    if isinstance(found, RegistryError):
        raise found
    return found


def prepare_all(app: App, numbers: Sequence[str], *, awaited: str = "") -> list[Handout | RegistryError]:
    """The same of each of ``numbers``, or why not: what they share is read once, and witnesses are asked once.

    Raises what concerns them all, as a database that does not hold what was signed.
    """
    now = app.clock()
    with app.database.read() as session:
        app.require_head(session)  # an old backup does not know what was revoked since
        trust = established_trust(session)
        logged, found = _in_force(session, numbers)
        proofs = _proofs(session, logged, now)
        signed = latest_checkpoint(session)
    beneath = 0 if signed is None else signed.size
    missing = [one for one in logged if one.leaf not in proofs and one.leaf < beneath]
    if missing and not awaited:
        awaited = app.cosign_log().names
        with app.database.read() as session:
            proofs |= _proofs(session, missing, now)
    for one in logged:
        if one.leaf < beneath:
            found[one.number] = RegistryError("witnesses_awaited", number=one.number, witnesses=awaited)
        else:
            found[one.number] = RegistryError("not_under_checkpoint", number=one.number)
    policy = VerificationPolicy(at=now, require_log=True, require_status=False)
    proved = [one for one in logged if one.leaf in proofs]
    evidence = (Evidence(record=one.record, log_proof=proofs[one.leaf]) for one in proved)
    for one, report in zip(proved, verify_all(evidence, trust, policy), strict=True):
        found[one.number] = _judged(one.number, report, proofs[one.leaf])
    return [found[number] for number in numbers]


@dataclass(frozen=True, slots=True)
class _Logged:
    """A certificate in force: its stored bytes, and its place in the log."""

    number: str
    record: bytes
    leaf: int


def _in_force(
    session: Session, numbers: Sequence[str]
) -> tuple[list[_Logged], dict[str, Handout | RegistryError]]:
    """What is in force of ``numbers``, and why of each other number there is nothing to hand out."""
    rows = select_among(session, Certificate, "number", numbers, ("number", "record", "leaf_index"))
    logged = {number: _Logged(number, bytes(record), leaf) for number, record, leaf in rows}
    states = states_of(session, numbers)
    replaced = successors(session, [number for number in numbers if states.get(number) == "revoked"])
    refused: dict[str, Handout | RegistryError] = {}
    size = log_size(session)
    for number in numbers:
        state = states.get(number, "issued")
        if number not in logged:
            refused[number] = _absent(session, number)
        elif state != "issued":
            refused[number] = RegistryError(
                "not_in_force", number=number, state=state, successor=replaced.get(number, "")
            )
        elif not 0 <= logged[number].leaf < size:
            refused[number] = RegistryError("record_altered", number=number)
    return [one for number, one in logged.items() if number not in refused], refused


def _absent(session: Session, number: str) -> RegistryError:
    void = session.get(VoidNumber, number)
    if void is None:
        return RegistryError("number_unknown", number=number)
    return RegistryError("number_void", number=number, reason=void.reason)


def _proofs(session: Session, certificates: Iterable[_Logged], now: int) -> dict[int, bytes]:
    """Log proofs by leaf, of those that are under the newest head with the quorum."""
    checkpoint = witnessed_checkpoint(session, current_trust_list(session), now=now)
    if checkpoint is None:
        return {}
    leaves = [one.leaf for one in certificates if one.leaf < checkpoint.size]
    return {leaf: proof.to_bytes() for leaf, proof in prove_all(session, leaves, checkpoint).items()}


def _judged(number: str, report: VerificationReport, log_proof: bytes) -> Handout | RegistryError:
    if report.verdict is not Verdict.PASSED or report.record is None:
        return RegistryError("not_verified", number=number, reason=report.reason)
    return Handout(report.record, log_proof)


def draw_each(
    app: App,
    numbers: Iterable[str],
    draw: Callable[[FaceRenderer, Handout], _R],
    *,
    pool: DrawingPool,
    digits_of: Callable[[str], str] = str,
) -> Iterator[tuple[str, Future[_R]]]:
    """Each of ``numbers``, in order, with what ``draw`` makes of it.

    Why one is not handed out, or what ``digits_of`` says of a number that was typed, is raised by its result; whatever
    stops them all (``prepare_all``), at once.
    """

    def drawn(renderer: FaceRenderer, prepared: tuple[str, Handout | RegistryError]) -> _R:
        if isinstance(prepared[1], RegistryError):
            raise prepared[1]
        return draw(renderer, prepared[1])

    for (number, _), made in pool.draw_each(_prepared(app, numbers, digits_of), drawn):
        yield number, made


def _prepared(
    app: App, numbers: Iterable[str], digits_of: Callable[[str], str]
) -> Iterator[tuple[str, Handout | RegistryError]]:
    awaited = ""  # witnesses are asked once: each that does not answer takes its time
    rest = iter(numbers)
    while some := list(islice(rest, TOGETHER)):
        read = {number: _read(number, digits_of) for number in some}
        digits = [one for one in read.values() if isinstance(one, str)]
        found = dict(zip(digits, prepare_all(app, digits, awaited=awaited), strict=True))
        for number in some:
            typed = read[number]
            one = found[typed] if isinstance(typed, str) else typed
            if isinstance(one, RegistryError):
                awaited = str(one.params.get("witnesses", awaited))
            yield number, one


def _read(number: str, digits_of: Callable[[str], str]) -> str | RegistryError:
    try:
        return digits_of(number)
    except RegistryError as error:
        return error


def write_files(
    handout: Handout, target: Path, renderer: FaceRenderer, formats: tuple[str, ...] = FORMATS
) -> list[Path]:
    """``NUMBER.json``, ``.pdf``, ``.png`` (as asked) and ``.tlog-proof`` in ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    number = handout.record.number.digits
    source = face_source(handout.record, log_proof=handout.log_proof)
    makers = {
        "json": lambda: handout.record.data,
        "pdf": lambda: renderer.pdf(source),
        "png": lambda: renderer.png(source),
    }
    files = [replace_file(target / f"{number}.{name}", makers[name]()) for name in formats]
    return [*files, replace_file(target / f"{number}.tlog-proof", handout.log_proof)]


def _log_proof(session: Session, certificate: Certificate, checkpoint: CheckpointRow | None) -> bytes | None:
    if checkpoint is None or not 0 <= certificate.leaf_index < checkpoint.size:
        return None
    return prove(session, certificate.leaf_index, checkpoint).to_bytes()
