"""Where a registry lives and how it is reached: a folder, a database, a passphrase's source.

From the environment: ``CERTREG_HOME`` (folder, default ``./var/registry``), ``CERTREG_DATABASE_URL`` (default: SQLite in
that folder; PostgreSQL as ``postgresql://…``), ``CERTREG_READ_DATABASE_URL`` (a replica of it, for searches), ``CERTREG_PASSPHRASE`` or ``CERTREG_PASSPHRASE_FILE``; or ``CERTREG_AGENT``
(socket of a signing agent, which then holds all keys). The passphrase itself is never kept here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PASSPHRASE_VARIABLE = "CERTREG_PASSPHRASE"
PIN_VARIABLE = "CERTREG_PIN"
"""Of tokens; or ``CERTREG_PIN_FILE``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one registry."""

    home: Path
    database_url: str
    read_database_url: str | None = None
    passphrase_file: Path | None = None
    agent: Path | None = None

    @property
    def keys(self) -> Path:
        """The folder of key files."""
        return self.home / "keys"

    @property
    def custody(self) -> Path:
        """Which keys are elsewhere (``registry.custodyfile``)."""
        return self.home / "custody.json"

    @property
    def journal(self) -> Path:
        """What signing agents were asked for (``keys.agentd``)."""
        return self.home / "agent.log"

    @property
    def head(self) -> Path:
        """The last signed head of the log, outside the database (``registry.lasthead``)."""
        return self.home / "head"

    @property
    def published(self) -> Path:
        """When it was published last (``registry.lastpublication``)."""
        return self.home / "published"

    @property
    def site(self) -> Path:
        """Where ``certreg publish`` writes unless told otherwise."""
        return self.home / "site"


def settings_from(environment: Mapping[str, str], home: Path | None = None) -> Settings:
    """Settings of the registry in ``home``, else in ``CERTREG_HOME``."""
    folder = (home or Path(environment.get("CERTREG_HOME", "var/registry"))).resolve()
    passphrase_file = environment.get("CERTREG_PASSPHRASE_FILE")
    agent = environment.get("CERTREG_AGENT")
    return Settings(
        home=folder,
        database_url=environment.get("CERTREG_DATABASE_URL") or f"sqlite:///{folder / 'registry.db'}",
        read_database_url=environment.get("CERTREG_READ_DATABASE_URL") or None,
        passphrase_file=Path(passphrase_file) if passphrase_file else None,
        agent=Path(agent) if agent else None,
    )
