"""Vectors: what a QR may say, in which spelling, and whose host it names (steps 1, 2 and 9)."""

from collections.abc import Mapping
from dataclasses import replace

from tests.builders import HOST
from tests.simulator import ANNUAL, Certificate, Simulator
from tests.vectors.model import (
    NO_NUMBER,
    NO_RECORD,
    NOT_AUTHENTIC,
    QR,
    Expected,
    Scene,
    case,
    failed,
    passed,
    scene,
    undecided,
)
from verifier.cbor import CborItem, encode_array
from verifier.qr import PAYLOAD_FORMAT, encode_digits, encode_payload, qr_prefix

_NOT_READ = {2: "SKIPPED no_record", 9: "SKIPPED no_qr"}
_FORGED = {5: "FAILED proof_invalid", 7: "FAILED log_entry_differs"}


def _issued() -> tuple[Simulator, Certificate]:
    registry = Simulator()
    return registry, registry.issue()


def _judge(registry: Simulator, certificate: Certificate, text: str, expected: Expected) -> Scene:
    evidence = replace(registry.evidence(certificate, qr=True), qr_text=text)
    return scene(registry, evidence, expected)


def _unread(code: str) -> Expected:
    return failed(code, {1: f"FAILED {code}"}, _NOT_READ, NO_NUMBER, base=QR)


def _items(certificate: Certificate, changes: Mapping[int, CborItem]) -> str:
    """The QR's text with some of its values (counted from 0, after the template code) replaced as they are."""
    template = certificate.template.record
    values = [changes.get(place, item) for place, item in enumerate(template.pack(certificate.fields))]
    payload = encode_payload(template.code, values, certificate.signature)
    return qr_prefix(HOST) + encode_digits(payload)


@case("qr-foreign-host", "7.3", "A genuine payload under a host that is not the registry's")
def _foreign() -> Scene:
    registry, certificate = _issued()
    text = certificate.qr_text_of(certificate.fields, host="jxjy-henan.example")
    return _judge(registry, certificate, text, failed("foreign_host", {9: "FAILED foreign_host"}, base=QR))


@case(
    "qr-host-in-capitals", "3", "Scheme and host in capitals, and white space around, as scanners give them"
)
def _capitals() -> Scene:
    registry, certificate = _issued()
    text = certificate.qr_text.replace(f"https://{HOST}", f"HTTPS://{HOST.upper()}")
    return _judge(registry, certificate, f" {text}\n", passed(base=QR))


@case("qr-host-with-white-space", "3.1", "A host with a U+3000 in it")
def _white_space() -> Scene:
    registry, certificate = _issued()
    return _judge(
        registry, certificate, certificate.qr_text.replace("//", "//a\u3000", 1), _unread("qr_text")
    )


@case("qr-path-in-capitals", "3", "A path in capitals is another path")
def _path() -> Scene:
    registry, certificate = _issued()
    return _judge(registry, certificate, certificate.qr_text.replace("/v#", "/V#"), _unread("qr_text"))


@case("qr-of-something-else", "3", "The QR of a page that is none of ours")
def _page() -> Scene:
    return _judge(*_issued(), "https://jxjy.henan.example/c/41010020261000012315", _unread("qr_text"))


@case("qr-digits-cut-off", "3", "The last digit is missing")
def _cut() -> Scene:
    registry, certificate = _issued()
    return _judge(registry, certificate, certificate.qr_text[:-1], _unread("qr_digits"))


@case("qr-digits-beyond-the-bytes", "3", "Digits whose number does not fit into their bytes")
def _overflow() -> Scene:
    registry, certificate = _issued()
    prefix = qr_prefix(HOST)
    text = prefix + "9" * (len(certificate.qr_text) - len(prefix))
    return _judge(registry, certificate, text, _unread("qr_digits"))


@case("qr-last-digit-altered", "2.3", "The last digit was altered: it belongs to the signature")
def _last() -> Scene:
    registry, certificate = _issued()
    text = certificate.qr_text
    altered = text[:-1] + str((int(text[-1]) + 1) % 10)
    return _judge(registry, certificate, altered, failed("proof_invalid", _FORGED, NOT_AUTHENTIC, base=QR))


@case("qr-values-altered", "2.3", "Other hours around the genuine signature")
def _values() -> Scene:
    registry, certificate = _issued()
    text = certificate.qr_text_of({**certificate.fields, "publicHours": 96})
    return _judge(registry, certificate, text, failed("proof_invalid", _FORGED, NOT_AUTHENTIC, base=QR))


