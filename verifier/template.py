"""Record templates: how a certificate's few values expand to its full record, and back (SPEC clause 3).

A template is data (``/templates/KIND/VERSION/record.json``), published once and never edited. It lists the values that a
certificate does not share with all others of its kind, in the order in which the QR carries them, and shows the record
with ``{placeholders}``: a string that is one placeholder takes the value with its own type, inside a longer string it is
inserted as text. A wrong expansion cannot verify, so one signature covers both forms.

``fields`` here are values in the record's own form (texts, integers), by name; a ``CborItem`` is their form in the QR.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

import orjson

from keys.canonical import JsonLimits, parse_restricted
from keys.errors import KeysError
from keys.proofs import check_options
from verifier.cbor import CborItem
from verifier.errors import FormError
from verifier.limits import STATUS_LIST_BITS
from verifier.number import CertificateNumber, parse_number
from verifier.qrvalues import NUMBER_FIELD, Field, ValueSpec, value_spec
from verifier.reader import INTEGER, RecordReader, compile_reader
from verifier.writer import PLACEHOLDER, RecordWriter, WrittenRecord, compile_writer

Fields = dict[str, Field]
_DERIVED = frozenset(
    {"host", "issuerName", "issuerDid", "authority", "year", "kindDigit", "statusIndex", "statusBlock"}
)
FORMAT = "certreg-record-template/1"
_DERIVED_FORMS = {
    "authority": rb"[0-9]{6}",
    "year": rb"[0-9]{4}",
    "kindDigit": rb"[0-9]",
    "statusIndex": rb"[0-9]{1,7}",
    "statusBlock": rb"[0-9]{1,7}",
    NUMBER_FIELD: rb"[0-9]{20}",
}
"""How what follows from the number looks; whether it follows is asked afterwards."""
_LIMITS = JsonLimits(max_bytes=64 * 1024)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in the record: the members to follow, and the pattern around it in a longer string."""

    path: tuple[str | int, ...]
    pattern: re.Pattern[str] | None


class ReadRecord(NamedTuple):
    """A record's bytes taken apart. ``proof_value`` is not decoded yet; ``signed`` are the 64 bytes that the proof signs.

    ``texts`` and ``integers`` are all that is in the record beside what the template says; the issuer's name is the last.
    """

    fields: Fields
    texts: tuple[str, ...]
    integers: tuple[int, ...]
    number: CertificateNumber
    proof_value: str
    signed: bytes


