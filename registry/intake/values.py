"""Reading one cell into one value: identity numbers, hours, years, dates, grades, categories.

Every reader takes the raw cell and a list to which it appends `(before, after)` when it normalised, and returns
the value or raises `CellFault`. It never guesses: a number that lost digits, a date with two readings and hours
with a unit are refused with a code of their own. Raw cells are what the spreadsheet reader gives: text, float,
int, bool, or one of the date types; an empty cell is the empty string.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeAlias

from registry.intake.identifiers import IdentifierError, ResidentIdentity
from registry.intake.text import clean, clean_notation, named, visible

Cell: TypeAlias = str | int | float | bool | dt.time | dt.date | dt.datetime | dt.timedelta
Changes: TypeAlias = list[tuple[str, str]]
Reader: TypeAlias = Callable[[Any, Changes], str | int]

MAX_HOURS = 2_000
_DUST = 1e-9
"""Nearer to a whole number than Excel shows: what a formula's binary fractions leave, and its clerk cannot see."""
_EXACT = 10**15
"""Below this a number has no digit that Excel does not keep."""
GRADES: Mapping[str, str] = {
    "正高级": "senior",
    "副高级": "senior",
    "高级": "senior",
    "正高": "senior",
    "副高": "senior",
    "中级": "intermediate",
    "初级": "junior",
    "助理级": "junior",
    "助理": "junior",
    "员级": "junior",
}
CATEGORIES: Mapping[str, str] = {
    "专业科目": "professional",
    "专业课": "professional",
    "专业": "professional",
    "公需科目": "public",
    "公需课": "public",
    "公需": "public",
}

_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,3}", re.ASCII)
_OTHER_DOCUMENT = re.compile(
    r"[A-Z]{1,3}[0-9]{6,10}|[A-Z]{1,2}[0-9]{6}[(（][0-9A][)）]|[0-9]{8}|[0-9]{10}", re.ASCII
)
"""Passports, permits of people from Hong Kong and Macao (H…, M…) and Taiwan (8 or 10 digits), Hong Kong cards."""
_NO_DIGIT = re.compile(r"[^0-9]{1,17}", re.ASCII)
_SEVENTEEN = re.compile(r"[0-9]{17}", re.ASCII)
_IDENTITY = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_STRANGE_IN_IDENTITY = re.compile(r"[^0-9]", re.ASCII)
_STRANGE_BESIDE_IDENTITY = re.compile(r"[^0-9X]", re.ASCII)
_LIKE_X = frozenset("ⅩΧХ×✕✖✗✘╳⨉⨯")
"""Roman, Greek, Cyrillic and other characters that look like the X at the end of an identity number."""
_OLD_IDENTITY = re.compile(r"[0-9]{15}", re.ASCII)
_YEAR = re.compile(r"([0-9]{4})(?:年|年度)?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}(?:\.0{1,4})?", re.ASCII)
_FRACTION = re.compile(r"[0-9]+\.[0-9]+", re.ASCII)
_NEGATIVE = re.compile(r"[-−—][0-9.]+", re.ASCII)
_WITH_UNIT = re.compile(r"[0-9.]+\s*(?:学时|课时|小时|个学时|个课时|节|时|h|H|天|分|学分)", re.ASCII)
_IN_WORDS = re.compile(r"[〇零一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟]+(?:个?[学课小]?时)?")
_DATE_PLAIN = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_DATE_SIGNS = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
_DATE_WORDS = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})[日号]", re.ASCII)
_DATE_AMBIGUOUS = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1(?:[0-9]{1,2}|[0-9]{4})", re.ASCII)
_DATE_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_DATE_INCOMPLETE = re.compile(r"[0-9]{4}(?:[-/.年][0-9]{0,2}月?)?", re.ASCII)
_TIME_OF_DAY = re.compile(r"[ T][0-9]{1,2}[:：][0-9]{2}(?:[:：][0-9]{2}(?:\.[0-9]{1,9})?)?", re.ASCII)
"""As databases export days, ``2026-05-20 00:00:00``; no zone, in which it could be another day."""
_ZONE = re.compile(
    r"[0-9]:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)? ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})", re.ASCII
)
_ERRORS = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"))


