"""The one table of who may do what: route name × role → how far it reaches. What is not here is refused.

The console does not start while a route is missing here, or a line here has no route. Reach decides twice: whether the
route answers at all, and which rows its queries see (``Context.authority_filter``).
"""

from collections.abc import Iterable, Mapping
from enum import Enum

from registry.actors import Role
from registry.intake.limits import DEFAULT_LIMITS


class Reach(Enum):
    """``OWN``: what belongs to the actor's authority, or to himself; ``ALL``: the whole province."""

    NONE = "none"
    OWN = "own"
    ALL = "all"


def _line(**reaches: str) -> Mapping[Role, Reach]:
    """A line of the table: ``admin`` and ``auditor`` are the province's, the rest an authority's."""
    names = {
        "admin": Role.PROVINCE_ADMIN,
        "auditor": Role.PROVINCE_AUDITOR,
        "office": Role.AUTHORITY_ADMIN,
        "clerk": Role.CLERK,
        "approver": Role.APPROVER,
        "viewer": Role.VIEWER,
    }
    given = {names[name]: Reach(reach) for name, reach in reaches.items()}
    return {role: given.get(role, Reach.NONE) for role in Role}


_EVERYBODY = _line(admin="own", auditor="own", office="own", clerk="own", approver="own", viewer="own")
"""Whoever is signed in, for himself."""

PUBLIC = frozenset(
    {
        "static",
        "language",
        "session.new",
        "session.create",
        "session.code",
        "session.code_check",
        "session.passkey_options",
        "session.passkey",
        "invite.show",
        "invite.password",
        "invite.passkey",
    }
)
"""Routes for people who are not signed in. They tell nothing and show nothing of the registry."""

_OWN_ROUTES = (
    "home",
    "session.end",
    "me.show",
    "me.session_end",
    "me.others_end",
    "me.password",
    "me.password_set",
    "me.totp",
    "me.totp_set",
    "me.recovery",
    "me.recovery_make",
    "me.passkey",
    "me.passkey_confirm",
    "me.passkey_add",
    "me.passkey_ask",
    "me.passkey_remove",
    "token.new",
    "token.create",
    "token.revoke",
)
_MANAGING = _line(admin="all", office="own")
"""Whoever answers for people."""

_READING = _line(admin="all", auditor="all", office="own", clerk="own", approver="own", viewer="own")
"""Whoever may see what the office does, without what was written about a person."""
_CERTIFICATE_READING = (
    "certificates.list",
    "certificates.find",
    "certificates.show",
    "certificates.face",
    "certificates.pdf",
    "certificates.record",
    "certificates.proof",
    "cases.list",
    "cases.show",
)
_CASE_PROPOSING = (
    "acts.new",
    "acts.create",
    "cases.withdraw",
    "documents.add",
    "bulk.new",
    "bulk.template",
    "bulk.read",
    "bulk.show",
    "bulk.propose",
    "bulk.drop",
    "requests.new",
    "requests.create",
    "requests.decide",
)
_PRINTING = ("prints.list", "prints.create", "prints.show", "prints.progress", "prints.download")
_WORKING = _line(admin="all", auditor="all", office="own", clerk="own", approver="own")
"""Whoever works on it or answers for it."""

