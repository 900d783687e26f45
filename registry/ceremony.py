"""The root ceremony's two ends in the registry: a proposal goes out, a signed list comes in (SPEC 4.2).

Where the root's keys are not in the registry's folder, every change of the trust list ends as a proposal in ``proposal``
of the home: the transaction that wanted to change is rolled back, and nothing is in force. A second change joins the one
that waits. Signers elsewhere sign it (``keys.ceremony``); what they signed is taken in here if a verifier that pinned our
root would accept it after our current list, if our own keys are those that it names, and if it condemns nothing that was
rightly issued meanwhile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.ceremony import KeyOffer, Proposal, digest_of, parse_proposal, proposal_bytes
from keys.did import check_host
from keys.errors import KeysError
from keys.trustbuild import document_of
from keys.trustchain import RootPin, parse_pin, pin_of, verify_chain
from keys.trustdiff import LIFETIME, applied, changes_between
from keys.trustlist import Authority, Root, RootKey, TrustList, parse_trust_list
from registry.errors import OfficeError, RegistryError
from registry.files import replace_file
from registry.keyring import LOG_KEY, Keyring
from registry.log import MAX_CLOCK_STEP, log_time, read_entries
from registry.models import Certificate, LogHead, Registry
from registry.offices import REPORT_KEY, STATUS_KEY, first_list, made_key, publish_change
from registry.ownkeys import log_signer, status_key
from registry.trust import (
    current_trust_list,
    pinned_chain,
    registry_of,
    store_version,
    trust_list_documents,
)
from verifier.authority import objection_at
from verifier.logentry import parse_log_entry
from verifier.number import parse_number
from verifier.record import parse_record
from verifier.tiles import TILE_WIDTH

PROPOSAL_FILE = "proposal"


@dataclass(frozen=True, slots=True)
class Issue:
    """An issued certificate with its key and the log's time (Unix seconds)."""

    number: str
    key_id: str
    time: int


def offered_root(offers: Sequence[KeyOffer], *, host: str, threshold: int) -> Root:
    """The root of these keys; raises ``OfficeError`` (``root_key_other``, ``root_key_twice``, ``threshold_range``)."""
    return _root(_offered_keys(offers, host), threshold)


def _offered_keys(offers: Sequence[KeyOffer], host: str) -> list[RootKey]:
    for offer in offers:
        if offer.registry != host:
            raise OfficeError("root_key_other", key=offer.key.id)
    return [offer.key for offer in offers]


def prepare_registry(session: Session, root: Root, *, host: str, now: int) -> None:
    """A registry whose root is elsewhere, before its first list is signed. Until then it may be prepared again."""
    check_host(host)
    pin = RootPin(host, root).to_bytes()
    row = session.get(Registry, 1)
    if row is None:
        session.add(Registry(id=1, host=host, root=pin, created_at=now))
        session.add(LogHead(id=1, size=0))
    elif row.host != host or trust_list_documents(session):
        raise OfficeError("already_initialised")
    else:
        row.root = pin
    session.flush()


def first_draft(session: Session, keyring: Keyring, *, now: int) -> TrustList:
    """The first list of a prepared registry, for its signers."""
    pin = parse_pin(registry_of(session).root)
    log, status, report = (made_key(keyring, name) for name in (LOG_KEY, STATUS_KEY, REPORT_KEY))
    return first_list(pin.registry, pin.root, log, status, report, now=now)


def rotate_root(
    session: Session,
    keyring: Keyring,
    *,
    add: Sequence[KeyOffer],
    remove: Sequence[str],
    threshold: int | None,
    now: int,
) -> TrustList:
    """Root keys come and go; ``remove`` names fragments. Always ends as a proposal: old and new root must sign."""
    now = log_time(session, now)
    current = current_trust_list(session)
    names = {key.id.partition("#")[2]: key for key in current.root.keys}
    for name in remove:
        if name not in names:
            raise OfficeError("root_key_unknown", key=name)
    kept = [key for name, key in names.items() if name not in remove]
    if {offer.key.id for offer in add} & {key.id for key in current.root.keys}:
        raise OfficeError("root_key_twice")  # a name stays one key's for good
    root = _root([*kept, *_offered_keys(add, current.registry)], threshold or current.root.threshold)
    if root == current.root:
        raise OfficeError("root_unchanged")
    return publish_change(session, keyring, replace(current, root=root), now=now)


def _root(keys: Sequence[RootKey], threshold: int) -> Root:
    root = Root(threshold, tuple(keys))
    for members in ({key.id for key in root.keys}, {key.public_key for key in root.keys}):
        if len(members) < len(root.keys):
            raise OfficeError("root_key_twice")
    if not 1 <= threshold <= len(keys):
        raise OfficeError("threshold_range", threshold=threshold, keys=len(keys))
    return root


def pending_proposal(home: Path, current: TrustList | None) -> Proposal | None:
    """The proposal that waits for signatures, if it is to follow ``current``; one that is overtaken is none."""
    try:
        proposal = parse_proposal((home / PROPOSAL_FILE).read_bytes())
    except FileNotFoundError:
        return None
    base = (current.version, digest_of(current.document)) if current else (0, "")
    return proposal if (proposal.base_version, proposal.base_digest) == base else None


