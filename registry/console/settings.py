"""What a deployment of the console chooses; the registry itself has its own settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from registry.accounts.passwords import PasswordCost
from registry.errors import RegistryError

PREFIX = "/console"
"""All addresses of the console lie below it."""
DEFAULT_ORIGIN = "http://localhost:8700"
"""For trying it on one's own machine, which browsers trust without TLS."""


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """``origin`` is the address people type (``https://console.example.cn``): passkeys are bound to its host.

    ``proxies`` are the networks whose ``X-Forwarded-For`` is believed. ``breached`` is a file of passwords that are known
    to the world, one a line; none are refused for that without it.
    """

    origin: str = DEFAULT_ORIGIN
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    password_cost: PasswordCost = field(default_factory=PasswordCost)
    breached: Path | None = None

    @property
    def host(self) -> str:
        """The relying party of passkeys (WebAuthn ``rpId``)."""
        return urlsplit(self.origin).hostname or ""


ORIGIN, PROXIES, BREACHED = "CERTREG_CONSOLE_ORIGIN", "CERTREG_CONSOLE_PROXIES", "CERTREG_BREACHED"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def console_settings_from(environment: Mapping[str, str]) -> ConsoleSettings:
    """Settings of a deployment; raises ``RegistryError`` (``console_origin``, ``console_proxies``, ``console_breached``).

    Without TLS only this machine is served: elsewhere a browser keeps neither our cookies nor passkeys.
    """
    origin = environment.get(ORIGIN) or DEFAULT_ORIGIN
    parts = urlsplit(origin)
    local = parts.scheme == "http" and parts.hostname in _LOCAL
    if (
        not (parts.scheme == "https" or local)
        or not parts.hostname
        or origin != f"{parts.scheme}://{parts.netloc}"
    ):
        raise RegistryError("console_origin", origin=origin)
    breached = Path(environment[BREACHED]) if environment.get(BREACHED) else None
    if breached is not None and not breached.is_file():
        raise RegistryError("console_breached", file=str(breached))
    try:
        proxies = tuple(
            ip_network(one.strip()) for one in environment.get(PROXIES, "").split(",") if one.strip()
        )
    except ValueError as error:
        raise RegistryError("console_proxies") from error
    return ConsoleSettings(origin=origin, proxies=proxies, breached=breached)
