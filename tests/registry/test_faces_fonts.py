"""The faces' one font: found without loading its package, alone before typst, and honest about what it lacks."""

import subprocess
import sys

from verifier.drawing.fonts import FAMILY, FILE_NAME, font_path, missing_glyphs, typst_fonts


def test_typst_sees_this_font_and_no_other() -> None:
    fonts = typst_fonts().fonts()
    assert [font.family for font in fonts] == [FAMILY]
    assert [str(font.path).rpartition("/")[2] for font in fonts] == [FILE_NAME]


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


def test_what_the_font_lacks_is_named_once_and_in_order() -> None:
    assert missing_glyphs("张\ue000文\u200d博\ue000🎓") == ["\ue000", "\u200d", "🎓"]
    assert missing_glyphs("") == []
