"""Issuing: from reserved numbers to records in the log, resumable at every line (the promise of issuing).

    1 reserve     transaction: numbers, claims, approved rows, key, time          -> intent durable
    2 sign        no transaction, deterministic
    3 judge       the public verifier on every record
    4 log         transaction: leaves, records, voids, intent done                -> visible together
    5 checkpoint  transaction: the head is signed, compare-and-swap on its size   -> may be handed out
                  then the head on this host's disk (registry.lasthead)           -> an old backup is noticed

If we stop before a commit, the step did not happen and ``resume`` does it; if we stop after, ``resume`` goes on with the
next. ``observe`` is called before and after each effect: progress for people, and where the crash tests strike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from keys.trustlist import ListedKey
from registry.app import App
from registry.database import bulk_inserting
from registry.errors import IssuanceError
from registry.identity import IdentityVault
from registry.intents import IntentRow, require_sealed, rows_of
from registry.keyring import Keyring
from registry.log import append_entries, log_time
from registry.models import Certificate, Claim, Intent, StatusEvent, VoidNumber
from registry.offices import listed_signer, objection_to_issuing, require_authority
from registry.signing import SignedRow, judge_rows, write_rows
from registry.status import state_of
from registry.trust import current_trust_list, established_trust
from verifier.catalogue import CertificateTemplate
from verifier.logentry import LogEntry, record_digest
from verifier.number import CertificateNumber
from verifier.trust import Trust

Observe = Callable[[str, int], None]
"""Called with the name of a point of the path and how many certificates it concerns; of a large file by two threads, one of which
reserves and begins, the other ends."""

POINTS = (
    "reserve:before",
    "reserve:after",
    "sign:before",
    "sign:after",
    "judge:after",
    "log:before",
    "log:after",
    "checkpoint:before",
    "checkpoint:after",
    "head:after",
)


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of an intent's numbers."""

    issued: tuple[str, ...]
    void: tuple[tuple[str, str], ...]
    """``(number, reason code)``."""


def unobserved(_: str, __: int) -> None:
    """An observer that does not look."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An intent whose records wait to be written and signed; ``now`` is when that was."""

    intent: Intent
    trust: Trust
    template: CertificateTemplate
    rows: Sequence[IntentRow]
    keyring: Keyring
    key: ListedKey
    host: str
    now: int

    def signed(self) -> list[SignedRow]:
        """All its records, in order; touches nothing but the signer, so it may run beside anything."""
        written = write_rows(self.rows, self.template, host=self.host, issuer_name=self.key.issuer_name)
        return written.signed(listed_signer(self.keyring, self.key).sign_all(written.hashes))


def finish_intent(app: App, intent_id: int, observe: Observe = unobserved) -> Finished:
    """Steps 2 to 4 for one intent; nothing happens to one that is done."""
    begun = begin_intent(app, intent_id, observe=observe)
    return begun if isinstance(begun, Finished) else end_intent(app, begun, begun.signed(), observe)


def begin_intent(
    app: App, intent_id: int, *, reserved: Sequence[IntentRow] = (), observe: Observe = unobserved
) -> Begun | Finished:
    """What step 2 needs of the database; nothing is begun of an intent that is done.

    ``reserved`` are its rows as ``reserve`` gave them; without, they are read from what it stored.
    """
    now = app.clock()
    with app.database.read() as session:
        app.require_head(session)
        # Before the log is written the intent is read anew, its seal with all that is stored.
        unread = [defer(Intent.rows, raiseload=True)] if reserved else []
        intent = session.get_one(Intent, intent_id, options=unread)
        if intent.state == "logged":
            return _finished(session, intent_id)
        trust = established_trust(session)
    observe("sign:before", intent.count)
    rows = reserved or rows_of(intent, app.vault)  # its seal before all that it says
    key, template = _key_and_template(intent, trust)
    return Begun(intent, trust, template, rows, app.keyring, key, app.host, now)


