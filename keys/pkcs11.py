"""Keys in a token (PKCS #11 v3.0), which never leave it: CKM_EDDSA over edwards25519, and AES-256 that wraps other keys.

The token and the key are named by a URI of RFC 7512 in one spelling,
``pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/…/module.so``; other attributes, a PIN above all, are refused.
Needs the extra ``pkcs11`` (python-pkcs11), loaded when a token is first used. A token may make a fault like any machine:
every signature is verified before it is given. Keys that the token would hand out are refused.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, unquote

from keys.errors import CustodyError, PublicKeyError
from keys.publickey import PublicKey

_EDWARDS25519 = "1.3.101.112"
_POINT_DER = b"\x04\x20"
"""OCTET STRING of 32 bytes: how PKCS #11 gives a public key; some tokens give the 32 bytes alone."""
_FORM = re.compile(r"pkcs11:token=([^;?]+);object=([^;?]+)\?module-path=([^?&]+)", re.ASCII)
_PATH_CHARACTERS = "-._~:[]@!$'()*+,=&"  # RFC 7512 section 2.3, pk11-path-char
_QUERY_CHARACTERS = "-._~:[]@!$'()*+,=/|"
_FAULTS = {
    "NoSuchToken": "token_missing",
    "TokenNotPresent": "token_missing",
    "TokenNotRecognised": "token_missing",
    "MultipleTokensReturned": "token_ambiguous",
    "PinIncorrect": "token_pin",
    "PinInvalid": "token_pin",
    "PinLenRange": "token_pin",
    "PinLocked": "token_pin_locked",
}
"""What is told apart; everything else that a token says means that it cannot be used now (``token_gone``)."""


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Where a key is: the module that speaks to the token, the token's label, the key's label."""

    module: Path
    token: str
    object: str

    @classmethod
    def parse(cls, text: str) -> "TokenUri":
        """From the one spelling that ``str`` gives back; raises ``CustodyError`` (``token_uri``)."""
        form = _FORM.fullmatch(text)
        if form is None:
            raise CustodyError("token_uri", "form")
        try:
            token, label, module = (unquote(part, errors="strict") for part in form.groups())
        except UnicodeDecodeError as error:
            raise CustodyError("token_uri", "not UTF-8") from error
        found = cls(Path(module), token, label)
        if str(found) != text or not found.module.is_absolute():
            raise CustodyError("token_uri", "not its own spelling, or a module without its whole path")
        return found

    def __str__(self) -> str:
        token, label = (quote(part, safe=_PATH_CHARACTERS) for part in (self.token, self.object))
        return f"pkcs11:token={token};object={label}?module-path={quote(str(self.module), safe=_QUERY_CHARACTERS)}"


class Token:
    """A token, logged in for as long as the process lives: PKCS #11 logs in a process, not a thread or a session."""

    def __init__(self, session: Any, binding: Any) -> None:
        self._session = session
        self._binding = binding
        self._lock = Lock()

    def has(self, label: str) -> bool:
        """Whether it has a private key of that label."""
        with self._lock, _told(self._binding):
            return bool(self._found(label, self._binding.ObjectClass.PRIVATE_KEY))

    def signer(self, label: str) -> "TokenSigner":
        """The signer of the one key pair of that label; raises ``CustodyError``."""
        kinds, names = self._binding.ObjectClass, self._binding.Attribute
        with self._lock, _told(self._binding):
            private, public = (self._one(label, kind) for kind in (kinds.PRIVATE_KEY, kinds.PUBLIC_KEY))
            if private.key_type != self._binding.KeyType.EC_EDWARDS:
                raise CustodyError("token_key_type", label)
            if private[names.EXTRACTABLE] or not private[names.SENSITIVE]:
                raise CustodyError("token_key_extractable", label)
            point = bytes(public[names.EC_POINT])
        return TokenSigner(self, private, _public_key(point))

    def create(self, label: str) -> "TokenSigner":
        """Have the token make a key pair of that label, which it must not have; raises ``CustodyError``."""
        kinds = self._binding
        with self._lock, _told(self._binding):
            if list(self._session.get_objects({kinds.Attribute.LABEL: label})):
                raise CustodyError("token_key_exists", label)
            curve = kinds.util.ec.encode_named_curve_parameters(_EDWARDS25519)
            parameters = self._session.create_domain_parameters(
                kinds.KeyType.EC_EDWARDS, {kinds.Attribute.EC_PARAMS: curve}, local=True
            )
            kept = {kinds.Attribute.SENSITIVE: True, kinds.Attribute.EXTRACTABLE: False}
            parameters.generate_keypair(
                mechanism=kinds.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                store=True,
                label=label,
                id=label.encode("utf-8"),
                private_template=kept,
            )
        return self.signer(label)

    def secret(self, label: str, *, make: bool = False) -> "TokenSecret":
        """The one AES-256 key of that label, which never leaves the token; made there if ``make``. Raises ``CustodyError``."""
        kinds, names = self._binding.ObjectClass, self._binding.Attribute
        with self._lock, _told(self._binding):
            if make and not self._found(label, kinds.SECRET_KEY):
                kept = {names.SENSITIVE: True, names.EXTRACTABLE: False}
                aes = self._binding.KeyType.AES
                self._session.generate_key(aes, 256, store=True, label=label, template=kept)
            key = self._one(label, kinds.SECRET_KEY)
            if key.key_type != self._binding.KeyType.AES or key.key_length != 256:
                raise CustodyError("token_key_type", label)
            if key[names.EXTRACTABLE] or not key[names.SENSITIVE]:
                raise CustodyError("token_key_extractable", label)
        return TokenSecret(self, key)

    def encrypt(self, key: Any, data: bytes, nonce: bytes, about: bytes) -> bytes:
        """AES-256-GCM in the token: ciphertext, then the tag of 16 bytes."""
        with self._lock, _told(self._binding):
            return bytes(key.encrypt(data, **self._gcm(nonce, about)))

    def decrypt(self, key: Any, data: bytes, nonce: bytes, about: bytes) -> bytes | None:
        """What was encrypted; None where the tag is not right (a token has no one word for that)."""
        with self._lock:
            try:
                return bytes(key.decrypt(data, **self._gcm(nonce, about)))
            except (self._binding.GeneralError, self._binding.EncryptedDataInvalid):
                return None
            except self._binding.PKCS11Error as error:
                raise _fault(error) from error

    def _gcm(self, nonce: bytes, about: bytes) -> dict[str, Any]:
        parameters = self._binding.GCMParams(nonce=nonce, aad=about, tag_bits=128)
        return {"mechanism": self._binding.Mechanism.AES_GCM, "mechanism_param": parameters}

    def sign(self, private: Any, message: bytes) -> bytes:
        """What the token signs; one at a time, as a session wants it."""
        with self._lock, _told(self._binding):
            return bytes(private.sign(message, mechanism=self._binding.Mechanism.EDDSA))

    def _one(self, label: str, kind: Any) -> Any:
        found = self._found(label, kind)
        if len(found) != 1:
            raise CustodyError("token_ambiguous" if found else "token_key_missing", label)
        return found[0]

    def _found(self, label: str, kind: Any) -> list[Any]:
        """All of them, to the end of the search: a session with a search left open does nothing else any more."""
        names = self._binding.Attribute
        return list(self._session.get_objects({names.CLASS: kind, names.LABEL: label}))


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """A private key in a token (keys.signer.Signer)."""

    _token: Token
    _private: Any
    public_key: PublicKey

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over ``message``, verified: a faulty one would give the key away."""
        signature = self._token.sign(self._private, message)
        if len(signature) != 64 or not self.public_key.verify(signature, message):
            raise CustodyError("signature_fault", "token")
        return signature

    def sign_all(self, messages: Sequence[bytes]) -> list[bytes]:
        """One after the other: PKCS #11 has no way to ask for many."""
        return [self.sign(message) for message in messages]


