"""Who acts: an account in its role, for its authority, from an address; or the system itself.

Services take an ``Actor`` and never ask where the right came from: that is the console's permission table. An actor is
made at the edge (a session, a token, the command line) and is not stored as such; what is stored of it is in the trail.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account is for. One account has one role; whoever does two jobs has two accounts."""

    PROVINCE_ADMIN = "province-admin"
    PROVINCE_AUDITOR = "province-auditor"
    AUTHORITY_ADMIN = "authority-admin"
    CLERK = "clerk"
    APPROVER = "approver"
    VIEWER = "viewer"


PROVINCIAL = frozenset({Role.PROVINCE_ADMIN, Role.PROVINCE_AUDITOR})
"""Roles that belong to no authority; every other belongs to exactly one."""


@dataclass(frozen=True, slots=True)
class Actor:
    """``account`` is the account's id (0: the system), ``authority`` None for the province, ``origin`` an address or empty.

    ``token`` is the id of the API token that acts for the account, where one does.
    """

    account: int
    login: str
    name: str
    role: Role
    authority: str | None
    origin: str
    token: int | None = None


SYSTEM = Actor(0, "system", "", Role.PROVINCE_ADMIN, None, "")
"""The program itself: the command line, and what the worker does of its own."""