PERMISSIONS: Mapping[str, Mapping[Role, Reach]] = {
    **dict.fromkeys(_OWN_ROUTES, _EVERYBODY),
    # -- accounts of others
    "accounts.list": _line(admin="all", auditor="all", office="own"),
    "accounts.show": _line(admin="all", auditor="all", office="own"),
    "accounts.new": _MANAGING,
    "accounts.create": _MANAGING,
    "accounts.change": _MANAGING,
    "accounts.disable": _MANAGING,
    "accounts.enable": _MANAGING,
    "accounts.sign_out": _MANAGING,
    "accounts.reset_ask": _MANAGING,
    "accounts.reset": _MANAGING,
    # -- certificates, and what is done to one
    **dict.fromkeys(_CERTIFICATE_READING, _READING),
    "certificates.export": _line(admin="all", auditor="all", office="own", clerk="own", approver="own"),
    "certificates.reveal": _line(admin="all", auditor="all", clerk="own", approver="own"),
    "documents.show": _line(admin="all", auditor="all", office="own", clerk="own", approver="own"),
    **dict.fromkeys(_CASE_PROPOSING, _line(admin="all", clerk="own", approver="own")),
    **dict.fromkeys(("cases.confirm", "cases.decline", "cases.retry"), _line(admin="all", approver="own")),
    **dict.fromkeys(
        ("requests.list", "requests.show"),
        _line(admin="all", auditor="all", office="own", clerk="own", approver="own"),
    ),
    **dict.fromkeys(_PRINTING, _line(admin="all", office="own", clerk="own", approver="own")),
    # -- lists from upload to release
    **dict.fromkeys(("batches.list", "batches.show", "batches.events"), _READING),
    **dict.fromkeys(
        ("batches.findings", "batches.specimens", "batches.specimen", "batches.review"), _WORKING
    ),
    **dict.fromkeys(
        ("batches.annotated", "batches.mend", "batches.list_file"), _line(clerk="own", approver="own")
    ),
    **dict.fromkeys(
        (
            "batches.new",
            "batches.create",
            "batches.upload",
            "batches.single",
            "batches.single_create",
            "batches.form",
            "batches.submit",
            "batches.withdraw",
            "batches.discard",
        ),
        _line(clerk="own"),
    ),
    **dict.fromkeys(("batches.release", "batches.return"), _line(approver="own")),
    "batches.retry": _line(admin="all", approver="own"),
    # -- the province: authorities, numbers, figures
    **dict.fromkeys(("authorities.list", "authorities.show"), _READING),
    "authorities.progress": _line(admin="all", auditor="all"),
    **dict.fromkeys(
        ("authorities.new", "authorities.delegate", "authorities.change", "authorities.order"),
        _line(admin="all"),
    ),
    **dict.fromkeys(
        (
            "numbers.list",
            "numbers.show",
            "counts.show",
            "counts.export",
            "counts.certificates",
            "counts.reconcile",
        ),
        _READING,
    ),
    # -- the audit trail
    **dict.fromkeys(
        ("trail.list", "trail.show", "trail.export"), _line(admin="all", auditor="all", office="own")
    ),
    "trail.check": _line(admin="all", auditor="all"),
    "trail.seal": _line(admin="all"),
}

FOR_PROGRAMS = (
    "batches.list",
    "batches.form",
    "batches.create",
    "batches.single_create",
    "batches.show",
    "batches.findings",
    "batches.annotated",
    "batches.mend",
    "batches.upload",
    "batches.list_file",
    "batches.submit",
    "batches.withdraw",
    "batches.discard",
    "certificates.find",
    "certificates.show",
    "certificates.pdf",
    "certificates.record",
    "certificates.proof",
    "certificates.export",
    "prints.create",
    "prints.progress",
    "prints.download",
    "counts.export",
    "trail.export",
)
"""What a token may be made for, in the order of an office's day: what answers a program by JSON, a file, or an address.

Nothing else: a page is for eyes, an act on a certificate for a person, and a token that could make tokens or accounts
would never end.
"""

_LIST_BYTES = DEFAULT_LIMITS.file_bytes + 64 * 1024
"""The largest list that intake reads, and the form around it. Sender: a clerk."""
FORM_BYTES = 256 * 1024
"""What a form may weigh. Sender: anyone signed in."""
UPLOAD_BYTES: Mapping[str, int] = {
    **dict.fromkeys(("acts.create", "documents.add", "requests.create"), (8 << 20) + FORM_BYTES),
    "bulk.read": (4 << 20) + FORM_BYTES,
    "batches.create": _LIST_BYTES,
    "batches.upload": _LIST_BYTES,
}
"""Routes that take more, by name."""


def reach_of(route: str, role: Role) -> Reach:
    """How far ``role`` reaches at ``route``; a route that is not in the table reaches nothing."""
    return PERMISSIONS.get(route, {}).get(role, Reach.NONE)


def table_faults(routes: Iterable[str]) -> list[str]:
    """What keeps the console from starting: routes without a line, lines without a route, names used twice."""
    names = list(routes)
    twice = {name for name in names if names.count(name) > 1}
    known = PERMISSIONS.keys() | PUBLIC
    return [
        *(f"two routes are named {name}" for name in sorted(twice)),
        *(f"{name} is not in the permission table" for name in sorted(set(names) - known)),
        *(f"{name} is in the permission table and nowhere else" for name in sorted(known - set(names))),
        *(f"{name} is public and has a line" for name in sorted(PERMISSIONS.keys() & PUBLIC)),
    ]


def token_routes(role: Role) -> list[str]:
    """Routes that somebody of ``role`` may make a token for."""
    return [route for route in FOR_PROGRAMS if reach_of(route, role) is not Reach.NONE]
