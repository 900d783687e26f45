"""A rotation ends with every number under the newest key, whatever interrupts it, and offices go on working meanwhile."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select

from registry.app import App, open_app
from registry.errors import OfficeError
from registry.fsck import fsck
from registry.identity import key_id_of
from registry.identitykeys.master import Masters
from registry.identitykeys.models import IdentityKey
from registry.identitykeys.rotation import FORGET_AFTER, forget, keys_in_use, rotate
from registry.identitykeys.sealed import KINDS, Certificates
from registry.issuance import Observe, resume
from registry.models import Certificate, Intent
from registry.trail.models import TrailEntry
from tests.builders import refused
from tests.registry.children import Strike, issue, killed
from tests.registry.intruder import sql, tamper
from tests.registry.rig import NOW, Rig, assert_sound
from tests.registry.sheets import identity


def masters(app: App) -> Masters:
    return Masters(app.keyring, {})


def turn(app: App, observe: Observe) -> None:
    """Rotate in a process of its own; every batch that was committed is a point."""
    rotate(app, masters(app), observe=lambda name, _: observe(name, 1))


def identities(app: App) -> dict[str, str]:
    """Every certificate's identity number, opened."""
    with app.database.read() as session:
        rows = session.execute(select(Certificate.number, Certificate.identity_sealed))
        return {number: app.vault.open(sealed, number) for number, sealed in rows}


def from_before(rig: Rig) -> App:
    """The registry as it was before there were data keys: no row of any, and its vault."""
    tamper(rig, sql("DELETE FROM identity_key"))
    return open_app(rig.place.environment, clock=rig.clock, reading=True)


def test_a_new_registry_has_a_data_key_and_seals_under_it(rig: Rig) -> None:
    rig.issue(1, 2)
    assert rig.app.vault.current == 1
    assert keys_in_use(rig.app) == {1: 3}  # two certificates and their range
    with rig.app.database.read() as session:
        wrapped = list(session.scalars(select(IdentityKey.wrapped)))
        sealed = list(session.scalars(select(Certificate.identity_sealed)))
    assert [len(one) for one in wrapped] == [60, 60]
    assert {len(one) for one in sealed} == {48}


def test_everything_moves_to_the_new_key(rig: Rig) -> None:
    rig.issue(*range(7))
    rig.issue(20, kind="completion")
    before = identities(rig.app)
    done = rotate(rig.app, masters(rig.app))
    assert (done.key, done.made, done.left, done.troubles) == (2, True, {}, ())
    assert done.changed == {"certificate": 8, "intent": 2}
    assert keys_in_use(rig.app) == {2: 10}
    assert identities(rig.app) == before
    assert_sound(rig.app, issued=8, annual_only=False)
    with rig.app.database.read() as session:
        assert list(session.scalars(select(TrailEntry.act))) == ["identity.rotate"]
    rig.issue(30)
    assert keys_in_use(rig.app) == {2: 12}


def test_a_home_from_before_is_brought_along(rig: Rig) -> None:
    app = from_before(rig)
    assert app.vault.current == 0
    rig.app = app
    rig.issue(*range(5))
    before = identities(app)
    with app.database.read() as session:
        assert {len(one) for one in session.scalars(select(Certificate.identity_sealed))} == {46}
    app.database.close()
    rig.app = rig.place.open(rig.clock)  # whoever opens it to work brings it along
    with rig.app.database.read() as session:
        assert session.scalars(select(func.count()).select_from(IdentityKey)).one() == 2
    assert identities(rig.app) == before
    rig.issue(7)
    assert keys_in_use(rig.app) == {0: 6, 1: 2}
    done = rotate(rig.app, masters(rig.app))
    assert (done.key, done.made, done.left) == (1, False, {})
    assert keys_in_use(rig.app) == {1: 8}
    assert (
        len(rig.submit(rig.people(range(8))).issued) == 2
    )  # 5 and 6: everybody else is found by the same hash
    assert_sound(rig.app, issued=8)
    rig.app.database.close()


