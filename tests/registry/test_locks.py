"""One transaction after the other: who comes while another is at work waits for it, and then sees what it did.

On PostgreSQL alone: SQLite has one writer at a time. Nothing is left to chance: the second begins while the first is
open, the database says that it waits (or it has ended, which is a lock that is missing), and only then the first ends.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from registry.accounts import slowdown
from registry.accounts.challenges import ask, take
from registry.accounts.invites import invite, use_invite
from registry.accounts.models import Account, SignInTrouble
from registry.accounts.passkeys import use_passkey
from registry.accounts.recovery import make_codes, use_recovery_code
from registry.accounts.service import (
    clear_credentials,
    disable_account,
    enable_account,
    hash_anew,
    set_password,
)
from registry.accounts.sessions import end_session, find_session, open_session
from registry.accounts.tokens import create_token, find_token
from registry.accounts.totp import new_totp_secret, seal_secret, use_code
from registry.actors import SYSTEM, Actor
from registry.cases import bulk, index, partitions, requests
from registry.cases.documents import Upload
from registry.cases.execution import _confirmed, _end, carry_out
from registry.cases.models import Case, CaseItem
from registry.cases.partitions import _make_part, prepare_years
from registry.cases.sealing import open_changes, require_decision
from registry.cases.service import confirm, decline, propose, withdraw
from registry.console.entering import actor_of
from registry.correction import correct
from registry.cosigning import _store
from registry.errors import RegistryError
from registry.identitykeys.rotation import change_master
from registry.identitykeys.sealed import KINDS, CasePayloads
from registry.identitykeys.service import add_data_key
from registry.intents import SeriesKey, _locked_series
from registry.issuance import finish_intent, resume
from registry.jobs import service as jobs
from registry.jobs.models import Job
from registry.log import log_time
from registry.models import CheckpointRow, StatusEvent
from registry.province import counts
from registry.review import decisions
from registry.review.drafts import DECIDED, PREPARED, content_of, discard, lend_hand, store
from registry.review.models import Draft
from registry.status import change_status, release
from tests.accounts.test_once import new_account
from tests.accounts.test_passkeys import SITE, answer, passkey
from tests.builders import MUNICIPAL
from tests.cases.people import APPROVER, CLERK, acting, case, confirmed, proposed, seen
from tests.registry.children import Strike, issue, killed
from tests.registry.identitykeys.test_rotation import masters
from tests.registry.rig import NOW, Rig, assert_sound
from tests.registry.sheets import annual
from tests.review import desk

pytestmark = [pytest.mark.parametrize("rig", ["postgresql"], indirect=True), pytest.mark.both_engines]
Act = Callable[[Session], Any]
SECOND = Actor(14, "second", "周审核", APPROVER.role, MUNICIPAL, "192.0.2.14")
PATIENCE = 30
"""Seconds; in which nobody is waited for that goes on by itself."""
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"


@contextmanager
def coming(rig: Rig, second: Callable[[], Any]) -> Iterator[Callable[[], "Future[str]"]]:
    """``second`` in a thread of its own, from the call on; that returns when it waits for somebody, or has ended."""
    with ThreadPoolExecutor(1) as pool:

        def begin() -> "Future[str]":
            begun = pool.submit(_outcome, second)
            until = time.monotonic() + PATIENCE
            with psycopg.connect(rig.place.url, autocommit=True) as watch:
                while not begun.done():
                    row = watch.execute(_WAITING).fetchone()
                    if row is not None and row[0]:
                        break
                    assert time.monotonic() < until
                    time.sleep(0.005)
            return begun

        yield begin


def behind(rig: Rig, first: Act, second: Callable[[], Any]) -> str:
    """What ``second`` comes to that begins while ``first`` is not committed: a refusal's code, or nothing."""
    with coming(rig, second) as begin:
        with rig.app.write() as session:
            first(session)
            session.flush()
            begun = begin()
        return begun.result(PATIENCE)