@dataclass(frozen=True, slots=True)
class TokenSecret:
    """An AES-256 key in a token, which encrypts other keys (AES-GCM)."""

    _token: Token
    _key: Any

    def encrypt(self, data: bytes, nonce: bytes, about: bytes) -> bytes:
        """Ciphertext and tag; ``about`` is bound to it."""
        return self._token.encrypt(self._key, data, nonce, about)

    def decrypt(self, data: bytes, nonce: bytes, about: bytes) -> bytes | None:
        """What was encrypted, or None where it was not, or not about this."""
        return self._token.decrypt(self._key, data, nonce, about)


_LOGINS: dict[tuple[Path, str], Token] = {}
_LOGGING_IN = Lock()


def open_token(module: Path, label: str, pin: Callable[[], bytes]) -> Token:
    """Log in to the token of that label, which a process does once; raises ``CustodyError``. ``pin`` is asked only then."""
    binding = _binding()
    with _LOGGING_IN:
        if (module, label) not in _LOGINS:
            with _told(binding):
                token = _library(binding, module).get_token(token_label=label)
                session = token.open(rw=True, user_pin=pin().decode("utf-8", "surrogateescape"))
            _LOGINS[module, label] = Token(session, binding)
        return _LOGINS[module, label]


def _library(binding: Any, module: Path) -> Any:
    try:
        return binding.lib(str(module))
    except (RuntimeError, OSError) as error:
        raise CustodyError("token_module", str(module)) from error


def _binding() -> Any:
    """The binding, where the extra is installed."""
    try:
        import pkcs11  # noqa: PLC0415  (an extra: whoever has no token has no need of it)
        import pkcs11.util.ec  # noqa: PLC0415
    except ImportError as error:
        raise CustodyError("token_binding") from error
    return pkcs11


@contextmanager
def _told(binding: Any) -> Iterator[None]:
    """Everything that the binding raises becomes one of our errors."""
    try:
        yield
    except binding.PKCS11Error as error:
        raise _fault(error) from error


def _fault(error: Exception) -> CustodyError:
    name = type(error).__name__
    return CustodyError(_FAULTS.get(name, "token_gone"), name)


def _public_key(point: bytes) -> PublicKey:
    """The key in CKA_EC_POINT; raises ``CustodyError`` (``token_key_type``) where it is none to be trusted."""
    try:
        return PublicKey.from_raw(point.removeprefix(_POINT_DER) if len(point) == 34 else point)
    except PublicKeyError as error:
        raise CustodyError("token_key_type", error.code) from error
