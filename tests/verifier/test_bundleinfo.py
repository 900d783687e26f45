"""What is told of a bundle is what is signed in it."""

import zipfile
from pathlib import Path

import pytest

from keys.trustchain import parse_pin
from registry.publication import write_bundle
from registry.statuslists import STATUS_VALIDITY
from tests.builders import HOST, refused
from tests.registry.rig import Rig
from verifier.bundleinfo import describe_bundle
from verifier.errors import SourceError


@pytest.fixture
def bundle(lite: Rig) -> Path:
    """A bundle whose lists were signed at different times."""
    lite.issue(1)
    lite.publish()
    file = lite.folder / "bundle.zip"
    write_bundle(lite.app, file)
    return file


def test_size_age_and_end(lite: Rig, bundle: Path) -> None:
    pin = parse_pin((lite.site / "root.json").read_bytes())
    info = describe_bundle(bundle, pin)
    now = lite.clock.now
    assert (info.registry, info.size, info.lists, info.version) == (HOST, bundle.stat().st_size, 2, 3)
    assert (info.created_at, info.as_of, info.until) == (now, now, now + STATUS_VALIDITY)
    assert info.unusable == ()


def test_a_list_that_nobody_signed_is_named_and_counts_for_nothing(lite: Rig, bundle: Path) -> None:
    other = lite.folder / "other.zip"
    with zipfile.ZipFile(bundle) as read, zipfile.ZipFile(other, "w") as write:
        for name in read.namelist():
            data = read.read(name)
            write.writestr(name, data.replace(b"2026", b"2036", 1) if "/revocation/" in name else data)
    info = describe_bundle(other, parse_pin((lite.site / "root.json").read_bytes()))
    assert (info.lists, len(info.unusable)) == (1, 1)
    assert info.unusable[0].endswith("/revocation/0")


def test_another_root_signed_nothing_in_it(lite: Rig, bundle: Path, tmp_path: Path) -> None:
    pin = parse_pin((lite.site / "root.json").read_bytes())
    key = lite.app.keyring.signer("log").public_key
    stranger = type(pin)(pin.registry, type(pin.root)(1, (type(pin.root.keys[0])(pin.root.keys[0].id, key),)))
    with refused(SourceError, "trust_list_missing"):
        describe_bundle(bundle, stranger)
