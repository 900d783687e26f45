"""The record's strict form, its templates, and the way from QR values to the record and back."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from unicodedata import category, is_normalized, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import RECORD_LIMITS, canonicalize, parse_canonical
from keys.errors import KeysError
from keys.proofs import parse_proof, verify_proof
from tests.builders import HOST, refused, signer
from tests.certificates import (
    ISSUER_NAME,
    KEY_2026,
    annual_fields,
    catalogue,
    certificate,
    completion_fields,
)
from verifier import record as records
from verifier.errors import FormError, VerifierError
from verifier.number import parse_number
from verifier.qr import parse_qr_text
from verifier.qrvalues import Field
from verifier.record import VerifiedRecord, is_outside_repertoire, parse_record
from verifier.template import number_in

PROJECT = Path(__file__).resolve().parents[2]
ANNUAL = certificate("annual", annual_fields())
COMPLETION = certificate("completion", completion_fields())
CATALOGUE = catalogue()
FIELDS = {"annual": annual_fields(), "completion": completion_fields()}
RECORDS = {"annual": ANNUAL, "completion": COMPLETION}
KINDS = pytest.mark.parametrize("kind", ["annual", "completion"])


def document(data: bytes = ANNUAL) -> dict[str, Any]:
    return parse_canonical(data, RECORD_LIMITS)


@KINDS
def test_a_record_is_read(kind: str) -> None:
    record = parse_record(RECORDS[kind])
    assert record.peek_issuer == KEY_2026.partition("#")[0]
    assert record.peek_number == FIELDS[kind]["certificateNumber"]
    assert record.peek_template == (kind, "v1")
    proof = parse_proof(record.peek_document, record.peek_document["proof"])
    assert verify_proof(record.peek_document, proof, signer(KEY_2026).public_key)
    assert CATALOGUE.templates[kind, "v1"].schema(record.peek_document)


def test_records_of_the_same_bytes_are_one() -> None:
    data = RECORDS["annual"]
    assert (
        len({parse_record(data), parse_record(bytes(bytearray(data))), parse_record(RECORDS["completion"])})
        == 2
    )


def test_a_schema_of_no_known_shape_names_no_template() -> None:
    changed = document()
    changed["credentialSchema"]["id"] = "https://x.example/other.json"
    assert parse_record(canonicalize(changed)).peek_template == ("", "")


def put(*path: str | int) -> Callable[[object], bytes]:
    """The annual record with the member at ``path`` changed; nothing but the form is of interest."""

    def changed(value: object) -> bytes:
        whole = deepcopy(document())
        target: Any = whole
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value
        return canonicalize(whole)

    return changed


CONTEXT = document()["@context"]
NAME = put("credentialSubject", "name")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (put("issuer")("did:web:x"), "record_form"),
        (put("issuer")([]), "record_form"),
        (put("issuer")({"id": "x"}), "record_form"),
        (put("issuer", "name")(1), "record_form"),
        (put("credentialSchema")({}), "record_form"),
        (put("credentialSubject")([]), "record_form"),
        (put("credentialSubject", "certificateNumber")(41010020261000012315 % 2**53), "record_form"),
        (put("proof")([]), "record_form"),
        (put("proof")("z"), "record_form"),
        (put("@context")([CONTEXT[0]]), "context_not_exact"),
        (put("@context")([*CONTEXT, "https://evil.example/v1"]), "context_not_exact"),
        (put("@context")(list(reversed(CONTEXT))), "context_not_exact"),
        (put("@context")([CONTEXT[0], {"name": "https://evil.example/name"}]), "context_not_exact"),
        (put("@context")([CONTEXT[0], "https://evil.example/ns/other/v1"]), "context_not_exact"),
        (put("@context")("https://www.w3.org/ns/credentials/v2"), "context_not_exact"),
        (put("credentialSubject", "@context")(CONTEXT), "context_nested"),
        (put("credentialStatus", 0, "@context")("x"), "context_nested"),
        (put("issuer", "id")("did:web:jxjy.henan.example:a:418001"), "issuer_not_key_owner"),
        (
            put("proof", "verificationMethod")("did:web:jxjy.henan.example:a:418001#2026-1"),
            "issuer_not_key_owner",
        ),
        (put("proof", "verificationMethod")(KEY_2026.replace("#", "/")), "issuer_not_key_owner"),
        (NAME("张\u200b文"), "text_control_character"),
        (NAME("张\u202e文"), "text_control_character"),
        (NAME("张\u2066文"), "text_control_character"),
        (NAME("张\ufeff文"), "text_control_character"),
        (NAME("张\xad文"), "text_control_character"),
        (NAME("张\x7f文"), "text_control_character"),
        (NAME("张\x85文"), "text_control_character"),
        (NAME("张\ue000文"), "text_control_character"),
        (NAME("张\U0010fffd文"), "text_control_character"),
        *((NAME(f"张{chr(code)}文"), "text_control_character") for code in range(32)),
        (NAME("\\\n"), "text_control_character"),
        (NAME('"\\"\t'), "text_control_character"),
        (NAME("e\u0301"), "text_not_nfc"),
        (NAME("\u212b"), "text_not_nfc"),
        (NAME("\ufa10"), "text_not_nfc"),  # a compatibility ideograph with another spelling
        (NAME("\uf900"), "text_control_character"),
        (NAME("\u2f24"), "text_control_character"),  # a radical that looks like 大
        (
            NAME("a\u0897"),
            "text_control_character",
        ),  # newer than some readers, who do not know what it does to others
    ],
)
def test_what_is_not_a_record(data: bytes, code: str) -> None:
    with refused(FormError, code):
        parse_record(data)


def test_a_proof_without_its_context_is_refused() -> None:
    changed = document()
    del changed["proof"]["@context"]
    with refused(FormError, "context_not_exact"):
        parse_record(canonicalize(changed))


def test_a_nested_context_does_not_take_the_place_of_the_proofs() -> None:
    changed = document()
    del changed["proof"]["@context"]
    changed["credentialSubject"]["@context"] = CONTEXT
    with refused(FormError, "context_not_exact"):
        parse_record(canonicalize(changed))


@pytest.mark.parametrize(
    "name", ["𠮷野", "㐱", "阿不都热西提·买买提", 'O\'Brien "Bob"', "\\\\n", "back\\slash", "\\u0000"]
)
def test_what_a_name_may_be(name: str) -> None:
    record = parse_record(NAME(name))
    assert record.peek_document["credentialSubject"]["name"] == name


def test_what_a_records_characters_are_every_reader_knows() -> None:
    """Ideographs have no form but themselves, also those to come; all others were there in Unicode 9.0, and so here."""
    allowed = [chr(code) for code in range(0x110000) if not is_outside_repertoire(chr(code))]
    ideographs = {
        one for one in allowed if "\u3400" <= one <= "\u4dbf" or "\u4e00" <= one <= "\u9fff" or one > "\uffff"
    }
    assert all(normalize("NFD", one) == one for one in ideographs)
    assert not {category(one) for one in set(allowed) - ideographs} & {
        "Cc",
        "Cf",
        "Cn",
        "Co",
        "Cs",
        "Zl",
        "Zp",
    }
    assert {*"张𠮷㐱·é〇（）①Ａ", "\U00030edd"} <= set(allowed)


def test_the_table_of_characters_is_the_specs_and_the_browsers() -> None:
    spec = (
        (PROJECT / "verifier" / "SPEC.md")
        .read_text("utf-8")
        .partition("no other (`text_control_character`): U+")[2]
    )
    listed = re.findall(r"([0-9A-F]{4,5})–([0-9A-F]{4,5})", spec.partition(".\n")[0])
    script = (
        (PROJECT / "verifier" / "web" / "core" / "record.js")
        .read_text("utf-8")
        .partition("const OUTSIDE = ")[2]
    )
    told = (
        "".join(re.findall(r"'([^']*)'", script.partition(", 'u')")[0])).removeprefix("[^").removesuffix("]")
    )
    escape = r"\\\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]{5})\})"
    plain = re.sub(escape, lambda match: chr(int(match[1] or match[2] or match[3], 16)), told)
    ours = records._REPERTOIRE + "\U00020000-\U0002f7ff\U00030000-\U0003fffd"
    assert plain == ours == "".join(f"{chr(int(low, 16))}-{chr(int(high, 16))}" for low, high in listed)


@given(st.text(max_size=12))
def test_any_name_is_kept_or_refused(name: str) -> None:
    try:
        record = parse_record(NAME(name))
    except FormError as error:
        assert error.code in {"text_control_character", "text_not_nfc"}  # noqa: PT017
        return
    assert record.peek_document["credentialSubject"]["name"] == name
    assert not any(category(character) in {"Cc", "Co", "Cs", "Zl", "Zp"} for character in name)
    assert is_normalized("NFC", name)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises((FormError, KeysError)):
        parse_record(data)


scalars = st.booleans() | st.integers(-5, 5) | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "a"]), inner),
)


@given(member=st.sampled_from(sorted(document())), value=values)
def test_any_value_of_any_member_raises_only_our_errors(member: str, value: object) -> None:
    data = put(member)(value)
    try:
        assert parse_record(data).data == data
    except (VerifierError, KeysError):
        return


# From the QR's values to the record and back


def verified(kind: str) -> VerifiedRecord:
    """What ``verify`` would make; here only to look at its members."""
    whole = document(RECORDS[kind])
    number = parse_number(whole["credentialSubject"]["certificateNumber"])
    return VerifiedRecord(parse_record(RECORDS[kind]), number, CATALOGUE.templates[kind, "v1"], HOST)


@KINDS
def test_the_members_of_a_verified_record(kind: str) -> None:
    record = verified(kind)
    assert (record.kind, record.version) == (kind, "v1")
    assert record.subject["name"] == FIELDS[kind]["name"]
    assert record.issuer_name == ISSUER_NAME
    assert record.issuer_code == "410100"
    assert record.valid_from == f"{FIELDS[kind]['validFrom']}T00:00:00Z"
    assert record.created == FIELDS[kind]["created"]
    assert record.qr_text == record.qr_prefix + record.qr_digits


@KINDS
def test_the_qr_holds_the_whole_record(kind: str) -> None:
    record = verified(kind)
    qr = parse_qr_text(record.qr_text)
    template = CATALOGUE.by_code[qr.template_code].record
    fields = template.unpack(qr.values)
    expanded = template.expand(fields, host=HOST, issuer_name=ISSUER_NAME)
    whole = document(RECORDS[kind])
    del whole["proof"]["proofValue"]
    assert expanded == whole
    assert fields == FIELDS[kind] | {"keySequence": 1}
    assert number_in(fields) == record.number
    assert qr.signature == parse_record(record.data).peek_signature


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
annual = st.builds(
    annual_fields,
    serial=st.integers(1, 9_999_999),
    validFrom=st.dates().filter(lambda day: day.year >= 1970).map(str),
    name=names,
    employer=names,
    identityDocument=st.from_regex(r"\A[0-9]{6}\*{8}[0-9]{3}[0-9X]\Z"),
    grade=st.sampled_from(["senior", "intermediate", "junior"]),
    ruleSet=st.sampled_from(["henan-2012", "national-2015", "industry-x"]),
    professionalHours=st.integers(0, 2**40),
    keySequence=st.integers(1, 99),
)


@given(annual)
def test_any_values_come_back(fields: dict[str, Field]) -> None:
    template = CATALOGUE.templates["annual", "v1"].record
    assert template.unpack(template.pack(fields)) == fields
    record = template.expand(fields, host=HOST, issuer_name=ISSUER_NAME)
    assert template.fields_of(record) == fields | {"keySequence": str(fields["keySequence"])}


item = st.integers(0, 2**64 - 1) | st.text(max_size=12) | st.binary(max_size=12)


@KINDS
@given(data=st.data())
def test_any_items_are_those_values_or_refused(kind: str, data: st.DataObject) -> None:
    template = CATALOGUE.templates[kind, "v1"].record
    items = template.pack(FIELDS[kind])
    place = data.draw(st.integers(0, len(items) - 1))
    items[place] = data.draw(item)
    try:
        fields = template.unpack(items)
        template.expand(fields, host=HOST, issuer_name=ISSUER_NAME)
    except FormError:
        return
    assert template.pack(fields) == items


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "410100202610000123"),
        (0, 10**18),
        (1, 2**63),
        (1, "2026-11-20"),
        (2, 2**63),
        (3, "1"),
        (4, 7),
        (4, b"x"),  # half a UTF-16 unit
        (4, b"\xd8\x00"),
        (4, "张文博"),  # UTF-16 is shorter
        (4, "ab".encode("utf-16-be")),  # UTF-8 is shorter
        (5, "41010519900101123"),
        (5, "410105********1234"),
        (5, 4101051234),
        (7, 3),
        (7, "senior"),
        (7, "doctor"),
        (7, b"x"),
        (8, "henan-2012"),
        (9, b"\1"),
    ],
)
def test_values_in_a_second_spelling(place: int, value: int | str | bytes) -> None:
    template = CATALOGUE.templates["annual", "v1"].record
    items = template.pack(annual_fields())
    items[place] = value
    with refused(FormError, "qr_values"):
        template.unpack(items)


def test_too_many_or_too_few_values() -> None:
    template = CATALOGUE.templates["annual", "v1"].record
    items = template.pack(annual_fields())
    for wrong in ([], items[:-1], [*items, 0]):
        with refused(FormError, "qr_values"):
            template.unpack(wrong)


@pytest.mark.parametrize(
    "fields",
    [annual_fields(validFrom="20261120"), annual_fields(grade="doctor")],
)
def test_values_that_cannot_be_packed(fields: dict[str, Field]) -> None:
    with refused(FormError, "record_form"):
        CATALOGUE.templates["annual", "v1"].record.pack(fields)


@pytest.mark.parametrize(
    "data",
    [
        put("credentialSubject")({"certificateNumber": "1"}),
        put("credentialSubject", "name")([]),
        put("proof", "verificationMethod")("did:web:jxjy.henan.example:a:410100"),
        put("validFrom")("2026-11-20"),
        put("validFrom")(1),
        put("proof")("x"),
    ],
)
def test_a_record_of_another_shape_has_no_fields(data: bytes) -> None:
    with refused(FormError, "record_form"):
        CATALOGUE.templates["annual", "v1"].record.fields_of(document(data))
