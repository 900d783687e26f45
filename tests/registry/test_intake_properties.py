"""Any bytes in, only our errors out; any cell text judged without a crash; normalising is stable."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.intake.columns import KINDS
from registry.intake.findings import Finding, IntakeError, Severity, describe
from registry.intake.text import clean
from tests.registry.sheets import (
    ANNUAL,
    COMPLETION,
    annual,
    completion,
    identity,
    open_file,
    patch_zip,
    read,
    sheet_xml,
    write_csv,
    write_xlsx,
)

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
ODD = st.one_of(
    TEXT,
    st.sampled_from([*annual(), *completion()]).map(str),
    st.text("0123456789.eE+-年月日/ Xx学时ｘ６０·•合计共人：", max_size=24),
)
PREFIXES = st.sampled_from(
    [b"", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xfe", b"\xef\xbb\xbf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)


def try_to_read(path: Path, kind: str = "annual") -> None:
    try:
        intake = open_file(path, kind)
    except IntakeError as error:
        findings = [error.finding]
    else:
        findings = [item for item in intake.items() if isinstance(item, Finding)]
        assert all(finding.severity is not Severity.FILE for finding in findings)
    assert all(all(describe(finding, "zh-CN") + describe(finding.masked(), "en")) for finding in findings)


@SLOW
@given(PREFIXES, st.binary(max_size=400), st.sampled_from([".xlsx", ".csv"]))
def test_any_bytes(tmp_path: Path, prefix: bytes, content: bytes, suffix: str) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(prefix + content)
    try_to_read(path)


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("books") / "good.xlsx"
    return write_xlsx(path, {"表": [ANNUAL, annual(1), annual(2)]}).read_bytes()


@SLOW
@given(st.data())
def test_a_workbook_with_bytes_changed(tmp_path: Path, workbook: bytes, data: st.DataObject) -> None:
    spoilt = bytearray(workbook)
    for position in data.draw(st.lists(st.integers(0, len(spoilt) - 1), min_size=1, max_size=6)):
        spoilt[position] = data.draw(st.integers(0, 255))
    path = tmp_path / "spoilt.xlsx"
    path.write_bytes(spoilt)
    try_to_read(path)


@SLOW
@given(st.data())
def test_a_part_with_text_changed_inside_a_sound_archive(
    tmp_path: Path, workbook: bytes, data: st.DataObject
) -> None:
    path = tmp_path / "part.xlsx"
    path.write_bytes(workbook)
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        name = data.draw(st.sampled_from(archive.namelist()))
        part = archive.read(name)
    start = data.draw(st.integers(0, len(part)))
    end = data.draw(st.integers(start, min(len(part), start + 40)))
    middle = data.draw(
        st.sampled_from([b"", b"<", b"/>", b"'", b'"', b"9999999", b"XFD1048576", b"&amp;", b"s", b"-1"])
    )
    patch_zip(path, {name: part[:start] + middle + part[end:]})
    try_to_read(path)


CELL = st.builds(
    lambda reference, kind, value, formula: f"<c{reference}{kind}>{formula}{value}</c>",
    st.sampled_from(["", ' r="A1"', ' r="C3"', ' r="IV9"', ' r="B20"']),
    st.sampled_from(
        ["", ' t="n"', ' t="s"', ' t="str"', ' t="b"', ' t="e"', ' t="d"', ' t="q"', ' s="1"', ' s="-1"']
    ),
    st.sampled_from(
        [
            "",
            "<v/>",
            "<v>1</v>",
            "<v>-1</v>",
            "<v>NaN</v>",
            "<v>1e999</v>",
            "<v>#N/A</v>",
            "<is><t>姓名</t></is>",
        ]
    ),
    st.sampled_from(["", "<f/>", "<f>A1</f>"]),
)


@SLOW
@given(st.lists(st.lists(CELL, max_size=6).map(lambda cells: f"<row>{''.join(cells)}</row>"), max_size=6))
def test_any_arrangement_of_cells(tmp_path: Path, workbook: bytes, rows: list[str]) -> None:
    path = tmp_path / "cells.xlsx"
    path.write_bytes(workbook)
    try_to_read(patch_zip(path, {"xl/worksheets/sheet1.xml": sheet_xml("".join(rows))}))


@SLOW
@given(st.sampled_from(KINDS), st.lists(st.lists(ODD, min_size=9, max_size=9), max_size=8))
def test_any_text_in_any_cell(tmp_path: Path, kind: str, rows: list[list[str]]) -> None:
    headings = ANNUAL if kind == "annual" else COMPLETION
    path = write_csv(
        tmp_path / "text.csv", [headings, *(row[: len(headings)] for row in rows)], encoding="utf-8"
    )
    try_to_read(path, kind)


@SLOW
@given(st.lists(st.tuples(st.integers(0, 6), ODD), min_size=1, max_size=3))
def test_a_row_is_either_an_application_or_has_a_fault_or_is_passed_over(
    tmp_path: Path, changes: list[tuple[int, Any]]
) -> None:
    row = annual(1)
    for column, text in changes:
        row[column] = text
    applications, findings = read(write_csv(tmp_path / "row.csv", [ANNUAL, row], encoding="utf-8"))
    refused = [f for f in findings if f.severity is Severity.FAULT]
    assert bool(applications) + bool(refused) <= 1
    if row[1] == identity(1) and not applications:
        assert refused


@given(st.text(max_size=80))
def test_normalising_adds_nothing_and_leaves_plain_text_alone(text: str) -> None:
    once = clean(text)
    assert once == once.strip()
    assert len(clean("张" + once)) <= len(once) + 1
    plain = "".join(
        character for character in text if "\u4e00" <= character <= "\u9fff" or character in "0123ABC"
    )
    assert clean(plain) is plain
