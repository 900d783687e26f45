"""Vectors: records that are not in the one strict form (steps 0 and 2), most of them signed by a genuine key or altered
in spelling only: what two readers could read differently is refused before anyone asks who signed it."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.simulator import ANNUAL, Certificate, Simulator
from tests.vectors.model import NO_NUMBER, Scene, case, failed, passed, scene

Document = dict[str, Any]


def _refused(code: str, respell: Callable[[bytes], bytes]) -> Scene:
    """A good certificate's record in other bytes, refused in step 2 with ``code``."""
    registry = Simulator()
    evidence = registry.evidence(registry.issue())
    assert evidence.record is not None
    evidence = replace(evidence, record=respell(evidence.record))
    return scene(registry, evidence, failed(code, {2: f"FAILED {code}"}, NO_NUMBER))


def _refused_though_signed(code: str, edit: Callable[[Document], Document]) -> Scene:
    """A record that the authority's own key signed after ``edit``, refused in step 2 with ``code``."""
    registry = Simulator()
    return _refuse(registry, registry.issue(edit=edit), code)


def _refused_name(code: str, name: str) -> Scene:
    registry = Simulator()
    return _refuse(registry, registry.issue({**ANNUAL, "name": name}), code)


def _refuse(registry: Simulator, certificate: Certificate, code: str) -> Scene:
    return scene(registry, registry.evidence(certificate), failed(code, {2: f"FAILED {code}"}, NO_NUMBER))


@case("record-too-large", "2.4", "A record of more than 64 KiB is not read at all")
def _too_large() -> Scene:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "employer": "x" * (64 * 1024)})
    steps = {0: "FAILED evidence_too_large", 1: "SKIPPED evidence_too_large", 2: "SKIPPED no_record"}
    expected = failed("evidence_too_large", steps, NO_NUMBER)
    return scene(registry, registry.evidence(certificate), expected)


@case("duplicate-keys", "2.4", "A member twice: readers disagree on which counts")
def _duplicate() -> Scene:
    return _refused("duplicate_key", lambda data: data.replace(b'"grade"', b'"grade":"senior","grade"'))


@case(
    "duplicate-keys-and-a-fraction", "2.4", "A fraction before the end of the object that has a member twice"
)
def _duplicate_and_fraction() -> Scene:
    return _refused("float", lambda data: data.replace(b'"grade"', b'"grade":1,"grade":1.5,"x"'))


@case("not-canonical-spaces", "2.4", "The same document with spaces")
def _spaces() -> Scene:
    return _refused("not_canonical", lambda data: data.replace(b'":', b'": '))


@case("not-canonical-order", "2.4", "The same document with its members in another order")
def _order() -> Scene:
    return _refused("not_canonical", _reversed)


def _reversed(data: bytes) -> bytes:
    members = dict(reversed(json.loads(data).items()))
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


@case("not-canonical-escapes", "2.4", "The same document with a character escaped")
def _escapes() -> Scene:
    return _refused("not_canonical", lambda data: data.replace("张".encode(), b"\\u5f20"))


@case("not-canonical-newline", "2.4", "The same document with a line feed at its end")
def _newline() -> Scene:
    return _refused("not_canonical", lambda data: data + b"\n")


@case("byte-order-mark", "2.4", "The same document after a byte order mark")
def _mark() -> Scene:
    return _refused("not_json", lambda data: b"\xef\xbb\xbf" + data)


@case("float-in-record", "2.4", "An hour count written as 60.0")
def _float() -> Scene:
    return _refused("float", lambda data: data.replace(b'Hours":60', b'Hours":60.0'))


@case("exponent-in-record", "2.4", "An hour count written as 6e1")
def _exponent() -> Scene:
    return _refused("float", lambda data: data.replace(b'Hours":60', b'Hours":6e1'))


@case("null-in-record", "2.4", "A member that is null")
def _null() -> Scene:
    return _refused("null", lambda data: data.replace(b'"intermediate"', b"null"))


