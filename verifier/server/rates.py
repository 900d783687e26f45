"""Who may ask how often: a bucket of tokens for each client, in this process's memory (so for each worker by itself)."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network
_PREFIX = 64
"""Bits of an IPv6 address that are one client: a household or an office has them all."""


class TokenBuckets:
    """At most ``clients`` buckets; the one not used for longest is forgotten, and it was the fullest likely."""

    def __init__(self, *, burst: float, per_second: float, clients: int) -> None:
        self._burst, self._rate, self._most = burst, per_second, clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, tokens: float, now: float) -> float:
        """Take ``tokens`` at ``now`` (seconds of any steady clock): 0, or the seconds after which there will be enough."""
        held, since = self._buckets.get(client, (self._burst, now))
        held = min(self._burst, held + max(0.0, now - since) * self._rate)
        wait = max(0.0, (tokens - held) / self._rate)
        self._buckets[client] = (held if wait else held - tokens, now)
        self._buckets.move_to_end(client)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait

    def __len__(self) -> int:
        return len(self._buckets)


def client_of(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """Who asks: ``peer``, or the last address in ``forwarded`` (X-Forwarded-For) that is not a trusted proxy's.

    What stands before that address was written by whoever asked, and is never looked at.
    """
    if not forwarded:
        return _client_at(peer)
    named = forwarded.split(",")
    address = _address(peer)
    while named and address is not None and any(address in network for network in proxies):
        before = _address(named.pop())
        if before is None:
            break
        address = before
    return _client(address) if address is not None else "unknown"


@lru_cache(4096)
def _client_at(text: str) -> str:
    """Who asks without a proxy."""
    address = _address(text)
    return _client(address) if address is not None else "unknown"


@lru_cache(4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


@lru_cache(4096)
def _client(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> _PREFIX << _PREFIX, _PREFIX)))
