"""Records written straight as bytes, and the quick way of reading that rests on it, against the slow and the foreign."""

import json
from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from keys.encodings import multibase_encode
from keys.proofs import hash_data
from tests.builders import HOST, refused
from tests.certificates import ISSUER_NAME, annual_fields, catalogue, certificate, completion_fields
from verifier.errors import FormError
from verifier.loading import installed_files, installed_rule_sets
from verifier.reader import compile_reader
from verifier.reading import Known, read_by_template
from verifier.record import parse_record
from verifier.template import number_in
from verifier.writer import compile_writer

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NUMBER = st.integers(0, 2**53 - 1)


@given(name=TEXT, employer=TEXT, issuer=TEXT, hours=NUMBER, serial=st.integers(1, 9_999_999))
def test_what_is_written_is_canonical_whatever_the_values(
    name: str, employer: str, issuer: str, hours: int, serial: int
) -> None:
    fields = annual_fields(serial=serial, name=name, employer=employer, professionalHours=hours)
    written = catalogue().templates["annual", "v1"].record.write(fields, host=HOST, issuer_name=issuer)
    value = multibase_encode(sha256(name.encode()).digest() * 2)
    record = json.loads(written.record(value))
    assert rfc8785.dumps(record) == written.record(value)
    assert (record["credentialSubject"]["name"], record["issuer"]["name"]) == (name, issuer)
    assert record["credentialSubject"]["professionalHours"] == hours
    assert written.hash_data() == hash_data(record, record["proof"])
    del record["proof"]["proofValue"]
    assert written.unsigned() == record


def assert_same(known: Known, data: bytes) -> None:
    """What the quick way read is what the slow way reads, to the bytes that the proof signs."""
    slow, document = parse_record(data), json.loads(data)
    for name in ("data", "peek_document", "peek_issuer", "peek_issuer_name", "peek_number"):
        assert getattr(known.record, name) == getattr(slow, name)
    for name in ("peek_method", "peek_created", "peek_signature", "peek_template"):
        assert getattr(known.record, name) == getattr(slow, name)
    assert known.signed == hash_data(document, document["proof"])
    assert known.shared.valid_from == document["validFrom"]
    assert known.valid == known.template.schema(document)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("annual", annual_fields()),
        ("annual", annual_fields(employer='"一\\二"医院')),
        ("completion", completion_fields()),
    ],
)
def test_the_quick_way_reads_what_the_slow_way_reads(kind: str, fields: dict[str, str | int]) -> None:
    data = certificate(kind, fields)
    known = read_by_template(data, catalogue(), HOST)
    assert known is not None
    assert_same(known, data)
    assert known.template is catalogue().templates[kind, "v1"]
    assert known.fields == {**fields, "keySequence": str(fields["keySequence"])}


@given(st.data())
def test_one_byte_more_or_less_or_other_takes_the_slow_way(data: st.DataObject) -> None:
    record = certificate("annual", annual_fields())
    place = data.draw(st.integers(0, len(record) - 1))
    byte = data.draw(st.binary(max_size=2))
    altered = record[:place] + byte + record[place + 1 :]
    known = read_by_template(altered, catalogue(), HOST)
    # A value may be another value; whatever else is in the bytes must be the template's.
    if known is not None and altered != record:
        assert_same(known, altered)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"credentialSchema":{"id":7}}',
        b'{"credentialSchema":{"id":"https://x.example/schemas/annual/v9.json"}}',
        b'{"credentialSchema":{"id":"https://x.example/schemas/annual/v1.json"}}',
        b" " * 70_000,
        certificate("annual", annual_fields(name="e\u0301lan")),
        certificate("annual", annual_fields(name="a\u200bb")),
        certificate("annual", annual_fields(name="x\u202ey")),
    ],
)
def test_what_is_out_of_the_ordinary_takes_the_slow_way(data: bytes) -> None:
    assert read_by_template(data, catalogue(), HOST) is None


