"""The comparison as bars (``comparison``): for each peer what it issues and verifies in a second of a core, of what raw Ed25519 does."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

_COLOURS = {"issue": "#1f5fa8", "verify": "#b3541e"}
_LEFT, _WIDTH, _BAR, _GAP, _TOP = 270, 420, 13, 12, 34


def draw_bars(peers: Mapping[str, Mapping[str, Any]], file: Path) -> Path:
    """Write ``file`` (SVG) from the peers of a comparison's JSON; who does not do a thing has no bar for it."""
    parts: list[str] = []
    top = _TOP
    for peer, acts in peers.items():
        middle = top + _BAR * len(acts) / 2 + 4
        weight = ' font-weight="bold"' if peer.startswith("this project") else ""
        parts.append(f'<text x="{_LEFT - 8}" y="{middle}" text-anchor="end"{weight}>{escape(peer)}</text>')
        for act, figures in acts.items():
            parts.append(_bar(act, figures["ofRaw"], top))
            top += _BAR
        top += _GAP
    words = "".join(
        f'<tspan fill="{colour}" dx="{14 * place}">{act}</tspan>'
        for place, (act, colour) in enumerate(_COLOURS.items())
    )
    height, width = top + 8, _LEFT + _WIDTH + 60
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif" '
        f'font-size="12"><title>Issuing and verifying, of raw Ed25519 by a core</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/><text x="{_LEFT}" y="20">{words}</text>'
        f'<text x="{_LEFT + _WIDTH}" y="20" text-anchor="end">raw Ed25519 = 1</text>'
        f'<path d="M{_LEFT} 26V{top}M{_LEFT + _WIDTH} 26V{top}" stroke="#777" stroke-dasharray="4 3"/>'
        f"{''.join(parts)}</svg>\n",
        encoding="utf-8",
    )
    return file


def _bar(act: str, share: float, top: float) -> str:
    long = max(share * _WIDTH, 1)
    return (
        f'<rect x="{_LEFT}" y="{top}" width="{long:.1f}" height="{_BAR - 2}" fill="{_COLOURS[act]}"/>'
        f'<text x="{_LEFT + long + 5:.1f}" y="{top + _BAR - 3}" font-size="11">{share:.2f}</text>'
    )
