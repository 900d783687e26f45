"""Where the application is put together: settings, database, keys, vault and clock become one ``App``.

Everything below takes what it needs from here as an argument; nothing below reads the environment or the clock.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from registry.database import Database
from registry.errors import OfficeError
from registry.identity import SECRET_FILE, IdentityVault, create_vault, open_vault
from registry.keyring import Keyring, keyring_of
from registry.log import sign_head
from registry.models import CheckpointRow
from registry.offices import LOG_KEY, create_registry
from registry.settings import Settings, settings_from
from registry.trust import registry_of

Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class App:
    """A registry in use."""

    settings: Settings
    database: Database
    keyring: Keyring
    vault: IdentityVault
    host: str
    clock: Clock

    def sign_log(self) -> CheckpointRow | None:
        """Bring everything that is in the log under a signed checkpoint."""
        with self.database.write() as session:
            return sign_head(session, self.keyring.signer(LOG_KEY), host=self.host, now=self.clock())


def system_clock() -> int:
    """Unix seconds."""
    return int(time.time())


def create_app(
    environment: Mapping[str, str],
    *,
    home: Path | None,
    host: str,
    root_keys: int = 1,
    threshold: int = 1,
    clock: Clock = system_clock,
) -> App:
    """Make a registry and open it. After an interrupted start it can be called again."""
    settings = settings_from(environment, home)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)  # names and employers lie here
    database = Database(settings.database_url)
    database.upgrade()
    keyring = keyring_of(settings, environment)
    with database.write() as session:
        create_registry(session, keyring, host=host, now=clock(), root_keys=root_keys, threshold=threshold)
        if not (settings.keys / SECRET_FILE).exists():
            create_vault(settings.keys)
    database.close()
    app = open_app(environment, home=home, clock=clock)
    app.sign_log()
    return app


def open_app(environment: Mapping[str, str], *, home: Path | None = None, clock: Clock = system_clock) -> App:
    """Open the registry in ``home``; raises ``OfficeError`` (``not_initialised``)."""
    settings = settings_from(environment, home)
    if not settings.home.is_dir():
        raise OfficeError("not_initialised")
    database = Database(settings.database_url)
    database.upgrade()
    with database.read() as session:
        host = registry_of(session).host
    return App(
        settings=settings,
        database=database,
        keyring=keyring_of(settings, environment),
        vault=open_vault(settings.keys),
        host=host,
        clock=clock,
    )
