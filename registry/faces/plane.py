"""A little plane geometry for the decoration: smooth curves as SVG path data, and where a band lies.

A smooth curve is given as a function of t in 0..1. It is cut into pieces, and each piece becomes the cubic Bézier
with the curve's own end points and slopes (Hermite form), which for a quarter of a sine is exact to a thousandth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]

UNITS = 50  # in a millimetre: a fiftieth is a tenth of a pixel at 150 dpi
_SLOPE_STEP = 1e-5


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a band begins (mm), and whether it runs down the page instead of across."""

    x: float
    y: float
    upright: bool = False

    def along(self, distance: float) -> str:
        """The SVG transform of a unit that begins ``distance`` mm along the band."""
        if self.upright:
            return f"matrix(0 1 -1 0 {units(self.x)} {units(self.y + distance)})"
        return f"translate({units(self.x + distance)} {units(self.y)})"


def smooth_path(curve: Callable[[float], Point], pieces: int, length: float = 1.0) -> str:
    """SVG path data of ``curve`` cut into ``pieces``; ``length`` stretches x, so that a unit wave fills a band."""
    stops = [_stop(curve, k / pieces, length) for k in range(pieces + 1)]
    parts = [f"M{_pair(*stops[0][0])}"]
    for (start, slope), (end, end_slope) in pairwise(stops):
        first = start[0] + slope[0] / (3 * pieces), start[1] + slope[1] / (3 * pieces)
        second = end[0] - end_slope[0] / (3 * pieces), end[1] - end_slope[1] / (3 * pieces)
        parts.append(f"C{_pair(*first)} {_pair(*second)} {_pair(*end)}")
    return "".join(parts)


def _stop(curve: Callable[[float], Point], t: float, length: float) -> tuple[Point, Point]:
    (x, y), (x1, y1), (x2, y2) = curve(t), curve(t - _SLOPE_STEP), curve(t + _SLOPE_STEP)
    slope = (x2 - x1) / (2 * _SLOPE_STEP), (y2 - y1) / (2 * _SLOPE_STEP)
    return (x * length, y), (slope[0] * length, slope[1])


def _pair(x: float, y: float) -> str:
    return f"{units(x)} {units(y)}"


def units(millimetres: float) -> int:
    """A length in the files' unit. Whole numbers keep the PDF small, and to deflate it is a quarter of drawing it."""
    return round(millimetres * UNITS)
