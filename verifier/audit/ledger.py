"""The rules of the log, entry by entry: time, authority, numbers, life of a certificate (SPEC 1, 4.3, 4.4, 5.4, 6.2).

Holds one ``Series`` for each authority, year and kind, and no entry. What stands at the end (numbers passed over) is asked
for by ``finish``.
"""

from collections import Counter
from dataclasses import dataclass

from verifier.audit.entries import fault_in_members
from verifier.audit.report import Findings
from verifier.audit.series import ABSENT, ISSUED, REVOKED, SUSPENDED, VOID, Series
from verifier.audit.trustlog import TrustLog
from verifier.authority import authority_objection
from verifier.logentry import LogEntry
from verifier.number import CertificateNumber, parse_number

MAX_SERIES = 100_000
"""A province has about 40 authorities, 2 kinds and some years. Who could send more: whoever writes the log."""
MAX_MISSING = 2_000_000
"""Numbers passed over, of all series together, that are kept in mind."""
NUMBER_SECONDS = 7 * 86400
"""From reserving a number to its entry, at most: what is older is logged as void (SPEC 7.2, ``max_log_delay``)."""
_TO = {"suspend": SUSPENDED, "reinstate": ISSUED, "revoke": REVOKED}
_FROM = {"suspend": (ISSUED,), "reinstate": (SUSPENDED,), "revoke": (ISSUED, SUSPENDED)}


@dataclass(slots=True)
class Clocks:
    """Bounds of an entry's time, Unix seconds. ``floor`` rises with every earlier checkpoint that was cosigned."""

    now: int
    cosigned: int | None
    skew: int
    floor: int = 0


class Ledger:
    """Enter every entry in order, then ``finish``."""

    def __init__(self, trust: TrustLog, clocks: Clocks, findings: Findings) -> None:
        self._trust = trust
        self._clocks = clocks
        self._findings = findings
        self._last_time = 0
        self._missing = 0
        self._bounded = False
        self._trail = (0, "")
        self.series: dict[tuple[str, int, int], Series] = {}
        self.actions: Counter[str] = Counter()

    def enter(self, leaf: int, entry: LogEntry) -> None:
        """One entry; everything that is wrong with it becomes a finding."""
        self.actions[entry.action] += 1
        self._check_time(leaf, entry)
        wrong = fault_in_members(entry)
        if wrong:
            self._findings.fault("entry_members", leaf, entry.number, member=wrong)
        elif entry.action == "trust-list":
            self._trust.enter(leaf, entry)
        elif entry.action == "audit-trail":
            self._enter_seal(leaf, entry)
        else:
            number = parse_number(entry.number)
            if entry.action in ("issue", "void"):
                self._enter_number(leaf, entry, number)
            else:
                self._enter_change(leaf, entry, number)

    def finish(self) -> None:
        """Numbers that were passed over and never accounted for."""
        for series in self.series.values():
            for serial, gap in series.unaccounted():
                number = series.number(serial).digits
                if gap.time < self._clocks.now - NUMBER_SECONDS:
                    self._findings.fault("number_skipped", gap.leaf, number)
                else:
                    self._findings.open("number_open", gap.leaf, number)

    def _enter_seal(self, leaf: int, entry: LogEntry) -> None:
        """The registry's audit trail only grows: what it is, nobody sees here; that it went back, everybody."""
        count, digest = int(entry.number), entry.digest
        known, sealed = self._trail
        if count < known or (count == known and digest != sealed):
            self._findings.fault("trail_went_back", leaf, entry.number, before=known)
        self._trail = max(self._trail, (count, digest), key=lambda one: one[0])

    def _check_time(self, leaf: int, entry: LogEntry) -> None:
        clocks = self._clocks
        if entry.time < self._last_time:
            self._findings.fault("time_falls", leaf, entry.number, time=entry.time, before=self._last_time)
        elif entry.time < clocks.floor:
            self._findings.fault("back_dated", leaf, entry.number, time=entry.time, cosigned=clocks.floor)
        if entry.time > clocks.now + clocks.skew:
            self._findings.fault("time_in_future", leaf, entry.number, time=entry.time)
        elif clocks.cosigned is not None and entry.time > clocks.cosigned + clocks.skew:
            self._findings.fault(
                "time_after_cosigned", leaf, entry.number, time=entry.time, cosigned=clocks.cosigned
            )
        self._last_time = max(self._last_time, entry.time)

    def _enter_number(self, leaf: int, entry: LogEntry, number: CertificateNumber) -> None:
        issued = entry.action == "issue"
        if issued:
            self._check_authority(leaf, entry, number)
        series = self._series(number)
        if series is None or series.missing_below(number.serial) > MAX_MISSING - self._missing:
            self._bounded = True
            self._findings.open("audit_bound", leaf, entry.number)
            return
        before = series.state(number.serial)
        if before == ABSENT:
            self._missing += series.missing_below(number.serial)
            state = ISSUED if issued else VOID
            series.enter(number.serial, state, entry.digest, leaf=leaf, time=entry.time)
        elif before == VOID and issued:
            self._findings.fault("issued_after_void", leaf, entry.number)
        elif before != VOID and not issued:
            self._findings.fault("void_after_issue", leaf, entry.number)
        else:
            self._findings.fault("number_twice", leaf, entry.number)

    def _check_authority(self, leaf: int, entry: LogEntry, number: CertificateNumber) -> None:
        if self._trust.version == 0:
            self._findings.fault("authority_not_listed", leaf, entry.number, version=0)
        if self._trust.current is None:
            return  # why there is no list has been said
        authority = self._trust.current.authorities.get(number.authority)
        objection = (
            authority_objection(authority, number, entry.time) if authority else "authority_not_listed"
        )
        if objection is not None:
            self._findings.fault(objection, leaf, entry.number, version=self._trust.version)

    def _enter_change(self, leaf: int, entry: LogEntry, number: CertificateNumber) -> None:
        series = self.series.get((number.authority, number.year, number.kind))
        state = series.state(number.serial) if series else ABSENT
        if series is None or state in (ABSENT, VOID):
            if not self._bounded:
                self._findings.fault("status_of_unissued", leaf, entry.number, action=entry.action)
            return
        if not series.is_of(number.serial, entry.digest):
            self._findings.fault("digest_differs", leaf, entry.number)
        if state == REVOKED:
            self._findings.fault("status_after_revocation", leaf, entry.number, action=entry.action)
        elif state not in _FROM[entry.action]:
            self._findings.fault("status_transition", leaf, entry.number, action=entry.action)
        else:
            series.states[number.serial] = _TO[entry.action]
        if (entry.reason == "superseded" or entry.successor) and not self._is_successor(entry):
            self._findings.fault("successor_not_issued", leaf, entry.number, successor=entry.successor)

    def _is_successor(self, entry: LogEntry) -> bool:
        if not entry.successor or entry.successor == entry.number or entry.action != "revoke":
            return False
        number = parse_number(entry.successor)
        series = self.series.get((number.authority, number.year, number.kind))
        return series is not None and series.state(number.serial) not in (ABSENT, VOID)

    def _series(self, number: CertificateNumber) -> Series | None:
        key = (number.authority, number.year, number.kind)
        found = self.series.get(key)
        if found is None and len(self.series) < MAX_SERIES:
            found = self.series[key] = Series(*key)
        return found
