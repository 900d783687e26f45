"""Templates and schemas from anywhere: compiled strictly, or refused with FormError whatever they are."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import RECORD_LIMITS, parse_canonical
from tests.builders import HOST, refused
from tests.certificates import annual_fields, catalogue, certificate, completion_fields
from tests.simulator import ANNUAL
from verifier.catalogue import CONTEXT_PATH, catalogue_of, published_paths
from verifier.errors import FormError
from verifier.loading import installed_catalogue, installed_files
from verifier.schema import compile_schema
from verifier.template import parse_record_template

FILES = installed_files(HOST)
RECORD_PATH, SCHEMA_PATH, _ = published_paths("annual", "v1")
TEMPLATE: dict[str, Any] = json.loads(FILES[RECORD_PATH])


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def changed(**members: object) -> bytes:
    """The annual template with members changed, or left out where the value is None."""
    return encoded(
        {name: value for name, value in {**deepcopy(TEMPLATE), **members}.items() if value is not None}
    )


def with_value(**members: object) -> bytes:
    return changed(values=[{**TEMPLATE["values"][0], **members}, *TEMPLATE["values"][1:]])


# The catalogue


def test_both_kinds_are_installed() -> None:
    known = catalogue()
    assert set(known.templates) == {("annual", "v1"), ("completion", "v1")}
    assert known.get("annual", "v1") is known.by_code[1]
    assert known.get("annual", "v2") is None
    assert [digest.kind for digest in known.digests] == ["annual", "completion"]
    assert known.digests[0].record != known.digests[1].record
    assert known.digests[0].context == known.digests[1].context


def test_each_host_has_its_own_addresses() -> None:
    host = "jxjy.hainan.example.cn"
    assert installed_catalogue(host).digests == catalogue_of(installed_files(host)).digests
    assert installed_catalogue(host).digests != installed_catalogue(HOST).digests


def test_other_files_are_passed_over() -> None:
    files = {
        **FILES,
        "templates/annual/v01/record.json": b"x",
        "templates/../v1/record.json": b"x",
        "trust.json": b"x",
    }
    assert catalogue_of(files).digests == catalogue().digests
    assert catalogue_of({}).digests == ()


@pytest.mark.parametrize("path", [SCHEMA_PATH, CONTEXT_PATH])
def test_no_file_may_be_missing(path: str) -> None:
    files = {name: data for name, data in FILES.items() if name != path}
    with refused(FormError, "template_form"):
        catalogue_of(files)


def test_a_template_stands_under_its_own_name() -> None:
    files = {
        **FILES,
        "templates/other/v1/record.json": FILES[RECORD_PATH],
        "schemas/other/v1.json": b'{"type":"object"}',
    }
    with refused(FormError, "template_form"):
        catalogue_of(files)


def test_a_code_names_one_template() -> None:
    with refused(FormError, "template_form"):
        catalogue_of({**FILES, RECORD_PATH: changed(code=2)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("identityDocument", "410105199001011234"),
        ("validFrom", "2026-02-30"),
        ("validFrom", "2026-3-2"),
        ("grade", "x"),
    ],
)
def test_a_value_that_is_not_of_its_form_is_not_packed(name: str, value: str) -> None:
    fields = {**ANNUAL, "certificateNumber": "41010020261000012315", name: value}
    with refused(FormError, "record_form"):
        catalogue().templates["annual", "v1"].record.pack(fields)


def test_a_value_has_a_name_of_its_own() -> None:
    values = json.loads(FILES[RECORD_PATH])["values"]
    with refused(FormError, "template_form"):
        catalogue_of({**FILES, RECORD_PATH: changed(values=[*values, values[-1]])})


@pytest.mark.parametrize("code", [None, "1", True, [1], {}])
def test_a_code_is_an_integer(code: object) -> None:
    with refused(FormError, "template_form"):
        catalogue_of({**FILES, RECORD_PATH: changed(code=code)})


@pytest.mark.parametrize(
    "schema",
    [
        b"",
        b"[]",
        b"1",
        b'{"type":"null"}',
        b'{"type":[]}',
        b'{"pattern":"("}',
        b'{"pattern":1}',
        b'{"properties":[]}',
        b'{"properties":{"a":1},"required":["a"],"additionalProperties":false}',
        b'{"items":1}',
        b'{"prefixItems":1}',
        b'{"minimum":1.5}',
    ],
)
def test_what_is_not_a_schema(schema: bytes) -> None:
    with pytest.raises(FormError):
        catalogue_of({**FILES, SCHEMA_PATH: schema})


values = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "const", "name", "form", "codes"]), inner
        )
    ),
    max_leaves=6,
)


@given(member=st.sampled_from(sorted(TEMPLATE)), value=values)
def test_any_value_in_a_template_is_compiled_or_refused(member: str, value: object) -> None:
    try:
        catalogue_of({**FILES, RECORD_PATH: changed(**{member: value})})
    except FormError:
        return


@given(values)
def test_any_value_is_a_schema_or_refused(value: object) -> None:
    try:
        catalogue_of({**FILES, SCHEMA_PATH: encoded(value)})
    except FormError:
        return


# Record templates


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"1",
        b"{}",
        changed(format="certreg-record-template/2"),
        changed(values=1),
        changed(values=[1]),
        changed(record=None),
        changed(record=1),
        changed(record={"a": 1}),
        changed(record={**TEMPLATE["record"], "credentialSubject": {"name": "{name}"}}),
        changed(
            record={
                "a": "{number}",
                "proof": TEMPLATE["record"]["proof"],
                "@context": TEMPLATE["record"]["@context"],
            }
        ),
        with_value(form="float"),
        with_value(form=[]),
        with_value(codes=1),
        with_value(form="text", name="nowhere"),
        changed(record={**TEMPLATE["record"], "note": "{"}),
        changed(record={**TEMPLATE["record"], "note": "}{"}),
        changed(record={**TEMPLATE["record"], "note": "{{name}}"}),
        changed(record={**TEMPLATE["record"], "note": "{name.__class__}"}),
        changed(record={**TEMPLATE["record"], "note": "{name!r}"}),
        changed(record={**TEMPLATE["record"], "note": "{name:>99}"}),
        changed(record={**TEMPLATE["record"], "note": "{}"}),
        changed(record={**TEMPLATE["record"], "note": "{0}"}),
    ],
)
def test_what_is_not_a_template(data: bytes) -> None:
    with refused(FormError, "template_form"):
        parse_record_template(data)


def test_a_value_is_found_whole_before_in_part_and_first_before_later() -> None:
    number = {"name": "number", "form": "number"}
    text = {"name": "name", "form": "text"}
    parts = {"a": "to {name}", "b": "{name}, {certificateNumber}", "c": "{certificateNumber}"}
    proof = {"created": "now", "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022"}
    proof |= {"proofPurpose": "assertionMethod", "verificationMethod": "key"}
    parts |= {"proof": proof, "type": "y"}
    template = parse_record_template(changed(values=[number, text], record=parts))
    record = {"a": "to x", "b": "y, 1", "c": "2"}
    assert template.fields_of(record) == {"name": "x", "certificateNumber": "2"}


@pytest.mark.parametrize(
    "change",
    [
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"proofPurpose": "authentication"},
        {"type": "Ed25519Signature2020"},
        {"@context": ["https://www.w3.org/ns/credentials/v2"]},
        {"domain": "x"},
        {"verificationMethod": 1},
    ],
)
def test_a_template_whose_proofs_could_never_pass_is_none(change: dict[str, object]) -> None:
    record = deepcopy(TEMPLATE["record"])
    with refused(FormError, "template_form"):
        parse_record_template(changed(record={**record, "proof": {**record["proof"], **change}}))


def test_a_template_expands_only_a_real_number() -> None:
    template = catalogue().templates["annual", "v1"].record
    with refused(FormError, "number_check"):
        template.expand(annual_fields(certificateNumber="41010020261000012316"), host=HOST, issuer_name="x")


def test_a_value_is_never_a_placeholder() -> None:
    record = certificate("annual", annual_fields(name="{host}", employer="{issuerName}"))
    subject = parse_canonical(record, RECORD_LIMITS)["credentialSubject"]
    assert (subject["name"], subject["employer"]) == ("{host}", "{issuerName}")


# Schemas


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        ({"type": "string"}, ["", "a"], [1, True, [], {}]),
        ({"type": "integer"}, [0, -1], ["1", True, 1.0]),
        ({"type": "boolean"}, [True], [1, "true"]),
        ({"type": "array"}, [[]], [{}, "a"]),
        ({"const": 1}, [1], [True, "1", 2]),
        ({"const": ["a"]}, [["a"]], ["a", ["a", "b"]]),
        ({"enum": ["a", "b"]}, ["a"], ["c", 1, ["a"]]),
        ({"type": "string", "pattern": "^a[0-9]$"}, ["a1"], ["a1\n", "xa1", "a１", "a"]),
        ({"type": "string", "pattern": "b"}, ["abc"], ["ac"]),
        ({"type": "string", "minLength": 1, "maxLength": 2}, ["a", "𠮷𠮷"], ["", "abc"]),
        ({"type": "integer", "minimum": 1, "maximum": 3}, [1, 3], [0, 4]),
        (
            {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
            [["a"]],
            [[], [1], ["a"] * 3],
        ),
        ({"type": "array", "prefixItems": [{"const": "a"}], "minItems": 1}, [["a"], ["a", 1]], [["b"], []]),
        (
            {
                "$schema": "x",
                "title": "x",
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "required": ["a"],
                "additionalProperties": False,
            },
            [{"a": ""}],
            [{}, {"a": 1}, {"a": "", "b": ""}, {"b": ""}, []],
        ),
    ],
)
def test_keywords(schema: dict[str, Any], valid: list[Any], invalid: list[Any]) -> None:
    check = compile_schema(schema)
    assert all(map(check, valid))
    assert not any(map(check, invalid))


@pytest.mark.parametrize("keyword", ["format", "oneOf", "$ref", "multipleOf", "uniqueItems"])
def test_a_keyword_that_would_be_ignored_is_refused(keyword: str) -> None:
    with refused(FormError, "schema_keyword"):
        compile_schema({"type": "string", keyword: "x"})


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"additionalProperties": True, "required": ["a"]},
        {"additionalProperties": False},
        {"additionalProperties": False, "required": ["a", "a"]},
    ],
)
def test_an_open_object_is_refused(members: dict[str, Any]) -> None:
    with refused(FormError, "schema_open_object"):
        compile_schema({"type": "object", "properties": {"a": {"type": "string"}}, **members})


@pytest.mark.parametrize("kind", ["annual", "completion"])
@given(data=st.data())
def test_any_value_in_a_record_is_judged_without_raising(kind: str, data: st.DataObject) -> None:
    fields = {"annual": annual_fields, "completion": completion_fields}[kind]()
    record = parse_canonical(certificate(kind, fields), RECORD_LIMITS)
    check = catalogue().templates[kind, "v1"].schema
    assert check(record)
    container: Any = record
    while True:
        step = data.draw(
            st.sampled_from(sorted(container) if isinstance(container, dict) else range(len(container)))
        )
        if not isinstance(container[step], (dict, list)) or not container[step] or data.draw(st.booleans()):
            break
        container = container[step]
    before = container[step]
    container[step] = data.draw(values)
    if type(container[step]) is not type(before):
        assert not check(record)
    else:
        assert check(record) in (True, False)


@given(
    names=st.lists(st.sampled_from(["张三", "李雷", "张", ""]), min_size=1, max_size=3),
    hours=st.lists(st.sampled_from([0, 60, 2001, -1]), min_size=1, max_size=3),
)
def test_values_are_valid_together_where_all_their_combinations_are(
    names: list[str], hours: list[int]
) -> None:
    template = catalogue().templates["annual", "v1"]
    every = [annual_fields(name=name, publicHours=hour) for name in names for hour in hours]
    together = {field: {fields[field] for fields in every} for field in every[0]}
    assert template.values_valid(together) is all(map(template.fields_valid, every))