def write_proposal(home: Path, current: TrustList | None, draft: TrustList) -> Proposal:
    """Put ``draft`` into the home as the proposal to follow ``current``, together with what waits there already.

    Raises ``CeremonyError`` (``proposal_conflict``) where the two change the same.
    """
    document = document_of(draft)
    pending = pending_proposal(home, current) if current else None
    if pending is not None and current is not None:
        changes = changes_between(document_of(current), document)
        joined = applied(pending.document, [one for one in changes if one.path not in LIFETIME])
        document = {**joined, **{path[0]: document[path[0]] for path in LIFETIME}}
    data = proposal_bytes(document, current)
    proposal = parse_proposal(data)
    replace_file(home / PROPOSAL_FILE, data)
    return proposal


def import_list(
    session: Session, keyring: Keyring, data: bytes, *, now: int, condemn: bool = False
) -> TrustList:
    """Store and log a signed list that follows the current one.

    Raises ``OfficeError``: ``list_registry``, ``list_version``, ``list_not_following``, ``list_lifetime``, ``list_own_key``,
    and ``list_condemns`` where certificates that were rightly issued would not pass under it (unless ``condemn``).
    """
    now = log_time(session, now)
    documents, pin = trust_list_documents(session), parse_pin(registry_of(session).root)
    trust_list = _incoming(data, pin, len(documents) + 1, now)
    try:
        verify_chain([*pinned_chain(documents, pin), data], pin)
    except KeysError as error:
        raise OfficeError("list_not_following", reason=error.code) from error
    return _take_in(session, keyring, trust_list, now=now, condemn=condemn)


def refound(session: Session, keyring: Keyring, data: bytes, *, fingerprint: str, now: int) -> TrustList:
    """Take in a list that only a **new** root signed, because too few keys of the old one are left.

    ``fingerprint`` is the new root's, typed by whoever decides this (``fingerprint_differs``). Whoever pinned the old
    root will not follow, and must be given the new one: that is what a lost root costs.
    """
    now = log_time(session, now)
    row = registry_of(session)
    trust_list = _incoming(data, parse_pin(row.root), len(trust_list_documents(session)) + 1, now)
    pin = pin_of(trust_list)
    if pin.fingerprint != fingerprint:
        raise OfficeError("fingerprint_differs", fingerprint=pin.fingerprint)
    try:
        verify_chain([data], pin)
    except KeysError as error:
        raise OfficeError("list_not_following", reason=error.code) from error
    row.root = pin.to_bytes()
    return _take_in(session, keyring, trust_list, now=now, condemn=False)


def _incoming(data: bytes, pin: RootPin, version: int, now: int) -> TrustList:
    try:
        trust_list = parse_trust_list(data)
    except KeysError as error:
        raise OfficeError("list_not_following", reason=error.code) from error
    if trust_list.registry != pin.registry:
        raise OfficeError("list_registry", host=trust_list.registry)
    if trust_list.version != version:
        raise OfficeError("list_version", version=trust_list.version, wanted=version)
    if not trust_list.valid_from - MAX_CLOCK_STEP <= now <= trust_list.valid_until:
        raise OfficeError("list_lifetime")
    return trust_list


def _take_in(
    session: Session, keyring: Keyring, trust_list: TrustList, *, now: int, condemn: bool
) -> TrustList:
    log_signer(keyring, trust_list)
    status_key(keyring, trust_list, now)
    if trust_list.version > 1 and not condemn:
        found = list(condemned(session, current_trust_list(session), trust_list))
        if found:
            number, code = found[0]
            raise OfficeError("list_condemns", count=len(found), number=number, reason=code)
    return store_version(session, trust_list, now=now)


def condemned(session: Session, old: TrustList, new: TrustList) -> Iterator[tuple[str, str]]:
    """Numbers against whose issue ``new`` objects where ``old`` did not, each with the objection."""
    for code, before in old.authorities.items():
        after = new.authorities.get(code)
        if after == before:
            continue
        for issue in issues_of(session, code):
            objection = _objection(after, issue)
            if objection is not None and _objection(before, issue) is None:
                yield issue.number, objection


def _objection(authority: Authority | None, issue: Issue) -> str | None:
    if authority is None:
        return "authority_not_listed"
    key = authority.key(issue.key_id)
    return objection_at(authority, key, parse_number(issue.number), issue.time) if key else "key_not_listed"


def issues_of(session: Session, code: str) -> Iterator[Issue]:
    """Every certificate of an authority with the time that the log gives, in the order of the log.

    Raises ``RegistryError`` (``record_altered``) where a certificate's place is none of the log's: ``fsck`` tells more.
    """
    columns = select(Certificate.number, Certificate.record, Certificate.leaf_index).filter_by(authority=code)
    bundle, entries = -1, list[bytes]()
    for number, record, index in session.execute(
        columns.order_by(Certificate.leaf_index).execution_options(yield_per=500)
    ):
        if index // TILE_WIDTH != bundle:
            bundle = index // TILE_WIDTH
            entries = read_entries(session, bundle)
        if index % TILE_WIDTH >= len(entries):
            raise RegistryError("record_altered", number=number)
        time = parse_log_entry(entries[index % TILE_WIDTH]).time
        yield Issue(number, parse_record(record).peek_method, time)
