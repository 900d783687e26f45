"""One call of ``certreg``: its reader's language, where words and JSON go, exit codes. Nothing of the registry is loaded for it."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from registry.messages import LANGUAGES, pick

WIDTH_WITHOUT_TERMINAL = 140
EXIT_ERROR, EXIT_REFUSED_ROWS, EXIT_PROPOSED = 1, 2, 3
"""Beside those of every command line of ours (``verifier.program``)."""


@dataclass(slots=True)
class Shell:
    """One call of the program. ``out`` is for people; a program reads ``say_json``."""

    home: Path | None = None
    lang: str = LANGUAGES[0]
    as_json: bool = False
    out: Console = field(default_factory=lambda: _console(sys.stdout.isatty()))
    err: Console = field(default_factory=lambda: _console(sys.stderr.isatty(), stderr=True))

    def say(self, chinese: str, english: str) -> None:
        """One line to the reader, unless a program reads."""
        if not self.as_json:
            self.out.print(pick((chinese, english), self.lang), markup=False, soft_wrap=True)

    def say_json(self, value: dict[str, Any]) -> None:
        """One JSON object on a line, where a program reads."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n")

    def complain(self, text: str, code: str, **concerns: str) -> None:
        """What went wrong, and what it concerns where that is one of many."""
        self.say_json({"error": code, "message": text, **concerns})
        if not self.as_json:
            self.err.print(text, markup=False, soft_wrap=True, style="red")


def _console(terminal: bool, *, stderr: bool = False) -> Console:
    """As wide as the terminal; a file or a pipe gets lines long enough for a table."""
    # No emoji: did:web identifiers have ":a:" in them, which would be printed as a picture.
    return Console(
        stderr=stderr, highlight=False, emoji=False, width=None if terminal else WIDTH_WITHOUT_TERMINAL
    )


SHELL = Shell()
"""Set by the program's callback before any command runs."""
