"""What ``serve`` and ``worker`` share for those who watch them: the form of their log lines, and a door for metrics."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

from prometheus_client import REGISTRY

from registry.app import App
from registry.cli.common import errors_told
from registry.errors import RegistryError
from registry.operation.gauges import RegistryCollector
from registry.operation.health import Readiness
from verifier.operation.listener import listening, parse_address

LOG_VARIABLE = "CERTREG_LOG"
"""``json`` for programs; else lines for people."""


@contextmanager
def watched(app: App, address: str, missing: Collection[str] = ()) -> Iterator[None]:
    """``/metrics`` and ``/health`` of this process and the registry at ``address``, where one is given, while the block runs.

    ``missing``: codes of what the process finds missing at its work.
    """
    if not address:
        yield
        return
    with ExitStack() as stack:
        with errors_told():
            try:
                parse_address(address)
            except ValueError as error:
                raise RegistryError("metrics_address", address=address) from error
            collectors = [RegistryCollector(app)]
            stack.enter_context(
                listening(address, Readiness(app, missing), collectors=collectors, base=REGISTRY)
            )
        yield
