"""Numbers: reserved in a row, one range at a time, with the claims; nothing is reserved that cannot be."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.trustlist import ListedKey, RuleSet
from registry.applications import Candidate, claim_of, mask_identity, missing_hours
from registry.errors import IssuanceError
from registry.identity import IdentityVault
from registry.intents import Reservation, SeriesKey, reserve, rows_of
from registry.models import Batch, Claim, Intent, Series
from registry.trust import current_trust_list
from tests.builders import MUNICIPAL, henan_2012, refused
from tests.registry.rig import NOW, Rig
from tests.registry.sheets import identity
from verifier.number import MAX_SERIAL, parse_number

SERIES = SeriesKey(MUNICIPAL, 2026, 1)


def candidate(rig: Rig, serial: int) -> Candidate:
    fields: dict[str, str | int] = {
        "name": "张文博",
        "identityDocument": mask_identity(identity(serial)),
        "employer": "郑州市第一人民医院",
        "grade": "senior",
        "ruleSet": "henan-2012",
        "professionalHours": 60,
        "publicHours": 26,
    }
    return Candidate(
        fields, identity(serial), claim_of(fields, rig.app.vault, identity=identity(serial), year=2026)
    )


def key(session: Session) -> ListedKey:
    return current_trust_list(session).authorities[MUNICIPAL].keys[0]


def batch(session: Session) -> int:
    row = Batch(authority=MUNICIPAL, year=2026, kind=1, file_sha256="", file_name="", submitted_at=NOW)
    session.add(row)
    session.flush()
    return row.id


def reserved(rig: Rig, *serials: int, series: SeriesKey = SERIES) -> Reservation:
    with rig.app.database.write() as session:
        return reserve(
            session,
            [candidate(rig, serial) for serial in serials],
            series=series,
            key=key(session),
            batch_id=batch(session),
            template_version="v1",
            vault=rig.app.vault,
            now=NOW,
        )


def serials_of(reservation: Reservation) -> list[int]:
    return [number.serial for number in reservation.numbers]


def test_ranges_follow_each_other(rig: Rig) -> None:
    assert serials_of(reserved(rig, 1, 2, 3)) == [1, 2, 3]
    assert serials_of(reserved(rig, 4, 5)) == [4, 5]
    with rig.app.database.read() as session:
        intents = session.execute(select(Intent.first_serial, Intent.count).order_by(Intent.id)).all()
        assert [tuple(row) for row in intents] == [(1, 3), (4, 2)]
        assert session.get_one(Series, (MUNICIPAL, 2026, 1)).next_serial == 6


def test_each_series_counts_for_itself(rig: Rig) -> None:
    assert serials_of(reserved(rig, 1)) == [1]
    assert serials_of(reserved(rig, 2, series=SeriesKey(MUNICIPAL, 2026, 2))) == [1]
    assert serials_of(reserved(rig, 3, series=SeriesKey(MUNICIPAL, 2027, 1))) == [1]
    assert serials_of(reserved(rig, 4, series=SeriesKey("418001", 2026, 1))) == [1]


def test_who_has_a_claim_gets_no_number(rig: Rig) -> None:
    first = reserved(rig, 1, 2)
    again = reserved(rig, 2, 3, 1)
    assert serials_of(again) == [3]
    claims = {candidate(rig, serial).claim: first.numbers[serial - 1].digits for serial in (1, 2)}
    assert again.taken == claims
    nothing = reserved(rig, 1, 2, 3)
    assert (nothing.intent_id, nothing.numbers) == (None, ())
    assert serials_of(reserved(rig, 4)) == [4]


def test_a_reservation_rolled_back_leaves_no_gap(rig: Rig) -> None:
    with suppress(ZeroDivisionError), rig.app.database.write() as session:
        reserve(
            session,
            [candidate(rig, 1)],
            series=SERIES,
            key=key(session),
            batch_id=batch(session),
            template_version="v1",
            vault=rig.app.vault,
            now=NOW,
        )
        _ = 1 // 0
    with rig.app.database.read() as session:
        assert session.scalars(select(Claim)).all() == []
    assert serials_of(reserved(rig, 2)) == [1]


def test_the_last_number_is_given_and_no_more(rig: Rig) -> None:
    with rig.app.database.write() as session:
        series = {"authority": MUNICIPAL, "year": 2026, "kind": 1}
        session.add(Series(**series, next_serial=MAX_SERIAL - 1))
        given = {
            "first_serial": 1,
            "count": MAX_SERIAL - 2,
            "rows": b"[]",
            "seal": bytes(32),
            "state": "logged",
        }
        made = {"batch_id": batch(session), "key_id": "", "created_at": NOW, "template_version": "v1"}
        session.add(Intent(**series, **given, **made))
    with refused(IssuanceError, "series_full"):
        reserved(rig, 1, 2, 3)
    last = reserved(rig, 1, 2)
    assert serials_of(last) == [MAX_SERIAL - 1, MAX_SERIAL]
    with refused(IssuanceError, "series_full"):
        reserved(rig, 3)
    with rig.app.database.read() as session:
        assert len(session.scalars(select(Claim)).all()) == 2


def test_an_intent_determines_every_byte(rig: Rig) -> None:
    reservation = reserved(rig, 1, 2)
    with rig.app.database.read() as session:
        intent = session.get_one(Intent, reservation.intent_id)
        rows = rows_of(intent, rig.app.vault)
    assert [row.number for row in rows] == list(reservation.numbers)
    assert [row.fields["certificateNumber"] for row in rows] == [n.digits for n in reservation.numbers]
    assert {(row.fields["validFrom"], row.fields["created"], row.fields["keySequence"]) for row in rows} == {
        ("2026-11-23", "2026-11-23T01:00:00Z", 1)
    }
    opened = [rig.app.vault.open(row.identity_sealed, row.number.digits) for row in rows]
    assert opened == [identity(1), identity(2)]


def test_the_day_of_issue_is_chinas(rig: Rig) -> None:
    rig.clock.now = NOW + 16 * 3600  # 17:00 UTC is 01:00 of the next day in China
    (number,) = rig.issue(1)
    assert b'"validFrom":"2026-11-24T00:00:00Z"' in rig.record(number)


def test_printed_numbers_have_their_check_digits(rig: Rig) -> None:
    assert all(parse_number(number.digits) == number for number in reserved(rig, *range(30)).numbers)


_VAULT = IdentityVault(bytes(range(32)))


@given(st.integers(0, 999_999), st.integers(2012, 2099), st.sampled_from(["senior", "junior"]))
def test_a_claim_is_who_and_what_for_and_nothing_else(serial: int, year: int, grade: str) -> None:
    person = identity(serial)
    claim = claim_of({"grade": grade, "name": "甲"}, _VAULT, identity=person, year=year)
    assert claim == claim_of({"grade": "intermediate", "name": "乙"}, _VAULT, identity=person, year=year)
    assert claim != claim_of({"grade": grade}, _VAULT, identity=person, year=year + 1)
    assert claim != claim_of({"grade": grade}, IdentityVault(bytes(32)), identity=person, year=year)
    training = {"programme": "甲", "completedOn": "2026-01-02"}
    other = claim_of(training, _VAULT, identity=person, year=year)
    assert other != claim
    assert other != claim_of({**training, "completedOn": "2026-01-03"}, _VAULT, identity=person, year=year)


@pytest.mark.parametrize(
    ("grade", "professional", "public", "short"),
    [
        ("senior", 60, 26, False),
        ("senior", 59, 27, True),
        ("senior", 61, 25, True),
        ("junior", 52, 22, False),
        ("junior", 51, 30, True),
        ("expert", 0, 0, False),
    ],
)
def test_hours_below_the_rule_are_counted(grade: str, professional: int, public: int, short: bool) -> None:
    fields = {"grade": grade, "professionalHours": professional, "publicHours": public}
    rules: RuleSet = henan_2012()
    assert bool(missing_hours(fields, rules)) is short
    assert missing_hours(fields, None) == {}


def test_identity_numbers_are_masked() -> None:
    assert mask_identity("41010519491231002X") == "410105********002X"
