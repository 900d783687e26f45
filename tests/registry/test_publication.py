"""What is published: complete, in an order that no reader can trip over, replaced file by file, and about nobody."""

import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from keys.publickey import PublicKey
from registry.correction import correct
from registry.issuance import resume
from registry.log import latest_checkpoint
from registry.models import Certificate, CheckpointRow
from registry.offices import renew_trust_list
from registry.publication import publish
from registry.status import block_of, changes_in
from registry.statuslists import STATUS_VALIDITY
from registry.trust import current_trust_list, trust_list_documents
from tests.builders import HOST, INDUSTRY, MUNICIPAL
from tests.registry.children import Strike, issue, killed
from tests.registry.rig import DAY, NOW, Rig, assert_sound, revoke_key
from tests.registry.sheets import identity
from verifier.loading import installed_files
from verifier.report import Verdict
from verifier.tiles import tile_path, tile_width
from verifier.webpages import LIST_PATH, PAGES, SET, installed_pages


def contents(folder: Path) -> dict[str, bytes]:
    """Every published file by its path."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def first_of(paths: list[str], *beginnings: str) -> int:
    return min(place for place, path in enumerate(paths) if path.startswith(beginnings))


def last_of(paths: list[str], *beginnings: str) -> int:
    return max(place for place, path in enumerate(paths) if path.startswith(beginnings))


def test_the_pages_and_their_pin_make_any_web_server_a_verifier(lite: Rig) -> None:
    published = contents(lite.publish())
    assert published["verifier/root.json"] == published["root.json"]
    for page in ("v/index.html", "verify/index.html"):
        loaded = re.findall(rb'(?:src|href)="/(verifier/[^"]+)"', published[page])
        assert loaded
        assert all(path.decode() in published for path in loaded)
    (lite.site / "v/index.html").write_bytes(b"another page")
    done = publish(lite.app, lite.site)
    assert (done.paths, done.damaged) == (["v/index.html"], [])  # pages change with the program: no damage


def test_a_new_program_writes_what_pages_load_then_their_list_then_the_pages(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(lite.publish())
    files = {**installed_pages(), "verifier/core/forms.js": b"// the next version of the program"}
    files["v/index.html"] += b"<!-- the next version -->"
    monkeypatch.setattr("verifier.webpages.installed_pages", lambda: files)
    *loaded, last, second, third, fourth, fifth = publish(lite.app, lite.site).paths
    assert {SET.sub("verifier/", path) for path in loaded} == {
        path for path in files if path[:9] == "verifier/"
    }
    assert (last, second, third, fourth, fifth) == (
        LIST_PATH,
        *sorted(f"{page}/index.html" for page in PAGES),
    )
    after = contents(lite.site)
    assert before.items() - after.items() == {
        (path, before[path]) for path in (last, second, third, fourth, fifth)
    }
    lists = [json.loads(found[LIST_PATH])["files"] for found in (before, after)]
    assert lists[0].keys() & lists[1].keys() == {f"/{page}/" for page in PAGES} | {"/verifier/root.json"}
    digests = [{SET.sub("verifier/", path[1:]): digest for path, digest in found.items()} for found in lists]
    changed = {path for path in digests[0] if digests[0][path] != digests[1][path]}
    assert changed == {f"{page}/" for page in PAGES} | {"verifier/core/forms.js"}


def test_nothing_is_written_before_what_it_points_to(rig: Rig) -> None:
    rig.issue(*range(300))
    rig.issue(1, kind="completion")
    paths = publish(rig.app, rig.site).paths
    assert len(paths) == len(set(paths)) == len(contents(rig.site))
    assert last_of(paths, "templates/", "schemas/", "ns/") < paths.index("trust.json")
    assert last_of(paths, "trust/", "root.json", "a/", ".well-known/") < paths.index("trust.json")
    assert paths.index("trust.json") < first_of(paths, "status/")
    details, lists = (
        [one for one in paths if one.startswith("status/") and ("/details/" in one) is told]
        for told in (True, False)
    )
    assert max(map(paths.index, details)) < min(map(paths.index, lists))  # what a bit means, before the bit
    assert last_of(paths, "status/") < first_of(paths, "log/")
    assert last_of(paths, "log/tile/") < first_of(paths, "log/runs/")
    assert last_of(paths, "log/runs/") < paths.index("log/checkpoint")
    assert last_of([path for path in paths if path != LIST_PATH], "verifier/") < paths.index("trust.json")
    entrances = sorted(path for path in paths if path.endswith("/index.html"))
    assert paths[paths.index("log/checkpoint") + 1 :] == [LIST_PATH, *entrances]


def test_everything_a_verifier_needs_is_there(rig: Rig) -> None:
    rig.issue(1)
    published = contents(rig.publish())
    assert installed_files(HOST).items() <= published.items()
    with rig.app.database.read() as session:
        documents = trust_list_documents(session)
    assert [published[f"trust/{version}.json"] for version in range(1, len(documents) + 1)] == documents
    assert published["trust.json"] == documents[-1]


def test_a_second_publication_writes_nothing(rig: Rig) -> None:
    rig.issue(*range(5))
    first = publish(rig.app, rig.site)
    before = {path: (rig.site / path).stat().st_mtime_ns for path in contents(rig.site)}
    rig.clock.now += 3600
    second = publish(rig.app, rig.site)
    assert (second.written, second.paths, second.log_size) == (0, [], first.log_size)
    assert before == {path: (rig.site / path).stat().st_mtime_ns for path in contents(rig.site)}


def test_after_a_revocation_only_what_says_so_changes(rig: Rig) -> None:
    numbers = rig.issue(*range(5))
    rig.issue(9, authority=INDUSTRY)
    rig.publish()
    rig.clock.now += 60
    rig.change(numbers[0], "revoke", "fraud")
    paths = publish(rig.app, rig.site).paths
    status = [path for path in paths if path.startswith("status/")]
    # The block is signed as a whole, so that its three documents are of one moment.
    assert sorted(status) == [
        f"status/{MUNICIPAL}/2026/1/{name}/0" for name in ("details", "revocation", "suspension")
    ]
    others = [path for path in paths if not path.startswith("status/")]
    assert [path for path in others if not path.startswith("log/tile/")] == ["log/checkpoint"]
    assert rig.judge(numbers[0]).reason == "revoked"
    assert rig.judge(numbers[1]).reason == "valid"


def test_a_suspension_in_the_place_of_another_is_told_with_its_own_reason(lite: Rig) -> None:
    """Its bit is the same as before, and only the details say that it is another."""
    (number,) = lite.issue(1)
    lite.change(number, "suspend", "complaint")
    lite.publish()
    lite.change(number, "reinstate", "complaint-dismissed")
    lite.change(number, "suspend", "under-review")
    lite.publish()
    report = lite.judge(number)
    assert (report.reason, report.steps[8].details["reason"]) == ("suspended", "under-review")


def test_lists_are_signed_anew_before_they_grow_old(lite: Rig) -> None:
    (number,) = lite.issue(1)
    lite.publish()
    lite.clock.now = NOW + STATUS_VALIDITY // 2
    assert publish(lite.app, lite.site).written == 0
    lite.clock.now += 1
    assert [path.split("/")[0] for path in publish(lite.app, lite.site).paths] == ["status"] * 3
    lite.clock.now += STATUS_VALIDITY + 1
    assert (lite.judge(number).verdict, lite.judge(number).reason) == (Verdict.INDETERMINATE, "status_stale")
    lite.publish()
    assert lite.judge(number).reason == "valid"


def test_a_damaged_or_foreign_file_is_put_right(lite: Rig) -> None:
    (number,) = lite.issue(1)
    sound = contents(lite.publish())
    lists = [path for path in sound if path.startswith("status/")]
    for path in (*lists, "trust.json", "root.json", "log/checkpoint", f"a/{MUNICIPAL}/did.json"):
        (lite.site / path).write_bytes(b"{}")
    (lite.site / "trust/1.json").unlink()
    lite.publish()
    assert {path: data for path, data in contents(lite.site).items() if path not in lists} == {
        path: data for path, data in sound.items() if path not in lists
    }
    assert lite.judge(number).reason == "valid"


def test_the_publication_is_about_nobody(rig: Rig) -> None:
    """No name, no employer, no number of a certificate, no identity number, whole or masked; but in the log, numbers."""
    file = rig.people(range(40, 43))
    assert killed(rig.place, NOW, issue, file, strike=Strike("reserve:after"))
    resume(rig.app)
    numbers = rig.issue(*range(20)) + rig.issue(1, kind="completion")
    new = correct(rig.app, numbers[0], {"name": "李雷", "employer": "郑州市中心医院"}).issued
    rig.change(numbers[1], "revoke", "fraud")
    rig.app.sign_log()
    published = contents(rig.publish())
    people = ["张文博", "李雷", "郑州市第一人民医院", "郑州市中心医院", "河南中医药大学"]
    masks = [f"{identity(serial)[:6]}********{identity(serial)[-4:]}" for serial in range(43)]
    secret = [text.encode() for text in (*people, *masks, *map(identity, range(43)))]
    for path, data in published.items():
        assert not [text for text in secret if text in data], path
        if not path.startswith(("log/tile/entries/", "status/")):
            assert not [number for number in (*numbers, *new) if number.encode() in data], path
    with rig.app.database.read() as session:
        hashes = list(session.scalars(select(Certificate.identity_hash)))
    assert not [path for path, data in published.items() if any(one in data for one in hashes)]


def test_did_documents_resolve_the_keys_that_sign(rig: Rig) -> None:
    numbers = [*rig.issue(1), *rig.issue(2, authority=INDUSTRY)]
    rig.publish()
    for number in numbers:
        record = json.loads(rig.record(number))
        method = record["proof"]["verificationMethod"]
        did = method.partition("#")[0]
        document = json.loads(
            (rig.site / did.removeprefix(f"did:web:{HOST}:").replace(":", "/") / "did.json").read_bytes()
        )
        assert document["id"] == did == record["issuer"]["id"]
        assert method in document["assertionMethod"]
        (found,) = [one for one in document["verificationMethod"] if one["id"] == method]
        assert (found["type"], found["controller"]) == ("Multikey", did)
        with rig.app.database.read() as session:
            listed = current_trust_list(session).authorities[number[:6]].key(method)
        assert listed is not None
        assert PublicKey.from_multikey(found["publicKeyMultibase"]) == listed.public_key
    status = json.loads((rig.site / ".well-known/did.json").read_bytes())
    assert status["id"] == f"did:web:{HOST}"
    signed = json.loads((rig.site / f"status/{MUNICIPAL}/2026/1/revocation/0").read_bytes())
    assert signed["proof"]["verificationMethod"] in status["assertionMethod"]


def test_files_are_replaced_in_one_step(lite: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who has a file open keeps the old one whole; a disk that fails half-way leaves the old one."""
    (number,) = lite.issue(1)
    lite.publish()
    lite.change(number, "revoke", "fraud")
    path = lite.site / f"status/{MUNICIPAL}/2026/1/revocation/0"
    before = path.read_bytes()

    def failing(_: int) -> None:
        raise OSError("no space left on device")

    with path.open("rb") as reader:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", failing)
            with pytest.raises(OSError, match="no space"):
                publish(lite.app, lite.site)
        assert path.read_bytes() == before
        lite.publish()
        assert reader.read() == before
    assert path.read_bytes() != before
    assert lite.judge(number).reason == "revoked"


