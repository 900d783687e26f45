"""Edge: what a reader has seen, kept from one run to the next (SPEC 4.2).

The newest version of the trust list accepted for each pinned root, in one small file of the reader's own. An older list
is refused from then on, so that a mirror cannot lead a reader back to a time before a key was revoked.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

from keys.trustchain import RootPin
from verifier.errors import SourceError

MAX_MEMORY_BYTES = 1024 * 1024


def memory_file(environment: Mapping[str, str]) -> Path | None:
    """Where the user's programs keep their state (XDG base directories); None where there is no such place."""
    home = environment.get("XDG_STATE_HOME") or (
        f"{environment['HOME']}/.local/state" if environment.get("HOME") else ""
    )
    return Path(home, "certreg", "seen.json") if home else None


class SeenLists:
    """Versions by root fingerprint. ``file`` None remembers nothing."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def newest(self, pin: RootPin) -> int:
        """The newest version seen for ``pin``, or 0; raises ``SourceError`` (``memory_form``) for a damaged memory."""
        return self._read().get(pin.fingerprint, 0)

    def remember(self, pin: RootPin, version: int) -> None:
        """Note that ``version`` was accepted; raises ``SourceError`` (``memory_form``, ``memory_unwritable``)."""
        seen = self._read()
        if self._file is None or version <= seen.get(pin.fingerprint, 0):
            return
        fresh = self._file.with_name(f".{self._file.name}.{token_hex(8)}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            try:
                fresh.write_text(json.dumps({**seen, pin.fingerprint: version}, indent=1), encoding="ascii")
                fresh.replace(self._file)
            finally:
                fresh.unlink(missing_ok=True)
        except OSError as error:
            raise SourceError("memory_unwritable", os.fspath(self._file)) from error

    def _read(self) -> dict[str, int]:
        if self._file is None:
            return {}
        try:
            with self._file.open("rb") as file:
                seen = json.loads(file.read(MAX_MEMORY_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            raise SourceError("memory_form", os.fspath(self._file)) from error
        if type(seen) is not dict or any(type(version) is not int for version in seen.values()):
            raise SourceError("memory_form", os.fspath(self._file))
        return seen
