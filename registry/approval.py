"""An authority's own request (``keys.delegation``) becomes a delegation: checked, and put before the root.

What was asked is granted whole or not at all: an approver who wants less says so and gets another request. A request
approved twice adds nothing, for its key is listed then; one that is old or dated ahead is refused, for nobody may
remember why it was made.
"""

from dataclasses import replace

from sqlalchemy.orm import Session

from keys.delegation import AuthorityRequest
from keys.encodings import timestamp_encode
from keys.trustbuild import with_authority, with_key
from keys.trustlist import Authority, Scope, TrustList
from registry.errors import OfficeError
from registry.keyring import Keyring
from registry.log import MAX_CLOCK_STEP, log_time
from registry.offices import Delegation, end_of_year, new_authority, publish_change, require_coverage
from registry.trust import current_trust_list

MAX_REQUEST_AGE = 30 * 86400
"""Seconds; longer than any round of signatures."""


def approve_request(
    session: Session,
    keyring: Keyring,
    request: AuthorityRequest,
    *,
    not_before: int | None,
    not_after: int | None,
    now: int,
) -> TrustList:
    """Delegate what ``request`` asks for and list its key, from ``not_before`` (``now``) to ``not_after`` (the end of the
    following year).

    Raises ``OfficeError``: ``request_registry``, ``request_age``, ``request_uscc``, ``request_known``, ``key_window`` and those
    of a delegation.
    """
    now = log_time(session, now)
    current = current_trust_list(session)
    if request.registry != current.registry:
        raise OfficeError("request_registry", host=request.registry)
    if not request.created - MAX_CLOCK_STEP <= now <= request.created + MAX_REQUEST_AGE:
        raise OfficeError("request_age", created=timestamp_encode(request.created))
    _require_new_key(current, request)
    begin, end = not_before or now, not_after or end_of_year(request.year + 1)
    if not now <= begin < end:
        raise OfficeError("key_window", key=request.key.id)
    key = replace(request.key, not_before=begin, not_after=end)
    authority = with_key(_authority(current, request, now), key)
    return publish_change(session, keyring, with_authority(current, authority), now=now)


def _require_new_key(current: TrustList, request: AuthorityRequest) -> None:
    listed = [key for authority in current.authorities.values() for key in authority.keys]
    if any(request.key.id == key.id or request.key.public_key == key.public_key for key in listed):
        raise OfficeError("request_known", key=request.key.id)


def _authority(current: TrustList, request: AuthorityRequest, now: int) -> Authority:
    asked = request.authority
    delegation = Delegation(
        code=asked.code,
        kind=asked.kind,
        name=asked.names["zh"],
        name_en=asked.names.get("en", ""),
        uscc=asked.uscc,
        divisions=tuple(asked.scope.divisions),
        industries=tuple(asked.scope.industries),
        kinds=tuple(asked.scope.kinds),
        years=tuple(asked.scope.years),
    )
    require_coverage(delegation)
    fresh = new_authority(current.registry, delegation, now=now)
    known = current.authorities.get(asked.code)
    if known is None:
        return fresh
    if known.uscc != asked.uscc or known.kind != asked.kind:
        raise OfficeError("request_uscc", code=asked.code)
    if known.states[-1].state == "withdrawn":
        raise OfficeError("authority_state", code=known.code, state="withdrawn", possible="–")
    return replace(known, names=fresh.names, scope=_joined(known, asked.scope))


def _joined(known: Authority, asked: Scope) -> Scope:
    if bool(known.scope.industries) != bool(asked.industries):
        raise OfficeError("delegation_area", code=known.code)
    return Scope(
        known.scope.divisions | asked.divisions,
        known.scope.industries | asked.industries,
        known.scope.kinds | asked.kinds,
        known.scope.years | asked.years,
    )
