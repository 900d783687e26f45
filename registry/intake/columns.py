"""Finding the heading row of a sheet, and which column means what.

Offices put titles above the headings, order the columns as they like and have several words for each. A heading is
compared after width, spaces, line breaks, asterisks and bracketed units are taken away, and then exactly: nothing
is matched by likeness. Two rows of headings, a group (学时) above its parts (专业科目, 公需科目), are read together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from registry.intake.values import Cell

KINDS = ("annual", "completion")
OUTCOME_HEADING, NUMBER_HEADING, REMARKS_HEADING = "处理结果", "证书编号", "核验意见"
"""What we add to a file that goes back to its clerk; no data where such a file is submitted again."""
SUMMARY_SHEET, SUMMARY_LABEL = "核验汇总", "名单行数"
"""The sheet that we add, and how its first cell begins: a clerk's own sheet of that name has another."""

ORIGIN = "origin"
"""A column that is no part of an application: where a row that is handed in again stood before (``registry.review``)."""
STATED_TOTAL = "stated_total"
"""A column that is no part of an application: what an office says that the hours add up to."""

_PERSON: Mapping[str, tuple[str, ...]] = {
    "name": (
        *("姓名", "名字", "学员姓名", "人员姓名", "职工姓名", "教职工姓名", "教师姓名", "参训人员姓名"),
        *("专业技术人员姓名", "持证人姓名", "申请人姓名", "参训人员", "学员"),
        *("name", "fullname"),
    ),
    "identity": (
        *(
            "身份证号",
            "身份证号码",
            "身份证",
            "证件号码",
            "证件号",
            "居民身份证号",
            "居民身份证号码",
            "居民身份证",
        ),
        *(
            "公民身份号码",
            "公民身份证号",
            "公民身份证号码",
            "身份证件号",
            "身份证件号码",
            "有效证件号码",
            "身份号码",
        ),
        *("idnumber", "identitynumber", "residentidnumber"),
    ),
    "employer": (
        *(
            "工作单位",
            "单位",
            "所在单位",
            "单位名称",
            "用人单位",
            "工作单位名称",
            "所在单位名称",
            "用人单位名称",
        ),
        *("现工作单位", "所属单位", "单位全称", "工作单位全称", "工作单位全名"),
        *("employer", "nameofemployer"),
    ),
    "year": (
        "年度",
        "学年",
        "年份",
        "年",
        "继续教育年度",
        "学习年度",
        "培训年度",
        "学时年度",
        "所属年度",
        "year",
    ),
    ORIGIN: ("原位置",),
}
_ANNUAL: Mapping[str, tuple[str, ...]] = {
    "grade": (
        *(
            "职称等级",
            "职称级别",
            "级别",
            "职称",
            "职称层级",
            "职称等级/级别",
            "专业技术职务级别",
            "专业技术职务等级",
        ),
        *(
            "专业技术资格等级",
            "专业技术资格级别",
            "专业技术职称等级",
            "专业技术职称级别",
            "职务级别",
            "技术等级",
        ),
        *("grade", "titlegrade"),
    ),
    "professional_hours": (
        *(
            "专业科目学时",
            "专业课学时",
            "专业学时",
            "专业科目学时数",
            "专业课学时数",
            "专业学时数",
            "专业科目",
            "专业课",
        ),
        *(
            "专业科目课时",
            "专业课课时",
            "专业课时",
            "学时(专业科目)",
            "学时(专业课)",
            "学时(专业)",
            "学时专业",
        ),
        "professionalhours",
    ),
    "public_hours": (
        *(
            "公需科目学时",
            "公需课学时",
            "公需学时",
            "公需科目学时数",
            "公需课学时数",
            "公需学时数",
            "公需科目",
            "公需课",
        ),
        *(
            "公需科目课时",
            "公需课课时",
            "公需课时",
            "学时(公需科目)",
            "学时(公需课)",
            "学时(公需)",
            "学时公需",
        ),
        "publichours",
    ),
    STATED_TOTAL: (
        *(
            "合计",
            "总计",
            "总学时",
            "总学时数",
            "合计学时",
            "学时合计",
            "学时总计",
            "学时总数",
            "总课时",
            "合计课时",
        ),
        *("学时小计", "小计"),
    ),
}
_COMPLETION: Mapping[str, tuple[str, ...]] = {
    "programme": (
        *(
            "培训项目",
            "课程名称",
            "培训班名称",
            "培训项目名称",
            "项目名称",
            "培训名称",
            "培训课程",
            "培训课程名称",
        ),
        *("培训项目/课程", "培训班", "课程", "班次名称", "继续教育项目"),
    ),
    "institution": (
        *(
            "施教机构",
            "培训机构",
            "主办单位",
            "施教机构名称",
            "培训机构名称",
            "主办单位名称",
            "举办单位",
            "施教单位",
        ),
        *("继续教育基地", "基地名称"),
    ),
    "category": ("科目类别", "学时类别", "科目类型", "课程类别", "课程类型", "学时类型", "科目", "类别"),
    "class_hours": ("学时", "学时数", "课时", "课时数", "培训学时", "培训学时数", "总学时", "培训课时"),
    "completed_on": (
        *(
            "结业日期",
            "完成日期",
            "结业时间",
            "完成时间",
            "培训结束日期",
            "结束日期",
            "培训完成日期",
            "培训结业日期",
        ),
        *("培训结束时间", "结束时间"),
    ),
}
_FIELD_ORDER: Mapping[str, tuple[str, ...]] = {
    "annual": ("name", "identity", "employer", "grade", "year", "professional_hours", "public_hours"),
    "completion": (
        *("name", "identity", "employer", "year", "programme", "institution"),
        *("category", "class_hours", "completed_on"),
    ),
}
_WEAK = frozenset(("职称", "级别"))
"""These often head a column of titles (主治医师) beside the grades; they count only where no better heading stands."""