def apart(rig: Rig, act: Act) -> Callable[[], Any]:
    """``act`` in a transaction of its own."""

    def alone() -> Any:
        with rig.app.write() as session:
            return act(session)

    return alone


def _outcome(second: Callable[[], Any]) -> str:
    try:
        second()
    except RegistryError as error:
        return error.code
    return ""


def events(rig: Rig, number: str) -> list[str]:
    """What happened to a certificate."""
    with rig.app.database.read() as session:
        chosen = select(StatusEvent).filter_by(number=number).order_by(StatusEvent.leaf_index)
        return [f"{one.action} {one.reason}" for one in session.scalars(chosen)]


def status(number: str, action: str, reason: str) -> Act:
    """A change of status."""
    return partial(change_status, number=number, action=action, reason=reason, now=NOW)


def deciding(rig: Rig, how: str, case_id: int) -> Act:
    """What an approver, or who proposed it, does with a case."""
    common: dict[str, Any] = {"case_id": case_id, "authority": MUNICIPAL, "now": NOW}
    acts: dict[str, Act] = {
        "confirm": lambda session: confirm(session, SECOND, rig.app, remark="", **common),
        "decline": lambda session: decline(session, APPROVER, remark="不符", **common),
        "withdraw": lambda session: withdraw(session, CLERK, **common),
    }
    return acts[how]


def revoking(rig: Rig, number: str, *, actor: Actor) -> Act:
    """To propose a revocation of the certificate as it is now."""
    what: dict[str, Any] = {
        "number": number,
        "action": "revoke",
        "reason": "fraud",
        "seen": seen(rig, number),
    }
    return partial(propose, actor=actor, app=rig.app, authority=MUNICIPAL, now=NOW, **what)


@pytest.mark.parametrize(
    ("first", "second"),
    [("decline", "confirm"), ("withdraw", "confirm"), ("confirm", "decline"), ("confirm", "withdraw")],
)
def test_a_case_is_decided_once(rig: Rig, first: str, second: str) -> None:
    (number,) = rig.issue(1)
    waiting = proposed(rig, number)
    decided = deciding(rig, first, waiting.id)
    assert behind(rig, decided, apart(rig, deciding(rig, second, waiting.id))) == "case_decided"
    assert len(events(rig, number)) == (first == "confirm")
    rig.app.sign_log()
    assert_sound(rig.app, issued=1)


@pytest.mark.parametrize("second", ["suspend", "propose", "confirm"])
def test_nobody_acts_on_a_certificate_that_changes_meanwhile(rig: Rig, second: str) -> None:
    """What was on the page is not what it is any more, and the page must be looked at anew."""
    (number,) = rig.issue(1)
    waiting = proposed(rig, number) if second == "confirm" else None
    acts: dict[str, Act] = {
        "suspend": acting(rig, number, "suspend", "complaint", actor=SECOND),
        "propose": revoking(rig, number, actor=SECOND),
        "confirm": deciding(rig, "confirm", waiting.id if waiting else 0),
    }
    suspended = acting(rig, number, "suspend", "complaint")
    assert behind(rig, suspended, apart(rig, acts[second])) == "case_overtaken"
    assert events(rig, number) == ["suspend complaint"]


def test_what_is_confirmed_meanwhile_is_not_overtaken(rig: Rig) -> None:
    (number,) = rig.issue(1)
    waiting = proposed(rig, number, "correct", changes={"name": "李雷"})
    suspend = acting(rig, number, "suspend", "complaint")
    assert behind(rig, deciding(rig, "confirm", waiting.id), apart(rig, suspend)) == "case_open"
    assert events(rig, number) == []


def listed(rig: Rig, *numbers: str) -> Case:
    """A file that asks to revoke these, as a draft."""
    rows = "".join(f"{number},弄虚作假\n" for number in numbers)
    upload = Upload("名单.csv", f"编号,事由\n{rows}".encode())
    with rig.app.write() as session:
        return bulk.read_file(session, CLERK, upload, authority=MUNICIPAL, remark="", now=NOW)


