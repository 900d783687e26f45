"""The end of a key: superseded in good order, or compromised; and the key that follows it (SPEC 4.5, 5.2, 6.3).

An authority's key keeps its past where it was superseded. Where it was compromised, what the log had before the moment
given stands, and what came after does not. A compromised status key has no past, and a compromised log key is not named
among the former ones; lists and checkpoints are simply signed anew. The successor is made here if the old key lay here;
otherwise its owner asks for one (``keys.delegation``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from keys.did import KeyId, key_id, registry_did
from keys.encodings import timestamp_encode
from keys.trustbuild import with_authority
from keys.trustlist import Authority, KeyRevocation, ListedKey, TrustList, parse_trust_list
from registry.errors import OfficeError
from registry.keyring import LOG_KEY, Keyring, authority_key_name
from registry.log import log_origin, log_time
from registry.offices import REPORT_KEY, key_name, made_key, own_key, publish_change
from registry.ownkeys import log_key_names
from registry.trust import current_trust_list, trust_list_documents
from verifier.note import ALGORITHM_NOTE, NoteKey


def end_key(
    session: Session,
    keyring: Keyring,
    identifier: str,
    *,
    reason: str,
    compromised_from: int | None,
    now: int,
) -> TrustList:
    """Supersede a key, or revoke it as compromised from a moment (Unix seconds) on, and list its successor.

    ``identifier`` is ``CODE#YEAR-N``, ``status-N``, ``report-N`` or ``log``, or a whole key id. Raises ``OfficeError``: ``key_unknown``,
    ``key_revoked``, ``compromised_in_future``.
    """
    now = log_time(session, now)
    if compromised_from is not None and compromised_from > now:
        raise OfficeError("compromised_in_future", now=timestamp_encode(now))
    trust_list = current_trust_list(session)
    # Superseded keys end with the next second: what was logged in this one was rightly signed, and must stay so.
    at = now + 1 if compromised_from is None else now
    revocation = KeyRevocation(at, reason, compromised_from)
    if identifier == LOG_KEY:
        draft = _log_replaced(session, keyring, trust_list, compromised=compromised_from is not None)
    else:
        draft = _listed_key_ended(keyring, trust_list, full_id(trust_list, identifier), revocation, now)
    return publish_change(session, keyring, draft, now=now)


def add_report_key(session: Session, keyring: Keyring, *, now: int) -> TrustList:
    """Make a key for review reports (SPEC 8.5) and list it: for a registry that was made before there were any."""
    now = log_time(session, now)
    trust_list = current_trust_list(session)
    if trust_list.report_keys:
        raise OfficeError("report_key_listed", key=trust_list.report_keys[-1].id)
    key = own_key(trust_list.registry, REPORT_KEY, made_key(keyring, REPORT_KEY), now=now)
    return publish_change(session, keyring, replace(trust_list, report_keys=(key,)), now=now)


def full_id(trust_list: TrustList, identifier: str) -> KeyId:
    """The key id that ``410100#2026-1`` or ``status-1`` stands for."""
    if identifier.startswith("did:"):
        return KeyId(identifier)
    did = registry_did(trust_list.registry)
    code, separator, fragment = identifier.partition("#")
    return KeyId(f"{did}:a:{code}#{fragment}" if separator else f"{did}#{identifier}")


def owner_of(trust_list: TrustList, identifier: KeyId) -> Authority:
    """The authority of a key; raises ``OfficeError`` (``key_unknown``)."""
    for authority in trust_list.authorities.values():
        if authority.key(identifier) is not None:
            return authority
    raise OfficeError("key_unknown", key=identifier)


def _listed_key_ended(
    keyring: Keyring, trust_list: TrustList, identifier: KeyId, revocation: KeyRevocation, now: int
) -> TrustList:
    if trust_list.status_key(identifier) is not None:
        keys = _own_key_ended(keyring, trust_list.status_keys, identifier, "status-", revocation, now)
        return replace(trust_list, status_keys=keys)
    if trust_list.report_key(identifier) is not None:
        keys = _own_key_ended(keyring, trust_list.report_keys, identifier, "report-", revocation, now)
        return replace(trust_list, report_keys=keys)
    authority = owner_of(trust_list, identifier)
    listed = {key.id: key for key in authority.keys}
    old = listed[identifier] = _ended(listed[identifier], revocation)
    if keyring.has(key_name(old)) and authority.states[-1].state != "withdrawn":
        following = _next_fragment(identifier.partition("#")[2].partition("-")[0] + "-", listed)
        name = authority_key_name(authority.code, following)
        listed[key_id(authority.id, following)] = _successor(keyring, old, following, name, now)
    return with_authority(trust_list, replace(authority, keys=tuple(listed.values())))


def _own_key_ended(
    keyring: Keyring,
    listed: Sequence[ListedKey],
    identifier: KeyId,
    prefix: str,
    revocation: KeyRevocation,
    now: int,
) -> tuple[ListedKey, ...]:
    """The registry's own keys of one sort, one of them ended and its successor listed."""
    keys = {key.id: key for key in listed}
    keys[identifier] = _ended(keys[identifier], revocation)
    following = _next_fragment(prefix, keys)
    successor = _successor(keyring, keys[identifier], following, following, now)
    return (*keys.values(), successor)


def _ended(key: ListedKey, revocation: KeyRevocation) -> ListedKey:
    """``key`` with its end. A key that was superseded may turn out to have been compromised, not the other way round."""
    if key.revoked is not None and (
        key.revoked.compromised_from is not None or revocation.compromised_from is None
    ):
        raise OfficeError("key_revoked", key=key.id)
    return replace(key, revoked=revocation)


def _successor(keyring: Keyring, old: ListedKey, fragment: str, name: str, now: int) -> ListedKey:
    identifier = key_id_like(old.id, fragment)
    return replace(
        old, id=identifier, public_key=made_key(keyring, name).public_key, not_before=now, revoked=None
    )


def key_id_like(identifier: KeyId, fragment: str) -> KeyId:
    """The id of the same owner with another fragment."""
    return KeyId(f"{identifier.partition('#')[0]}#{fragment}")


def _next_fragment(prefix: str, listed: Mapping[KeyId, ListedKey]) -> str:
    """``PREFIX-N`` with the next N; fragments are never used again."""
    places = [
        int(identifier.rpartition("-")[2])
        for identifier in listed
        if identifier.partition("#")[2].startswith(prefix)
    ]
    return f"{prefix}{max(places) + 1}"


def _log_replaced(
    session: Session, keyring: Keyring, trust_list: TrustList, *, compromised: bool
) -> TrustList:
    origin = log_origin(trust_list.registry)
    lists = [parse_trust_list(data) for data in trust_list_documents(session)]
    used = {one.log_vkey for one in lists}
    for name in log_key_names():
        vkey = NoteKey(origin, ALGORITHM_NOTE, made_key(keyring, name).public_key).vkey
        if vkey not in used:
            break
    former = (
        trust_list.log_former_vkeys if compromised else (*trust_list.log_former_vkeys, trust_list.log_vkey)
    )
    return replace(trust_list, log_vkey=vkey, log_former_vkeys=former)
