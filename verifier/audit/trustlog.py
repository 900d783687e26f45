"""The versions of the trust list as the log has them, each compared with the published document (SPEC 4.2 and 6.2).

A version counts for the entries behind its own. Beyond the signatures it is looked at whether the past was left alone:
an authority's states and keys may be added to and keys revoked, but nothing that was signed before may read otherwise.
"""

from collections.abc import Callable
from dataclasses import replace

from keys.errors import TrustListError
from keys.trustchain import pin_of, verify_chain
from keys.trustlist import Authority, TrustList, parse_trust_list
from verifier.audit.report import Findings
from verifier.errors import SourceError
from verifier.logentry import LogEntry, record_digest

BACKDATING_SECONDS = 86400
"""A list may be drafted a day before the root's keepers sign it; a state that begins earlier is back-dated."""


class TrustLog:
    """``read(version)`` gives a published version, None where there is none; raises ``SourceError``."""

    def __init__(self, read: Callable[[int], bytes | None], registry: str, findings: Findings) -> None:
        self._read = read
        self._registry = registry
        self._findings = findings
        self.version = 0
        self.digest = ""
        self.current: TrustList | None = None
        """None also where a version could not be read: then nobody's authority can be judged."""

    def enter(self, leaf: int, entry: LogEntry) -> None:
        """An entry ``trust-list``, its members in order."""
        version = int(entry.number)
        if version != self.version + 1:
            self._findings.fault("trust_list_order", leaf, entry.number, expected=self.version + 1)
        before, self.current = self.current, None
        self.version, self.digest = version, entry.digest
        trust_list = self._published(leaf, version, entry.digest)
        if trust_list is None:
            return
        self.current = trust_list
        if before is not None:
            self._check_succession(leaf, before, trust_list)

    def _published(self, leaf: int, version: int, digest: str) -> TrustList | None:
        name = str(version)
        try:
            data = self._read(version)
        except SourceError as error:
            self._findings.open(error.code, leaf, name, path=f"trust/{version}.json")
            return None
        if data is None:
            self._findings.open("trust_list_unpublished", leaf, name)
            return None
        if record_digest(data) != digest:
            self._findings.fault("trust_list_differs", leaf, name)
            return None
        try:
            trust_list = parse_trust_list(data)
            verify_chain([data], pin_of(trust_list))
        except TrustListError as error:
            self._findings.fault("trust_list_unusable", leaf, name, reason=error.code)
            return None
        if (trust_list.registry, trust_list.version) != (self._registry, version):
            self._findings.fault("trust_list_differs", leaf, name)
            return None
        return trust_list

    def _check_succession(self, leaf: int, before: TrustList, after: TrustList) -> None:
        name = str(after.version)
        try:
            verify_chain([after.data], pin_of(before))
        except TrustListError as error:
            self._findings.fault("trust_list_unusable", leaf, name, reason=error.code)
        for code, old in before.authorities.items():
            new = after.authorities.get(code)
            if new is None or not _continues(old, new):
                self._findings.fault("history_rewritten", leaf, name, authority=code)
        for code, authority in after.authorities.items():
            known = before.authorities.get(code)
            added = authority.states[len(known.states) if known else 0 :]
            if any(change.since < after.valid_from - BACKDATING_SECONDS for change in added):
                self._findings.fault("state_backdated", leaf, name, authority=code)


def _continues(old: Authority, new: Authority) -> bool:
    """Whether ``new`` is ``old`` with something added: states at the end, keys, ends of keys."""
    if new.states[: len(old.states)] != old.states:
        return False
    keys = {key.id: key for key in new.keys}
    return all(
        key.id in keys and replace(keys[key.id], revoked=None) == replace(key, revoked=None)
        for key in old.keys
    )
