"""The arrows of the house, looked at in a fresh interpreter: import contracts do not see what is imported at run time."""

import subprocess
import sys

LOOK = """
import sys
import verifier.verify
print("\\n".join(sorted(sys.modules)))
"""
FORBIDDEN = (
    "registry",
    "keys.custody",
    "keys.trustbuild",
    "sqlalchemy",
    "alembic",
    "typer",
    "httpx",
    "PIL",
    "pikepdf",
    "pypdfium2",
    "zxingcpp",
    "socket",
    "sqlite3",
)


def test_the_core_of_the_verifier_loads_no_edge_no_registry_and_no_private_key() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "verifier.verify" in modules
    loaded = {name for name in modules if any(name == one or name.startswith(f"{one}.") for one in FORBIDDEN)}
    assert loaded == set(), "The verifier's core does no I/O and knows no private key; see style: the arrows."


def test_templates_are_data() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, templates; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"keys", "verifier", "registry"} & set(done.stdout.split())


def test_the_edges_load_no_decoder_of_strangers_files() -> None:
    """PDF and pictures are decoded in a box, so nothing outside one has the decoders; a command starts faster, too."""
    look = "import sys, verifier.cli\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "verifier.box" in modules
    assert not {"PIL", "pikepdf", "pypdfium2", "zxingcpp", "verifier.containers"} & modules


def test_a_witness_is_a_program_of_its_own() -> None:
    """Whoever runs one reviews ``keys``, a few modules of ``verifier``, and this package; nothing else is loaded."""
    look = "import sys, registry.witness.service; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    modules = [name for name in done.stdout.split() if name.startswith("registry.")]
    assert "registry.witness.service" in modules
    assert [name for name in modules if not name.startswith("registry.witness")] == []
    assert "sqlalchemy" not in done.stdout.split()


def test_the_public_server_loads_no_decoder_no_registry_and_no_private_key() -> None:
    look = "import sys, verifier.server.command\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "verifier.server.app" in modules
    unwanted = {
        "registry",
        "sqlalchemy",
        "keys.custody",
        "keys.trustbuild",
        "verifier.containers",
        "verifier.pdffile",
    }
    assert not (unwanted | {"PIL", "pikepdf", "pypdfium2", "zxingcpp"}) & modules


def test_only_who_does_background_work_on_postgresql_loads_the_queue() -> None:
    """It takes a fifth of a second to load, which no command, page or worker on SQLite has to wait; and the driver, and what speaks HTTP
    to witnesses and publications, a tenth each."""
    look = "import sys, registry.cli.working, registry.cli.serving; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "registry.jobs.worker" in modules
    assert not {"procrastinate", "psycopg_pool", "croniter", "registry.jobs.queue"} & modules
    assert not {"psycopg", "registry.postgresql", "httpx", "registry.posting"} & modules
