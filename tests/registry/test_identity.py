"""Identity numbers at rest: sealed for one row, found by a keyed hash, lost without the secret."""

import hmac
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import OfficeError
from registry.identity import SECRET_FILE, IdentityVault, KeyedHash, create_vault, open_vault
from tests.builders import refused
from tests.registry.rig import Rig
from tests.registry.sheets import identity

VAULT = IdentityVault(bytes(range(32)))
ONE, TWO = "41010020261000000131", "41010020261000000228"


@given(st.integers(0, 999_999))
def test_sealed_and_opened(serial: int) -> None:
    sealed = VAULT.seal(identity(serial), ONE)
    assert VAULT.open(sealed, ONE) == identity(serial)
    assert identity(serial).encode() not in sealed
    assert len(sealed) <= 64


@given(st.integers(0, 45), st.integers(0, 7))
def test_any_bit_altered_is_noticed(place: int, bit: int) -> None:
    sealed = bytearray(VAULT.seal(identity(1), ONE))
    sealed[place] ^= 1 << bit
    with pytest.raises(InvalidTag):
        VAULT.open(bytes(sealed), ONE)


def test_a_seal_is_for_one_certificate_and_never_twice_the_same() -> None:
    sealed = VAULT.seal(identity(1), ONE)
    with pytest.raises(InvalidTag):
        VAULT.open(sealed, TWO)
    with pytest.raises(InvalidTag):
        IdentityVault(bytes(32)).open(sealed, ONE)
    assert VAULT.seal(identity(1), ONE) != sealed


def test_hashes_are_keyed_and_of_whole_parts() -> None:
    assert VAULT.hash("a", "bc") == VAULT.hash("a", "bc")
    assert VAULT.hash("a", "bc") != VAULT.hash("ab", "c")
    assert VAULT.hash("a") != IdentityVault(bytes(32)).hash("a")
    assert len(VAULT.hash("a")) == 32


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    made = create_vault(tmp_path / "keys")
    secret = tmp_path / "keys" / SECRET_FILE
    assert secret.stat().st_mode & 0o777 == 0o600
    assert len(secret.read_bytes()) == 32
    assert open_vault(tmp_path / "keys").hash("a") == made.hash("a")
    with pytest.raises(FileExistsError):
        create_vault(tmp_path / "keys")
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [SECRET_FILE]


@pytest.mark.parametrize(("mode", "size"), [(0o640, 32), (0o604, 32), (0o600, 31), (0o600, 0), (0o600, 33)])
def test_a_secret_that_is_not_fit(tmp_path: Path, mode: int, size: int) -> None:
    (tmp_path / SECRET_FILE).write_bytes(bytes(size))
    (tmp_path / SECRET_FILE).chmod(mode)
    with refused(OfficeError, "identity_key_unsafe"):
        open_vault(tmp_path)


def test_a_missing_secret_stops_the_registry(lite: Rig) -> None:
    (lite.place.home / "keys" / SECRET_FILE).unlink()
    with refused(OfficeError, "identity_key_missing"):
        lite.place.open(lite.clock)


def test_nothing_readable_lies_in_the_database(lite: Rig) -> None:
    lite.issue(*range(5))
    lite.app.database.close()
    stored = b"".join(path.read_bytes() for path in lite.place.home.glob("registry.db*"))
    assert identity(0)[:6].encode() in stored  # masked, in the record
    assert not [serial for serial in range(5) if identity(serial).encode() in stored]


def test_intents_are_sealed_under_a_key_of_their_own() -> None:
    seal = VAULT.seal_intent(b"what is reserved")
    assert len(seal) == 32
    assert VAULT.is_seal_of_intent(seal, b"what is reserved")
    assert not VAULT.is_seal_of_intent(seal, b"what is reserved.")
    assert not IdentityVault(bytes(32)).is_seal_of_intent(seal, b"what is reserved")
    assert seal != VAULT.hash("what is reserved")


@given(key=st.binary(max_size=64), data=st.binary(max_size=300))
def test_the_keyed_hash_is_hmac_sha256(key: bytes, data: bytes) -> None:
    keyed = KeyedHash(key)
    assert keyed.digest(data) == keyed.digest(data) == hmac.digest(key, data, "sha256")