_UNTOLD = frozenset(("序号", "编号", "no.", "no", OUTCOME_HEADING, NUMBER_HEADING, REMARKS_HEADING))
_ADDED = (OUTCOME_HEADING, NUMBER_HEADING, REMARKS_HEADING)
OPTIONAL = frozenset(("year",))
_NOISE = re.compile(r"[\s*＊★☆#:：。、\u00ad\u180e\u200b-\u200d\u2060\ufeff]+")
_BRACKETS = re.compile(r"[(\[【〔<《][^)\]】〕>》]*[)\]】〕>》]")
_MAX_HEADING = 60


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that means something: its index within the rows given, and its heading as written, in one line."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Header:
    """Where the headings stand (`top`..`bottom`, 0-based among the rows given) and what they head."""

    top: int
    bottom: int
    columns: Mapping[str, tuple[Heading, ...]]
    unused: tuple[str, ...]
    """Headings that mean nothing to us; a number of the row and what we ourselves add are not told."""
    width: int
    """Cells up to the last one of the heading row that is not empty."""

    @property
    def duplicated(self) -> dict[str, tuple[Heading, ...]]:
        """Fields that more than one column claims."""
        return {
            name: headings
            for name, headings in self.columns.items()
            if len(headings) > 1 and name not in (STATED_TOTAL, ORIGIN)
        }

    def missing(self, kind: str) -> list[str]:
        """Required fields without a column, in the order of the form."""
        return [name for name in fields_of(kind) if name not in self.columns and name not in OPTIONAL]


def fields_of(kind: str) -> tuple[str, ...]:
    """The fields of an application of `kind`, in the order of its type."""
    return _FIELD_ORDER[kind]


def primary_heading(field: str) -> str:
    """The heading we recommend for a field."""
    return (_PERSON.get(field) or _ANNUAL.get(field) or _COMPLETION[field])[0]


