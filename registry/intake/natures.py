"""What a finding is to the clerk who reads it: a refusal, a notice, a repair, or mere space taken away."""

from __future__ import annotations

import re
from enum import Enum

from registry.intake.findings import Finding, Severity

_SPACE = r"(?:\s|⟨U\+(?:0009|000A|000D|0085|00A0|200B|2028|2029|3000|FEFF)⟩)*"
_AROUND = re.compile(f"{_SPACE}(.*?){_SPACE}", re.DOTALL)


class Nature(Enum):
    """What a finding is to the clerk; ``value`` is the table's title, in Chinese and English."""

    REFUSED = ("未发：须改正后重新提交", "Not issued: correct and submit again")
    NOTICE = ("提示：请核对", "Notices: please check")
    REPAIRED = ("已规范：书写已统一，含义不变", "Written in standard form, same meaning")


def nature_of(finding: Finding) -> Nature:
    """Which of the three it is."""
    if finding.severity is Severity.FAULT:
        return Nature.REFUSED
    return Nature.REPAIRED if finding.code == "normalised" else Nature.NOTICE


def is_mere_space(finding: Finding) -> bool:
    """Whether all that was repaired is space, or what cannot be seen, before or after the text."""
    if finding.code != "normalised":
        return False
    inner = _AROUND.fullmatch(finding.params["before"])
    return inner is not None and inner.group(1) == finding.params["after"]
