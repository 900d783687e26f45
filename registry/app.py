"""Where the application is put together: settings, database, keys, vault and clock become one ``App``.

Everything below takes what it needs from here as an argument; nothing below reads the environment or the clock.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from keys.ceremony import KeyOffer
from registry.apart import KeptAgent
from registry.ceremony import offered_root, prepare_registry
from registry.cosigning import Cosigning, cosign_head
from registry.database import Database, is_absent, known_schemas, newest_schema
from registry.errors import OfficeError
from registry.files import make_private_folder, require_private
from registry.identity import IdentityVault
from registry.identitykeys.master import Masters
from registry.identitykeys.models import BASE, IdentityKey
from registry.identitykeys.service import adopt_home, found_keys, open_vault
from registry.keyring import Keyring, keyring_of
from registry.lasthead import keep_head, require_head
from registry.log import sign_head
from registry.models import CheckpointRow
from registry.offices import create_registry
from registry.ownkeys import log_signer
from registry.settings import Settings, settings_from
from registry.trust import current_trust_list, registry_of

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
    agent: KeptAgent | None = None
    """What signs large files, in a process that issues many; without, each has an agent of its own (``registry.apart``)."""

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may reserve, append or sign: refused where the database is older than the last signed head."""
        with self.database.write() as session:
            self.require_head(session)
            yield session

    def require_head(self, session: Session) -> None:
        """The database holds all that was signed here (``registry.lasthead``); in a reading session it comes first."""
        require_head(session, self.settings.head)

    def open_log_key(self) -> None:
        """Before a change that nobody can take back: whoever cannot open the log's key changes nothing.

        Raises ``CustodyError``, or ``OfficeError`` (``list_own_key``).
        """
        with self.database.read() as session:
            log_signer(self.keyring, current_trust_list(session))

    def sign_log(self) -> CheckpointRow | None:
        """Bring everything under a signed checkpoint, keep it outside the database, and ask the witnesses to cosign it.

        Signed is enough for what was done to stand; what leaves the house waits for the quorum (``registry.cosigning``).
        """
        head = self.sign_head()
        # If we stop here the file is behind the database; the next head brings it up to date.
        if head is not None:
            self.keep_head(head)
        self.cosign_log()
        return head

    def sign_head(self) -> CheckpointRow | None:
        """The first half of ``sign_log``: the head is signed in the database."""
        with self.write() as session:
            signer = log_signer(self.keyring, current_trust_list(session))
            return sign_head(session, signer, host=self.host, now=self.clock())

    def cosign_log(self) -> Cosigning:
        """Ask the witnesses that have not cosigned the newest head; how it stands then."""
        with self.database.read() as session:
            trust_list = current_trust_list(session)
        return cosign_head(self.database, self.settings.home, trust_list, now=self.clock())

    def keep_head(self, head: CheckpointRow) -> None:
        """The second half of ``sign_log``: the head is on this host's disk."""
        keep_head(self.settings.head, head.note)


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
    offers: Sequence[KeyOffer] = (),
    clock: Clock = system_clock,
) -> App:
    """Make a registry and open it. After an interrupted start it can be called again.

    With ``offers`` the root's keys are elsewhere: no root key is made, and the first trust list waits for its signatures.
    """
    settings = settings_from(environment, home)
    make_private_folder(settings.home)  # names and employers lie here
    keyring = keyring_of(settings, environment)
    with closing(Database(settings.database_url)) as database:
        database.upgrade()
        with database.write_alone() as session:
            # Where a head was signed there was a registry: its numbers are in the world, and its keys are still here.
            require_head(session, settings.head)
            if offers:
                root = offered_root(offers, host=host, threshold=threshold)
                prepare_registry(session, root, host=host, now=clock())
            else:
                create_registry(
                    session, keyring, host=host, now=clock(), root_keys=root_keys, threshold=threshold
                )
            found_keys(session, Masters(keyring, environment), now=clock())
    app = open_app(environment, home=home, clock=clock)
    if not offers:
        app.sign_log()
    return app


def _database(settings: Settings) -> Database:
    return Database(settings.database_url, settings.read_database_url)


def open_app(
    environment: Mapping[str, str],
    *,
    home: Path | None = None,
    clock: Clock = system_clock,
    reading: bool = False,
) -> App:
    """Open the registry in ``home``; raises ``OfficeError`` (``not_initialised``, ``schema_differs``).

    An empty database stays empty: a backup can still be restored into it. An older schema is brought up to date, but not
    by whoever is only ``reading``.
    """
    settings = settings_from(environment, home)
    if not settings.home.is_dir():
        raise OfficeError("not_initialised")
    require_private(settings.home, "700")
    if is_absent(settings.database_url):
        raise OfficeError("not_initialised")
    with ExitStack() as stack:
        database = stack.enter_context(closing(_database(settings)))
        here = database.schema()
        if here is None:
            raise OfficeError("not_initialised")
        # A newer one than we know is another program's, which is being put in our place: migrations only add.
        if here != newest_schema() and here in known_schemas():
            if reading:
                raise OfficeError("schema_differs")
            database.upgrade()
        with database.read() as session:
            host = registry_of(session).host
            adopted = session.get(IdentityKey, BASE) is not None
        keyring = keyring_of(settings, environment)
        masters = Masters(keyring, environment)
        if not (adopted or reading):
            with database.write_alone() as session:
                adopt_home(session, masters, now=clock())
        app = App(
            settings=settings,
            database=database,
            keyring=keyring,
            vault=open_vault(database, masters),
            host=host,
            clock=clock,
        )
        stack.pop_all()  # it is open now, and the caller's to close
    return app