def canonical_heading(text: str) -> str:
    """A heading without width, case, spaces, line breaks, invisible characters and asterisks; brackets stay."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text[:_MAX_HEADING])).casefold()


def field_of(raw: Cell, kind: str) -> str | None:
    """The field that a heading cell names, or None."""
    if not isinstance(raw, str) or raw == "":
        return None
    text = canonical_heading(raw)
    synonyms = _SYNONYMS[kind]
    return synonyms.get(text) or synonyms.get(_BRACKETS.sub("", text))


def own_columns(headings: Sequence[Cell]) -> range | None:
    """Where the columns are that we added to the right of all headings, however often; None where we added none."""
    texts = [cell.strip() if isinstance(cell, str) else cell for cell in headings]
    while texts and texts[-1] == "":
        texts.pop()
    whole = len(texts)
    for added in (_ADDED, _ADDED[-1:]):
        while tuple(texts[-len(added) :]) == added:
            del texts[-len(added) :]
    return range(len(texts), whole) if len(texts) < whole else None


def find_header(rows: Sequence[Sequence[Cell]], kind: str) -> Header | None:
    """The best heading row, or pair of rows, among `rows`; None where none names a person and one thing more."""
    best: Header | None = None
    for candidate in _candidates(rows, kind):
        named = candidate.columns.keys()
        if len(named - {STATED_TOTAL}) < 2 or named.isdisjoint(("name", "identity")):
            continue
        # A total is no reason to prefer a heading: a row of totals may stand right below the headings.
        if best is None or len(named - {STATED_TOTAL}) > len(best.columns.keys() - {STATED_TOTAL}):
            best = candidate
    return best


def _header(
    top: int, bottom: int, readings: Sequence[tuple[int, tuple[Cell, ...]]], kind: str, width: int
) -> Header:
    columns = _resolve(readings, kind)
    used = {heading.index for headings in columns.values() for heading in headings}
    rest = (_one_line(cells[0]) for index, cells in readings if index not in used)
    unused = tuple(text for text in rest if text and canonical_heading(text) not in _UNTOLD)
    return Header(top, bottom, columns, unused, width)


def _candidates(rows: Sequence[Sequence[Cell]], kind: str) -> Iterable[Header]:
    for index, row in enumerate(rows):
        yield _header(index, index, [(i, (cell,)) for i, cell in enumerate(row)], kind, _extent(row))
        if index + 1 < len(rows):
            lower = rows[index + 1]
            width = max(_extent(row), _extent(lower))
            yield _header(index, index + 1, list(_paired(row, lower)), kind, width)


def _extent(row: Sequence[Cell]) -> int:
    return max((index + 1 for index, cell in enumerate(row) if cell != ""), default=0)


def _paired(upper: Sequence[Cell], lower: Sequence[Cell]) -> Iterable[tuple[int, tuple[Cell, ...]]]:
    """Readings of each column of a two-row heading; the upper one of a merged group stands in its first column."""
    group = ""
    for index in range(max(len(upper), len(lower))):
        above = _text_at(upper, index)
        below = _text_at(lower, index)
        group = above or group
        yield index, (below, group + below, below + group) if below else (above,)


def _text_at(row: Sequence[Cell], index: int) -> str:
    cell = row[index] if index < len(row) else ""
    return cell if isinstance(cell, str) else ""


def _resolve(columns: Iterable[tuple[int, tuple[Cell, ...]]], kind: str) -> Mapping[str, tuple[Heading, ...]]:
    found: dict[str, list[Heading]] = {}
    for index, readings in columns:
        for reading in readings:
            field = field_of(reading, kind)
            if field is not None:
                found.setdefault(field, []).append(Heading(index, _one_line(reading)))
                break
    return MappingProxyType({field: tuple(_without_weak(headings)) for field, headings in found.items()})


def _without_weak(headings: list[Heading]) -> list[Heading]:
    strong = [heading for heading in headings if canonical_heading(heading.text) not in _WEAK]
    return strong or headings


def _one_line(reading: Cell) -> str:
    return " ".join(str(reading)[:_MAX_HEADING].split())


def _synonyms(fields: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    pairs = {word: field for field, words in {**_PERSON, **fields}.items() for word in words}
    return MappingProxyType(pairs)


_SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "annual": _synonyms(_ANNUAL),
    "completion": _synonyms(_COMPLETION),
}
