"""Two implementations, one judgement: whatever is presented, Python's report and the browser's are equal to the last member.

Each test changes one thing about a certificate that both accept: a bit, a member of something signed, a value in a QR, a
time. Signed documents are signed anew after the change, so that what is behind the signature is judged too.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import RECORD_LIMITS, canonicalize, parse_canonical
from keys.encodings import timestamp_encode
from keys.errors import KeysError
from keys.trustchain import RootPin
from tests.builders import HOST, signer
from tests.lineprogram import LineProgram
from tests.simulator import (
    COMPLETION,
    NOW,
    SIGNED_AT,
    Simulator,
    policy,
    resign,
    sealed,
    standard_pin,
)
from tests.vectors.model import Scene, passed
from tests.web.questions import question_of_scene
from verifier.catalogue import catalogue_of
from verifier.cbor import CborItem
from verifier.errors import FormError
from verifier.evidence import Evidence
from verifier.loading import installed_catalogue, installed_files
from verifier.number import number_of
from verifier.policy import VerificationPolicy
from verifier.qr import encode_digits, encode_payload, qr_prefix
from verifier.trust import Trust
from verifier.verify import verify

REGISTRY = Simulator()
REGISTRY.fill(5)
COMPLETED = REGISTRY.issue(COMPLETION, serial=7)
CERTIFICATE = REGISTRY.issue()
GOOD = REGISTRY.evidence(CERTIFICATE)
GOOD_QR = REGISTRY.evidence(CERTIFICATE, qr=True)
REVOKING = Simulator(REGISTRY.trust_list)
REVOKING.revoke(CERTIFICATE.number, reason="superseded", successor=COMPLETED.number.digits)
REVOKED = REVOKING.status(CERTIFICATE.number)
CATALOGUE = installed_catalogue(HOST)
CHAIN = (REGISTRY.trust_list.data,)
METHOD = CERTIFICATE.document["proof"]["verificationMethod"]
STATUS_KEY = signer("status")


def agree(
    node: LineProgram,
    evidence: Evidence,
    *,
    chain: tuple[bytes, ...] = CHAIN,
    pin: RootPin | None = None,
    pinned: bool = True,
    seen_version: int = 0,
    demands: VerificationPolicy | None = None,
) -> None:
    """Both reports are equal."""
    scene = Scene(evidence, passed(), chain, pin or standard_pin(), pinned, seen_version, demands or policy())
    trust = Trust.establish(chain, scene.pin, CATALOGUE, pinned=pinned, seen_version=seen_version)
    python = verify(evidence, trust, scene.policy).to_json()
    assert node.ask(question_of_scene(scene)) == {"answer": python}


def flipped(data: bytes, bit: int) -> bytes:
    """``data`` with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


def flips(data: bytes) -> st.SearchStrategy[bytes]:
    """``data`` with any one bit changed."""
    return st.integers(0, len(data) * 8 - 1).map(lambda bit: flipped(data, bit))


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every member and item below ``value``."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [found for key, member in members for found in ((*path, key), *paths(member, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of ``value`` with ``new`` at ``path``; without what stands there where ``new`` is ``...``."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if new is ... and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


TEXTS = st.sampled_from(
    ["", " ", "x", "0", "00", "-1", "2026", "9" * 25, "1e3", "z1", "X" * 70, HOST, f"did:web:{HOST}", METHOD, "granted", "suspended",
     "withdrawn", "2026-02-30", "2026-02-30T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-02T24:00:00Z", "2027-01-01T00:00:00Z",
     "张文博", "é", "e\u0301", "\u200b", "\t", "\\n", '"@context"', "\U0001f600" * 40, "\U000e0041", "\uf8ff", "a\u0897\u0316",
     "\U00016d67\U00016d67", "张\U00030edd"]
)  # fmt: skip
NEW = st.one_of(
    st.just(...), TEXTS, st.text(max_size=8), st.integers(-3, 3000), st.sampled_from([2**53 - 1, 410100, 1, 2]), st.booleans(),
    st.just([]), st.just({}), st.just(["x"]), st.just({"zh": "x"}),
)  # fmt: skip


def edits(document: Any) -> st.SearchStrategy[Any]:
    """``document`` with a member or item replaced, removed, doubled or added."""
    ways = paths(document)
    objects = [(), *(way for way in ways if isinstance(at_path(document, way), dict))]
    return st.one_of(
        st.builds(lambda way, new: put(document, way, new), st.sampled_from(ways), NEW),
        st.builds(
            lambda way, name, new: put(document, way, {**at_path(document, way), name: new}),
            st.sampled_from(objects),
            st.sampled_from(
                ["extra", "critical", "__proto__", "constructor", "compromisedFrom", "issuerName", "revoked"]
            ),
            st.one_of(
                TEXTS,
                st.just({"at": "2026-02-01T00:00:00Z", "reason": "x"}),
                st.just(["log"]),
                st.just(["x"]),
            ),
        ),
    )


