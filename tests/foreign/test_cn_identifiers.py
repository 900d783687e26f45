"""Identifiers made by others: electronic licences from public code, and GB 32100 / GB 11643 against python-stdnum."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from registry.intake.identifiers import (
    ELicenceIdentifier,
    IdentifierError,
    ResidentIdentity,
    SocialCreditCode,
)
from verifier.iso7064 import mod11_2_check

VECTORS = Path(os.environ.get("FOREIGN_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))
TODAY = date(2026, 11, 23)

# The example of GB 11643 itself, and numbers that are printed publicly for organisations.
RESIDENT = "11010519491231002X"
ORGANISATIONS = ["91110000600037341L", "91310000775785552L", "11100000000013338W"]


def licences() -> list[dict[str, Any]]:
    path = VECTORS / "cn" / "elicence_ids.json"
    if not path.is_file():
        pytest.skip(f"no foreign vectors at {path}; set FOREIGN_VECTORS")
    samples: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["ids"]
    return samples


def test_electronic_licences_of_public_code() -> None:
    for sample in licences():
        if sample["ok"]:
            identifier = ELicenceIdentifier.parse(sample["id"])
            assert str(identifier) == sample["id"]
            continue
        with pytest.raises(IdentifierError) as caught:
            ELicenceIdentifier.parse(sample["id"])
        assert caught.value.code == "elicence_check"
        parts = sample["id"].split(".")[5:9]
        assert ELicenceIdentifier(*parts).check == sample["computed"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.156.3005.2",
        "1.2.156.3005.3.11100000000013338W011.11430000006122244L.20230000403.001.U",
        "1.2.156.3005.2.11100000000013338w011.11430000006122244L.20230000403.001.U",
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001",
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U.",
        "1.2.156.3005.2.11100000000013338W011..20230000403.001.U",
        " 1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    ],
)
def test_malformed_licence_identifiers(text: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        ELicenceIdentifier.parse(text)
    assert caught.value.code == "elicence_form"


@pytest.mark.parametrize("text", ORGANISATIONS)
def test_published_social_credit_codes(text: str) -> None:
    assert uscc.is_valid(text)
    code = SocialCreditCode.parse(text)
    assert str(code) == text
    assert code.organisation_code == text[8:17]


@given(
    st.sampled_from(ORGANISATIONS),
    st.integers(0, 17),
    st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZ"),
)
def test_social_credit_codes_agree_with_stdnum(text: str, index: int, character: str) -> None:
    changed = text[:index] + character + text[index + 1 :]
    if changed == text:
        return
    with pytest.raises(IdentifierError):
        SocialCreditCode.parse(changed)
    assert not uscc.is_valid(changed) or changed[8:17] != text[8:17]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("91110000600037341", "uscc_length"),
        ("9111000060003734IL", "uscc_characters"),
        ("91110000600037341l", "uscc_characters"),
        ("91110000600037341M", "uscc_check"),
    ],
)
def test_malformed_social_credit_codes(text: str, code: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        SocialCreditCode.parse(text)
    assert caught.value.code == code


def test_a_wrong_organisation_code_under_a_right_outer_check_is_found() -> None:
    body = "91110000600037342"
    right = [c for c in uscc._alphabet if uscc.calc_check_digit(body) == c]
    with pytest.raises(IdentifierError) as caught:
        SocialCreditCode.parse(body + right[0])
    assert caught.value.code == "uscc_organisation"


def test_the_standard_s_own_resident_number() -> None:
    identity = ResidentIdentity.parse(RESIDENT, today=TODAY)
    assert identity.birth_date == date(1949, 12, 31)
    assert identity.masked == "110105********002X"
    assert "19491231" not in f"{identity} {identity!r}"


@pytest.mark.parametrize("place", ["810000", "820000", "830000", "410728", "911560"])
def test_residence_permits_and_abolished_counties_are_genuine(place: str) -> None:
    body = f"{place}19900101001"
    assert ResidentIdentity.parse(body + mod11_2_check(body), today=TODAY).number == body + mod11_2_check(
        body
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("11010519491231002", "identity_length"),
        ("110105491231002", "identity_length"),
        ("11010519491231002X ", "identity_length"),
        ("11010519491231002x", "identity_digits"),
        ("01010519491231002X", "identity_digits"),
        ("1101051949123100ＸX", "identity_digits"),
        ("1101051949123100٢X", "identity_digits"),
        ("110105194912310021", "identity_check"),
        ("110105194913310024", "identity_date"),
        ("110105190002290021", "identity_date"),
        ("440524188001010014", "identity_date"),
        ("110105202611240020", "identity_date"),
    ],
)
def test_malformed_resident_numbers(text: str, code: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        ResidentIdentity.parse(text, today=TODAY)
    assert caught.value.code == code
