"""The text of a report: verdict first, signed fields to compare, and nothing shown as fact that nobody signed."""

from dataclasses import replace

import pytest

from keys.trustlist import KeyRevocation
from tests.simulator import ANNUAL, COMPLETION, NOW, Simulator, policy, standard_pin, with_key_changes
from verifier.evidence import Evidence
from verifier.messages import LANGUAGES
from verifier.report import VerificationReport
from verifier.textreport import columns, headline, pad, paint, printed_number, render, time_text, visible
from verifier.trouble import Trouble
from verifier.verify import verify


def _report(
    fields: dict[str, str | int] = ANNUAL, *, qr: bool = False, pinned: bool = True
) -> VerificationReport:
    registry = Simulator()
    evidence = registry.evidence(registry.issue(fields), qr=qr)
    return verify(evidence, registry.trust(pinned=pinned), policy())


def _revoked(*, details: bool = True, number_only: bool = False) -> VerificationReport:
    registry = Simulator()
    certificate = registry.issue()
    registry.revoke(
        certificate.number, reason="superseded", successor=registry.issue(serial=124).number.digits
    )
    status = registry.status(certificate.number)
    if not details:
        status = {url: data for url, data in status.items() if "/details/" not in url}
    evidence = Evidence(
        record=None if number_only else certificate.record,
        number=certificate.number.digits,
        log_proof=registry.log_proof(0).to_bytes(),
        status=status,
    )
    return verify(evidence, registry.trust(), policy())


def test_the_verdict_comes_first_with_its_reason() -> None:
    assert render(_report(), "zh-CN").splitlines()[:2] == ["核验通过", "证书真实，且在核验时间处于有效状态。"]
    assert render(_report(), "en").splitlines()[0] == "PASSED"


def test_the_successor_is_named_whatever_reason_comes_first() -> None:
    """A key was compromised and the certificate attested anew: the old file leads to the new number."""
    registry = Simulator()
    certificate = registry.issue()
    successor = registry.issue(serial=124).number
    registry.revoke(certificate.number, reason="superseded", successor=successor.digits)
    revoked = KeyRevocation(NOW - 60, "compromised", NOW - 86400 * 365)
    registry.trust_list = with_key_changes(registry.trust_list, "410100", "2026-1", revoked=revoked)
    evidence = replace(registry.evidence(certificate), log_proof=registry.log_proof(0).to_bytes())
    report = verify(evidence, registry.trust(), policy())
    assert report.reason == "key_compromised"
    assert f"新证书编号  {successor.printed}" in render(report, "zh-CN").splitlines()[:4]
    assert render(_revoked(), "zh-CN").count(successor.printed) == 1


def test_the_signed_fields_of_an_annual_certificate_are_shown() -> None:
    text = render(_report(), "zh-CN")
    for shown in (
        "证书编号      410100 2026 1 0000123 15",
        "姓名          张文博",
        "身份证件      410105********1234",
        "工作单位      郑州市第一人民医院",
        "职称等级      中级",
        "专业科目学时  60",
        "发证机关      郑州市人力资源和社会保障局 (410100)",
        "发证日期      2026-03-02",
    ):
        assert shown in text
    assert "Grade               intermediate" in render(_report(), "en")


def test_the_signed_fields_of_a_completion_are_shown() -> None:
    text = render(_report(COMPLETION), "zh-CN")
    for shown in (
        "阿依古丽·买买提",
        "重症医学新进展高级研修班",
        "郑州大学继续教育学院",
        "专业科目",
        "2026-02-14",
    ):
        assert shown in text
    assert "professional subject" in render(_report(COMPLETION), "en")


def test_times_say_their_zone() -> None:
    assert time_text(NOW, "zh-CN") == "2026-03-10 17:00:00（北京时间）"
    assert time_text(NOW, "en") == "2026-03-10 17:00:00 (UTC+8)"
    assert time_text(10**18, "en") == str(10**18)


