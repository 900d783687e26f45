"""The log of a whole path, from upload to revocation: what was done is in it, and nobody to whom."""

import errno
import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from registry.accounts.models import Account
from registry.actors import SYSTEM, Role
from registry.cli.working import KINDS
from registry.jobs import service
from registry.jobs.worker import JobKind, work_once
from registry.models import Certificate
from tests.cases.people import seen
from tests.console.rig import PASSWORD, Caller, Console
from tests.console.test_batches import shown, submitted
from tests.registry.rig import PASSPHRASE
from tests.registry.sheets import identity
from verifier.operation.logs import FIELDS, JsonLines, logging_settings, whereabouts

_ANNUAL_NAMES = ("张文博", "李雷", "韩梅梅", "王秀英")
SEARCH = dict.fromkeys(
    ("number", "name", "employer", "identity", "sought", "batch", "authority"), ""
) | dict.fromkeys(("state", "year", "kind", "order"), "")
_OURS = {"time", "level", "logger", "message", "error", *FIELDS}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that a server would write, as it would."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    quiet = [logging.getLogger(name) for name in logging_settings("json")["loggers"]]
    before = [(one, one.level) for one in (root, *quiet)]
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for one in quiet:
        one.setLevel(logging.WARNING)
    yield stream
    root.removeHandler(handler)
    for one, level in before:
        one.setLevel(level)


def work(console: Console) -> None:
    while work_once(console.rig.app, KINDS, holder="tests"):
        pass


def the_whole_path(console: Console) -> list[str]:
    """Upload, review, release, issue, search, reveal, draw, revoke; and what goes wrong on the way. The numbers."""
    draft, clerk = submitted(console, 701, 702)
    approver = console.signed_in(Role.APPROVER)
    assert approver.post(f"/console/batches/{draft}/release", shown(approver, draft)).status_code == 303
    work(console)
    with console.rig.app.database.read() as session:
        numbers = list(session.scalars(select(Certificate.number)))
    searched(clerk, numbers[0])
    case = clerk.post(
        f"/console/certificates/{numbers[0]}/acts/revoke",
        {"seen": str(seen(console.rig, numbers[0])), "reason": "fraud", "remark": f"{identity(701)} 张文博"},
    )
    assert case.status_code == 303, case.text
    location = case.headers["location"]
    assert approver.post(f"{location}/confirm", approver.confirmed(location)).status_code == 303
    work(console)
    stranger = console.caller()
    account = clerk.account
    assert account is not None
    stranger.post("/console/sign-in", {"login": account.login, "password": PASSWORD + "x"})
    clerk.get(f"/console/certificates/{identity(701)}")
    clerk.get("/console/nothing/张文博")
    return numbers


def searched(clerk: Caller, number: str) -> None:
    for field, sought in (("number", number), ("name", "张文博"), ("identity", identity(701))):
        assert clerk.post("/console/certificates/find", {**SEARCH, field: sought}).status_code == 200
    for page in ("", "/face.png", "/certificate.pdf", "/record.json", "/proof"):
        assert clerk.get(f"/console/certificates/{number}{page}").status_code == 200


def test_the_log_of_a_whole_path_names_nobody(fresh: Console, lines: io.StringIO) -> None:
    numbers = the_whole_path(fresh)
    with fresh.rig.app.database.write() as session:
        # A fault that nobody foresaw, with a person in its text.
        session.connection().exec_driver_sql("UPDATE certificate SET record = x'7b'")
    approver = fresh.signed_in(Role.APPROVER)
    approver.get(f"/console/certificates/{numbers[0]}")
    text = lines.getvalue()
    entries = [json.loads(line) for line in text.splitlines()]
    assert len(entries) > 15
    assert all(set(entry) <= _OURS for entry in entries)
    routes = {entry.get("route") for entry in entries}
    assert {"/console/batches/new", "/console/certificates/{number}", "/console/certificates/find"} <= routes
    assert any(entry.get("kind") == "release" and entry.get("outcome") == "done" for entry in entries)
    with fresh.rig.app.database.read() as session:
        logins = list(session.scalars(select(Account.login)))
        people = list(session.scalars(select(Account.name)))
    secrets = (PASSWORD, PASSPHRASE)
    for told in (*numbers, *logins, *people, *secrets, identity(701), identity(702), *_ANNUAL_NAMES):
        assert told not in text
    assert not re.search(r"\d{17}[\dX]", text)
    assert "192.0.2.7" not in text


def test_the_metrics_of_a_whole_path_name_nobody(fresh: Console) -> None:
    numbers = the_whole_path(fresh)
    text = generate_latest(REGISTRY).decode()
    found = {
        (one.labels["route"], one.labels["method"], one.labels["status"])
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == "certreg_http_requests_total" and one.labels["service"] == "console"
    }
    assert ("/console/batches/new", "POST", "303") in found
    assert ("-", "GET", "404") in found  # an address that leads nowhere is counted, and not told
    assert not any(re.search(r"\d{6}", route) for route, _, _ in found)
    for told in (*numbers, identity(701), "张文博"):
        assert told not in text


def test_an_errors_text_is_in_no_line(lines: io.StringIO, fresh: Console) -> None:
    def stumble(_: object) -> object:
        raise OSError("张文博")

    with fresh.rig.app.database.write() as session:
        service.order(session, SYSTEM, "stumble", subject="test:1", now=fresh.rig.clock.now)
    work_once(fresh.rig.app, {"stumble": JobKind(stumble)}, holder="one")  # type: ignore[arg-type]
    try:
        int("张文博")
    except ValueError:
        logging.getLogger("elsewhere").exception("it failed")
    entries = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert entries[-1]["error"].startswith("ValueError at test_logs.py:")
    assert {entry.get("outcome") for entry in entries} >= {"trouble"}
    assert "张文博" not in lines.getvalue()
    assert whereabouts(KeyError("x")) == "KeyError at ?"
    assert whereabouts(OSError(errno.EROFS, "张文博", "张文博.xlsx")) == "OSError EROFS at ?"