@case("integer-too-large", "2.4", "An integer of 2^53, which not every reader holds exactly")
def _integer() -> Scene:
    return _refused("integer_range", lambda data: data.replace(b'Hours":60', b'Hours":9007199254740992'))


@case("key-not-ascii", "2.4", "A member whose name is not ASCII")
def _key() -> Scene:
    return _refused("key_not_ascii", lambda data: data.replace(b'"grade"', '"级别"'.encode()))


@case("lone-surrogate", "2.4", "An escaped half of a surrogate pair")
def _surrogate() -> Scene:
    return _refused("surrogate", lambda data: data.replace("张".encode(), b"\\ud842"))


@case("not-utf8", "2.4", "A name in GB 18030")
def _not_utf8() -> Scene:
    return _refused("not_utf8", lambda data: data.replace("张文博".encode(), "张文博".encode("gb18030")))


@case("not-json", "2.4", "A record cut off in the middle")
def _cut() -> Scene:
    return _refused("not_json", lambda data: data[:700])


@case("not-an-object", "2.4", "A record inside an array")
def _array() -> Scene:
    return _refused("not_object", lambda data: b"[" + data + b"]")


@case("too-deep", "2.4", "A value nested 20 levels deep")
def _deep() -> Scene:
    return _refused("too_deep", lambda data: data.replace(b'"intermediate"', b"[" * 20 + b"]" * 20))


@case("too-deep-for-any-stack", "2.4", "Thirty thousand brackets, which overflow a careless parser's stack")
def _very_deep() -> Scene:
    return _refused("too_deep", lambda _: b"[" * 15_000 + b"]" * 15_000)


@case("members-missing", "2.1", "Signed, and yet no certificate: it has no subject")
def _members() -> Scene:
    return _refused_though_signed(
        "record_form", lambda document: {k: v for k, v in document.items() if k != "credentialSubject"}
    )


@case("member-of-another-type", "2.1", "Signed, with a number that is an integer")
def _type() -> Scene:
    def edit(document: Document) -> Document:
        return {
            **document,
            "credentialSubject": {**document["credentialSubject"], "certificateNumber": 4101002026},
        }

    return _refused_though_signed("record_form", edit)


@case("context-appended", "2.2", "A third context, appended to record and proof after signing")
def _appended() -> Scene:
    extra = b'/ns/certificate/v1","https://evil.example/ns/x/v1"]'
    return _refused("context_not_exact", lambda data: data.replace(b'/ns/certificate/v1"]', extra))


@case("context-appended-and-signed", "2.2", "A third context that the authority's own key signed")
def _appended_signed() -> Scene:
    def edit(document: Document) -> Document:
        contexts = [*document["@context"], "https://evil.example/ns/x/v1"]
        return {**document, "@context": contexts, "proof": {**document["proof"], "@context": contexts}}

    return _refused_though_signed("context_not_exact", edit)


@case("context-nested", "2.2", "A context inside the subject, which would redefine its words")
def _nested() -> Scene:
    def edit(document: Document) -> Document:
        subject = {**document["credentialSubject"], "@context": ["https://evil.example/ns/x/v1"]}
        return {**document, "credentialSubject": subject}

    return _refused_though_signed("context_nested", edit)


@case("proof-without-context", "2.2", "Signed by a program that leaves proof.@context out")
def _bare_proof() -> Scene:
    def edit(document: Document) -> Document:
        return {**document, "proof": {k: v for k, v in document["proof"].items() if k != "@context"}}

    return _refused_though_signed("context_not_exact", edit)


@case("proof-with-another-context", "2.2", "A proof whose context is not the record's")
def _other_context() -> Scene:
    def edit(document: Document) -> Document:
        contexts = ["https://www.w3.org/ns/credentials/v2"]
        return {**document, "proof": {**document["proof"], "@context": contexts}}

    return _refused_though_signed("proof_context", edit)


@case("proof-of-another-suite", "2.3", "A proof that names another cryptosuite")
def _suite() -> Scene:
    return _refused("proof_suite", lambda data: data.replace(b"eddsa-jcs-2022", b"eddsa-rdfc-2022"))