def test_what_is_not_under_the_head_yet_is_not_published(lite: Rig) -> None:
    """Publishing signs the head first, so that nothing of a finished issue waits for the next day."""
    (number,) = lite.issue(1)
    lite.publish()
    lite.change(number, "suspend", "complaint")
    done = publish(lite.app, lite.site)
    assert "log/checkpoint" in done.paths
    assert_sound(lite.app, issued=1)


def test_a_renewed_trust_list_is_published_beside_the_old(lite: Rig) -> None:
    (number,) = lite.issue(1)
    lite.publish()
    lite.clock.now += 200 * DAY
    with lite.app.database.write() as session:
        renewed = renew_trust_list(session, lite.app.keyring, now=lite.clock.now)
    done = publish(lite.app, lite.site)
    assert [path for path in done.paths if path.startswith("trust")] == [
        f"trust/{renewed.version}.json",
        "trust.json",
    ]
    assert lite.judge(number).reason == "valid"


def test_a_compromised_keys_did_document_does_not_vouch_for_it(lite: Rig) -> None:
    (number,) = lite.issue(1)
    lite.clock.now += 60
    revoke_key(lite, compromised_from=NOW)
    lite.publish()
    document = json.loads((lite.site / f"a/{MUNICIPAL}/did.json").read_bytes())
    assert (document["verificationMethod"], document["assertionMethod"]) == ([], [])
    assert (lite.judge(number).verdict, lite.judge(number).reason) == (Verdict.FAILED, "key_compromised")


