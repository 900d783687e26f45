"""Registries for tests: founded once for each engine, copied for each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.registry.engines import Cluster, NoPostgresError, postgresql
from tests.registry.restoring import Databases
from tests.registry.rig import Place, Rig, copy_home, found, opened

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of this test process; skips where none can be had."""
    try:
        with postgresql() as running:
            yield running
    except NoPostgresError as error:
        pytest.skip(f"no PostgreSQL: {error}")


@pytest.fixture(scope="session")
def databases(cluster: Cluster) -> Iterator[Databases]:
    """Copies of founded databases in it."""
    with closing(Databases(cluster)) as made:
        yield made


@pytest.fixture(scope="session")
def founded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a founded registry on SQLite; not to be used, but copied."""
    home = tmp_path_factory.mktemp("founded") / "sqlite"
    found(Place(home)).database.close()
    return home


@pytest.fixture(scope="session")
def founded_postgresql(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> tuple[Path, str]:
    """The home and the database of a founded registry on PostgreSQL; not to be used, but copied."""
    home, database = tmp_path_factory.mktemp("founded") / "postgresql", cluster.create()
    found(Place(home, cluster.url(database))).database.close()
    return home, database


@pytest.fixture(params=ENGINES)
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=ENGINES)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A founded registry of the test's own, on each engine."""
    if request.param == "sqlite":
        home = copy_home(request.getfixturevalue("founded_sqlite"), tmp_path / "home")
        with opened(Place(home), tmp_path) as one:
            yield one
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    databases: Databases = request.getfixturevalue("databases")
    home, template = request.getfixturevalue("founded_postgresql")
    name = databases.borrow(template)
    with opened(Place(copy_home(home, tmp_path / "home"), cluster.url(name)), tmp_path) as one:
        yield one
    databases.give_back(template, name)


@pytest.fixture
def lite(founded_sqlite: Path, tmp_path: Path) -> Iterator[Rig]:
    """A founded registry on SQLite, where the engine makes no difference."""
    with opened(Place(copy_home(founded_sqlite, tmp_path / "home")), tmp_path) as one:
        yield one
