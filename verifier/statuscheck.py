"""Is the certificate in force, and is the trust list the newest? (SPEC 5.4 and 7.3, steps 3 and 8).

A set revocation bit decides even in a stale list, because revocation is final; anything else needs fresh lists. The
details only add the reason, the date and the successor: where they are missing the verdict stands without them.

A list also names the newest trust list there was when it was signed. So a trust list that is older than a status list
beside it is known to be old, and one that a status list names was still the newest then.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from keys.trustlist import TrustList
from verifier.errors import StatusError
from verifier.limits import STATUS_LIST_BITS
from verifier.number import CertificateNumber
from verifier.outcome import NotInForce, Passed, Undecided
from verifier.policy import VerificationPolicy
from verifier.report import Detail
from verifier.status import DETAILS, PURPOSES, StatusChange, StatusList, status_url
from verifier.trust import Trust

_WORDS = {"revocation": "revoked", "suspension": "suspended"}


class StatusLists(NamedTuple):
    """The lists of one number by purpose: verified, or why not; none where there is no document."""

    found: Mapping[str, StatusList | StatusError]

    @property
    def newest_version(self) -> int:
        """The newest trust list that any of them names; 0 where there are none."""
        newest = 0
        for one in self.found.values():
            if isinstance(one, StatusList) and one.trust_list_version > newest:
                newest = one.trust_list_version
        return newest

    def newest_until(self, trust_list: TrustList, latest: int) -> int:
        """Until when ``trust_list`` is known to have been the newest; nothing signed after ``latest`` counts."""
        until = trust_list.valid_from
        for one in self.found.values():
            if isinstance(one, StatusList) and one.trust_list_version == trust_list.version:
                until = max(until, one.valid_from) if one.valid_from <= latest else until
        return until


def status_lists(
    number: CertificateNumber, documents: Mapping[str, bytes], trust: Trust, trust_list: TrustList
) -> StatusLists:
    """The lists among ``documents`` that cover ``number``."""
    found: dict[str, StatusList | StatusError] = {}
    urls = _urls(trust_list.registry, number.authority, number.year, number.kind, number.status_block)
    for purpose, url in urls:
        if url in documents:
            try:
                found[purpose] = trust.status_list(trust_list, documents[url], url)
            except StatusError as error:
                found[purpose] = error
    return StatusLists(found)


@lru_cache(maxsize=256)
def _urls(host: str, authority: str, year: int, kind: int, block: int) -> tuple[tuple[str, str], ...]:
    """Purpose and address of each list of a block."""
    number = CertificateNumber(authority, year, kind, block * STATUS_LIST_BITS)
    return tuple((purpose, status_url(host, number, purpose)) for purpose in PURPOSES)


def check_status(
    number: CertificateNumber,
    lists: StatusLists,
    documents: Mapping[str, bytes],
    trust: Trust,
    trust_list: TrustList,
    policy: VerificationPolicy,
) -> Passed:
    """Passes where every list is fresh and no bit is set; raises ``NotInForce`` or ``Undecided``."""
    undecided: Undecided | None = None
    ages = []
    for purpose in PURPOSES:
        try:
            status = _usable(lists.found.get(purpose))
            if _is_set(status, number, policy):
                raise _not_in_force(_WORDS[purpose], _change(number, documents, trust, trust_list))
        except Undecided as error:
            undecided = undecided or error
        else:
            ages.append(status.valid_from)
    if undecided is not None:
        raise undecided
    return Passed("in_force", {"asOf": min(ages)})


def _usable(found: StatusList | StatusError | None) -> StatusList:
    if found is None:
        raise Undecided("status_missing", missing="status")
    if isinstance(found, StatusError):
        # A list that nobody we trust signed says nothing about the certificate, neither good nor bad.
        raise Undecided(found.code, missing="status")
    return found


def _is_set(status: StatusList, number: CertificateNumber, policy: VerificationPolicy) -> bool:
    """Whether the bit decides; raises ``Undecided`` where a stale list leaves it open."""
    stale = _stale(status, policy)
    if status.is_set(number.status_index) and (status.purpose == "revocation" or not stale):
        return True
    if stale:
        raise Undecided("status_stale", missing="status", details={"validUntil": status.valid_until})
    return False


def _stale(status: StatusList, policy: VerificationPolicy) -> bool:
    oldest = policy.at - policy.status_max_age if policy.status_max_age is not None else status.valid_from
    fresh = status.valid_from - policy.clock_skew <= policy.at <= status.valid_until
    return not fresh or status.valid_from < oldest


def _change(
    number: CertificateNumber, documents: Mapping[str, bytes], trust: Trust, trust_list: TrustList
) -> StatusChange | None:
    url = status_url(trust_list.registry, number, DETAILS)
    try:
        return trust.status_details(trust_list, documents[url], url).changes.get(number.status_index)
    except (KeyError, StatusError):
        return None


def _not_in_force(word: str, change: StatusChange | None) -> NotInForce:
    if change is None or change.status != word:
        return NotInForce(word, {})
    details: dict[str, Detail] = {"since": change.since, "reason": change.reason}
    if change.successor:
        details["successor"] = change.successor
    return NotInForce("superseded" if change.reason == "superseded" else word, details)
