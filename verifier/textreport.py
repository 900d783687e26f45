"""A report as text for people, in zh-CN or English (SPEC 7.7).

The verdict comes first, with its reason; then the signed fields, to be compared with the paper one by one; then against
what and as of when it was judged; the steps; what is missing. Fields are shown only where the record is authentic: what
nobody signed is never shown as fact. Times are in China's time (UTC+8), in both languages, and say so.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from unicodedata import east_asian_width

from verifier.errors import VerifierError
from verifier.messages import (
    CATEGORIES,
    FIELDS,
    GRADES,
    OUTCOMES,
    missing_sentence,
    pick,
    reason_word,
    sentence_of,
    step_name,
    usage_text,
    verdict_word,
)
from verifier.number import parse_number
from verifier.record import VerifiedRecord
from verifier.report import RULE_STEP, Detail, Outcome, StepResult, VerificationReport
from verifier.sentences import Sentence
from verifier.trouble import Trouble

CHINA = timezone(timedelta(hours=8))
CHINA_TIME = Sentence("（北京时间）", " (UTC+8)")
"""Said behind a time, in both languages the same one: who compares two pages reads the same digits."""
_MARKS = {Outcome.PASSED: "✔", Outcome.FAILED: "✘", Outcome.INDETERMINATE: "?", Outcome.SKIPPED: "–"}
_COLOURS = {"PASSED": "32", "FAILED": "31", "INDETERMINATE": "33", "SKIPPED": "2"}
_TRUST_STEP, _LOG_STEP, _STATUS_STEP = 3, 7, 8
LABELS = {
    "compare": Sentence(
        "以下内容经发证机关签名，请与证书逐项核对",
        "Signed by the issuing authority; compare with the certificate",
    ),
    "unproven": Sentence(
        "证书内容未获证实，故不显示。", "The certificate's content is not established and is not shown."
    ),
    "number": Sentence("证书编号", "Number"),
    "issuer": Sentence("发证机关", "Issuing authority"),
    "date": Sentence("发证日期", "Date of issue"),
    "basis": Sentence("核验依据", "Judged against"),
    "at": Sentence("核验时间", "Judged as of"),
    "registry": Sentence("登记系统", "Registry"),
    "list": Sentence("信任列表", "Trust list"),
    "root": Sentence("根密钥指纹", "Root fingerprint"),
    "status": Sentence("证书状态", "Status"),
    "log": Sentence("透明日志", "Transparency log"),
    "hours": Sentence("学时规定", "Rules on hours"),
    "steps": Sentence("核验步骤", "Steps"),
    "missing": Sentence("还需要", "Still needed"),
    "troubles": Sentence("未能取得", "Could not be obtained"),
    "reason": Sentence("原因", "reason"),
    "successor": Sentence("新证书编号", "new certificate"),
}


def render(
    report: VerificationReport,
    lang: str,
    *,
    colour: bool = False,
    troubles: Iterable[Trouble] = (),
) -> str:
    """The whole report, ending in a newline. ``troubles`` are what could not be fetched for it."""
    blocks = (
        _headline(report, lang, colour=colour),
        _signed_fields(report, lang),
        _basis(report, lang),
        _hours(report, lang),
        _steps(report, lang, colour=colour),
        _missing(report, lang),
        _troubles(troubles, lang),
    )
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def headline(report: VerificationReport, lang: str) -> str:
    """The reason of the verdict in one paragraph, with date, reason and successor where the list's details give them."""
    step = next((one for one in report.steps[:RULE_STEP] if one.code == report.reason), None)
    sentence = sentence_of(report.reason, lang, step.outcome if step else None)
    extra = list(_status_details(step, lang)) if step and step.number == _STATUS_STEP else []
    if not extra:
        return sentence
    opening, separator, closing = ("（", "；", "）") if lang != "en" else (" (", "; ", ")")
    return sentence + opening + visible(separator.join(extra)) + closing


