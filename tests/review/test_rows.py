"""Rows of a sitting, by Python and by the browser's twin: who, which year, which rule, and where claim and signature differ."""

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.builders import henan_2012
from tests.lineprogram import LineProgram
from tests.matrices import examples
from verifier.review.pagetext import page_fields
from verifier.review.rows import Row, fold, key_of, rows_of
from verifier.review.sitting import Applicant, JudgedCertificate, ReviewPolicy, Sitting
from verifier.review.table import counts_of, root_of, table_of

RULES = {"henan-2012": henan_2012()}
NUMBER, OTHER, TRAINING = "41010020261000000190", "41010020261000000287", "41010020262000000447"
ANNUAL = {
    "certificateNumber": NUMBER,
    "name": "张文博",
    "identityDocument": "410105********1234",
    "employer": "郑州市第一人民医院",
    "grade": "intermediate",
    "year": 2026,
    "ruleSet": "henan-2012",
    "professionalHours": 60,
    "publicHours": 26,
}
COURSE = {
    "name": "张文博",
    "identityDocument": "410105********1234",
    "employer": "郑州市第一人民医院",
    "year": 2026,
    "category": "professional",
    "classHours": 24,
}


def judged(verdict: str = "PASSED", number: str = NUMBER, **changes: Any) -> JudgedCertificate:
    """An annual certificate of 2026; ``subject`` None for one that is not authentic."""
    subject = changes.pop("subject", {**ANNUAL, **changes})
    return JudgedCertificate(f"{number}.json", verdict, "valid", number, subject)


def rows(*certificates: JudgedCertificate, **sitting: Any) -> list[Row]:
    """The rows of a sitting."""
    policy = ReviewPolicy(**sitting.pop("policy", {"years": (2026,)}))
    return rows_of(Sitting("sitting", policy, **sitting), certificates, RULES)


def only(*certificates: JudgedCertificate, **sitting: Any) -> Row:
    """The one row that there is."""
    (row,) = rows(*certificates, **sitting)
    return row


def claiming(claim: dict[str, Any], name: str = "张文博", identity: str = "") -> list[Applicant]:
    """One applicant who claims this for 2026."""
    return [Applicant(name, identity, {2026: claim})]


def test_a_good_certificate_needs_nobody() -> None:
    row = only(judged())
    assert (row["verdict"], row["rule"], row["attention"], row["differences"]) == ("PASSED", "met", [], [])
    assert (row["professional"], row["public"], row["identity"]) == (60, 26, "410105********1234")


def test_missing_years_are_rows() -> None:
    found = rows(judged(), policy={"years": (2024, 2025, 2026), "rule_set": "henan-2012", "grade": "senior"})
    assert [(row["year"], row["verdict"]) for row in found] == [
        (2024, "MISSING"),
        (2025, "MISSING"),
        (2026, "PASSED"),
    ]
    assert found[0]["attention"] == ["missing", "short"]
    assert found[0]["short"] == {"total": 86, "professional": 60, "public": 26}


def test_a_year_that_only_the_certificate_or_the_list_names_is_a_row() -> None:
    applicants = [Applicant("张文博", "", {2023: {"total": 90}})]
    found = rows(judged(), applicants=applicants, policy={})
    assert [row["year"] for row in found] == [2023, 2026]


def test_short_by_how_much() -> None:
    row = only(judged(publicHours=20, professionalHours=70))
    assert (row["rule"], row["short"], row["attention"]) == ("short", {"public": 6}, ["short"])


@pytest.mark.parametrize(
    ("policy", "rule"),
    [
        ({"rule_set": "henan-2012", "grade": "junior"}, "met"),
        ({"rule_set": "national-2015"}, "unknown"),
        ({"rule_set": "henan-2012", "grade": "grand"}, "unknown"),
    ],
)
def test_the_panels_rule_goes_before_the_certificates(policy: dict[str, str], rule: str) -> None:
    assert only(judged(), policy=policy)["rule"] == rule


def test_trainings_are_added_up_by_category_and_have_no_rule_of_their_own() -> None:
    courses = [
        judged(number=TRAINING, subject=COURSE),
        judged(number=OTHER, subject={**COURSE, "category": "public", "classHours": 8}),
    ]
    row = only(*courses)
    assert (row["professional"], row["public"], row["rule"]) == (24, 8, "none")
    assert only(*courses, policy={"rule_set": "henan-2012"})["attention"] == ["no_rule"]


