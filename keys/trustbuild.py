"""Writing a trust list: from types to the signed canonical bytes (SPEC clause 4).

The registry edits a ``TrustList`` with ``dataclasses.replace`` and signs the result here; the bytes that come back have
been read again by the strict parser, so that nothing can be published that a verifier would refuse.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from keys.canonical import JsonObject, canonicalize_restricted
from keys.did import KeyId
from keys.encodings import timestamp_encode
from keys.errors import TrustListError
from keys.proofs import create_proof
from keys.signer import Signer
from keys.trustlist import (
    SPEC_VERSION,
    Authority,
    ListedKey,
    RuleSet,
    Scope,
    StateChange,
    TrustList,
    parse_trust_list,
)


def document_of(trust: TrustList) -> JsonObject:
    """The unsigned document of ``trust``. A registry without report keys has no member for them."""
    report_keys = [_listed_key(key) for key in trust.report_keys]
    document: JsonObject = {
        "specVersion": SPEC_VERSION,
        "registry": trust.registry,
        "version": trust.version,
        "validFrom": timestamp_encode(trust.valid_from),
        "validUntil": timestamp_encode(trust.valid_until),
        "root": {
            "threshold": trust.root.threshold,
            "keys": [
                {"id": key.id, "publicKeyMultibase": key.public_key.multikey} for key in trust.root.keys
            ],
        },
        "authorities": [_authority(one) for one in trust.authorities.values()],
        "log": _log(trust),
        "witnesses": {"vkeys": list(trust.witness_vkeys), "quorum": trust.witness_quorum},
        "statusKeys": [_listed_key(key) for key in trust.status_keys],
        "ruleSets": [_rule_set(rules) for rules in trust.rule_sets.values()],
        "templates": [
            {
                "kind": one.kind,
                "version": one.version,
                "record": one.record,
                "schema": one.schema,
                "context": one.context,
            }
            for one in trust.templates
        ],
    }
    return {**document, "reportKeys": report_keys} if report_keys else document


def sign_trust_list(trust: TrustList, signers: Mapping[KeyId, Signer], *, created: int) -> TrustList:
    """``trust`` signed by every one of ``signers`` (root keys by id); ``created`` is Unix seconds."""
    document = document_of(trust)
    return seal_trust_list(
        document,
        [
            create_proof(document, signer, verification_method=identifier, created=created)
            for identifier, signer in signers.items()
        ],
    )


def seal_trust_list(document: JsonObject, proofs: Iterable[Mapping[str, Any]]) -> TrustList:
    """``document`` with ``proofs`` collected from wherever the root keys are."""
    sealed = {**document, "proof": [dict(proof) for proof in proofs]}
    if not sealed["proof"]:
        raise TrustListError("trust_list_unsigned")
    return parse_trust_list(canonicalize_restricted(sealed))


def next_version(trust: TrustList, *, valid_from: int, valid_until: int) -> TrustList:
    """``trust`` as the draft of its successor."""
    return replace(trust, version=trust.version + 1, valid_from=valid_from, valid_until=valid_until)


def with_authority(trust: TrustList, authority: Authority) -> TrustList:
    """``trust`` with ``authority`` added, or put in place of the one with its code."""
    return replace(trust, authorities={**trust.authorities, authority.code: authority})


def with_state(authority: Authority, change: StateChange) -> Authority:
    """``authority`` with one more change at the end of its history."""
    return replace(authority, states=(*authority.states, change))


def with_key(authority: Authority, key: ListedKey) -> Authority:
    """``authority`` with one more key."""
    return replace(authority, keys=(*authority.keys, key))


def _log(trust: TrustList) -> JsonObject:
    document: JsonObject = {"origin": trust.log_origin, "vkey": trust.log_vkey}
    return {**document, "former": list(trust.log_former_vkeys)} if trust.log_former_vkeys else document


def _authority(one: Authority) -> JsonObject:
    return {
        "code": one.code,
        "id": one.id,
        "kind": one.kind,
        "uscc": one.uscc,
        "names": dict(one.names),
        "scope": _scope(one.scope),
        "states": [
            {"state": change.state, "from": timestamp_encode(change.since), "reason": change.reason}
            for change in one.states
        ],
        "keys": [{**_listed_key(key), "issuerName": key.issuer_name} for key in one.keys],
    }


def _scope(scope: Scope) -> JsonObject:
    area = (
        {"industries": sorted(scope.industries)}
        if scope.industries
        else {"divisions": sorted(scope.divisions)}
    )
    return {**area, "kinds": sorted(scope.kinds), "years": sorted(scope.years)}


def _listed_key(key: ListedKey) -> JsonObject:
    document: JsonObject = {
        "id": key.id,
        "publicKeyMultibase": key.public_key.multikey,
        "notBefore": timestamp_encode(key.not_before),
        "notAfter": timestamp_encode(key.not_after),
    }
    if key.revoked is not None:
        document["revoked"] = {"at": timestamp_encode(key.revoked.at), "reason": key.revoked.reason}
        if key.revoked.compromised_from is not None:
            document["revoked"]["compromisedFrom"] = timestamp_encode(key.revoked.compromised_from)
    return document


def _rule_set(rules: RuleSet) -> JsonObject:
    return {
        "id": rules.id,
        "title": dict(rules.title),
        "source": rules.source,
        "article": rules.article,
        "inForceFrom": rules.in_force_from,
        "grades": {
            grade: {"total": rule.total, "professional": rule.professional, "public": rule.public}
            for grade, rule in rules.grades.items()
        },
    }
