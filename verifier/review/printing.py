"""Edge: the PDF of a review (SPEC 8.5), by typst: figures, every row, the QR, and record and table attached.

Texts are data, never markup. A character that the font cannot draw is printed as 〓; the attached table has it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import typst

from verifier.drawing.errors import FaceError
from verifier.drawing.fonts import missing_glyphs, typst_fonts
from verifier.drawing.qr import MAX_REPORT_VERSION, qr_matrix
from verifier.messages import CATEGORIES, GRADES, pick
from verifier.messages import FIELDS as RECORD_FIELDS
from verifier.review import words
from verifier.review.document import COUNTS, ReviewRecord, SignedReview
from verifier.review.rows import Row
from verifier.sentences import Sentence
from verifier.textreport import CHINA, time_text

PDF_STANDARDS: "list[typst.PDFStandard]" = ["a-3b"]
_GETA = "〓"


@dataclass(frozen=True, slots=True)
class ReviewSheet:
    """What is printed. ``signed`` is None where no key signed ``record``; ``table`` are the rows as they are attached."""

    record: ReviewRecord
    rows: Sequence[Row]
    table: bytes
    host: str
    lang: str
    signed: SignedReview | None = None


def review_pdf(sheet: ReviewSheet) -> bytes:
    """The report as PDF/A-3b; raises ``FaceError`` where it cannot be typeset."""
    root = Path(str(files("templates")))
    inputs = {"report": _printable(_data(sheet)), "table": sheet.table.decode()}
    if sheet.signed is not None:
        inputs["record"] = sheet.signed.data.decode()
    compiler = typst.Compiler(
        root / "report" / "v1" / "report.typ", root=root, font_paths=typst_fonts(), ignore_system_fonts=True
    )
    try:
        output, warnings = compiler.compile_with_warnings(
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=PDF_STANDARDS,
            timestamp=datetime.fromtimestamp(sheet.record.created, UTC),
        )
    except typst.TypstError as error:
        raise FaceError("face_typeset", "report") from error
    if warnings or not isinstance(output, bytes):
        raise FaceError("face_typeset", "warnings")
    return output


def _printable(document: Mapping[str, object]) -> str:
    text = json.dumps(document, ensure_ascii=False)
    return text.translate(dict.fromkeys(map(ord, missing_glyphs(text)), _GETA))


def _data(sheet: ReviewSheet) -> dict[str, object]:
    record, lang = sheet.record, sheet.lang
    moment = datetime.fromtimestamp(record.created, CHINA)
    data: dict[str, object] = {
        "sitting": record.sitting,
        "mark": record.mark,
        "author": sheet.host,
        "lang": "en" if lang == "en" else "zh",
        "region": "gb" if lang == "en" else "cn",
        "date": {"year": moment.year, "month": moment.month, "day": moment.day},
        "address": f"https://{sheet.host}/r",
        "words": {name: pick(one, lang) for name, one in words.REPORT.items()},
        "facts": _facts(sheet),
        "figures": [[pick(words.FIGURES[name], lang), str(record.counts[name])] for name in COUNTS],
        "heads": [pick(one, lang) for one in words.HEADS],
        "rows": [_cells(place, row, lang) for place, row in enumerate(sheet.rows, start=1)],
    }
    if sheet.signed is None:
        return data
    matrix = qr_matrix(f"https://{sheet.host}/r#", sheet.signed.qr_digits, MAX_REPORT_VERSION)
    return {**data, "qr": {"side": matrix.side, "path": matrix.svg_path()}}


def _facts(sheet: ReviewSheet) -> list[list[str]]:
    record, lang = sheet.record, sheet.lang

    def said(name: str, *values: object) -> str:
        return pick(words.REPORT[name], lang).format(*values)

    grade = pick(GRADES[record.grade], lang) if record.grade else said("own")
    age = said("hoursOld", record.status_max_age // 3600) if record.status_max_age else said("any")
    log = said("entries", record.log_size, record.log_root[:16]) if record.log_size else said("noLog")
    facts = {
        "at": time_text(record.created, lang),
        "years": " ".join(map(str, record.years)) or said("any"),
        "grade": grade,
        "ruleSet": record.rule_set or said("own"),
        "maxAge": age,
        "registry": sheet.host,
        "trustList": said("version", record.trust_list_version),
        "log": log,
    }
    return [[said(name), value] for name, value in facts.items()]


def _cells(place: int, row: Row, lang: str) -> list[str]:
    separator = "; " if lang == "en" else "；"
    numbers = [one["number"] or one["label"] for one in row["certificates"]]
    attention = [pick(words.ATTENTION[code], lang) for code in row["attention"]]
    flagged = [one for one in attention if one != pick(words.VERDICTS[row["verdict"]], lang)]
    differences = [_difference(one, lang) for one in row["differences"]]
    return [
        str(place),
        row["name"] or "—",
        str(row["year"] or "—"),
        "\n".join(map(_grouped, numbers)) or "—",
        "\n".join([pick(words.VERDICTS[row["verdict"]], lang), *_reasons(row, lang)]),
        _hours(row, lang),
        separator.join(differences) or (separator.join(flagged) if flagged else "—"),
        row["note"],
    ]


def _difference(one: Mapping[str, str], lang: str) -> str:
    field = one["field"]
    return pick(words.DIFFERENCE, lang).format(
        field=_field(field, lang),
        source=pick(words.SOURCES[one["source"]], lang),
        claimed=_value(field, one["claimed"], lang),
        signed=_value(field, one["signed"], lang) or "—",
    )


def _value(field: str, text: str, lang: str) -> str:
    """``text`` as the page shows it: a code of ours in words, a number in groups."""
    codes = {"grade": GRADES, "category": CATEGORIES}.get(field, {})
    return pick(codes[text], lang) if text in codes else _grouped(text)


def _reasons(row: Row, lang: str) -> list[str]:
    ended: dict[str, Sentence] = {
        "revoked": Sentence("已撤销", "revoked"),
        "suspended": Sentence("已暂停", "suspended"),
        "superseded": Sentence("已更正换发", "superseded"),
    }
    return [pick(ended[one["reason"]], lang) for one in row["certificates"] if one["reason"] in ended]


def _hours(row: Row, lang: str) -> str:
    short: Iterable[str] = (
        pick(words.SHORT[name], lang).format(value) for name, value in row["short"].items()
    )
    if row["verdict"] == "MISSING" and row["rule"] == "unknown":
        return "—"
    counts = row["verdict"] != "MISSING" and row["rule"] != "undecided"
    figures = f"{row['professional']}＋{row['public']}" if counts else "—"
    return "\n".join([f"{figures}  {pick(words.RULES[row['rule']], lang)}", *short])


def _field(name: str, lang: str) -> str:
    return pick(words.FIELDS.get(name) or RECORD_FIELDS.get(name) or Sentence(name, name), lang)


def _grouped(text: str) -> str:
    is_number = len(text) == 20 and text.isdecimal()
    return f"{text[:6]} {text[6:10]} {text[10]} {text[11:18]} {text[18:]}" if is_number else text