def test_a_number_beyond_the_restricted_profile_takes_the_slow_way() -> None:
    record = certificate("annual", annual_fields(professionalHours=60))
    assert (
        read_by_template(
            record.replace(b'"professionalHours":60', b'"professionalHours":%d' % 2**53), catalogue(), HOST
        )
        is None
    )


def test_another_host_takes_the_slow_way() -> None:
    assert read_by_template(certificate("annual", annual_fields()), catalogue(), "other.example") is None


@pytest.mark.parametrize("record", [{"proof": {"type": "x"}}, {"a": "b", "proof": {"zz": "x"}}])
def test_a_template_needs_members_around_the_proof_and_its_value(record: dict[str, object]) -> None:
    with refused(FormError, "template_form"):
        compile_writer(record, frozenset())


def test_the_issuer_may_have_any_name() -> None:
    record = catalogue().templates["annual", "v1"].record
    name = ISSUER_NAME + '"\\{host}'
    assert record.expand(annual_fields(), host=HOST, issuer_name=name)["issuer"]["name"] == name


def test_installed_files_bear_the_host_and_record_templates_keep_their_placeholders() -> None:
    files = installed_files("a.example")
    assert b"https://a.example/ns/certificate/v1#" in files["ns/certificate/v1"]
    assert b"{host}" in files["templates/annual/v1/record.json"]
    assert b"{host}" not in files["schemas/annual/v1.json"]
    assert {rules["id"] for rules in installed_rule_sets()} == {"henan-2012", "national-2015"}


def test_a_text_without_bytes_cannot_be_written() -> None:
    record = catalogue().templates["annual", "v1"].record
    with refused(FormError, "record_form"):
        record.write(annual_fields(name="\ud800"), host=HOST, issuer_name="x")


@pytest.mark.parametrize("day", ["2026-02-30", "2026-2-3", "0000-01-01"])
def test_a_day_that_is_none_cannot_be_packed(day: str) -> None:
    record = catalogue().templates["completion", "v1"].record
    with refused(FormError, "record_form"):
        record.pack(completion_fields(completedOn=day))


@given(
    names=st.lists(
        TEXT | st.sampled_from(['a",', '","', "\\", '\\","', "100%b", ""]), min_size=1, max_size=4
    ),
    shared=st.sets(st.sampled_from(["validFrom", "created", "keySequence"])),
)
def test_many_are_written_as_each(names: list[str], shared: set[str]) -> None:
    record = catalogue().templates["annual", "v1"].record
    rows = [annual_fields(serial=131_070 + place, name=name) for place, name in enumerate(names)]
    written = record.write_all(
        [(number_in(row), row) for row in rows], host=HOST, issuer_name=ISSUER_NAME, shared=sorted(shared)
    )
    assert written == [record.write(row, host=HOST, issuer_name=ISSUER_NAME) for row in rows]


def test_a_text_without_bytes_cannot_be_written_among_many() -> None:
    record, row = catalogue().templates["annual", "v1"].record, annual_fields(name="\ud800")
    with refused(FormError, "record_form"):
        record.write_all([(number_in(row), row)], host=HOST, issuer_name=ISSUER_NAME, shared=["created"])


@pytest.mark.parametrize(("texts", "integers"), [(["nothing"], []), ([], ["nothing"])])
def test_a_reader_asks_for_nothing_that_the_record_lacks(texts: list[str], integers: list[str]) -> None:
    writer = compile_writer({"a": "{a}", "proof": {"a": "x", "type": "y"}, "z": 1}, frozenset())
    with refused(FormError, "template_form"):
        compile_reader(writer, {}, texts=texts, integers=integers, derived=())


@given(name=TEXT, employer=TEXT)
def test_whatever_is_written_and_ordinary_is_read_quickly(name: str, employer: str) -> None:
    data = certificate("annual", annual_fields(name=name, employer=employer))
    known = read_by_template(data, catalogue(), HOST)
    try:
        plain = parse_record(data)
    except FormError:
        assert known is None
        return
    assert known is not None
    assert known.record == plain
    assert (known.fields["name"], known.fields["employer"]) == (name, employer)
