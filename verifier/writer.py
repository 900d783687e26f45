"""Canonical bytes straight from a record template (SPEC clause 3): no objects in between.

A template's canonical form is compiled once to constant bytes and places for values. Filling it in gives the very bytes
that RFC 8785 gives for the expanded record, which a property test holds against an independent implementation. Issuing
signs what is written here; ``verifier.reader`` is the way back.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from keys.canonical import dump_checked
from verifier.errors import FormError

PLACEHOLDER = re.compile(r"\{([A-Za-z]+)\}")
_MARK = re.compile(rb'"\{([A-Za-z]+)\}"|\{([A-Za-z]+)\}')
_LONGEST_VALUE = 128
"""The names of the two members, and a signature in base58 (88 characters at most)."""
Pieces = tuple[tuple[bytes, str], ...]
"""Constant bytes, each followed by the name of a value (empty at the end)."""


class WrittenRecord(NamedTuple):
    """A record's canonical bytes around the two members that come last: the proof, and its value."""

    before_proof: bytes
    after_proof: bytes
    before_value: bytes
    after_value: bytes

    @property
    def greatest_size(self) -> int:
        """Bytes of the record at most, whatever its signature."""
        parts = (self.before_proof, self.after_proof, self.before_value, self.after_value)
        return sum(map(len, parts)) + _LONGEST_VALUE

    def hash_data(self) -> bytes:
        """The 64 bytes that the proof signs (SPEC 2.3)."""
        options = options_hash(self.before_value + self.after_value)
        return options + sha256(self.before_proof + self.after_proof).digest()

    def record(self, proof_value: str) -> bytes:
        """The record's bytes with the proof whose ``proofValue`` this is."""
        value = b'"proofValue":"' + proof_value.encode("ascii") + b'",'
        proof = b'"proof":' + self.before_value + value + self.after_value + b","
        return self.before_proof + proof + self.after_proof

    def unsigned(self) -> dict[str, Any]:
        """The record with its proof options, without ``proofValue``."""
        document: dict[str, Any] = orjson.loads(self.before_proof + self.after_proof)
        document["proof"] = orjson.loads(self.before_value + self.after_value)
        return document


@lru_cache(maxsize=64)
def options_hash(options: bytes) -> bytes:
    """SHA-256 of a proof without its value. All records that a key signed in one second have the same."""
    return sha256(options).digest()


@dataclass(frozen=True, slots=True, eq=False)
class RecordWriter:
    """A compiled template record; equal to itself alone, so that it is quick to look up by."""

    parts: tuple[Pieces, Pieces, Pieces, Pieces]
    """Before and after the member ``proof``, and before and after its member ``proofValue``."""
    _names: frozenset[str] = field(init=False)
    """Of the values to be filled in."""

    def __post_init__(self) -> None:
        names = frozenset(name for pieces in self.parts for _, name in pieces if name)
        object.__setattr__(self, "_names", names)

    def bind(self, fields: Mapping[str, str | int]) -> "RecordWriter":
        """The writer with ``fields`` filled in for good: what the certificates of a series share."""
        inner = {name: _inner(value) for name, value in fields.items()}
        a, b, c, d = (_bound(pieces, inner) for pieces in self.parts)
        return RecordWriter((a, b, c, d))

    def write(self, fields: Mapping[str, str | int]) -> WrittenRecord:
        """The record of ``fields``, each inserted in the canonical form of its text or number."""
        names = self._names
        inner = {name: _inner(value) for name, value in fields.items() if name in names}
        inner[""] = b""
        a, b, c, d = self.parts
        return WrittenRecord(_filled(a, inner), _filled(b, inner), _filled(c, inner), _filled(d, inner))

    @property
    def names(self) -> frozenset[str]:
        """Of the values to be filled in."""
        return self._names

    def write_columns(self, columns: Mapping[str, Sequence[str | int]], count: int) -> list[WrittenRecord]:
        """As ``write`` of ``count`` records, whose values stand in ``columns``; what is needed for many is made once."""
        inner = {name: _inner_column(columns[name]) for name in self._names}
        parts = [_filled_column(pieces, inner, count) for pieces in self.parts]
        return [WrittenRecord(*four) for four in zip(*parts, strict=True)]


def compile_writer(record: Mapping[str, Any], numbers: frozenset[str]) -> RecordWriter:
    """The writer of a template's ``record``; the values named in ``numbers`` stand without quotes.

    Raises ``FormError`` (``template_form``) unless members come before and after ``proof`` and ``proofValue``.
    """
    proof = record["proof"]
    before_proof, after_proof = _halves({**record, "proof": ""}, "proof")
    before_value, after_value = _halves({**proof, "proofValue": ""}, "proofValue")
    parts = (before_proof, after_proof, before_value, after_value)
    a, b, c, d = (_pieces(part, numbers) for part in parts)
    return RecordWriter((a, b, c, d))


def _halves(value: Mapping[str, Any], member: str) -> tuple[bytes, bytes]:
    """Canonical ``value`` on both sides of an empty text ``member`` and the comma after it."""
    before, found, after = dump_checked(value).partition(f'"{member}":"",'.encode())
    if not found or before == b"{":
        raise FormError("template_form", member)
    return before, after


def _pieces(data: bytes, numbers: frozenset[str]) -> Pieces:
    pieces, constant, last = [], b"", 0
    for match in _MARK.finditer(data):
        constant += data[last : match.start()]
        last = match.end()
        name = (match[1] or match[2]).decode("ascii")
        quoted = match[1] is not None and name not in numbers
        pieces.append((constant + (b'"' if quoted else b""), name))
        constant = b'"' if quoted else b""
    return (*pieces, (constant + data[last:], ""))


def _bound(pieces: Pieces, inner: Mapping[str, bytes]) -> Pieces:
    """``pieces`` with the values in ``inner`` made constant."""
    bound, constant = [], b""
    for before, name in pieces:
        constant += before
        if name in inner:
            constant += inner[name]
        else:
            bound.append((constant, name))
            constant = b""
    return tuple(bound)


def _filled(pieces: Pieces, inner: Mapping[str, bytes]) -> bytes:
    return b"".join([constant + inner[name] for constant, name in pieces])


def _inner(value: str | int) -> bytes:
    """``value`` as it stands in canonical JSON, without quotes."""
    return orjson.dumps(value)[1:-1] if isinstance(value, str) else b"%d" % value


def _filled_column(pieces: Pieces, inner: Mapping[str, Sequence[bytes]], count: int) -> list[bytes]:
    """``_filled`` of each row of the columns in ``inner``."""
    names = [name for _, name in pieces if name]
    if not names:
        return [pieces[0][0]] * count
    form = b"%b".join([constant.replace(b"%", b"%%") for constant, _ in pieces])
    return [form % row for row in zip(*[inner[name] for name in names], strict=True)]


def _inner_column(values: Sequence[str | int]) -> Sequence[bytes]:
    """``_inner`` of each of ``values``."""
    if set(map(type, values)) == {str}:
        texts = orjson.dumps(values)
        # An escaped quote could look like the end of a text; without a backslash a quote is an end or a beginning.
        if b"\\" not in texts:
            return texts[2:-2].split(b'","')
    return [_inner(value) for value in values]
