"""Offices: making a registry, delegating to authorities, stopping them (SPEC clause 4).

Services change the trust list and nothing else: an authority exists because the root signed that it does. Each authority
gets one key for each year; its window opens when it is made and closes at the end of the following year (China time),
so that a year's late certificates can still be issued.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy.orm import Session

from keys.did import KeyId, authority_did, check_host, key_id, registry_did
from keys.encodings import timestamp_encode
from keys.signer import Signer
from keys.trustbuild import next_version, sign_trust_list, with_authority, with_key, with_state
from keys.trustchain import pin_of
from keys.trustlist import (
    AUTHORITY_KINDS,
    Authority,
    ListedKey,
    Root,
    RootKey,
    Scope,
    StateChange,
    TrustList,
    parse_rule_set,
)
from registry.applications import KIND_NAMES
from registry.errors import OfficeError, RootAbsentError
from registry.intake.identifiers import IdentifierError, SocialCreditCode
from registry.keyring import LOG_KEY, Keyring, authority_key_name
from registry.log import log_origin, log_time
from registry.models import LogHead, Registry
from registry.trust import TRUST_LIST_VALIDITY, current_trust_list, publish_version, store_version
from verifier.authority import objection_at
from verifier.loading import installed_catalogue, installed_rule_sets
from verifier.note import ALGORITHM_NOTE, NoteKey
from verifier.number import CertificateNumber

YEARS = range(2000, 2100)
"""Years that are no slip of the keyboard."""
_DIVISION, _INDUSTRY = re.compile(r"[0-9]{6}", re.ASCII), re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
CHINA = timezone(timedelta(hours=8))
STATUS_KEY, REPORT_KEY = "status-1", "report-1"
STATE_REASONS = {
    "suspended": ("inspection", "complaint", "rules-broken"),
    "granted": ("inspection-closed", "complaint-dismissed", "remedied"),
    "withdrawn": ("merged", "term-ended", "own-request", "rules-broken"),
}
"""The public reason codes of each change of an authority's state, and no others: they stand in the trust list for good."""
_ALLOWED = {
    "suspended": ("granted",),
    "granted": ("suspended",),
    "withdrawn": ("granted", "suspended"),
}
_COMMANDS = {"suspended": "suspend", "granted": "reinstate", "withdrawn": "withdraw"}


@dataclass(frozen=True, slots=True)
class Delegation:
    """What the province delegates to an office. Exactly one of ``divisions`` and ``industries`` is not empty."""

    code: str
    kind: str
    name: str
    name_en: str
    uscc: str
    divisions: tuple[str, ...]
    industries: tuple[str, ...]
    kinds: tuple[int, ...]
    years: tuple[int, ...]


def create_registry(
    session: Session, keyring: Keyring, *, host: str, now: int, root_keys: int = 1, threshold: int = 1
) -> TrustList:
    """Make a registry on an empty database: keys, first trust list, first log entry."""
    check_host(host)
    if session.get(Registry, 1) is not None:
        raise OfficeError("already_initialised")
    if not 1 <= threshold <= root_keys:
        raise OfficeError("threshold_range", threshold=threshold, keys=root_keys)
    names = [f"root-{place}" for place in range(1, root_keys + 1)]
    signers = {key_id(registry_did(host), name): made_key(keyring, name) for name in names}
    root = Root(threshold, tuple(RootKey(name, signer.public_key) for name, signer in signers.items()))
    log, status, report = (made_key(keyring, name) for name in (LOG_KEY, STATUS_KEY, REPORT_KEY))
    draft = first_list(host, root, log, status, report, now=now)
    trust_list = sign_trust_list(draft, signers, created=now)
    session.add(Registry(id=1, host=host, root=pin_of(trust_list).to_bytes(), created_at=now))
    session.add(LogHead(id=1, size=0))
    session.flush()
    return store_version(session, trust_list, now=now)


def add_authority(session: Session, keyring: Keyring, delegation: Delegation, *, now: int) -> TrustList:
    """Delegate to a new authority, or more years to one that is granted already."""
    require_coverage(delegation)
    now = log_time(session, now)  # locks the head: the list that is read next is nobody else's to follow
    trust_list = current_trust_list(session)
    known = trust_list.authorities.get(delegation.code)
    authority = (
        _extended(known, delegation) if known else new_authority(trust_list.registry, delegation, now=now)
    )
    for year in sorted(set(delegation.years)):
        authority = _with_year_key(authority, keyring, year, now=now)
    return publish_change(session, keyring, with_authority(trust_list, authority), now=now)