def test_of_two_annual_ones_the_larger_counts_and_somebody_looks() -> None:
    row = only(judged(), judged(number=OTHER, professionalHours=70))
    assert (row["professional"], row["attention"]) == (70, ["several"])


def test_what_is_not_in_force_counts_nothing() -> None:
    row = only(judged("FAILED"))
    assert (row["verdict"], row["professional"], row["rule"], row["attention"]) == (
        "FAILED",
        0,
        "undecided",
        ["failed"],
    )
    assert only(judged("INDETERMINATE"))["attention"] == ["undecided"]
    both = only(judged("FAILED"), judged(number=OTHER))
    assert (both["verdict"], both["rule"]) == ("FAILED", "met")


def test_what_cannot_be_read_is_a_row_without_a_name() -> None:
    nothing = JudgedCertificate("blurred.jpg", "INDETERMINATE", "container_no_certificate")
    row = only(nothing, nothing)
    assert (row["name"], row["year"], len(row["certificates"])) == ("", 0, 1)


def test_a_number_without_a_record_belongs_to_who_claims_it() -> None:
    bare = JudgedCertificate("x", "FAILED", "proof_invalid", NUMBER)
    row = only(bare, applicants=claiming({"numbers": [NUMBER]}))
    assert (row["name"], row["year"], row["attention"]) == ("张文博", 2026, ["failed"])


def test_the_list_and_the_signature_differ_field_by_field() -> None:
    claim = {
        "professional": 70,
        "public": 26,
        "total": 96,
        "employer": "某医院",
        "grade": "senior",
        "numbers": [NUMBER, OTHER],
    }
    row = only(judged(), applicants=claiming(claim, name="张 文搏", identity="410105********9999"))
    assert [(one["field"], one["claimed"], one["signed"]) for one in row["differences"]] == [
        ("number", OTHER, ""),
        ("name", "张 文搏", "张文博"),
        ("identityDocument", "410105********9999", "410105********1234"),
        ("employer", "某医院", "郑州市第一人民医院"),
        ("grade", "senior", "intermediate"),
        ("professional", "70", "60"),
        ("total", "96", "86"),
    ]


def test_width_and_space_are_no_difference() -> None:
    applicants = claiming({"employer": "郑州市 第一人民医院　"}, name="张 文博")
    assert only(judged(), applicants=applicants)["differences"] == []
    assert fold("ＡＢ c\u3000买买提•艾") == "abc买买提·艾"


def test_two_of_one_name_are_told_apart_by_identity_or_not_at_all() -> None:
    two = [Applicant("张文博", "410105********1234"), Applicant("张文博", "410105********5678")]
    assert [row["verdict"] for row in rows(judged(), applicants=two)] == ["PASSED", "MISSING"]
    unknown = [Applicant("张文博"), Applicant("张文博")]
    found = rows(judged(), applicants=unknown)
    assert [row["attention"] for row in found] == [["missing"], ["missing"], ["unclaimed"]]


def test_a_claim_for_every_year_and_a_note() -> None:
    applicants = [Applicant("张文博", "", {0: {"employer": "某医院"}, 2026: {"total": 86}})]
    notes = {key_of("张文博", "", 2026): "已补正"}
    row = only(judged(), applicants=applicants, notes=notes)
    assert row["note"] == "已补正"
    assert [one["field"] for one in row["differences"]] == ["employer"]


def test_a_page_that_says_something_else() -> None:
    page = {
        "name": "张文博",
        "grade": "高级",
        "publicHours": "36",
        "elsewhere": "x",
        "certificateNumber": "1",
    }
    one = JudgedCertificate("a.pdf", "PASSED", "valid", NUMBER, ANNUAL, page)
    found = only(one)["differences"]
    assert [(each["field"], each["claimed"], each["source"]) for each in found] == [
        ("certificateNumber", "1", "page"),
        ("grade", "高级", "page"),
        ("publicHours", "36", "page"),
    ]


