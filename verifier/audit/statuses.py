"""Do the published status lists say what the log says, bit for bit? (SPEC 5 and 6.7)

Between a change and a head that covers it there is a moment, and while witnesses are awaited it is long. A list that was
signed after the *horizon* (the moment up to which the head is known to be the newest) may be ahead of the log: that is
open, and remembered. Once the horizon has passed that moment and the log still has no entry, it is a fault.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from keys.trustlist import TrustList
from verifier.audit.report import Findings
from verifier.audit.series import REVOKED, SUSPENDED, Series
from verifier.errors import FormError, SourceError, StatusError
from verifier.limits import MAX_STATUS_LIST_BYTES, STATUS_LIST_BITS
from verifier.status import StatusList, status_path, verify_status_list

MAX_PENDING = 10_000
"""Differences that are remembered from one audit to the next."""
_STATE = {"revocation": REVOKED, "suspension": SUSPENDED}
_TABLES = {
    purpose: bytes(0x31 if value == state else 0x30 for value in range(256))
    for purpose, state in _STATE.items()
}
Read = Callable[[str, int], bytes | None]


@dataclass(slots=True)
class Pending:
    """What was ahead of the log and since when (Unix seconds): as remembered, and as found now."""

    horizon: int
    known: Mapping[str, int]
    found: dict[str, int]

    def is_open(self, name: str, since: int) -> bool:
        """Whether the log may still catch up with ``name``, which was signed at ``since``; it is remembered then."""
        first = min(since, self.known.get(name, since))
        if first <= self.horizon or len(self.found) >= MAX_PENDING:
            return False
        self.found[name] = first
        return True


def check_statuses(
    read: Read,
    series: Iterable[Series],
    trust_list: TrustList,
    *,
    now: int,
    skew: int,
    pending: Pending,
    findings: Findings,
) -> None:
    """Compare the lists of every block in which a certificate was issued."""
    for one in series:
        for block in range(_blocks(one)):
            for purpose in _STATE:
                path = status_path(one.number(max(1, block * STATUS_LIST_BITS)), purpose)
                status = _list(read, path, trust_list, now=now, skew=skew, findings=findings)
                if status is not None:
                    _check_version(status, trust_list, pending, findings)
                    _compare(status, one, block, pending, findings)


def expected_bits(series: Series, block: int, purpose: str) -> bytes:
    """The bits as the log has them."""
    states = series.states[block * STATUS_LIST_BITS : (block + 1) * STATUS_LIST_BITS]
    digits = states.translate(_TABLES[purpose]).ljust(STATUS_LIST_BITS, b"0")
    return int(digits, 2).to_bytes(STATUS_LIST_BITS // 8, "big")


def _blocks(series: Series) -> int:
    """Blocks up to the last certificate: for void numbers alone there is no list."""
    runs = series.issued_runs()
    last = max((first + count - 1 for first, count, _ in runs), default=-STATUS_LIST_BITS)
    return last // STATUS_LIST_BITS + 1


def _list(
    read: Read, path: str, trust_list: TrustList, *, now: int, skew: int, findings: Findings
) -> StatusList | None:
    try:
        data = read(path, MAX_STATUS_LIST_BYTES)
        if data is None:
            findings.open("status_missing", path=path)
            return None
        status = verify_status_list(data, f"https://{trust_list.registry}/{path}", trust_list)
    except (SourceError, StatusError) as error:
        findings.open(error.code, path=path)
        return None
    if not status.valid_from - skew <= now <= status.valid_until:
        findings.open("status_stale", path=path)
    return status


def _check_version(status: StatusList, trust_list: TrustList, pending: Pending, findings: Findings) -> None:
    """A list that names a newer trust list than the published one shows that one is hidden, or was just signed."""
    name = str(status.trust_list_version)
    if status.trust_list_version <= trust_list.version:
        return
    if pending.is_open(f"trust:{name}", status.valid_from):
        findings.open("trust_list_ahead_of_log", None, name)
    else:
        findings.fault("trust_list_hidden", None, name)


def _compare(status: StatusList, series: Series, block: int, pending: Pending, findings: Findings) -> None:
    expected = expected_bits(series, block, status.purpose)
    for index in _differences(status.bits, expected):
        number = _digits(series, block * STATUS_LIST_BITS + index)
        if pending.is_open(f"{status.purpose}:{number}", status.valid_from):
            findings.open("status_ahead_of_log", None, number, purpose=status.purpose)
        elif status.is_set(index):
            findings.fault("status_without_entry", None, number, purpose=status.purpose)
        else:
            findings.fault("status_not_published", None, number, purpose=status.purpose)


def _differences(left: bytes, right: bytes) -> Iterator[int]:
    """Indexes of the bits in which they differ."""
    if left != right:
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            for bit in range(8) if one != other else ():
                if (one ^ other) & (0x80 >> bit):
                    yield place * 8 + bit


def _digits(series: Series, serial: int) -> str:
    try:
        return series.number(serial).digits
    except FormError:
        return ""  # a bit for which there is no number
