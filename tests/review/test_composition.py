"""Uploading again only what changed: which earlier row a mended one replaces, and that nobody is lost by being forgotten."""

import pytest

from registry.intake.findings import IntakeError
from registry.review.composition import Content
from registry.review.drafts import content_of
from registry.review.findings import Filter, counts, remarks, remarks_before
from registry.review.models import Draft
from registry.review.rows import ListedRow, RefusedRow, parse_origin
from tests.registry.rig import Rig
from tests.registry.sheets import ANNUAL, annual, identity
from tests.review.desk import csv_bytes, draft_of, opened, submit, upload


def content(rig: Rig, draft: int) -> Content:
    with rig.app.database.read() as session:
        return content_of(session, rig.app.vault, session.get_one(Draft, draft))


def names(rows: list[ListedRow] | list[RefusedRow]) -> list[str]:
    return [row.cells[0] if isinstance(row, ListedRow) else row.cells.get("name", "") for row in rows]


def person(serial: int, name: str, **changed: object) -> list[object]:
    return annual(serial, 姓名=name, **changed)


def codes(rig: Rig, draft: int) -> dict[str, int]:
    with rig.app.database.read() as session:
        return {code: count for (_, code), count in counts(session, draft).items()}


def test_a_mended_row_names_its_place(rig: Rig) -> None:
    draft = opened(rig)
    upload(rig, draft, csv_bytes([person(1, "张文博"), person(2, "李1雷"), person(3, "王五")]))
    place = content(rig, draft).refused[0].origin.text
    assert place == "1/3/名单"
    data = csv_bytes([[*person(2, "李雷"), place]], [*ANNUAL, "原位置"])
    upload(rig, draft, data, "mended", name="待改.csv")
    now = content(rig, draft)
    assert names(list(now.listed)) == ["张文博", "王五", "李雷"]
    assert now.refused == []
    assert codes(rig, draft) == {}
    assert (draft_of(rig, draft).people, draft_of(rig, draft).left_out) == (3, 0)


def test_the_same_person_for_the_same_replaces_what_was_fit(lite: Rig) -> None:
    draft = opened(lite)
    upload(lite, draft, csv_bytes([person(1, "张文博"), person(2, "李雷")]))
    upload(lite, draft, csv_bytes([person(1, "张文博", 工作单位="河南省肿瘤医院")]), "mended")
    now = content(lite, draft)
    assert [(row.cells[0], row.cells[2]) for row in now.listed] == [
        ("张文博", "河南省肿瘤医院"),  # where it stood before
        ("李雷", "郑州市第一人民医院"),
    ]


def test_the_same_name_replaces_what_was_refused_if_there_is_one_only(lite: Rig) -> None:
    draft = opened(lite)
    wrong = identity(2)[:-1] + "?"
    rows = [person(1, "张文博"), person(2, "李雷", 身份证号=wrong), person(3, "王伟", 身份证号=wrong)]
    upload(lite, draft, csv_bytes([*rows, person(4, "王伟", 身份证号=wrong[:-1])]))
    upload(lite, draft, csv_bytes([person(2, "李雷"), person(3, "王伟")]), "mended")
    now = content(lite, draft)
    assert names(list(now.listed)) == ["张文博", "李雷", "王伟"]
    assert names(list(now.refused)) == [
        "王伟",
        "王伟",
    ]  # which of the two was mended nobody can tell: both are still to be seen


def test_who_is_not_mended_stays_refused(lite: Rig) -> None:
    draft = opened(lite)
    upload(lite, draft, csv_bytes([person(1, "李1雷"), person(2, "王2五")]))
    upload(lite, draft, csv_bytes([person(3, "赵六")]), "mended")
    assert names(list(content(lite, draft).refused)) == ["李1雷", "王2五"]
    assert submit(lite, draft).sheet["leftOut"] == 2


def test_a_mended_row_that_is_wrong_again_takes_the_old_one_off(lite: Rig) -> None:
    draft = opened(lite)
    upload(lite, draft, csv_bytes([person(1, "张文博"), person(2, "李雷")]))
    data = csv_bytes([[*person(2, "李3雷"), "1/3/名单"]], [*ANNUAL, "原位置"])
    upload(lite, draft, data, "mended")
    now = content(lite, draft)
    assert (names(list(now.listed)), names(list(now.refused))) == (["张文博"], ["李3雷"])
    assert codes(lite, draft) == {"name_digits": 1}


