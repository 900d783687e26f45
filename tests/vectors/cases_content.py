"""Vectors: records in strict form that nobody signed as they are (step 5), or that say what the published schema and
template do not allow, though a genuine key signed them (step 6)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keys.did import authority_did
from tests.builders import HOST, MUNICIPAL, signed, signer, trust_draft
from tests.loworder import LowOrderSigner
from tests.simulator import ANNUAL, COMPLETION, LOGGED_AT, Simulator
from tests.vectors.model import NO_RECORD, NOT_AUTHENTIC, QR, Scene, case, failed, passed, scene, undecided
from verifier.logentry import LogEntry, record_digest

Document = dict[str, Any]
_FORGED = {5: "FAILED proof_invalid", 7: "FAILED log_entry_differs"}


def _altered(*change: str) -> Scene:
    """A good record with one text replaced by another after signing."""
    registry = Simulator()
    evidence = registry.evidence(registry.issue())
    assert evidence.record is not None
    before, after = (text.encode() for text in change)
    assert before in evidence.record
    forged = replace(evidence, record=evidence.record.replace(before, after))
    return scene(registry, forged, failed("proof_invalid", _FORGED, NOT_AUTHENTIC))


def _signed_against_the_rules(code: str, edit: Callable[[Document], Document]) -> Scene:
    """A record that the authority's own key signed and the log holds, refused in step 6 with ``code``."""
    registry = Simulator()
    certificate = registry.issue(edit=edit)
    expected = failed(code, {6: f"FAILED {code}"}, NOT_AUTHENTIC)
    return scene(registry, registry.evidence(certificate), expected)


def _with_subject(**changes: str | int) -> Callable[[Document], Document]:
    return lambda document: {**document, "credentialSubject": {**document["credentialSubject"], **changes}}


@case("hours-tampered", "2.3", "The hours were raised after signing")
def _hours() -> Scene:
    return _altered('"publicHours":26', '"publicHours":96')


@case("name-tampered", "2.3", "The name was changed after signing")
def _name() -> Scene:
    return _altered("张文博", "李文博")


@case("created-tampered", "2.3", "The time of signing was changed, which only the proof's own options hold")
def _created() -> Scene:
    return _altered("2026-03-02T08:00:00Z", "2026-03-02T08:00:01Z")


@case("signature-tampered", "2.3", "One character of the signature was changed")
def _signature() -> Scene:
    registry = Simulator()
    value = str(registry.issue().document["proof"]["proofValue"])
    return _altered(value, value[:40] + ("2" if value[40] == "3" else "3") + value[41:])


@case(
    "signature-low-order-point",
    "2.3",
    "The authority's own key made it, with the neutral point as R: libraries differ on it",
)
def _low_order_point() -> Scene:
    registry = Simulator()
    key = LowOrderSigner(f"{authority_did(HOST, MUNICIPAL)}#2026-{ANNUAL['keySequence']}")
    certificate = registry.issue(key=key)
    expected = failed("proof_invalid", {5: "FAILED proof_invalid"}, NOT_AUTHENTIC)
    return scene(registry, registry.evidence(certificate), expected)


@case("proof-of-another-document", "2.3", "The proof of one genuine certificate on the values of another")
def _other_proof() -> Scene:
    registry = Simulator()
    other, certificate = registry.issue(serial=7), registry.issue()
    own, foreign = (str(one.document["proof"]["proofValue"]).encode() for one in (certificate, other))
    evidence = replace(registry.evidence(certificate), record=certificate.record.replace(own, foreign))
    return scene(registry, evidence, failed("proof_invalid", _FORGED, NOT_AUTHENTIC))


@case("foreign-key", "2.3", "Signed by a stranger in the authority's name, and slipped into the log")
def _foreign() -> Scene:
    registry = Simulator()
    certificate = registry.issue(key=signer("stranger"))
    expected = failed("proof_invalid", {5: "FAILED proof_invalid"}, NOT_AUTHENTIC)
    return scene(registry, registry.evidence(certificate), expected)


@case("key-of-another-authority", "2.3", "Signed by a genuine key of another authority in this one's name")
def _other_authority() -> Scene:
    registry = Simulator()
    certificate = registry.issue(key=signer("did:web:jxjy.henan.example:a:418001#2026-1"))
    expected = failed("proof_invalid", {5: "FAILED proof_invalid"}, NOT_AUTHENTIC)
    return scene(registry, registry.evidence(certificate), expected)


