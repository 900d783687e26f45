"""Log proofs and log entries as files: one spelling, bounded, and only LogError for the rest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import canonicalize
from keys.encodings import base64_encode
from tests.builders import at, refused
from verifier.errors import LogError
from verifier.limits import MAX_LOG_PROOF_BYTES
from verifier.logentry import ACTIONS, LogEntry, parse_log_entry, record_digest
from verifier.merkle import MAX_PROOF_HASHES
from verifier.tlogproof import TlogProof, parse_tlog_proof

CHECKPOINT = b"log\n1\nAAAA\n\n\xe2\x80\x94 log AAAAAAAA\n"
PROOF = TlogProof(b'{"a":1}', 3, (b"\1" * 32, b"\2" * 32), CHECKPOINT)
ENTRY = LogEntry(
    action="issue",
    number="41010020261000012315",
    digest=record_digest(b"record"),
    authority="410100",
    time=at("2026-11-20T08:00:00Z"),
)

proofs = st.builds(
    TlogProof,
    entry=st.binary(max_size=50),
    index=st.integers(0, 10**19 - 1),
    hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_PROOF_HASHES).map(tuple),
    checkpoint=st.binary(max_size=50),
)


@given(proofs)
def test_a_proof_comes_back(proof: TlogProof) -> None:
    assert parse_tlog_proof(proof.to_bytes()) == proof


def test_its_layout() -> None:
    assert PROOF.to_bytes().startswith(b"c2sp.org/tlog-proof@v1\nextra eyJhIjoxfQ==\nindex 3\nAQEB")
    assert PROOF.to_bytes().endswith(b"=\n\n" + CHECKPOINT)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: PROOF.to_bytes()[:60] + tail))
def test_any_bytes_are_that_one_proof_or_refused(data: bytes) -> None:
    try:
        proof = parse_tlog_proof(data)
    except LogError:
        return
    assert proof.to_bytes() == data


WHOLE = PROOF.to_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        WHOLE.partition(b"\n\n")[0],
        WHOLE.replace(b"@v1", b"@v2"),
        WHOLE.replace(b"extra eyJhIjoxfQ==\n", b""),
        WHOLE.replace(b"extra ", b"Extra "),
        WHOLE.replace(b"extra eyJhIjoxfQ==", b"extra eyJhIjoxfR=="),
        WHOLE.replace(b"index 3", b"index 03"),
        WHOLE.replace(b"index 3", b"index  3"),
        WHOLE.replace(b"index 3", b"index -3"),
        WHOLE.replace(b"index 3", b"index"),
        WHOLE.replace(b"index 3\n", b"index 3\nAAAA\n"),
        WHOLE.replace(b"index 3\n", b"index 3\n" + base64_encode(b"x" * 33).encode() + b"\n"),
        WHOLE.replace(b"index", b"\xe9ndex"),
        b"c2sp.org/tlog-proof@v1\n\n",
        WHOLE.replace(b"\n", b"\r\n"),
        TlogProof(b"", 0, (b"\1" * 32,) * (MAX_PROOF_HASHES + 1), b"").to_bytes(),
        WHOLE + b"x" * MAX_LOG_PROOF_BYTES,
    ],
)
def test_what_is_not_a_proof(data: bytes) -> None:
    with refused(LogError, "log_proof_form"):
        parse_tlog_proof(data)


entries = st.builds(
    LogEntry,
    action=st.sampled_from(ACTIONS),
    number=st.text("0123456789", max_size=20),
    digest=st.just("") | st.binary(min_size=32, max_size=32).map(bytes.hex),
    authority=st.text(max_size=8),
    time=st.integers(0, 2**33),
    reason=st.text(max_size=8),
    successor=st.text("0123456789", max_size=20),
)


@given(entries)
def test_an_entry_comes_back(entry: LogEntry) -> None:
    assert parse_log_entry(entry.to_bytes()) == entry


def test_an_entry_has_no_empty_members() -> None:
    assert ENTRY.to_bytes() == canonicalize(
        {
            "action": "issue",
            "authority": "410100",
            "digest": record_digest(b"record"),
            "number": "41010020261000012315",
            "time": "2026-11-20T08:00:00Z",
        }
    )


def altered(**members: Any) -> bytes:
    document = {
        "action": "issue",
        "authority": "410100",
        "digest": "ab" * 32,
        "number": "1",
        "time": "2026-11-20T08:00:00Z",
        **members,
    }
    return canonicalize({name: value for name, value in document.items() if value is not None})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        altered() + b"\n",
        altered(action=None),
        altered(time=None),
        altered(action="delete"),
        altered(digest="AB" * 32),
        altered(digest="ab" * 31),
        altered(time="2026-11-20"),
        altered(time=1),
        altered(number=1),
        altered(reason=""),
        altered(reason=["x"]),
        altered(name="张文博"),
        altered(reason="x" * 1024),
    ],
)
def test_what_is_not_an_entry(data: bytes) -> None:
    with refused(LogError, "log_entry_form"):
        parse_log_entry(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_no_entry(data: bytes) -> None:
    with refused(LogError, "log_entry_form"):
        parse_log_entry(data)
