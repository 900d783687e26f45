"""A registry to test with: a home of its own, a clock that tests turn, an engine, and lists of invented people.

Everything is real but the price of a guess (``tests.cheapkeys``). ``Audit`` counts what was issued from the tables and the log's bytes,
without ``fsck``, so that the two can be compared.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import select

from keys.trustbuild import with_authority
from keys.trustchain import parse_pin
from keys.trustlist import KeyRevocation, ListedKey, TrustList
from registry.app import App, create_app, open_app
from registry.batches import CHUNK, BatchResult, issue_file
from registry.fsck import fsck
from registry.intake.service import Intake
from registry.issuance import Observe, unobserved
from registry.log import read_entries
from registry.models import Certificate, Claim, Intent, LogHead, Series, StatusEvent, VoidNumber
from registry.offices import STATE_REASONS, Delegation, add_authority, change_state, publish_change
from registry.publication import publish
from registry.settings import PASSPHRASE_VARIABLE
from registry.status import change_status
from registry.trust import current_trust_list
from tests import cheapkeys  # noqa: F401 - benchmarks come this way
from tests.builders import HOST, INDUSTRY, MUNICIPAL, at
from tests.registry.sheets import ANNUAL, COMPLETION, YEAR, annual, completion, open_file, write_csv
from verifier.gather import Gatherer, load_trust
from verifier.judged import judge
from verifier.logentry import parse_log_entry, record_digest
from verifier.policy import VerificationPolicy
from verifier.presented import Presented
from verifier.report import VerificationReport
from verifier.sources import FolderSource, RememberingSource

FOUNDED = at("2026-01-05T01:00:00Z")
NOW = at("2026-11-23T01:00:00Z")
DAY = 86400
PASSPHRASE = "correct horse battery"
RULES = "henan-2012"
OFFICES = (
    Delegation(
        code=MUNICIPAL,
        kind="municipal",
        name="郑州市人力资源和社会保障局",
        name_en="Zhengzhou Bureau of Human Resources and Social Security",
        uscc="11410100005252100Y",
        divisions=(MUNICIPAL,),
        industries=(),
        kinds=(1, 2),
        years=(YEAR,),
    ),
    Delegation(
        code=INDUSTRY,
        kind="industry",
        name="河南省卫生健康委员会",
        name_en="",
        uscc="11410000MB1912677J",
        divisions=(),
        industries=("health",),
        kinds=(1, 2),
        years=(YEAR,),
    ),
)


@dataclass(slots=True)
class Clock:
    """The registry's clock: stands still until a test turns it."""

    now: int = NOW

    def __call__(self) -> int:
        """Unix seconds."""
        return self.now


@dataclass(frozen=True, slots=True)
class Place:
    """Where a registry is: what another process needs to open it. An empty ``url`` is SQLite in ``home``."""

    home: Path
    url: str = ""
    replica: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that lead there."""
        database = {"CERTREG_DATABASE_URL": self.url} if self.url else {}
        database |= {"CERTREG_READ_DATABASE_URL": self.replica} if self.replica else {}
        return {"CERTREG_HOME": str(self.home), PASSPHRASE_VARIABLE: PASSPHRASE, **database}

    def open(self, clock: Clock) -> App:
        """The registry; close its database."""
        return open_app(self.environment, clock=clock)


@dataclass(slots=True)
class Rig:
    """An open registry with two authorities, as founded, and a folder for files."""

    place: Place
    folder: Path
    clock: Clock
    app: App

    @property
    def site(self) -> Path:
        """Where it publishes."""
        return self.folder / "site"

    def publish(self) -> Path:
        """Publish; returns the folder."""
        publish(self.app, self.site)
        return self.site

    def submit(
        self,
        file: Path,
        *,
        authority: str = MUNICIPAL,
        kind: str = "annual",
        chunk: int = CHUNK,
        observe: Observe = unobserved,
    ) -> BatchResult:
        """Issue a file."""
        return issue_file(
            self.app, intake(file, kind), authority=authority, rule_set=RULES, chunk=chunk, observe=observe
        )

    def people(self, serials: Sequence[int], name: str = "list.csv", kind: str = "annual") -> Path:
        """A list of the people with these serials."""
        return people(self.folder / name, serials, kind)

    def issue(self, *serials: int, authority: str = MUNICIPAL, kind: str = "annual") -> list[str]:
        """Certificates for these people, new ones; returns the numbers."""
        file = self.people(serials, f"{authority}-{kind}-{serials[0]}-{len(serials)}.csv", kind)
        return self.submit(file, authority=authority, kind=kind).issued

    def set_authority(self, state: str, code: str = MUNICIPAL) -> None:
        """Suspend (``suspended``), reinstate (``granted``) or withdraw an authority; a second passes, and it is so."""
        with self.app.database.write() as session:
            change_state(
                session,
                self.app.keyring,
                code=code,
                state=state,
                reason=STATE_REASONS[state][0],
                now=self.clock.now,
            )
        self.clock.now += 1

    def change(self, number: str, action: str, reason: str) -> StatusEvent:
        """Suspend, reinstate or revoke a certificate."""
        with self.app.database.write() as session:
            return change_status(session, number, action=action, reason=reason, now=self.clock.now)

    def record(self, number: str) -> bytes:
        """The stored record."""
        with self.app.database.read() as session:
            return session.get_one(Certificate, number).record

    def judge(self, number: str, *, record: bytes | None = None) -> VerificationReport:
        """What the public verifier says of a certificate, from the publication and its pinned root."""
        presented = Presented(number, record=record or self.record(number))
        return self.judge_presented(presented)

    def judge_presented(self, presented: Presented) -> VerificationReport:
        """The same of anything presented."""
        source = RememberingSource(FolderSource(self.site))
        pin = parse_pin((self.site / "root.json").read_bytes())
        loaded = load_trust(source, pin=pin)
        gatherer = Gatherer(source, loaded.trust)
        policy = VerificationPolicy(at=self.clock.now, require_log=True)
        return next(iter(judge([presented], gatherer, loaded, policy))).report


def revoke_key(rig: Rig, **revocation: object) -> TrustList:
    """A trust list in which the municipal key is revoked now."""
    with rig.app.database.write() as session:
        current = current_trust_list(session)
        authority = current.authorities[MUNICIPAL]
        revoked = KeyRevocation(rig.clock.now, "superseded", **revocation)  # type: ignore[arg-type]
        keys: tuple[ListedKey, ...] = tuple(replace(key, revoked=revoked) for key in authority.keys)
        draft = with_authority(current, replace(authority, keys=keys))
        return publish_change(session, rig.app.keyring, draft, now=rig.clock.now)


def people(file: Path, serials: Sequence[int], kind: str = "annual") -> Path:
    """A CSV list of the people with these serials."""
    header, row = (ANNUAL, annual) if kind == "annual" else (COMPLETION, completion)
    return write_csv(file, [header, *(row(serial) for serial in serials)])


def intake(file: Path, kind: str = "annual") -> Intake:
    """The file as intake sees it."""
    return open_file(file, kind)


def found(place: Place) -> App:
    """Make a registry with the two authorities, as of ``FOUNDED``."""
    clock = Clock(FOUNDED)
    app = create_app(place.environment, home=None, host=HOST, clock=clock)
    for office in OFFICES:
        with app.database.write() as session:
            add_authority(session, app.keyring, office, now=clock.now)
    app.sign_log()
    return app


def copy_home(source: Path, target: Path) -> Path:
    """A registry's folder, copied while nobody uses it."""
    return Path(shutil.copytree(source, target))