@case("number-digit-changed", "1", "One digit of the number was changed after signing")
def _number_tampered() -> Scene:
    registry = Simulator()
    evidence = registry.evidence(registry.issue())
    assert evidence.record is not None
    forged = evidence.record.replace(b'"certificateNumber":"41010020261', b'"certificateNumber":"41010020271')
    steps = {
        4: "SKIPPED no_number",
        5: "FAILED proof_invalid",
        6: "FAILED number_check",
        7: "SKIPPED no_number",
        8: "SKIPPED no_number",
    }
    return scene(registry, replace(evidence, record=forged), failed("proof_invalid", steps, NOT_AUTHENTIC))


@case(
    "number-digit-wrong-and-signed",
    "1",
    "A number whose check digits do not fit, signed by the authority's key",
)
def _number_wrong() -> Scene:
    registry = Simulator()
    certificate = registry.issue(edit=_with_subject(certificateNumber="41010020261000012399"))
    steps = {
        4: "SKIPPED no_number",
        6: "FAILED number_check",
        7: "SKIPPED no_number",
        8: "SKIPPED no_number",
    }
    expected = failed("number_check", steps, NOT_AUTHENTIC)
    return scene(registry, registry.evidence(certificate), expected)


@case("number-of-another-authority", "1", "418001 signs, and the log holds, a number of 410100")
def _number_authority() -> Scene:
    registry = Simulator()
    number = registry.issue(log=False).number
    edit = _with_subject(certificateNumber=number.digits)
    certificate = registry.issue(authority="418001", edit=edit, log=False)
    registry.log(LogEntry("issue", number.digits, record_digest(certificate.record), "410100", LOGGED_AT))
    evidence = replace(registry.evidence(certificate), status=registry.status(number))
    return scene(
        registry, evidence, failed("number_disagrees", {6: "FAILED number_disagrees"}, NOT_AUTHENTIC)
    )


@case("number-of-another-year", "1", "The number says 2026 and the signed year 2025")
def _number_year() -> Scene:
    return _signed_against_the_rules("number_disagrees", _with_subject(year=2025))


@case("schema-hours-out-of-range", "6.6", "99999 hours, signed by a genuine key")
def _too_many_hours() -> Scene:
    return _signed_against_the_rules("schema", _with_subject(professionalHours=99999))


@case("schema-hours-as-text", "6.6", "Hours as a text, signed by a genuine key")
def _hours_text() -> Scene:
    return _signed_against_the_rules("schema", _with_subject(professionalHours="60"))


@case("schema-unknown-grade", "6.6", "A grade that does not exist, signed by a genuine key")
def _grade() -> Scene:
    return _signed_against_the_rules("schema", _with_subject(grade="expert"))


@case("schema-extra-member", "6.6", "A member that the schema does not name, signed by a genuine key")
def _extra() -> Scene:
    return _signed_against_the_rules("schema", _with_subject(identityNumber="410105199001011234"))


@case(
    "completed-on-no-day",
    "2.7",
    "The 30th of February, which the schema's pattern lets through, signed by a genuine key",
)
def _no_day() -> Scene:
    registry = Simulator()
    certificate = registry.issue(COMPLETION, edit=_with_subject(completedOn="2026-02-30"))
    expected = failed("record_not_of_template", {6: "FAILED record_not_of_template"}, NOT_AUTHENTIC)
    return scene(registry, registry.evidence(certificate), expected)


@case("schema-identity-not-masked", "6.6", "The full identity number, signed by a genuine key")
def _unmasked() -> Scene:
    return _signed_against_the_rules("schema", _with_subject(identityDocument="110101199003070038"))


@case(
    "template-status-index-differs",
    "3",
    "A status index that is not the number's: the entry of someone in good standing",
)
def _index() -> Scene:
    def edit(document: Document) -> Document:
        entries = [{**entry, "statusListIndex": "7"} for entry in document["credentialStatus"]]
        return {**document, "credentialStatus": entries}

    return _signed_against_the_rules("record_not_of_template", edit)


@case("template-foreign-id", "3", "An id that leads to another host, signed by a genuine key")
def _foreign_id() -> Scene:
    def edit(document: Document) -> Document:
        return {**document, "id": document["id"].replace("jxjy.henan.example", "evil.example")}

    return _signed_against_the_rules("record_not_of_template", edit)


