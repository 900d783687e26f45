"""The registry's trust list: versions in a chain that a verifier walks from the first root, each of them logged."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from keys.did import key_id, registry_did
from keys.trustchain import parse_pin, verify_chain
from registry.database import Database
from registry.errors import OfficeError
from registry.fsck import fsck
from registry.log import read_entries
from registry.models import Base, TrustListVersion
from registry.offices import renew_trust_list
from registry.troubles import Trouble
from registry.trust import (
    TRUST_LIST_VALIDITY,
    current_trust_list,
    established_trust,
    publish_version,
    registry_of,
    store_version,
    trust_list_documents,
    walked_trust,
)
from tests.builders import HOST, refused
from tests.registry.overheard import overheard
from tests.registry.rig import DAY, FOUNDED, NOW, OFFICES, Rig, assert_sound
from verifier.loading import installed_catalogue
from verifier.logentry import parse_log_entry, record_digest


def test_every_version_follows_the_last(rig: Rig) -> None:
    with rig.app.database.read() as session:
        documents = trust_list_documents(session)
        pin = parse_pin(registry_of(session).root)
    assert len(documents) == 1 + len(OFFICES)
    newest = verify_chain(documents, pin)
    assert (newest.version, newest.registry) == (3, HOST)
    assert set(newest.authorities) == {office.code for office in OFFICES}
    assert (newest.valid_from, newest.valid_until) == (FOUNDED, FOUNDED + TRUST_LIST_VALIDITY)


def test_every_version_is_an_entry_of_the_log(rig: Rig) -> None:
    with rig.app.database.read() as session:
        versions = list(session.scalars(select(TrustListVersion).order_by(TrustListVersion.version)))
        entries = [parse_log_entry(data) for data in read_entries(session, 0)]
    for one in versions:
        entry = entries[one.leaf_index]
        assert (entry.action, entry.number) == ("trust-list", str(one.version))
        assert entry.digest == record_digest(one.data)


def test_renewal_changes_the_version_and_the_validity(rig: Rig) -> None:
    with rig.app.database.write() as session:
        before = current_trust_list(session)
        after = renew_trust_list(session, rig.app.keyring, now=NOW)
    assert (after.version, after.valid_from) == (before.version + 1, NOW)
    assert (after.authorities, after.root, after.status_keys) == (
        before.authorities,
        before.root,
        before.status_keys,
    )
    assert after.templates == installed_catalogue(HOST).digests
    rig.app.sign_log()
    assert_sound(rig.app, issued=0)


def test_a_version_is_stored_once(rig: Rig) -> None:
    """Two writers of the same version: the second has nothing, not even a leaf."""
    with rig.app.database.read() as session:
        current = current_trust_list(session)
        size = len(read_entries(session, 0))
    with pytest.raises(IntegrityError), rig.app.database.write() as session:
        store_version(session, current, now=NOW)
    with rig.app.database.read() as session:
        assert len(read_entries(session, 0)) == size


def test_a_list_signed_by_a_stranger_is_not_believed(lite: Rig) -> None:
    """What the registry trusts is what any verifier would that pinned its first root."""
    with lite.app.database.write() as session:
        stranger = {key_id(registry_did(HOST), "root-1"): lite.app.keyring.signer("log")}
        publish_version(session, current_trust_list(session), stranger, now=NOW)
    with lite.app.database.read() as session:
        trust = established_trust(session)
    assert trust.trust_list is None
    assert trust.error is not None


def test_the_chain_is_walked_once_for_each_newest_version(rig: Rig) -> None:
    with rig.app.database.read() as session:
        first = established_trust(session)
    with overheard(rig.app.database) as asked, rig.app.database.read() as session:
        again = established_trust(session)
    assert again is first
    of_versions = [statement for statement, _ in asked if TrustListVersion.__tablename__ in statement]
    assert len(of_versions) == 1
    assert "LIMIT" in of_versions[0]
    with rig.app.database.write() as session:
        renewed = renew_trust_list(session, rig.app.keyring, now=NOW)
    with rig.app.database.read() as session:
        assert established_trust(session).trust_list == renewed
        assert established_trust(session) == walked_trust(session)


@pytest.mark.parametrize(
    ("alter", "code"),
    [
        (lambda data: data[:-1], "trust_list_form"),
        (lambda data: data.replace(b"henan-2012", b"henan-2013"), "trust_list_unsigned"),
    ],
)
def test_an_old_version_that_is_altered_later_is_found_all_the_same(
    lite: Rig, alter: Callable[[bytes], bytes], code: str
) -> None:
    """Trust was established from what it was; who looks at everything looks at it again."""
    with lite.app.database.write() as session:
        before = established_trust(session)
        oldest = session.get_one(TrustListVersion, 1)
        oldest.data = alter(oldest.data)
    with lite.app.database.read() as session:
        assert established_trust(session) is before
        error = walked_trust(session).error
    assert error is not None
    assert error.code == code
    assert Trouble(code, "trust list") in fsck(lite.app).troubles


def test_the_trust_list_grows_old(lite: Rig) -> None:
    (number,) = lite.issue(1)
    lite.clock.now = FOUNDED + TRUST_LIST_VALIDITY + DAY
    lite.publish()
    assert lite.judge(number).reason == "trust_list_stale"
    with lite.app.database.write() as session:
        renew_trust_list(session, lite.app.keyring, now=lite.clock.now)
    lite.publish()
    assert lite.judge(number).reason == "valid"


def test_without_a_registry(engine_url: str) -> None:
    database = Database(engine_url)
    Base.metadata.create_all(database.engine)
    with database.read() as session:
        with refused(OfficeError, "not_initialised"):
            registry_of(session)
        with refused(OfficeError, "not_initialised"):
            current_trust_list(session)
    database.close()
