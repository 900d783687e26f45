"""What a certificate's PDF page says, field by field, to compare with the record that is attached to it.

The published faces set each label in both languages before its value. Whoever edits a page and leaves the attachment
alone is found so. It is text, compared and shown; never a fact.
"""

from collections.abc import Sequence

from verifier.review.rows import fold

_HOLDER = (("姓名Name", "name"), ("身份证件Identity document", "identityDocument"))
_LABELS: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        *_HOLDER,
        ("工作单位Employer", "employer"),
        ("职称等级Grade of title", "grade"),
        ("年度Year", "year"),
        ("学时规定Rule set", "ruleSet"),
        ("专业科目学时Professional hours", "professionalHours"),
        ("公需科目学时General hours", "publicHours"),
        ("合计学时Total hours", ""),
    ),
    (
        *_HOLDER,
        ("工作单位Employer", "employer"),
        ("培训项目Programme", "programme"),
        ("施教机构Training institution", "institution"),
        ("年度Year", "year"),
        ("科目类别Category", ""),
        ("学时Class hours", "classHours"),
        ("结业日期Completed on", ""),
    ),
)
MAX_VALUE = 200


def page_fields(text: str) -> dict[str, str]:
    """The values behind the labels of the face that ``text`` is of; empty where it is of none."""
    folded = fold(text)
    return next((found for labels in _LABELS if (found := _between(folded, labels))), {})


def _between(folded: str, labels: Sequence[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    place, before = 0, ""
    for label, name in labels:
        at = folded.find(fold(label), place)
        if at < 0:
            return {}
        if before:
            found[before] = folded[place:at][:MAX_VALUE]
        place, before = at + len(fold(label)), name
    return found
