"""The one typeface of the faces, found and shown to typst alone.

Noto Serif CJK SC (Song style, SIL OFL 1.1) comes with the package ``mplfonts``, and so does the same face under the name that
its maker gave it, Source Han Serif SC; ``templates/fonts.md`` says why it was chosen, and why under both names. The package is located without being imported, since importing it would load matplotlib, and its other fonts,
SimHei among them, are kept out of reach: typst sees a private folder with links to these two files and neither the
system's fonts nor its own. A glyph that is missing is drawn by typst as nothing or a box without a warning, so
``missing_glyphs`` is asked at intake, and again before anything is drawn.
"""

import importlib.util
import threading
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import typst
from fontTools.ttLib import TTFont

from verifier.drawing.errors import FaceError
from verifier.record import is_outside_repertoire

FAMILY = "Noto Serif CJK SC"
FILE_NAME = "NotoSerifCJKsc-Regular.otf"
FORM_FAMILY = "Source Han Serif SC"
"""The same outlines under another name, for a form's own words: what a PDF embeds of it is then the same for all of an office."""
FORM_FILE_NAME = "SourceHanSerifSC-Regular.otf"

_once = threading.Lock()


@cache
def font_path(name: str = FILE_NAME) -> Path:
    """The font's file; FaceError ``face_font`` where ``mplfonts`` or the file is not installed."""
    spec = importlib.util.find_spec("mplfonts")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "fonts" / name
        if path.is_file():
            return path
    raise FaceError("face_font", name)


def typst_fonts() -> typst.Fonts:
    """What typst may use: this face under its two names and no other. One object serves every thread."""
    with _once:
        return _typst_fonts()


@cache
def _typst_fonts() -> typst.Fonts:
    with TemporaryDirectory(prefix="certreg-font-") as folder:
        for name in (FILE_NAME, FORM_FILE_NAME):
            Path(folder, name).symlink_to(font_path(name))
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
        if sorted(fonts.families()) != [FAMILY, FORM_FAMILY]:
            raise FaceError("face_font", "typst does not read the font")
        # Set once, a font is in memory: nothing has to lie about until the process ends, however it ends.
        both = f'#text(font: "{FAMILY}")[年]#text(font: "{FORM_FAMILY}")[年]'
        typst.Compiler(both.encode(), font_paths=fonts, ignore_system_fonts=True).compile(format="pdf")
    return fonts


def missing_glyphs(text: str) -> list[str]:
    """The characters of ``text`` that the font cannot draw or a record may not have (SPEC 2.5), each once, in their order; empty if all
    is well."""
    covered = _covered()
    return [character for character in dict.fromkeys(text) if ord(character) not in covered]


def _covered() -> frozenset[int]:
    with _once:
        return _read_cmap()


@cache
def _read_cmap() -> frozenset[int]:
    with TTFont(font_path(), lazy=True) as font:
        # Glyphs by their places: to read their names would take as long as all else. What is missing is the first.
        font.setGlyphOrder([str(place) for place in range(font["maxp"].numGlyphs)])
        drawn = (code for code, glyph in font.getBestCmap().items() if glyph != "0")
        return frozenset(code for code in drawn if not is_outside_repertoire(chr(code)))
