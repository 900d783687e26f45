"""Vectors: trust lists that cannot be used, may not follow, or say more than this version understands (step 3)."""

from dataclasses import replace
from typing import Any

from keys.canonical import canonicalize_restricted
from keys.did import key_id, registry_did
from keys.encodings import multibase_encode
from keys.trustchain import RootPin
from keys.trustlist import KeyRevocation, Root, RootKey, TrustList
from tests.builders import HOST, MUNICIPAL, ROOT_NAMES, at, root, root_signers, signed, signer, vkey
from tests.simulator import NOW, SIGNED_AT, Simulator, sealed, standard_draft
from tests.vectors.model import NO_RECORD, NO_TRUST_LIST, QR, Scene, case, passed, scene, undecided
from verifier.note import NoteKey, parse_vkey

_NEW_ROOT = ("root-4", "root-5", "root-6")


def _refused(code: str, *chain: bytes, **more: Any) -> Scene:
    """A good certificate, and trust lists that step 3 cannot use because of ``code``."""
    registry = Simulator()
    expected = undecided(code, NO_TRUST_LIST, {3: f"INDETERMINATE {code}"}, missing="trust-list")
    return scene(registry, registry.evidence(registry.issue()), expected, chain=chain, **more)


def _document(**changes: Any) -> dict[str, Any]:
    return {**Simulator().trust_list.document, **changes}


def _second(names: tuple[str, ...], signers: tuple[str, ...]) -> TrustList:
    """Version 2 with the root ``names``, signed by ``signers``."""
    return signed(replace(standard_draft(), version=2, root=root(names)), root_signers(signers))


@case("trust-list-rolled-back", "4.2", "A genuine trust list, older than one that the reader has seen")
def _rolled_back() -> Scene:
    return _refused("trust_list_rollback", Simulator().trust_list.data, seen_version=2)


def _compromised_since(registry: Simulator) -> TrustList:
    """The next version, by which the key was compromised before it signed."""
    revoked = KeyRevocation(NOW - 1800, "compromised", SIGNED_AT - 3600)
    keys = tuple(replace(key, revoked=revoked) for key in registry.trust_list.authorities[MUNICIPAL].keys)
    authority = replace(registry.trust_list.authorities[MUNICIPAL], keys=keys)
    authorities = {**registry.trust_list.authorities, MUNICIPAL: authority}
    return signed(replace(registry.trust_list, version=2, valid_from=NOW - 1800, authorities=authorities))


@case(
    "trust-list-older-than-status",
    "7.3",
    "An old trust list, in which a key is not yet revoked, beside status lists that name a newer one",
)
def _revived() -> Scene:
    registry = Simulator()
    old = registry.trust_list
    certificate = registry.issue()
    registry.trust_list = _compromised_since(registry)
    steps = {3: "INDETERMINATE trust_list_rollback"}
    details = {3: {"version": 1, "newest": 2}}
    expected = undecided("trust_list_rollback", steps, missing="trust-list", details=details)
    return scene(registry, registry.evidence(certificate), expected, chain=[old.data])


@case(
    "trust-list-newer-than-status", "7.3", "A new trust list beside status lists that still name the old one"
)
def _renewed() -> Scene:
    registry = Simulator()
    certificate = registry.issue()
    evidence = registry.evidence(certificate)
    registry.trust_list = signed(replace(standard_draft(), version=2, valid_from=NOW - 300))
    return scene(registry, evidence, passed(details={3: {"version": 2, "asOf": NOW - 300}}))


@case(
    "trust-list-confirmed-by-status",
    "7.3",
    "A trust list of January that today's status lists name as the newest",
)
def _confirmed() -> Scene:
    registry = Simulator()
    expected = passed(details={3: {"version": 1, "asOf": NOW - 600}})
    return scene(registry, registry.evidence(registry.issue()), expected)


@case("root-not-pinned", "4.2", "All in order, by a root that the reader has from the publication itself")
def _not_pinned() -> Scene:
    registry = Simulator()
    expected = undecided("root_not_pinned", {3: "INDETERMINATE root_not_pinned"}, missing="root")
    return scene(registry, registry.evidence(registry.issue()), expected, pinned=False)


@case("trust-list-witness-under-two-names", "4.1", "One witness's key under two names would count twice")
def _two_names() -> Scene:
    first, _ = _document()["witnesses"]["vkeys"]
    again = NoteKey("witness-9.example", 4, parse_vkey(first).public_key).vkey
    document = _document(witnesses={"vkeys": [first, again], "quorum": 2})
    return _refused("trust_list_duplicate", sealed(document))


@case("trust-list-vkey-malformed", "4.1", "A witness's vkey whose key id is another's")
def _vkey() -> Scene:
    first, second = _document()["witnesses"]["vkeys"]
    document = _document(witnesses={"vkeys": [first, second.replace("+", "+00", 1)], "quorum": 1})
    return _refused("trust_list_form", sealed(document))


