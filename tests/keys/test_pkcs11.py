"""Keys in a real token (SoftHSM2): made there, used there, never outside; and what a token does wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keys import pkcs11
from keys.errors import CustodyError
from keys.pkcs11 import Token, TokenUri, open_token
from tests.builders import refused
from tests.softhsm import PIN, TOKENS, SoftHsm

URI = "pkcs11:token=certreg;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so"


def pin() -> bytes:
    return PIN.encode()


def opened(hsm: SoftHsm, label: str = TOKENS[0]) -> Token:
    return open_token(hsm.module, label, pin)


@pytest.mark.parametrize(
    "text",
    [
        URI,
        "pkcs11:token=certreg%20spare;object=410100-2026-1?module-path=/opt/m.so",
        "pkcs11:token=%E5%AF%86;object=a%3Bb?module-path=/a%3Fb",
    ],
)
def test_an_address_comes_back(text: str) -> None:
    assert str(TokenUri.parse(text)) == text


def test_the_parts_of_an_address() -> None:
    found = TokenUri.parse("pkcs11:token=certreg%20spare;object=log?module-path=/opt/m.so")
    assert found == TokenUri(Path("/opt/m.so"), "certreg spare", "log")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pkcs11:",
        "PKCS11:token=a;object=b?module-path=/m",
        "pkcs11:object=log;token=certreg?module-path=/m",
        "pkcs11:token=a;object=b",
        "pkcs11:token=a;object=b?module-path=m.so",
        "pkcs11:token=a;object=b;serial=1?module-path=/m",
        "pkcs11:token=a;object=b?module-path=/m&pin-value=1234",
        "pkcs11:token=a;object=b?pin-value=1234&module-path=/m",
        "pkcs11:token=;object=b?module-path=/m",
        "pkcs11:token=%61;object=b?module-path=/m",
        "pkcs11:token=a%ff;object=b?module-path=/m",
        "pkcs11:token=a%e5%af%86;object=b?module-path=/m",
        "pkcs11:token=a%2;object=b?module-path=/m",
        "pkcs11:token=a b;object=b?module-path=/m",
        "pkcs11:token=密;object=b?module-path=/m",
        "file:/keys/log.pem",
    ],
)
def test_another_spelling_or_a_pin_in_it_is_refused(text: str) -> None:
    with refused(CustodyError, "token_uri"):
        TokenUri.parse(text)


def test_a_key_made_in_the_token_signs(hsm: SoftHsm) -> None:
    token = opened(hsm)
    made = token.create("signs")
    again = opened(hsm).signer("signs")
    assert again.public_key == made.public_key
    assert token.has("signs")
    messages = [b"", b"message", bytes(4096)]
    signatures = again.sign_all(messages)
    assert [made.public_key.verify(*pair) for pair in zip(signatures, messages, strict=True)] == [True] * 3
    assert signatures == made.sign_all(messages)  # RFC 8032: the same key and message give the same


def test_a_process_logs_in_once(hsm: SoftHsm) -> None:
    opened(hsm)

    def never() -> bytes:
        raise AssertionError("asked twice")

    assert open_token(hsm.module, TOKENS[0], never) is opened(hsm)


def test_no_key_is_made_twice_under_one_label(hsm: SoftHsm) -> None:
    token = opened(hsm)
    token.create("once")
    with refused(CustodyError, "token_key_exists"):
        token.create("once")


def test_a_key_that_is_not_there(hsm: SoftHsm) -> None:
    assert not opened(hsm).has("nothing")
    with refused(CustodyError, "token_key_missing"):
        opened(hsm).signer("nothing")


def test_a_token_that_is_not_there(hsm: SoftHsm) -> None:
    with refused(CustodyError, "token_missing"):
        opened(hsm, "no such token")


def test_a_wrong_pin(hsm: SoftHsm) -> None:
    with refused(CustodyError, "token_pin"):
        open_token(hsm.module, TOKENS[1], lambda: b"wrong horse")


@pytest.mark.parametrize("name", ["absent.so", "text.so"])
def test_a_module_that_does_not_load(hsm: SoftHsm, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.so").write_text("no module")
    with refused(CustodyError, "token_module"):
        open_token(tmp_path / name, TOKENS[0], pin)


def keypair(hsm: SoftHsm, label: str, kind: str, curve: str, **private: bool) -> None:
    """A key pair that this program would not make, made by the binding itself."""
    import pkcs11 as binding
    from pkcs11.util.ec import encode_named_curve_parameters

    session = opened(hsm)._session
    parameters = session.create_domain_parameters(
        binding.KeyType[kind], {binding.Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
    )
    template = {binding.Attribute[name.upper()]: value for name, value in private.items()}
    mechanism = binding.Mechanism.EC_EDWARDS_KEY_PAIR_GEN if kind == "EC_EDWARDS" else None
    parameters.generate_keypair(mechanism=mechanism, store=True, label=label, private_template=template)


def test_a_key_that_the_token_would_hand_out_is_refused(hsm: SoftHsm) -> None:
    keypair(hsm, "extractable", "EC_EDWARDS", "1.3.101.112", extractable=True, sensitive=True)
    with refused(CustodyError, "token_key_extractable"):
        opened(hsm).signer("extractable")


def test_two_keys_under_one_label_are_refused(hsm: SoftHsm) -> None:
    for _ in range(2):
        keypair(hsm, "twice", "EC_EDWARDS", "1.3.101.112")
    with refused(CustodyError, "token_ambiguous"):
        opened(hsm).signer("twice")


def test_keys_of_other_kinds_are_refused(hsm: SoftHsm) -> None:
    keypair(hsm, "p256", "EC", "secp256r1")
    with refused(CustodyError, "token_key_type"):
        opened(hsm).signer("p256")
    keypair(hsm, "ed448", "EC_EDWARDS", "1.3.101.113")
    with refused(CustodyError, "token_key_type"):
        opened(hsm).signer("ed448")


def test_a_fault_of_the_token_gives_no_signature(hsm: SoftHsm) -> None:
    """The signature of another key stands for any wrong one."""
    token = opened(hsm)
    right, other = token.create("right"), token.create("other")
    mixed = pkcs11.TokenSigner(token, other._private, right.public_key)
    with refused(CustodyError, "signature_fault"):
        mixed.sign(b"message")


def test_a_public_key_in_either_form() -> None:
    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert pkcs11._public_key(raw) == pkcs11._public_key(b"\x04\x20" + raw)
    for wrong in (bytes(32), b"\x04\x20" + bytes(32), b"\x04\x21" + raw, raw[:-1]):
        with refused(CustodyError, "token_key_type"):
            pkcs11._public_key(wrong)


REMOVED = """
import shutil, sys
from pathlib import Path
from keys.errors import CustodyError
from keys.pkcs11 import open_token
module, token, pin, tokens = sys.argv[1:]
signer = open_token(Path(module), token, pin.encode).create("removed")
signer.sign(b"message")
shutil.rmtree(tokens)
try:
    signer.sign(b"message")
except CustodyError as error:
    print(error.code)
"""


def test_a_token_that_is_removed_is_a_clear_error(hsm: SoftHsm, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    conf = tmp_path / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tokens}\n", encoding="utf-8")
    made = ["softhsm2-util", "--init-token", "--free", "--label", "gone", "--pin", PIN, "--so-pin", PIN]
    environment = {**os.environ, "SOFTHSM2_CONF": str(conf)}
    subprocess.run(made, check=True, capture_output=True, env=environment)
    told = [str(hsm.module), "gone", PIN, str(tokens)]
    done = subprocess.run(
        [sys.executable, "-c", REMOVED, *told], check=True, capture_output=True, text=True, env=environment
    )
    assert done.stdout == "token_gone\n"


def test_without_the_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is not installed."""
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with refused(CustodyError, "token_binding"):
        open_token(Path("/usr/lib/m.so"), "certreg", pin)
