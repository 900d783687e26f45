"""The master key: from a file, the environment or a token; another one wraps the same keys, and no row moves."""

import base64
import os
from pathlib import Path

import pytest

from keys.errors import CustodyError
from registry.app import App, create_app, open_app
from registry.cli.main import main as certreg
from registry.errors import OfficeError
from registry.fsck import fsck
from registry.identitykeys.master import SECRET_FILE, KeyMaster, Masters
from registry.identitykeys.rotation import change_master, keys_in_use, rotate
from tests.builders import HOST, refused
from tests.journeys.program import Shell
from tests.registry.identitykeys.test_rotation import identities
from tests.registry.intruder import sql, tamper
from tests.registry.rig import PASSPHRASE, Clock, Rig
from tests.softhsm import PIN, SoftHsm

SECRET = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()


def reopened(rig: Rig, **environment: str) -> App:
    rig.app.database.close()
    rig.app = open_app(rig.place.environment | environment, clock=rig.clock)
    return rig.app


def test_wrapped_for_one_key_under_one_master() -> None:
    one, other = KeyMaster.of(bytes(32)), KeyMaster.of(bytes(range(32)))
    wrapped = one.wrap(bytes(range(32)), b"key 1")
    assert one.unwrap(wrapped, b"key 1") == bytes(range(32))
    for master, data, about in (
        (other, wrapped, b"key 1"),
        (one, wrapped, b"key 2"),
        (one, wrapped[:-1], b"key 1"),
        (one, b"", b"key 1"),
    ):
        with refused(OfficeError, "identity_master_differs"):
            master.unwrap(data, about)


def test_the_next_master_in_a_file(rig: Rig) -> None:
    rig.issue(1, 2)
    before, keys = identities(rig.app), rig.app.settings.keys
    assert change_master(rig.app, Masters(rig.app.keyring, {})) == 2
    assert (keys / "identity-2.key").stat().st_mode & 0o777 == 0o600
    (keys / SECRET_FILE).unlink()
    assert identities(reopened(rig)) == before
    assert rotate(rig.app, Masters(rig.app.keyring, {})).key == 2
    assert identities(reopened(rig)) == before
    (keys / "identity-2.key").unlink()
    with refused(OfficeError, "identity_key_missing"):
        reopened(rig)


def test_the_master_in_the_environment(lite: Rig) -> None:
    lite.issue(1)
    before = identities(lite.app)
    environment = {"CERTREG_IDENTITY_KEY_2": SECRET}
    change_master(lite.app, Masters(lite.app.keyring, environment))
    (lite.app.settings.keys / SECRET_FILE).unlink()
    assert identities(reopened(lite, **environment)) == before
    assert not list(lite.app.settings.keys.glob("identity*"))
    with refused(OfficeError, "identity_master_differs"):
        reopened(lite, CERTREG_IDENTITY_KEY_2=OTHER)
    with pytest.raises(OfficeError) as missing:
        reopened(lite)
    assert missing.value.code == "identity_key_missing"
    assert missing.value.params == {"file": "identity-2.key", "variable": "CERTREG_IDENTITY_KEY_2"}
    for wrong in ("", "not base64", base64.b64encode(bytes(31)).decode()):
        with refused(OfficeError, "identity_key_unsafe"):
            reopened(lite, CERTREG_IDENTITY_KEY_2=wrong)


def test_a_registry_that_never_had_a_file(tmp_path: Path) -> None:
    environment = {
        "CERTREG_HOME": str(tmp_path / "home"),
        "CERTREG_PASSPHRASE": PASSPHRASE,
        "CERTREG_IDENTITY_KEY": SECRET,
    }
    create_app(environment, home=None, host=HOST, clock=Clock()).database.close()
    app = open_app(environment, clock=Clock())
    assert app.vault.current == 1
    assert not list(app.settings.keys.glob("identity*"))
    app.database.close()


def test_the_master_in_a_token(lite: Rig, hsm: SoftHsm) -> None:
    lite.issue(1, 2)
    before = identities(lite.app)
    custody = lite.app.settings.custody
    custody.write_text(
        f'{{"custodyVersion": 1, "keys": {{"identity-2": "{hsm.uri(f"identity {os.getpid()}")}"}}}}'
    )
    custody.chmod(0o600)
    pin = {"CERTREG_PIN": PIN}
    app = reopened(lite, **pin)
    masters = Masters(app.keyring, pin)
    assert masters.source(2) == "token"
    change_master(app, masters)
    (app.settings.keys / SECRET_FILE).unlink()
    assert identities(reopened(lite, **pin)) == before
    assert rotate(lite.app, Masters(lite.app.keyring, pin)).left == {}
    assert keys_in_use(reopened(lite, **pin)) == {2: 3}
    tamper(lite, sql("UPDATE identity_key SET wrapped = :data WHERE id = 2", data=bytes(60)))
    with refused(OfficeError, "identity_master_differs"):
        reopened(lite, **pin)
    custody.write_text(custody.read_text().replace("object=identity", "object=nobody"))
    with refused(CustodyError, "token_key_missing"):
        reopened(lite, **pin)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity_key SET id = 5 WHERE id = 1",
        "UPDATE identity_key SET wrapped = (SELECT wrapped FROM identity_key WHERE id = 0) WHERE id = 1",
    ],
)
def test_no_key_passes_for_another(rig: Rig, statement: str) -> None:
    tamper(rig, sql(statement))
    with refused(OfficeError, "identity_master_differs"):
        reopened(rig)


def test_keys_that_were_deleted_are_not_replaced_unnoticed(rig: Rig) -> None:
    """Whoever deletes them makes the registry useless, and gains nothing: no range is signed under a seal of another base."""
    rig.issue(1)
    tamper(rig, sql("DELETE FROM identity_key"))
    app = reopened(rig)
    assert {"identity_unreadable", "intent_altered"} <= {one.code for one in fsck(app).troubles}


def test_a_master_that_is_nowhere_but_in_the_environment_is_told_to_be_kept(tmp_path: Path) -> None:
    """Typed as one command with a fresh value it would be gone with that command, and every number with it."""
    shell = Shell(tmp_path)
    assert shell.certreg("init", "--host", HOST).code == 0
    said = shell.run(certreg, "identity", "rewrap", CERTREG_IDENTITY_KEY_2=SECRET)
    assert said.code == 0
    assert "CERTREG_IDENTITY_KEY_2 中：请另存两处" in said.out
    without = shell.certreg("fsck")
    assert without.code == 1
    assert "CERTREG_IDENTITY_KEY_2" in without.err
