"""The keyring: which file holds which key, opened once, under one passphrase that comes from outside."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from keys.custody import create_key_file
from keys.errors import CustodyError
from registry.keyring import Keyring, authority_key_name, keyring_of
from registry.settings import PASSPHRASE_VARIABLE, settings_from
from tests.builders import refused
from tests.registry.rig import PASSPHRASE


def keyring(folder: Path, passphrase: str = PASSPHRASE) -> Keyring:
    return Keyring(folder, environment={PASSPHRASE_VARIABLE: passphrase}, passphrase_file=None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one key, ``log``."""
    create_key_file(tmp_path / "log.pem", PASSPHRASE.encode())
    return tmp_path


def test_a_key_is_made_and_found_again(tmp_path: Path) -> None:
    keys = tmp_path / "home" / "keys"
    made = keyring(keys).create("root-1")
    assert (keys / "root-1.pem").stat().st_mode & 0o777 == 0o600
    assert keys.stat().st_mode & 0o777 == 0o700
    other = keyring(keys)
    assert other.has("root-1")
    assert not other.has("root-2")
    assert other.signer("root-1").public_key == made.public_key


def test_a_key_is_never_overwritten(folder: Path) -> None:
    before = (folder / "log.pem").read_bytes()
    with refused(CustodyError, "key_file_exists"):
        keyring(folder).create("log")
    assert (folder / "log.pem").read_bytes() == before


def test_a_file_is_opened_once(folder: Path) -> None:
    one = keyring(folder)
    with ThreadPoolExecutor(8) as pool:
        signers = list(pool.map(lambda _: one.signer("log"), range(32)))
    (folder / "log.pem").unlink()
    assert len({id(signer) for signer in signers}) == 1
    assert one.signer("log") is signers[0]


def test_a_wrong_passphrase(folder: Path) -> None:
    with refused(CustodyError, "key_file_locked"):
        keyring(folder, "wrong horse battery").signer("log")


def test_a_missing_key(folder: Path) -> None:
    with refused(CustodyError, "key_file_missing"):
        keyring(folder).signer("root-1")


def test_a_key_that_others_may_read(folder: Path) -> None:
    (folder / "log.pem").chmod(0o640)
    with refused(CustodyError, "key_file_mode"):
        keyring(folder).signer("log")


def test_the_passphrase_may_come_from_a_file(folder: Path) -> None:
    (folder / "passphrase").write_text(PASSPHRASE + "\n")
    environment = {"CERTREG_PASSPHRASE_FILE": str(folder / "passphrase"), "CERTREG_HOME": str(folder)}
    settings = settings_from(environment)
    (folder / "keys").mkdir()
    (folder / "log.pem").rename(folder / "keys" / "log.pem")
    keyring_of(settings, environment).signer("log")


def test_the_passphrase_is_asked_for_only_where_a_key_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.isatty", lambda _: False)
    without = Keyring(folder, environment={}, passphrase_file=None)
    assert without.has("log")
    with refused(CustodyError, "passphrase_missing"):
        without.signer("log")


def test_names_of_authority_keys() -> None:
    assert authority_key_name("410100", "2026-1") == "410100-2026-1"
