"""``custody.json`` in the registry's folder: which keys are not in the default place, and where they are instead.

    {"custodyVersion": 1, "keys": {"log": "pkcs11:token=certreg;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so",
                                   "410100-2026-1": "file:/mnt/keys/410100-2026-1.pem"}}

A name that is not there, and every name where there is no such file, is ``keys/NAME.pem``. Written before the key is made.
It decides where a secret is made, so whoever may write it must be the one who may write the keys.
"""

from collections.abc import Mapping
from pathlib import Path

from keys.agentwire import is_key_name
from keys.canonical import JsonLimits, parse_restricted
from keys.errors import CustodyError, JsonError
from keys.pkcs11 import TokenUri

Place = Path | TokenUri
_LIMITS = JsonLimits(max_bytes=1 << 20, max_depth=3)
_FILE = "file:"


def read_custody(file: Path) -> dict[str, Place]:
    """The places in ``file``, none where it is absent; raises ``CustodyError`` (``custody_file``, ``token_uri``)."""
    try:
        mode, data = file.stat().st_mode, file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CustodyError("custody_file", str(file)) from error
    if mode & 0o022:
        raise CustodyError("custody_file", f"{file.name}: others may write it")
    try:
        document = parse_restricted(data, _LIMITS)
    except JsonError as error:
        raise CustodyError("custody_file", error.code) from error
    if not isinstance(document, dict) or set(document) != {"custodyVersion", "keys"}:
        raise CustodyError("custody_file", "members")
    version, keys = document["custodyVersion"], document["keys"]
    if version != 1 or isinstance(version, bool) or not isinstance(keys, dict):
        raise CustodyError("custody_file", "version or keys")
    return _places(keys)


def _places(keys: Mapping[str, object]) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for name, address in keys.items():
        if not is_key_name(name) or not isinstance(address, str):
            raise CustodyError("custody_file", name)
        if address.startswith(_FILE):
            path = Path(address.removeprefix(_FILE))
            if not path.is_absolute():
                raise CustodyError("custody_file", address)
            places[name] = path
        else:
            places[name] = TokenUri.parse(address)
    return places