def end_intent(
    app: App, begun: Begun, signed: Sequence[SignedRow], observe: Observe = unobserved
) -> Finished:
    """Steps 3 and 4."""
    intent = begun.intent
    observe("sign:after", intent.count)
    judged = judge_rows(signed, begun.trust, created=intent.created_at, now=begun.now)
    observe("judge:after", intent.count)
    try:
        with app.write() as session:
            finished = _log_rows(session, app.vault, intent.id, judged, now=app.clock())
            observe("log:before", intent.count)
    except IntegrityError as error:
        # The database refuses a number, or a leaf, a second time: somebody put an intent or a counter back.
        raise IssuanceError("number_taken", intent=intent.id) from error
    observe("log:after", intent.count)
    return finished


def resume(app: App, observe: Observe = unobserved) -> list[Finished]:
    """Finish every intent that is not, then sign the head. Safe beside a running issue: a step done twice is done once.

    An intent that somebody altered is left as it is; the others are finished before ``intent_altered`` is raised.
    """
    with app.database.read() as session:
        waiting = select(Intent.id).where(Intent.state == "reserved").order_by(Intent.id)
        open_intents = list(session.scalars(waiting))
    finished, altered = [], []
    for intent_id in open_intents:
        try:
            finished.append(finish_intent(app, intent_id, observe))
        except IssuanceError as error:
            if error.code != "intent_altered":
                raise
            altered.append(error)
    checkpoint(app, observe)
    if altered:
        raise altered[0]
    return finished


def checkpoint(app: App, observe: Observe = unobserved) -> None:
    """Step 5, as ``App.sign_log`` does it, with the points of its path."""
    observe("checkpoint:before", 0)
    head = app.sign_head()
    observe("checkpoint:after", 0)
    # If we stop here the file is behind the database; the next head, or ``resume``, brings it up to date.
    if head is not None:
        app.keep_head(head)
    observe("head:after", 0)
    app.cosign_log()


def _key_and_template(intent: Intent, trust: Trust) -> tuple[ListedKey, CertificateTemplate]:
    if trust.trust_list is None:
        raise IssuanceError("trust_list_unusable", reason=trust.error.code if trust.error else "")
    authority = require_authority(trust.trust_list, intent.authority)
    key = authority.key(intent.key_id)
    template = next(
        (
            one
            for one in trust.catalogue.templates.values()
            if (one.record.kind_digit, one.version) == (intent.kind, intent.template_version)
        ),
        None,
    )
    if key is None or template is None:
        raise IssuanceError("intent_unusable", intent=intent.id)
    return key, template


def _log_rows(
    session: Session, vault: IdentityVault, intent_id: int, judged: Sequence[SignedRow], *, now: int
) -> Finished:
    """Step 4, all or nothing. Whoever comes second finds the intent done and adds nothing."""
    intent = session.scalars(select(Intent).filter_by(id=intent_id).with_for_update()).one()
    if intent.state == "logged":
        return _finished(session, intent_id)
    require_sealed(intent, vault)  # it was read anew
    old = _corrected(session, intent)
    now = log_time(session, now)
    objection = _objection(session, intent, now)
    if old is not None and (state := state_of(session, old.number)) != "issued":
        # Somebody was quicker. A certificate has one successor, and a correction does not end a suspension.
        objection = "superseded_meanwhile" if state == "revoked" else "suspended_meanwhile"
    rows = [row._replace(refusal=row.refusal or objection) for row in judged] if objection else judged
    entries = [_entry(row, now) for row in rows]
    issued = [row for row in rows if not row.refusal]
    if old is not None and issued:
        entries.append(_supersede(old, issued[0].number.digits, now))
    first = append_entries(session, entries)
    _store(session, intent, [(row, leaf) for leaf, row in enumerate(rows, first) if not row.refusal])
    void = [row for row in rows if row.refusal]
    _store_void(session, intent, [(row, leaf) for leaf, row in enumerate(rows, first) if row.refusal])
    if old is not None and issued:
        session.add(_status_event(entries[-1], first + len(rows)))
        _move_claim(session, old.number, issued[0].number.digits)
    intent.first_leaf = first
    intent.state = "logged"
    session.flush()
    numbers = tuple([row.number.digits for row in issued])
    return Finished(numbers, tuple((row.number.digits, row.refusal) for row in void))


