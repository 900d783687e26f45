"""A small registry for tests: keys with fixed seeds, and a trust list built by the code that the registry uses.

Everything is deterministic, so that bytes may be compared from run to run. Times are written as in the documents and
become Unix seconds by ``at``.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256

import pytest

from keys.custody import FileSigner
from keys.did import Did, KeyId, authority_did, key_id, registry_did
from keys.encodings import base64_encode, timestamp_decode
from keys.trustbuild import sign_trust_list
from keys.trustlist import (
    Authority,
    HourRule,
    KeyRevocation,
    ListedKey,
    Root,
    RootKey,
    RuleSet,
    Scope,
    StateChange,
    TemplateDigest,
    TrustList,
)

HOST = "jxjy.henan.example"
ISSUED_AT = "2026-01-01T00:00:00Z"
MUNICIPAL = "410100"
INDUSTRY = "418001"
ROOT_NAMES = ("root-1", "root-2", "root-3")


def at(text: str) -> int:
    """Unix seconds of ``YYYY-MM-DDTHH:MM:SSZ``."""
    return timestamp_decode(text)


def signer(name: str) -> FileSigner:
    """The signer whose seed is the SHA-256 of ``name``."""
    return FileSigner.from_seed(sha256(name.encode()).digest())


def vkey(name: str, kind: int = 1) -> str:
    """The signed-note verifier key of ``signer(name)``; kind 1 is Ed25519, 4 a witness's cosignature."""
    material = bytes((kind,)) + signer(name).public_key.raw
    digest = sha256(f"{name}\n".encode() + material).hexdigest()[:8]
    return f"{name}+{digest}+{base64_encode(material)}"


def root(names: Sequence[str] = ROOT_NAMES, *, threshold: int = 2) -> Root:
    """A root of ``signer(name)`` for every name, which is also the fragment of the key's id."""
    keys = tuple(RootKey(root_key_id(name), signer(name).public_key) for name in names)
    return Root(threshold, keys)


def root_key_id(name: str) -> KeyId:
    """The id of a root key."""
    return key_id(registry_did(HOST), name)


def root_signers(names: Sequence[str] = ROOT_NAMES) -> dict[KeyId, FileSigner]:
    """Root signers by key id."""
    return {root_key_id(name): signer(name) for name in names}


def year_key(
    owner: Did,
    year: int,
    *,
    name: str = "",
    issuer_name: str = "",
    revoked: KeyRevocation | None = None,
) -> ListedKey:
    """A key ``#YEAR-1`` for one year (China's time); its signer is ``signer(id)`` unless ``name`` says otherwise."""
    identifier = key_id(owner, f"{year}-1")
    return ListedKey(
        id=identifier,
        public_key=signer(name or identifier).public_key,
        not_before=at(f"{year - 1}-12-31T16:00:00Z"),
        not_after=at(f"{year}-12-31T15:59:59Z"),
        issuer_name=issuer_name,
        revoked=revoked,
    )


def municipal_authority() -> Authority:
    """郑州: granted, suspended for May 2026, granted again; keys for 2025 (superseded) and 2026."""
    did = authority_did(HOST, MUNICIPAL)
    name = "郑州市人力资源和社会保障局"
    superseded = KeyRevocation(at("2026-01-10T00:00:00Z"), "superseded")
    return Authority(
        code=MUNICIPAL,
        id=did,
        kind="municipal",
        uscc="11410100005252103D",
        names={"zh": name, "en": "Zhengzhou Bureau of Human Resources and Social Security"},
        scope=Scope(
            divisions=frozenset({"410100", "410102", "410103"}),
            industries=frozenset(),
            kinds=frozenset({1, 2}),
            years=frozenset({2025, 2026}),
        ),
        states=(
            StateChange("granted", at("2025-01-01T00:00:00Z"), "delegation"),
            StateChange("suspended", at("2026-05-01T00:00:00Z"), "inspection"),
            StateChange("granted", at("2026-06-01T00:00:00Z"), "inspection closed"),
        ),
        keys=(
            year_key(did, 2025, issuer_name=name, revoked=superseded),
            year_key(did, 2026, issuer_name=name),
        ),
    )


def industry_authority() -> Authority:
    """An industry department: its 2025 key was compromised from 2025-11-01."""
    did = authority_did(HOST, INDUSTRY)
    name = "河南省卫生健康委员会"
    compromised = KeyRevocation(at("2025-12-01T00:00:00Z"), "compromised", at("2025-11-01T00:00:00Z"))
    return Authority(
        code=INDUSTRY,
        id=did,
        kind="industry",
        uscc="11410000MB1912677W",
        names={"zh": name},
        scope=Scope(
            divisions=frozenset(),
            industries=frozenset({"health"}),
            kinds=frozenset({1}),
            years=frozenset({2025, 2026}),
        ),
        states=(StateChange("granted", at("2025-01-01T00:00:00Z"), "delegation"),),
        keys=(
            year_key(did, 2025, issuer_name=name, revoked=compromised),
            year_key(did, 2026, issuer_name=name),
        ),
    )


def henan_2012() -> RuleSet:
    """The rule set of the opinion of 2012."""
    return RuleSet(
        id="henan-2012",
        title={"zh": "河南省专业技术人员继续教育学时规定", "en": "Henan continuing-education hours"},
        source="豫人社〔2012〕",
        article="三",
        in_force_from="2012-09-11",
        grades={
            "senior": HourRule(86, 60, 26),
            "intermediate": HourRule(86, 60, 26),
            "junior": HourRule(74, 52, 22),
        },
    )


def template(kind: str) -> TemplateDigest:
    """Digests that name no real file; tests that expand a template put the real ones."""
    digests = {
        part: sha256(f"{kind} {part}".encode()).hexdigest() for part in ("record", "schema", "context")
    }
    return TemplateDigest(kind=kind, version="v1", **digests)


def trust_draft(*, version: int = 1, trusted_root: Root | None = None) -> TrustList:
    """An unsigned trust list with two authorities, one log, two witnesses and one status key, in force for 2026."""
    authorities = (municipal_authority(), industry_authority())
    return TrustList(
        registry=HOST,
        version=version,
        valid_from=at(ISSUED_AT),
        valid_until=at("2027-01-01T00:00:00Z"),
        root=trusted_root or root(),
        authorities={one.code: one for one in authorities},
        log_origin=f"{HOST}/log",
        log_vkey=vkey(f"{HOST}/log"),
        witness_vkeys=(vkey("witness-1.example", kind=4), vkey("witness-2.example", kind=4)),
        witness_quorum=1,
        status_keys=(year_key(registry_did(HOST), 2026, name="status"),),
        rule_sets={"henan-2012": henan_2012()},
        templates=(template("annual"), template("completion")),
    )


def signed(draft: TrustList, signers: Mapping[KeyId, FileSigner] | None = None) -> TrustList:
    """``draft`` signed by ``signers``, by default all three root keys."""
    return sign_trust_list(draft, signers or root_signers(), created=at(ISSUED_AT))


def example_trust_list() -> TrustList:
    """The first version of ``trust_draft``, signed by the whole root."""
    return signed(trust_draft())


@contextmanager
def refused(family: type[Exception], code: str) -> Iterator[None]:
    """The block must raise ``family`` with exactly this ``code``."""
    with pytest.raises(family) as caught:
        yield
    assert getattr(caught.value, "code", None) == code