class CellFault(Exception):  # noqa: N818 - it is a condition of a cell, and becomes a Finding in the same module's caller
    """A cell is refused. `code` is the finding's code, `params` its placeholders."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def shown(raw: Cell) -> str:
    """A cell's value as text for the clerk, as Excel shows it: invisible characters spelt out, whole numbers without a
    decimal point, and never more than the 15 digits that Excel keeps (4.10102199001012E+17)."""
    if isinstance(raw, str):
        return visible(raw)
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        return f"{raw:.0f}" if raw.is_integer() and abs(raw) < _EXACT else _scientific(raw)
    if isinstance(raw, int) and abs(raw) >= _EXACT:
        return _scientific(float(raw))
    if isinstance(raw, dt.datetime):
        return raw.isoformat(" ")
    return str(raw)


def _scientific(raw: float) -> str:
    """15 significant digits, with an exponent where there must be one."""
    return f"{raw:.15G}"


def require_text(raw: Cell) -> str:
    """The cell's text, raw; refuses an empty cell, an Excel error, and a cell that is no text."""
    if isinstance(raw, str):
        if raw == "":
            raise CellFault("cell_empty")
        if raw.startswith("#") and raw.strip() in _ERRORS:
            raise CellFault("formula_error", error=raw.strip())
        return raw
    raise CellFault("text_expected")


def identity_reader(today: dt.date) -> Reader:
    """Reads a resident identity number (GB 11643): 18 characters, or a fault that says what was lost."""

    def read(raw: Cell, changes: Changes) -> str:
        if isinstance(raw, float | int) and not isinstance(raw, bool):
            raise CellFault("identity_numeric")
        before = require_text(raw)
        text = _nonempty(clean(before).replace(" ", "").upper())
        _refuse_damaged_identity(text)
        try:
            ResidentIdentity.parse(text, today=today)
        except IdentifierError as error:
            raise _identity_fault(error.code, text) from None
        if text != before:
            changes.append((visible(before), text))
        return text

    return read


def year_reader(expected: int) -> Reader:
    """Reads the year of a row, which must be the year asked for."""

    def read(raw: Cell, changes: Changes) -> int:
        if raw == expected and not isinstance(raw, bool):
            return expected
        year = _read_year(raw, changes)
        if year != expected:
            raise CellFault("year_mismatch", year=str(year), expected=str(expected))
        return year

    return read