def _objection(session: Session, intent: Intent, now: int) -> str | None:
    """What forbids this key to issue at ``now``, the time that the log will give. The log's head is locked, so it stays.

    Since the rows were judged an authority may have been suspended or a key revoked; what is logged afterwards would be
    refused by every verifier.
    """
    authority = require_authority(current_trust_list(session), intent.authority)
    key = authority.key(intent.key_id)
    number = CertificateNumber(intent.authority, intent.year, intent.kind, intent.first_serial)
    return objection_to_issuing(authority, key, number, now) if key else "key_not_listed"


def _corrected(session: Session, intent: Intent) -> Certificate | None:
    """The certificate that the intent corrects, locked."""
    if intent.corrects is None:
        return None
    return session.scalars(select(Certificate).filter_by(number=intent.corrects).with_for_update()).one()


def _move_claim(session: Session, old: str, new: str) -> None:
    """The person's claim follows the correction; where the person changed, the new claim was taken at reservation."""
    taken_anew = session.scalars(select(Claim).filter_by(number=new)).first() is not None
    of_old = Claim.number == old
    session.execute(
        delete(Claim).where(of_old) if taken_anew else update(Claim).where(of_old).values(number=new)
    )


def _entry(row: SignedRow, now: int) -> LogEntry:
    number = row.number
    if row.refusal:
        return LogEntry("void", number.digits, "", number.authority, now, reason=row.refusal)
    return LogEntry("issue", number.digits, record_digest(row.record), number.authority, now)


def _supersede(old: Certificate, new: str, now: int) -> LogEntry:
    digest = record_digest(old.record)
    return LogEntry("revoke", old.number, digest, old.number[:6], now, reason="superseded", successor=new)


def _status_event(entry: LogEntry, leaf_index: int) -> StatusEvent:
    return StatusEvent(
        leaf_index=leaf_index,
        number=entry.number,
        action=entry.action,
        reason=entry.reason,
        successor=entry.successor or None,
        at=entry.time,
    )


def _store(session: Session, intent: Intent, rows: Sequence[tuple[SignedRow, int]]) -> None:
    """The records of ``rows``, each with the index of its leaf."""
    stored = []
    for signed, leaf in rows:
        number, row = signed.number, signed.row
        parts = number.digits, number.authority, number.year, number.kind, number.serial
        stored.append(
            (*parts, intent.id, signed.record, leaf, row.identity_hash, row.identity_sealed),
        )
    with bulk_inserting(session, Certificate, _STORED, stored):
        pass


_STORED = (
    "number",
    "authority",
    "year",
    "kind",
    "serial",
    "intent_id",
    "record",
    "leaf_index",
    "identity_hash",
    "identity_sealed",
)
"""The columns of a certificate, in the order in which they are stored."""


def _store_void(session: Session, intent: Intent, rows: Sequence[tuple[SignedRow, int]]) -> None:
    for row, leaf in rows:
        number = row.number.digits
        session.add(VoidNumber(number=number, reason=row.refusal, leaf_index=leaf, intent_id=intent.id))
        # The person got nothing under this number and may be put forward again.
        session.execute(delete(Claim).where(Claim.number == number))


def _finished(session: Session, intent_id: int) -> Finished:
    issued = session.scalars(
        select(Certificate.number).filter_by(intent_id=intent_id).order_by(Certificate.number)
    )
    void = session.execute(select(VoidNumber.number, VoidNumber.reason).filter_by(intent_id=intent_id))
    return Finished(tuple(issued), tuple((number, reason) for number, reason in void))
