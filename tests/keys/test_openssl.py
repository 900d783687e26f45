"""No office is locked in: OpenSSL's command opens our key files and checks our signatures, and we open its files."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.custody import ScryptCost, create_key_file, open_key_file
from keys.errors import CustodyError
from keys.publickey import PublicKey
from tests.builders import refused

PASSPHRASE = b"correct horse battery staple"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is absent")


def openssl(*arguments: str, data: bytes = b"", check: bool = True) -> bytes:
    """What the command prints; the passphrase is in its environment, as ``env:SECRET``."""
    environment = {**os.environ, "SECRET": PASSPHRASE.decode()}
    done = subprocess.run(
        ["openssl", *arguments], input=data, env=environment, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0 or not check, done.stderr.decode()
    return done.stdout if check else str(done.returncode).encode()


def public_pem(key: PublicKey) -> bytes:
    return Ed25519PublicKey.from_public_bytes(key.raw).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize("source", ["env", "file"])
def test_openssl_opens_our_key_file(tmp_path: Path, source: str) -> None:
    signer = create_key_file(tmp_path / "key.pem", PASSPHRASE)
    (tmp_path / "passphrase").write_bytes(PASSPHRASE + b"\n")
    passin = {"env": "env:SECRET", "file": f"file:{tmp_path / 'passphrase'}"}[source]
    pem = openssl("pkey", "-in", str(tmp_path / "key.pem"), "-passin", passin, "-pubout")
    assert pem == public_pem(signer.public_key)


def test_openssl_names_the_protection_that_we_promise(tmp_path: Path) -> None:
    create_key_file(tmp_path / "key.pem", PASSPHRASE, cost=ScryptCost())
    listing = openssl("asn1parse", "-in", str(tmp_path / "key.pem")).decode()
    found = [name for name in (":PBES2", ":scrypt", ":id-scrypt", ":aes-256-cbc") if name in listing]
    assert ":PBES2" in found
    assert ":aes-256-cbc" in found
    assert {":scrypt", ":id-scrypt"} & set(found)
    assert ":4000" in listing  # N = 2^14


def test_openssl_needs_the_right_passphrase(tmp_path: Path) -> None:
    create_key_file(tmp_path / "key.pem", b"another passphrase")
    arguments = ("pkey", "-in", str(tmp_path / "key.pem"), "-passin", "env:SECRET", "-noout")
    assert openssl(*arguments, check=False) != b"0"


@pytest.mark.parametrize("message", [b"message", bytes(range(64))])
def test_openssl_verifies_our_signature(tmp_path: Path, message: bytes) -> None:
    signer = create_key_file(tmp_path / "key.pem", PASSPHRASE)
    (tmp_path / "public.pem").write_bytes(public_pem(signer.public_key))
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "signature").write_bytes(signer.sign(message))
    (tmp_path / "other").write_bytes(signer.sign(message + b"."))
    files = ("-inkey", str(tmp_path / "public.pem"), "-in", str(tmp_path / "message"))
    verify = ("pkeyutl", "-verify", "-pubin", "-rawin", *files, "-sigfile")
    assert b"Verified Successfully" in openssl(*verify, str(tmp_path / "signature"))
    assert openssl(*verify, str(tmp_path / "other"), check=False) != b"0"


@pytest.mark.parametrize("protection", [("-scrypt",), ("-v2", "aes-256-cbc"), ("-v2", "aes-128-cbc")])
def test_we_open_a_key_file_made_by_openssl(tmp_path: Path, protection: tuple[str, ...]) -> None:
    path = tmp_path / "key.pem"
    plain = openssl("genpkey", "-algorithm", "ed25519")
    path.write_bytes(openssl("pkcs8", "-topk8", *protection, "-passout", "env:SECRET", data=plain))
    path.chmod(0o600)
    signer = open_key_file(path, PASSPHRASE)
    assert public_pem(signer.public_key) == openssl("pkey", "-pubout", data=plain)


@pytest.mark.parametrize("protection", [("-v2", "camellia-256-cbc"), ("-v2", "aria-256-cbc")])
def test_a_cipher_that_we_do_not_know_is_refused(tmp_path: Path, protection: tuple[str, ...]) -> None:
    path = tmp_path / "key.pem"
    plain = openssl("genpkey", "-algorithm", "ed25519")
    path.write_bytes(openssl("pkcs8", "-topk8", *protection, "-passout", "env:SECRET", data=plain))
    path.chmod(0o600)
    with refused(CustodyError, "key_file_locked"):
        open_key_file(path, PASSPHRASE)
