"""Handing out: the files a professional holds (SPEC clause 8), drawn from a verified record and nothing else.

Only what is under a checkpoint with the quorum of witnesses is handed out: the witnesses are asked once more where they
are missing, and named where they stay so. The public verifier judges the record with its log proof first; a
certificate that is revoked or suspended is not drawn anew.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from registry.app import App
from registry.cosigning import witnessed_checkpoint
from registry.errors import RegistryError
from registry.faces.face import face_source
from registry.faces.pool import DrawingPool
from registry.faces.renderer import FaceRenderer
from registry.files import replace_file
from registry.log import latest_checkpoint, prove
from registry.models import Certificate, CheckpointRow, VoidNumber
from registry.status import state_of
from registry.trust import current_trust_list, established_trust
from verifier.evidence import Evidence
from verifier.number import CertificateNumber
from verifier.policy import VerificationPolicy
from verifier.record import VerifiedRecord
from verifier.report import Verdict
from verifier.verify import verify

FORMATS = ("json", "pdf", "png")
OF_ONE_CERTIFICATE = frozenset(
    {
        *("number_form", "number_check", "number_unknown", "number_void", "not_in_force"),
        *("not_under_checkpoint", "not_verified", "witnesses_awaited"),
    }
)
"""What keeps one certificate from being drawn, and not the next."""
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
    now = app.clock()
    with app.database.read() as session:
        app.require_head(session)  # an old backup does not know what was revoked since
        certificate = session.get(Certificate, number)
        if certificate is None:
            void = session.get(VoidNumber, number)
            if void is not None:
                raise RegistryError("number_void", number=number, reason=void.reason)
            raise RegistryError("number_unknown", number=number)
        state = state_of(session, number)
        trust = established_trust(session)
    if state != "issued":
        raise RegistryError("not_in_force", number=number, state=state)
    log_proof = _witnessed_proof(app, certificate, now, awaited)
    policy = VerificationPolicy(at=now, require_log=True, require_status=False)
    report = verify(Evidence(record=certificate.record, log_proof=log_proof), trust, policy)
    if report.verdict is not Verdict.PASSED or report.record is None:
        raise RegistryError("not_verified", number=number, reason=report.reason)
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

    Why one is not handed out (``OF_ONE_CERTIFICATE``) is raised by its result; whatever stops them all, at once.
    ``digits_of`` reads a number that was typed.
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
    for number in numbers:
        found: Handout | RegistryError
        try:
            found = prepare(app, digits_of(number), awaited=awaited)
        except RegistryError as error:
            if error.code not in OF_ONE_CERTIFICATE:
                raise
            awaited = str(error.params.get("witnesses", awaited))
            found = error
        yield number, found


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


def _witnessed_proof(app: App, certificate: Certificate, now: int, awaited: str) -> bytes:
    """The proof under a head with the quorum; the witnesses are asked if there is none yet."""
    for ask in (False,) if awaited else (False, True):
        cosigning = app.cosign_log() if ask else None
        with app.database.read() as session:
            trust_list = current_trust_list(session)
            proof = _log_proof(session, certificate, witnessed_checkpoint(session, trust_list, now=now))
            signed = latest_checkpoint(session)
        if proof is not None:
            return proof
        if signed is None or certificate.leaf_index >= signed.size:
            raise RegistryError("not_under_checkpoint", number=certificate.number)
    names = cosigning.names if cosigning else awaited
    raise RegistryError("witnesses_awaited", number=certificate.number, witnesses=names)


def _log_proof(session: Session, certificate: Certificate, checkpoint: CheckpointRow | None) -> bytes | None:
    if checkpoint is None or certificate.leaf_index >= checkpoint.size:
        return None
    return prove(session, certificate.leaf_index, checkpoint).to_bytes()
