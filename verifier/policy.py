"""What a relying party demands (SPEC 7.2). The only clock of a verification is ``at``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """``at`` is Unix seconds: the moment at which the certificate is judged."""

    at: int
    require_log: bool = False
    """Without a log proof the verdict is INDETERMINATE. A QR alone carries none."""
    require_status: bool = True
    """Without fresh status lists the verdict is INDETERMINATE."""
    clock_skew: int = 300
    """Seconds that another clock may be ahead of ours (RFC 7519 suggests a few minutes)."""
    max_log_delay: int = 7 * 86400
    """Seconds from signing to logging: a resumed batch after a long holiday. More would let an insider back-date."""
    status_max_age: int | None = None
    """Seconds since a status list was signed, where the reader wants it fresher than the list itself claims."""
