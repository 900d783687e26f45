"""The decoration of the faces, computed: guilloche frame, ground rosette, and the red printed mark.

Everything here is a sine under a sine envelope, sampled with its slope and written as cubic Béziers into small SVG
files. The files lie in ``templates/face/v1/`` and are what is drawn: a published face is never edited, so these
functions only say where its files came from, and a test draws them again and compares. Run as
``python -m registry.faces.ornament FOLDER`` to write them. Lengths are millimetres, angles radians.

The mark is deliberately no seal: a scalloped rosette with an open book, without a star and without any emblem of
the state, and the face says beside it that it is printed.
"""

import re
import sys
from collections.abc import Callable, Iterator
from math import cos, pi, sin, tau
from pathlib import Path

from registry.faces.plane import Frame, Point, smooth_path, units

GOLD, BRONZE, RED, SEAL = "#b8924a", "#8f6b2e", "#b4553f", "#c8102e"
PAGE_WIDTH, PAGE_HEIGHT = 297.0, 210.0
BAND_OUTER, BAND_INNER = 8.0, 18.0
CORNER = 21.0  # from the page's edge to where a band begins: the corner rosette's own square
BAND_MIDDLE = (BAND_OUTER + BAND_INNER) / 2

Curve = Callable[[float], Point]


def wave(amplitude: float, envelope: float, cycles: int, phase: float) -> Curve:
    """One strand over t in 0..1: a sine of ``cycles`` periods under ``1 - envelope + envelope * cos``."""

    def at(t: float) -> Point:
        return t, amplitude * (1 - envelope + envelope * cos(tau * t)) * sin(tau * cycles * t + phase)

    return at


def petal(radius: float, depth: float, petals: int, phase: float) -> Curve:
    """One strand of a rosette over t in 0..1: a circle whose radius swings ``petals`` times by ``depth``."""

    def at(t: float) -> Point:
        r = radius * (1 - depth + depth * sin(tau * petals * t + phase))
        return r * cos(tau * t), r * sin(tau * t)

    return at


def _strands(count: int) -> Iterator[float]:
    return (tau * k / count for k in range(count))


def _band_unit(length: float) -> str:
    gold = (wave(4.5, 0.36, 2, phase) for phase in _strands(5))
    red = (wave(2.1, -0.30, 1, phase + pi / 4) for phase in _strands(3))
    return (
        f"<g {_pen(GOLD, 0.16)}>{_paths(gold, 8, length)}</g>"
        f"<g {_pen(RED, 0.13)}>{_paths(red, 4, length)}</g>"
    )


def _paths(curves: Iterator[Curve], pieces: int, length: float = 1.0) -> str:
    """All the curves as one path: hundreds of small ones would cost the PDF writer more than their lines."""
    return f'<path d="{"".join(smooth_path(curve, pieces, length) for curve in curves)}"/>'


def _band(frame: Frame, length: float, units: int) -> str:
    step = length / units
    unit = _band_unit(step)
    return "".join(f'<g transform="{frame.along(k * step)}">{unit}</g>' for k in range(units))


def _pen(colour: str, width: float) -> str:
    return f'stroke="{colour}" stroke-width="{units(width)}"'


def _rule(inset: float, width: float, colour: str) -> str:
    across, down = units(PAGE_WIDTH - 2 * inset), units(PAGE_HEIGHT - 2 * inset)
    return f'<rect x="{units(inset)}" y="{units(inset)}" width="{across}" height="{down}" {_pen(colour, width)}/>'


def _circle(radius: float, pen: str) -> str:
    return f'<circle r="{units(radius)}" {pen}/>'


def _corner(x: float, y: float) -> str:
    gold = (petal(6.1, 0.30, 8, phase) for phase in _strands(3))
    red = (petal(3.2, 0.34, 8, phase) for phase in _strands(2))
    return (
        f'<g transform="translate({units(x)} {units(y)})">'
        f"<g {_pen(GOLD, 0.17)}>{_paths(gold, 32)}</g>"
        f"<g {_pen(RED, 0.15)}>{_paths(red, 32)}</g>"
        f"{_circle(6.4, _pen(BRONZE, 0.22))}</g>"
    )


