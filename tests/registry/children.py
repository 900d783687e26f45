"""Other processes at work on a registry, to be killed or to run at once.

They come from the fork server of ``tests.forks``. A child that is to be struck sends SIGKILL to itself where ``observe``
is called: no ``finally``, no rollback, no flush.
"""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from registry import batches
from registry.app import App, create_app
from registry.batches import CHUNK, issue_file
from registry.correction import correct
from registry.errors import RegistryError
from registry.issuance import Observe, resume, unobserved
from registry.offices import add_authority, change_state
from registry.publication import publish
from registry.reattestation import reattest
from registry.status import change_status
from tests.builders import HOST, MUNICIPAL
from tests.forks import CONTEXT, PATIENCE
from tests.registry.rig import OFFICES, RULES, Clock, Place, intake

REFUSED = 3
"""Exit code of a child whose work the registry refused with one of our errors."""
Work = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Strike:
    """Die at the ``nth`` time that ``point`` is reached."""

    point: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.point}-{self.nth}"


def issue(app: App, observe: Observe, file: Path, authority: str = MUNICIPAL, chunk: int = CHUNK) -> None:
    """Issue a list."""
    issue_file(app, intake(file), authority=authority, rule_set=RULES, observe=observe, chunk=chunk)


def issue_apart(app: App, observe: Observe, file: Path, chunk: int) -> None:
    """Issue a list, however short, with an agent of its own."""
    batches.WORTHWHILE_ROWS = 1  # this process is ours alone
    issue(app, observe, file, chunk=chunk)


def resume_all(app: App, observe: Observe) -> None:
    """Resume."""
    resume(app, observe)


def correct_one(app: App, observe: Observe, number: str, name: str) -> None:
    """Correct the name on a certificate."""
    correct(app, number, {"name": name}, observe=observe)


def reattest_all(app: App, observe: Observe, key: str) -> None:
    """Attest anew what a compromised key left without ground."""
    reattest(app, key, observe)


def change(app: App, observe: Observe, number: str, action: str, reason: str) -> None:
    """Change a certificate's status."""
    with app.database.write() as session:
        change_status(session, number, action=action, reason=reason, now=app.clock())
        observe("change:before", 1)


def delegate(app: App, _: Observe, code: str) -> None:
    """Delegate to a new authority."""
    office = replace(OFFICES[0], code=code, divisions=(code,))
    with app.write() as session:
        add_authority(session, app.keyring, office, now=app.clock())
    app.sign_log()


def stop(app: App, _: Observe, code: str) -> None:
    """Suspend an authority."""
    with app.write() as session:
        change_state(session, app.keyring, code=code, state="suspended", reason="inspection", now=app.clock())
    app.sign_log()


def publish_to(app: App, observe: Observe, folder: Path) -> None:
    """Publish; every file that is replaced is a point, before and after."""
    replace = os.replace

    def observed(source: Any, target: Any, **options: Any) -> None:
        observe("replace:before", 1)
        replace(source, target, **options)
        observe("replace:after", 1)

    os.replace = observed  # this process is ours alone, and ends with this call
    publish(app, folder)


def found(place: Place, now: int, strike: Strike) -> None:
    """``init``; every file that is made for a secret is a point."""
    observe = striking(strike)
    link, fdopen = os.link, os.fdopen

    def observed_link(source: Any, target: Any, **options: Any) -> None:
        observe("link:before", 1)
        link(source, target, **options)
        observe("link:after", 1)

    def observed_open(*arguments: Any, **options: Any) -> Any:
        observe("write:before", 1)
        return fdopen(*arguments, **options)

    os.link, os.fdopen = observed_link, observed_open
    create_app(place.environment, home=None, host=HOST, clock=Clock(now))


def found_here(place: Place, now: int, gate: Barrier) -> None:
    """``init``, with others at the same database."""
    gate.wait(PATIENCE)
    try:
        create_app(place.environment, home=None, host=HOST, clock=Clock(now)).database.close()
    except RegistryError as error:
        os._exit(REFUSED if error.code == "already_initialised" else 1)


def found_at_once(now: int, *places: Place) -> list[int]:
    """``init`` in several homes at once; the exit codes."""
    gate = CONTEXT.Barrier(len(places))
    children = [CONTEXT.Process(target=found_here, args=(place, now, gate), daemon=True) for place in places]
    for child in children:
        child.start()
    return [finish(child) for child in children]


def killed_while_founding(place: Place, now: int, strike: Strike) -> bool:
    """Whether ``init`` was killed at ``strike``."""
    process = CONTEXT.Process(target=found, args=(place, now, strike), daemon=True)
    process.start()
    code = finish(process)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def start(
    place: Place,
    now: int,
    work: Work,
    *arguments: Any,
    strike: Strike | None = None,
    gate: Barrier | None = None,
) -> ForkServerProcess:
    """Start a process that opens the registry at ``place`` and does ``work``; all that share a ``gate`` begin at once."""
    process = CONTEXT.Process(target=_run, args=(place, now, work, arguments, strike, gate), daemon=True)
    process.start()
    return process


def finish(process: ForkServerProcess) -> int:
    """Wait for a child; its exit code, negative for a signal."""
    process.join(PATIENCE)
    code = process.exitcode
    if code is None:
        process.kill()
        raise AssertionError("a child hangs")
    return code


def killed(place: Place, now: int, work: Work, *arguments: Any, strike: Strike) -> bool:
    """Run ``work`` in a child; whether it was killed at ``strike`` (else it came to its end)."""
    code = finish(start(place, now, work, *arguments, strike=strike))
    assert code in (0, -signal.SIGKILL)
    return code != 0


def at_once(place: Place, now: int, *works: Sequence[Any]) -> list[int]:
    """Run several works (function, then arguments) at once; their exit codes."""
    gate = CONTEXT.Barrier(len(works))
    children = [start(place, now, *work, gate=gate) for work in works]
    return [finish(child) for child in children]


def _run(
    place: Place, now: int, work: Work, arguments: Sequence[Any], strike: Strike | None, gate: Barrier | None
) -> None:
    app = place.open(Clock(now))
    if gate is not None:
        gate.wait(PATIENCE)
    try:
        work(app, striking(strike) if strike else unobserved, *arguments)
    except RegistryError:
        os._exit(REFUSED)


def striking(strike: Strike) -> Observe:
    """An observer that kills its process."""
    seen = 0

    def observe(point: str, _: int) -> None:
        nonlocal seen
        seen += point == strike.point
        if seen == strike.nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return observe