def change_state(
    session: Session,
    keyring: Keyring,
    *,
    code: str,
    state: str,
    reason: str,
    now: int,
    since: int | None = None,
) -> TrustList:
    """Suspend, reinstate (``granted``) or withdraw an authority from after ``now`` on, or from ``since`` (not earlier) on.

    ``reason`` is one of ``STATE_REASONS``.
    """
    now = log_time(session, now)  # locks the head, as above
    trust_list = current_trust_list(session)
    authority = require_authority(trust_list, code)
    require_possible(authority, state, reason)
    # An end takes effect from the next second on: what was logged in this one was rightly issued, and must stay so.
    earliest = max(now if state == "granted" else now + 1, authority.states[-1].since)
    if since is not None and since < earliest:
        raise OfficeError("state_since", code=code, earliest=timestamp_encode(earliest))
    changed = with_state(authority, StateChange(state, since or earliest, reason))
    return publish_change(session, keyring, with_authority(trust_list, changed), now=now)


def require_possible(authority: Authority, state: str, reason: str) -> None:
    """The authority may go to ``state`` for ``reason``; else ``OfficeError`` (``reason_unlisted``, ``authority_state``)."""
    if reason not in STATE_REASONS[state]:
        codes = " ".join(STATE_REASONS[state])
        raise OfficeError("reason_unlisted", reason=reason, action=_COMMANDS[state], codes=codes)
    before = authority.states[-1].state
    if before not in _ALLOWED[state]:
        possible = " ".join(_COMMANDS[one] for one in possible_states(authority)) or "–"
        raise OfficeError("authority_state", code=authority.code, state=before, possible=possible)


def possible_states(authority: Authority) -> tuple[str, ...]:
    """The states that the authority may go to from its last."""
    return tuple(state for state, befores in _ALLOWED.items() if authority.states[-1].state in befores)


def renew_trust_list(session: Session, keyring: Keyring, *, now: int) -> TrustList:
    """Sign the list anew, unchanged but for version and validity; picks up newly installed templates and rule sets."""
    now = log_time(session, now)  # locks the head, as above
    trust_list = current_trust_list(session)
    draft = replace(
        trust_list,
        templates=installed_catalogue(trust_list.registry).digests,
        rule_sets={rules.id: rules for rules in map(parse_rule_set, map(dict, installed_rule_sets()))},
    )
    return publish_change(session, keyring, draft, now=now)


def set_witnesses(
    session: Session, keyring: Keyring, vkeys: Sequence[str], *, quorum: int, now: int
) -> TrustList:
    """Let the cosignatures of ``vkeys`` count, and demand ``quorum`` of them for every head that leaves the house."""
    if not 0 <= quorum <= len(vkeys):
        raise OfficeError("witness_quorum", quorum=quorum, witnesses=len(vkeys))
    trust_list = current_trust_list(session)
    draft = replace(trust_list, witness_vkeys=tuple(vkeys), witness_quorum=quorum)
    return publish_change(session, keyring, draft, now=now)


def publish_change(session: Session, keyring: Keyring, draft: TrustList, *, now: int) -> TrustList:
    """Sign ``draft``, made of the current list, as the next version; ``RootAbsentError`` where too few root keys lie here.

    ``now`` is of ``log_time``.
    """
    root = current_trust_list(session).root
    signers = root_signers(root, keyring)
    if len(signers) < root.threshold or draft.root != root:
        following = next_version(draft, valid_from=now, valid_until=now + TRUST_LIST_VALIDITY)
        raise RootAbsentError(following, here=len(signers))
    return publish_version(session, draft, signers, now=now)


def root_signers(root: Root, keyring: Keyring) -> dict[KeyId, Signer]:
    """Signers of ``root`` whose keys lie here, as many as must sign; fewer, or none, where the root is elsewhere."""
    names = {key.id: key.id.partition("#")[2] for key in root.keys}
    here = [key.id for key in root.keys if keyring.has(names[key.id])]
    return {identifier: keyring.signer(names[identifier]) for identifier in here[: root.threshold]}


def require_authority(trust_list: TrustList, code: str) -> Authority:
    """The authority of that code; raises ``OfficeError`` (``authority_unknown``)."""
    authority = trust_list.authorities.get(code)
    if authority is None:
        raise OfficeError("authority_unknown", code=code)
    return authority


def objection_to_issuing(
    authority: Authority, key: ListedKey, number: CertificateNumber, now: int
) -> str | None:
    """What every verifier would say of an issue at ``now``; an end that begins with the next second is one already."""
    newest = authority.states[-1]
    if newest.state != "granted" and newest.since <= now + 1:
        return f"authority_{newest.state}"
    return objection_at(authority, key, number, now)


def signing_key(authority: Authority, keyring: Keyring, *, year: int, now: int) -> ListedKey:
    """The authority's newest key for ``year`` that may sign now and lies in the keyring."""
    usable = [
        key
        for key in authority.keys
        if key.id.partition("#")[2].startswith(f"{year}-")
        and key.not_before <= now <= key.not_after
        and key.revoked is None
        and keyring.has(key_name(key))
    ]
    if not usable:
        raise OfficeError("no_key", code=authority.code, year=year)
    return usable[-1]


def key_name(key: ListedKey) -> str:
    """Name of an authority key's file."""
    did, _, fragment = key.id.partition("#")
    return authority_key_name(did.rpartition(":")[2], fragment)


