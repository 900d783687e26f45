"""The quick way into step 2: is the record, to the last byte, what its template writes for its own values?

Then its strict form is proven at once: canonical, no member more or less, the contexts and addresses of the registry, the
restricted profile. Anything else, and any value that is out of the ordinary, goes the slow way (``parse_record``), which
finds the same and says why not. The two never disagree; the vectors and a property test run both.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from keys.canonical import MAX_SAFE_INTEGER
from keys.encodings import timestamp_decode
from keys.errors import KeysError
from keys.proofs import signature_of
from keys.trustlist import TrustList
from verifier.catalogue import Catalogue, CertificateTemplate
from verifier.errors import FormError
from verifier.limits import MAX_RECORD_BYTES, STATUS_LIST_BITS
from verifier.number import CertificateNumber
from verifier.qrvalues import NUMBER_FIELD, Field
from verifier.record import UnverifiedRecord, check_text, parse_record
from verifier.template import Fields
from verifier.trust import Trust
from verifier.writer import WrittenRecord

_NAMED = re.compile(
    rb'"credentialSchema":\{"id":"https://[^/"]+/schemas/([a-z]{1,32})/(v[1-9][0-9]{0,2})\.json"'
)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the certificates of one series, day and key have in common, worked out once; ``valid``: by the schema."""

    issuer: str
    method: str
    valid_from: str
    valid: bool


class Known(NamedTuple):
    """A record that its template wrote. ``signed`` are the 64 bytes that its proof signs."""

    record: UnverifiedRecord
    template: CertificateTemplate
    number: CertificateNumber
    fields: Fields
    shared: Shared
    signed: bytes

    @property
    def valid(self) -> bool:
        """Whether its values are valid by the schema; all else is the template's."""
        return self.shared.valid and self.template.fields_valid(self.fields)


def read_known(data: bytes, trust: Trust, trust_list: TrustList, *, keep: bool = False) -> Known | None:
    """``read_by_template`` for what is trusted; ``keep``: it is gathered for now, and will be judged (``Trust.recently``)."""
    read = partial(read_by_template, data, trust.catalogue, trust_list.registry)
    return trust.recently(("record", data), read, keep=keep)


def read_by_template(data: bytes, catalogue: Catalogue, host: str) -> Known | None:
    """The record in ``data``, where it is what a template of ``catalogue`` writes for ``host``; else None."""
    named = _NAMED.search(data) if len(data) <= MAX_RECORD_BYTES else None
    template = catalogue.get(named[1].decode("ascii"), named[2].decode("ascii")) if named else None
    if template is None:
        return None
    try:
        read = template.record.read(data, host=host)
        if read is None or not ordinary_values(read.texts, read.integers):
            return None
        fields, texts, _, number, proof_value, signed = read
        signature = signature_of(proof_value)
        shared = _shared_by(template, number, fields, texts[-1], host)
        record = _record(number, fields, texts[-1], shared, signature, None, data)
        return Known(record, template, number, fields, shared, signed)
    except (KeysError, FormError, ValueError, KeyError):
        return None


def read_written(
    template: CertificateTemplate,
    number: CertificateNumber,
    fields: Fields,
    issuer_name: str,
    host: str,
    signature: bytes,
) -> Known:
    """The record that ``template`` writes of a QR's ``fields``; raises ``FormError`` or ``KeysError`` as ``parse_record``."""
    written = template.record.write_as(number, fields, host=host, issuer_name=issuer_name)
    shared = _shared_by(template, number, fields, issuer_name, host)
    record = _record(number, fields, issuer_name, shared, signature, written, b"")
    try:
        plain = written.greatest_size <= MAX_RECORD_BYTES and ordinary(fields, issuer_name)
    except FormError:
        plain = False
    if not plain:
        parse_record(record.data)  # the slow way tells the first defect in the order of the SPEC
    return Known(record, template, number, fields, shared, written.hash_data())


def _record(
    number: CertificateNumber,
    fields: Fields,
    issuer_name: str,
    shared: Shared,
    signature: bytes,
    written: WrittenRecord | None,
    data: bytes,
) -> UnverifiedRecord:
    created = timestamp_decode(str(fields["created"]))
    return UnverifiedRecord(
        shared.issuer, issuer_name, number.digits, shared.method, created, signature, written, data
    )


def _shared_by(
    template: CertificateTemplate, number: CertificateNumber, fields: Fields, issuer_name: str, host: str
) -> Shared:
    partial = tuple([fields[name] for name in template.partial_fields])
    series = (number.authority, number.year, number.kind, number.status_block)
    return _shared(template, host, issuer_name, *series, partial)


@lru_cache(maxsize=256)
def _shared(
    template: CertificateTemplate,
    host: str,
    issuer_name: str,
    authority: str,
    year: int,
    kind: int,
    block: int,
    partial: tuple[Field, ...],
) -> Shared:
    """Read from a whole record of the series, whose other values are blank."""
    number = CertificateNumber(authority, year, kind, max(1, block * STATUS_LIST_BITS))
    fields: Fields = dict.fromkeys(template.record.places, 0)
    fields |= zip(template.partial_fields, partial, strict=True)
    fields[NUMBER_FIELD] = number.digits
    record = template.record.expand(fields, host=host, issuer_name=issuer_name)
    return Shared(
        issuer=record["issuer"]["id"],
        method=record["proof"]["verificationMethod"],
        valid_from=record["validFrom"],
        valid=template.shared_valid(record),
    )


def ordinary(fields: Mapping[str, Field], issuer_name: str) -> bool:
    """Whether integers are in the restricted profile and no text spells a context; raises ``FormError`` as ``check_text``."""
    texts, integers = [issuer_name], []
    for value in fields.values():
        if isinstance(value, str):
            texts.append(value)
        else:
            integers.append(value)
    return ordinary_values(texts, integers)


def ordinary_values(texts: Collection[str], integers: Collection[int]) -> bool:
    """``ordinary`` of any records that have these values, and no others."""
    if "@context" in texts or max(map(abs, integers), default=0) > MAX_SAFE_INTEGER:
        return False
    # Between quotes, as they stand in the record: no value may be composed with the next.
    check_text('"'.join(texts))
    return True
