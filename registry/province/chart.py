"""Bar charts as SVG, drawn here: no script, no style of their own, figures as text beside their bars.

A chart has a title and a description for those who hear it; the table beside it says the same. Lengths are those of the
values from nought, so that no chart exaggerates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup, escape

WIDTH = 480
"""Units, about a screen's pixels on half of a desk's screen."""
_LINE, _BAR, _VALUE = 20, 26, 90
_COLUMN_HEIGHT = 160
_LETTER = 17
"""Units of a Chinese character on a telephone, where letters are the largest to be legible; of other characters about half."""
_COLUMN_LABEL = 14 * _LETTER
"""Units of a label below a standing bar; the table has the whole of it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``good`` of ``value`` is drawn full, the rest pale: certificates in force, and those that are not."""

    label: str
    value: int
    good: int


def rows_chart(name: str, title: str, description: str, bars: Sequence[Bar]) -> Markup:
    """Bars that lie, one under the other, each below its name. ``name`` is the chart's id on the page."""
    most = max((bar.value for bar in bars), default=0) or 1
    room = WIDTH - _VALUE
    parts, top = [], 0
    for bar in bars:
        for line in _lines(bar.label):
            parts.append(
                Markup('<text class="label" x="0" y="{y}">{line}</text>').format(y=top + 16, line=line)
            )
            top += _LINE
        whole, good = bar.value * room / most, bar.good * room / most
        parts.append(
            Markup(
                '<rect class="rest" x="0" y="{top}" width="{whole:.1f}" height="16"/>'
                '<rect class="good" x="0" y="{top}" width="{good:.1f}" height="16"/>'
                '<text x="{end:.1f}" y="{y}">{value}</text>'
            ).format(top=top + 2, y=top + 15, whole=whole, good=good, end=whole + 6, value=f"{bar.value:,}")
        )
        top += _BAR
    return _chart(name, title, description, top + 4, parts)


def columns_chart(name: str, title: str, description: str, bars: Sequence[Bar]) -> Markup:
    """Bars that stand, from left to right: for what follows in time."""
    most = max((bar.value for bar in bars), default=0) or 1
    step = WIDTH / max(len(bars), 1)
    width = min(step * 0.7, 60)
    labels = _apart([_short(bar.label, _COLUMN_LABEL) for bar in bars], step)
    values = _apart([f"{bar.value:,}" for bar in bars], step)
    parts = []
    for place, bar in enumerate(bars):
        newest = len(bars) - 1 - place  # words are left out from the newest on, which is what one looks for
        centre = (place + 0.5) * step
        whole, good = bar.value * _COLUMN_HEIGHT / most, bar.good * _COLUMN_HEIGHT / most
        value, label = f"{bar.value:,}", _short(bar.label, _COLUMN_LABEL)
        parts.append(
            Markup(
                '<rect class="rest" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{whole:.1f}"/>'
                '<rect class="good" x="{left:.1f}" y="{good_top:.1f}" width="{width:.1f}" height="{good:.1f}"/>'
                '<text x="{over:.1f}" y="{above:.1f}" text-anchor="middle">{value}</text>'
                '<text class="label" x="{under:.1f}" y="{below}" text-anchor="middle">{label}</text>'
            ).format(
                left=centre - width / 2,
                top=20 + _COLUMN_HEIGHT - whole,
                width=width,
                whole=whole,
                good_top=20 + _COLUMN_HEIGHT - good,
                good=good,
                over=_within(centre, value),
                above=14 + _COLUMN_HEIGHT - whole,
                value=value if newest % values == 0 else "",
                under=_within(centre, label),
                below=_COLUMN_HEIGHT + 40,
                label=label if newest % labels == 0 else "",
            )
        )
    return _chart(name, title, description, _COLUMN_HEIGHT + 48, parts)


def _chart(name: str, title: str, description: str, height: int, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {width} {height}" aria-labelledby="{name}-title {name}-desc">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{description}</desc>{parts}</svg>'
    ).format(
        width=WIDTH,
        height=height,
        name=escape(name),
        title=title,
        description=description,
        parts=Markup("").join(parts),
    )


def _apart(texts: Sequence[str], step: float) -> int:
    """Every how many-th bar has room for its text; the table says those of all."""
    return max(1, ceil((max(map(_width, texts), default=0) + _LETTER) / step))


def _within(centre: float, text: str) -> float:
    """Where the middle of a text lies that is not to be cut off at the chart's edge."""
    half = _width(text) / 2
    return min(max(centre, half), WIDTH - half)


def _lines(label: str) -> list[str]:
    """A name on one line or two, broken between words where it has any."""
    if _width(label) <= WIDTH:
        return [label]
    end = next(end for end in range(len(label), -1, -1) if _width(label[:end]) <= WIDTH)
    end = label.rfind(" ", 0, end + 1) + 1 or end
    return [label[:end].rstrip(), _short(label[end:], WIDTH)]


def _width(text: str) -> float:
    return sum(_LETTER if ord(one) > 0x2E80 else _LETTER * 0.6 for one in text)


def _short(label: str, room: float) -> str:
    if _width(label) <= room:
        return label
    kept = next(end for end in range(len(label), -1, -1) if _width(f"{label[:end]}…") <= room)
    return f"{label[:kept]}…"