def test_the_basis_is_shown() -> None:
    text = render(_report(), "en")
    for shown in (
        "Judged as of      2026-03-10 17:00:00 (UTC+8)",
        "Registry          jxjy.henan.example",
        "version 1, in force until 2027-01-01 08:00:00 (UTC+8)",
        "Status            as of 2026-03-10 16:50:00 (UTC+8)",
        "entry 0 of 1, logged 2026-03-02 16:00:05 (UTC+8), witnesses: 2",
    ):
        assert shown in text
    assert "第 0 条（日志共 1 条），登记于 2026-03-02 16:00:05（北京时间），见证人 2 个" in render(
        _report(), "zh-CN"
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_step_has_a_line(lang: str) -> None:
    lines = render(_report(qr=True), lang).splitlines()
    marked = [line for line in lines if line.startswith("  ✔ ")]
    assert len(marked) == 11


def test_a_replaced_certificate_names_its_successor_and_its_fields() -> None:
    text = render(_revoked(), "zh-CN")
    assert text.startswith("核验未通过\n该证书已更正换发，本编号不再有效。")
    assert (
        "（自 2026-03-10 16:00:00（北京时间） 起；原因：更正换发；新证书编号：410100 2026 1 0000124 12）"
        in text
    )
    assert "张文博" in text
    english = render(_revoked(), "en")
    assert (
        "(since 2026-03-10 16:00:00 (UTC+8); reason: corrected and replaced; new certificate: 410100 2026 1 0000124 12)"
        in english
    )
    assert "Signed by the issuing authority" in english


def test_without_details_the_sentence_stands_alone() -> None:
    assert headline(_revoked(details=False), "en").endswith("ask the authority if in doubt.")


def test_a_number_alone_shows_no_fields() -> None:
    text = render(_revoked(number_only=True), "en")
    assert "Number  410100 2026 1 0000123 15" in text
    assert "not established" in text
    assert "张文博" not in text
    assert "The certificate itself: present its file" in text


def test_what_nobody_signed_is_not_shown() -> None:
    registry = Simulator()
    certificate = registry.issue()
    forged = certificate.record.replace("张文博".encode(), "王小明".encode())
    report = verify(Evidence(record=forged), registry.trust(), policy())
    for lang in LANGUAGES:
        assert "王小明" not in render(report, lang)
    assert "签名与内容不符" in headline(report, "zh-CN")


def test_missing_hours_stand_beside_the_verdict() -> None:
    report = _report({**ANNUAL, "professionalHours": 50, "publicHours": 30})
    text = render(report, "zh-CN")
    assert text.startswith("核验通过\n")
    assert "学时规定：学时未达到当年规定。" in text
    assert "缺：合计 6、专业 10、公需 0" in text
    assert "short of: total 6, professional 10, public 0" in render(report, "en")


def test_troubles_and_an_unpinned_root_are_told() -> None:
    troubles = [Trouble("trust.json", "source_unreachable")]
    text = render(_report(pinned=False), "en", troubles=troubles)
    assert "Could not be obtained:\n  · trust.json: The publication could not be reached" in text
    assert f"--root-fingerprint {standard_pin().fingerprint}" in text
    plain = render(_report(), "en")
    assert "Could not be obtained" not in plain
    assert "--root-fingerprint" not in plain


def test_without_a_trust_list_there_is_still_a_report() -> None:
    registry = Simulator()
    report = verify(registry.evidence(registry.issue()), registry.trust(documents=[]), policy())
    for lang in LANGUAGES:
        assert render(report, lang).count("\n") > 10
    assert "Registry" not in render(report, "en")


def test_colour_only_where_asked() -> None:
    assert "\033[" not in render(_report(), "zh-CN")
    assert render(_report(), "zh-CN", colour=True).startswith("\033[32m核验通过\033[0m")
    assert paint("x", "FAILED", colour=False) == "x"


def test_what_strangers_named_cannot_move_the_cursor_or_paint_a_verdict() -> None:
    """Erase the line and write another verdict; turn the text around; a C1 control; bytes that are no UTF-8."""
    name = "a\r\033[2K\033[32mPASSED\033[0m\u202edetrever\x9b1m\x7f\udcff\n.pdf"
    for lang in LANGUAGES:
        text = render(_report(), lang, troubles=[Trouble(name, "container_unreadable")])
        assert "PASSED" in text
        assert all(line.isprintable() for line in text.split("\n"))
        text.encode()
    assert visible(name).count("\ufffd") == 9
    assert visible("张文博 2026.pdf") == "张文博 2026.pdf"


def test_chinese_takes_two_columns() -> None:
    assert columns("姓名 Name") == 9
    assert pad("姓名", 6) == "姓名  "
    assert pad("too long", 2) == "too long"


def test_what_is_no_number_is_printed_as_it_is() -> None:
    assert printed_number("41010020261000012315") == "410100 2026 1 0000123 15"
    assert printed_number("") == ""
