"""Vectors: revoked, suspended, superseded, and status lists that are stale, missing or nobody's (step 8)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keys.canonical import RECORD_LIMITS, canonicalize_restricted, parse_canonical
from keys.did import registry_did
from keys.encodings import base64url_encode
from keys.proofs import add_proof
from keys.trustlist import KeyRevocation
from tests.builders import HOST, signed, signer, year_key
from tests.deflate import gzip_by_hand
from tests.simulator import NOW, Certificate, Simulator, standard_draft
from tests.vectors.model import QR, Expected, Scene, case, failed, passed, scene, undecided
from verifier.limits import STATUS_LIST_BITS
from verifier.number import number_of
from verifier.status import DETAILS, encode_list, status_url

_STALE_SINCE = NOW - 72 * 3600


def _failed(code: str, **details: str | int) -> Expected:
    return failed(code, {8: f"FAILED {code}"}, details={8: details} if details else {})


def _undecided(code: str) -> Expected:
    return undecided(code, {8: f"INDETERMINATE {code}"}, missing="status")


def _issued() -> tuple[Simulator, Certificate]:
    registry = Simulator()
    return registry, registry.issue()


def _judge(
    registry: Simulator,
    certificate: Certificate,
    status: Mapping[str, bytes],
    expected: Expected,
    **more: Any,
) -> Scene:
    return scene(registry, replace(registry.evidence(certificate), status=status), expected, **more)


@case("status-in-force", "5.4", "Fresh lists in which others are revoked and suspended")
def _in_force() -> Scene:
    registry, certificate = _issued()
    registry.revoke(number_of("410100", 2026, 1, 122))
    registry.suspend(number_of("410100", 2026, 1, 124))
    expected = passed(details={8: {"asOf": NOW - 600}})
    return scene(registry, registry.evidence(certificate), expected)


@case("status-second-block", "5.1", "A serial beyond the first list: its bit is in the second")
def _second_block() -> Scene:
    registry = Simulator()
    certificate = registry.issue(serial=STATUS_LIST_BITS + 5)
    registry.revoke(number_of("410100", 2026, 1, 4))
    return scene(registry, registry.evidence(certificate), passed())


@case("revoked", "5.4", "Revoked, with the date and the reason")
def _revoked() -> Scene:
    registry, certificate = _issued()
    registry.revoke(certificate.number)
    expected = _failed("revoked", since=NOW - 3600, reason="data-error")
    return scene(registry, registry.evidence(certificate), expected)


@case("revoked-qr", "5.4", "Revoked, presented as a QR")
def _revoked_qr() -> Scene:
    registry, certificate = _issued()
    registry.revoke(certificate.number)
    evidence = registry.evidence(certificate, qr=True)
    return scene(registry, evidence, failed("revoked", {8: "FAILED revoked"}, base=QR))


@case("revoked-in-stale-list", "5.4", "Revoked in a list that has run out: revocation is final")
def _revoked_stale() -> Scene:
    registry, certificate = _issued()
    registry.revoke(certificate.number, since=_STALE_SINCE - 60)
    status = registry.status(certificate.number, signed_at=_STALE_SINCE)
    expected = _failed("revoked", since=_STALE_SINCE - 60, reason="data-error")
    return _judge(registry, certificate, status, expected)


@case("revoked-without-details", "5.4", "Revoked, and the details are not at hand")
def _no_details() -> Scene:
    registry, certificate = _issued()
    registry.revoke(certificate.number)
    status = registry.status(certificate.number)
    del status[status_url(HOST, certificate.number, DETAILS)]
    return _judge(registry, certificate, status, _failed("revoked"))


@case("revoked-with-unusable-details", "5.4", "Revoked, and the details are signed by a stranger")
def _bad_details() -> Scene:
    registry, certificate = _issued()
    registry.revoke(certificate.number, reason="superseded", successor="41010020261000012412")
    status = registry.status(certificate.number)
    url = status_url(HOST, certificate.number, DETAILS)
    status[url] = registry.status(certificate.number, key="stranger")[url]
    return _judge(registry, certificate, status, _failed("revoked"))


@case("superseded", "5.4", "Corrected: revoked as superseded, with the number that follows")
def _superseded() -> Scene:
    registry, certificate = _issued()
    successor = number_of("410100", 2026, 1, 124).digits
    registry.revoke(certificate.number, reason="superseded", successor=successor)
    expected = _failed("superseded", since=NOW - 3600, reason="superseded", successor=successor)
    return scene(registry, registry.evidence(certificate), expected)


@case("suspended", "5.4", "Suspended, in a fresh list")
def _suspended() -> Scene:
    registry, certificate = _issued()
    registry.suspend(certificate.number)
    expected = _failed("suspended", since=NOW - 3600, reason="under-review")
    return scene(registry, registry.evidence(certificate), expected)


@case("suspended-in-stale-list", "5.4", "Suspended in a list that has run out: it may have ended")
def _suspended_stale() -> Scene:
    registry, certificate = _issued()
    registry.suspend(certificate.number, since=_STALE_SINCE - 60)
    status = registry.status(certificate.number, signed_at=_STALE_SINCE)
    return _judge(registry, certificate, status, _undecided("status_stale"))


@case("status-stale", "5.4", "Lists that have run out")
def _stale() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number, signed_at=_STALE_SINCE)
    return _judge(registry, certificate, status, _undecided("status_stale"))


@case("status-stale-though-not-required", "7.4", "Lists that have run out, before a reader who demands none")
def _stale_not_required() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number, signed_at=_STALE_SINCE)
    return _judge(registry, certificate, status, _undecided("status_stale"), require_status=False)


@case("status-older-than-demanded", "7.2", "Lists in force that are older than this reader accepts")
def _old() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number)
    return _judge(registry, certificate, status, _undecided("status_stale"), status_max_age=599)


@case("status-as-old-as-demanded", "7.2", "Lists exactly as old as this reader accepts")
def _old_enough() -> Scene:
    registry, certificate = _issued()
    return _judge(registry, certificate, registry.status(certificate.number), passed(), status_max_age=600)


@case("status-from-the-future", "5.4", "Lists signed an hour after the moment of judgement")
def _future() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number, signed_at=NOW + 3600)
    return _judge(registry, certificate, status, _undecided("status_stale"))


@case("status-missing", "5.4", "No status list at all")
def _missing() -> Scene:
    return _judge(*_issued(), {}, _undecided("status_missing"))


@case("status-not-required", "7.2", "No status list, and a reader who does not demand one")
def _not_required() -> Scene:
    expected = passed({8: "SKIPPED status_not_required"})
    return _judge(*_issued(), {}, expected, require_status=False)


@case("status-of-suspension-missing", "5.4", "Only the list of revocations")
def _half() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number)
    del status[status_url(HOST, certificate.number, "suspension")]
    return _judge(registry, certificate, status, _undecided("status_missing"))


@case(
    "status-suspended-revocations-missing",
    "5.4",
    "Suspended, and no list of revocations: the suspension decides",
)
def _suspended_half() -> Scene:
    registry, certificate = _issued()
    registry.suspend(certificate.number)
    status = registry.status(certificate.number)
    del status[status_url(HOST, certificate.number, "revocation")]
    return _judge(registry, certificate, status, _failed("suspended"))


@case("status-signed-by-a-stranger", "5.3", "Lists by a key that is not the status key they name")
def _stranger() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number, key="stranger")
    return _judge(registry, certificate, status, _undecided("status_list_signature"))


@case("status-key-unknown", "5.3", "Lists that name a key which is no status key")
def _unknown_key() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number, key="root-1", key_name="root-1")
    return _judge(registry, certificate, status, _undecided("status_list_key"))


@case("status-key-revoked", "5.3", "Lists signed after their key was revoked")
def _revoked_key() -> Scene:
    registry, certificate = _issued()
    revoked = KeyRevocation(NOW - 3600, "superseded")
    keys = (year_key(registry_did(HOST), 2026, name="status", revoked=revoked),)
    registry.trust_list = signed(replace(standard_draft(), status_keys=keys))
    return _judge(registry, certificate, registry.status(certificate.number), _undecided("status_list_key"))


@case(
    "status-key-compromised",
    "5.2",
    "Lists dated before their key was compromised, as its thief would date them",
)
def _compromised_key() -> Scene:
    registry, certificate = _issued()
    revoked = KeyRevocation(NOW - 60, "compromised", NOW - 120)
    keys = (year_key(registry_did(HOST), 2026, name="status", revoked=revoked),)
    registry.trust_list = signed(replace(standard_draft(), status_keys=keys))
    return _judge(registry, certificate, registry.status(certificate.number), _undecided("status_list_key"))


@case("status-in-force-for-a-year", "5.2", "Lists that claim to be in force for a year")
def _long_life() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number, hours=365 * 24)
    return _judge(registry, certificate, status, _undecided("status_list_validity"))


@case("status-in-force-for-a-week", "5.2", "Lists that claim to be in force for a week, which is allowed")
def _week() -> Scene:
    registry, certificate = _issued()
    return _judge(registry, certificate, registry.status(certificate.number, hours=7 * 24), passed())


@case("status-post-dated", "5.2", "Lists whose period begins after they were signed")
def _post_dated() -> Scene:
    return _resigned("status_list_validity", created=NOW - 660)


@case(
    "status-list-of-another-issuer", "5.2", "Lists that name another issuer, by a status key: it is not read"
)
def _another_issuer() -> Scene:
    return _resigned("", issuer=f"{registry_did(HOST)}:a:410100")


@case("status-list-type-as-text", "5.2", "Lists whose type is one text")
def _type_as_text() -> Scene:
    return _resigned("status_list_other", type="BitstringStatusListCredential")


@case("status-names-no-trust-list", "5.2", "Lists that do not say which trust list was the newest")
def _nameless() -> Scene:
    return _resigned("status_list_form", trustListVersion=None)


@case("status-names-trust-list-nought", "5.2", "Lists that name a version that there cannot be")
def _nought() -> Scene:
    return _resigned("status_list_form", trustListVersion=0)


@case(
    "status-list-of-another-address", "5.3", "The genuine lists of another authority at this one's addresses"
)
def _other() -> Scene:
    registry, certificate = _issued()
    other = registry.status(number_of("418001", 2026, 1, 123))
    status = {url.replace("/418001/", "/410100/"): data for url, data in other.items()}
    return _judge(registry, certificate, status, _undecided("status_list_other"))


@case(
    "status-purposes-swapped",
    "5.3",
    "The list of suspensions at the address of the revocations, and the reverse",
)
def _swapped() -> Scene:
    registry, certificate = _issued()
    status = registry.status(certificate.number)
    urls = [status_url(HOST, certificate.number, purpose) for purpose in ("revocation", "suspension")]
    status[urls[0]], status[urls[1]] = status[urls[1]], status[urls[0]]
    return _judge(registry, certificate, status, _undecided("status_list_other"))


@case("status-list-altered", "5.3", "A list from which the certificate's revocation was removed")
def _altered() -> Scene:
    registry, certificate = _issued()
    clean = registry.status(certificate.number)
    registry.revoke(certificate.number)
    status = registry.status(certificate.number)
    url = status_url(HOST, certificate.number, "revocation")
    before, after = (_encoded_list(one[url]) for one in (status, clean))
    status[url] = status[url].replace(before, after)
    return _judge(registry, certificate, status, _undecided("status_list_signature"))


def _encoded_list(document: bytes) -> bytes:
    text: str = parse_canonical(document, RECORD_LIMITS)["credentialSubject"]["encodedList"]
    return text.encode()


def _with_encoded_list(text: str, code: str) -> Scene:
    """Both lists hold ``text`` and are signed by the status key."""
    return _resigned(code, text)


def _resigned(code: str, text: str = "", *, created: int = NOW - 600, **changes: Any) -> Scene:
    """Both lists with ``text`` as their bits or with ``changes`` (None removes), signed by the status key; fine without a ``code``."""
    registry, certificate = _issued()
    status = registry.status(certificate.number)
    for purpose in ("revocation", "suspension"):
        url = status_url(HOST, certificate.number, purpose)
        document = parse_canonical(status[url], RECORD_LIMITS)
        if text:
            document["credentialSubject"]["encodedList"] = text
        document = {name: value for name, value in {**document, **changes}.items() if value is not None}
        method = document.pop("proof")["verificationMethod"]
        resigned = add_proof(document, signer("status"), verification_method=method, created=created)
        status[url] = canonicalize_restricted(resigned)
    return _judge(registry, certificate, status, _undecided(code) if code else passed())


@case("status-list-bomb", "5.2", "A list of 24 KB that expands to 4 MiB")
def _bomb() -> Scene:
    text = "u" + base64url_encode(gzip_by_hand(bytes(4 * 1024 * 1024)))
    return _with_encoded_list(text, "status_list_too_large")


@case("status-list-short", "5.2", "A list of one byte too few")
def _short() -> Scene:
    return _with_encoded_list(encode_list(bytes(STATUS_LIST_BITS // 8 - 1), gzip_by_hand), "status_list_form")


@case("status-list-long", "5.2", "A list of one byte too many")
def _long() -> Scene:
    return _with_encoded_list(
        encode_list(bytes(STATUS_LIST_BITS // 8 + 1), gzip_by_hand), "status_list_too_large"
    )


@case("status-list-not-compressed", "5.2", "A list that is not gzip")
def _raw() -> Scene:
    return _with_encoded_list("u" + base64url_encode(bytes(64)), "status_list_form")


@case("status-list-with-a-tail", "5.2", "Bytes after the end of the compressed list")
def _tail() -> Scene:
    data = gzip_by_hand(bytes(STATUS_LIST_BITS // 8)) + b"tail"
    return _with_encoded_list("u" + base64url_encode(data), "status_list_form")