@case("trust-list-witness-vkey-of-a-log", "4.1", "A log's vkey where a witness's should be")
def _vkey_kind() -> Scene:
    document = _document(witnesses={"vkeys": [vkey("witness-1.example")], "quorum": 1})
    return _refused("trust_list_form", sealed(document))


@case("trust-list-missing", "4.2", "No trust list at all")
def _missing() -> Scene:
    return _refused("trust_list_count")


@case("trust-list-missing-qr", "4.2", "No trust list at all: a QR cannot even be expanded")
def _missing_qr() -> Scene:
    registry = Simulator()
    steps = {
        2: "SKIPPED no_trust_list",
        3: "INDETERMINATE trust_list_count",
        7: "SKIPPED no_trust_list",
        8: "SKIPPED no_trust_list",
        9: "SKIPPED no_trust_list",
    }
    expected = undecided("trust_list_count", NO_RECORD, steps, base=QR, missing="trust-list")
    return scene(registry, registry.evidence(registry.issue(), qr=True), expected, chain=())


@case("trust-list-unsigned", "4.2", "A trust list without a proof")
def _unsigned() -> Scene:
    document = {name: value for name, value in _document().items() if name != "proof"}
    return _refused("trust_list_unsigned", canonicalize_restricted(document))


@case("trust-list-signed-by-strangers", "4.2", "A trust list signed by keys that are no root keys")
def _strangers() -> Scene:
    return _refused("trust_list_unsigned", sealed(_document(), ("stranger-1", "stranger-2")))


@case("trust-list-altered", "4.2", "A trust list altered after signing: an authority may issue a kind more")
def _altered() -> Scene:
    data = Simulator().trust_list.data
    assert b'"kinds":[1],' in data
    return _refused("trust_list_unsigned", data.replace(b'"kinds":[1],', b'"kinds":[1,2],'))


@case("threshold-by-one-key-twice", "4.2", "Two proofs by one root key where two keys are demanded")
def _one_key_twice() -> Scene:
    return _refused("trust_list_threshold", sealed(_document(), ("root-1", "root-1")))


@case("threshold-not-met", "4.2", "One proof where two are demanded")
def _one_key() -> Scene:
    return _refused("trust_list_threshold", sealed(_document(), ("root-2",)))


@case("threshold-just-met", "4.2", "Two proofs of three root keys, and a stranger's beside them")
def _two_keys() -> Scene:
    registry = Simulator()
    chain = [sealed(_document(), ("root-3", "stranger-1", "root-1"))]
    return scene(registry, registry.evidence(registry.issue()), passed(), chain=chain)


@case("foreign-root", "4.2", "A genuine trust list, and a reader who pinned another root")
def _foreign_root() -> Scene:
    pin = RootPin(HOST, root(_NEW_ROOT))
    return _refused("trust_list_unsigned", Simulator().trust_list.data, pin=pin)


@case("foreign-registry", "4.2", "The trust list of another registry under the same root keys")
def _foreign_registry() -> Scene:
    host = "registry.example"
    keys = [RootKey(key_id(registry_did(host), one), signer(one).public_key) for one in ROOT_NAMES]
    pin = RootPin(host, Root(2, tuple(keys)))
    return _refused("trust_list_registry", Simulator().trust_list.data, pin=pin)


@case("root-rotated", "4.2", "A new root, signed by a threshold of the old keys and of the new")
def _rotated() -> Scene:
    registry = Simulator()
    second = _second(_NEW_ROOT, ("root-1", "root-2", "root-4", "root-5"))
    third = signed(replace(second, version=3), root_signers(_NEW_ROOT))
    chain = [registry.trust_list.data, second.data, third.data]
    expected = passed(trust={"version": 3})
    return scene(registry, registry.evidence(registry.issue()), expected, chain=chain, seen_version=3)


@case(
    "root-rotated-by-new-keys-only",
    "4.2",
    "A new root that only the new keys signed: anyone could have made it",
)
def _usurped() -> Scene:
    return _refused("trust_list_unsigned", Simulator().trust_list.data, _second(_NEW_ROOT, _NEW_ROOT).data)


@case("root-rotated-by-old-keys-only", "4.2", "A new root whose keys have not shown that anyone holds them")
def _unproven() -> Scene:
    second = _second(_NEW_ROOT, ("root-1", "root-2"))
    return _refused("trust_list_unsigned", Simulator().trust_list.data, second.data)


@case("root-rotation-skipped", "4.2", "A list of the new root, without the one that introduces it")
def _skipped() -> Scene:
    third = signed(replace(standard_draft(), version=3, root=root(_NEW_ROOT)), root_signers(_NEW_ROOT))
    return _refused("trust_list_unsigned", Simulator().trust_list.data, third.data)


@case("trust-list-version-does-not-rise", "4.2", "The same version twice in a chain")
def _same_version() -> Scene:
    data = Simulator().trust_list.data
    return _refused("trust_list_version", data, data)


