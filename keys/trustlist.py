"""The trust list: who may sign what, and when (SPEC clause 4).

One JSON document in canonical bytes, signed by a threshold of distinct root keys. This module reads it strictly into
types and writes it from them; who signed it, and whether it may follow another, is keys.trustchain.

Refused: any required member missing or of another type, an unknown member of ``scope`` or an unknown name in
``critical``, a key twice, an authority twice, a low-order key. Unknown members elsewhere are kept in
``not_understood`` and never acted on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from keys.canonical import TRUST_LIST_LIMITS, JsonObject, parse_canonical
from keys.did import Did, KeyId, authority_did, check_host, registry_did, split_key_id
from keys.encodings import timestamp_decode
from keys.errors import KeysError, TrustListError
from keys.publickey import PublicKey
from keys.trustmembers import TOP, not_understood

SPEC_VERSION = "1"
STATES = ("granted", "suspended", "withdrawn")
AUTHORITY_KINDS = ("provincial", "municipal", "industry")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class KeyRevocation:
    """A key's end. ``compromised_from`` (Unix seconds) is None where the key was only superseded."""

    at: int
    reason: str
    compromised_from: int | None = None


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key that may sign from ``not_before`` to ``not_after`` inclusive (Unix seconds)."""

    id: KeyId
    public_key: PublicKey
    not_before: int
    not_after: int
    issuer_name: str = ""
    revoked: KeyRevocation | None = None


@dataclass(frozen=True, slots=True)
class RootKey:
    """A root key of the registry."""

    id: KeyId
    public_key: PublicKey


@dataclass(frozen=True, slots=True)
class Root:
    """The root's keys and how many distinct ones must sign."""

    threshold: int
    keys: tuple[RootKey, ...]


@dataclass(frozen=True, slots=True)
class StateChange:
    """From ``since`` (Unix seconds) the authority is ``state``."""

    state: str
    since: int
    reason: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What an authority may issue: explicit sets, never prefixes. One of divisions and industries is empty."""

    divisions: frozenset[str]
    industries: frozenset[str]
    kinds: frozenset[int]
    years: frozenset[int]


@dataclass(frozen=True, slots=True)
class Authority:
    """A delegated authority with its history."""

    code: str
    id: Did
    kind: str
    uscc: str
    names: Mapping[str, str]
    scope: Scope
    states: tuple[StateChange, ...]
    keys: tuple[ListedKey, ...]

    def state_at(self, moment: int) -> StateChange | None:
        """The state in force at ``moment`` (Unix seconds); None before the first."""
        past = [change for change in self.states if change.since <= moment]
        return past[-1] if past else None

    def key(self, identifier: str) -> ListedKey | None:
        """The key of that id."""
        for key in self.keys:  # a loop, here and below: half the time of a generator, for every certificate
            if key.id == identifier:
                return key
        return None


@dataclass(frozen=True, slots=True)
class HourRule:
    """Class hours a year for one grade: all three are minima."""

    total: int
    professional: int
    public: int


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Hours that a year demands, with the document and article they come from."""

    id: str
    title: Mapping[str, str]
    source: str
    article: str
    in_force_from: str
    grades: Mapping[str, HourRule]


@dataclass(frozen=True, slots=True)
class TemplateDigest:
    """SHA-256 (hex) of a published certificate template's files, so that no web host can alter them."""

    kind: str
    version: str
    record: str
    schema: str
    context: str


@dataclass(frozen=True, slots=True)
class TrustList:
    """One version of the list, as read. ``data`` are its canonical bytes."""

    registry: str
    version: int
    valid_from: int
    valid_until: int
    root: Root
    authorities: Mapping[str, Authority]
    log_origin: str
    log_vkey: str
    witness_vkeys: tuple[str, ...]
    witness_quorum: int
    status_keys: tuple[ListedKey, ...]
    rule_sets: Mapping[str, RuleSet]
    templates: tuple[TemplateDigest, ...]
    log_former_vkeys: tuple[str, ...] = ()
    """Keys that the log had before: what they signed still counts. One that was compromised is left out."""
    report_keys: tuple[ListedKey, ...] = ()
    """Keys that sign review reports (SPEC 8.5); none in a registry that signs no such."""
    not_understood: tuple[str, ...] = ()
    data: bytes = field(default=b"", compare=False, repr=False)
    document: JsonObject = field(default_factory=dict, compare=False, repr=False)

    def status_key(self, identifier: str) -> ListedKey | None:
        """The status key of that id."""
        return next((key for key in self.status_keys if key.id == identifier), None)

    def report_key(self, identifier: str) -> ListedKey | None:
        """The report key of that id."""
        return next((key for key in self.report_keys if key.id == identifier), None)

    def authority_of(self, did: str) -> Authority | None:
        """The authority whose did:web id is ``did``."""
        # The code, which every authority's id ends with.
        authority = self.authorities.get(did.rpartition(":")[2])
        return authority if authority is not None and authority.id == did else None