@dataclass(frozen=True, slots=True)
class RecordTemplate:
    """A compiled template. ``code`` is the first item of the QR's array."""

    kind: str
    kind_digit: int
    version: str
    code: int
    values: tuple[ValueSpec, ...]
    places: Mapping[str, Place]
    _writer: RecordWriter
    _texts: tuple[str, ...]
    """The number last."""
    _integers: tuple[str, ...]
    """Names of the values that are JSON numbers in the record; all others are texts there."""
    _formed: tuple[ValueSpec, ...]
    """Values whose form a text can miss; of the others, the number, times and integers are read as such, and texts are texts."""
    _readers: dict[str, RecordReader] = field(init=False, default_factory=dict, compare=False, repr=False)
    """By registry, of which a verifier knows one."""

    def write(self, fields: Mapping[str, Field], *, host: str, issuer_name: str) -> WrittenRecord:
        """The record's canonical bytes; raises ``FormError`` where the number is none or a text has no bytes."""
        return self.write_as(
            parse_number(str(fields[NUMBER_FIELD])), fields, host=host, issuer_name=issuer_name
        )

    def write_as(
        self, number: CertificateNumber, fields: Mapping[str, Field], *, host: str, issuer_name: str
    ) -> WrittenRecord:
        """As ``write``, where ``number`` is known to be the one among ``fields``."""
        series = (host, issuer_name, number.authority, number.year, number.kind, number.status_block)
        try:
            return _series_writer(self._writer, *series).write({**fields, "statusIndex": number.status_index})
        except orjson.JSONEncodeError as error:
            raise FormError("record_form", "surrogate") from error

    def write_all(
        self,
        rows: Sequence[tuple[CertificateNumber, Mapping[str, Field]]],
        *,
        host: str,
        issuer_name: str,
        shared: Sequence[str],
    ) -> list[WrittenRecord]:
        """As ``write``, of rows that have the same in the fields ``shared``: these are filled in once for each series."""
        written: list[WrittenRecord] = []
        for series, same in groupby(rows, _series_of):
            group = list(same)
            numbers, fields = [number for number, _ in group], [fields for _, fields in group]
            common = {name: fields[0][name] for name in shared}
            columns: dict[str, Sequence[Field]] = {
                NUMBER_FIELD: [number.digits for number in numbers],
                "statusIndex": [number.status_index for number in numbers],
            }
            try:
                writer = _series_writer(self._writer, host, issuer_name, *series).bind(common)
                for name in writer.names - columns.keys():
                    columns[name] = [one[name] for one in fields]
                written += writer.write_columns(columns, len(group))
            except orjson.JSONEncodeError as error:
                raise FormError("record_form", "surrogate") from error
        return written

    def read(self, data: bytes, *, host: str) -> ReadRecord | None:
        """The values in ``data``, where ``write`` gives ``data`` for them; else None.

        Raises ``FormError`` or ``ValueError`` where it holds no number, no text, or a value that is not of its form.
        """
        reader = self._readers.get(host)
        if reader is None:
            reader = self._readers[host] = _reader(self._writer, self._texts, self._integers, host)
        apart = reader.read(data)
        if apart is None:
            return None
        texts, integers, derived, proof_value, signed = apart
        number = parse_number(texts[-3])
        block, index = divmod(number.serial, STATUS_LIST_BITS)
        if texts[-2] != str(index) or derived != _derived(
            reader.derived, host, number.authority, number.year, number.kind, block
        ):
            return None
        fields: Fields = dict(zip(self._texts, texts, strict=False))
        fields.update(zip(self._integers, integers, strict=True))
        for spec in self._formed:
            spec.pack(fields[spec.field], spec)
        return ReadRecord(fields, texts, integers, number, proof_value, signed)

    def expand(self, fields: Mapping[str, Field], *, host: str, issuer_name: str) -> dict[str, Any]:
        """The record as a JSON value, without ``proofValue``."""
        return self.write(fields, host=host, issuer_name=issuer_name).unsigned()

    def fields_of(self, record: Mapping[str, Any]) -> Fields:
        """The values that stand in ``record``; raises ``FormError`` (``record_form``) where one is missing."""
        try:
            return {name: _find(record, place) for name, place in self.places.items()}
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise FormError("record_form") from error

    def pack(self, fields: Mapping[str, Field]) -> list[CborItem]:
        """``fields`` as the items of the QR's array, without the template code."""
        return [spec.pack(fields[spec.field], spec) for spec in self.values]

    def unpack(self, items: Sequence[CborItem]) -> Fields:
        """The fields of ``items``; raises ``FormError`` (``qr_values``) unless packing gives ``items`` again."""
        if len(items) != len(self.values):
            raise FormError("qr_values", "count")
        fields: Fields = {}
        spelled = True
        try:
            for spec, item in zip(self.values, items, strict=True):
                value = fields[spec.field] = spec.unpack(item, spec)
                spelled = spelled and spec.pack(value, spec) == item
        except (
            TypeError,
            ValueError,
            OverflowError,
            AttributeError,
            LookupError,
            KeysError,
            FormError,
        ) as error:
            raise FormError("qr_values") from error
        if not spelled:
            raise FormError("qr_values", "spelling")
        return fields


def _series_of(row: tuple[CertificateNumber, Mapping[str, Field]]) -> tuple[str, int, int, int]:
    number = row[0]
    return number.authority, number.year, number.kind, number.status_block


def _reader(
    writer: RecordWriter, texts: tuple[str, ...], integers: tuple[str, ...], host: str
) -> RecordReader:
    """The way back from what ``writer`` writes for ``host``."""
    did = re.escape(issuer_did(host, "").encode()) + _DERIVED_FORMS["authority"]
    forms = {**_DERIVED_FORMS, **dict.fromkeys(integers, INTEGER), "issuerDid": did}
    return compile_reader(
        writer.bind({"host": host}),
        forms,
        texts=(*texts, "statusIndex", "issuerName"),
        integers=integers,
        derived=("issuerDid", "authority", "year", "kindDigit", "statusBlock"),
    )


@lru_cache(maxsize=256)
def _derived(
    names: tuple[str, ...], host: str, authority: str, year: int, kind: int, block: int
) -> tuple[bytes, ...]:
    """What a record of that series says beside its values, by ``names``."""
    derived = {
        "issuerDid": issuer_did(host, authority).encode("utf-8"),
        "authority": authority.encode("ascii"),
        "year": b"%d" % year,
        "kindDigit": b"%d" % kind,
        "statusBlock": b"%d" % block,
    }
    return tuple(derived[name] for name in names)


