"""The faces' one typeface: found without loading its package, alone before typst, and honest about what it lacks."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pikepdf
from fontTools.ttLib import TTFont

from verifier.drawing.fonts import (
    FAMILY,
    FILE_NAME,
    FORM_FAMILY,
    FORM_FILE_NAME,
    font_path,
    missing_glyphs,
    typst_fonts,
)
from verifier.record import is_outside_repertoire


def test_typst_sees_this_face_under_its_two_names_and_no_other() -> None:
    fonts = sorted(typst_fonts().fonts(), key=lambda font: font.family)
    assert [font.family for font in fonts] == [FAMILY, FORM_FAMILY]
    assert [str(font.path).rpartition("/")[2] for font in fonts] == [FILE_NAME, FORM_FILE_NAME]


def test_nothing_lies_about_while_a_process_draws(tmp_path: Path) -> None:
    """Whoever is killed leaves nothing behind; and what is set later is set in the face all the same."""
    program = (
        "import os, sys, typst; from verifier.drawing.fonts import FAMILY, FORM_FAMILY, typst_fonts\n"
        "fonts = typst_fonts()\n"
        'text = f\'#text(font: "{FAMILY}")[张博]#text(font: "{FORM_FAMILY}")[证书]\'\n'
        "drawn = typst.Compiler(text.encode(), font_paths=fonts, ignore_system_fonts=True).compile(format='pdf')\n"
        "sys.stdout.buffer.write(drawn); sys.stdout.flush(); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, check=False)
    assert (run.returncode, run.stderr, list(tmp_path.iterdir())) == (-signal.SIGKILL, b"", [])
    with pikepdf.open(io.BytesIO(run.stdout)) as pdf:
        names = sorted(str(font.BaseFont).partition("+")[2] for font in pdf.pages[0].Resources.Font.values())
    assert names == ["NotoSerifCJKsc-Regular-Identity-H", "SourceHanSerifSC-Regular-Identity-H"]


def test_the_two_names_are_one_face() -> None:
    """Every character leads to the same glyph of the same outline: what is asked of one holds for the other."""
    with TTFont(font_path(), lazy=True) as entry, TTFont(font_path(FORM_FILE_NAME), lazy=True) as form:
        assert entry.getBestCmap().items() <= form.getBestCmap().items()
        assert entry.getGlyphOrder() == form.getGlyphOrder()
        for table in ("hmtx", "vmtx", "GPOS", "GSUB"):
            assert entry.reader[table] == form.reader[table], table
        outlines, others = (font["CFF "].cff.topDictIndex[0].CharStrings for font in (entry, form))
        for name in entry.getGlyphOrder()[::500]:
            assert outlines[name].bytecode == others[name].bytecode, name


def test_locating_the_font_loads_neither_its_package_nor_matplotlib() -> None:
    program = (
        "import sys; from verifier.drawing.fonts import font_path; font_path();"
        "sys.exit(any(name in sys.modules for name in ('mplfonts', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert font_path().is_file()


def test_without_the_package_the_font_is_said_to_be_missing() -> None:
    program = (
        "import sys; sys.modules['mplfonts'] = None\n"
        "from verifier.drawing.errors import FaceError; from verifier.drawing.fonts import font_path\n"
        "try: font_path()\n"
        "except FaceError as error: print(error.code)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.split() == [b"face_font"]


def test_rare_names_can_be_drawn() -> None:
    assert missing_glyphs("𠮷㐱䶮堃喆·买买提 Ab-’é（）〇") == []


def test_what_can_be_drawn_is_what_the_font_names_a_glyph_for_and_a_record_may_have() -> None:
    with TTFont(font_path(), lazy=True) as font:
        named = [chr(code) for code, glyph in font.getBestCmap().items() if glyph != ".notdef"]
        lacking = [chr(code) for code in range(0x20000, 0x20100) if code not in font.getBestCmap()]
    refused = [one for one in named if is_outside_repertoire(one)]
    assert len(named) > 40_000
    assert {"\xad", "\u3164", "\U0001f100"} <= set(refused)
    assert missing_glyphs("".join((*named, *lacking))) == [*refused, *lacking]
    assert lacking


def test_what_the_font_lacks_is_named_once_and_in_order() -> None:
    assert missing_glyphs("张\ue000文\u200d博\ue000🎓") == ["\ue000", "\u200d", "🎓"]
    assert missing_glyphs("") == []
