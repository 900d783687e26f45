"""The programs as people run them: processes with an environment, their words and their exit codes."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from registry.cli.main import main as certreg
from tests.forks import CONTEXT, PATIENCE
from verifier.cli import main as certverify

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
        return self.run(certreg, *words)

    def certverify(self, *words: str) -> Said:
        """Run ``certverify``."""
        return self.run(certverify, *words)

    def run(
        self,
        program: Callable[[], None],
        *words: str,
        stdin: str | Path = "",
        umask: int = 0o022,
        **environment: str,
    ) -> Said:
        """Run a program's entry point in a process of its own, in the folder, with nothing else in its environment.

        ``stdin`` is a text, or the place of a file or terminal that is read.
        """
        names = ("PATH", "PYTHONPATH", "HOME", "LANG", "SYSTEMROOT")
        environment |= {name: os.environ[name] for name in names if name in os.environ}
        environment.setdefault("CERTREG_HOME", str(self.home))
        environment.setdefault("XDG_STATE_HOME", str(self.folder / "state"))
        if self.passphrase is not None:
            environment["CERTREG_PASSPHRASE"] = self.passphrase
        with TemporaryDirectory() as place:
            out, err = Path(place, "out"), Path(place, "err")
            if isinstance(stdin, str):
                text, stdin = stdin, Path(place, "in")
                stdin.write_text(text, encoding="utf-8")
            arguments = (program, words, environment, self.folder, (stdin, out, err), umask)
            child = CONTEXT.Process(target=_become, args=arguments)
            child.start()
            child.join(PATIENCE)
            if child.exitcode is None:
                child.kill()
                raise AssertionError(f"{words} hangs")
            return Said(child.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def _become(
    program: Callable[[], None],
    words: tuple[str, ...],
    environment: dict[str, str],
    folder: Path,
    streams: tuple[Path, Path, Path],
    umask: int,
) -> None:
    """Run ``program`` in this process as a shell would have started it."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    os.umask(umask)
    for number, path in enumerate(streams):
        descriptor = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it lives as long as we do
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = [program.__module__, *words]
    program()
