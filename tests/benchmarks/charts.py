"""Growth curves as SVG, drawn here: for each engine one file with a small panel for each measure, both scales in powers of ten.

What is drawn is what neighbours of the machine move least: processor time of the program, in which SQLite's is; where PostgreSQL is
read, the pages that it touches. A dashed line shows what a cost that grows as the logarithm of the rows would be, from the first
figure on.
"""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log, log10
from pathlib import Path
from typing import Any

COLOURS = {"postgresql": "#1f5fa8", "sqlite": "#b3541e"}
_WIDTH, _HEIGHT, _ACROSS = 250, 170, 4
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 30, 28
Points = list[tuple[float, float]]


def draw(steps: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Write ``growth-ENGINE.svg`` for each engine of the steps of a growth file (``growth``)."""
    written = []
    for engine, colour in COLOURS.items():
        curves = _curves([step for step in steps if step["engine"] == engine])
        if not curves:
            continue
        parts = [_panel(place, name, points, colour) for place, (name, points) in enumerate(curves.items())]
        width, height = _ACROSS * _WIDTH, ceil(len(curves) / _ACROSS) * _HEIGHT + 30
        words = f"{engine}, by rows; - - - as log n would grow"
        written.append(folder / f"growth-{engine}.svg")
        written[-1].write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            f'font-family="sans-serif" font-size="11"><title>Costs by size of the archive: {engine}</title>'
            f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(parts)}'
            f'<text x="12" y="{height - 10}" fill="{colour}">{words}</text></svg>\n',
            encoding="utf-8",
        )
    return written


def _curves(steps: Sequence[Mapping[str, Any]]) -> dict[str, Points]:
    """Points of each measure, under its name with what is drawn of it."""
    curves: dict[str, Points] = {}
    for step in steps:
        for name, figures in step["figures"].items():
            pages = step["engine"] == "postgresql" and "effort" in figures
            drawn = figures["effort" if pages else "cpu"]
            curves.setdefault(f"{name} ({'pages' if pages else 'ms'})", []).append((step["rows"], drawn))
    return curves


def _panel(place: int, name: str, points: Points, colour: str) -> str:
    across, down = place % _ACROSS * _WIDTH, place // _ACROSS * _HEIGHT
    ends = floor(log10(min(x for x, _ in points))), ceil(log10(max(x for x, _ in points)))
    low, high = floor(log10(min(y for _, y in points))), ceil(log10(max(y for _, y in points)) + 0.01)

    def at(x: float, y: float) -> str:
        right = (log10(x) - ends[0]) / max(ends[1] - ends[0], 1)
        up = (log10(y) - low) / max(high - low, 1)
        left, top = (
            _LEFT + right * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )
        return f"{left:.1f},{top:.1f}"

    parts = [f'<g transform="translate({across} {down})"><text x="{_LEFT}" y="18">{escape(name)}</text>']
    parts += [
        _rule(at(10.0 ** ends[0], 10.0**power), at(10.0 ** ends[1], 10.0**power))
        for power in range(low, high + 1)
    ]
    for power in range(low, high + 1):
        left, top = at(10.0 ** ends[0], 10.0**power).split(",")
        parts.append(
            f'<text x="{float(left) - 5}" y="{float(top) + 4}" text-anchor="end">{10.0**power:g}</text>'
        )
    for power in range(ends[0], ends[1] + 1):
        left, _ = at(10.0**power, 10.0**low).split(",")
        parts.append(f'<text x="{left}" y="{_HEIGHT - 12}" text-anchor="middle">10{_raised(power)}</text>')
    first = points[0]
    ideal = " ".join(at(x, first[1] * log(x) / log(first[0])) for x, _ in points)
    parts.append(f'<polyline points="{ideal}" fill="none" stroke="#777" stroke-dasharray="4 3"/>')
    line = " ".join(at(*point) for point in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    for point in points:
        left, top = at(*point).split(",")
        parts.append(f'<circle cx="{left}" cy="{top}" r="3" fill="{colour}"/>')
    return "".join([*parts, "</g>"])


def _rule(start: str, end: str) -> str:
    return f'<polyline points="{start} {end}" stroke="#ddd" fill="none"/>'


def _raised(power: int) -> str:
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))
