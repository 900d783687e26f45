"""The numbers of one authority, year and kind as the log accounts for them: nine bytes a number, runs of leaves beside.

A state is one byte; of the record's digest eight bytes are kept, enough to see that a later entry speaks of the same
record. Serials may come out of order, because two batches are logged in the order in which they finish.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from verifier.number import CertificateNumber, number_of

ABSENT, ISSUED, VOID, SUSPENDED, REVOKED = range(5)
DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Gap:
    """Serials ``first`` to ``last`` were passed over by the entry at ``leaf``, at ``time``."""

    first: int
    last: int
    leaf: int
    time: int


@dataclass(slots=True)
class Series:
    """``states[serial]``; index 0 is no serial."""

    authority: str
    year: int
    kind: int
    states: bytearray = field(default_factory=lambda: bytearray(1))
    gaps: list[Gap] = field(default_factory=list)
    _digests: bytearray = field(default_factory=lambda: bytearray(DIGEST_BYTES))
    _runs: "array[int]" = field(default_factory=lambda: array("Q"))

    @property
    def top(self) -> int:
        """The highest serial that the log speaks of."""
        return len(self.states) - 1

    def number(self, serial: int) -> CertificateNumber:
        """The number of ``serial``."""
        return number_of(self.authority, self.year, self.kind, serial)

    def state(self, serial: int) -> int:
        """One of the five."""
        return self.states[serial] if serial < len(self.states) else ABSENT

    def missing_below(self, serial: int) -> int:
        """How many serials an entry for ``serial`` passes over."""
        return max(0, serial - self.top - 1)

    def enter(self, serial: int, state: int, digest: str, *, leaf: int, time: int) -> None:
        """Account for a serial that was absent."""
        passed = self.missing_below(serial)
        if passed:
            self.gaps.append(Gap(self.top + 1, serial - 1, leaf, time))
        if serial > self.top:
            self.states.extend(bytes(passed + 1))
            self._digests.extend(bytes((passed + 1) * DIGEST_BYTES))
        self.states[serial] = state
        self._digests[serial * DIGEST_BYTES : (serial + 1) * DIGEST_BYTES] = _short(digest)
        self._run(serial, leaf)

    def is_of(self, serial: int, digest: str) -> bool:
        """Whether the number was issued with this digest, as far as is kept of it."""
        return self._digests[serial * DIGEST_BYTES : (serial + 1) * DIGEST_BYTES] == _short(digest)

    def unaccounted(self) -> Iterator[tuple[int, Gap]]:
        """Serials below the top for which there is no entry."""
        for gap in self.gaps:
            place = gap.first - 1
            while (place := self.states.find(ABSENT, place + 1, gap.last + 1)) >= 0:
                yield place, gap

    def runs(self) -> list[tuple[int, int, int]]:
        """``(first serial, count, leaf)``, ascending and as long as they can be."""
        return sorted(zip(self._runs[::3], self._runs[1::3], self._runs[2::3], strict=True))

    def issued_runs(self) -> list[tuple[int, int, int]]:
        """The same without void numbers."""
        found = []
        for first, count, leaf in self.runs():
            start, end = first, first + count
            while start < end:
                stop = self.states.find(VOID, start, end)
                stop = end if stop < 0 else stop
                if stop > start:
                    found.append((start, stop - start, leaf + start - first))
                start = stop + 1
        return found

    def _run(self, serial: int, leaf: int) -> None:
        runs = self._runs
        if runs and (runs[-3] + runs[-2], runs[-1] + runs[-2]) == (serial, leaf):
            runs[-2] += 1
        else:
            runs.extend((serial, 1, leaf))


def merged(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Ascending ``runs`` with neighbours put together."""
    found: list[tuple[int, int, int]] = []
    for first, count, leaf in runs:
        if found and (found[-1][0] + found[-1][1], found[-1][2] + found[-1][1]) == (first, leaf):
            found[-1] = (found[-1][0], found[-1][1] + count, found[-1][2])
        else:
            found.append((first, count, leaf))
    return found


def _short(digest: str) -> bytes:
    return bytes.fromhex(digest[: 2 * DIGEST_BYTES]).ljust(DIGEST_BYTES, b"\0")
