"""Record templates backwards: one pattern that takes a record's bytes apart (SPEC clause 3, step 2).

The pieces from which a record is written become a regular expression: constants as they are, every value once as a group and
from then on as what that group held. Bytes that match it are those that the template writes for the values in them, to the
last one, which proves the strict form and every member at once. Nothing is built but the values.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

import orjson

from verifier.errors import FormError
from verifier.writer import Pieces, RecordWriter, options_hash

_TEXT = rb'[^"\\\x00-\x1f]*(?:\\["\\][^"\\\x00-\x1f]*)*'
"""Between a canonical string's quotes. Control characters are escaped otherwise; they stand in no genuine record."""
INTEGER = rb"0|-?[1-9][0-9]{0,15}"
_BEFORE_OPTIONS = b'"proof":'
_BEFORE_VALUE = b'"proofValue":"'
_SIGNED_VALUE = rb'(?P<_value>"proofValue":"z[1-9A-HJ-NP-Za-km-z]{1,127}",)'


class TakenApart(NamedTuple):
    """What stood in a record, in the order of the names asked for. ``signed``: the 64 bytes that the proof signs."""

    texts: tuple[str, ...]
    integers: tuple[int, ...]
    derived: tuple[bytes, ...]
    proof_value: str
    signed: bytes


@dataclass(frozen=True, slots=True, eq=False)
class RecordReader:
    """A compiled template record of one registry, backwards."""

    _pattern: re.Pattern[bytes]
    _groups: tuple[int, ...]
    """The pattern's groups that hold the values: texts, then integers, then what is derived."""
    _texts: int
    _integers: int
    """Where the first and the second of these end."""
    _proof: int
    _value: int
    derived: tuple[str, ...]
    """Those of the names asked for that the record has."""

    def read(self, data: bytes) -> TakenApart | None:
        """``data`` taken apart where it is what the template writes for the values in it; else None.

        Raises ``ValueError`` where a text is no UTF-8.
        """
        match = self._pattern.fullmatch(data)
        if match is None:
            return None
        (start, end), (value_start, value_end) = match.span(self._proof), match.span(self._value)
        options = data[start + len(_BEFORE_OPTIONS) : value_start] + data[value_end : end - 1]
        values, text_of = match.group(*self._groups), _text_of if b"\\" in data else bytes.decode
        return TakenApart(
            tuple(map(text_of, values[: self._texts])),
            tuple(map(int, values[self._texts : self._integers])),
            values[self._integers :],
            data[value_start + len(_BEFORE_VALUE) : value_end - 2].decode("ascii"),
            options_hash(options) + sha256(data[:start] + data[end:]).digest(),
        )


def compile_reader(
    writer: RecordWriter,
    forms: Mapping[str, bytes],
    *,
    texts: Sequence[str],
    integers: Sequence[str],
    derived: Sequence[str],
) -> RecordReader:
    """The reader of what ``writer`` writes. ``forms`` are patterns of values by name; those without one are texts.

    ``texts``, ``integers`` and ``derived`` are the names to read, two at least. Raises ``FormError`` (``template_form``) where the record
    lacks one of the first two.
    """
    seen: set[str] = set()
    before_proof, after_proof, before_value, after_value = writer.parts
    # In the order of the bytes, since the first place of a value is its group.
    pattern = (
        _pattern(before_proof, forms, seen)
        + b"(?P<_proof>"
        + _BEFORE_OPTIONS
        + _pattern(before_value, forms, seen)
        + _SIGNED_VALUE
        + _pattern(after_value, forms, seen)
        + b",)"
        + _pattern(after_proof, forms, seen)
    )
    if not seen.issuperset((*texts, *integers)):
        raise FormError("template_form", "value without a place")
    present = tuple(name for name in derived if name in seen)
    compiled = re.compile(pattern)
    groups = compiled.groupindex
    places = tuple(groups[name] for name in (*texts, *integers, *present))
    ends = len(texts), len(texts) + len(integers)
    return RecordReader(compiled, places, *ends, groups["_proof"], groups["_value"], present)


def _text_of(inner: bytes) -> str:
    """The text whose canonical form without quotes is ``inner``."""
    text: str = orjson.loads(b'"' + inner + b'"')
    return text


def _pattern(pieces: Pieces, forms: Mapping[str, bytes], seen: set[str]) -> bytes:
    found = b""
    for constant, name in pieces:
        found += re.escape(constant)
        if name in seen:
            found += b"(?P=" + name.encode() + b")"
        elif name:
            found += b"(?P<" + name.encode() + b">" + forms.get(name, _TEXT) + b")"
            seen.add(name)
    return found
