"""Which status lists a publication looks at: those of which anything changed, and a few of the others in turn."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from registry.app import App
from registry.errors import RegistryError
from registry.log import ENTRIES
from registry.publication import publish
from registry.putting import Published
from registry.receipts import (
    LogReceipt,
    Receipt,
    Receipts,
    read_receipts,
    receipts_file,
    write_receipts,
)
from registry.sites import FolderSite
from registry.status import Block, block_of, versions_of
from registry.statuslists import STATUS_VALIDITY, _require_final, keep_receipts, put_status
from tests.builders import MUNICIPAL, refused
from tests.registry.intruder import sql, tamper
from tests.registry.rig import Rig
from verifier.limits import STATUS_LIST_BITS
from verifier.number import number_of
from verifier.status import StatusList, new_bits

BLOCKS = 12
IN_TURN = BLOCKS.bit_length()
"""Blocks that are looked at although nothing changed."""


class Watched(FolderSite):
    """A folder that notes which blocks are read."""

    def read_all(self, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """See ``Site``."""
        LOOKED.update(int(path.rpartition("/")[2]) for path in paths)
        return super().read_all(paths)


LOOKED: set[int] = set()


Wide = tuple[Rig, list[str]]


def widened(rig: Rig) -> Wide:
    """A registry whose one series reaches over many blocks, and its certificates' numbers in the first."""
    numbers = rig.issue(*range(4))
    with rig.app.database.write() as session:
        # Where a series ends is read off its last certificate; nothing else here looks at that column.
        last = {"serial": (BLOCKS - 1) * STATUS_LIST_BITS, "number": numbers[-1]}
        session.execute(text("UPDATE certificate SET serial = :serial WHERE number = :number"), last)
    assert looked_at(rig) == set(range(BLOCKS))
    return rig, numbers[:-1]


@pytest.fixture
def wide(rig: Rig) -> Wide:
    """On each engine."""
    return widened(rig)


def looked_at(rig: Rig, *, check: bool = False, place: str = "site") -> set[int]:
    """Bring the lists up to date; the blocks that were looked at."""
    LOOKED.clear()
    rig.app.sign_log()
    bring_up_to_date(rig, place, check=check)
    return set(LOOKED)


def bring_up_to_date(rig: Rig, place: str = "site", *, check: bool = False) -> None:
    site = Watched(rig.folder / place)
    with rig.app.database.read() as session:
        receipts = put_status(rig.app, session, site, Published(), check=check)
    keep_receipts(rig.app, site, receipts)


def turn_of_others(rig: Rig) -> None:
    """Until the first block was looked at just now, and is not due in its turn for long."""
    while 0 not in looked_at(rig):
        pass


def file_of(rig: Rig, block: int, purpose: str = "revocation") -> Path:
    return rig.site / f"status/{MUNICIPAL}/2026/1/{purpose}/{block}"


def test_one_revocation_is_the_work_of_one_block(wide: Wide) -> None:
    rig, (number, *_) = wide
    turn_of_others(rig)
    before = {block: file_of(rig, block).read_bytes() for block in range(BLOCKS)}
    rig.change(number, "revoke", "fraud")
    looked = looked_at(rig)
    assert 0 in looked
    assert len(looked) == 1 + IN_TURN
    changed = {block for block, data in before.items() if file_of(rig, block).read_bytes() != data}
    assert changed == {0}
    assert 0 not in looked_at(rig)