def test_an_empty_registry_is_published_too(rig: Rig) -> None:
    published = contents(rig.publish())
    assert "log/checkpoint" in published
    assert not [path for path in published if path.startswith(("status/", "log/runs/"))]


def swapped(data: bytes) -> bytes:
    return data[32:64] + data[:32] + data[64:]


def test_a_damaged_tile_is_noticed_by_its_length_at_once(lite: Rig) -> None:
    lite.issue(*range(300))
    sound = contents(lite.publish())
    broken = ["log/tile/0/000", "log/tile/entries/000", *(path for path in sound if "entries/001.p/" in path)]
    for path in broken:
        (lite.site / path).write_bytes(sound[path][:-1])
    done = publish(lite.app, lite.site)
    assert sorted(done.damaged) == sorted(done.paths) == sorted(broken)
    assert contents(lite.site) == sound


def test_every_byte_is_checked_and_repaired_when_asked(rig: Rig) -> None:
    (number, *_) = rig.issue(*range(300))
    sound = contents(rig.publish())
    statuses = [path for path in sound if path.startswith("status/")]
    broken = {
        "log/tile/0/000": swapped(sound["log/tile/0/000"]),
        "log/tile/entries/000": sound["log/tile/entries/000"].replace(number.encode(), b"0" * 20, 1),
        "trust/1.json": sound["trust/1.json"].replace(b"henan-2012", b"henan-2013"),
        "root.json": b"{}",
        "log/checkpoint": b"x" + sound["log/checkpoint"],
        statuses[0]: sound[statuses[0]][:-1],
    }
    for path, data in broken.items():
        assert data != sound[path]
        (rig.site / path).write_bytes(data)
    (rig.site / "log/tile/1/000.p/1").unlink()
    assert publish(rig.app, rig.folder / "elsewhere", check=True).damaged == []
    assert "log/tile/0/000" not in publish(rig.app, rig.site).paths  # as long as it must be
    for path, data in broken.items():
        (rig.site / path).write_bytes(data)
    done = publish(rig.app, rig.site, check=True)
    assert sorted(done.damaged) == sorted(broken)
    assert set(broken) <= set(done.paths)
    repaired = contents(rig.site)
    block = {path: data for path, data in repaired.items() if path not in statuses}
    assert block == {path: data for path, data in sound.items() if path not in statuses}
    assert rig.judge(number).reason == "valid"
    again = publish(rig.app, rig.site, check=True)
    assert (again.written, again.damaged) == (0, [])


