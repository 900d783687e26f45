"""What a face needs, and nothing more: taken from a verified record, never from a form (spec §8).

A ``FaceSource`` is made by ``face_source`` only, from a record that the public verifier accepted. It refuses what
could not be shown truly: a kind without a face, a field that the face shows and the record lacks, a character
without a glyph, a log proof that is not text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from verifier.drawing.errors import FaceError
from verifier.drawing.fonts import missing_glyphs
from verifier.record import VerifiedRecord

Shown = tuple[tuple[str, str | int], ...]

_TEXT, _COUNT = str, int
_HOLDER = {"name": _TEXT, "identityDocument": _TEXT, "employer": _TEXT, "year": _COUNT}

# What each published face shows of ``credentialSubject``; the number is shown too, in groups.
SHOWN_FIELDS: dict[tuple[str, str], dict[str, type]] = {
    ("annual", "v1"): _HOLDER
    | {"grade": _TEXT, "ruleSet": _TEXT, "professionalHours": _COUNT, "publicHours": _COUNT},
    ("completion", "v1"): _HOLDER
    | {
        "programme": _TEXT,
        "institution": _TEXT,
        "category": _TEXT,
        "classHours": _COUNT,
        "completedOn": _TEXT,
    },
}


@dataclass(frozen=True, slots=True)
class FaceSource:
    """One certificate as its face shows it.

    ``digits`` the number's 20 digits, ``printed`` the same in groups; ``issued`` the date of ``validFrom``,
    "2026-11-20"; ``subject`` name and value of each shown field; ``record`` the stored bytes; ``log_proof`` the bytes
    of the ``.tlog-proof`` or None; ``qr_prefix`` and ``qr_digits`` the two segments of the QR text.
    """

    kind: str
    version: str
    digits: str
    printed: str
    issuer: str
    issued: str
    host: str
    subject: Shown
    record: bytes
    log_proof: bytes | None
    qr_prefix: str
    qr_digits: str


def face_source(record: VerifiedRecord, *, log_proof: bytes | None) -> FaceSource:
    """What the face of ``record`` shows and carries. FaceError: ``face_kind``, ``face_record``, ``face_glyph``, ``face_log_proof``."""
    subject = _shown(record.kind, record.version, record.subject)
    issued = record.valid_from.removesuffix("T00:00:00Z")
    _check_day(issued)
    source = FaceSource(
        kind=record.kind,
        version=record.version,
        digits=record.number.digits,
        printed=record.number.printed,
        issuer=record.issuer_name,
        issued=issued,
        host=record.host,
        subject=subject,
        record=record.data,
        log_proof=log_proof,
        qr_prefix=record.qr_prefix,
        qr_digits=record.qr_digits,
    )
    _refuse_unprintable(source)
    return source


def _shown(kind: str, version: str, subject: Mapping[str, Any]) -> Shown:
    fields = SHOWN_FIELDS.get((kind, version))
    if fields is None:
        raise FaceError("face_kind", f"{kind} {version}")
    for name, wanted in fields.items():
        if type(subject.get(name)) is not wanted:
            raise FaceError("face_record", name)
    if "completedOn" in fields:
        _check_day(subject["completedOn"])
    return tuple((name, subject[name]) for name in fields)


def _check_day(text: str) -> None:
    """A day that is in the calendar, "2026-11-20"; a pattern alone would let 31 February be printed."""
    try:
        same = date.fromisoformat(text).isoformat() == text
    except ValueError:
        same = False
    if not same:
        raise FaceError("face_record", "day")


def _refuse_unprintable(source: FaceSource) -> None:
    texts = [source.issuer, source.host, *(value for _, value in source.subject if isinstance(value, str))]
    if missing_glyphs("".join(texts)):
        raise FaceError("face_glyph")
    try:
        (source.log_proof or b"").decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise FaceError("face_log_proof") from error