@case("trust-list-stale", "7.3", "A trust list that has run out, everything else in order")
def _stale() -> Scene:
    registry = Simulator()
    registry.trust_list = signed(replace(standard_draft(), valid_until=at("2026-03-09T00:00:00Z")))
    steps = {3: "INDETERMINATE trust_list_stale"}
    details = {3: {"validUntil": at("2026-03-09T00:00:00Z")}}
    expected = undecided("trust_list_stale", steps, missing="trust-list", details=details)
    return scene(registry, registry.evidence(registry.issue()), expected)


@case("trust-list-not-yet-in-force", "7.3", "A trust list from the future")
def _early() -> Scene:
    registry = Simulator()
    registry.trust_list = signed(replace(standard_draft(), valid_from=NOW + 3600))
    steps = {3: "INDETERMINATE trust_list_stale"}
    expected = undecided("trust_list_stale", steps, missing="trust-list")
    return scene(registry, registry.evidence(registry.issue()), expected)


@case(
    "trust-list-unknown-field",
    "4.5",
    "A signed member that no clause names: accepted, and reported as not understood",
)
def _unknown_field() -> Scene:
    registry = Simulator()
    expected = passed(trust={"notUnderstood": "accreditation", "registry": HOST, "version": 1})
    chain = [sealed(_document(accreditation={"level": "A"}))]
    return scene(registry, registry.evidence(registry.issue()), expected, chain=chain)


@case(
    "trust-list-report-keys", "4.1", "A trust list with a key for review reports, which no certificate needs"
)
def _report_keys() -> Scene:
    registry = Simulator()
    key = {**_document()["statusKeys"][0], "id": key_id(registry_did(HOST), "report-1")}
    expected = passed(trust={"registry": HOST, "version": 1})
    return scene(
        registry, registry.evidence(registry.issue()), expected, chain=[sealed(_document(reportKeys=[key]))]
    )


@case("trust-list-report-keys-malformed", "4.1", "Report keys of an authority: not the registry's")
def _report_keys_of_another() -> Scene:
    keys = _document()["authorities"][0]["keys"]
    return _refused("trust_list_form", sealed(_document(reportKeys=keys)))


@case("trust-list-report-key-twice", "4.1", "One report key under two names")
def _report_key_twice() -> Scene:
    key = {**_document()["statusKeys"][0], "id": key_id(registry_did(HOST), "report-1")}
    again = {**key, "id": key_id(registry_did(HOST), "report-2")}
    return _refused("trust_list_duplicate", sealed(_document(reportKeys=[key, again])))


@case("trust-list-unknown-critical", "4.5", "A member that is called critical and that no clause names")
def _critical() -> Scene:
    document = _document(accreditation={"level": "A"}, critical=["accreditation"])
    return _refused("trust_list_critical", sealed(document))


@case(
    "trust-list-unknown-scope", "4.5", "A restriction in a scope that no clause names: not to be passed over"
)
def _scope() -> Scene:
    authorities = [
        {**one, "scope": {**one["scope"], "grades": ["junior"]}} for one in _document()["authorities"]
    ]
    return _refused("trust_list_scope", sealed(_document(authorities=authorities)))


@case(
    "trust-list-scope-without-places", "4.3", "Scopes with neither of divisions and industries, and with both"
)
def _nowhere() -> Scene:
    scopes = [
        {"kinds": [1, 2], "years": [2026]},
        {"divisions": [], "industries": [], "kinds": [], "years": []},
    ]
    pairs = zip(_document()["authorities"], scopes, strict=True)
    authorities = [{**one, "scope": scope} for one, scope in pairs]
    return _refused("trust_list_form", sealed(_document(authorities=authorities)))


@case("trust-list-unsigned-and-vkey-malformed", "4.1", "Vkeys are read in the last list, once it may follow")
def _unsigned_vkey() -> Scene:
    log = {**_document()["log"], "vkey": "x"}
    return _refused("trust_list_unsigned", sealed(_document(log=log), ("stranger",)))


@case("trust-list-other-spec-version", "4.1", "A trust list of another version of the specification")
def _spec_version() -> Scene:
    return _refused("trust_list_spec_version", sealed(_document(specVersion="2")))


@case("trust-list-low-order-key", "4.1", "A key for which a signature over anything can be made")
def _low_order() -> Scene:
    neutral = multibase_encode(bytes.fromhex("ed01" + "01" + "00" * 31))
    authorities = _document()["authorities"]
    first = {**authorities[0], "keys": [{**authorities[0]["keys"][0], "publicKeyMultibase": neutral}]}
    return _refused("trust_list_form", sealed(_document(authorities=[first, *authorities[1:]])))


@case("trust-list-key-shared", "4.1", "One key for two authorities")
def _shared() -> Scene:
    authorities = _document()["authorities"]
    keys = [one["keys"][1] for one in authorities]
    shared = {**keys[1], "publicKeyMultibase": keys[0]["publicKeyMultibase"]}
    second = {**authorities[1], "keys": [shared]}
    return _refused("trust_list_duplicate", sealed(_document(authorities=[authorities[0], second])))


@case("trust-list-not-canonical", "4.1", "A trust list with spaces")
def _spaces() -> Scene:
    return _refused("trust_list_form", Simulator().trust_list.data.replace(b'":', b'": '))