@case("qr-format-unknown", "3", "A payload of a format that does not exist yet")
def _format() -> Scene:
    registry, certificate = _issued()
    template = certificate.template.record
    payload = encode_payload(template.code, template.pack(certificate.fields), certificate.signature)
    text = qr_prefix(HOST) + encode_digits(bytes((PAYLOAD_FORMAT + 1,)) + payload[1:])
    return _judge(registry, certificate, text, _unread("qr_format"))


@case("qr-template-code-unknown", "3", "A template code that this verifier does not know")
def _template() -> Scene:
    registry, certificate = _issued()
    values = certificate.template.record.pack(certificate.fields)
    text = qr_prefix(HOST) + encode_digits(encode_payload(77, values, certificate.signature))
    steps = {2: "INDETERMINATE template_unknown", 8: "SKIPPED no_number"}
    expected = undecided("template_unknown", NO_RECORD, steps, base=QR, missing="templates")
    return _judge(registry, certificate, text, expected)


def _refused(certificate: tuple[Simulator, Certificate], text: str, code: str = "qr_values") -> Scene:
    expected = failed(code, {2: f"FAILED {code}"}, NO_NUMBER, base=QR)
    return _judge(*certificate, text, expected)


@case(
    "qr-template-of-another-kind", "3", "The values of an annual certificate under the code of a completion"
)
def _kind() -> Scene:
    registry, certificate = _issued()
    values = certificate.template.record.pack(certificate.fields)
    text = qr_prefix(HOST) + encode_digits(encode_payload(2, values, certificate.signature))
    return _refused((registry, certificate), text)


@case("qr-cbor-not-shortest", "3", "An integer in a longer head than it needs")
def _cbor() -> Scene:
    registry, certificate = _issued()
    template = certificate.template.record
    body = encode_array([template.code, *template.pack(certificate.fields)])
    longer = bytes((PAYLOAD_FORMAT,)) + body[:1] + b"\x18\x01" + body[2:] + certificate.signature
    return _judge(registry, certificate, qr_prefix(HOST) + encode_digits(longer), _unread("cbor_form"))


@case("qr-text-in-the-longer-packing", "3", "The name in UTF-8 where UTF-16 is shorter: a second spelling")
def _packing() -> Scene:
    registry, certificate = _issued()
    return _refused((registry, certificate), _items(certificate, {4: "张文博"}))


@case("qr-code-spelled-out", "3", "A rule set spelled out that has a code: a second spelling")
def _spelled() -> Scene:
    registry, certificate = _issued()
    return _refused((registry, certificate), _items(certificate, {8: "henan-2012"}))


@case("qr-day-out-of-range", "3", "A day beyond the calendar")
def _day() -> Scene:
    registry, certificate = _issued()
    return _refused((registry, certificate), _items(certificate, {1: 10_000_000}))


@case("qr-integer-out-of-range", "2.4", "Hours that no JSON reader holds exactly")
def _integer() -> Scene:
    registry, certificate = _issued()
    expected = failed("integer_range", {2: "FAILED integer_range"}, NO_RECORD, base=QR)
    return _judge(registry, certificate, _items(certificate, {10: 2**53}), expected)


@case("qr-number-of-another-kind", "1", "A number of kind 2 in an annual certificate's QR")
def _number() -> Scene:
    registry, certificate = _issued()
    text = _items(
        certificate, {0: int(certificate.number.digits[:10] + "2" + certificate.number.digits[11:18])}
    )
    steps = {6: "FAILED schema", 7: "INDETERMINATE log_entry_other", 8: "INDETERMINATE status_missing"}
    missing = ("log-proof", "status")
    expected = failed("proof_invalid", _FORGED, steps, NOT_AUTHENTIC, base=QR, missing=missing)
    return _judge(registry, certificate, text, expected)


@case("qr-text-too-long", "7.3", "A text longer than any code holds")
def _long() -> Scene:
    steps = {0: "FAILED evidence_too_large", 1: "SKIPPED evidence_too_large"}
    expected = failed("evidence_too_large", steps, _NOT_READ, NO_NUMBER, base=QR)
    return _judge(*_issued(), qr_prefix(HOST) + "1" * 2049, expected)


@case("qr-name-with-bidi-control", "2.4", "A name with a right-to-left override, signed by a genuine key")
def _bidi() -> Scene:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "name": "张\u202e博文"})
    steps = {2: "FAILED text_control_character"}
    expected = failed("text_control_character", steps, NO_RECORD, base=QR)
    return scene(registry, registry.evidence(certificate, qr=True), expected)


@case("qr-and-record", "7.1", "A record and another certificate's QR: the record is judged")
def _both() -> Scene:
    registry = Simulator()
    other, certificate = registry.issue(serial=7), registry.issue()
    return scene(registry, replace(registry.evidence(certificate), qr_text=other.qr_text), passed())
