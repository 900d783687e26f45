"""did:web identifiers: one shape, and a host that can be nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.did import Did, authority_did, check_host, key_id, registry_did, split_key_id
from keys.errors import EncodingError
from tests.builders import refused


def test_shapes() -> None:
    assert registry_did("jxjy.henan.example") == "did:web:jxjy.henan.example"
    assert registry_did("localhost:8000") == "did:web:localhost%3A8000"
    assert authority_did("a.example", "410100") == "did:web:a.example:a:410100"
    assert key_id(authority_did("a.example", "410100"), "2026-1") == "did:web:a.example:a:410100#2026-1"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example",
        "Example.com",
        "a..b",
        ".a.b",
        "a.b.",
        "-a.b",
        "a-.b",
        "a_b.c",
        "a.b\n",
        "a.b:0",
        "a.b:080",
        "a.b:123456",
        "a.b/c",
        "a.b#c",
        "a.b%2f",
        "user@a.b",
        "例.example",
        "x" * 64 + ".example",
        ".".join(["a" * 60] * 5),
    ],
)
def test_what_is_not_a_host(host: str) -> None:
    with refused(EncodingError, "host_form"):
        check_host(host)


@pytest.mark.parametrize("code", ["", "41010", "4101000", "41010x", "４10100", "410100\n"])
def test_what_is_not_an_authority_code(code: str) -> None:
    with refused(EncodingError, "authority_code_form"):
        authority_did("a.example", code)


@pytest.mark.parametrize("fragment", ["", "a b", "a#b", "x" * 33, "é", "a\n"])
def test_what_is_not_a_fragment(fragment: str) -> None:
    with refused(EncodingError, "key_fragment_form"):
        key_id(registry_did("a.example"), fragment)
    with refused(EncodingError, "key_id_form"):
        split_key_id(f"did:web:a.example#{fragment}")


@pytest.mark.parametrize(
    "identifier", ["did:web:a.example", "did:key:z6Mk#z6Mk", "#1", "https://a.example#1"]
)
def test_what_is_not_a_key_id(identifier: str) -> None:
    with refused(EncodingError, "key_id_form"):
        split_key_id(identifier)


@given(st.from_regex(r"\A[A-Za-z0-9-]{1,32}\Z"))
def test_a_key_id_comes_apart_as_it_was_put_together(fragment: str) -> None:
    did = authority_did("jxjy.henan.example:8443", "418001")
    assert split_key_id(key_id(did, fragment)) == (did, fragment)


@given(st.text(max_size=60))
def test_any_text_is_a_key_id_or_refused(text: str) -> None:
    try:
        did, fragment = split_key_id(text)
    except EncodingError:
        return
    assert key_id(Did(did), fragment) == text


@given(st.text(max_size=60))
def test_any_text_is_a_host_or_refused(text: str) -> None:
    try:
        host = check_host(text)
    except EncodingError:
        return
    assert registry_did(host).removeprefix("did:web:").replace("%3A", ":") == text
