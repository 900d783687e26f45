"""Where a request came from: the peer, or what a trusted proxy says of it (``X-Forwarded-For``).

Two readings: the whole address for the trail, and the client that is slowed down, which for IPv6 is a /64: a household or
an office has them all.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_PREFIX = 64


def address_of(peer: str, forwarded: Iterable[str], proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """The last address in ``forwarded`` that is not a trusted proxy's; what stands before it was written by anyone."""
    address = _address(peer)
    named = [part for header in forwarded for part in header.split(",")]
    while named and address is not None and any(address in network for network in proxies):
        before = _address(named.pop())
        if before is None:
            break
        address = before
    return str(address) if address is not None else "unknown"


def client_of(origin: str) -> str:
    """Who is slowed down for what comes from ``origin``."""
    address = _address(origin)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> _PREFIX << _PREFIX, _PREFIX)))
    return str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))  # without its zone
    return address
