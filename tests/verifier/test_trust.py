"""Trust: established once, reported as it is, and a memory that is bounded and changes no answer."""

import pytest

from tests.builders import refused
from tests.simulator import LOGGED_AT, Simulator, standard_pin
from verifier.errors import LogError, StatusError
from verifier.status import status_url
from verifier.trust import Trust

URL = "https://jxjy.henan.example/status/410100/2026/1/revocation/0"


def test_established_trust_tells_what_it_rests_on() -> None:
    registry = Simulator()
    trust = registry.trust()
    assert trust.error is None
    assert trust.trust_list == registry.trust_list
    assert trust.summary == {
        "rootFingerprint": standard_pin().fingerprint,
        "registry": "jxjy.henan.example",
        "version": 1,
        "validFrom": registry.trust_list.valid_from,
        "validUntil": registry.trust_list.valid_until,
    }


def test_what_went_wrong_is_kept() -> None:
    trust = Simulator().trust(documents=[b"{}"])
    assert trust.trust_list is None
    assert trust.error is not None
    assert trust.error.code == "trust_list_form"
    assert trust.summary == {"rootFingerprint": standard_pin().fingerprint}
    assert trust.log_keys is None


def test_signatures_are_checked_once_and_answers_stay_the_same() -> None:
    registry = Simulator()
    certificate = registry.issue()
    trust, documents = registry.trust(), registry.status(certificate.number)
    first = trust.status_list(registry.trust_list, documents[URL], URL)
    assert trust.status_list(registry.trust_list, documents[URL], URL) is first
    checkpoint = registry.checkpoint()
    assert trust.checkpoint(registry.trust_list, checkpoint) is trust.checkpoint(
        registry.trust_list, checkpoint
    )
    details = status_url("jxjy.henan.example", certificate.number, "details")
    assert trust.status_details(registry.trust_list, documents[details], details).changes == {}


def test_a_refusal_takes_no_room() -> None:
    registry = Simulator()
    trust = registry.trust()
    for _ in range(2):
        with refused(StatusError, "status_list_form"):
            trust.status_list(registry.trust_list, b"{}", URL)
        with refused(LogError, "note_form"):
            trust.checkpoint(registry.trust_list, b"{}")
    assert not trust._memory


def test_refused_details_are_remembered_by_their_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Simulator()
    trust, url = registry.trust(), URL.replace("revocation", "details")
    for _ in range(2):
        with refused(StatusError, "status_list_form"):
            trust.status_details(registry.trust_list, b"[" * 100_000, url)
        monkeypatch.setattr("verifier.trust.verify_status_details", None)  # a second look would be an error
    assert len(trust._memory) == 1
    assert b"[" not in repr(trust._memory).encode()


def test_a_list_is_remembered_for_its_address_only() -> None:
    registry = Simulator()
    certificate = registry.issue()
    trust, data = registry.trust(), registry.status(certificate.number)[URL]
    trust.status_list(registry.trust_list, data, URL)
    with refused(StatusError, "status_list_other"):
        trust.status_list(registry.trust_list, data, URL.replace("410100", "418001"))


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.trust.MAX_REMEMBERED", 3)
    registry = Simulator()
    trust = registry.trust()
    for later in range(5):
        trust.checkpoint(registry.trust_list, registry.checkpoint(cosigned_at=LOGGED_AT + later))
        assert 1 <= len(trust._memory) <= 3
    assert len(trust._memory) == 2


def test_memories_are_not_shared() -> None:
    registry = Simulator()
    first, second = registry.trust(), registry.trust()
    first.checkpoint(registry.trust_list, registry.checkpoint())
    assert isinstance(first, Trust)
    assert not second._memory
