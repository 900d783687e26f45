"""What a panel's page sends to have a review signed: claims and evidence, and no verdict (SPEC 8.5).

Identity numbers come masked as in a record, and whole ones are refused: they have no business here.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from verifier.messages import GRADES
from verifier.presented import Presented
from verifier.review.document import MAX_NAME, MAX_YEARS
from verifier.review.sitting import Applicant, ReviewPolicy, Sitting
from verifier.server.requests import Item
from verifier.server.settings import MAX_LABEL

MAX_EVIDENCE = 3000
"""Certificates of one sitting: 600 applicants and five years. A second's work for each 1,000. Sender: anyone."""
MAX_APPLICANTS = 3000
MAX_ROWS = 10_000
"""Lines of one PDF; 200 pages a thousand would help nobody, and typesetting takes a millisecond a row."""
_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)
_TEXT = Annotated[str, Field(max_length=200)]
_HOURS = Annotated[int | None, Field(ge=0, le=100_000)]
_YEAR = Annotated[int, Field(ge=0, le=2255)]


class Claim(BaseModel):
    """What a spreadsheet claims for a year; 0: for every year."""

    model_config = _STRICT

    year: _YEAR = 0
    numbers: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)] = []
    employer: _TEXT = ""
    grade: _TEXT = ""
    professional: _HOURS = None
    public: _HOURS = None
    total: _HOURS = None

    def as_claimed(self) -> dict[str, str | int | list[str]]:
        """The members that say something."""
        said = self.model_dump(exclude={"year"}, exclude_none=True)
        return {name: value for name, value in said.items() if value not in ("", [])}


class Person(BaseModel):
    """An applicant of the spreadsheet."""

    model_config = _STRICT

    name: Annotated[str, Field(min_length=1, max_length=200)]
    identity: Annotated[str, Field(pattern=r"^(?:[0-9]{6}\*{8}[0-9]{3}[0-9X])?$")] = ""
    claims: Annotated[list[Claim], Field(max_length=64)] = []

    def as_applicant(self) -> Applicant:
        """With the claims by year."""
        return Applicant(self.name, self.identity, {one.year: one.as_claimed() for one in self.claims})


class Policy(BaseModel):
    """What the panel asks for."""

    model_config = _STRICT

    years: Annotated[list[Annotated[int, Field(ge=2000, le=2255)]], Field(max_length=MAX_YEARS)] = []
    grade: Annotated[str, Field(pattern=f"^(?:{'|'.join(GRADES)})?$")] = ""
    rule_set: Annotated[str, Field(alias="ruleSet", pattern=r"^[a-z0-9-]{0,40}$")] = ""
    status_max_age: Annotated[int, Field(alias="statusMaxAge", ge=0, le=604800)] = 0


def _one_of(schema: JsonDict) -> None:
    schema["anyOf"] = [{"required": [name]} for name in ("record", "qrText", "number", "trouble")]


class Evidence(Item):
    """A certificate, and what its PDF's page says; or why a file presented nothing (``trouble``), which is never "false"."""

    model_config = ConfigDict(**_STRICT, json_schema_extra=_one_of)

    trouble: Annotated[str, Field(pattern=r"^[A-Za-z_]{0,40}$")] = ""
    page: Annotated[
        dict[Annotated[str, Field(max_length=40)], _TEXT], Field(max_length=20, default_factory=dict)
    ]

    @model_validator(mode="after")
    def _presents_something(self) -> "Evidence":
        if not (self.trouble or any(one is not None for one in (self.record, self.qr_text, self.number))):
            raise ValueError("record, qrText, number or trouble")
        return self

    def as_presented(self, place: int) -> Presented:
        """As the verifier takes it."""
        return Presented(
            self.target if self.target is not None else f"items[{place}]",
            record=self.record.encode("utf-8", "surrogatepass") if self.record is not None else None,
            qr_text=self.qr_text,
            number=self.number,
            trouble=self.trouble,
            log_proof=self.log_proof.encode("utf-8", "surrogatepass") if self.log_proof is not None else None,
        )


class Note(BaseModel):
    """The panel's own words on a row, by its key (``verifier.review.rows.key_of``)."""

    model_config = _STRICT

    row: Annotated[str, Field(max_length=MAX_LABEL + 100)]
    text: _TEXT


class ReviewRequest(BaseModel):
    """The body of POST /api/panel/report."""

    model_config = _STRICT

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    policy: Policy = Policy()
    applicants: Annotated[list[Person], Field(max_length=MAX_APPLICANTS)] = []
    items: Annotated[list[Evidence], Field(max_length=MAX_EVIDENCE)] = []
    notes: Annotated[list[Note], Field(max_length=MAX_ROWS)] = []

    def as_sitting(self) -> Sitting:
        """As the core takes it."""
        policy = self.policy
        asked = ReviewPolicy(
            tuple(sorted(set(policy.years))), policy.grade, policy.rule_set, policy.status_max_age
        )
        return Sitting(
            self.name,
            asked,
            [one.as_applicant() for one in self.applicants],
            {one.row: one.text for one in self.notes},
        )
