"""Keys at rest: what a careless or hostile file, folder or passphrase does."""

import inspect
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys import custody
from keys.custody import FileSigner, ScryptCost, create_key_file, encrypt_key, open_key_file, read_passphrase
from keys.encodings import base64_encode
from keys.errors import CustodyError
from tests.builders import refused, signer

PASSPHRASE = "正确的马 battery staple".encode()
CHEAP = ScryptCost(n=16, r=8, p=1)
VARIABLE = "CERTREG_PASSPHRASE"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    create_key_file(path, PASSPHRASE)
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_a_key_comes_back_and_signs_the_same(tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    made = create_key_file(path, PASSPHRASE, cost=ScryptCost())  # at the real cost
    opened = open_key_file(path, PASSPHRASE)
    assert opened.public_key == made.public_key
    assert opened.sign(b"message") == made.sign(b"message")
    assert made.public_key.verify(opened.sign(b"message"), b"message")


class Faulty:
    """A private key on which a bit flips, as an attacker with a hammer makes it."""

    def __init__(self, real: FileSigner) -> None:
        self._real = real

    def sign(self, message: bytes) -> bytes:
        signature = self._real.sign(message)
        return bytes([signature[0] ^ 1]) + signature[1:]


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_a_fault_while_signing_gives_no_signature(place: int) -> None:
    """Of OpenSSL's key, or in libsodium's: its private half, or the public half beside, by which alone a key is given away."""
    real = signer("any")
    spoilt = bytearray(real._secret)
    spoilt[place] ^= 8
    for faulty in (replace(real, _private=Faulty(real)), replace(real, _secret=bytes(spoilt))):
        with refused(CustodyError, "signature_fault"):
            faulty.sign(b"message")
    assert real.public_key.verify(real.sign(b"message"), b"message")


def test_no_signer_shows_its_key() -> None:
    real = signer("any")
    secret = real._private.private_bytes_raw()
    assert real._secret.startswith(secret)
    assert repr(secret)[2:-1] not in repr(real)
    assert secret.hex() not in repr(real)


def test_a_seed_gives_its_key() -> None:
    # RFC 8032 section 7.1, test 1.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert FileSigner.from_seed(seed).public_key.raw.hex() == public


def test_a_key_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_key_file(tmp_path / "key.pem", PASSPHRASE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_two_keys_have_nothing_in_common(tmp_path: Path) -> None:
    files = [tmp_path / "1.pem", tmp_path / "2.pem"]
    keys = {create_key_file(path, PASSPHRASE).public_key for path in files}
    assert len(keys) == 2


def test_one_key_is_never_sealed_alike() -> None:
    private = Ed25519PrivateKey.generate()
    assert encrypt_key(private, PASSPHRASE, CHEAP) != encrypt_key(private, PASSPHRASE, CHEAP)


def test_the_private_key_is_nowhere_in_the_clear(key_file: Path) -> None:
    private = open_key_file(key_file, PASSPHRASE)._private.private_bytes_raw()
    sealed = b"".join(key_file.read_bytes().splitlines()[1:-1])
    assert private not in base64_encode(private).encode() + sealed
    assert private.hex() not in repr(open_key_file(key_file, PASSPHRASE))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o601, 0o644, 0o666, 0o777])
def test_a_file_open_to_others_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with refused(CustodyError, "key_file_mode"):
        open_key_file(key_file, PASSPHRASE)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_closed_to_others_is_opened(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    assert open_key_file(key_file, PASSPHRASE)


@pytest.mark.parametrize("passphrase", [b"", b"x", PASSPHRASE[:-1], PASSPHRASE + b"\n", b"\0" + PASSPHRASE])
def test_a_wrong_passphrase(key_file: Path, passphrase: bytes) -> None:
    with refused(CustodyError, "key_file_locked"):
        open_key_file(key_file, passphrase)


def test_a_missing_file(tmp_path: Path) -> None:
    with refused(CustodyError, "key_file_missing"):
        open_key_file(tmp_path / "absent.pem", PASSPHRASE)
    with refused(CustodyError, "key_file_missing"):
        open_key_file(tmp_path, PASSPHRASE)


def test_an_existing_file_is_not_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()
    with refused(CustodyError, "key_file_exists"):
        create_key_file(key_file, PASSPHRASE)
    assert key_file.read_bytes() == before


def test_a_link_is_not_followed_to_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "link.pem").symlink_to(tmp_path / "elsewhere.pem")
    with refused(CustodyError, "key_file_exists"):
        create_key_file(tmp_path / "link.pem", PASSPHRASE)
    assert not (tmp_path / "elsewhere.pem").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with refused(CustodyError, "key_file_unwritable"):
        create_key_file(tmp_path / "absent" / "key.pem", PASSPHRASE)


@pytest.mark.parametrize("passphrase", [b"", b"eleven byte"])
def test_a_short_passphrase_makes_no_file(tmp_path: Path, passphrase: bytes) -> None:
    with refused(CustodyError, "passphrase_short"):
        create_key_file(tmp_path / "key.pem", passphrase)
    assert not (tmp_path / "key.pem").exists()