def test_what_a_killed_publication_left_behind_is_swept(lite: Rig) -> None:
    lite.issue(1)
    lite.publish()
    (lite.site / "log/tile/0/.000.p.0123456789abcdef.new").write_bytes(b"half")
    lite.publish()
    assert not list(lite.site.rglob(".*.new"))


def test_a_folder_of_results_that_is_not_shown_keeps_nothing_from_being_published(
    lite: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listed = Path.iterdir

    def closed(folder: Path) -> Iterator[Path]:
        if folder.name == "prints":
            raise PermissionError(errno.EACCES, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", closed)
    assert (lite.publish() / "log/checkpoint").is_file()
    assert "prints/ cannot be looked at: Permission denied" in caplog.text


def test_every_signed_head_has_its_tiles(rig: Rig) -> None:
    """C2SP tlog-tiles: partial tiles for every size for which there is a checkpoint, until the full one is there."""
    for first, count in ((0, 1), (1, 9), (10, 247), (300, 1), (301, 30)):
        rig.issue(*range(first, first + count))
    published = contents(rig.publish())
    with rig.app.database.read() as session:
        sizes = list(session.scalars(select(CheckpointRow.size).order_by(CheckpointRow.size)))
    assert len(sizes) > 5
    for size in sizes:
        for level in (0, 1):
            for index in range(-(-(size >> 8 * level) // 256)):
                width = tile_width(level, index, size)
                for kind in (level, "entries")[: 2 - level]:
                    paths = {f"log/{tile_path(kind, index, width)}", f"log/{tile_path(kind, index)}"}
                    assert paths & set(published), (size, level, index)
    # Nothing else: no width for which there is no head.
    partial = {path for path in published if ".p/" in path and "/entries/" not in path}
    wanted = {
        f"log/{tile_path(level, index, width)}"
        for size in sizes
        for level in (0, 1)
        for index in range(2)
        if 0 < (width := tile_width(level, index, size)) < 256
    }
    assert partial <= wanted


def test_a_change_that_no_signed_head_covers_is_not_published_yet(lite: Rig) -> None:
    number = lite.issue(1)[0]
    with lite.app.database.read() as session:
        head = latest_checkpoint(session)
        assert head is not None
        size = head.size
    lite.change(number, "revoke", "fraud")
    with lite.app.database.read() as session:
        block = block_of(number)
        assert changes_in(session, block, below=size) == {}
        assert list(changes_in(session, block, below=size + 1)) == [1]
