"""The programs as people run them: processes with an environment, their words and their exit codes."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_REGISTRY = "from registry.cli.main import main; main()"
_VERIFIER = "from verifier.cli import main; main()"
PASSPHRASE = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of output as JSON."""
        return json.loads(self.out.strip().splitlines()[-1])


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder with a registry in ``home``; the passphrase is in the environment, as it should be."""

    folder: Path
    passphrase: str | None = PASSPHRASE

    @property
    def home(self) -> Path:
        """The registry's home."""
        return self.folder / "home"

    def certreg(self, *words: str) -> Said:
        """Run ``certreg``."""
        return self._run(_REGISTRY, *words)

    def certverify(self, *words: str) -> Said:
        """Run ``certverify``."""
        return self._run(_VERIFIER, *words)

    def _run(self, program: str, *words: str) -> Said:
        names = ("PATH", "PYTHONPATH", "HOME", "LANG", "SYSTEMROOT")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        environment |= {"CERTREG_HOME": str(self.home), "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}
        if self.passphrase is not None:
            environment["CERTREG_PASSPHRASE"] = self.passphrase
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            timeout=180,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)