def printed_number(digits: str) -> str:
    """20 digits in groups; anything else as it is."""
    try:
        return parse_number(digits).printed
    except VerifierError:
        return digits


def time_text(seconds: Detail, lang: str) -> str:
    """A moment as people read it: China's time, which it says."""
    try:
        moment = datetime.fromtimestamp(int(seconds), CHINA)
    except (ValueError, OverflowError, OSError):
        return str(seconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S") + pick(CHINA_TIME, lang)


def pad(text: str, width: int) -> str:
    """``text`` filled with spaces to ``width`` columns of a terminal, where Chinese characters take two."""
    return text + " " * max(0, width - columns(text))


def columns(text: str) -> int:
    """Columns of a terminal that ``text`` takes."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def visible(text: str) -> str:
    """``text`` without what moves a cursor or paints: a file's name is a stranger's, and must not write a verdict."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "\ufffd" for one in text)


def paint(text: str, word: str, *, colour: bool) -> str:
    """``text`` in the colour of a verdict or outcome."""
    return f"\033[{_COLOURS[word]}m{text}\033[0m" if colour else text


def _label(name: str, lang: str) -> str:
    return pick(LABELS[name], lang)


def _headline(report: VerificationReport, lang: str, *, colour: bool) -> list[str]:
    word = paint(verdict_word(report.verdict, lang), report.verdict.value, colour=colour)
    lines = [word, headline(report, lang)]
    status = report.steps[_STATUS_STEP]
    if "successor" in status.details and report.reason != status.code:
        # Another reason comes first (a compromised key, say): the holder is led on all the same.
        lines.append(f"{_label('successor', lang)}  {printed_number(str(status.details['successor']))}")
    if report.record is None and report.number:
        lines.append(f"{_label('number', lang)}  {printed_number(report.number)}")
    return lines


def _status_details(step: StepResult, lang: str) -> Iterator[str]:
    details = step.details
    if "since" in details:
        since = time_text(details["since"], lang)
        yield f"since {since}" if lang == "en" else f"自 {since} 起"
    if "reason" in details:
        yield f"{_label('reason', lang)}{_colon(lang)}{reason_word(str(details['reason']), lang)}"
    if "successor" in details:
        yield f"{_label('successor', lang)}{_colon(lang)}{printed_number(str(details['successor']))}"


def _colon(lang: str) -> str:
    return ": " if lang == "en" else "："


def _signed_fields(report: VerificationReport, lang: str) -> list[str]:
    if report.record is None:
        return [_label("unproven", lang)]
    return [_label("compare", lang) + _colon(lang).rstrip(), *_rows(_record_rows(report.record, lang))]


def _record_rows(record: VerifiedRecord, lang: str) -> list[tuple[str, str]]:
    rows = [(_label("number", lang), record.number.printed)]
    rows += [
        (pick(label, lang), _value(name, record.subject[name], lang))
        for name, label in FIELDS.items()
        if name in record.subject
    ]
    rows.append((_label("issuer", lang), f"{record.issuer_name} ({record.issuer_code})"))
    rows.append((_label("date", lang), record.valid_from[:10]))
    return rows


def _value(name: str, value: Any, lang: str) -> str:
    words = {"grade": GRADES, "category": CATEGORIES}.get(name, {})
    text = str(value)
    return pick(words[text], lang) if text in words else text


def _rows(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max((columns(label) for label, _ in rows), default=0)
    return [f"  {pad(label, width)}  {visible(value)}" for label, value in rows]


def _basis(report: VerificationReport, lang: str) -> list[str]:
    rows = [(_label("at", lang), time_text(report.at, lang)), *_trust_rows(report, lang)]
    if report.steps[_STATUS_STEP].outcome is Outcome.PASSED and "asOf" in report.steps[_STATUS_STEP].details:
        as_of = time_text(report.steps[_STATUS_STEP].details["asOf"], lang)
        rows.append((_label("status", lang), f"as of {as_of}" if lang == "en" else f"截至 {as_of}"))
    log = report.steps[_LOG_STEP]
    if log.outcome is Outcome.PASSED:
        rows.append((_label("log", lang), _log_text(log, lang)))
    elif log.code == "log_proof_absent":
        rows.append((_label("log", lang), sentence_of(log.code, lang, log.outcome)))
    lines = [_label("basis", lang) + _colon(lang).rstrip(), *_rows(rows)]
    if report.steps[_TRUST_STEP].code != "root_not_pinned":
        return lines
    return [*lines, usage_text("unpinned", lang).format(fingerprint=report.trust["rootFingerprint"])]


def _trust_rows(report: VerificationReport, lang: str) -> Iterator[tuple[str, str]]:
    trust = report.trust
    if "registry" in trust:
        yield _label("registry", lang), str(trust["registry"])
    if "version" in trust:
        until = time_text(trust["validUntil"], lang)
        version = trust["version"]
        text = (
            f"version {version}, in force until {until}"
            if lang == "en"
            else f"第 {version} 版，有效期至 {until}"
        )
        details = report.steps[_TRUST_STEP].details
        if "asOf" in details:
            newest = time_text(details["asOf"], lang)
            text += f", the newest as of {newest}" if lang == "en" else f"；截至 {newest} 为最新版"
        yield _label("list", lang), text
    if "rootFingerprint" in trust:
        yield _label("root", lang), str(trust["rootFingerprint"])


def _log_text(step: StepResult, lang: str) -> str:
    details = step.details
    time = time_text(details["time"], lang)
    index, size, witnesses = details["index"], details["size"], details["witnesses"]
    if lang == "en":
        return f"entry {index} of {size}, logged {time}, witnesses: {witnesses}"
    return f"第 {index} 条（日志共 {size} 条），登记于 {time}，见证人 {witnesses} 个"


def _hours(report: VerificationReport, lang: str) -> list[str]:
    """Step 10 stands beside the verdict, and so does its sentence, with the rule's source."""
    step = report.steps[RULE_STEP]
    if step.outcome is Outcome.SKIPPED:
        return []
    details = step.details
    lines = [f"{_label('hours', lang)}{_colon(lang)}{sentence_of(step.code, lang, step.outcome)}"]
    if step.outcome is Outcome.FAILED:
        short = (details["missingTotal"], details["missingProfessional"], details["missingPublic"])
        text = (
            "short of: total {}, professional {}, public {}"
            if lang == "en"
            else "缺：合计 {}、专业 {}、公需 {}"
        )
        lines.append("  " + text.format(*short))
    return [*lines, visible(f"  {details['source']} {details['article']}")]


def _steps(report: VerificationReport, lang: str, *, colour: bool) -> list[str]:
    width = max(columns(step_name(step.number, lang)) for step in report.steps)
    lines = [paint(_step_line(step, lang, width), step.outcome.value, colour=colour) for step in report.steps]
    return [_label("steps", lang) + _colon(lang).rstrip(), *lines]


def _step_line(step: StepResult, lang: str, width: int) -> str:
    name = pad(step_name(step.number, lang), width)
    outcome = pad(pick(OUTCOMES[step.outcome], lang), 9)
    return f"  {_MARKS[step.outcome]} {step.number:>2} {name}  {outcome} {sentence_of(step.code, lang, step.outcome)}"


def _missing(report: VerificationReport, lang: str) -> list[str]:
    if not report.missing:
        return []
    lines = [f"  · {missing_sentence(name, lang)}" for name in report.missing]
    return [_label("missing", lang) + _colon(lang).rstrip(), *lines]


def _troubles(troubles: Iterable[Trouble], lang: str) -> list[str]:
    lines = [
        f"  · {visible(trouble.path)}{_colon(lang)}{sentence_of(trouble.code, lang)}" for trouble in troubles
    ]
    return [_label("troubles", lang) + _colon(lang).rstrip(), *lines] if lines else []
