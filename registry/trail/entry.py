"""One entry of the audit trail: its canonical form, its digest, and what never stands in it.

An entry is JCS of ``{place, previous, time, actor, act, subject, before?, after?, remark?}``; ``actor`` is ``{account, login,
name, role, authority, origin, token?}`` with an empty authority for the province. ``previous`` is the SHA-256 (hex) of
the entry before, and of the first one the trail's random start. Identity numbers are masked wherever they stand, in
remarks too: what is chained can never be taken out again.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from keys.canonical import JsonLimits, JsonObject, canonicalize_restricted, parse_canonical
from keys.encodings import timestamp_decode, timestamp_encode
from keys.errors import KeysError
from registry.actors import Actor
from registry.applications import mask_identity
from registry.errors import RegistryError
from verifier.iso7064 import mod11_2_check

JsonValue = None | bool | int | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
MAX_ENTRY_BYTES = 64 * 1024
"""Bytes of one entry. Who could abuse it: whoever writes a remark; forms bound theirs to far less."""
LIMITS = JsonLimits(MAX_ENTRY_BYTES, 8)
_REQUIRED = {"place", "previous", "time", "actor", "act", "subject"}
_OPTIONAL = {"before", "after", "remark"}
_ACTOR = {"account", "login", "name", "role", "authority", "origin"}
_TYPES: Mapping[str, type] = {
    "place": int,
    "previous": str,
    "time": str,
    "actor": dict,
    "act": str,
    "subject": str,
    "before": dict,
    "after": dict,
    "remark": str,
}
_ACT = re.compile(r"[a-z][a-z0-9-]{0,31}(?:\.[a-z][a-z0-9-]{0,31})*", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_IDENTITY = re.compile(
    r"(?P<digest>(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f]))|"
    r"(?<![0-9０-９])[1-9１-９][0-9０-９]{16}[0-9０-９XxＸｘ](?![0-9０-９])|"
    r"(?<![0-9０-９])(?<![0-9０-９][ -])[1-9１-９](?:[ -]?[0-9０-９]){16}[ -]?[0-9０-９XxＸｘ](?![ -]?[0-9０-９])"
)
"""What may be an identity number, in full-width figures and in groups too: clerks copy them so.

One SHA-256 in some ten thousand has, in hex, a run of digits that passes for one.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as read; ``document`` is all of it."""

    place: int
    previous: bytes
    at: int
    login: str
    authority: str | None
    act: str
    subject: str
    document: JsonObject


def digest_of(data: bytes) -> bytes:
    """SHA-256 of an entry's bytes."""
    return sha256(data).digest()


def entry_bytes(
    actor: Actor,
    act: str,
    *,
    place: int,
    previous: bytes,
    subject: str,
    at: int,
    before: Mapping[str, JsonValue] | None,
    after: Mapping[str, JsonValue] | None,
    remark: str,
) -> bytes:
    """The canonical bytes; raises ``RegistryError`` (``trail_entry_form``) for what is no act, or too long."""
    document: JsonObject = {
        "place": place,
        "previous": previous.hex(),
        "time": timestamp_encode(at),
        "actor": _actor_document(actor),
        "act": act,
        "subject": subject,
    }
    document |= {name: dict(value) for name, value in (("before", before), ("after", after)) if value}
    if remark:
        document["remark"] = remark
    if _ACT.fullmatch(act) is None or len(act) > 64 or not 0 < len(subject) <= 255:
        raise RegistryError("trail_entry_form", act=act)
    try:
        data = canonicalize_restricted(cleaned(document))
    except KeysError as error:
        raise RegistryError("trail_entry_form", act=act) from error
    if len(data) > MAX_ENTRY_BYTES:
        raise RegistryError("trail_entry_form", act=act)
    return data


def _actor_document(actor: Actor) -> JsonObject:
    document: JsonObject = {
        "account": actor.account,
        "login": actor.login,
        "name": actor.name,
        "role": str(actor.role),
        "authority": actor.authority or "",
        "origin": actor.origin,
    }
    return document if actor.token is None else document | {"token": actor.token}


def cleaned(value: Any) -> Any:
    """``value`` for canonical JSON: identity numbers masked, members that are None left out, sequences as arrays."""
    if isinstance(value, str):
        return masked(str(value))
    if isinstance(value, Mapping):
        return {str(name): cleaned(one) for name, one in value.items() if one is not None}
    if isinstance(value, Sequence):
        return [cleaned(one) for one in value]
    return value


def masked(text: str) -> str:
    """``text`` with every resident identity number in it (18 characters with a right check) masked; digests stay whole."""
    return _IDENTITY.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    if match["digest"] is not None:
        return match[0]
    found = unicodedata.normalize("NFKC", match[0]).replace(" ", "").replace("-", "").upper()
    return mask_identity(found) if mod11_2_check(found[:17]) == found[17] else match[0]


def parse_entry(data: bytes) -> Entry:
    """The entry in ``data``; raises ``RegistryError`` (``trail_entry_form``)."""
    try:
        document = parse_canonical(data, LIMITS)
        if not _REQUIRED <= document.keys() <= _REQUIRED | _OPTIONAL:
            raise RegistryError("trail_entry_form", act="")
        at = timestamp_decode(document["time"]) if isinstance(document["time"], str) else -1
    except KeysError as error:
        raise RegistryError("trail_entry_form", act="") from error
    right = all(type(value) is _TYPES[name] for name, value in document.items())
    if not right or at < 0 or not _is_actor(document["actor"]) or document["place"] < 1:
        raise RegistryError("trail_entry_form", act="")
    if _DIGEST.fullmatch(document["previous"]) is None or _ACT.fullmatch(document["act"]) is None:
        raise RegistryError("trail_entry_form", act="")
    actor = document["actor"]
    return Entry(
        document["place"],
        bytes.fromhex(document["previous"]),
        at,
        actor["login"],
        actor["authority"] or None,
        document["act"],
        document["subject"],
        document,
    )


def _is_actor(actor: JsonObject) -> bool:
    numbers = ("account", "token")
    return _ACTOR <= actor.keys() <= _ACTOR | {"token"} and all(
        type(value) is (int if name in numbers else str) for name, value in actor.items()
    )
