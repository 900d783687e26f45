"""The sample files do what the demonstration promises of them, the same each time; and a large one stays in bounds."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from registry.intake.findings import Severity
from registry.intake.rows import AnnualApplication
from registry.intake.samples import people, write_clean_workbook, write_ugly_csv, write_ugly_workbook
from tests.registry.sheets import YEAR, read

ROWS = 20_000
MEMORY_MB = 160
MEASURE = """
import sys
from datetime import date
from pathlib import Path
from registry.intake.service import open_intake
intake = open_intake(Path(sys.argv[1]), kind="annual", year=2026, today=date(2026, 11, 23), missing_glyphs=lambda _: ())
count = sum(1 for _ in intake.items())
# VmHWM begins anew with this program; ru_maxrss may be that of the process that started it.
status = dict(line.split(':', 1) for line in Path('/proc/self/status').read_text().splitlines())
print(count, int(status['VmHWM'].split()[0]) // 1024)
"""


def test_the_clean_workbook_is_clean(tmp_path: Path) -> None:
    write_clean_workbook(tmp_path / "clean.xlsx", rows=200, seed=1, year=YEAR)
    applications, findings = read(tmp_path / "clean.xlsx")
    assert len(applications) == 200
    assert findings == []
    short = [a for a in applications if isinstance(a, AnnualApplication) and a.professional_hours < 52]
    assert 0 < len(short) < 40


def test_people_are_the_same_for_a_seed_and_all_different() -> None:
    assert people(rows=500, seed=7) == people(rows=500, seed=7)
    assert people(rows=5, seed=7) != people(rows=5, seed=8)
    assert len({person.identity for person in people(rows=5_000, seed=7)}) == 5_000


def test_the_ugly_workbook_has_every_trouble_and_some_good_rows(tmp_path: Path) -> None:
    write_ugly_workbook(tmp_path / "ugly.xlsx", seed=2, year=YEAR)
    applications, findings = read(
        tmp_path / "ugly.xlsx", missing_glyphs=lambda text: [c for c in text if c == "喆"]
    )
    assert 25 <= len(applications) <= 40
    names = {application.name for application in applications}
    assert {"欧阳娜娜", "阿卜杜拉·买买提", "𠮷田华", "㐱玉明"} <= names
    codes = Counter(finding.code for finding in findings)
    assert {
        *("normalised", "total_row", "footer_row", "repeated_header", "sheet_ignored", "hidden_rows"),
        *("hidden_row", "columns_unused"),
        *(
            "cell_empty",
            "cell_merged",
            "formula_error",
            "formula_uncalculated",
            "text_expected",
            "text_characters",
        ),
        *("text_length", "private_use", "glyph_missing", "duplicate_in_file", "grade_unknown"),
        *("name_lost_character", "name_dot", "name_digits", "name_characters", "name_single"),
        *(
            "identity_numeric",
            "identity_scientific",
            "identity_digits_lost",
            "identity_old",
            "identity_masked",
        ),
        *("identity_length", "identity_digits", "identity_date", "identity_check"),
        *(
            "hours_fraction",
            "hours_unit",
            "hours_words",
            "hours_negative",
            "hours_too_many",
            "hours_date_format",
        ),
        *("hours_form", "year_mismatch", "year_form"),
    } == set(codes)
    refused = {(f.sheet, f.row) for f in findings if f.severity is Severity.FAULT}
    assert refused.isdisjoint((a.sheet, a.row) for a in applications)


def test_the_ugly_csv(tmp_path: Path) -> None:
    write_ugly_csv(tmp_path / "ugly.csv", seed=3, year=YEAR)
    applications, findings = read(tmp_path / "ugly.csv")
    assert len(applications) == 16
    codes = {finding.code for finding in findings}
    assert codes == {"normalised", "identity_scientific", "duplicate_in_file", "total_row", "footer_row"}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
def test_a_large_workbook_stays_in_memory_bounds(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    write_clean_workbook(path, rows=ROWS, seed=4, year=YEAR)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    count, megabytes = map(int, done.stdout.split())
    assert count == ROWS
    assert megabytes < MEMORY_MB
