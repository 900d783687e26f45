"""The empty form is read by intake as it is meant, and its example is a row that passes."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from registry.intake.blank import FORM_SHEET, RULES_SHEET, write_form
from registry.intake.columns import KINDS, OPTIONAL
from tests.registry.sheets import ANNUAL, COMPLETION, read

HEADINGS = {"annual": ANNUAL, "completion": COMPLETION}


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_form_has_nobody_and_its_example_passes(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "form.xlsx"
    write_form(path, kind=kind)
    applications, findings = read(path, kind)
    assert applications == []
    assert findings == []
    book = openpyxl.load_workbook(path)
    form, rules = book[FORM_SHEET], book[RULES_SHEET]
    assert tuple(cell.value for cell in form[1]) == HEADINGS[kind]
    assert all(cell.comment is not None for cell in form[1])
    first = form.column_dimensions["A"]  # a run of columns of one format
    assert (first.number_format, first.min <= 2 <= first.max) == ("@", True)
    examples = {
        row[0].value: (row[2].value, row[3].value) for row in rules.iter_rows(min_row=2) if row[0].value
    }
    assert tuple(examples) == HEADINGS[kind]
    assert [heading for heading, (_, needed) in examples.items() if needed != "是"] == ["年度"]
    assert examples["年度"][1] == "可整列删去"
    assert frozenset({"year"}) == OPTIONAL
    for column, (example, _) in enumerate(examples.values(), start=1):
        form.cell(2, column, example)
    book.save(path)
    applications, findings = read(path, kind)
    assert len(applications) == 1
    assert findings == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_year_is_filled_in_everywhere_or_its_column_deleted(tmp_path: Path, kind: str) -> None:
    """As the rules say; a form that leaves the column and not the years is refused row by row."""
    path = tmp_path / "form.xlsx"
    write_form(path, kind=kind)
    book = openpyxl.load_workbook(path)
    form, rules = book[FORM_SHEET], book[RULES_SHEET]
    rows = [row for row in rules.iter_rows(min_row=2, values_only=True) if row[0]]
    (rule,) = [row[1] for row in rows if row[0] == "年度"]
    assert "此列可整列删去，保留则每行必填" in str(rule)
    for column, row in enumerate(rows, start=1):
        form.cell(2, column, row[2] if row[0] != "年度" else None)
    book.save(path)
    applications, findings = read(path, kind)
    assert (applications, [f.code for f in findings]) == ([], ["cell_empty"])
    form.delete_cols([row[0] for row in rows].index("年度") + 1)
    book.save(path)
    assert len(read(path, kind)[0]) == 1


def test_there_is_no_form_for_another_kind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="diploma"):
        write_form(tmp_path / "d.xlsx", kind="diploma")
    assert not (tmp_path / "d.xlsx").exists()
