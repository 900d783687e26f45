"""Lines of Chinese and English that are wrapped without loss.

rich measures the space at a line's end in characters and not in the cells of the terminal. A line with Chinese in it, full but for
that space, then counts as too long, and its last letter becomes an ellipsis (rich 15.0, ``Text.rstrip_end``). And of a word that
is longer than its column a table shows the beginning: Chinese has no spaces, so a whole clause is such a word.
"""

from typing import Any

from rich.text import Text


def _rstrip_end(self: Text, size: int) -> None:
    """Remove the white space at the end that does not fit in ``size`` cells."""
    space = len(self.plain) - len(self.plain.rstrip())
    if space and self.cell_len > size:
        self.right_crop(min(space, self.cell_len - size))


def wrap_by_cells() -> None:
    """From now on rich measures in cells in this process, and cuts nothing short that may be wrapped."""
    Text.rstrip_end = _rstrip_end  # type: ignore[method-assign]
    wrap = Text.wrap

    def folded(
        self: Text, console: Any, width: int, *, overflow: Any = None, no_wrap: Any = None, **more: Any
    ) -> Any:
        if overflow == "ellipsis" and not no_wrap:
            overflow = "fold"
        return wrap(self, console, width, overflow=overflow, no_wrap=no_wrap, **more)

    Text.wrap = folded  # type: ignore[method-assign]
