"""The search index by year on PostgreSQL: parts made ahead, one number once, searches that look at one year's part and no other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from registry.cases.index import bring_up_to_date, follow, index_troubles, rebuild
from registry.cases.partitions import REST, WHOLE, prepare_years, years_ahead
from registry.cases.search import Query, search
from tests.builders import at
from tests.registry.engines import Cluster
from tests.registry.overheard import overheard
from tests.registry.rig import Place, Rig, copy_home, opened
from tests.registry.sheets import YEAR

NEXT = at("2027-02-01T01:00:00Z")


def rows_in(rig: Rig, part: str) -> int:
    with rig.app.database.read() as session:
        return int(session.scalars(text(f"SELECT count(*) FROM {part}")).one())  # noqa: S608 - names of our own


def parts(rig: Rig) -> set[str]:
    with rig.app.database.read() as session:
        found = session.scalars(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:whole AS regclass)"
            ),
            {"whole": WHOLE},
        )
        return set(found)


@pytest.fixture
def divided(founded_postgresql: tuple[Path, str], cluster: Cluster, tmp_path: Path) -> Iterator[Rig]:
    """A founded registry on PostgreSQL, not published yet."""
    home, template = founded_postgresql
    name = cluster.create(template)
    with opened(Place(copy_home(home, tmp_path / "home"), cluster.url(name)), tmp_path) as rig:
        yield rig
    cluster.drop(name)


def test_sqlite_has_one_table(lite: Rig) -> None:
    with lite.app.database.write() as session:
        assert prepare_years(session, [YEAR]) == ()


def test_parts_are_made_ahead_and_take_over_what_came_before(divided: Rig) -> None:
    """Followed before anything was published, so before there was a part; then by the next publication."""
    numbers = divided.issue(1, 2)
    bring_up_to_date(divided.app)
    assert (parts(divided), rows_in(divided, REST)) == ({REST}, 2)
    divided.publish()
    assert parts(divided) == {REST, f"{WHOLE}_{YEAR}", f"{WHOLE}_{YEAR + 1}"}
    assert (rows_in(divided, REST), rows_in(divided, f"{WHOLE}_{YEAR}")) == (0, 2)
    numbers += divided.issue(3)
    divided.change(numbers[0], "revoke", "data-error")
    bring_up_to_date(divided.app)
    assert rows_in(divided, f"{WHOLE}_{YEAR}") == 3
    with divided.app.database.write() as session:
        assert list(index_troubles(session)) == []
        assert prepare_years(session, years_ahead(divided.clock.now)) == ()
        assert prepare_years(session, years_ahead(NEXT)) == (YEAR + 2,)
        rebuild(session)
        follow(session, 100)
        assert [one.number for one in search(session, Query(), authority=None).found] == numbers
        assert [
            one.number for one in search(session, Query(state="revoked"), authority=None).found
        ] == numbers[:1]


def test_a_part_that_is_not_finished_leaves_nothing(divided: Rig) -> None:
    divided.issue(1)
    bring_up_to_date(divided.app)
    with divided.app.database.write() as session:
        assert prepare_years(session, [YEAR]) == (YEAR,)
        session.rollback()
    assert (parts(divided), rows_in(divided, REST)) == ({REST}, 1)


def test_a_number_stands_in_it_once(divided: Rig) -> None:
    """The key has the year in it, so a check has the year be the number's: another year is no way around the key."""
    divided.issue(1)
    bring_up_to_date(divided.app)
    divided.publish()
    for year in (YEAR, YEAR + 1):
        with pytest.raises(IntegrityError), divided.app.database.write() as session:
            session.execute(
                text(
                    f"INSERT INTO {WHOLE} SELECT number, {year}, kind, batch_id, name_key, employer_id, state FROM {WHOLE}"  # noqa: S608
                )
            )


@pytest.mark.parametrize("searched", ["number", "year"])
def test_a_search_within_a_year_looks_at_one_part(divided: Rig, searched: str) -> None:
    (number,) = divided.issue(1)
    bring_up_to_date(divided.app)
    divided.publish()
    query = Query(number=number) if searched == "number" else Query(year=YEAR)
    with divided.app.database.read() as session:
        with overheard(divided.app.database) as asked:
            assert len(search(session, query, authority=None).found) == 1
        heard = [one for one in asked if WHOLE in one[0]]
        assert len(heard) == 2  # the page, and how many there are
        for statement, parameters in heard:
            (plan,) = (
                session.connection()
                .exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                .scalars()
            )
            assert set(_relations(plan[0]["Plan"])) & parts(divided) == {f"{WHOLE}_{YEAR}"}


def _relations(node: dict[str, Any]) -> Iterator[str]:
    if "Relation Name" in node:
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _relations(child)
