"""The description against the server: requests made from it by schemathesis, right ones and wrong ones, and our examples."""

import json
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.matrices import EXHAUSTIVE, cells
from tests.server.rig import Records, Site, app_on, client_of, generous
from tests.server.test_api import VERIFY, problem
from verifier.server.problems import PROBLEMS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def operations(site: Site) -> list[Any]:
    """What the description has, as schemathesis reads it; of an application of the test's own, which lives but once."""
    records = Records({one.number.digits: one.record for one in site.certificates})
    limits = generous(lookup_seconds=0.0, per_second=1e9)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app_on(site, records=records, limits=limits))
    return [found.ok() for found in schema.get_all_operations()]


POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


# Nothing is wrong for the last: its one parameter is any text. The exhaustive run asks four times as often.
@pytest.mark.repeated
@pytest.mark.parametrize(
    ("place", "mode", "least"),
    cells(
        [
            *((place, mode, 40) for place in (0, 1, 2) for mode in (POSITIVE, NEGATIVE)),
            (3, POSITIVE, 40),
            *((place, mode, 15) for place in (5, 6, 7) for mode in (POSITIVE, NEGATIVE)),
        ],
        always=[(0, POSITIVE, 40), *((place, NEGATIVE, 40) for place in (0, 1, 2)), (3, POSITIVE, 40)],
    ),
)
def test_every_answer_is_documented_and_none_is_a_fault(
    operations: list[Any], place: int, mode: GenerationMode, least: int
) -> None:
    operation = operations[place]
    least = least if EXHAUSTIVE else -(-least // 4)
    asked = 0

    @settings(max_examples=least, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        nonlocal asked
        case.call_and_validate(checks=CHECKS)
        asked += 1

    ask()
    assert asked >= least


def test_there_are_these_operations_and_no_others(operations: list[Any]) -> None:
    assert [one.label for one in operations] == [
        "POST /api/verify",
        "GET /api/certificates/{number}",
        "POST /api/certificates/{number}",
        "GET /api/problems/{code}",
        "GET /api/panel",
        "POST /api/panel/read",
        "POST /api/panel/report",
        "POST /api/panel/report/read",
    ]


@pytest.mark.anyio
async def test_the_examples_are_taken(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        document = (await client.get("/api/openapi.json")).json()
        verify = document["paths"][VERIFY]["post"]
        for example in verify["requestBody"]["content"]["application/json"]["examples"].values():
            answer = await client.post(VERIFY, json=example["value"])
            assert answer.status_code == 200
            assert len(answer.text.splitlines()) == len(example["value"]["items"])


@pytest.mark.anyio
async def test_every_problem_is_documented_where_it_can_happen(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        document = (await client.get("/api/openapi.json")).json()
    told = {
        code
        for path in document["paths"].values()
        for operation in path.values()
        for answer in operation["responses"].values()
        for code in answer["content"].get("application/problem+json", {}).get("examples", {})
    }
    # Of no operation: another method is none, and a line in the midst of a stream is none.
    assert told == set(PROBLEMS) - {"method_not_allowed", "time_over"}
    assert "#/components" not in json.dumps(document)


@pytest.mark.anyio
async def test_what_is_documented_as_a_problem_is_one(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        answer: httpx.Response = await client.post(VERIFY, content=b"x")
    assert problem(answer) == (415, "media_type")
