"""Searching: each criterion, whose certificates are seen, stable pages; and an index that is derived and nothing more."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, select, update

from registry.cases.index import (
    bring_up_to_date,
    follow,
    follow_to_the_end,
    index_troubles,
    name_key,
    named_in,
    progress,
    rebuild,
)
from registry.cases.models import Employer, IndexedCertificate, IndexMark
from registry.cases.search import Query, every, identity_key, numbers_found, search
from registry.correction import correct
from registry.fsck import fsck
from tests.builders import INDUSTRY, MUNICIPAL
from tests.registry.rig import RULES, Rig, intake
from tests.registry.sheets import ANNUAL, annual, identity, write_csv

TODAY = date(2026, 11, 23)
NAMES = ("张文博", "张三", "李雷", "闫芳", "买买提·艾力", "Anna Müller", "=cmd|' /C calc'!A0", "百分之百%")


def issued(rig: Rig, *people: tuple[str, str], authority: str = MUNICIPAL, first: int = 1) -> list[str]:
    """Certificates for people of these names and employers."""
    from registry.batches import issue_file

    rows = [
        annual(first + place, 姓名=name, 工作单位=employer) for place, (name, employer) in enumerate(people)
    ]
    file = write_csv(rig.folder / f"{authority}-{first}.csv", [ANNUAL, *rows])
    numbers = issue_file(rig.app, intake(file), authority=authority, rule_set=RULES).issued
    follow_to_the_end(rig.app)
    return numbers


def found(rig: Rig, query: Query, authority: str | None = None) -> list[str]:
    """The names that ``query`` finds."""
    with rig.app.database.read() as session:
        return [one.name for one in search(session, query, authority=authority).found]


PEOPLE = (
    ("张文博", "郑州市第一人民医院"),
    ("张三", "郑州市第九中学"),
    ("李雷", "郑州市第一人民医院"),
    ("闫芳", "100%_有限公司"),
    ("买买提·艾力", "河南中医药大学"),
)


def test_each_criterion(rig: Rig) -> None:
    numbers = issued(rig, *PEOPLE)
    assert found(rig, Query()) == [name for name, _ in PEOPLE]
    assert found(rig, Query(name="张")) == ["张文博", "张三"]
    assert found(rig, Query(name="张文博")) == ["张文博"]
    assert found(rig, Query(name="文博")) == []  # how it begins
    assert found(rig, Query(employer="第一人民")) == ["张文博", "李雷"]
    assert found(rig, Query(employer="%")) == ["闫芳"]  # no wildcard of the clerk's
    assert found(rig, Query(employer="_")) == ["闫芳"]
    assert found(rig, Query(number=numbers[2])) == ["李雷"]
    key = identity_key(rig.app.vault, f" {identity(4)[:6]} {identity(4)[6:]}", today=TODAY)
    assert key is not None
    assert found(rig, Query(identity=key)) == ["闫芳"]
    assert identity_key(rig.app.vault, identity(4)[:-1] + "?", today=TODAY) is None
    assert found(rig, Query(year=2026, kind=1, name="李")) == ["李雷"]
    assert found(rig, Query(year=2025)) == found(rig, Query(kind=2)) == []
    assert found(rig, Query(batch=1, name="闫")) == ["闫芳"]
    assert found(rig, Query(batch=99)) == []


def test_the_state_is_followed(rig: Rig) -> None:
    numbers = issued(rig, *PEOPLE)
    rig.change(numbers[0], "revoke", "fraud")
    rig.change(numbers[1], "suspend", "complaint")
    assert bring_up_to_date(rig.app).behind == 0
    assert found(rig, Query(state="revoked")) == ["张文博"]
    assert found(rig, Query(state="suspended")) == ["张三"]
    rig.change(numbers[1], "reinstate", "complaint-dismissed")
    bring_up_to_date(rig.app)
    assert found(rig, Query(state="suspended")) == []
    assert len(found(rig, Query(state="issued"))) == 4
    correct(rig.app, numbers[2], {"employer": "郑州市第二人民医院"})
    bring_up_to_date(rig.app)
    assert len(found(rig, Query(state="revoked"))) == 2
    assert len(found(rig, Query(state="superseded"))) == 1
    assert found(rig, Query(state="superseded", number=numbers[0])) == []
    rig.app.sign_log()
    assert fsck(rig.app).troubles == ()


def test_whose_certificates(rig: Rig) -> None:
    issued(rig, *PEOPLE[:2])
    issued(rig, *PEOPLE[2:], authority=INDUSTRY, first=10)
    assert len(found(rig, Query())) == 5
    assert found(rig, Query(), MUNICIPAL) == ["张文博", "张三"]
    assert found(rig, Query(authority=INDUSTRY), MUNICIPAL) == []
    assert found(rig, Query(authority=INDUSTRY)) == ["李雷", "闫芳", "买买提·艾力"]
    assert found(rig, Query(), "") == []
    with rig.app.database.read() as session:
        foreign = search(session, Query(), authority=INDUSTRY).found[0].number
        assert search(session, Query(number=foreign), authority=MUNICIPAL).total == 0
        assert numbers_found(session, Query(), authority=MUNICIPAL, at_most=10)[0][:6] == MUNICIPAL
        assert [one.name for one in every(session, Query(), authority=MUNICIPAL, at_most=1)] == ["张文博"]


@pytest.mark.parametrize("order", ["number", "name"])
def test_pages_follow_on_each_other(rig: Rig, order: str) -> None:
    """Nobody is shown twice or left out, equal names included."""
    issued(rig, *(("张三" if place % 3 else "李雷", "郑州市第九中学") for place in range(23)))
    seen: list[str] = []
    after = ""
    with rig.app.database.read() as session:
        while True:
            page = search(session, Query(order=order), authority=MUNICIPAL, after=after, size=5)
            assert page.total == 23
            seen += [one.number for one in page.found]
            after = page.next
            if not after:
                break
        names = [one.name for one in search(session, Query(order=order), authority=None, size=50).found]
    assert len(seen) == len(set(seen)) == 23
    assert order == "number" or names == ["李雷"] * 8 + ["张三"] * 15


def test_names_are_ordered_as_offices_expect() -> None:
    names = ["张三", "李雷", "安康", "王五", "陈一"]
    assert sorted(names, key=name_key) == ["安康", "陈一", "李雷", "王五", "张三"]
    assert all(name_key(name).decode("gb18030") == name for name in NAMES)


def test_following_in_small_steps_comes_to_the_same(lite: Rig) -> None:
    numbers = lite.issue(*range(1, 9))
    lite.change(numbers[0], "suspend", "complaint")
    lite.change(numbers[0], "revoke", "fraud")  # in the next step
    steps = 0
    while True:
        with lite.app.database.write() as session:
            behind = follow(session, 3).behind
            assert list(index_troubles(session)) == []  # each step is as the log was there
        if behind == 0:
            break
        steps += 1
    assert steps > 2
    lite.app.sign_log()
    assert fsck(lite.app).troubles == ()


def test_whoever_searches_is_not_made_to_wait_for_much(lite: Rig) -> None:
    lite.issue(1, 2, 3)
    behind = bring_up_to_date(lite.app, at_most=2).behind
    assert behind > 2
    assert bring_up_to_date(lite.app, at_most=behind - 1).behind == behind
    assert bring_up_to_date(lite.app, at_most=behind).behind == 0


def test_every_column_of_the_index_is_compared(lite: Rig) -> None:
    numbers = issued(lite, *PEOPLE)
    with lite.app.database.write() as session:
        other = session.scalars(select(IndexedCertificate.employer_id).filter_by(number=numbers[1])).one()
    for altered in (
        {"year": 2025},
        {"kind": 2},
        {"batch_id": 2},
        {"name_key": b"x"},
        {"employer_id": other},
        {"state": "suspended"},
    ):
        with lite.app.database.write() as session:
            session.execute(update(IndexedCertificate).filter_by(number=numbers[0]).values(altered))
            assert [one.subject for one in index_troubles(session)] == [numbers[0]], altered
            session.rollback()


def test_what_the_log_does_not_have_yet_is_in_no_index(lite: Rig) -> None:
    numbers = issued(lite, *PEOPLE)
    with lite.app.database.write() as session:
        session.execute(update(IndexMark).values(leaf=IndexMark.leaf - 1))
        assert [one.subject for one in index_troubles(session)] == numbers[-1:]


def test_a_record_that_is_none_names_nobody() -> None:
    for record in (b"", b"[]", b"{}", b'{"credentialSubject": []}', b'{"credentialSubject": {"name": "x"}}'):
        assert named_in(record) == ("", "")


def test_an_altered_index_is_found_and_made_anew(rig: Rig) -> None:
    numbers = issued(rig, *PEOPLE)
    rig.app.sign_log()
    damages = (
        update(IndexedCertificate).where(IndexedCertificate.number == numbers[0]).values(state="revoked"),
        update(IndexedCertificate).where(IndexedCertificate.number == numbers[0]).values(name_key=b"x"),
        update(Employer).where(Employer.name == PEOPLE[4][1]).values(name="x"),
        delete(IndexedCertificate).where(IndexedCertificate.number == numbers[1]),
        update(IndexMark).values(leaf=10**6),
    )
    for damage in damages:
        with rig.app.database.write() as session:
            session.execute(damage)
        assert {one.code for one in fsck(rig.app).troubles} == {"index_differs"}
        with rig.app.database.write() as session:
            rebuild(session)
        follow_to_the_end(rig.app)
        assert fsck(rig.app).troubles == ()
    with rig.app.database.read() as session:
        assert progress(session).behind == 0
    assert len(found(rig, replace(Query(), employer="医院"))) == 2
