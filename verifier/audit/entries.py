"""Members of an entry that its action does not allow (SPEC 6.2)."""

import re

from verifier.errors import FormError
from verifier.logentry import OWN_ACTIONS, LogEntry
from verifier.number import parse_number

_OWN_NUMBERS = {"trust-list": r"[1-9][0-9]{0,8}", "audit-trail": r"[1-9][0-9]{0,14}"}
"""A version of the trust list; how many acts are in the registry's audit trail."""


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
