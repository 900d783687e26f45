"""The registry's private keys: what holds which, opened once and only when needed.

Roles: ``root-N`` (trust list), ``status-N`` (status lists), ``log`` (checkpoints) and ``CODE-YEAR-SEQ`` for an authority's
key of a year. The custody behind a name is an encrypted file, or a token that ``custody.json`` names; with an agent
(``CERTREG_AGENT``) no key is opened here at all. The rest of the registry sees ``keys.signer.Signer``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from keys.agent import AgentClient
from keys.custody import create_key_file, open_key_file, read_passphrase
from keys.errors import CustodyError
from keys.pkcs11 import Token, TokenUri, open_token
from keys.signer import Signer
from registry.custodyfile import Place, read_custody
from registry.files import make_private_folder
from registry.settings import PASSPHRASE_VARIABLE, PIN_VARIABLE, Settings

LOG_KEY = "log"


def is_log_key(name: str) -> bool:
    """Whether ``name`` is of a key of the log: ``log``, ``log-2`` …"""
    return name == LOG_KEY or name.startswith(f"{LOG_KEY}-")


class Keyring:
    """Keys in files under one passphrase, in tokens under one PIN, or with an agent. Thread-safe."""

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str],
        passphrase_file: Path | None = None,
        custody: Path | None = None,
        agent: AgentClient | None = None,
        apart: frozenset[str] | None = None,
    ) -> None:
        """``custody`` is the file of places; ``agent`` holds the keys named in ``apart``, all there are if that is None."""
        self.folder = folder
        self.environment = environment
        self.passphrase_file = passphrase_file
        self.custody = custody
        self._agent = agent
        self._apart = apart
        self._places: dict[str, Place] | None = None
        self._open: dict[str, Signer] = {}
        self._opening: dict[str, Lock] = {}
        self._lock = Lock()

    def with_agent(self, agent: AgentClient, names: frozenset[str]) -> "Keyring":
        """This keyring, but ``agent`` signs for ``names``; none of their keys is opened here."""
        return Keyring(
            self.folder,
            environment=self.environment,
            passphrase_file=self.passphrase_file,
            custody=self.custody,
            agent=agent,
            apart=names,
        )

    def create(self, name: str) -> Signer:
        """Make a new key; raises ``CustodyError`` where there is one of that name, or an agent holds the keys."""
        if self._agent is not None:
            raise CustodyError("agent_makes_no_key", name)
        place = self._place(name)
        signer: Signer
        if isinstance(place, TokenUri):
            signer = self._token(place).create(place.object)
        else:
            make_private_folder(self.folder)
            signer = create_key_file(place, self._passphrase())
        with self._lock:
            self._open[name] = signer
        return signer

    def signer(self, name: str) -> Signer:
        """The signer of that name; raises ``CustodyError``."""
        with self._lock:
            opening = self._opening.setdefault(name, Lock())
        with opening:  # one opens a key, and different keys are opened side by side
            if name not in self._open:
                self._open[name] = self._opened(name)
            return self._open[name]

    def has(self, name: str) -> bool:
        """Whether there is a key of that name here, in its token, or with the agent."""
        if self._agent is not None and self._apart is None:
            return self._agent.serves(name)
        place = self._place(name)
        if isinstance(place, TokenUri):
            return self._token(place).has(place.object)
        return place.exists()

    def agent_is_away(self) -> bool:
        """Whether the keys are with an agent, and nothing takes connections where it should be."""
        return self._agent is not None and self._apart is None and not self._agent.is_there()

    def names(self) -> list[str]:
        """The names of all keys here, files' and tokens'."""
        found = {file.stem for file in self.folder.glob("*.pem")} | self._all_places().keys()
        return sorted(name for name in found if self.has(name))

    def opens_unasked(self, *names: str) -> bool:
        """Whether these keys are files that are opened here, and their passphrase is at hand without a prompt."""
        at_hand = self.passphrase_file is not None or PASSPHRASE_VARIABLE in self.environment
        files = all(isinstance(self._place(name), Path) for name in names)
        return self._agent is None and at_hand and files

    def place_of(self, name: str) -> Place:
        """Where something of that name is: a file's path, or an address in a token."""
        return self._place(name)

    def token_of(self, place: TokenUri) -> Token:
        """The token of an address, logged in; raises ``CustodyError``."""
        return self._token(place)

    def _opened(self, name: str) -> Signer:
        if self._agent is not None and (self._apart is None or name in self._apart):
            return self._agent.signer(name)
        place = self._place(name)
        if isinstance(place, TokenUri):
            return self._token(place).signer(place.object)
        return open_key_file(place, self._passphrase())

    def _place(self, name: str) -> Place:
        return self._all_places().get(name, self.folder / f"{name}.pem")

    def _all_places(self) -> dict[str, Place]:
        if self._places is None:
            self._places = read_custody(self.custody) if self.custody else {}
        return self._places

    def _token(self, place: TokenUri) -> Token:
        return open_token(place.module, place.token, self._pin)

    def _passphrase(self) -> bytes:
        return self._secret(
            PASSPHRASE_VARIABLE, self.passphrase_file, "Passphrase of the registry's keys 登记系统密钥口令: "
        )

    def _pin(self) -> bytes:
        named = self.environment.get(f"{PIN_VARIABLE}_FILE")
        try:
            return self._secret(PIN_VARIABLE, Path(named) if named else None, "PIN of the token 密码机口令: ")
        except CustodyError as error:
            raise CustodyError("token_pin_absent", error.detail) from error

    def _secret(self, variable: str, file: Path | None, prompt: str) -> bytes:
        asked = prompt if os.isatty(0) else ""
        return read_passphrase(self.environment, variable=variable, file=file, prompt=asked)


def keyring_of(settings: Settings, environment: Mapping[str, str]) -> Keyring:
    """The keyring of a registry; an agent at ``CERTREG_AGENT`` holds all its keys."""
    return Keyring(
        settings.keys,
        environment=environment,
        passphrase_file=settings.passphrase_file,
        custody=settings.custody,
        agent=AgentClient.at(settings.agent) if settings.agent else None,
    )


def authority_key_name(code: str, fragment: str) -> str:
    """Name of an authority's key: ``410100-2026-1`` of fragment ``2026-1``."""
    return f"{code}-{fragment}"
