"""Whether a certificate's QR stays within version 12 (SPEC clause 3): known before a number is given."""

from registry.applications import Candidate
from registry.intents import SeriesKey
from verifier.drawing.errors import FaceError
from verifier.drawing.qr import qr_version
from verifier.number import MAX_SERIAL, CertificateNumber
from verifier.qr import encode_digits, encode_payload, qr_prefix
from verifier.qrvalues import NUMBER_FIELD
from verifier.template import Fields, RecordTemplate

_LONGEST_SIGNATURE = bytes(64)
_SURELY_FITS = 180
"""Bytes of all texts in UTF-16: below this, every template's payload stays under version 12."""


def fits_qr(candidate: Candidate, template: RecordTemplate, series: SeriesKey, *, host: str) -> bool:
    """Whether the certificate's QR stays within version 12 (SPEC clause 3)."""
    texts = "".join([value for value in candidate.fields.values() if isinstance(value, str)])
    if len(texts.encode("utf-16-le")) < _SURELY_FITS:
        return True
    fields = {**candidate.fields, **specimen_fields(series)}
    payload = encode_payload(template.code, template.pack(fields), _LONGEST_SIGNATURE)
    try:
        qr_version(len(qr_prefix(host)), len(encode_digits(payload)))
    except FaceError:
        return False
    return True


def specimen_fields(series: SeriesKey) -> Fields:
    """The largest values of what is added when a number is reserved."""
    return {
        NUMBER_FIELD: CertificateNumber(series.authority, series.year, series.kind, MAX_SERIAL).digits,
        "validFrom": "2999-12-31",
        "created": "2999-12-31T23:59:59Z",
        "keySequence": 99,
    }
