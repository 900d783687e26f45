"""From an intent's rows to signed records, judged by the public verifier before they are logged (steps 2 and 3).

Outside any transaction, and deterministic: the same intent gives the same bytes, however often it is resumed. A record
that the public verifier would not pass is never logged; its number is accounted for instead.

The records of an intent are signed by one key at one time and differ in the values of their rows alone. So the verifier
judges one of them whole, and of the others what values can change: their texts, and the schema. Signatures need no second
look: a signer gives none that it has not checked (keys.signer).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gmpy2

from registry.intents import COMMON_FIELDS, IntentRow
from verifier.catalogue import CertificateTemplate
from verifier.errors import FormError
from verifier.evidence import Evidence
from verifier.number import CertificateNumber
from verifier.policy import VerificationPolicy
from verifier.qrvalues import Field
from verifier.reading import ordinary, ordinary_values
from verifier.report import Outcome
from verifier.trust import Trust
from verifier.verify import verify
from verifier.writer import WrittenRecord

BEFORE_LOGGING = frozenset({0, 1, 2, 3, 4, 5, 6})
"""The steps that can be judged before a record is in the log and the status lists."""


_FROM_GMP = bytes.maketrans(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv",
    b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
)
"""Digits of base 58: as GMP writes them (mpz_get_str), and as Bitcoin does."""


class SignedRow(NamedTuple):
    """The record of a row. ``refusal`` is why the verifier would not have it, or empty."""

    row: IntentRow
    template: CertificateTemplate
    record: bytes
    refusal: str = ""

    @property
    def number(self) -> CertificateNumber:
        """The number of the row."""
        return self.row.number


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """The records of one intent, complete but for their signatures."""

    rows: Sequence[IntentRow]
    template: CertificateTemplate
    written: Sequence[WrittenRecord]
    hashes: Sequence[bytes]
    """What is to be signed of each, 64 bytes."""

    def signed(self, signatures: Sequence[bytes]) -> list[SignedRow]:
        """The records with the signatures of ``hashes``."""
        return [
            SignedRow(row, self.template, one.record(multibase_of(signature)))
            for row, one, signature in zip(self.rows, self.written, signatures, strict=True)
        ]


def multibase_of(signature: bytes) -> str:
    """``keys.encodings.multibase_encode`` by GMP, in a seventh of its time; the verifier's core stays without it (README, 55)."""
    significant = signature.lstrip(b"\0")
    digits: str = gmpy2.digits(int.from_bytes(significant, "big"), 58) if significant else ""
    return (
        "z"
        + "1" * (len(signature) - len(significant))
        + digits.encode("ascii").translate(_FROM_GMP).decode("ascii")
    )


def write_rows(
    rows: Sequence[IntentRow], template: CertificateTemplate, *, host: str, issuer_name: str
) -> WrittenRows:
    """Write the record of every row. All are written first and signed at once: a signer elsewhere is asked once."""
    shared = [name for name in COMMON_FIELDS if len({row.fields[name] for row in rows}) == 1]
    numbered = [(row.number, row.fields) for row in rows]
    written = template.record.write_all(numbered, host=host, issuer_name=issuer_name, shared=shared)
    return WrittenRows(rows, template, written, [one.hash_data() for one in written])


def judge_rows(signed: Sequence[SignedRow], trust: Trust, *, created: int, now: int) -> list[SignedRow]:
    """``signed`` with what the public verifier has against each; ``created`` is the time in all of them."""
    policy = VerificationPolicy(at=now, require_status=False)
    if created < now - policy.max_log_delay:
        return [row._replace(refusal="created_long_before_logged") for row in signed]
    judged: list[SignedRow] = []
    passed: Mapping[str, Field] | None = None
    for place, one in enumerate(signed):
        if place == 1 and passed is not None and _differ_in_good_values(signed, passed):
            return list(signed)
        if passed is not None and _differs_in_good_values(one, passed):
            judged.append(one)
            continue
        refusal = refusal_of(one.record, trust, policy)
        passed = passed if refusal else one.row.fields
        judged.append(one._replace(refusal=refusal) if refusal else one)
    return judged


def refusal_of(record: bytes, trust: Trust, policy: VerificationPolicy) -> str:
    """The code of the first step that the public verifier does not pass before logging, or empty."""
    report = verify(Evidence(record=record), trust, policy)
    for step in report.steps:
        if step.number in BEFORE_LOGGING and step.outcome is not Outcome.PASSED:
            return step.code
    return ""


def _differ_in_good_values(signed: Sequence[SignedRow], passed: Mapping[str, Field]) -> bool:
    """``_differs_in_good_values`` of all, column by column. False may mean that one is not good, or that it was not told."""
    template, rows = signed[0].template, [one.row.fields for one in signed]
    if any(one.template is not template for one in signed) or set(map(len, rows)) != {len(passed)}:
        return False
    distinct: dict[str, set[Field]] = {}
    texts: set[str] = set()
    integers: set[int] = set()
    try:
        for name in passed:
            column: list[Any] = [row[name] for row in rows]
            kinds, distinct[name] = set(map(type, column)), set(column)
            if kinds == {str}:
                texts.update(column)
            elif kinds == {int}:
                integers.update(column)
            else:  # 1 and True are one in a set, and not one in a record
                return False
        alike = all(len(distinct[name]) == 1 for name in template.partial_fields)
        return alike and template.values_valid(distinct) and ordinary_values(texts, integers)
    except (FormError, KeyError):
        return False


def _differs_in_good_values(one: SignedRow, passed: Mapping[str, Field]) -> bool:
    """Whether a record passes because one of the fields ``passed`` did, and what it has else is good."""
    fields = one.row.fields
    for name in one.template.partial_fields:
        if fields[name] != passed[name]:
            return False
    try:
        return one.template.fields_valid(fields) and ordinary(fields, "")
    except FormError:
        return False
