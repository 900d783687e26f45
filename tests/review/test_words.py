"""The panel's words: written from one place, every one that a page looks up is there, every code is in SPEC."""

import json
import re
from pathlib import Path

from tests.web.nodejs import PROJECT
from verifier.review.panelwords import PANEL_FOLDER, panel_words
from verifier.review.panelwords import main as write
from verifier.review.words import CODES
from verifier.webwords import files

PANEL = PROJECT / "verifier" / "web" / "panel"


def test_the_files_are_what_would_be_written(tmp_path: Path) -> None:
    write(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == files(panel_words)
    assert written == {name: (PANEL_FOLDER / name).read_bytes() for name in written}


def test_the_pages_look_up_only_words_that_there_are_and_all_of_their_own() -> None:
    words = json.loads((PANEL_FOLDER / "en.json").read_bytes())
    text = "".join(path.read_text("utf-8") for path in PANEL.glob("*.js"))
    used = set(re.findall(r"\bpanel\.(\w+)", text)) | set(re.findall(r"'(sheet\w+|sittingForm)'", text))
    raised = {
        "gone",
        "full",
        "offline",
        "noServer",
        "archive_form",
        "archive_too_large",
        "upload_form",
        "fault",
        "tooMany",
    }
    assert (used - {"codes"}) | raised == set(words["panel"])
    assert set(re.findall(r"\breport\.(\w+)", text)) - {
        "report",
        "verdict",
        "reason",
        "record",
        "number",
        "js",
    } <= set(words["report"])


def test_every_code_of_a_report_is_specified() -> None:
    spec = (PROJECT / "verifier" / "SPEC.md").read_text("utf-8")
    assert [code for code in CODES if f"`{code}`" not in spec] == []
