"""Bar charts as SVG, drawn here: no script, no style of their own, figures as text beside their bars.

A chart has a title and a description for those who hear it; the table beside it says the same. Lengths are those of the
values from nought, so that no chart exaggerates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup, escape

WIDTH = 480
"""Units, about a screen's pixels on half of a desk's screen: letters stay legible on a telephone's, which is 320 wide."""
_ROW, _LABEL, _VALUE = 28, 190, 70
_COLUMN_HEIGHT = 160
_LETTER = 13
"""Units of a Chinese character; of other characters about half."""
MAX_LABEL = 14
"""Characters of a label; the table has the whole of it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``good`` of ``value`` is drawn full, the rest pale: certificates in force, and those that are not."""

    label: str
    value: int
    good: int


def rows_chart(name: str, title: str, description: str, bars: Sequence[Bar]) -> Markup:
    """Bars that lie, one under the other: for names. ``name`` is the chart's id on the page."""
    most = max((bar.value for bar in bars), default=0) or 1
    room = WIDTH - _LABEL - _VALUE
    parts = []
    for place, bar in enumerate(bars):
        top, whole, good = place * _ROW, bar.value * room / most, bar.good * room / most
        parts.append(
            Markup(
                '<text class="label" x="{x}" y="{y}" text-anchor="end">{label}</text>'
                '<rect class="rest" x="{left}" y="{top}" width="{whole:.1f}" height="18"/>'
                '<rect class="good" x="{left}" y="{top}" width="{good:.1f}" height="18"/>'
                '<text x="{end:.1f}" y="{y}">{value}</text>'
            ).format(
                x=_LABEL - 8,
                y=top + 18,
                label=_short(bar.label),
                left=_LABEL,
                top=top + 4,
                whole=whole,
                good=good,
                end=_LABEL + whole + 6,
                value=f"{bar.value:,}",
            )
        )
    return _chart(name, title, description, len(bars) * _ROW + 4, parts)


def columns_chart(name: str, title: str, description: str, bars: Sequence[Bar]) -> Markup:
    """Bars that stand, from left to right: for what follows in time."""
    most = max((bar.value for bar in bars), default=0) or 1
    step = WIDTH / max(len(bars), 1)
    width = min(step * 0.7, 60)
    labels = _apart([_short(bar.label) for bar in bars], step)
    values = _apart([f"{bar.value:,}" for bar in bars], step)
    parts = []
    for place, bar in enumerate(bars):
        newest = len(bars) - 1 - place  # words are left out from the newest on, which is what one looks for
        centre = (place + 0.5) * step
        whole, good = bar.value * _COLUMN_HEIGHT / most, bar.good * _COLUMN_HEIGHT / most
        parts.append(
            Markup(
                '<rect class="rest" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{whole:.1f}"/>'
                '<rect class="good" x="{left:.1f}" y="{good_top:.1f}" width="{width:.1f}" height="{good:.1f}"/>'
                '<text x="{centre:.1f}" y="{above:.1f}" text-anchor="middle">{value}</text>'
                '<text class="label" x="{centre:.1f}" y="{below}" text-anchor="middle">{label}</text>'
            ).format(
                left=centre - width / 2,
                top=20 + _COLUMN_HEIGHT - whole,
                width=width,
                whole=whole,
                good_top=20 + _COLUMN_HEIGHT - good,
                good=good,
                centre=centre,
                above=14 + _COLUMN_HEIGHT - whole,
                value=f"{bar.value:,}" if newest % values == 0 else "",
                below=_COLUMN_HEIGHT + 40,
                label=_short(bar.label) if newest % labels == 0 else "",
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
    return max(1, ceil((max(map(_width, texts), default=0) + _LETTER / 2) / step))


def _width(text: str) -> float:
    return sum(_LETTER if ord(one) > 0x2E80 else _LETTER * 0.6 for one in text)


def _short(label: str) -> str:
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"
