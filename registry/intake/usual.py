"""The usual row in one look: no remark, no fault, nothing normalised. Most rows of a file are such, and cost a third so.

Whatever is not usual (a new employer, a number as text with a blank, a hidden row …) is left to ``RowJudge``, which says
what is wrong with it or accepts it all the same. A row that is read here is read there the same way (a property test
holds the two together); so this module refuses nothing and may always say that it does not know.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import mul
from typing import Any

from registry.intake.identifiers import EARLIEST_BIRTH
from registry.intake.names import COMMON_NAME, NO_NAMES
from registry.intake.rows import AnnualApplication
from registry.intake.values import GRADES, MAX_HOURS, Cell
from verifier.iso7064 import MOD11_2_CHECKS, MOD11_2_WEIGHTS

_HOURS: Mapping[Any, int] = {
    **{float(hours): hours for hours in range(MAX_HOURS + 1)},
    **{str(hours): hours for hours in range(MAX_HOURS + 1)},
}
"""Class hours as cells have them. True and False are equal to 1 and 0 and are looked at first."""
_IDENTITY_LENGTH = 18
_REGION = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_DAY = re.compile(r"[0-9]{8}", re.ASCII)
MAX_REGIONS = 4_096
"""Remembered; there are about 3,000, and a file of made-up ones must not fill memory. Days of birth are 24,000 at most."""


def _weighted(digits: str, first: int) -> int:
    """What ``digits`` add to the sum of MOD 11-2, the first of them standing at place ``first``."""
    return sum(map(mul, map(int, digits), MOD11_2_WEIGHTS[first:]))


_ORDERS = {f"{order:03d}": _weighted(f"{order:03d}", 14) for order in range(1_000)}


@dataclass(slots=True)
class UsualIdentities:
    """Identity numbers (GB 11643) of people of a usual age, by the sums of their parts, each part looked at once."""

    today: dt.date
    births: range
    """Years of birth that call for no remark."""
    _regions: dict[str, int] = field(default_factory=dict)
    _days: dict[str, int] = field(default_factory=dict)

    def known(self, text: str) -> bool:
        """Whether ``text``, 18 characters, is such a number; False may mean that it is not known."""
        region, day, order = self._regions.get(text[:6]), self._days.get(text[6:14]), _ORDERS.get(text[14:17])
        if order is None:
            return False
        if region is None:
            region = self._region(text[:6])
        if day is None:
            day = self._day(text[6:14])
        if region is None or day is None:
            return False
        return MOD11_2_CHECKS[(region + day + order) % 11] == text[17]

    def _region(self, digits: str) -> int | None:
        if len(self._regions) == MAX_REGIONS or _REGION.fullmatch(digits) is None:
            return None
        return self._regions.setdefault(digits, _weighted(digits, 0))

    def _day(self, digits: str) -> int | None:
        if _DAY.fullmatch(digits) is None:
            return None
        try:
            born = dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            return None
        if born.year not in self.births or not EARLIEST_BIRTH <= born <= self.today:
            return None
        return self._days.setdefault(digits, _weighted(digits, 6))


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in one file: characters that the font is known to have, employers that were read, identity numbers."""

    characters: set[str]
    texts: Mapping[str, str]
    identities: UsualIdentities


@dataclass(frozen=True, slots=True)
class UsualRows:
    """Reads the usual rows of one sheet of annual hours. Places are within the cells given."""

    sheet: str
    year: int
    places: tuple[int, ...]
    """Name, identity, employer, grade, professional and public hours."""
    year_place: int | None
    total_places: tuple[int, ...]
    width: int | None
    """Where more cells than headings are a fault: how many there may be."""
    hidden: frozenset[int]
    usual: Usual
    seen: dict[Any, tuple[str, int, Any]]

    def read(self, row: int, cells: Sequence[Cell]) -> AnnualApplication | None:
        """The application in a usual row, whose person is entered in ``seen``; None of any other, and nothing is entered."""
        a, b, c, d, e, f = self.places
        name, identity, employer = cells[a], cells[b], cells[c]
        if type(name) is not str or type(identity) is not str or type(employer) is not str:
            return None
        grade, hours = GRADES.get(cells[d]), (cells[e], cells[f])  # type: ignore[arg-type]
        professional, public = _HOURS.get(hours[0]), _HOURS.get(hours[1])
        if grade is None or professional is None or public is None or bool in map(type, hours):
            return None
        usual = self.usual
        if not (
            self._usual_frame(row, cells, professional + public)
            and COMMON_NAME.fullmatch(name) is not None
            and name not in NO_NAMES
            and usual.characters.issuperset(name)
            and usual.texts.get(employer) == employer
            and len(identity) == _IDENTITY_LENGTH
            and identity not in self.seen
            and usual.identities.known(identity)
        ):
            return None
        self.seen[identity] = (self.sheet, row, name)
        return AnnualApplication(
            self.sheet, row, name, identity, employer, grade, self.year, professional, public
        )

    def _usual_frame(self, row: int, cells: Sequence[Cell], total: int) -> bool:
        """Whether the row is shown, of this year and no wider than its headings, with hours and the right total of them."""
        if self.year_place is not None:
            year = cells[self.year_place]
            if year != self.year or type(year) is bool:
                return False
        for place in self.total_places:
            stated = cells[place]
            if _HOURS.get(stated) != total or type(stated) is bool:
                return False
        if total == 0:
            return False
        return row not in self.hidden and (self.width is None or not any(cells[self.width :]))
