"""Evidence: everything that was presented or fetched about one certificate, as bytes; none of it trusted (SPEC 7.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

WHITE_SPACE = " \t\n\r\u00a0\u3000"
"""What people type and scanners leave around things (SPEC, notation). Python's ``strip`` takes more, and other than others'."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What ``verify`` judges. Any part may be missing; what is missing is told, not assumed.

    ``record``: the JSON bytes. ``qr_text``: what a QR says. ``number``: as a person typed it, with ``name`` where the
    person gave one. ``log_proof``: a ``.tlog-proof`` file. ``status``: status lists and details by address.
    """

    record: bytes | None = None
    qr_text: str | None = None
    number: str | None = None
    name: str | None = None
    log_proof: bytes | None = None
    status: Mapping[str, bytes] = field(default_factory=dict)
