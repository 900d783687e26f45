"""Bounds of one office file: each with its value, why that value, and who could abuse the lack of it.

Whoever may upload is an office clerk, or someone who took over a clerk's mail: a file is hostile until read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """All counts are per file. The defaults carry 100,000 rows twice over."""

    file_bytes: int = 64 << 20
    """The file is held in memory so that what is hashed is what is read; 100,000 rows are 4 to 12 MB."""

    zip_members: int = 1_000
    """Excel writes some twenty; every member costs a look-up before anything is known about it."""

    unpacked_bytes: int = 384 << 20
    """Sum over members; 100,000 rows of 8 columns unpack to 38 MB. Stops a decompression bomb by size."""

    zip_ratio: int = 200
    """Unpacked over packed, whole file, beyond `ratio_free_bytes`. Office files stay below 60; a bomb is near 1,000."""

    ratio_free_bytes: int = 8 << 20
    """Below this unpacked size the ratio proves nothing (a small sheet of blanks packs very well)."""

    sheets: int = 64
    """A district with one sheet per school has some forty."""

    rows: int = 200_000
    """Last used row of any sheet; the largest authority has about 100,000 people a year."""

    columns: int = 256
    """Last used column; the reader allocates rows × columns, so one stray cell in XFD1048576 would end the process."""

    cells: int = 4_000_000
    """Rows × columns over all sheets, about 130 MB once loaded: 200,000 rows of 20 columns."""

    text_bytes: int = 256 << 20
    """Text of all cells once each shared string is written out: one long string used a million times is a bomb too."""

    header_rows: int = 20
    """Where the heading row is looked for (issue: the first 20 rows)."""


DEFAULT_LIMITS = IntakeLimits()