def at_path(value: Any, path: tuple[Any, ...]) -> Any:
    """What stands at ``path``."""
    for step in path:
        value = value[step]
    return value


@given(data=flips(CERTIFICATE.record))
def test_a_bit_of_the_record(node: LineProgram, data: bytes) -> None:
    agree(node, replace(GOOD, record=data))


@given(data=flips(GOOD.log_proof or b""))
def test_a_bit_of_the_log_proof(node: LineProgram, data: bytes) -> None:
    agree(node, replace(GOOD, log_proof=data))


@given(data=flips((GOOD_QR.qr_text or "").encode()))
def test_a_bit_of_the_qr(node: LineProgram, data: bytes) -> None:
    agree(node, replace(GOOD_QR, qr_text=data.decode("latin-1")))


@given(url=st.sampled_from(sorted(GOOD.status)), revoked=st.booleans(), bit=st.integers(0, 2**20))
def test_a_bit_of_the_status(node: LineProgram, url: str, bit: int, *, revoked: bool) -> None:
    status = REVOKED if revoked else GOOD.status
    data = flipped(status[url], bit % (8 * len(status[url])))
    agree(node, replace(GOOD, status={**status, url: data}))


@given(data=flips(CHAIN[0]))
def test_a_bit_of_the_trust_list(node: LineProgram, data: bytes) -> None:
    agree(node, GOOD, chain=(data,))


@given(document=edits(dict(CERTIFICATE.unsigned)), key=st.sampled_from([METHOD, "root-1"]))
def test_a_member_of_the_record_under_a_good_signature(node: LineProgram, document: Any, key: str) -> None:
    try:
        record = resign(document, signer(key))
    except (KeysError, KeyError, TypeError, ValueError, AttributeError):
        return  # what has no proof to renew cannot be signed
    agree(node, replace(GOOD, record=record))


@given(document=edits(dict(CERTIFICATE.document)))
def test_a_member_of_the_record(node: LineProgram, document: Any) -> None:
    agree(node, replace(GOOD, record=canonicalize(document)))


@given(document=edits({k: v for k, v in REGISTRY.trust_list.document.items() if k != "proof"}))
def test_a_member_of_the_trust_list_under_good_signatures(node: LineProgram, document: Any) -> None:
    agree(node, GOOD, chain=(sealed(document),))


@given(proof=edits({"proof": REGISTRY.trust_list.document["proof"]}))
def test_a_member_of_the_trust_lists_proofs(node: LineProgram, proof: Any) -> None:
    agree(node, GOOD, chain=(canonicalize({**REGISTRY.trust_list.document, **proof}),))


def status_documents() -> Mapping[str, Any]:
    return {url: parse_canonical(data, RECORD_LIMITS) for url, data in REVOKED.items()}


STATUS_EDITS = st.one_of(
    [st.tuples(st.just(url), edits(document)) for url, document in status_documents().items()]
)


@given(edit=STATUS_EDITS)
def test_a_member_of_a_status_document_under_a_good_signature(
    node: LineProgram, edit: tuple[str, Any]
) -> None:
    url, document = edit
    try:
        data = resign(document, STATUS_KEY)
    except (KeysError, KeyError, TypeError, ValueError, AttributeError):
        return
    agree(node, replace(GOOD, status={**REVOKED, url: data}))


ITEMS = st.one_of(
    st.integers(0, 2**64 - 1), st.integers(0, 30000), st.text(max_size=12), st.binary(max_size=24), TEXTS,
    st.text(max_size=12).map(lambda text: text.encode("utf-16-be", "surrogatepass")),
)  # fmt: skip
PACKED = CERTIFICATE.template.record.pack(CERTIFICATE.fields)


@given(
    place=st.integers(0, len(PACKED)), item=ITEMS, remove=st.booleans(), code=st.sampled_from([1, 1, 1, 2, 3])
)
def test_a_value_in_the_qr(node: LineProgram, place: int, item: CborItem, code: int, *, remove: bool) -> None:
    values = PACKED[:place] + ([] if remove else [item]) + PACKED[place + 1 :]
    try:
        payload = encode_payload(code, values, CERTIFICATE.signature)
    except UnicodeEncodeError:
        return  # a lone surrogate has no UTF-8
    agree(node, replace(GOOD_QR, qr_text=qr_prefix(HOST) + encode_digits(payload)))


@given(data=st.binary(max_size=60))
def test_bytes_in_the_qr(node: LineProgram, data: bytes) -> None:
    payload = b"\x01" + data + CERTIFICATE.signature
    agree(node, replace(GOOD_QR, qr_text=qr_prefix(HOST) + encode_digits(payload)))


@given(
    text=st.one_of(
        st.text(max_size=30),
        st.from_regex(r"(?i)https?://[a-zé:@.-]{1,20}(:[0-9]{1,5})?/v#[0-9]{0,40}", fullmatch=True),
        st.sampled_from(["", " ", "\n", "https://", "x"]).map(
            lambda head: head + (GOOD_QR.qr_text or "") + head
        ),
    )
)
def test_the_text_of_the_qr(node: LineProgram, text: str) -> None:
    agree(node, replace(GOOD_QR, qr_text=text))