def test_twelve_bytes_are_long_enough(tmp_path: Path) -> None:
    assert create_key_file(tmp_path / "key.pem", b"twelve bytes")


@pytest.mark.parametrize(
    "private",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        ec.generate_private_key(ec.SECP256R1()),
        ed448.Ed448PrivateKey.generate(),
    ],
    ids=["rsa", "ec", "ed448"],
)
def test_a_key_of_another_kind_is_refused(
    tmp_path: Path, private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey
) -> None:
    encryption = serialization.BestAvailableEncryption(PASSPHRASE)
    data = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    with refused(CustodyError, "key_file_type"):
        open_key_file(written(tmp_path / "key.pem", data), PASSPHRASE)


def test_a_key_in_the_clear_is_refused(tmp_path: Path) -> None:
    data = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with refused(CustodyError, "key_file_locked"):
        open_key_file(written(tmp_path / "key.pem", data), PASSPHRASE)


@pytest.mark.parametrize("cost", [ScryptCost(n=3), ScryptCost(n=0), ScryptCost(n=2**40), ScryptCost(r=2**30)])
def test_a_file_that_asks_for_an_impossible_derivation_is_refused(tmp_path: Path, cost: ScryptCost) -> None:
    info = custody._encrypted_private_key_info(b"s" * 16, b"i" * 16, cost, b"x" * 48)
    body = base64_encode(info).encode()
    data = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + body + b"\n-----END ENCRYPTED PRIVATE KEY-----\n"
    with refused(CustodyError, "key_file_locked"):
        open_key_file(written(tmp_path / "key.pem", data), PASSPHRASE)


SEALED = encrypt_key(signer("sealed")._private, PASSPHRASE, CHEAP)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=100)
    | st.tuples(st.integers(0, len(SEALED) - 1), st.integers(0, 255)).map(
        lambda change: SEALED[: change[0]] + bytes((change[1],)) + SEALED[change[0] + 1 :]
    )
)
def test_any_file_opens_as_a_key_or_is_refused(tmp_path: Path, data: bytes) -> None:
    try:
        opened = open_key_file(written(tmp_path / "key.pem", data), PASSPHRASE)
    except CustodyError:
        return
    # PBES2 hides and does not authenticate: a damaged file may open as another key, which then signs as itself. Whoever
    # opens a key file compares its public key with the one that is listed.
    assert opened.public_key.verify(opened.sign(b"message"), b"message")


# The passphrase


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_passphrase_from_a_file_ends_before_the_line_end(tmp_path: Path, ending: bytes) -> None:
    file = written(tmp_path / "passphrase", PASSPHRASE + ending)
    assert read_passphrase({}, variable=VARIABLE, file=file) == PASSPHRASE


def test_spaces_belong_to_the_passphrase(tmp_path: Path) -> None:
    file = written(tmp_path / "passphrase", b" twelve bytes \n")
    assert read_passphrase({}, variable=VARIABLE, file=file) == b" twelve bytes "


def test_the_file_is_asked_before_the_environment(tmp_path: Path) -> None:
    file = written(tmp_path / "passphrase", b"from the file")
    assert read_passphrase({VARIABLE: "other"}, variable=VARIABLE, file=file) == b"from the file"


def test_a_named_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    with refused(CustodyError, "passphrase_file"):
        read_passphrase({VARIABLE: "other"}, variable=VARIABLE, file=tmp_path / "absent", prompt="? ")


def test_a_passphrase_from_the_environment() -> None:
    environment = {VARIABLE: PASSPHRASE.decode()}
    assert read_passphrase(environment, variable=VARIABLE, file=None, prompt="? ") == PASSPHRASE


def test_bytes_in_the_environment_that_are_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environb, VARIABLE.encode(), b"caf\xe9 au lait")
    assert read_passphrase(os.environ, variable=VARIABLE, file=None) == b"caf\xe9 au lait"


def test_a_passphrase_from_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return PASSPHRASE.decode()

    monkeypatch.setattr("getpass.getpass", answer)
    assert read_passphrase({}, variable=VARIABLE, file=None, prompt="Passphrase: ") == PASSPHRASE
    assert asked == ["Passphrase: "]


def test_no_passphrase_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["certreg", "--passphrase", PASSPHRASE.decode(), f"{VARIABLE}=x"])
    with refused(CustodyError, "passphrase_missing"):
        read_passphrase({}, variable=VARIABLE, file=None)


def test_arguments_are_never_read() -> None:
    assert "argv" not in inspect.getsource(custody)


def test_errors_say_neither_passphrase_nor_folder(key_file: Path) -> None:
    with pytest.raises(CustodyError) as caught:
        open_key_file(key_file, b"a wrong passphrase")
    assert str(caught.value) == "key_file_locked: authority.pem"
