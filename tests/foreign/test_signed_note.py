"""The example of the C2SP signed-note specification."""

import json
from pathlib import Path

import pytest

from tests.builders import refused
from verifier.errors import LogError
from verifier.note import NoteKey, check_note, parse_note, parse_vkey


@pytest.fixture
def example(foreign_vectors: Path) -> dict[str, str]:
    data: dict[str, str] = json.loads((foreign_vectors / "signed_note_example.json").read_bytes())
    return data


def test_the_example_verifies(example: dict[str, str]) -> None:
    key = parse_vkey(example["vkey"])
    assert key.vkey == example["vkey"]
    assert key.name == "example.com/foo"
    note = parse_note(example["note"].encode())
    assert note.text == "This is an example message.\n"
    check_note(note, key)


def test_no_byte_of_it_may_change(example: dict[str, str]) -> None:
    key, data = parse_vkey(example["vkey"]), example["note"].encode()
    assert signed(data, key)
    for index in range(len(data)):
        assert not signed(data[:index] + bytes((data[index] ^ 1,)) + data[index + 1 :], key)


def test_another_name_is_another_key(example: dict[str, str]) -> None:
    with refused(LogError, "note_key"):
        parse_vkey(example["vkey"].replace("foo", "bar"))


def signed(data: bytes, key: NoteKey) -> bool:
    try:
        check_note(parse_note(data), key)
    except LogError:
        return False
    return True
