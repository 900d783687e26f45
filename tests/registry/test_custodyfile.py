"""``custody.json``: which keys are elsewhere; and a registry whose keys are in a token."""

import json
from pathlib import Path

import pytest

from keys.errors import CustodyError
from keys.pkcs11 import TokenSigner, TokenUri
from registry.app import create_app
from registry.batches import issue_file
from registry.custodyfile import read_custody
from registry.keyring import Keyring
from registry.offices import add_authority
from registry.settings import PASSPHRASE_VARIABLE, PIN_VARIABLE
from tests.builders import HOST, MUNICIPAL, refused
from tests.registry.rig import (
    NOW,
    OFFICES,
    PASSPHRASE,
    RULES,
    YEAR,
    Clock,
    Place,
    Rig,
    assert_sound,
    intake,
    people,
)
from tests.softhsm import PIN, SoftHsm

URI = "pkcs11:token=certreg;object=log?module-path=/usr/lib/m.so"


def written(folder: Path, document: object) -> Path:
    file = folder / "custody.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    file.chmod(0o600)
    return file


def test_places(tmp_path: Path) -> None:
    file = written(tmp_path, {"custodyVersion": 1, "keys": {"log": URI, "root-1": "file:/mnt/root-1.pem"}})
    assert read_custody(file) == {"log": TokenUri.parse(URI), "root-1": Path("/mnt/root-1.pem")}
    assert read_custody(tmp_path / "absent.json") == {}


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        {"custodyVersion": 2, "keys": {}},
        {"custodyVersion": True, "keys": {}},
        {"custodyVersion": 1, "keys": []},
        {"custodyVersion": 1, "keys": {}, "more": 1},
        {"custodyVersion": 1, "keys": {"log": 1}},
        {"custodyVersion": 1, "keys": {"../log": "file:/k"}},
        {"custodyVersion": 1, "keys": {"log": "file:keys/log.pem"}},
        '{"custodyVersion": 1, "keys": {"log": "file:/a", "log": "file:/b"}}',
    ],
)
def test_another_form_is_refused(tmp_path: Path, document: object) -> None:
    with refused(CustodyError, "custody_file"):
        read_custody(written(tmp_path, document))


def test_an_address_that_is_none(tmp_path: Path) -> None:
    with refused(CustodyError, "token_uri"):
        read_custody(written(tmp_path, {"custodyVersion": 1, "keys": {"log": "/k/log.pem"}}))


def test_a_file_that_others_may_write_or_that_is_none(tmp_path: Path) -> None:
    file = written(tmp_path, {"custodyVersion": 1, "keys": {}})
    file.chmod(0o620)
    with refused(CustodyError, "custody_file"):
        read_custody(file)
    (tmp_path / "folder").mkdir()
    with refused(CustodyError, "custody_file"):
        read_custody(tmp_path / "folder")


def test_a_key_file_in_another_place(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.pem"
    custody = written(tmp_path, {"custodyVersion": 1, "keys": {"log": f"file:{elsewhere}"}})
    keyring = Keyring(tmp_path / "keys", environment={PASSPHRASE_VARIABLE: PASSPHRASE}, custody=custody)
    assert keyring.names() == []
    made = keyring.create("log")
    assert elsewhere.exists()
    assert keyring.names() == ["log"]
    again = Keyring(tmp_path / "keys", environment={PASSPHRASE_VARIABLE: PASSPHRASE}, custody=custody)
    assert again.signer("log").public_key == made.public_key


def test_a_registry_whose_keys_are_in_a_token(tmp_path: Path, hsm: SoftHsm) -> None:
    """Founded, delegated, issued, published, verified; the root's key stays in its file."""
    names = ("log", "status-1", f"{MUNICIPAL}-{YEAR}-1")
    place = Place(tmp_path / "home")
    place.home.mkdir(mode=0o700)
    keys = {name: str(hsm.uri(f"registry {name}")) for name in names}
    written(place.home, {"custodyVersion": 1, "keys": keys})
    environment = {**place.environment, PIN_VARIABLE: PIN}
    clock = Clock(NOW)
    app = create_app(environment, home=None, host=HOST, clock=clock)
    with app.database.write() as session:
        add_authority(session, app.keyring, OFFICES[0], now=clock.now)
    app.sign_log()
    files = ["report-1", "root-1"]  # what custody.json does not name lies here
    assert sorted(file.stem for file in app.settings.keys.glob("*.pem")) == files
    assert app.keyring.names() == sorted((*names, *files))
    assert {type(app.keyring.signer(name)) for name in names} == {TokenSigner}
    assert not app.keyring.opens_unasked("log", "root-1")
    file = people(tmp_path / "list.csv", range(5))
    result = issue_file(app, intake(file), authority=MUNICIPAL, rule_set=RULES, chunk=2)
    assert_sound(app, issued=5)
    rig = Rig(place, tmp_path, clock, app)
    rig.publish()
    assert [rig.judge(number).reason for number in result.issued] == ["valid"] * 5
    app.database.close()


def test_no_pin(tmp_path: Path, hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda _: False)
    keys = {"log": str(TokenUri(hsm.module, "never opened", "log"))}
    custody = written(tmp_path, {"custodyVersion": 1, "keys": keys})
    absent = {f"{PIN_VARIABLE}_FILE": str(tmp_path / "absent")}
    for environment in ({}, absent):
        with refused(CustodyError, "token_missing"):  # the token is looked for before anybody is asked
            Keyring(tmp_path, environment=environment, custody=custody).has("log")
    custody = written(tmp_path, {"custodyVersion": 1, "keys": {"log": str(hsm.uri("log", "certreg spare"))}})
    for environment in ({}, absent):
        with refused(CustodyError, "token_pin_absent"):
            Keyring(tmp_path, environment=environment, custody=custody).has("log")
