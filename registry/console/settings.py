"""What a deployment of the console chooses; the registry itself has its own settings."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit

from registry.accounts.passwords import PasswordCost


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """``origin`` is the address people type (``https://console.example.cn``): passkeys are bound to its host.

    ``proxies`` are the networks whose ``X-Forwarded-For`` is believed. ``breached`` is a file of passwords that are known
    to the world, one a line; none are refused for that without it.
    """

    origin: str = "http://localhost:8700"
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    password_cost: PasswordCost = field(default_factory=PasswordCost)
    breached: Path | None = None

    @property
    def host(self) -> str:
        """The relying party of passkeys (WebAuthn ``rpId``)."""
        return urlsplit(self.origin).hostname or ""
