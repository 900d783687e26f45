"""Entries of the transparency log (SPEC 6.2): what happened to which number, without personal data.

An entry is JCS of ``{action, number, digest, authority, time, reason?, successor?}``; ``digest`` is the SHA-256 (hex) of
the signed record's bytes. ``void`` accounts for a number that was reserved and never issued; ``trust-list`` logs a
version of the trust list (its number is the version, its digest that of its bytes); ``audit-trail`` seals the head of
the registry's audit trail (its number is how many acts, its digest that of the last). Entries are compared as bytes, so
there is one spelling.
"""

import re
from hashlib import sha256
from typing import NamedTuple

from keys.canonical import JsonLimits, dump_checked, parse_canonical
from keys.encodings import timestamp_decode, timestamp_encode
from keys.errors import EncodingError, KeysError
from verifier.errors import LogError
from verifier.limits import MAX_LOG_ENTRY_BYTES

OWN_ACTIONS = ("trust-list", "audit-trail")
"""The registry's own, of no certificate and no authority."""
ACTIONS = ("issue", "suspend", "reinstate", "revoke", "void", *OWN_ACTIONS)
_LIMITS = JsonLimits(MAX_LOG_ENTRY_BYTES, 2)
_REQUIRED = {"action", "number", "digest", "authority", "time"}
_OPTIONAL = {"reason", "successor"}
_ALLOWED = _REQUIRED | _OPTIONAL
_DIGEST = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)
_USUAL = re.compile(
    r'\{"action":"(issue|suspend|reinstate|revoke|void|trust-list|audit-trail)","authority":"([0-9]{6}|)",'
    r'"digest":"([0-9a-f]{64}|)","number":"([0-9]{1,20})"(?:,"reason":"([a-z_-]{1,64})")?'
    r'(?:,"successor":"([0-9]{20})")?,"time":"([0-9TZ:-]{20})"\}'
)


class LogEntry(NamedTuple):
    """One entry. ``time`` is Unix seconds; ``digest`` is empty for ``void``."""

    action: str
    number: str
    digest: str
    authority: str
    time: int
    reason: str = ""
    successor: str = ""

    def to_bytes(self) -> bytes:
        """The bytes that the log stores and hashes."""
        document = {
            "action": self.action,
            "number": self.number,
            "digest": self.digest,
            "authority": self.authority,
            "time": timestamp_encode(self.time),
        }
        if self.reason or self.successor:
            more = {"reason": self.reason, "successor": self.successor}
            document |= {name: value for name, value in more.items() if value}
        return dump_checked(document)  # texts under ASCII names: in the restricted profile as they are


def record_digest(data: bytes) -> str:
    """SHA-256 of a signed document's bytes, in hex."""
    return sha256(data).hexdigest()


def parse_log_entry(data: bytes) -> LogEntry:
    """The entry in ``data``; raises ``LogError`` (``log_entry_form``)."""
    try:
        document = parse_canonical(data, _LIMITS)
        if not _REQUIRED <= document.keys() <= _ALLOWED or set(map(type, document.values())) != {str}:
            raise LogError("log_entry_form")
        document["time"] = timestamp_decode(document["time"])
    except KeysError as error:
        raise LogError("log_entry_form", error.code) from error
    entry = LogEntry(**document)
    # The bytes were canonical and the time has one spelling: only an empty member could be left out and put back.
    empty = len(document) > len(_REQUIRED) and "" in (document.get("reason"), document.get("successor"))
    if entry.action not in ACTIONS or _DIGEST.fullmatch(entry.digest) is None or empty:
        raise LogError("log_entry_form")
    return entry


def read_entry(data: bytes) -> LogEntry:
    """As ``parse_log_entry``, by a pattern where ``data`` is what this registry writes; a property test holds the two together."""
    # Other letters than ASCII's are none of the pattern's.
    match = _USUAL.fullmatch(data.decode("ascii", "replace"))
    if match is None:
        return parse_log_entry(data)
    action, authority, digest, number, reason, successor, time = match.groups("")
    try:
        moment = timestamp_decode(time)
    except EncodingError as error:
        raise LogError("log_entry_form", error.code) from error
    return LogEntry(action, number, digest, authority, moment, reason, successor)
