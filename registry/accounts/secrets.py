"""Secrets that are shown once, and the hashes that are kept of them.

A secret has 256 bits, so its hash needs neither salt nor cost: nobody guesses it, and whoever reads the hash cannot go
back. Each purpose hashes differently: what was made for one is never found for another.
"""

import hmac
import secrets
from hashlib import sha256


def new_secret() -> str:
    """43 characters for a link, a cookie or a header."""
    return secrets.token_urlsafe(32)


def secret_hash(purpose: str, secret: str) -> bytes:
    """The 32 bytes by which ``secret`` is found again."""
    return hmac.digest(f"certreg {purpose} v1".encode(), secret.encode("utf-8", "surrogatepass"), sha256)
