"""A real token for tests: SoftHSM2, with a folder of tokens of this test process's own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from keys.pkcs11 import TokenUri

MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm2.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
PIN = "correct horse"
TOKENS = ("certreg", "certreg spare")
"""Made beforehand: the module sees no token that appears later."""


class NoSoftHsmError(Exception):
    """There is no SoftHSM2 here, or no binding; says which."""


@dataclass(frozen=True, slots=True)
class SoftHsm:
    """SoftHSM2 with its own configuration, which the environment names for this process and its children."""

    module: Path
    folder: Path

    def uri(self, label: str, token: str = TOKENS[0]) -> TokenUri:
        """The address of a key."""
        return TokenUri(self.module, token, label)


@contextmanager
def softhsm() -> Iterator[SoftHsm]:
    """SoftHSM2 for the length of the block; raises ``NoSoftHsmError``. Once a process: the module reads its settings once."""
    module = next(filter(Path.exists, MODULES), None)
    if module is None or shutil.which("softhsm2-util") is None:
        raise NoSoftHsmError("softhsm2 is not installed")
    if find_spec("pkcs11") is None:
        raise NoSoftHsmError("python-pkcs11 is not installed (extra pkcs11)")
    with tempfile.TemporaryDirectory(prefix="certreg-hsm-") as name:
        folder = Path(name)
        (folder / "tokens").mkdir()
        conf = folder / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n", encoding="utf-8")
        before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = str(conf)
        try:
            for label in TOKENS:
                made = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", PIN]
                subprocess.run(["softhsm2-util", *made], check=True, capture_output=True)
            yield SoftHsm(module, folder)
        finally:
            if before is None:
                del os.environ["SOFTHSM2_CONF"]
            else:
                os.environ["SOFTHSM2_CONF"] = before