@lru_cache(maxsize=256)
def _series_writer(
    writer: RecordWriter, host: str, issuer_name: str, authority: str, year: int, kind: int, block: int
) -> RecordWriter:
    """The writer for the certificates of one series: all that is derived but the place in the status lists."""
    return writer.bind(
        {
            "host": host,
            "issuerName": issuer_name,
            "issuerDid": issuer_did(host, authority),
            "authority": authority,
            "year": year,
            "kindDigit": kind,
            "statusBlock": block,
        }
    )


def parse_record_template(data: bytes) -> RecordTemplate:
    """The template in ``data``; raises ``FormError`` (``template_form``)."""
    try:
        document = parse_restricted(data, _LIMITS)
        if document["format"] != FORMAT:
            raise FormError("template_form", "format")
        check_options(document["record"], document["record"]["proof"])
        values = tuple(
            value_spec(one["name"], one["form"], tuple(one.get("codes", ())), is_open=one.get("open", False))
            for one in document["values"]
        )
        if type(document["code"]) is not int or len({spec.field for spec in values}) != len(values):
            raise FormError("template_form", "form")
        places = _places(document["record"], {spec.field for spec in values})
        integers = {spec.name for spec in values if spec.form == "integer"}
        whole = [name for name, place in places.items() if place.pattern is None and name in integers]
        return RecordTemplate(
            kind=document["kind"],
            kind_digit=document["kindDigit"],
            version=document["version"],
            code=document["code"],
            values=values,
            places=places,
            _writer=compile_writer(document["record"], _numbers(values)),
            _texts=(*(name for name in places if name not in (*whole, NUMBER_FIELD)), NUMBER_FIELD),
            _integers=tuple(whole),
            _formed=tuple(spec for spec in values if spec.form in ("day", "identity", "code")),
        )
    except (KeysError, KeyError, TypeError, AttributeError) as error:
        raise FormError("template_form") from error


def issuer_did(host: str, authority: str) -> str:
    """``did:web:HOST:a:CODE``, of a host and code that are known to be well formed."""
    return f"did:web:{host.replace(':', '%3A')}:a:{authority}"


def _numbers(values: Sequence[ValueSpec]) -> frozenset[str]:
    """The names whose values are JSON numbers where they stand alone."""
    return frozenset(spec.name for spec in values if spec.form == "integer") | {"year", "kindDigit"}


def _places(record: Any, wanted: set[str]) -> dict[str, Place]:
    """The first place of each wanted value, a whole string before a part of one."""
    found: dict[str, Place] = {}
    for path, text in _strings(record, ()):
        _check_placeholders(text, wanted)
        for name in wanted.intersection(PLACEHOLDER.findall(text)):
            whole = text == f"{{{name}}}"
            if whole or name not in found:
                found[name] = Place(path, None if whole else _around(text, name))
    if set(found) != wanted:
        raise FormError("template_form", "value without a place")
    return found


def _check_placeholders(text: str, wanted: set[str]) -> None:
    """Refuse braces around anything but a known name: nothing else reaches the formatter."""
    known = set(PLACEHOLDER.findall(text)) <= wanted | _DERIVED
    if not known or set("{}") & set(PLACEHOLDER.sub("", text)):
        raise FormError("template_form", "braces")


def _strings(value: Any, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        return [(path, value)]
    members: Any = value.items() if isinstance(value, dict) else enumerate(value)
    return [found for key, member in members for found in _strings(member, (*path, key))]


def _around(text: str, name: str) -> re.Pattern[str]:
    pieces = PLACEHOLDER.split(text)
    parts = [
        ("(.+)" if piece == name else ".+") if odd % 2 else re.escape(piece)
        for odd, piece in enumerate(pieces)
    ]
    return re.compile("".join(parts))


def value_at(record: Any, path: Sequence[str | int]) -> Any:
    """The value at ``path``; raises what Python raises where there is none."""
    for step in path:
        record = record[step]
    return record


def _find(record: Any, place: Place) -> Field:
    value = value_at(record, place.path)
    if place.pattern is None:
        if type(value) not in (str, int):
            raise FormError("record_form")
        field: Field = value
        return field
    match = place.pattern.fullmatch(value)
    if match is None:
        raise FormError("record_form")
    # A part of a string is a day or a key sequence: digits stay a text until the comparison of the whole record.
    return str(match[1])


def number_in(fields: Mapping[str, Field]) -> CertificateNumber:
    """The certificate number among ``fields``."""
    return parse_number(str(fields[NUMBER_FIELD]))