def read_hours(raw: Cell, changes: Changes) -> int:
    """Class hours of 45 minutes: an integer from 0 to MAX_HOURS."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise CellFault("hours_date_format" if not isinstance(raw, bool) else "hours_form")
    hours = _hours_of_text(raw, changes) if isinstance(raw, str) else _hours_of_number(raw)
    if hours > MAX_HOURS:
        raise CellFault("hours_too_many", limit=str(MAX_HOURS))
    return hours


def read_grade(raw: Cell, changes: Changes) -> str:
    """A title grade: senior, intermediate or junior, from an exact set of words."""
    return _choose(raw, changes, GRADES, "grade_unknown")


def read_category(raw: Cell, changes: Changes) -> str:
    """The category of a training: professional or public, from an exact set of words."""
    return _choose(raw, changes, CATEGORIES, "category_unknown")


def date_reader(today: dt.date, year: int) -> Reader:
    """Reads a day of the `year` asked for or of the year before, not after `today`, as `YYYY-MM-DD`."""

    def read(raw: Cell, changes: Changes) -> str:
        day = _read_day(raw, changes)
        if day > today:
            raise CellFault("date_future", today=today.isoformat())
        if day.year not in (year, year - 1):
            raise CellFault("completed_other_year", date=day.isoformat(), other=str(day.year), year=str(year))
        return day.isoformat()

    return read


def _nonempty(text: str) -> str:
    if text == "":
        raise CellFault("cell_empty")
    return text


def _refuse_damaged_identity(text: str) -> None:
    if len(text) == 18 and "*" not in text:
        return
    if _SCIENTIFIC.fullmatch(text):
        raise CellFault("identity_scientific")
    if _OLD_IDENTITY.fullmatch(text):
        raise CellFault("identity_old")
    if "*" in text:
        raise CellFault("identity_masked")
    if _OTHER_DOCUMENT.fullmatch(text):
        raise CellFault("identity_other_document")
    if _NO_DIGIT.fullmatch(text):
        raise CellFault("identity_words")


def _identity_fault(code: str, text: str) -> CellFault:
    if code == "identity_check" and text.endswith("000"):
        return CellFault("identity_digits_lost")
    if code == "identity_digits":
        last = text[-1]
        if last in _LIKE_X and _SEVENTEEN.fullmatch(text[:-1]):
            return CellFault("identity_last", found=named(last))
        strange = [*_STRANGE_IN_IDENTITY.findall(text[:-1]), *_STRANGE_BESIDE_IDENTITY.findall(last)]
        return CellFault(code, characters=named(strange))
    if code == "identity_length" and _IDENTITY.fullmatch(_STRANGE_BESIDE_IDENTITY.sub("", text)):
        return CellFault("identity_signs", characters=named(_STRANGE_BESIDE_IDENTITY.findall(text)))
    return CellFault(code, length=str(len(text)))


def _read_year(raw: Cell, changes: Changes) -> int:
    if isinstance(raw, float | int) and not isinstance(raw, bool):
        if 1000 <= raw <= 9999 and raw == int(raw):
            return int(raw)
        raise CellFault("year_form")
    if isinstance(raw, dt.date):
        raise CellFault("year_form")
    before = require_text(raw)
    match = _YEAR.fullmatch(_nonempty(clean_notation(before)))
    if match is None:
        raise CellFault("year_form")
    if before != match.group(1):
        changes.append((visible(before), match.group(1)))
    return int(match.group(1))


def _hours_of_number(raw: float) -> int:
    if raw < 0:
        raise CellFault("hours_negative")
    if not isfinite(raw):
        raise CellFault("hours_form")
    hours = round(raw)
    if raw != hours:
        near = abs(raw - hours) <= _DUST
        raise (
            CellFault("hours_near", exact=repr(raw), right=str(hours))
            if near
            else CellFault("hours_fraction")
        )
    return hours


def _hours_of_text(raw: str, changes: Changes) -> int:
    if raw.isascii() and raw.isdigit() and len(raw) <= 9 and (raw[0] != "0" or raw == "0"):
        return int(raw)
    text = _nonempty(clean_notation(require_text(raw)))
    if _WHOLE.fullmatch(text) is None:
        raise CellFault(_hours_code(text))
    hours = int(text.partition(".")[0])
    changes.append((visible(raw), str(hours)))
    return hours


def _hours_code(text: str) -> str:
    if _FRACTION.fullmatch(text):
        return "hours_fraction"
    if _NEGATIVE.fullmatch(text):
        return "hours_negative"
    if _WITH_UNIT.fullmatch(text):
        return "hours_unit"
    return "hours_words" if _IN_WORDS.fullmatch(text) else "hours_form"


def _choose(raw: Cell, changes: Changes, accepted: Mapping[str, str], code: str) -> str:
    before = require_text(raw)
    chosen = accepted.get(before)
    if chosen is not None:
        return chosen
    text = _nonempty(clean(before).replace(" ", ""))
    chosen = accepted.get(text)
    if chosen is None:
        raise CellFault(code, accepted="、".join(accepted))
    changes.append((visible(before), text))
    return chosen


def _read_day(raw: Cell, changes: Changes) -> dt.date:
    if isinstance(raw, dt.datetime):
        return _day_of_moment(raw, changes)
    if isinstance(raw, dt.date):
        return raw
    if isinstance(raw, float | int) and not isinstance(raw, bool):
        return _day_of_number(raw, changes)
    before = require_text(raw)
    text = clean(before)
    if _ZONE.search(text) is not None:
        raise CellFault("date_zone")
    time = _TIME_OF_DAY.search(text)
    if time is not None and time.end() == len(text):
        text = text[: time.start()]
    day = _day_of_text(_nonempty(clean_notation(text)))
    if before != day.isoformat():
        changes.append((visible(before), day.isoformat()))
    return day


def _day_of_moment(raw: dt.datetime, changes: Changes) -> dt.date:
    if raw.time() != dt.time(0):
        changes.append((shown(raw), raw.date().isoformat()))
    return raw.date()


def _day_of_number(raw: float, changes: Changes) -> dt.date:
    # A bare serial such as 46346 is a day only if one knows that the cell was meant as a date, and in which of
    # Excel's two calendars; eight digits can only be YYYYMMDD, for serials end at 2,958,465.
    text = shown(raw)
    match = _DATE_PLAIN.fullmatch(text)
    if match is None:
        raise CellFault("date_serial")
    day = _day(match.group(1), match.group(2), match.group(3))
    changes.append((text, day.isoformat()))
    return day


def _day_of_text(text: str) -> dt.date:
    for pattern, groups in ((_DATE_SIGNS, (1, 3, 4)), (_DATE_WORDS, (1, 2, 3)), (_DATE_PLAIN, (1, 2, 3))):
        match = pattern.fullmatch(text)
        if match is not None:
            return _day(*match.group(*groups))
    if _DATE_AMBIGUOUS.fullmatch(text):
        raise _year_not_first(text)
    if text.isascii() and text.isdigit() and len(text) == 5:
        raise CellFault("date_serial")
    raise CellFault("date_incomplete" if _DATE_INCOMPLETE.fullmatch(text) else "date_form")


def _year_not_first(text: str) -> CellFault:
    """A day before or after its month: two readings, one, or none."""
    parts = _DATE_YEAR_LAST.fullmatch(text)
    if parts is None:
        return CellFault("date_ambiguous")
    readings = set()
    for month, day in ((parts[1], parts[3]), (parts[3], parts[1])):
        try:
            readings.add(dt.date(int(parts[4]), int(month), int(day)))
        except ValueError:
            continue
    if not readings:
        return CellFault("date_invalid")
    if len(readings) > 1:
        return CellFault("date_ambiguous")
    return CellFault("date_order", right=readings.pop().isoformat())


def _day(year: str, month: str, day: str) -> dt.date:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        raise CellFault("date_invalid") from None