@case(
    "template-foreign-context",
    "2.2",
    "The context of another host, in record and proof, signed by a genuine key",
)
def _foreign_context() -> Scene:
    def edit(document: Document) -> Document:
        contexts = [document["@context"][0], "https://evil.example/ns/certificate/v1"]
        return {**document, "@context": contexts, "proof": {**document["proof"], "@context": contexts}}

    return _signed_against_the_rules("record_not_of_template", edit)


@case("template-not-published", "4.6", "A kind of certificate that the trust list does not know")
def _unpublished() -> Scene:
    def edit(document: Document) -> Document:
        schema = {**document["credentialSchema"], "id": "https://jxjy.henan.example/schemas/diploma/v1.json"}
        return {**document, "credentialSchema": schema}

    return _signed_against_the_rules("template_not_published", edit)


@case(
    "template-newer-than-trust-list",
    "4.6",
    "A kind that may have been published since the trust list was made",
)
def _unpublished_yet() -> Scene:
    def edit(document: Document) -> Document:
        schema = {**document["credentialSchema"], "id": "https://jxjy.henan.example/schemas/diploma/v1.json"}
        return {**document, "credentialSchema": schema}

    registry = Simulator()
    evidence = replace(registry.evidence(registry.issue(edit=edit)), status={})
    steps = {6: "INDETERMINATE template_not_published", 8: "SKIPPED status_not_required"}
    expected = undecided("template_not_published", steps, NOT_AUTHENTIC, missing="trust-list")
    return scene(registry, evidence, expected, require_status=False)


@case("valid-from-of-another-day", "2.1", "A date of issue that is not the day of the signature")
def _back_dated() -> Scene:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "validFrom": "2026-02-27"})
    expected = failed("valid_from_differs", {6: "FAILED valid_from_differs"}, NOT_AUTHENTIC)
    return scene(registry, registry.evidence(certificate), expected)


@case(
    "valid-from-beyond-the-calendar",
    "7.4",
    "Signed in the last hours of the year 9999, when it is no day in China any more",
)
def _no_day() -> Scene:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "validFrom": "9999-12-31", "created": "9999-12-31T20:00:00Z"})
    steps = {4: "FAILED created_after_time", 6: "FAILED valid_from_differs"}
    return scene(registry, registry.evidence(certificate), failed("created_after_time", steps, NOT_AUTHENTIC))


@case("valid-from-by-chinas-time", "2.1", "Signed at one in the morning, China's time: the day before in UTC")
def _after_midnight() -> Scene:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "created": "2026-03-01T17:00:00Z"})
    return scene(registry, registry.evidence(certificate), passed())


@case("template-digest-differs", "4.6", "The reader's template is not the one that the root signed for: JSON")
def _digest_json() -> Scene:
    registry = Simulator()
    evidence = registry.evidence(registry.issue())
    registry.trust_list = signed(trust_draft())
    steps = {6: "INDETERMINATE template_unknown"}
    expected = undecided("template_unknown", steps, NOT_AUTHENTIC, missing="templates")
    return scene(registry, evidence, expected)


@case(
    "template-digest-differs-qr", "4.6", "The reader's template is not the one that the root signed for: QR"
)
def _digest_qr() -> Scene:
    registry = Simulator()
    certificate = registry.issue(COMPLETION)
    registry.trust_list = signed(trust_draft())
    steps = {2: "INDETERMINATE template_unknown", 8: "SKIPPED no_number"}
    expected = undecided("template_unknown", NO_RECORD, steps, base=QR, missing="templates")
    return scene(registry, registry.evidence(certificate, qr=True), expected)


@case(
    "issuer-name-differs", "4.4", "An issuer's name that is not the one bound to the key, signed by that key"
)
def _issuer_name() -> Scene:
    registry = Simulator()

    def edit(document: Document) -> Document:
        return {**document, "issuer": {**document["issuer"], "name": "郑州市人力资源和社会保障厅"}}

    certificate = registry.issue({**ANNUAL, "grade": "senior"}, edit=edit)
    expected = failed("issuer_name_differs", {4: "FAILED issuer_name_differs"}, NOT_AUTHENTIC)
    return scene(registry, registry.evidence(certificate), expected)
