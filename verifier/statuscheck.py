"""Is the certificate in force? (SPEC 5.4, step 8).

A set revocation bit decides even in a stale list, because revocation is final; anything else needs fresh lists. The
details only add the reason, the date and the successor: where they are missing the verdict stands without them.
"""

from collections.abc import Mapping

from keys.trustlist import TrustList
from verifier.errors import StatusError
from verifier.number import CertificateNumber
from verifier.outcome import NotInForce, Passed, Undecided
from verifier.policy import VerificationPolicy
from verifier.report import Detail
from verifier.status import DETAILS, PURPOSES, StatusChange, StatusList, status_url
from verifier.trust import Trust

_WORDS = {"revocation": "revoked", "suspension": "suspended"}


def check_status(
    number: CertificateNumber,
    documents: Mapping[str, bytes],
    trust: Trust,
    trust_list: TrustList,
    policy: VerificationPolicy,
) -> Passed:
    """Passes where every list is fresh and no bit is set; raises ``NotInForce`` or ``Undecided``."""
    undecided: Undecided | None = None
    as_of = policy.at
    for purpose in PURPOSES:
        try:
            status = _usable_list(number, purpose, documents, trust, trust_list)
            _check_bit(status, number, documents, trust, trust_list, policy)
        except Undecided as error:
            undecided = undecided or error
        else:
            as_of = min(as_of, status.valid_from)
    if undecided is not None:
        raise undecided
    return Passed("in_force", {"asOf": as_of})


def _usable_list(
    number: CertificateNumber,
    purpose: str,
    documents: Mapping[str, bytes],
    trust: Trust,
    trust_list: TrustList,
) -> StatusList:
    url = status_url(trust_list.registry, number, purpose)
    if url not in documents:
        raise Undecided("status_missing", missing="status")
    try:
        return trust.status_list(trust_list, documents[url], url)
    except StatusError as error:
        # A list that nobody we trust signed says nothing about the certificate, neither good nor bad.
        raise Undecided(error.code, missing="status") from error


def _check_bit(
    status: StatusList,
    number: CertificateNumber,
    documents: Mapping[str, bytes],
    trust: Trust,
    trust_list: TrustList,
    policy: VerificationPolicy,
) -> None:
    stale = _stale(status, policy)
    if status.is_set(number.status_index) and (status.purpose == "revocation" or not stale):
        raise _not_in_force(_WORDS[status.purpose], _change(number, documents, trust, trust_list))
    if stale:
        raise Undecided("status_stale", missing="status", details={"validUntil": status.valid_until})


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
