"""An authority's request for a key of a year to be listed, signed by that very key (SPEC 4.3, 4.5).

Who asks proves that the key is theirs: the request is canonical JSON with one proof by the new key. It says everything
that the province is to delegate: code, kind, names, credit code, scope (explicit divisions or industries, kinds, years)
and the year that the key is for. ``nonce`` makes two requests two. Nothing here decides: approval is the province's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keys.canonical import JsonObject, canonicalize_restricted, parse_restricted
from keys.ceremony import SMALL_LIMITS, digest_of, members
from keys.did import authority_did, check_host, key_id
from keys.encodings import timestamp_decode, timestamp_encode
from keys.errors import CeremonyError, KeysError
from keys.proofs import create_proof, parse_proof, verify_proof
from keys.signer import Signer
from keys.trustlist import Authority, ListedKey, Scope, parse_authority

REQUEST_FORMAT = "certreg-authority-request/1"
_NONCE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MEMBERS = ("registry", "code", "kind", "names", "uscc", "scope", "year", "key", "created", "nonce", "proof")


@dataclass(frozen=True, slots=True)
class AuthorityRequest:
    """What an authority asks for: ``authority`` as it would be listed, with one key and no power yet."""

    registry: str
    authority: Authority
    year: int
    created: int
    nonce: str
    digest: str

    @property
    def key(self) -> ListedKey:
        """The key that is offered; its window is the province's to set."""
        return self.authority.keys[0]


def make_request(
    signer: Signer,
    *,
    registry: str,
    code: str,
    kind: str,
    names: Mapping[str, str],
    uscc: str,
    scope: Scope,
    year: int,
    sequence: int,
    created: int,
    nonce: str,
) -> bytes:
    """The request file; the key is ``YEAR-SEQUENCE`` of the authority. ``created`` is Unix seconds, ``nonce`` 32 hex digits."""
    identifier = key_id(authority_did(registry, code), f"{year}-{sequence}")
    area = (
        {"industries": sorted(scope.industries)}
        if scope.industries
        else {"divisions": sorted(scope.divisions)}
    )
    document: JsonObject = {
        "format": REQUEST_FORMAT,
        "registry": registry,
        "code": code,
        "kind": kind,
        "names": dict(names),
        "uscc": uscc,
        "scope": {**area, "kinds": sorted(scope.kinds), "years": sorted(scope.years)},
        "year": year,
        "key": {"id": identifier, "publicKeyMultibase": signer.public_key.multikey},
        "created": timestamp_encode(created),
        "nonce": nonce,
    }
    proof = create_proof(document, signer, verification_method=identifier, created=created)
    return canonicalize_restricted({**document, "proof": proof})


def parse_request(data: bytes) -> AuthorityRequest:
    """The request in ``data``; raises ``CeremonyError``: ``request_form``, ``request_key_year``, ``request_possession``."""
    try:
        document = members(parse_restricted(data, SMALL_LIMITS), REQUEST_FORMAT, *_MEMBERS)
        authority = _authority(document)
        created = timestamp_decode(document["created"])
        proof = parse_proof(document, document["proof"])
        if type(document["year"]) is not int or _NONCE.fullmatch(document["nonce"]) is None:
            raise CeremonyError("request_form")
    except (KeysError, TypeError, AttributeError, KeyError) as error:
        raise CeremonyError("request_form", str(error)) from error
    key, year = authority.keys[0], document["year"]
    if (
        re.fullmatch(rf"{year}-[1-9][0-9]?", key.id.partition("#")[2]) is None
        or year not in authority.scope.years
    ):
        raise CeremonyError("request_key_year", key.id)
    if proof.verification_method != key.id or not verify_proof(document, proof, key.public_key):
        raise CeremonyError("request_possession", key.id)
    return AuthorityRequest(
        document["registry"], authority, year, created, document["nonce"], digest_of(document)
    )


def _authority(document: JsonObject) -> Authority:
    """The request read as an entry of a trust list, by the reader of trust lists."""
    host = check_host(document["registry"])
    key = members(document["key"], None, "id", "publicKeyMultibase")
    window = {"notBefore": document["created"], "notAfter": document["created"]}
    entry: dict[str, Any] = {name: document[name] for name in ("code", "kind", "names", "uscc", "scope")}
    entry |= {
        "id": authority_did(host, document["code"]),
        "states": [{"state": "granted", "from": document["created"], "reason": "delegation"}],
        "keys": [{**key, **window, "issuerName": document["names"]["zh"]}],
    }
    return parse_authority(entry, host)
