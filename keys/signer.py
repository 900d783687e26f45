"""What can sign: the one protocol that issuance, status, log and root depend on.

Who holds the private key (a file, a token, an agent in another process) is decided where the application is put
together; see keys.custody. Ed25519 is deterministic: the same key and message give the same signature, which is what
makes an interrupted issue resumable.
"""

from collections.abc import Sequence
from typing import Protocol

from keys.publickey import PublicKey


class Signer(Protocol):
    """A holder of one Ed25519 private key."""

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signer signs."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte pure Ed25519 signature over ``message``; thread-safe.

        A signer has made sure of it (twice the same, or verified) before it gives it; raises ``CustodyError``
        (``signature_fault``) rather than a wrong one.
        """

    def sign_all(self, messages: Sequence[bytes]) -> list[bytes]:
        """``sign`` of each of ``messages``, in their order: all of them or, by ``CustodyError``, none."""
