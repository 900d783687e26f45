"""Places in a bounded queue: who finds none is told so at once, instead of waiting where nobody knows how long."""

from collections import Counter
from math import ceil

from verifier.server.problems import Problem


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to ask again."""
    return {"Retry-After": str(max(1, ceil(seconds)))}


class Places:
    """``most`` callers in all, ``each`` of one client. For one event loop."""

    def __init__(self, most: int, each: int | None = None) -> None:
        self._most, self._each = most, each or most
        self._held: Counter[str] = Counter()
        self.taken = 0
        """Places that are taken."""

    def take(self, client: str) -> None:
        """Take a place; raises ``Problem`` ``busy``, or ``too_many_requests`` where the client has its share."""
        if self._held[client] >= self._each:
            raise Problem("too_many_requests", headers=retry_after(5))
        if self.taken >= self._most:
            raise Problem("busy", headers=retry_after(5))
        self._held[client] += 1
        self.taken += 1

    def give_back(self, client: str) -> None:
        """Give a place back that was taken."""
        self.taken -= 1
        self._held[client] -= 1
        if not self._held[client]:
            del self._held[client]
