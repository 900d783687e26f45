"""did:web identifiers (W3C did:web method): the registry's, its authorities' and their keys'.

One shape only: ``did:web:HOST`` for the registry and ``did:web:HOST:a:CODE`` for an authority; a key is that and
``#fragment``. HOST is a lower-case DNS name with at least one dot, or ``localhost``; a port is written ``%3A``.
"""

import re
from typing import NewType

from keys.errors import EncodingError

Did = NewType("Did", str)
KeyId = NewType("KeyId", str)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:localhost|{_LABEL}(?:\.{_LABEL})+)(?::[1-9][0-9]{{0,4}})?", re.ASCII)
_FRAGMENT = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def check_host(host: str) -> str:
    """``host`` if it may stand in an identifier (``name[:port]``, at most 253 characters)."""
    if len(host) > 253 or _HOST.fullmatch(host) is None:
        raise EncodingError("host_form", host[:80])
    return host


def registry_did(host: str) -> Did:
    """``did:web:HOST``."""
    return Did("did:web:" + check_host(host).replace(":", "%3A"))


def authority_did(host: str, code: str) -> Did:
    """``did:web:HOST:a:CODE``; ``code`` is the 6-digit authority code."""
    if _CODE.fullmatch(code) is None:
        raise EncodingError("authority_code_form")
    return Did(f"{registry_did(host)}:a:{code}")


def key_id(did: Did, fragment: str) -> KeyId:
    """``did#fragment``."""
    if _FRAGMENT.fullmatch(fragment) is None:
        raise EncodingError("key_fragment_form")
    return KeyId(f"{did}#{fragment}")


def split_key_id(identifier: str) -> tuple[Did, str]:
    """The controller and fragment of a key id."""
    did, separator, fragment = identifier.partition("#")
    if not separator or _FRAGMENT.fullmatch(fragment) is None or not did.startswith("did:web:"):
        raise EncodingError("key_id_form")
    return Did(did), fragment
