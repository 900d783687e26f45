"""Signed notes and checkpoints: who signed which text, and nothing in a second spelling."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encodings import base64_encode
from tests.builders import HOST, refused, signer, vkey
from verifier.checkpoint import Checkpoint, parse_checkpoint_text, sign_checkpoint, verify_checkpoint
from verifier.errors import LogError
from verifier.limits import MAX_CHECKPOINT_BYTES, MAX_NOTE_SIGNATURES
from verifier.note import (
    ALGORITHM_COSIGNATURE,
    NoteKey,
    append_signature,
    check_note,
    cosignature_message,
    cosignature_times,
    parse_note,
    parse_vkey,
    sign_note,
)

ORIGIN = f"{HOST}/log"
LOG = parse_vkey(vkey(ORIGIN))
WITNESSES = [
    parse_vkey(vkey(name, kind=ALGORITHM_COSIGNATURE)) for name in ("witness-1.example", "witness-2.example")
]
HEAD = Checkpoint(ORIGIN, 42, b"\7" * 32)
SIGNED = sign_checkpoint(HEAD, signer(ORIGIN))


def cosigned(note: bytes, witness: NoteKey, time: int, *, by: str = "", text: str = HEAD.text) -> bytes:
    signature = signer(by or witness.name).sign(cosignature_message(text, time))
    return append_signature(note, witness, time.to_bytes(8, "big") + signature)


def verified_times(data: bytes) -> tuple[int, ...]:
    return verify_checkpoint(data, origin=ORIGIN, log_key=LOG, witness_keys=WITNESSES).witnessed


# Verifier keys


def test_a_vkey_comes_back() -> None:
    assert LOG.vkey == vkey(ORIGIN)
    assert parse_vkey(LOG.vkey) == LOG
    assert WITNESSES[0].algorithm == ALGORITHM_COSIGNATURE


def altered_vkey(material: bytes, name: str = "a.example") -> str:
    """A vkey whose key id agrees with whatever is in it."""
    key_id = sha256(name.encode() + b"\n" + material).hexdigest()[:8]
    return f"{name}+{key_id}+{base64_encode(material)}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        "a+00000000+",
        vkey(ORIGIN).upper(),
        vkey(ORIGIN) + "\n",
        vkey(ORIGIN).replace("+", " ", 1),
        "+" + vkey(ORIGIN).partition("+")[2],
        "+".join([ORIGIN, "00000000", vkey(ORIGIN).split("+", 2)[2]]),
        altered_vkey(b"\2" + signer("x").public_key.raw),
        altered_vkey(b"\1" + signer("x").public_key.raw[:-1]),
        altered_vkey(b"\1" + b"\0" * 32),
        altered_vkey(b"\1" + signer("x").public_key.raw, name="with space"),
        altered_vkey(b"\1" + signer("x").public_key.raw, name="no\u3000break"),
    ],
)
def test_what_is_not_a_vkey(text: str) -> None:
    with refused(LogError, "note_key"):
        parse_vkey(text)


@given(st.text(max_size=80))
def test_any_text_is_no_vkey(text: str) -> None:
    with refused(LogError, "note_key"):
        parse_vkey(text)


# Notes


@given(st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32) | st.just("\n"), max_size=40))
def test_a_signed_text_comes_back(text: str) -> None:
    note = parse_note(sign_note(text + "\n", signer(ORIGIN), ORIGIN))
    assert note.text == text + "\n"
    check_note(note, LOG)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\n",
        b"\xff\n\n",
        SIGNED[:-1],
        SIGNED + b"\n",
        SIGNED.replace(b"\n", b"\r\n"),
        SIGNED.replace(b"42", b"4\t2"),
        SIGNED.replace("— ".encode(), b"- "),
        SIGNED.replace("— ".encode(), "— — ".encode()),
        SIGNED + b"x\n",
        SIGNED + f"— {ORIGIN}\n".encode(),
        SIGNED + f"— {ORIGIN} AAAA\n".encode(),
        SIGNED + f"— {ORIGIN} AAAAAA=\n".encode(),
        SIGNED + "— a+b AAAAAAAA\n".encode(),
        SIGNED + "—  AAAAAAAA\n".encode(),
        b"x" * MAX_CHECKPOINT_BYTES + b"\n\n" + SIGNED.partition(b"\n\n")[2],
        SIGNED + "— x AAAAAAAA\n".encode() * MAX_NOTE_SIGNATURES,
    ],
)
def test_what_is_not_a_note(data: bytes) -> None:
    with refused(LogError, "note_form"):
        parse_note(data)


def test_unknown_signatures_up_to_the_bound_are_passed_over() -> None:
    data = SIGNED + "— x AAAAAAAA\n".encode() * (MAX_NOTE_SIGNATURES - 1)
    check_note(parse_note(data), LOG)


@given(st.binary(max_size=60) | st.text("a\n— +=A\x00", max_size=30).map(str.encode))
def test_any_bytes_are_a_note_or_refused(data: bytes) -> None:
    try:
        note = parse_note(data)
    except LogError as error:
        assert error.code == "note_form"  # noqa: PT017
        return
    with refused(LogError, "note_unsigned"):
        check_note(note, LOG)


def test_a_bad_signature_of_a_known_key_spoils_the_note() -> None:
    spoiled = append_signature(SIGNED, LOG, signer(ORIGIN).sign(b"another text\n"))
    with refused(LogError, "note_signature"):
        check_note(parse_note(spoiled), LOG)


def test_a_signature_of_another_length_does_not_verify() -> None:
    with refused(LogError, "note_signature"):
        check_note(parse_note(append_signature(HEAD.text.encode() + b"\n", LOG, b"x")), LOG)


def test_a_stranger_who_takes_the_name_is_a_stranger() -> None:
    forged = sign_note(HEAD.text, signer("stranger"), ORIGIN)
    with refused(LogError, "note_unsigned"):
        check_note(parse_note(forged), LOG)


# Checkpoints


def test_a_checkpoint_comes_back() -> None:
    verified = verify_checkpoint(SIGNED, origin=ORIGIN, log_key=LOG, witness_keys=WITNESSES)
    assert verified.checkpoint == HEAD
    assert verified.witnessed == ()


@given(st.integers(0, 10**19 - 1), st.binary(min_size=32, max_size=32))
def test_any_head_comes_back(size: int, root: bytes) -> None:
    head = Checkpoint(ORIGIN, size, root)
    assert parse_checkpoint_text(head.text) == head


def test_no_bit_of_a_checkpoint_may_change() -> None:
    for bit in range(8 * len(SIGNED)):
        changed = bytearray(SIGNED)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(LogError):
            verified_times(bytes(changed))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        HEAD.text[:-1],
        HEAD.text + "extension\n",
        HEAD.text + "\n",
        "\n" + HEAD.text.partition("\n")[2],
        HEAD.text.replace("42", "042"),
        HEAD.text.replace("42", "+42"),
        HEAD.text.replace("42", "４２"),
        HEAD.text.replace("42", ""),
        HEAD.text.replace("=", ""),
        f"{ORIGIN}\n42\n{base64_encode(b'x' * 31)}\n",
        f"{ORIGIN}\n42\n{base64_encode(b'x' * 33)}\n",
    ],
)
def test_what_is_not_a_checkpoint(text: str) -> None:
    with refused(LogError, "checkpoint_form"):
        parse_checkpoint_text(text)


@given(st.text(max_size=40))
def test_any_text_is_no_checkpoint(text: str) -> None:
    with refused(LogError, "checkpoint_form"):
        parse_checkpoint_text(text)


def test_the_checkpoint_of_another_log() -> None:
    other = sign_checkpoint(replace(HEAD, origin="other.example/log"), signer(ORIGIN))
    with refused(LogError, "checkpoint_origin"):
        verified_times(other)


def test_another_origin_under_our_logs_signature_line() -> None:
    other = sign_note(replace(HEAD, origin="other.example/log").text, signer(ORIGIN), ORIGIN)
    with refused(LogError, "checkpoint_origin"):
        verified_times(other)


# Witnesses


def test_cosignatures_of_known_witnesses_count_once_each() -> None:
    data = cosigned(SIGNED, WITNESSES[0], 2000)
    data = cosigned(data, WITNESSES[0], 1000)
    assert verified_times(data) == (1000,)
    assert verified_times(cosigned(data, WITNESSES[1], 3000)) == (1000, 3000)


def test_cosignatures_that_count_nothing() -> None:
    stranger = parse_vkey(vkey("stranger", kind=ALGORITHM_COSIGNATURE))
    data = cosigned(SIGNED, stranger, 1000)
    data = cosigned(data, WITNESSES[0], 1000, by="stranger")
    data = cosigned(data, WITNESSES[0], 1000, text=replace(HEAD, size=43).text)
    data = append_signature(data, WITNESSES[0], b"short")
    # An ordinary note signature by the witness's key says nothing about a time.
    data = append_signature(data, WITNESSES[1], signer(WITNESSES[1].name).sign(HEAD.text.encode()))
    assert verified_times(data) == ()


def test_the_time_is_signed() -> None:
    message = cosignature_message(HEAD.text, 1000)
    signature = signer(WITNESSES[0].name).sign(message)
    data = append_signature(SIGNED, WITNESSES[0], (999).to_bytes(8, "big") + signature)
    assert message == f"cosignature/v1\ntime 1000\n{HEAD.text}".encode()
    assert verified_times(data) == ()


def test_a_cosignature_is_not_the_logs_signature() -> None:
    alone = cosigned(HEAD.text.encode() + b"\n", WITNESSES[0], 1000)
    assert cosignature_times(parse_note(alone), WITNESSES) == [1000]
    with refused(LogError, "note_unsigned"):
        verified_times(alone)