def parse_trust_list(data: bytes) -> TrustList:
    """The list in ``data``, its form checked and nothing else; raises ``TrustListError``."""
    try:
        document = parse_canonical(data, TRUST_LIST_LIMITS)
        return _trust_list(document, data)
    except TrustListError:
        raise
    except KeysError as error:
        raise TrustListError("trust_list_form", error.code) from error


def _trust_list(document: JsonObject, data: bytes) -> TrustList:
    if _text(document, "specVersion") != SPEC_VERSION:
        raise TrustListError("trust_list_spec_version")
    for name in _texts(document, "critical") if "critical" in document else ():
        if name not in TOP:
            raise TrustListError("trust_list_critical", name)
    host = check_host(_text(document, "registry"))
    log = _object(document, "log")
    witnesses = _object(document, "witnesses")
    vkeys = _texts(witnesses, "vkeys")
    quorum = _count(witnesses, "quorum", at_least=0)
    if quorum > len(vkeys):
        raise TrustListError("trust_list_form", "witnesses.quorum")
    valid_from, valid_until = _time(document, "validFrom"), _time(document, "validUntil")
    return TrustList(
        registry=host,
        version=_count(document, "version", at_least=1),
        valid_from=valid_from,
        valid_until=valid_until,
        root=parse_root(_object(document, "root"), host),
        authorities=_authorities(document, host),
        log_origin=_text(log, "origin"),
        log_vkey=_text(log, "vkey"),
        log_former_vkeys=_texts(log, "former") if "former" in log else (),
        witness_vkeys=vkeys,
        witness_quorum=quorum,
        status_keys=_own_keys(document, "statusKeys", host),
        report_keys=_own_keys(document, "reportKeys", host) if "reportKeys" in document else (),
        rule_sets=_keyed(
            map(parse_rule_set, _objects(document, "ruleSets")), lambda item: item.id, "ruleSets"
        ),
        templates=tuple(map(_template, _objects(document, "templates"))),
        not_understood=not_understood(document),
        data=data,
        document=document,
    )


def parse_root(value: JsonObject, host: str) -> Root:
    """The root of the registry ``host`` in the members ``keys`` and ``threshold``; raises ``KeysError``."""
    keys = tuple(_root_key(item, host) for item in _objects(value, "keys"))
    _unique([key.public_key for key in keys], "root.keys")
    _unique([key.id for key in keys], "root.keys")
    threshold = _count(value, "threshold", at_least=1)
    if threshold > len(keys):
        raise TrustListError("trust_list_form", "root.threshold")
    return Root(threshold, keys)


def _root_key(value: JsonObject, host: str) -> RootKey:
    return RootKey(
        _owned_key_id(value, registry_did(host)), PublicKey.from_multikey(_text(value, "publicKeyMultibase"))
    )


def _own_keys(document: JsonObject, name: str, host: str) -> tuple[ListedKey, ...]:
    keys = tuple(_listed_key(item, registry_did(host)) for item in _objects(document, name))
    _unique([key.public_key for key in keys], name)
    _unique([key.id for key in keys], name)
    return keys


def _authorities(document: JsonObject, host: str) -> dict[str, Authority]:
    authorities = [parse_authority(item, host) for item in _objects(document, "authorities")]
    _unique([key.public_key for one in authorities for key in one.keys], "authorities.keys")
    return _keyed(authorities, lambda one: one.code, "authorities")


def parse_authority(value: JsonObject, host: str) -> Authority:
    """One authority of the registry ``host``, as it stands in a list; raises ``KeysError``."""
    code = _text(value, "code")
    did = authority_did(host, code)
    states = tuple(map(_state, _objects(value, "states")))
    keys = tuple(_listed_key(item, did, named=True) for item in _objects(value, "keys"))
    _unique([key.id for key in keys], "authority.keys")
    if not states or any(later.since < earlier.since for earlier, later in pairwise(states)):
        raise TrustListError("trust_list_form", "authority.states")
    if _text(value, "id") != did or _text(value, "kind") not in AUTHORITY_KINDS:
        raise TrustListError("trust_list_form", "authority.id or kind")
    return Authority(
        code=code,
        id=did,
        kind=_text(value, "kind"),
        uscc=_text(value, "uscc"),
        names=_names(value, "names"),
        scope=_scope(_object(value, "scope")),
        states=states,
        keys=keys,
    )