@case("proof-of-another-purpose", "2.3", "A proof made for authentication")
def _purpose() -> Scene:
    return _refused("proof_suite", lambda data: data.replace(b"assertionMethod", b"authentication"))


@case("proof-with-a-member-more", "2.3", "A proof with a nonce")
def _nonce() -> Scene:
    return _refused(
        "proof_members", lambda data: data.replace(b'"proofPurpose"', b'"nonce":"1","proofPurpose"')
    )


@case("proof-value-short", "2.3", "A signature of fewer than 64 bytes")
def _short() -> Scene:
    return _refused("proof_value", _cut_value)


def _cut_value(data: bytes) -> bytes:
    document = json.loads(data)
    value = document["proof"]["proofValue"].encode()
    return data.replace(value, value[:-4])


@case("created-not-a-time", "2.3", "A proof whose time has a fraction")
def _created() -> Scene:
    return _refused("proof_created", lambda data: data.replace(b"T08:00:00Z", b"T08:00:00.5Z"))


@case("issuer-swapped", "2.2", "Another authority is named as issuer of a genuine record")
def _swapped() -> Scene:
    swap = (
        b'"issuer":{"id":"did:web:jxjy.henan.example:a:410100"',
        b'"issuer":{"id":"did:web:jxjy.henan.example:a:418001"',
    )
    return _refused("issuer_not_key_owner", lambda data: data.replace(*swap))


@case("name-not-nfc", "2.4", "A signed name in decomposed form: it looks like another text's bytes")
def _nfd() -> Scene:
    return _refused_name("text_not_nfc", unicodedata.normalize("NFD", "Zoë Ångström"))


@case("name-with-bidi-control", "2.4", "A signed name with a right-to-left override")
def _bidi() -> Scene:
    return _refused_name("text_control_character", "张\u202e博文")


@case("name-with-zero-width", "2.4", "A signed name with a zero-width space")
def _zero_width() -> Scene:
    return _refused_name("text_control_character", "张\u200b文博")


@case("name-with-hangul-filler", "2.5", "A signed name with a letter that is shown as nothing")
def _filler() -> Scene:
    return _refused_name("text_control_character", "张文博\u3164")


@case(
    "name-with-variation-selector",
    "2.5",
    "A signed name with a variation selector, which most fonts pass over",
)
def _selector() -> Scene:
    return _refused_name("text_control_character", "张\U000e0100文博")


@case("name-with-noncharacter", "2.5", "A signed name with a code that will never be a character")
def _noncharacter() -> Scene:
    return _refused_name("text_control_character", "张\U0001ffff文博")


@case(
    "name-with-newer-characters",
    "2.5",
    "A signed name with characters of which an older reader does not know how they compose",
)
def _newer() -> Scene:
    return _refused_name("text_control_character", "\U000105d2\u0307x")


@case(
    "name-with-a-newer-mark",
    "2.5",
    "A signed name with a mark of which an older reader does not know its place",
)
def _newer_mark() -> Scene:
    return _refused_name("text_control_character", "a\u0897\u0316")


@case(
    "name-with-a-newer-ideograph",
    "2.5",
    "An ideograph that is newer than many readers: it has no form but itself",
)
def _newer_ideograph() -> Scene:
    registry = Simulator()
    return scene(registry, registry.evidence(registry.issue({**ANNUAL, "name": "张\U00030edd"})), passed())


@case(
    "value-begins-with-a-combining-mark",
    "2.5",
    "Two values that only a careless reader composes: an X, and a mark above",
)
def _mark() -> Scene:
    registry = Simulator()
    fields = {**ANNUAL, "identityDocument": "410105********123X", "employer": "\u0307郑州市第一人民医院"}
    return scene(registry, registry.evidence(registry.issue(fields)), passed())


@case("name-with-control", "2.4", "A signed name with a line feed")
def _control() -> Scene:
    return _refused_name("text_control_character", "张文博\n")


@case(
    "name-with-private-use",
    "2.4",
    "A signed name with a private-use character, which every font shows otherwise",
)
def _private() -> Scene:
    return _refused_name("text_control_character", "张文\ue000")