def test_a_place_that_is_not_there_or_named_twice_replaces_nothing_of_others(lite: Rig) -> None:
    draft = opened(lite)
    upload(lite, draft, csv_bytes([person(1, "张文博"), person(2, "李雷")]))
    headings = [*ANNUAL, "原位置"]
    rows = [
        [*person(5, "甲甲"), "1/2/名单"],
        [*person(6, "乙乙"), "1/2/名单"],
        [*person(7, "丙丙"), "9/9/无"],
    ]
    upload(lite, draft, csv_bytes(rows, headings), "mended")
    assert names(list(content(lite, draft).listed)) == ["甲甲", "李雷", "乙乙", "丙丙"]


def test_two_uploads_with_one_person_under_two_rows(lite: Rig) -> None:
    """A mended row may not smuggle in a second row for somebody on the list."""
    draft = opened(lite)
    upload(lite, draft, csv_bytes([person(1, "张文博"), person(2, "李雷")]))
    data = csv_bytes([[*person(1, "张文博"), "1/3/名单"]], [*ANNUAL, "原位置"])
    upload(lite, draft, data, "mended")
    now = content(lite, draft)
    assert names(list(now.listed)) == ["张文博"]
    assert codes(lite, draft) == {"duplicate_in_file": 1}


def test_a_whole_list_stands_alone(lite: Rig) -> None:
    draft = opened(lite)
    upload(lite, draft, csv_bytes([person(1, "李1雷"), person(2, "王五")]))
    upload(lite, draft, csv_bytes([person(3, "赵六")]))
    now = content(lite, draft)
    assert (names(list(now.listed)), now.refused) == (["赵六"], [])
    assert codes(lite, draft) == {}


def test_who_lost_his_certificate_for_cause_is_taken_off(rig: Rig) -> None:
    (number,) = rig.issue(1)
    rig.change(number, "revoke", "fraud")
    draft = opened(rig)
    upload(rig, draft, csv_bytes([annual(1), annual(2)]))
    assert codes(rig, draft) == {"lost_for_cause": 1}
    assert (draft_of(rig, draft).people, draft_of(rig, draft).left_out) == (1, 1)
    upload(rig, draft, csv_bytes([annual(3)]), "mended")  # and it is said as long as he stays refused
    assert codes(rig, draft) == {"lost_for_cause": 1}


def test_a_file_that_is_none_leaves_the_draft_as_it_was(lite: Rig) -> None:
    draft = opened(lite)
    upload(lite, draft, csv_bytes([annual(1)]))
    for data in (b"", b"PK\x03\x04 no workbook", b"<html>", b"\x00\x01", "无关的表".encode()):
        with pytest.raises(IntakeError):
            upload(lite, draft, data)
    assert (draft_of(lite, draft).parts, draft_of(lite, draft).people) == (1, 1)


def test_findings_are_filtered_and_leafed_through(rig: Rig) -> None:
    draft = opened(rig)
    upload(rig, draft, csv_bytes([annual(serial, 姓名=f"李{serial}雷") for serial in range(1, 131)]))
    vault = rig.app.vault
    with rig.app.database.read() as session:
        first = remarks(session, vault, draft, Filter(nature="refused"))
        second = remarks(session, vault, draft, Filter(nature="refused"), after=first[-1].place)
        third = remarks(session, vault, draft, Filter(), after=second[-1].place)
        assert [len(page) for page in (first, second, third)] == [50, 50, 30]
        assert remarks_before(session, draft, Filter(), place=second[-1].place) == first[-1].place
        assert remarks_before(session, draft, Filter(), place=first[-1].place) == 0
        (one,) = remarks(session, vault, draft, Filter(code="name_digits", row=7))
        assert (one.finding.row, one.finding.column, one.finding.value) == (7, "A", "李6雷")
        assert remarks(session, vault, draft, Filter(nature="notice")) == []


@pytest.mark.parametrize(
    "text", ["", "1", "1/2", "a/2/名单", "1/二/名单", "１/2/名单", "-1/2/x", "1/9999999999/x"]
)
def test_what_is_no_place(text: str) -> None:
    found = parse_origin(text)
    assert found is None or found.sheet == ""


def test_of_two_people_of_one_name_the_number_tells(lite: Rig) -> None:
    draft = opened(lite)
    short = [person(1, "王伟", 专业科目学时="六十"), person(2, "王伟", 专业科目学时="六十")]
    upload(lite, draft, csv_bytes([*short, person(3, "王伟", 身份证号="41")]))
    upload(lite, draft, csv_bytes([person(2, "王伟"), person(9, "王伟")]), "mended")
    now = content(lite, draft)
    assert [row.cells[1] for row in now.listed] == [identity(2), identity(9)]
    assert [row.cells["identity"] for row in now.refused] == [identity(1), "41"]