def _scope(value: JsonObject) -> Scope:
    unknown = set(value) - {"divisions", "industries", "kinds", "years"}
    if unknown:
        raise TrustListError("trust_list_scope", sorted(unknown)[0])
    if ("divisions" in value) == ("industries" in value):
        raise TrustListError("trust_list_form", "scope")
    return Scope(
        divisions=frozenset(_texts(value, "divisions") if "divisions" in value else ()),
        industries=frozenset(_texts(value, "industries") if "industries" in value else ()),
        kinds=_integers(value, "kinds"),
        years=_integers(value, "years"),
    )


def _state(value: JsonObject) -> StateChange:
    if _text(value, "state") not in STATES:
        raise TrustListError("trust_list_form", "state")
    return StateChange(_text(value, "state"), _time(value, "from"), _text(value, "reason"))


def _listed_key(value: JsonObject, owner: Did, *, named: bool = False) -> ListedKey:
    return ListedKey(
        id=_owned_key_id(value, owner),
        public_key=PublicKey.from_multikey(_text(value, "publicKeyMultibase")),
        not_before=_time(value, "notBefore"),
        not_after=_time(value, "notAfter"),
        issuer_name=_text(value, "issuerName") if named else "",
        revoked=_revocation(_object(value, "revoked")) if "revoked" in value else None,
    )


def _revocation(value: JsonObject) -> KeyRevocation:
    compromised = _time(value, "compromisedFrom") if "compromisedFrom" in value else None
    return KeyRevocation(_time(value, "at"), _text(value, "reason"), compromised)


def _owned_key_id(value: JsonObject, owner: Did) -> KeyId:
    identifier = _text(value, "id")
    controller, _ = split_key_id(identifier)
    if controller != owner:
        raise TrustListError("trust_list_form", "key id of another controller")
    return KeyId(identifier)


def parse_rule_set(value: JsonObject) -> RuleSet:
    """One rule set of a list, or of the data that is installed; raises ``TrustListError``."""
    grades = {
        grade: HourRule(*(_count(rule, name, at_least=0) for name in ("total", "professional", "public")))
        for grade, rule in ((grade, _object(value["grades"], grade)) for grade in _object(value, "grades"))
    }
    return RuleSet(
        id=_text(value, "id"),
        title=_names(value, "title"),
        source=_text(value, "source"),
        article=_text(value, "article"),
        in_force_from=_text(value, "inForceFrom"),
        grades=grades,
    )


def _template(value: JsonObject) -> TemplateDigest:
    return TemplateDigest(
        *(_text(value, name) for name in ("kind", "version", "record", "schema", "context"))
    )


def _object(value: JsonObject, name: str) -> JsonObject:
    member = value.get(name)
    if type(member) is not dict:
        raise TrustListError("trust_list_form", name)
    return member


def _objects(value: JsonObject, name: str) -> list[JsonObject]:
    member = value.get(name)
    if type(member) is not list or any(type(item) is not dict for item in member):
        raise TrustListError("trust_list_form", name)
    return member


def _text(value: JsonObject, name: str) -> str:
    member = value.get(name)
    if type(member) is not str:
        raise TrustListError("trust_list_form", name)
    return member


def _texts(value: JsonObject, name: str) -> tuple[str, ...]:
    member = value.get(name)
    if type(member) is not list or any(type(item) is not str for item in member):
        raise TrustListError("trust_list_form", name)
    _unique(member, name)
    return tuple(member)


def _integers(value: JsonObject, name: str) -> frozenset[int]:
    member = value.get(name)
    if type(member) is not list or any(type(item) is not int for item in member):
        raise TrustListError("trust_list_form", name)
    return frozenset(member)


def _names(value: JsonObject, name: str) -> dict[str, str]:
    names = _object(value, name)
    if "zh" not in names or any(type(text) is not str for text in names.values()):
        raise TrustListError("trust_list_form", name)
    return names


def _count(value: JsonObject, name: str, *, at_least: int) -> int:
    member = value.get(name)
    if type(member) is not int or member < at_least:
        raise TrustListError("trust_list_form", name)
    return member


def _time(value: JsonObject, name: str) -> int:
    return timestamp_decode(_text(value, name))


def _unique(values: Iterable[object], where: str) -> None:
    seen = list(values)
    if len(set(seen)) != len(seen):
        raise TrustListError("trust_list_duplicate", where)


def _keyed(items: Iterable[_T], key: Callable[[_T], str], where: str) -> dict[str, _T]:
    values = list(items)
    _unique(map(key, values), where)
    return {key(item): item for item in values}
