"""What ``fsck`` finds: a condition, and what it concerns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is not as it should be. ``code`` is the condition; ``subject`` a number, an index, a version."""

    code: str
    subject: str