def put_forward(rig: Rig, *numbers: str) -> Case:
    """The same, proposed."""
    case_ = listed(rig, *numbers)
    with rig.app.write() as session:
        return bulk.propose_file(session, CLERK, case_id=case_.id, authority=MUNICIPAL, now=NOW)


def test_a_certificate_has_one_case(rig: Rig) -> None:
    (number,) = rig.issue(1)
    asked = revoking(rig, number, actor=CLERK)
    assert behind(rig, asked, apart(rig, asked)) == "case_open"


def test_a_number_is_in_one_file(rig: Rig) -> None:
    """Of two that were made while neither was confirmed."""
    (number,) = rig.issue(1)
    first, second = (put_forward(rig, number).id for _ in range(2))
    confirming = deciding(rig, "confirm", first)
    assert behind(rig, confirming, apart(rig, deciding(rig, "confirm", second))) == "case_items_open"
    assert case(rig, second).state == "proposed"


def test_who_confirms_the_same_numbers_in_another_order_waits_for_none_of_them_twice(rig: Rig) -> None:
    """Numbers are taken in their order, whatever the file's is: nobody who waits for one holds the next."""
    numbers = sorted(rig.issue(1, 2))
    first, second = put_forward(rig, *numbers).id, put_forward(rig, *reversed(numbers)).id
    with coming(rig, apart(rig, deciding(rig, "confirm", second))) as begin:
        with rig.app.write() as session:
            taken = update(CaseItem).filter_by(case_id=first).values(state="waiting")
            session.execute(taken.filter_by(number=numbers[0]))
            begun = begin()
            session.execute(taken.filter_by(number=numbers[1]))
        assert begun.result(PATIENCE) == "case_items_open"


def test_a_draft_that_is_proposed_is_not_thrown_away(rig: Rig) -> None:
    (number,) = rig.issue(1)
    case_id = listed(rig, number).id
    propose_ = partial(bulk.propose_file, actor=CLERK, case_id=case_id, authority=MUNICIPAL, now=NOW)
    drop = partial(bulk.drop_draft, actor=CLERK, case_id=case_id, authority=MUNICIPAL)
    assert behind(rig, propose_, apart(rig, drop)) == "case_decided"
    with rig.app.database.read() as session:
        assert len(session.scalars(select(CaseItem).filter_by(case_id=case_id)).all()) == 1


def test_a_file_revokes_what_was_seen(rig: Rig) -> None:
    """A number that something happens to, while the worker comes to it, is refused."""
    (number,) = rig.issue(1)
    case_id = confirmed(rig, put_forward(rig, number)).id
    suspended = status(number, "suspend", "complaint")
    assert behind(rig, suspended, lambda: carry_out(rig.app, case_id)) == ""
    assert events(rig, number) == ["suspend complaint"]
    with rig.app.database.read() as session:
        assert session.scalars(select(CaseItem.failure)).all() == ["case_overtaken"]


def test_a_case_that_ended_is_not_carried_out(rig: Rig) -> None:
    (number,) = rig.issue(1)
    case_id = confirmed(rig, put_forward(rig, number)).id

    def ended(session: Session) -> None:
        found = _confirmed(session, case_id)
        assert found is not None
        _end(session, found, failure="number_unknown", now=NOW)

    assert behind(rig, ended, lambda: carry_out(rig.app, case_id)) == ""
    assert events(rig, number) == []
    assert case(rig, case_id).state == "failed"


@pytest.mark.parametrize(("action", "reason"), [("revoke", "holder-request"), ("suspend", "complaint")])
def test_a_revocation_is_the_last_that_happens(rig: Rig, action: str, reason: str) -> None:
    (number,) = rig.issue(1)
    second = apart(rig, status(number, action, reason))
    assert behind(rig, status(number, "revoke", "fraud"), second) == "status_transition"
    assert events(rig, number) == ["revoke fraud"]
    rig.app.sign_log()
    assert_sound(rig.app, issued=1)


