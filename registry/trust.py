"""The trust list of this registry: its current version, and the next one signed, stored and logged (SPEC clause 4).

Each version is an entry of the log, appended in the transaction that stores it. The root's keys sign here where they lie
in the registry's own key folder (a demonstration, a small office); otherwise a version comes from a root ceremony
(``registry.ceremony``).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.did import KeyId
from keys.errors import TrustListError
from keys.signer import Signer
from keys.trustbuild import next_version, sign_trust_list
from keys.trustchain import RootPin, parse_pin
from keys.trustlist import TrustList, parse_trust_list
from registry.errors import OfficeError
from registry.log import append_entries
from registry.models import Registry, TrustListVersion
from verifier.loading import installed_catalogue
from verifier.logentry import LogEntry, record_digest
from verifier.trust import Trust

TRUST_LIST_VALIDITY = 365 * 86400
"""Seconds. A reader with an older list says so rather than guess; every change signs a new one."""
_NEWEST = select(TrustListVersion.data).order_by(TrustListVersion.version.desc()).limit(1)
_ESTABLISHED: dict[tuple[bytes, bytes], Trust] = {}
"""By newest version and pin."""
_MAX_ESTABLISHED = 8


def registry_of(session: Session) -> Registry:
    """The registry in this database; raises ``OfficeError`` (``not_initialised``)."""
    row = session.get(Registry, 1)
    if row is None:
        raise OfficeError("not_initialised")
    return row


def current_trust_list(session: Session) -> TrustList:
    """The newest version."""
    data = session.scalars(_NEWEST).first()
    if data is None:
        registry_of(session)
        raise OfficeError("first_list_missing")
    return _parsed(data)


def trust_list_documents(session: Session) -> list[bytes]:
    """All versions in order."""
    return list(session.scalars(select(TrustListVersion.data).order_by(TrustListVersion.version)))


def established_trust(session: Session) -> Trust:
    """What a verifier that pinned this registry's first root trusts now.

    Versions are only added, so the chain is walked once for each newest version and pin; then that version alone is read. Who
    wants every version looked at again, as they are stored now, takes ``walked_trust``.
    """
    newest, pin = session.scalars(_NEWEST).first(), registry_of(session).root
    known = _ESTABLISHED.get((newest, pin)) if newest is not None else None
    if known is not None:
        return known
    trust = walked_trust(session)
    if newest is not None and trust.error is None:
        if len(_ESTABLISHED) >= _MAX_ESTABLISHED:
            _ESTABLISHED.clear()
        _ESTABLISHED[newest, pin] = trust
    return trust


def walked_trust(session: Session) -> Trust:
    """As ``established_trust``, from all versions as they are stored."""
    pin = parse_pin(registry_of(session).root)
    catalogue = installed_catalogue(pin.registry)
    try:
        chain = pinned_chain(trust_list_documents(session), pin)
    except TrustListError as error:  # one of them is no list any more
        return Trust.nothing(pin, error, catalogue=catalogue)
    return Trust.establish(chain, pin, catalogue)


def publish_version(
    session: Session, draft: TrustList, signers: Mapping[KeyId, Signer], *, now: int
) -> TrustList:
    """Sign ``draft`` as the successor of the current list, store it and log it.

    ``now`` is of ``log_time``, under whose lock the current list was read: two changes at once follow each other.
    """
    version = next_version(draft, valid_from=now, valid_until=now + TRUST_LIST_VALIDITY)
    return store_version(session, sign_trust_list(version, signers, created=now), now=now)


def store_version(session: Session, trust_list: TrustList, *, now: int) -> TrustList:
    """Store a signed version and log it."""
    entry = LogEntry("trust-list", str(trust_list.version), record_digest(trust_list.data), "", now)
    index = append_entries(session, [entry])
    session.add(TrustListVersion(version=trust_list.version, data=trust_list.data, leaf_index=index))
    session.flush()
    return trust_list


@lru_cache(maxsize=8)
def _parsed(data: bytes) -> TrustList:
    return parse_trust_list(data)


def pinned_chain(documents: Sequence[bytes], pin: RootPin) -> list[bytes]:
    """The versions from the first that names the pinned root: all of them, unless the registry got a new root without
    the old one's consent (``registry.ceremony.refound``)."""
    start = next((place for place, data in enumerate(documents) if _parsed(data).root == pin.root), 0)
    return list(documents[start:])
