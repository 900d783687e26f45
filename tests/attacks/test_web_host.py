"""Whoever holds the web host, or mirrors it carelessly: may serve anything that was ever signed, and nothing that was not.

He has no key. What is left to him is to mix days, to keep back, and to go back; each leaves the panel undecided and says what is
missing, and none makes a genuine certificate FAIL or a revoked one PASS for longer than a status list lasts.
"""

import shutil
from pathlib import Path

import pytest

from registry.statuslists import STATUS_VALIDITY
from tests.attacks.panel import Panel
from tests.builders import MUNICIPAL
from tests.matrices import cells
from tests.registry.rig import DAY, NOW, Place, Rig, found, opened

LISTS = f"status/{MUNICIPAL}/2026/1"


def mirrored(rig: Rig, name: str) -> Path:
    """A copy of the publication as it is now."""
    return Path(shutil.copytree(rig.publish(), rig.folder / name))


def test_yesterdays_trust_list_beside_todays_status(lite: Rig, panel: Panel) -> None:
    """Yesterday's list does not know that the authority is suspended; today's status lists name the list that does."""
    (number,) = lite.issue(1)
    old = mirrored(lite, "old")
    lite.clock.now += DAY
    lite.set_authority("suspended")
    today = lite.publish()
    shutil.copy(old / "trust.json", today / "trust.json")
    report = panel.report(panel.file("a.json", lite.record(number)), site=today, at=lite.clock.now)
    assert (report["verdict"], report["reason"]) == ("INDETERMINATE", "trust_list_rollback")
    assert report["missing"] == ["trust-list"]


def test_yesterdays_status_beside_todays_trust_list(lite: Rig, panel: Panel) -> None:
    (number,) = lite.issue(1)
    old = mirrored(lite, "old")
    lite.clock.now += STATUS_VALIDITY + 1
    lite.change(number, "revoke", "fraud")
    lite.set_authority("suspended")
    today = lite.publish()
    shutil.copytree(old / "status", today / "status", dirs_exist_ok=True)
    record = panel.file("a.json", lite.record(number))
    assert panel.verdict(record, site=today, at=lite.clock.now) == ("INDETERMINATE", "status_stale")


def test_the_whole_of_yesterday(lite: Rig, panel: Panel) -> None:
    """It hides a revocation as long as a list lasts, a day, and from nobody who has seen a newer trust list."""
    (number,) = lite.issue(1)
    old = mirrored(lite, "old")
    lite.change(number, "revoke", "fraud")
    lite.set_authority("suspended")
    today = lite.publish()
    record = panel.file("a.json", lite.record(number))
    assert panel.verdict(record, site=old, at=NOW + 3600) == ("PASSED", "valid")
    assert panel.verdict(record, site=old, at=NOW + STATUS_VALIDITY + 1) == ("INDETERMINATE", "status_stale")
    assert panel.verdict(record, site=today, at=NOW + 3600) == ("FAILED", "revoked")
    assert panel.verdict(record, site=old, at=NOW + 3600) == ("INDETERMINATE", "trust_list_rollback")


def test_the_host_names_a_root_of_his_own(lite: Rig, panel: Panel) -> None:
    """A kit that imitates the page, with keys of its own: the panel's root did not sign that list."""
    other = lite.folder / "other"
    found(Place(other)).database.close()
    (lite.folder / "kit").mkdir()
    with opened(Place(other), lite.folder / "kit") as kit:
        (number,) = kit.issue(1)
        site, record = kit.publish(), kit.record(number)
    report = panel.report(panel.file("forged.json", record), site=site)
    assert report["verdict"] == "INDETERMINATE"
    assert report["reason"] in ("trust_list_unsigned", "trust_list_count")
    assert report["record"] is None


GONE = (
    ("gone", "trust.json", "trust-list"),
    ("gone", f"{LISTS}/revocation/0", "status"),
    ("gone", f"{LISTS}/suspension/0", "status"),
    ("gone", "log/checkpoint", "log-proof"),
    ("gone", "log/runs", "log-proof"),
    ("gone", "log/tile", "log-proof"),
)
DAMAGED = tuple(("damaged", lost, missing) for _, lost, missing in GONE)
LOST = (*GONE, *DAMAGED)


@pytest.mark.parametrize(
    ("how", "lost", "missing"), cells(LOST, always=(GONE[0], GONE[1], GONE[3], DAMAGED[2], DAMAGED[5]))
)
def test_what_a_careless_mirror_lost_is_missing_and_never_a_finding(
    lite: Rig, panel: Panel, how: str, lost: str, missing: str
) -> None:
    (number,) = lite.issue(1)
    place = lite.publish() / lost
    files = [file for file in place.rglob("*") if file.is_file()] if place.is_dir() else [place]
    for file in files:
        if how == "gone":
            file.unlink()
        else:
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 1
            file.write_bytes(bytes(data))
    report = panel.report(panel.file("a.json", lite.record(number)), site=lite.site)
    assert (report["verdict"], report["missing"]) == ("INDETERMINATE", [missing])


def test_a_revocation_list_replaced_by_the_suspensions(lite: Rig, panel: Panel) -> None:
    (number,) = lite.issue(1)
    lite.change(number, "revoke", "fraud")
    lists = lite.publish() / LISTS
    shutil.copy(lists / "suspension/0", lists / "revocation/0")
    record = panel.file("a.json", lite.record(number))
    assert panel.verdict(record, site=lite.site) == ("INDETERMINATE", "status_list_other")
