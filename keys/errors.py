"""The errors of this package: one family, told apart by a code.

A code is the identity of a condition (``base58_character``, ``key_low_order`` …) and is stable; ``detail`` is for a
developer's eyes, carries no personal data and is never shown as the reason of a verdict.
"""


class KeysError(Exception):
    """Base of everything that this package raises for bad input. ``code`` is the condition."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class EncodingError(KeysError):
    """Text or bytes are not in the one accepted encoding (keys.encodings, keys.did)."""


class JsonError(KeysError):
    """A document is not strict JSON, is over a bound, or has no canonical form (keys.canonical)."""


class PublicKeyError(KeysError):
    """A public key is malformed or must not be trusted (keys.publickey)."""


class ProofError(KeysError):
    """A Data Integrity proof is malformed or does not verify (keys.proofs)."""


class TrustListError(KeysError):
    """A trust list is malformed, not signed as required, or not a successor (keys.trustlist, keys.trustchain)."""


class CustodyError(KeysError):
    """A private key cannot be stored or opened (keys.custody)."""


class CeremonyError(KeysError):
    """What travels to or from a root ceremony is malformed, not proven, or does not fit (keys.ceremony, keys.delegation)."""