@contextmanager
def opened(place: Place, folder: Path) -> Iterator[Rig]:
    """The registry at ``place`` for the length of the block; ``folder`` is for files."""
    clock = Clock()
    app = place.open(clock)
    rig = Rig(place, folder, clock, app)
    try:
        yield rig
    finally:
        app.database.close()
        rig.app.database.close()  # a test may have opened it anew


@dataclass(slots=True)
class Audit:
    """What a registry holds, counted apart from ``fsck``."""

    issued: list[str] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    people: Counter[bytes] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def audit(app: App) -> Audit:
    """Count: no number twice, no unexplained gap, no record without leaf, no leaf without record, no double claim."""
    result = Audit()
    with app.database.read() as session:
        size = session.scalars(select(LogHead.size)).one()
        data = [entry for bundle in range(-(-size // 256)) for entry in read_entries(session, bundle)]
        if len(data) != size:
            result.faults.append(f"{len(data)} entries of {size}")
        entries = list(enumerate(map(parse_log_entry, data)))
        logged = {entry.number: (index, entry.digest) for index, entry in entries if entry.action == "issue"}
        voided = {entry.number: (index, entry.reason) for index, entry in entries if entry.action == "void"}
        if len(logged) + len(voided) != sum(entry.action in ("issue", "void") for _, entry in entries):
            result.faults.append("a number is logged twice")
        certificates = list(session.scalars(select(Certificate)))
        voids = list(session.scalars(select(VoidNumber)))
        if {one.number: (one.leaf_index, record_digest(one.record)) for one in certificates} != logged:
            result.faults.append("records and leaves differ")
        if {one.number: (one.leaf_index, one.reason) for one in voids} != voided:
            result.faults.append("voids and leaves differ")
        result.issued = sorted(logged)
        result.void = sorted(voided)
        _audit_numbers(session.scalars(select(Series)).all(), result)
        if list(session.scalars(select(Intent.id).where(Intent.state == "reserved"))):
            result.faults.append("an intent is open")
        revoked = set(session.scalars(select(StatusEvent.number).where(StatusEvent.action == "revoke")))
        in_force = [one for one in certificates if one.number not in revoked]
        result.people = Counter(one.identity_hash for one in in_force)
        for_cause = {
            one.number
            for one in session.scalars(select(StatusEvent).where(StatusEvent.action == "revoke"))
            if one.reason in ("fraud", "holder-request", "hours-withdrawn") and one.released_at is None
        }
        claims = list(session.scalars(select(Claim.number)))
        if sorted(claims) != sorted({one.number for one in in_force} | for_cause):
            result.faults.append("claims differ from certificates in force and those revoked for cause")
    return result


def _audit_numbers(series: Sequence[Series], result: Audit) -> None:
    used = sorted(result.issued + result.void)
    wanted = sorted(
        f"{one.authority}{one.year}{one.kind}{serial:07d}"
        for one in series
        for serial in range(1, one.next_serial)
    )
    if [number[:18] for number in used] != wanted:
        result.faults.append("a gap, or a number twice")


def assert_sound(app: App, *, issued: int, void: int = 0, annual_only: bool = True) -> Audit:
    """Everything adds up, by our count and by ``fsck``; returns the count."""
    counted = audit(app)
    report = fsck(app)
    assert counted.faults == []
    assert report.troubles == ()
    assert report.waiting == 0
    assert (len(counted.issued), len(counted.void)) == (issued, void)
    assert not annual_only or max(counted.people.values(), default=1) == 1
    return counted
