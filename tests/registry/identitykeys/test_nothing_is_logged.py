"""Neither an identity number nor its hash is ever logged: everything that is said in a whole run is read again."""

import base64
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from registry.database import bulk_insert
from registry.fsck import fsck
from registry.identitykeys.rotation import rotate
from registry.models import Certificate, Claim
from tests.cases.people import confirmed, proposed, work
from tests.registry.identitykeys.test_rotation import masters
from tests.registry.rig import Rig
from tests.registry.sheets import annual, identity
from tests.review import desk


@pytest.fixture
def said() -> Iterator[StringIO]:
    """Everything that any logger says, however low; with the text of every error that is told."""
    root, text = logging.getLogger(), StringIO()
    handler, before = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.NOTSET + 1)
    yield text
    root.setLevel(before)
    root.removeHandler(handler)


def spellings(rig: Rig) -> list[str]:
    """Numbers, hashes and claims in every spelling in which a program may write them."""
    with rig.app.database.read() as session:
        hashes = [bytes(one) for one in session.scalars(select(Certificate.identity_hash))]
        hashes += [bytes(one) for one in session.scalars(select(Claim.key))]
    assert len(hashes) >= 8
    found = [identity(serial) for serial in range(10)]
    for one in hashes:
        found += [
            one.hex(),
            base64.b64encode(one).decode(),
            repr(one)[2:-1],
            str(memoryview(one)),
            one.hex().upper(),
        ]
    return found


def test_a_whole_run(rig: Rig, said: StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("tests").debug("the beginning")
    desk.submitted(rig, range(1, 4))
    desk.release(rig, 1)
    desk.work(rig)
    numbers = rig.issue(4, 5)
    confirmed(rig, proposed(rig, numbers[0], "correct", changes={}, identity=identity(6)))
    work(rig)
    rig.submit(rig.people(range(1, 9)))
    rotate(rig.app, masters(rig.app))
    assert fsck(rig.app).troubles == ()
    rig.publish()
    broken(rig)
    told = said.getvalue() + "".join(capfd.readouterr())
    assert "the beginning" in told
    assert "violates" in told or "UNIQUE" in told
    assert [one for one in spellings(rig) if one in told] == []
    assert annual(1)[0] not in told  # nor a name


def broken(rig: Rig) -> None:
    """Errors that the database makes about a claim that is taken, logged with all that they carry."""
    with rig.app.database.read() as session:
        key = session.scalars(select(Claim.key)).first()
    for insert in (
        lambda session: bulk_insert(session, Claim, [{"key": key, "number": "1"}]),
        lambda session: session.execute(Claim.__table__.insert().values(key=key, number="1")),
    ):
        try:
            with rig.app.database.write() as session:
                insert(session)
        except IntegrityError:
            logging.getLogger("registry").exception("refused")