def listed_signer(keyring: Keyring, key: ListedKey) -> Signer:
    """The signer of a listed key; raises ``OfficeError`` (``key_differs``) where the file holds another.

    A damaged key file can open as some other key: its encryption does not protect its integrity.
    """
    signer = keyring.signer(key_name(key))
    if signer.public_key != key.public_key:
        raise OfficeError("key_differs", key=key.id)
    return signer


def made_key(keyring: Keyring, name: str) -> Signer:
    """The key of that name, made unless an interrupted start left it behind."""
    return keyring.signer(name) if keyring.has(name) else keyring.create(name)


def own_key(host: str, name: str, signer: Signer, *, now: int) -> ListedKey:
    """A key of the registry itself, for status lists or reports, as it is first listed."""
    return ListedKey(
        id=key_id(registry_did(host), name),
        public_key=signer.public_key,
        not_before=now,
        not_after=end_of_year(china_year(now) + 10),
    )


def first_list(host: str, root: Root, log: Signer, status: Signer, report: Signer, *, now: int) -> TrustList:
    """Version 1 of a registry's list, unsigned."""
    return TrustList(
        registry=host,
        version=1,
        valid_from=now,
        valid_until=now + TRUST_LIST_VALIDITY,
        root=root,
        authorities={},
        log_origin=log_origin(host),
        log_vkey=NoteKey(log_origin(host), ALGORITHM_NOTE, log.public_key).vkey,
        witness_vkeys=(),
        witness_quorum=0,
        status_keys=(own_key(host, STATUS_KEY, status, now=now),),
        report_keys=(own_key(host, REPORT_KEY, report, now=now),),
        rule_sets={rules.id: rules for rules in map(parse_rule_set, map(dict, installed_rule_sets()))},
        templates=installed_catalogue(host).digests,
    )


def require_coverage(delegation: Delegation) -> None:
    """Kinds and years are such as certificates have; raises ``OfficeError`` with the ``part`` that is not."""
    for part, values, known in (
        ("certificates", delegation.kinds, KIND_NAMES),
        ("years", delegation.years, YEARS),
    ):
        if not values or any(one not in known for one in values):
            raise OfficeError("delegation_form", code=delegation.code, part=part)


def new_authority(host: str, delegation: Delegation, *, now: int) -> Authority:
    """The authority of ``delegation``, granted from ``now`` on and without a key; raises ``OfficeError``."""
    parts = {
        "kind": delegation.kind in AUTHORITY_KINDS,
        "name": bool(delegation.name),
        "division": all(map(_DIVISION.fullmatch, delegation.divisions)),
        "industry": all(map(_INDUSTRY.fullmatch, delegation.industries)),
    }
    for part in (name for name, is_right in parts.items() if not is_right):
        raise OfficeError("delegation_form", code=delegation.code, part=part)
    if bool(delegation.divisions) == bool(delegation.industries):
        raise OfficeError("delegation_area", code=delegation.code)
    try:
        SocialCreditCode.parse(delegation.uscc)
    except IdentifierError as error:
        raise OfficeError("uscc", code=delegation.code, uscc=delegation.uscc) from error
    names = {"zh": delegation.name} | ({"en": delegation.name_en} if delegation.name_en else {})
    return Authority(
        code=delegation.code,
        id=authority_did(host, delegation.code),
        kind=delegation.kind,
        uscc=delegation.uscc,
        names=names,
        scope=Scope(
            divisions=frozenset(delegation.divisions),
            industries=frozenset(delegation.industries),
            kinds=frozenset(delegation.kinds),
            years=frozenset(delegation.years),
        ),
        states=(StateChange("granted", now, "delegation"),),
        keys=(),
    )


def _extended(known: Authority, delegation: Delegation) -> Authority:
    if known.states[-1].state != "granted":
        state = known.states[-1].state
        possible = "reinstate withdraw" if state == "suspended" else "–"
        raise OfficeError("authority_state", code=known.code, state=state, possible=possible)
    if set(delegation.years) <= known.scope.years:
        raise OfficeError("authority_exists", code=known.code)
    return replace(known, scope=replace(known.scope, years=known.scope.years | set(delegation.years)))


def _with_year_key(authority: Authority, keyring: Keyring, year: int, *, now: int) -> Authority:
    prefix = f"{year}-"
    sequence = 1 + sum(key.id.partition("#")[2].startswith(prefix) for key in authority.keys)
    if sequence > 1:
        return authority
    fragment = f"{prefix}{sequence}"
    signer = made_key(keyring, authority_key_name(authority.code, fragment))
    key = ListedKey(
        id=key_id(authority.id, fragment),
        public_key=signer.public_key,
        not_before=now,
        not_after=end_of_year(year + 1),
        issuer_name=authority.names["zh"],
    )
    return with_key(authority, key)


def china_year(now: int) -> int:
    """The year in China at ``now``."""
    return datetime.fromtimestamp(now, CHINA).year


def end_of_year(year: int) -> int:
    """The last second of ``year`` in China."""
    return int(datetime(year + 1, 1, 1, tzinfo=CHINA).astimezone(UTC).timestamp()) - 1
