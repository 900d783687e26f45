"""Reading entries quickly: a pattern for those that this registry writes, the strict parser for all others.

What the pattern takes, ``parse_log_entry`` takes with the same result; a property test holds them together.
"""

import re
from functools import lru_cache

from keys.encodings import timestamp_decode
from keys.errors import EncodingError
from verifier.errors import FormError, LogError
from verifier.logentry import OWN_ACTIONS, LogEntry, parse_log_entry
from verifier.number import parse_number

_USUAL = re.compile(
    rb'\{"action":"(issue|suspend|reinstate|revoke|void|trust-list|audit-trail)","authority":"([0-9]{6}|)",'
    rb'"digest":"([0-9a-f]{64}|)","number":"([0-9]{1,20})"(?:,"reason":"([a-z_-]{1,64})")?'
    rb'(?:,"successor":"([0-9]{20})")?,"time":"([0-9TZ:-]{20})"\}'
)
_OWN_NUMBERS = {"trust-list": r"[1-9][0-9]{0,8}", "audit-trail": r"[1-9][0-9]{0,14}"}
"""A version of the trust list; how many acts are in the registry's audit trail."""
_decode_time = lru_cache(maxsize=256)(timestamp_decode)


def read_entry(data: bytes) -> LogEntry:
    """The entry in ``data``; raises ``LogError`` (``log_entry_form``)."""
    match = _USUAL.fullmatch(data)
    if match is None:
        return parse_log_entry(data)
    action, authority, digest, number, reason, successor, time = match.groups(b"")
    try:
        moment = _decode_time(time.decode("ascii"))
    except EncodingError as error:
        raise LogError("log_entry_form", error.code) from error
    return LogEntry(
        action.decode("ascii"),
        number.decode("ascii"),
        digest.decode("ascii"),
        authority.decode("ascii"),
        moment,
        reason.decode("ascii"),
        successor.decode("ascii"),
    )


def fault_in_members(entry: LogEntry) -> str:
    """Which member an entry of this action may not have as it is (SPEC 6.2), or empty."""
    if entry.action in OWN_ACTIONS:
        if re.fullmatch(_OWN_NUMBERS[entry.action], entry.number, re.ASCII) is None:
            return "number"
        return "digest" if not entry.digest else "authority" if entry.authority else ""
    try:
        number = parse_number(entry.number)
        if entry.successor:
            parse_number(entry.successor)
    except FormError as error:
        return error.code
    if bool(entry.digest) == (entry.action == "void"):
        return "digest"
    return "authority" if entry.authority != number.authority else ""
