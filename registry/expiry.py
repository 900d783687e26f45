"""What runs out soon: the trust list, authorities' keys, the status key, the report key. Told early, for a ceremony takes days to gather.

A list that has run out leaves every verdict INDETERMINATE (SPEC step 3), so ``publish`` and ``root status`` warn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keys.trustlist import ListedKey, TrustList

WARN_DAYS = 60
"""Enough to bring a threshold of people together twice."""
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Expiry:
    """``code`` with the parameters of its sentence (``registry.messages.WARNINGS``)."""

    code: str
    subject: str
    days: int


def warnings_of(trust_list: TrustList, now: int, *, days: int = WARN_DAYS) -> list[Expiry]:
    """What ends within ``days`` of ``now`` (Unix seconds) and has nothing listed to follow it."""
    return [*_lifetime(trust_list, now, days), *_keys(trust_list, now, days)]


def days_left(until: int, now: int) -> int:
    """Whole days; negative where it is past."""
    return (until - now) // _DAY


def _lifetime(trust_list: TrustList, now: int, days: int) -> Iterator[Expiry]:
    left = days_left(trust_list.valid_until, now)
    if left < days:
        code = "trust_list_ended" if trust_list.valid_until < now else "trust_list_ends"
        yield Expiry(code, str(trust_list.version), left)


def _keys(trust_list: TrustList, now: int, days: int) -> Iterator[Expiry]:
    yield from _ending("status", trust_list.status_keys, now, days)
    if trust_list.report_keys:
        yield from _ending("report", trust_list.report_keys, now, days)
    for authority in trust_list.authorities.values():
        if authority.states[-1].state == "granted":
            yield from _ending(authority.code, authority.keys, now, days)


def _ending(owner: str, keys: Sequence[ListedKey], now: int, days: int) -> Iterator[Expiry]:
    usable = [key for key in keys if key.revoked is None]
    last = max((key.not_after for key in usable), default=now - 1)
    if days_left(last, now) < days:
        yield Expiry("keys_end", owner, days_left(last, now))