def test_nobody_corrects_what_is_revoked_meanwhile(rig: Rig) -> None:
    """And no number is used up."""
    (number,) = rig.issue(1)
    second = partial(correct, rig.app, number, {"name": "李雷"})
    assert behind(rig, status(number, "revoke", "fraud"), second) == "status_transition"
    rig.app.sign_log()
    assert_sound(rig.app, issued=1)


def test_a_correction_is_the_last_that_happens(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever suspends while it is being logged waits for the certificate, not for the log's head, and finds it superseded."""
    (number,) = rig.issue(1)
    begun: list[Future[str]] = []
    with coming(rig, apart(rig, status(number, "suspend", "complaint"))) as begin:

        def with_the_head(session: Session, now: int) -> int:
            held = log_time(session, now)
            begun.append(begin())
            return held

        monkeypatch.setattr("registry.issuance.log_time", with_the_head)
        correct(rig.app, number, {"name": "李雷"})
        assert begun[0].result(PATIENCE) == "status_transition"
    assert events(rig, number) == ["revoke superseded"]
    assert_sound(rig.app, issued=2)


def test_who_finishes_the_same_range_second_finds_it_done(rig: Rig) -> None:
    file = rig.people(range(3))
    assert killed(rig.place, NOW, issue, file, MUNICIPAL, 7, strike=Strike("reserve:after"))
    begun: list[Future[str]] = []
    with coming(rig, partial(finish_intent, rig.app, 1)) as begin:

        def observe(point: str, _: int) -> None:
            if point == "log:before":
                begun.append(begin())

        finish_intent(rig.app, 1, observe)
        assert begun[0].result(PATIENCE) == ""
    resume(rig.app)
    assert_sound(rig.app, issued=3)


def test_a_series_is_begun_once(rig: Rig) -> None:
    """Whoever comes second goes on with the first one's, and is not refused."""
    begun = partial(_locked_series, series=SeriesKey(MUNICIPAL, 2026, 1))
    assert behind(rig, begun, apart(rig, begun)) == ""


def test_a_person_is_released_once(rig: Rig) -> None:
    (number,) = rig.issue(1)
    rig.change(number, "revoke", "fraud")
    first, second = (partial(release, number=number, remark=remark, now=NOW) for remark in ("一", "二"))
    assert behind(rig, first, apart(rig, second)) == "not_barred"
    with rig.app.database.read() as session:
        assert session.scalars(select(StatusEvent.release_remark)).one() == "一"


def test_a_request_is_decided_once(rig: Rig) -> None:
    (number,) = rig.issue(1)
    with rig.app.write() as session:
        words: dict[str, Any] = {"channel": "counter", "wish": "姓名应为李雷", "contact": "138"}
        request = requests.receive(
            session, CLERK, rig.app, number=number, authority=MUNICIPAL, now=NOW, **words
        )
    common: dict[str, Any] = {"request_id": request.id, "authority": MUNICIPAL, "now": NOW}
    first = partial(requests.decide, actor=CLERK, accepted=True, answer="", **common)
    second = partial(requests.decide, actor=SECOND, accepted=False, answer="不符", **common)
    assert behind(rig, first, apart(rig, second)) == "request_decided"


def test_a_list_is_decided_once(rig: Rig) -> None:
    draft = desk.submitted(rig)
    shown = desk.seen(rig, draft).submission
    returned = partial(
        decisions.send_back,
        actor=desk.APPROVER,
        draft_id=draft,
        round_number=shown.round,
        shown=shown.shown,
        remark="请补",
        now=NOW,
    )
    second = apart(rig, lambda session: desk.release_in(session, rig, draft, desk.SECOND_APPROVER, shown))
    assert behind(rig, returned, second) == "draft_not_submitted"
    assert desk.draft_of(rig, draft).state == "returned"
    assert not desk.work(rig)


def test_a_list_that_was_thrown_away_is_not_submitted(rig: Rig) -> None:
    draft = desk.opened(rig)
    desk.upload(rig, draft, desk.csv_bytes([annual(1)]))
    thrown = partial(discard, actor=desk.CLERK, draft_id=draft, now=NOW)
    assert behind(rig, thrown, lambda: desk.submit(rig, draft)) == "draft_not_open"
    assert desk.draft_of(rig, draft).state == "discarded"


def test_who_prepares_meanwhile_does_not_decide(rig: Rig) -> None:
    draft = desk.opened(rig)
    first, second = (
        partial(lend_hand, actor=desk.APPROVER, draft_id=draft, part=part) for part in (PREPARED, DECIDED)
    )
    assert behind(rig, first, apart(rig, second)) == "own_draft"


def a_job(rig: Rig) -> int:
    """A job that waits."""
    with rig.app.write() as session:
        return jobs.order(session, CLERK, "release", subject="draft:1", now=NOW)


def test_a_job_is_begun_by_one(rig: Rig) -> None:
    """Whatever messages there are of it."""
    job, got = a_job(rig), []
    begun = [
        partial(jobs.begin, job_id=job, message=message, holder=f"worker/{message}", now=NOW)
        for message in (1, 2)
    ]
    second = apart(rig, lambda session: got.append(begun[1](session)))
    assert behind(rig, begun[0], second) == ""
    assert got == [None]
    with rig.app.database.read() as session:
        assert session.get_one(Job, job).holder == "worker/1"


def test_a_job_is_begun_anew_once(rig: Rig) -> None:
    job = a_job(rig)
    with rig.app.write() as session:
        begun = jobs.begin(session, job, message=1, holder="worker/1", now=NOW)
        assert begun is not None
        jobs.fail(session, begun[1], code="job_gave_up", params={}, now=NOW)
    again = partial(jobs.retry, job_id=job, now=NOW)
    assert behind(rig, again, apart(rig, again)) == "job_not_failed"


def test_a_failure_is_counted_while_another_is_forgiven(rig: Rig) -> None:
    """A client's failures, whoever of it signs in meanwhile."""
    one, other = (
        slowdown.sign_in_attempts(login, "192.0.2.1", known_device=None) for login in ("one", "other")
    )
    for _ in range(3):
        apart(rig, partial(slowdown.begin, attempts=one, now=NOW))()
    second = apart(rig, partial(slowdown.succeed, attempts=one, now=NOW))
    assert behind(rig, partial(slowdown.begin, attempts=other, now=NOW), second) == ""
    with rig.app.database.read() as session:
        (client,) = [attempt.key for attempt in one if attempt.pace is slowdown.CLIENT]
        assert session.get_one(SignInTrouble, client).failures == 3 + 1 - 1


@pytest.mark.parametrize("what", ["answer", "invitation", "recovery", "session", "code"])
def test_what_is_good_once_is_good_for_the_first(rig: Rig, what: str) -> None:
    owner, secret = new_account(rig), new_totp_secret()
    with rig.app.write() as session:
        session.get_one(Account, owner.id).totp = seal_secret(rig.app.vault, secret, owner.id)
        ticket = ask(session, "act", now=NOW).ticket
        invitation = invite(session, CLERK, owner, now=NOW).secret
        recovery = make_codes(session, owner.id)[0]
        row = open_session(session, owner, origin="", browser="", now=NOW)[1]
    good: list[bool] = []

    def use(session: Session) -> None:
        account = session.get_one(Account, owner.id)
        uses: dict[str, Callable[[], bool]] = {
            "answer": lambda: take(session, "act", ticket, now=NOW) is not None,
            "invitation": lambda: use_invite(session, invitation, now=NOW),
            "recovery": lambda: use_recovery_code(session, owner.id, recovery, now=NOW),
            "session": lambda: end_session(session, row.id, owner.id, now=NOW),
            "code": lambda: use_code(session, rig.app.vault, account, pyotp.TOTP(secret).at(NOW), now=NOW),
        }
        good.append(uses[what]())

    assert behind(rig, use, apart(rig, use)) == ""
    assert good == [True, False]


@pytest.mark.parametrize("by", ["code", "passkey"])
def test_nobody_comes_in_by_what_is_taken_away_meanwhile(rig: Rig, by: str) -> None:
    """A lost telephone: its owner's account is reset while somebody shows what it says."""
    owner, key, secret = new_account(rig), Ed25519PrivateKey.generate(), new_totp_secret()
    with rig.app.write() as session:
        session.get_one(Account, owner.id).totp = seal_secret(rig.app.vault, secret, owner.id)
    shown, challenge = answer(key, passkey(rig, owner, key), bytes(32)), bytes(32)
    taken: list[bool] = []

    def second(session: Session) -> None:
        if by == "code":
            account = session.get_one(Account, owner.id)
            taken.append(use_code(session, rig.app.vault, account, pyotp.TOTP(secret).at(NOW), now=NOW))
        else:
            site = {"host": SITE.host, "origin": SITE.origin}
            taken.append(use_passkey(session, shown, challenge, now=NOW, **site) is not None)

    def reset(session: Session) -> None:
        clear_credentials(session, session.get_one(Account, owner.id), now=NOW)

    assert behind(rig, reset, apart(rig, second)) == ""
    assert taken == [False]


@pytest.mark.parametrize("what", ["session", "token"])
@pytest.mark.parametrize("disabled", ["first", "second"])
def test_nothing_lives_again_that_was_made_while_an_account_was_disabled(
    rig: Rig, what: str, disabled: str
) -> None:
    owner = new_account(rig)
    actor = actor_of(owner, "192.0.2.1")
    common: dict[str, Any] = {"account_id": owner.id, "authority": None, "now": NOW}
    secrets: list[str] = []

    def made(session: Session) -> None:
        secret, _ = (
            open_session(session, session.get_one(Account, owner.id), origin="", browser="", now=NOW)
            if what == "session"
            else create_token(session, actor, label="系统", routes=["batches"], days=1, now=NOW)
        )
        secrets.append(secret)

    disable = partial(disable_account, actor=SYSTEM, **common)
    if disabled == "first":
        assert behind(rig, disable, apart(rig, made)) == "account_disabled"
    else:
        assert behind(rig, made, apart(rig, disable)) == ""
    with rig.app.write() as session:
        enable_account(session, SYSTEM, **common)
        find = find_session if what == "session" else find_token
        assert [find(session, secret, now=NOW) for secret in secrets] == [None] * (disabled == "second")


def test_a_password_that_is_changed_meanwhile_does_not_come_back(rig: Rig) -> None:
    """Whoever signs in by the old one has it hashed anew, where the price of a guess rose."""
    owner = new_account(rig)
    apart(rig, partial(set_password, account_id=owner.id, hashed="old"))()
    changed = partial(set_password, account_id=owner.id, hashed="new")
    second = apart(rig, partial(hash_anew, account_id=owner.id, kept="old", hashed="old, dearer"))
    assert behind(rig, changed, second) == ""
    with rig.app.database.read() as session:
        assert session.get_one(Account, owner.id).password == "new"
    apart(rig, partial(hash_anew, account_id=owner.id, kept="new", hashed="new, dearer"))()
    with rig.app.database.read() as session:
        assert session.get_one(Account, owner.id).password == "new, dearer"


def test_of_a_passkey_and_its_copy_one_comes_in(rig: Rig) -> None:
    """Both count on from the same."""
    owner, key = new_account(rig), Ed25519PrivateKey.generate()
    shown = answer(key, passkey(rig, owner, key), bytes(32))
    came: list[bool] = []

    def come(session: Session) -> None:
        used = use_passkey(session, shown, bytes(32), host=SITE.host, origin=SITE.origin, now=NOW)
        came.append(used is not None)

    assert behind(rig, come, apart(rig, come)) == ""
    assert came == [True, False]


@pytest.mark.parametrize("what", [index, counts], ids=["index", "counts"])
def test_who_follows_the_log_second_takes_nothing_twice(rig: Rig, what: Any) -> None:
    rig.issue(1, 2)
    follow = partial(what.follow, at_most=1000)
    assert behind(rig, follow, apart(rig, follow)) == ""
    with rig.app.database.read() as session:
        troubles = index.index_troubles if what is index else counts.count_troubles
        assert list(troubles(session)) == []


def test_a_years_part_is_made_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two who found it missing."""
    made: list[tuple[int, ...]] = []
    begun: list[Future[str]] = []
    with coming(rig, apart(rig, lambda session: made.append(prepare_years(session, [2031])))) as begin:

        def found_missing(session: Session, year: int) -> None:
            begun.append(begin())
            monkeypatch.undo()
            _make_part(session, year)

        monkeypatch.setattr(partitions, "_make_part", found_missing)
        assert apart(rig, partial(prepare_years, years=[2031]))() == (2031,)
        assert begun[0].result(PATIENCE) == ""
    assert made == [()]


def test_cosignatures_of_two_who_asked_stand_both(rig: Rig) -> None:
    rig.issue(1)
    one, other = b"one\n", b"other\n"
    with rig.app.database.read() as session:
        size = session.scalars(select(func.max(CheckpointRow.size))).one()

    def stored(session: Session) -> None:
        row = session.scalars(select(CheckpointRow).filter_by(size=size)).one()
        row.note = row.note + one

    assert behind(rig, stored, lambda: _store(rig.app.database, size, [other])) == ""
    with rig.app.database.read() as session:
        assert session.get_one(CheckpointRow, size).note.endswith(one + other)


def test_what_is_confirmed_while_keys_rotate_is_still_what_was_confirmed(rig: Rig) -> None:
    (number,) = rig.issue(1)
    waiting = proposed(rig, number, "correct", changes={"name": "李雷"})
    with rig.app.database.write_alone() as session:
        add_data_key(session, masters(rig.app), now=NOW)
    rig.app.vault.refresh()
    second = apart(rig, lambda session: CasePayloads().reseal(session, rig.app.vault, None))
    assert behind(rig, deciding(rig, "confirm", waiting.id), second) == ""
    with rig.app.database.read() as session:
        found = session.get_one(Case, waiting.id)
        require_decision(session, rig.app.vault, found)
        assert open_changes(rig.app.vault, found)[0] == {"name": "李雷"}


def test_a_list_that_is_replaced_while_keys_rotate_is_not_put_back(rig: Rig) -> None:
    draft = desk.opened(rig)
    desk.upload(rig, draft, desk.csv_bytes([annual(1)]))
    made = desk.composed(rig, draft, desk.csv_bytes([annual(2), annual(3)]))
    with rig.app.database.write_alone() as session:
        add_data_key(session, masters(rig.app), now=NOW)
    rig.app.vault.refresh()
    (kind,) = [one for one in KINDS if one.name == "draft_list.listed"]
    replaced = partial(store, actor=desk.CLERK, vault=rig.app.vault, draft_id=draft, composed=made, now=NOW)
    second = apart(rig, lambda session: kind.reseal(session, rig.app.vault, None))
    assert behind(rig, replaced, second) == ""
    with rig.app.database.read() as session:
        row = session.get_one(Draft, draft)
        assert content_of(session, rig.app.vault, row).listed == made.content.listed


def test_the_keys_above_all_others_change_one_after_the_other(rig: Rig) -> None:
    """Each is made from what the one before left."""
    count: list[int] = []
    with coming(rig, lambda: count.append(change_master(rig.app, masters(rig.app)))) as begin:
        with rig.app.database.write_alone():
            begun = begin()
            assert not begun.done()
        assert begun.result(PATIENCE) == ""
    assert len(count) == 1