def test_every_block_has_its_turn(wide: Wide) -> None:
    rig, _ = wide
    turns = [looked_at(rig) for _ in range(BLOCKS // IN_TURN)]
    assert [len(one) for one in turns] == [IN_TURN] * len(turns)
    assert set().union(*turns) == set(range(BLOCKS))
    assert looked_at(rig, check=True) == set(range(BLOCKS))


def test_lists_that_grow_old_or_name_another_trust_list_are_signed_anew(lite: Rig) -> None:
    rig, _ = widened(lite)
    rig.clock.now += STATUS_VALIDITY // 2
    before = [file_of(rig, block).read_bytes() for block in range(BLOCKS)]
    assert len(looked_at(rig)) == IN_TURN  # half fresh to the second
    assert [file_of(rig, block).read_bytes() for block in range(BLOCKS)] == before
    rig.clock.now += 1
    assert looked_at(rig) == set(range(BLOCKS))
    assert len(looked_at(rig)) == IN_TURN
    before = [file_of(rig, block).read_bytes() for block in range(BLOCKS)]
    rig.set_authority("suspended")
    assert looked_at(rig) == set(range(BLOCKS))
    after = [file_of(rig, block).read_bytes() for block in range(BLOCKS)]
    assert not set(before) & set(after)


def damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[::-1])


def test_a_file_that_is_another_or_gone_is_put_right_at_once(lite: Rig) -> None:
    widened(lite)
    turn_of_others(lite)
    for purpose in ("revocation", "suspension", "details"):
        for harm in (damage, Path.unlink):
            harm(file_of(lite, 0, purpose))
            assert 0 in looked_at(lite)
            assert FolderSite(lite.site).read(f"status/{MUNICIPAL}/2026/1/{purpose}/0")
    assert 0 not in looked_at(lite)


@pytest.mark.parametrize(
    "hand",
    [
        "DELETE FROM status_event WHERE number = :number",
        "UPDATE status_event SET action = 'suspend' WHERE number = :number",
        "UPDATE status_event SET number = :other WHERE number = :number",
    ],
)
def test_a_revocation_that_a_hand_took_away_is_missed_by_the_next_publication(wide: Wide, hand: str) -> None:
    rig, (number, other, *_) = wide
    rig.change(number, "revoke", "fraud")
    looked_at(rig)
    turn_of_others(rig)
    with rig.app.database.write() as session:
        session.execute(text(hand), {"number": number, "other": other})
    with refused(RegistryError, "revocation_lost"):
        looked_at(rig)


def test_a_hand_that_stops_the_count_too_is_found_in_turn_and_nothing_is_signed_away(
    wide: Wide,
) -> None:
    rig, (number, *_) = wide
    rig.change(number, "revoke", "fraud")
    looked_at(rig)
    turn_of_others(rig)
    published = file_of(rig, 0).read_bytes()
    tamper(rig, sql("DELETE FROM status_event WHERE number = :number", number=number))
    with refused(RegistryError, "revocation_lost"):
        for _ in range(BLOCKS // IN_TURN):
            looked_at(rig)
    assert file_of(rig, 0).read_bytes() == published


@pytest.mark.parametrize("index", [0, 5, STATUS_LIST_BITS - 1])
def test_the_number_whose_revocation_was_lost_is_named(index: int) -> None:
    block = Block(MUNICIPAL, 2026, 1, 3)
    published = StatusList("", "revocation", new_bits({index, 7, STATUS_LIST_BITS - 1}), 0, 0, 1)
    with pytest.raises(RegistryError) as raised:
        _require_final(block, published, new_bits({7, STATUS_LIST_BITS - 1} - {index}))
    assert raised.value.code == "revocation_lost"
    lost = number_of(MUNICIPAL, 2026, 1, 3 * STATUS_LIST_BITS + index)
    assert raised.value.params == {"number": lost.digits}


@pytest.mark.parametrize("content", [b"", b"{}", b'{"receiptsVersion":1,"turn":"x","of":{}}', b"[1]"])
def test_receipts_that_cannot_be_read_cost_one_look(lite: Rig, content: bytes) -> None:
    lite.issue(1)
    lite.publish()
    file = receipts_file(lite.app.settings.home, FolderSite(lite.site).address)
    assert len(read_receipts(file).of) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(content)
    assert publish(lite.app, lite.site).written == 0
    assert len(read_receipts(file).of) == 1


def test_receipts_come_back_and_no_member_may_be_of_another_form(tmp_path: Path) -> None:
    file = tmp_path / "receipts"
    block = Block(MUNICIPAL, 2026, 1, 0)
    sound = Receipts(3, {block: Receipt(1, 2, 3, 4, ("a", "b"))}, LogReceipt(300, 7, ENTRIES, 0))
    write_receipts(file, sound)
    assert read_receipts(file) == sound
    assert file.stat().st_mode & 0o777 == 0o600
    document = orjson.loads(file.read_bytes())
    (key,) = document["of"]
    for altered in (
        {"turn": "3"},
        {"log": [300, 7, ENTRIES - 1, 0]},
        {"log": [300, -1, ENTRIES, 0]},
        {"log": [300, 7, ENTRIES, -1]},
        {"of": {key: ["1", 2, 3, 4, ["a"]]}},
        {"of": {key: [1, 2, 3, 4, [5]]}},
        {"of": {key[:-2]: [1, 2, 3, 4, ["a"]]}},
    ):
        file.write_bytes(orjson.dumps(document | altered))
        assert read_receipts(file) == Receipts(0, {}), altered


def test_where_nothing_changed_the_receipts_stay(lite: Rig) -> None:
    lite.issue(1)
    lite.publish()
    file = receipts_file(lite.app.settings.home, FolderSite(lite.site).address)
    before = file.stat()
    lite.publish()
    assert file.stat() == before


def test_the_list_that_ends_first_is_told_whether_it_was_looked_at_or_not(lite: Rig) -> None:
    rig, _ = widened(lite)
    site = FolderSite(rig.folder / "elsewhere")

    def end() -> int:
        result = Published()
        with rig.app.database.read() as session:
            keep_receipts(rig.app, site, put_status(rig.app, session, site, result))
        assert (
            result.written + result.unchanged == 3 * BLOCKS
        )  # two lists and their details, known by stamps or read
        return result.status_until

    first = end()
    assert first == rig.clock.now + STATUS_VALIDITY
    file = receipts_file(rig.app.settings.home, site.address)
    known = read_receipts(file)
    last = Block(MUNICIPAL, 2026, 1, BLOCKS - 1)  # not in turn
    earlier = replace(known.of[last], until=first - 60)
    write_receipts(file, replace(known, of={**known.of, last: earlier}))
    assert end() == first - 60


def test_receipts_that_cannot_be_kept_cost_a_look_and_no_publication(lite: Rig) -> None:
    lite.issue(1)
    site = FolderSite(lite.site)
    receipts_file(lite.app.settings.home, site.address).mkdir()
    lite.publish()
    assert lite.publish() == lite.site
    assert looked_at(lite) == looked_at(lite) == {0}


def test_each_place_has_receipts_of_its_own(lite: Rig) -> None:
    rig, (number, *_) = widened(lite)
    looked_at(rig, place="elsewhere")
    rig.change(number, "revoke", "fraud")
    turn_of_others(rig)
    assert 0 in looked_at(rig, place="elsewhere")


def test_what_no_head_covers_yet_is_not_forgotten(wide: Wide) -> None:
    rig, (number, *_) = wide
    turn_of_others(rig)
    before = file_of(rig, 0).read_bytes()
    rig.change(number, "revoke", "fraud")
    LOOKED.clear()
    bring_up_to_date(rig)
    assert 0 in LOOKED
    assert file_of(rig, 0).read_bytes() == before
    assert 0 in looked_at(rig)
    assert file_of(rig, 0).read_bytes() != before


def test_whatever_is_written_about_a_number_is_counted(rig: Rig) -> None:
    one, other = rig.issue(1, 2)

    def version(app: App) -> int:
        with app.database.read() as session:
            return versions_of(session).get(block_of(one), 0)

    def write(statement: str) -> None:
        with rig.app.database.write() as session:
            session.execute(text(statement), {"one": one, "other": other})

    assert version(rig.app) == 0
    rig.change(one, "suspend", "complaint")
    rig.change(one, "revoke", "fraud")
    assert version(rig.app) == 2
    write("UPDATE status_event SET number = CAST(:other AS varchar) WHERE number = CAST(:one AS varchar)")
    assert version(rig.app) == 6  # from here and to there, twice
    write("DELETE FROM status_event")
    assert version(rig.app) == 8
    if rig.place.url:
        write("TRUNCATE status_event")
        assert version(rig.app) == 9
    with rig.app.database.read() as session:
        assert set(versions_of(session)) == {Block(MUNICIPAL, 2026, 1, 0)}
