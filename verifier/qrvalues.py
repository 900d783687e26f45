"""The forms in which a QR's array carries a certificate's values (SPEC clause 3), each with its one spelling.

``fields`` have values in the record's own form (texts, integers); a ``CborItem`` is their form in the QR.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from keys.encodings import timestamp_decode, timestamp_encode
from verifier.cbor import CborItem
from verifier.errors import FormError
from verifier.iso7064 import mod97_10_check

Field = str | int
NUMBER_FIELD = "certificateNumber"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_IDENTITY = re.compile(r"[0-9]{9}[0-9X]", re.ASCII)
_MASK = "*" * 8
_MASKED = re.compile(r"[0-9]{6}\*{8}[0-9]{3}[0-9X]", re.ASCII)


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """One value of the QR's array, for the field ``field``. ``codes`` are the texts of a ``code``; an ``open`` one takes
    other texts too. ``pack`` and ``unpack`` are given this spec."""

    name: str
    form: str
    field: str
    pack: "Callable[[Field, ValueSpec], CborItem]"
    unpack: "Callable[[CborItem, ValueSpec], Field]"
    codes: tuple[str, ...] = ()
    open: bool = False


def value_spec(name: str, form: str, codes: tuple[str, ...], *, is_open: bool) -> ValueSpec:
    """The spec of that form; raises ``FormError`` (``template_form``) where there is no such form."""
    if form not in _FORMS:
        raise FormError("template_form", "form")
    return ValueSpec(name, form, NUMBER_FIELD if form == "number" else name, *_FORMS[form], codes, is_open)


def _pack_text(value: Field, _: ValueSpec) -> CborItem:
    """The shorter of UTF-8 (a CBOR text) and UTF-16BE (a byte string); UTF-8 where they are equal."""
    text = str(value)
    wide = text.encode("utf-16-be")
    return wide if len(wide) < len(text.encode("utf-8")) else text


def _unpack_text(item: CborItem, _: ValueSpec) -> Field:
    if isinstance(item, int):
        raise FormError("qr_values", "text")
    return item if isinstance(item, str) else item.decode("utf-16-be")


def _pack_number(value: Field, _: ValueSpec) -> CborItem:
    return int(str(value)[:18])


def _unpack_number(item: CborItem, _: ValueSpec) -> Field:
    body = f"{_unsigned(item):018d}"
    return body + mod97_10_check(body)


def _pack_day(value: Field, _: ValueSpec) -> CborItem:
    return _days_to(str(value))


@lru_cache(maxsize=256)
def _days_to(day: str) -> int:
    if _DAY.fullmatch(day) is None:
        raise FormError("record_form", "day")
    try:
        return date.fromisoformat(day).toordinal() - _EPOCH
    except ValueError as error:
        raise FormError("record_form", "day") from error


def _unpack_day(item: CborItem, _: ValueSpec) -> Field:
    return _day_after(_unsigned(item))


@lru_cache(maxsize=256)
def _day_after(days: int) -> str:
    return date.fromordinal(days + _EPOCH).isoformat()


def _pack_time(value: Field, _: ValueSpec) -> CborItem:
    return timestamp_decode(str(value))


def _unpack_time(item: CborItem, _: ValueSpec) -> Field:
    return timestamp_encode(_unsigned(item))


def _pack_integer(value: Field, _: ValueSpec) -> CborItem:
    return int(value)


def _unpack_integer(item: CborItem, _: ValueSpec) -> Field:
    return _unsigned(item)


def _pack_identity(value: Field, spec: ValueSpec) -> CborItem:
    text = str(value)
    if _MASKED.fullmatch(text) is None:
        raise FormError("record_form", spec.name)
    return text.replace(_MASK, "", 1)


def _unpack_identity(item: CborItem, _: ValueSpec) -> Field:
    if not isinstance(item, str) or _IDENTITY.fullmatch(item) is None:
        raise FormError("qr_values", "identity")
    return item[:6] + _MASK + item[6:]


def _pack_code(value: Field, spec: ValueSpec) -> CborItem:
    text = str(value)
    if text in spec.codes:
        return spec.codes.index(text)
    if not spec.open:
        raise FormError("record_form", spec.name)
    return text


def _unpack_code(item: CborItem, spec: ValueSpec) -> Field:
    if isinstance(item, int):
        return spec.codes[item]
    if not isinstance(item, str):
        raise FormError("qr_values", spec.name)
    return item


def _unsigned(item: CborItem) -> int:
    if not isinstance(item, int):
        raise FormError("qr_values", "integer")
    return item


_EPOCH = datetime.fromtimestamp(0, UTC).date().toordinal()
_FORMS: dict[str, tuple[Callable[[Field, ValueSpec], CborItem], Callable[[CborItem, ValueSpec], Field]]] = {
    "number": (_pack_number, _unpack_number),
    "day": (_pack_day, _unpack_day),
    "time": (_pack_time, _unpack_time),
    "integer": (_pack_integer, _unpack_integer),
    "text": (_pack_text, _unpack_text),
    "identity": (_pack_identity, _unpack_identity),
    "code": (_pack_code, _unpack_code),
}