def test_the_text_of_a_face_by_its_labels() -> None:
    text = "姓名\nName\n张文博\n身份证件 Identity document 410105********1234 工作单位Employer 郑州 职称等级 Grade of title 中级"
    rest = "年度 Year 2026 学时规定 Rule set henan-2012 专业科目学时 Professional hours 60 公需科目学时 General hours 26 合计学时 Total hours 86"
    assert page_fields(text + rest)["publicHours"] == "26"
    assert page_fields(text) == {}


def test_the_tables_root_changes_with_every_row() -> None:
    found = rows(judged(), policy={"years": (2025, 2026)})
    salts = [f"{number:032x}" for number in range(4)]
    table = table_of(found, iter(salts))
    assert table.count(b"\n") == len(found)
    assert root_of(table) != root_of(table_of(found, iter(salts[2:])))
    assert root_of(table) != root_of(table.replace(b"\n", b"\r\n"))
    assert root_of(table[:-1]) != root_of(table)
    assert root_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert counts_of(found) | {"rows": 2, "people": 1, "missing": 1, "passed": 1} == counts_of(found)


# ---- the browser's twin

NAMES = st.sampled_from(["张文博", "张 文博", "王芳", "", "阿里•买买提"])
NUMBERS = st.sampled_from([NUMBER, OTHER, TRAINING, "typed wrong"])
HOURS = st.integers(0, 90)
CLAIM = st.fixed_dictionaries(
    {},
    optional={
        "numbers": st.lists(NUMBERS, max_size=2, unique=True),
        "employer": st.sampled_from(["郑州市第一人民医院", "某医院"]),
        "grade": st.sampled_from(["senior", "intermediate"]),
        "professional": HOURS,
        "public": HOURS,
        "total": HOURS,
    },
)
PEOPLE = st.builds(
    Applicant,
    NAMES.filter(bool),
    st.sampled_from(["", "410105********1234"]),
    st.dictionaries(st.sampled_from([0, 2025, 2026]), CLAIM, max_size=2),
)
SUBJECTS = st.one_of(
    st.none(),
    st.builds(
        lambda name, hours, public: {
            **ANNUAL,
            "name": name,
            "professionalHours": hours,
            "publicHours": public,
        },
        NAMES.filter(bool),
        HOURS,
        HOURS,
    ),
    st.builds(lambda hours: {**COURSE, "classHours": hours}, HOURS),
)
JUDGED = st.builds(
    JudgedCertificate,
    st.sampled_from(["a.pdf", "b.json"]),
    st.sampled_from(["PASSED", "FAILED", "INDETERMINATE"]),
    st.just("valid"),
    st.sampled_from([NUMBER, OTHER, TRAINING]),
    SUBJECTS,
    st.dictionaries(
        st.sampled_from(["name", "grade", "publicHours"]),
        st.sampled_from(["张文博", "中级", "36"]),
        max_size=2,
    ),
)
POLICIES = st.builds(
    ReviewPolicy,
    st.sampled_from([(), (2026,), (2024, 2026)]),
    st.sampled_from(["", "senior", "grand"]),
    st.sampled_from(["", "henan-2012", "none-such"]),
)


@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(POLICIES, st.lists(PEOPLE, max_size=3), st.lists(JUDGED, max_size=4))
def test_the_browser_makes_the_same_rows(
    node: LineProgram,
    policy: ReviewPolicy,
    applicants: list[Applicant],
    certificates: list[JudgedCertificate],
) -> None:
    sitting = Sitting("sitting", policy, applicants, {"张文博||2026": "note"})
    asked = {
        "task": "rows",
        "sitting": {
            "policy": {
                "years": list(policy.years),
                "grade": policy.grade,
                "ruleSet": policy.rule_set,
                "statusMaxAge": 0,
            },
            "applicants": [asdict(one) for one in applicants],
            "notes": dict(sitting.notes),
        },
        "judged": [asdict(one) for one in certificates],
        "ruleSets": [
            {"id": "henan-2012", "grades": {name: asdict(rule) for name, rule in henan_2012().grades.items()}}
        ],
    }
    told = node.ask(asked)["answer"]
    for row in told:
        for one in row["certificates"]:
            del one["page"], one["subject"]
    assert told == rows_of(sitting, certificates, RULES)