@given(
    number=st.one_of(
        st.text(st.sampled_from("0123456789０１９ -\u3000\u00a0\t\n٣"), max_size=70),
        st.sampled_from(" -\u3000\u2003\n").map(lambda gap: gap.join(CERTIFICATE.number.digits)),
        st.integers(1, 9_999_999).map(lambda serial: number_of("410100", 2026, 1, serial).printed),
        st.none(),
    ),
    name=st.one_of(
        st.none(),
        st.text(max_size=10),
        st.sampled_from(["张文博", " 张文博\u3000", "张文博\x1f", "\ufeff张文博"]),
    ),
    record=st.booleans(),
)
def test_what_a_person_types(
    node: LineProgram, number: str | None, name: str | None, *, record: bool
) -> None:
    presented = GOOD if record else replace(GOOD, record=None)
    agree(node, replace(presented, number=number, name=name))


MOMENTS = st.one_of(
    st.integers(NOW - 10**8, NOW + 10**8),
    st.integers(NOW - 700, NOW + 700),
    st.integers(SIGNED_AT - 700, SIGNED_AT + 700),
)


@given(
    moment=MOMENTS,
    trust_from=MOMENTS,
    status_at=MOMENTS,
    revoked=st.sampled_from([GOOD.status, REVOKED]),
    age=st.one_of(st.none(), st.integers(0, 10**6)),
    require=st.tuples(st.booleans(), st.booleans()),
    log=st.booleans(),
    pinned=st.booleans(),
    seen=st.integers(0, 2),
    qr=st.booleans(),
)
def test_times_and_demands(
    node: LineProgram,
    moment: int,
    trust_from: int,
    status_at: int,
    revoked: Mapping[str, bytes],
    age: int | None,
    require: tuple[bool, bool],
    seen: int,
    *,
    pinned: bool,
    log: bool,
    qr: bool,
) -> None:
    status = REGISTRY.status(CERTIFICATE.number, signed_at=status_at) if revoked is GOOD.status else revoked
    evidence = replace(GOOD_QR if qr else GOOD, status=status)
    evidence = evidence if log else replace(evidence, log_proof=None)
    demands = policy(moment=moment, status_max_age=age, require_log=require[0], require_status=require[1])
    chain = sealed({**REGISTRY.trust_list.document, "validFrom": timestamp_encode(trust_from)})
    agree(node, evidence, chain=(chain,), pinned=pinned, seen_version=seen, demands=demands)


TEMPLATE, SCHEMA = "templates/annual/v1/record.json", "schemas/annual/v1.json"


@pytest.mark.parametrize(
    ("path", "way", "new", "code"),
    [
        (TEMPLATE, ("values", 9, "name"), "publicHours", "template_form"),
        (TEMPLATE, ("values", 0, "form"), "none", "template_form"),
        (SCHEMA, ("properties", "id", "pattern"), "[", "template_form"),
        (SCHEMA, ("properties", "id", "pattern"), {}, "template_form"),
        (SCHEMA, ("title",), 1.5, "template_form"),
        (SCHEMA, ("properties", "id", "$comment"), "x", "schema_keyword"),
        (SCHEMA, ("properties", "issuer", "required"), ["id", "name", "name"], "schema_open_object"),
    ],
)
def test_a_file_that_is_no_template(
    node: LineProgram, path: str, way: tuple[Any, ...], new: Any, code: str
) -> None:
    files = installed_files(HOST)
    changed = json.loads(files[path])
    at_path(changed, way[:-1])[way[-1]] = new
    files = {**files, path: json.dumps(changed).encode()}
    with pytest.raises(FormError) as refused:
        catalogue_of(files)
    assert refused.value.code == code
    question = question_of_scene(Scene(GOOD, passed(), CHAIN, standard_pin(), True, 0, policy()))
    question["trust"]["templates"] = {name: b64encode(data).decode() for name, data in files.items()}
    assert node.ask(question) == {"code": code}


LINES = (GOOD.log_proof or b"").decode().split("\n")


@given(
    place=st.integers(0, len(LINES) - 1),
    new=st.one_of(st.sampled_from(["", "x", "index 00", "index 9", "extra ", "7", " ", "— a b", "— a\u0085b YWJjZGVmZ2g=", "— a\ufeffb YWJjZGVmZ2g=", "\x00", "é"]), st.sampled_from(LINES)),
    insert=st.booleans(),
)  # fmt: skip
def test_a_line_of_the_log_proof(node: LineProgram, place: int, new: str, *, insert: bool) -> None:
    lines = [*LINES[:place], new, *LINES[place + (not insert) :]]
    agree(node, replace(GOOD, log_proof="\n".join(lines).encode()))


@given(data=st.binary(max_size=200), where=st.sampled_from(["record", "log_proof"]))
def test_any_bytes(node: LineProgram, data: bytes, where: str) -> None:
    agree(node, replace(GOOD, **{where: data}))
