"""The registry's private keys: which file holds which, opened once and only when needed.

Roles: ``root-N`` (trust list), ``status-N`` (status lists), ``log`` (checkpoints) and ``CODE-YEAR-SEQ`` for an authority's
key of a year. The custody behind a name is an encrypted file; the rest of the registry sees ``keys.signer.Signer``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from keys.custody import create_key_file, open_key_file, read_passphrase
from keys.signer import Signer
from registry.files import make_private_folder
from registry.settings import PASSPHRASE_VARIABLE, Settings


class Keyring:
    """Key files in one folder under one passphrase. Thread-safe."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str], passphrase_file: Path | None) -> None:
        self._folder = folder
        self._environment = environment
        self._passphrase_file = passphrase_file
        self._open: dict[str, Signer] = {}
        self._lock = Lock()

    def create(self, name: str) -> Signer:
        """Make a new key; raises ``CustodyError`` where there is one of that name."""
        make_private_folder(self._folder)
        signer = create_key_file(self._path(name), self._passphrase())
        with self._lock:
            self._open[name] = signer
        return signer

    def signer(self, name: str) -> Signer:
        """The signer of that name; raises ``CustodyError``."""
        with self._lock:
            if name not in self._open:
                self._open[name] = open_key_file(self._path(name), self._passphrase())
            return self._open[name]

    def has(self, name: str) -> bool:
        """Whether there is a key of that name here."""
        return self._path(name).exists()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.pem"

    def _passphrase(self) -> bytes:
        prompt = "Passphrase of the registry's keys 注册机构密钥口令: " if os.isatty(0) else ""
        return read_passphrase(
            self._environment, variable=PASSPHRASE_VARIABLE, file=self._passphrase_file, prompt=prompt
        )


def keyring_of(settings: Settings, environment: Mapping[str, str]) -> Keyring:
    """The keyring of a registry."""
    return Keyring(settings.keys, environment=environment, passphrase_file=settings.passphrase_file)


def authority_key_name(code: str, fragment: str) -> str:
    """Name of an authority's key: ``410100-2026-1`` of fragment ``2026-1``."""
    return f"{code}-{fragment}"