def frame_svg() -> str:
    """The border of the page: four guilloche bands, four corner rosettes, rules inside and outside."""
    across, down = PAGE_WIDTH - 2 * CORNER, PAGE_HEIGHT - 2 * CORNER
    far_x, far_y = PAGE_WIDTH - BAND_MIDDLE, PAGE_HEIGHT - BAND_MIDDLE
    bands = (
        _band(Frame(CORNER, BAND_MIDDLE), across, 16)
        + _band(Frame(CORNER, far_y), across, 16)
        + _band(Frame(BAND_MIDDLE, CORNER, upright=True), down, 10)
        + _band(Frame(far_x, CORNER, upright=True), down, 10)
    )
    corners = "".join(_corner(x, y) for x in (BAND_MIDDLE, far_x) for y in (BAND_MIDDLE, far_y))
    rules = (
        _rule(6.6, 0.7, BRONZE) + _rule(7.7, 0.18, GOLD) + _rule(18.4, 0.18, GOLD) + _rule(19.2, 0.4, BRONZE)
    )
    return _svg(0, 0, PAGE_WIDTH, PAGE_HEIGHT, rules + bands + corners)


def ground_svg() -> str:
    """The pale rosette behind the text; centred on (0, 0), 120 mm across."""
    outer = _paths((petal(60, 0.16, 12, phase) for phase in _strands(6)), 48)
    inner = _paths((petal(38, 0.26, 12, phase) for phase in _strands(4)), 48)
    return _svg(-61, -61, 122, 122, f"<g {_pen('#f3ead8', 0.3)}>{outer}{inner}</g>")


def _book() -> str:
    """An open book, 15 mm wide, about (0, 0): the right half is the left one mirrored."""
    page = _drawn("M0 -2.6C-2 -4.4 -5.2 -4.4 -7.4 -3.4V3.4C-5.2 2.4 -2 2.4 0 4.2V-2.6")
    lines = _drawn(
        "".join(f"M-6.2 {y}C-4.4 {y - 0.8} -2.4 {y - 0.6} -1.1 {y + 0.6}" for y in (-1.7, 0.0, 1.7))
    )
    half = f'<path d="{page}" {_pen(SEAL, 0.5)}/><path d="{lines}" {_pen(SEAL, 0.26)}/>'
    return f'{half}<g transform="scale(-1 1)">{half}</g>'


def _drawn(path: str) -> str:
    """Path data in millimetres as path data in the files' unit."""
    return re.sub(r"-?\d+(\.\d+)?", lambda number: str(units(float(number[0]))), path)


def mark_svg() -> str:
    """The red printed mark without its words; centred on (0, 0), 44 mm across."""
    scallop = _paths((petal(21.4, 0.024, 40, phase) for phase in (pi / 2, -pi / 2)), 80)
    rosette = _paths((petal(11.3, 0.075, 24, phase) for phase in (pi / 2, -pi / 2)), 48)
    rings = _circle(19.4, _pen(SEAL, 0.7)) + _circle(18.6, _pen(SEAL, 0.2))
    return _svg(-22, -22, 44, 44, f"<g {_pen(SEAL, 0.22)}>{scallop}{rosette}</g>{rings}{_book()}")


def _svg(left: float, top: float, width: float, height: float, body: str) -> str:
    view_box = f"{units(left)} {units(top)} {units(width)} {units(height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view_box}">'
        f'<g fill="none" stroke-linejoin="round">{body}</g></svg>\n'
    )


def files() -> dict[str, str]:
    """File name → SVG text of everything in ``templates/face/v1/`` that is computed."""
    return {"frame.svg": frame_svg(), "ground.svg": ground_svg(), "mark.svg": mark_svg()}


def write(folder: Path) -> None:
    """Write the files into a folder that exists."""
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
