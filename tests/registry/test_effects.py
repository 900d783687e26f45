"""Every effect of publishing and of checkpointing fails twice: before it has persisted, and after (the answer is lost).

Not a crash, which ``test_crash`` plays: the program lives on, is told of the failure, and is simply asked again.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from registry import cosigning, posting
from registry.bucket import BucketSite, open_bucket
from registry.errors import RegistryError
from registry.fsck import fsck
from registry.lasthead import read_head
from registry.log import latest_checkpoint, log_size
from registry.models import CheckpointRow
from registry.offices import renew_trust_list
from registry.publication import publish
from registry.statuslists import STATUS_VALIDITY
from registry.trust import current_trust_list
from tests.registry.readers import contents, judged
from tests.registry.rig import Rig
from tests.registry.test_bucket import bucket, gate, small, upstream  # noqa: F401 - fixtures
from tests.registry.witnesses import witnessed
from tests.s3 import Fault, Gate, Mirror, objects_of
from verifier.report import Verdict
from verifier.sources import FolderSource


class LostError(OSError):
    """What a disk or a network says that fails."""


@contextmanager
def failing(place: Any, name: str, nth: int, *, after: bool) -> Iterator[None]:
    """The ``nth`` call of a function fails, before it has had its effect or after; and all later calls before."""
    whole: Callable[..., Any] = getattr(place, name)
    calls = 0

    def faulty(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > nth or (calls == nth and not after):
            raise LostError(5, "input/output error")
        result = whole(*arguments, **options)
        if calls == nth:
            raise LostError(5, "input/output error")
        return result

    setattr(place, name, faulty)
    try:
        yield
    finally:
        setattr(place, name, whole)


def failing_until_done(rig: Rig) -> Iterator[int]:
    """Publish until nothing fails: each time the first file that is written fails, before and after it lasts by turns; how many failed so far."""
    failures = 0
    while True:
        try:
            with failing(os, "replace", 1, after=bool(failures % 2)):
                publish(rig.app, rig.site)
        except LostError:
            failures += 1
        else:
            return
        yield failures


def _change(rig: Rig, revoked: str) -> str:
    """A revocation, a new trust list, and a new certificate, whose number is returned."""
    rig.clock.now += STATUS_VALIDITY // 2 + 1
    (new,) = rig.issue(3)
    rig.change(revoked, "revoke", "fraud")
    with rig.app.write() as session:
        renew_trust_list(session, rig.app.keyring, now=rig.clock.now)
    rig.app.sign_log()
    return new


@pytest.mark.usefixtures("small")
def test_every_write_to_a_folder_fails_before_and_after_it_lasts(lite: Rig) -> None:
    old, revoked = lite.issue(1, 2)
    lite.publish()
    new = _change(lite, revoked)
    failures = 0
    source = FolderSource(lite.site)
    for failures in failing_until_done(lite):  # noqa: B007 - counted to the last
        assert judged(lite, source, old).reason == "valid"
        assert judged(lite, source, revoked).reason in ("valid", "revoked")
        assert judged(lite, source, new).verdict is not Verdict.FAILED
    assert failures >= 2 * 9  # list and version, three status documents, tiles, hint, head; each twice
    elsewhere = lite.folder / "elsewhere"
    publish(lite.app, elsewhere)
    fresh = contents(elsewhere)
    assert {path: data for path, data in contents(lite.site).items() if path in fresh} == fresh
    assert [judged(lite, source, one).reason for one in (old, revoked, new)] == ["valid", "revoked", "valid"]


@pytest.mark.usefixtures("small")
def test_every_write_to_a_bucket_fails_before_and_after_it_lasts(
    lite: Rig,
    gate: Gate,  # noqa: F811 - a fixture
    bucket: str,  # noqa: F811
) -> None:
    old, revoked = lite.issue(1, 2)
    place = open_bucket(bucket, home=lite.app.settings.home, clock=lite.clock)
    publish(lite.app, place)
    mirror = Mirror(gate, bucket, lite.folder / "mirror")
    mirror.catch_up()
    new = _change(lite, revoked)
    failures = 0
    while True:
        gate.reset(Fault(1, after=bool(failures % 2)))
        code = _outcome(lite, place)
        mirror.catch_up()
        if not code:
            break
        assert code == "bucket_unreachable"
        failures += 1
        assert judged(lite, mirror.source, old).reason == "valid"
        assert judged(lite, mirror.source, revoked).reason in ("valid", "revoked")
        assert judged(lite, mirror.source, new).verdict is not Verdict.FAILED
    assert failures >= 2 * 9
    gate.reset()
    found = objects_of(gate, bucket)
    for path, data in contents(lite.publish()).items():
        assert found[path] == data, path


def _outcome(rig: Rig, place: BucketSite) -> str:
    """The code with which a publication fails, or nothing."""
    try:
        publish(rig.app, place)
    except RegistryError as error:
        return error.code
    return ""


@contextmanager
def losing_the_commit(nth: int, *, after: bool) -> Iterator[None]:
    """The ``nth`` commit of the registry fails: not persisted, or persisted with its answer lost."""
    commits = 0

    def lose(_: Session) -> None:
        nonlocal commits
        commits += 1
        if commits == nth:
            raise LostError(5, "the connection is gone")

    moment = "after_commit" if after else "before_commit"
    event.listen(Session, moment, lose)
    try:
        yield
    finally:
        event.remove(Session, moment, lose)


def _heads(rig: Rig) -> dict[int, bytes]:
    """Every signed head without its cosignatures, by size."""
    with rig.app.database.read() as session:
        notes = {row.size: row.note for row in session.scalars(select(CheckpointRow))}
    return {size: note[: note.index(b"\n", note.index(b"\n\n") + 2)] for size, note in notes.items()}


def _is_well(rig: Rig, before: dict[int, bytes]) -> None:
    """The whole log is under one head, which is kept outside too; and no head that was signed ever changed."""
    assert fsck(rig.app).troubles == ()
    heads = _heads(rig)
    assert before.items() <= heads.items()
    with rig.app.database.read() as session:
        head = latest_checkpoint(session)
        assert head is not None
        assert head.size == log_size(session)
    kept = read_head(rig.app.settings.head)
    assert kept is not None
    assert kept.size == head.size


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("point", ["commit", "head"])
def test_every_effect_of_a_checkpoint_fails_before_and_after_it_lasts(
    rig: Rig, point: str, after: bool
) -> None:
    (number,) = rig.issue(1)
    rig.change(number, "suspend", "complaint")
    before = _heads(rig)
    fault = losing_the_commit(1, after=after) if point == "commit" else failing(os, "replace", 1, after=after)
    with fault, pytest.raises(LostError):
        rig.app.sign_log()
    assert fsck(rig.app).troubles == ()
    between = _heads(rig)
    assert len(between) - len(before) == (point == "head" or after)
    rig.clock.now += 60
    rig.app.sign_log()
    _is_well(rig, between)
    rig.change(number, "revoke", "fraud")
    rig.publish()
    _is_well(rig, between)
    assert judged(rig, FolderSource(rig.site), number).reason == "revoked"


@pytest.mark.parametrize("after", [False, True])
def test_a_cosignature_is_lost_before_and_after_the_witness_made_it(
    lite: Rig, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it was made and could not be stored: the witness gives it again, and never two histories."""
    with witnessed(lite, quorum=2):
        (number,) = lite.issue(1)
        for lost in ("answer", "commit"):
            lite.change(number, "suspend", "complaint")
            post = posting._post

            def lose(*arguments: Any, post: Any = post) -> Any:
                if after:
                    post(*arguments)
                raise posting.UnreachableError

            with monkeypatch.context() as patch:
                if lost == "answer":
                    patch.setattr(posting, "_post", lose)
                    lite.app.sign_log()
                    assert not _witnessed(lite)
                else:
                    with losing_the_commit(2, after=after), pytest.raises(LostError):
                        lite.app.sign_log()
                    assert _witnessed(lite) == after
            assert lite.app.cosign_log().enough
            assert _witnessed(lite)
            lite.change(number, "reinstate", "complaint-dismissed")
            lite.app.sign_log()
        lite.publish()
        assert judged(lite, FolderSource(lite.site), number).reason == "valid"
        _is_well(lite, {})


def _witnessed(rig: Rig) -> bool:
    """Whether the newest head has its quorum."""
    with rig.app.database.read() as session:
        newest = latest_checkpoint(session)
        found = cosigning.witnessed_checkpoint(session, current_trust_list(session), now=rig.clock.now)
    return newest is not None and found is not None and newest.size == found.size
