"""Other processes, quickly: multiprocessing's fork server imports the registry once and forks from there.

A child is a process of its own (no connection, thread, key or lock of the tests is in it) that costs milliseconds
instead of the seconds that a new interpreter needs to import everything.
"""

import multiprocessing

from registry.cli.commands import COMMANDS

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        *{f"registry.cli.{one.place.partition(':')[0]}" for one in COMMANDS.values()},
        "registry.cli.main",
        "registry.jobs.queue",
        "registry.posting",
        "registry.postgresql",
        "verifier.cli",
        "verifier.webserver",
        "tests.cheapkeys",
        "tests.registry.children",
        "tests.journeys.program",
        "tests.warmed",
        "tests.frozen",
    ]
)
PATIENCE = 300
"""Seconds that a child may take."""
