"""Vectors: genuine certificates in every form of evidence, and what is lacking when little is presented (steps 1 and 10)."""

from dataclasses import replace

from tests.simulator import ANNUAL, COMPLETION, Simulator
from tests.vectors.model import NO_NUMBER, NO_RECORD, QR, Scene, case, failed, passed, scene, undecided
from verifier.evidence import Evidence

_NO_RULE = {10: "SKIPPED no_rule"}


@case("annual-json", "7.3", "An annual certificate as JSON with its log proof and fresh status lists")
def _annual_json() -> Scene:
    registry = Simulator()
    return scene(registry, registry.evidence(registry.issue()), passed())


@case("annual-qr", "3", "The same certificate as the text of its QR")
def _annual_qr() -> Scene:
    registry = Simulator()
    return scene(registry, registry.evidence(registry.issue(), qr=True), passed(base=QR))


@case("completion-json", "7.6", "A training completion as JSON: no rule set applies to it")
def _completion_json() -> Scene:
    registry = Simulator()
    return scene(registry, registry.evidence(registry.issue(COMPLETION)), passed(_NO_RULE))


@case("completion-qr", "3", "A training completion as the text of its QR")
def _completion_qr() -> Scene:
    registry = Simulator()
    return scene(registry, registry.evidence(registry.issue(COMPLETION), qr=True), passed(_NO_RULE, base=QR))


@case("qr-offline", "7.2", "A QR alone, by a reader who demands neither log nor status")
def _qr_offline() -> Scene:
    registry = Simulator()
    evidence = Evidence(qr_text=registry.issue().qr_text)
    steps = {7: "SKIPPED log_proof_absent", 8: "SKIPPED status_not_required"}
    return scene(registry, evidence, passed(steps, base=QR), require_log=False, require_status=False)


@case(
    "industry-authority", "4.3", "A certificate of an industry department, deep in a log of a hundred entries"
)
def _industry() -> Scene:
    registry = Simulator()
    registry.fill(99)
    certificate = registry.issue(authority="418001", serial=9_999_999)
    return scene(registry, registry.evidence(certificate), passed())


@case("number-and-name-typed", "1", "Record, number in full-width digits and groups, and name: they agree")
def _typed() -> Scene:
    registry = Simulator()
    certificate = registry.issue()
    typed = certificate.number.printed.translate({0x30 + digit: 0xFF10 + digit for digit in range(10)})
    evidence = replace(registry.evidence(certificate), number=f"\u3000{typed} ", name=" 张文博 ")
    return scene(registry, evidence, passed())


@case(
    "number-only",
    "7.1",
    "Only the number was typed: in force as far as the lists say, and no record to judge",
)
def _number_only() -> Scene:
    registry = Simulator()
    certificate = registry.issue()
    evidence = Evidence(number=certificate.number.digits, status=registry.status(certificate.number))
    steps = {1: "INDETERMINATE record_missing", 2: "SKIPPED no_record"}
    return scene(registry, evidence, undecided("record_missing", steps, NO_RECORD, missing="record"))


@case("number-only-nothing-else", "7.1", "Only the number was typed and no status list is at hand")
def _number_alone() -> Scene:
    registry = Simulator()
    steps = {1: "INDETERMINATE record_missing", 2: "SKIPPED no_record", 8: "INDETERMINATE status_missing"}
    expected = undecided("record_missing", NO_RECORD, steps, missing="record status")
    return scene(registry, Evidence(number=registry.issue().number.digits), expected)


@case("number-only-revoked", "5.4", "Only the number was typed, and it is revoked: that decides")
def _number_revoked() -> Scene:
    registry = Simulator()
    certificate = registry.issue()
    registry.revoke(certificate.number)
    evidence = Evidence(number=certificate.number.printed, status=registry.status(certificate.number))
    steps = {1: "INDETERMINATE record_missing", 2: "SKIPPED no_record", 8: "FAILED revoked"}
    expected = failed("revoked", NO_RECORD, steps, missing=("record",))
    return scene(registry, evidence, expected)