@pytest.mark.parametrize(
    "strike",
    [Strike("intent", 1), Strike("certificate", 1), Strike("certificate", 3), Strike("draft_part", 1)],
)
def test_killed_and_resumed(rig: Rig, strike: Strike, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.issue(*range(12))
    before = identities(rig.app)
    reached = killed(rig.place, NOW, turn_in_small_batches, strike=strike)
    assert reached is (strike.point != "draft_part")  # there is no draft: it went through to its end
    with rig.app.database.read() as session:
        keys = {key_id_of(one) for one in session.scalars(select(Certificate.identity_sealed))}
    assert keys == (
        {2} if strike.nth == 3 or not reached else {1, 2} if strike.point == "certificate" else {1}
    )
    assert identities(rig.app) == before
    assert fsck(rig.app).troubles == ()
    done = rotate(rig.app, masters(rig.app))
    assert (done.made, done.key, done.left) == (
        not reached or strike.nth == 3,
        3 if not reached or strike.nth == 3 else 2,
        {},
    )
    assert identities(rig.app) == before
    assert_sound(rig.app, issued=12)


def turn_in_small_batches(app: App, observe: Observe) -> None:
    """Four certificates a batch."""
    object.__setattr__(_certificates(), "batch", 4)
    turn(app, observe)


def _certificates() -> Any:
    return next(kind for kind in KINDS if isinstance(kind, Certificates))


def test_a_range_that_is_open_is_left_and_told(rig: Rig) -> None:
    rig.issue(1)
    assert killed(rig.place, NOW, issue, rig.people(range(5, 8)), strike=Strike("reserve:after"))
    done = rotate(rig.app, masters(rig.app))
    assert (done.made, done.left) == (True, {"intent": 1})
    resume(rig.app)
    again = rotate(rig.app, masters(rig.app))
    assert (again.made, again.key, again.left) == (False, 2, {})
    assert again.changed == {"certificate": 3, "intent": 1}
    assert_sound(rig.app, issued=4)


def test_another_process_at_work_meanwhile_seals_under_the_new_key(rig: Rig) -> None:
    """A worker that has had its keys open since before the rotation reserves under the new one."""
    rig.issue(1)
    other = rig.place.open(rig.clock)
    rotate(other, masters(other))
    assert rig.app.vault.current == 1
    rig.issue(2, 3)
    assert rig.app.vault.current == 2
    assert keys_in_use(rig.app) == {2: 5}
    other.database.close()


def test_a_row_that_does_not_open_is_left_and_told(rig: Rig) -> None:
    numbers = rig.issue(*range(3))
    tamper(
        rig,
        sql(
            "UPDATE certificate SET identity_sealed = :data WHERE number = :number",
            data=bytes(48),
            number=numbers[1],
        ),
    )
    tamper(rig, sql("UPDATE intent SET seal = :data", data=bytes(32)))
    done = rotate(rig.app, masters(rig.app))
    assert [(one.code, one.subject) for one in done.troubles] == [
        ("intent_altered", "1"),
        ("identity_unreadable", numbers[1]),
    ]
    assert (done.made, done.key, done.left) == (
        False,
        1,
        {"certificate": 1},
    )  # as if a rotation were not at its end
    anew = rotate(rig.app, masters(rig.app), anew=True)
    assert (anew.made, anew.key, anew.left) == (True, 2, {"certificate": 1, "intent": 1})


def test_forgetting_destroys_what_nothing_lies_under(rig: Rig) -> None:
    rig.issue(1)
    with rig.app.database.read() as session:
        number, sealed = session.execute(select(Certificate.number, Certificate.identity_sealed)).one()
    for key in (0, 1, 2):  # the one from before, the only one, one that is not there
        with refused(OfficeError, "identity_key_unknown"):
            forget(rig.app, key)
    rotate(rig.app, masters(rig.app))
    with refused(OfficeError, "identity_key_in_use"):
        forget(rig.app, 1)  # it could be in somebody's hands
    rig.clock.now += FORGET_AFTER
    forget(rig.app, 1)
    rig.app.database.close()
    rig.app = rig.place.open(rig.clock)
    with pytest.raises(InvalidTag):
        rig.app.vault.open(bytes(sealed), number)
    assert identities(rig.app) == {number: identity(1)}
    assert rotate(rig.app, masters(rig.app)).key == 3
    rig.app.database.close()


def test_a_key_that_rows_lie_under_is_not_forgotten(rig: Rig) -> None:
    assert killed(rig.place, NOW, issue, rig.people(range(3)), strike=Strike("reserve:after"))
    rotate(rig.app, masters(rig.app))
    rig.clock.now += FORGET_AFTER
    with refused(OfficeError, "identity_key_in_use"):
        forget(rig.app, 1)
    with rig.app.database.read() as session:
        assert session.scalars(select(Intent.state)).all() == ["reserved"]
