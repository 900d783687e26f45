"""What is verified and drawn: the evidence of issued certificates, as a relying party holds it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from keys.trustchain import parse_pin
from registry.app import App
from registry.handout import Handout, find_record, prepare
from registry.models import Certificate
from tests.benchmarks.office import HOST, Office
from verifier.evidence import Evidence
from verifier.gather import load_trust
from verifier.limits import MAX_STATUS_LIST_BYTES
from verifier.many import VerifierPool
from verifier.number import CertificateNumber
from verifier.policy import VerificationPolicy
from verifier.report import Verdict, VerificationReport
from verifier.sources import FolderSource, RememberingSource, Source
from verifier.status import PURPOSES, status_path, status_url
from verifier.trust import Trust
from verifier.verify import verify_all

Judge = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Held:
    """Certificates as they are held: handouts to draw, and the same as evidence in bytes and as the QR's text."""

    handouts: tuple[Handout, ...]
    records: tuple[Evidence, ...]
    qr_texts: tuple[Evidence, ...]


def collect(office: Office, count: int) -> Held:
    """Evidence of ``count`` certificates spread over everything that was issued and published."""
    numbers = _numbers(office.app, count)
    handouts = tuple(prepare(office.app, number) for number in numbers)
    records, texts = [], []
    site = RememberingSource(FolderSource(office.site))  # the lists are the same bytes for all
    for handout in handouts:
        status = _status(site, handout.record.number)
        found = find_record(office.app, handout.record.number)
        assert found is not None
        records.append(Evidence(record=found[0], log_proof=found[1], status=status))
        texts.append(Evidence(qr_text=handout.record.qr_text, status=status))
    return Held(handouts, tuple(records), tuple(texts))


def trust_of(office: Office) -> Trust:
    """What a verifier that pinned the publication's root trusts; established once, as a panel does."""
    pin = parse_pin((office.site / "root.json").read_bytes())
    return load_trust(FolderSource(office.site), pin=pin).trust


def judge_all(evidence: Sequence[Evidence], trust: Trust, policy: VerificationPolicy) -> Judge:
    """Work that judges all of ``evidence``; a verdict other than PASSED is an error of the benchmark."""
    return lambda: _counted(verify_all(evidence, trust, policy))


def judge_all_in(pool: VerifierPool, evidence: Sequence[Evidence], policy: VerificationPolicy) -> Judge:
    """The same by the processes of ``pool``."""
    return lambda: _counted(pool.verify(evidence, policy))


def _counted(reports: Iterable[VerificationReport]) -> int:
    count = 0
    for report in reports:
        count += 1
        if report.verdict is not Verdict.PASSED:
            raise RuntimeError(f"{report.verdict}: {report.reason}")
    return count


def _numbers(app: App, count: int) -> list[str]:
    with app.database.read() as session:
        everything = list(session.scalars(select(Certificate.number).order_by(Certificate.number)))
    step = max(1, len(everything) // count)
    return everything[::step][:count]


def _status(site: Source, number: CertificateNumber) -> dict[str, bytes]:
    lists = {one: site.read(status_path(number, one), MAX_STATUS_LIST_BYTES) for one in PURPOSES}
    return {status_url(HOST, number, one): data for one, data in lists.items() if data is not None}