@case("number-only-digit-changed", "1", "A typed number with one digit changed is no number")
def _number_mistyped() -> Scene:
    registry = Simulator()
    digits = registry.issue().number.digits
    steps = {1: "FAILED number_check", 2: "SKIPPED no_record"}
    evidence = Evidence(number=digits[:-3] + str((int(digits[-3]) + 1) % 10) + digits[-2:])
    return scene(registry, evidence, failed("number_check", steps, NO_NUMBER))


@case("number-only-not-a-number", "1", "What was typed is not 20 digits")
def _number_form() -> Scene:
    steps = {1: "FAILED number_form", 2: "SKIPPED no_record"}
    return scene(Simulator(), Evidence(number="豫人社 2026-123"), failed("number_form", steps, NO_NUMBER))


@case("evidence-missing", "7.1", "Nothing was presented")
def _nothing() -> Scene:
    steps = {1: "INDETERMINATE evidence_missing", 2: "SKIPPED no_record"}
    expected = undecided("evidence_missing", steps, NO_NUMBER, missing="record")
    return scene(Simulator(), Evidence(), expected)


@case("number-of-another-certificate", "7.3", "A genuine record beside another certificate's number")
def _number_differs() -> Scene:
    registry = Simulator()
    other, certificate = registry.issue(serial=7), registry.issue()
    evidence = replace(registry.evidence(certificate), number=other.number.digits)
    steps = {6: "FAILED number_differs", 10: "SKIPPED not_authentic"}
    return scene(registry, evidence, failed("number_differs", steps))


@case(
    "number-with-a-wrong-check-beside-a-record",
    "7.4",
    "A genuine record beside its number with the check of another",
)
def _number_mistyped() -> Scene:
    registry = Simulator()
    certificate = registry.issue()
    evidence = replace(registry.evidence(certificate), number=certificate.number.digits[:-2] + "00")
    steps = {6: "FAILED number_check", 10: "SKIPPED not_authentic"}
    return scene(registry, evidence, failed("number_check", steps))


@case("name-of-another-person", "7.3", "A genuine record beside another name")
def _name_differs() -> Scene:
    registry = Simulator()
    evidence = replace(registry.evidence(registry.issue()), name="张文搏")
    steps = {6: "FAILED name_differs", 10: "SKIPPED not_authentic"}
    return scene(registry, evidence, failed("name_differs", steps))


@case(
    "hours-short", "7.6", "Genuine and in force, with two public hours too few: reported beside the verdict"
)
def _hours_short() -> Scene:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "publicHours": 24})
    shortfall = {"missingTotal": 2, "missingProfessional": 0, "missingPublic": 2}
    rule = {"ruleSet": "henan-2012", "source": "豫人社〔2012〕", "article": "三"}
    expected = passed({10: "FAILED hours_short"}, details={10: {**rule, **shortfall}})
    return scene(registry, registry.evidence(certificate), expected)


@case("hours-exact", "7.6", "Junior grade with exactly the hours that the rule demands")
def _hours_exact() -> Scene:
    registry = Simulator()
    fields = {**ANNUAL, "grade": "junior", "professionalHours": 52, "publicHours": 22}
    return scene(registry, registry.evidence(registry.issue(fields)), passed())


@case("rule-set-unknown", "7.6", "A rule set that the trust list does not carry: no judgement on the hours")
def _rule_unknown() -> Scene:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "ruleSet": "henan-2030"})
    return scene(
        registry, registry.evidence(certificate, qr=True), passed({10: "SKIPPED rule_unknown"}, base=QR)
    )


@case("rare-characters", "2.4", "A name with a character beyond the basic plane and a middle dot")
def _rare() -> Scene:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "name": "𠮷·买买提"})
    return scene(registry, registry.evidence(certificate, qr=True), passed(base=QR))
