"""Publication to a bucket: a real S3 service in a process of its own, behind a gate that counts, records and breaks."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import httpx
import pytest

from registry.app import App
from registry.bucket import BucketSite, names_of, open_bucket
from registry.errors import RegistryError
from registry.publication import publish
from registry.published import CHECKPOINT
from registry.statuslists import STATUS_VALIDITY
from tests.builders import MUNICIPAL, refused
from tests.registry.readers import contents, judged
from tests.registry.rig import Place, Rig, copy_home, opened
from tests.s3 import Fault, Gate, Mirror, environment_of, gated, new_bucket, objects_of, service
from verifier.report import Verdict
from verifier.sources import Source, open_source
from verifier.webheaders import FOREVER
from verifier.webpages import PAGES, installed_pages

PREFIX = "jxjy/"
SHORT = "public, max-age=60, must-revalidate"


@pytest.fixture(scope="module")
def upstream() -> Iterator[int]:
    """The service of this module."""
    with service() as port:
        yield port


@pytest.fixture
def gate(upstream: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """A gate of the test's own, named by the environment."""
    with gated(upstream) as one:
        for name, value in environment_of(one).items():
            monkeypatch.setenv(name, value)
        yield one


@pytest.fixture
def bucket(gate: Gate, tmp_path: Path) -> str:
    """The address of an empty place."""
    name = f"b-{abs(hash(tmp_path)):x}"
    new_bucket(gate, name)
    gate.reset()
    return f"s3://{name}/{PREFIX}"


def site(app: App, address: str) -> BucketSite:
    return open_bucket(address, home=app.settings.home, clock=app.clock)


def name_of(address: str) -> str:
    return address.split("/")[2]


def over_http(gate: Gate, address: str) -> Source:
    """The publication as its readers reach it."""
    return open_source(f"{gate.url}/{name_of(address)}/{PREFIX}")


def paths_of(gate: Gate, address: str) -> list[str]:
    """What lasted, in order, by the publication's paths."""
    return [path.removeprefix(f"/{name_of(address)}/{PREFIX}") for path, _ in gate.lasted]


def test_a_bucket_holds_what_a_folder_holds(lite: Rig, gate: Gate, bucket: str) -> None:
    """Every file with its type and its cache header beside it; readers see no difference."""
    (number, revoked) = lite.issue(1, 2)
    lite.change(revoked, "revoke", "fraud")
    published = publish(lite.app, site(lite.app, bucket))
    wanted = {name: data for path, data in contents(lite.publish()).items() for name in names_of(path)}
    assert objects_of(gate, bucket) == wanted
    assert len(published.paths) == len(wanted) - len(PAGES)  # a page is also what it is reached by
    with closing(over_http(gate, bucket)) as source:
        assert judged(lite, source, number).reason == "valid"
        assert judged(lite, source, revoked).reason == "revoked"
    (module,) = (path for path in paths_of(gate, bucket) if path.endswith("/page/main.js"))
    for path, kind, control in (
        ("v", "text/html; charset=utf-8", SHORT),
        (module, "text/javascript; charset=utf-8", FOREVER),
        ("trust.json", "application/json", SHORT),
        ("trust/1.json", "application/json", FOREVER),
        (f"status/{MUNICIPAL}/2026/1/revocation/0", "application/json", SHORT),
        ("log/checkpoint", "text/plain; charset=utf-8", SHORT),
        ("log/tile/0/000.p/6", "application/octet-stream", FOREVER),
    ):
        answer = httpx.get(f"{gate.url}/{name_of(bucket)}/{PREFIX}{path}")
        assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (kind, control), path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication with a tenth of the pages' files: the service takes a fiftieth of a second for each."""
    few = {path: data for path, data in installed_pages().items() if path.endswith((".css", ".html"))}
    monkeypatch.setattr("verifier.webpages.installed_pages", lambda: few)


@pytest.mark.usefixtures("small")
def test_a_second_publication_writes_nothing_and_asks_little(lite: Rig, gate: Gate, bucket: str) -> None:
    lite.issue(*range(600))
    publish(lite.app, site(lite.app, bucket))
    gate.reset()
    done = publish(lite.app, site(lite.app, bucket))
    assert (done.written, gate.count("PUT")) == (0, 0)
    # One listing for each thousand objects, then what is decided by its content: head, trust list, one block's lists.
    assert (gate.count("GET"), gate.count("HEAD")) == (1 + 2 + 3, 0)
    lite.issue(601)
    gate.reset()
    done = publish(lite.app, site(lite.app, bucket))
    assert sorted(done.paths) == sorted(paths_of(gate, bucket))
    assert len(done.paths) == 4  # a tile, a bundle, the hint, the head: however many there were before
    done = publish(lite.app, site(lite.app, bucket), check=True)
    assert (done.written, done.damaged) == (0, [])


@pytest.mark.usefixtures("small")
def test_of_many_tiles_only_those_asked_for_are_listed(
    lite: Rig, gate: Gate, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: a publication costs as many requests, and finds what is missing."""
    monkeypatch.setattr("registry.bucket.LISTED_AT_ONCE", 10)
    lite.issue(*range(600))
    publish(lite.app, site(lite.app, bucket))
    client = boto3.client("s3")
    asked = []
    for folder in ("x008", "x009"):
        for index in range(40):
            client.put_object(
                Bucket=name_of(bucket), Key=f"{PREFIX}log/tile/entries/{folder}/{index:03}", Body=b"old"
            )
        gate.reset()
        assert publish(lite.app, site(lite.app, bucket)).written == 0
        asked.append([path for _, path in gate.asked if "list-type=2" in path])
        assert not any(folder in path for path in asked[-1])
    assert len(asked[0]) == len(asked[1])
    client.delete_object(Bucket=name_of(bucket), Key=f"{PREFIX}log/tile/0/001")
    client.close()
    assert publish(lite.app, site(lite.app, bucket)).paths == ["log/tile/0/001"]
    lite.issue(601)
    assert len(publish(lite.app, site(lite.app, bucket)).paths) == 4
    gate.deaf = True  # to where a listing is to begin
    assert publish(lite.app, site(lite.app, bucket), check=True).written == 0


@pytest.mark.usefixtures("small")
def test_at_no_moment_is_there_a_pointer_without_its_target(lite: Rig, gate: Gate, bucket: str) -> None:
    """Every write of two publications, in the order in which it lasted: readers at each moment between."""
    first, revoked, third = lite.issue(1, 2, 3)
    mirror = Mirror(gate, bucket, lite.folder / "mirror")
    publish(lite.app, site(lite.app, bucket))
    mirror.catch_up()
    lite.change(revoked, "revoke", "fraud")
    lite.clock.now += STATUS_VALIDITY // 2 + 1
    (new,) = lite.issue(4)
    gate.reset()
    publish(lite.app, site(lite.app, bucket))
    assert len(gate.lasted) == 7
    seen = set()
    for path, body in list(gate.lasted):
        mirror.take(path, body)
        source = mirror.source
        assert [judged(lite, source, number).reason for number in (first, third)] == ["valid", "valid"]
        report = judged(lite, source, revoked)
        seen.add(report.reason)
        if report.reason == "revoked":
            assert report.steps[8].details["reason"] == "fraud"  # the bit never comes before what explains it
        assert judged(lite, source, new).verdict is not Verdict.FAILED
    assert seen == {"valid", "revoked"}
    assert judged(lite, mirror.source, new).reason == "valid"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("after", [False, True])
def test_one_lost_connection_is_tried_again(
    lite: Rig, gate: Gate, bucket: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that lasted although its answer was lost is met by its own condition, and known again."""
    (number,) = lite.issue(1)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    gate.reset(Fault(5, after, lasting=False))
    publish(lite.app, site(lite.app, bucket))
    assert objects_of(gate, bucket)[CHECKPOINT]
    with closing(over_http(gate, bucket)) as source:
        assert judged(lite, source, number).reason == "valid"
    gate.reset()
    assert publish(lite.app, site(lite.app, bucket)).written == 0


@pytest.mark.usefixtures("small")
def test_another_host_that_publishes_is_not_overwritten(lite: Rig, gate: Gate, bucket: str) -> None:
    lite.issue(1)
    publish(lite.app, site(lite.app, bucket))
    slow = site(lite.app, bucket)
    with slow.alone():
        client = boto3.client("s3")
        client.put_object(Bucket=name_of(bucket), Key=f"{PREFIX}trust.json", Body=b"newer")
        client.delete_object(Bucket=name_of(bucket), Key=f"{PREFIX}root.json")
        client.close()
        for path in ("trust.json", "root.json"):
            with pytest.raises(RegistryError) as caught:
                slow.replace([(path, b"older")])
            assert (caught.value.code, caught.value.params["path"]) == ("bucket_changed", path)
        slow.replace([("trust.json", b"newer")])  # the very same is no conflict
    assert publish(lite.app, site(lite.app, bucket)).paths == ["root.json", "trust.json"]


@pytest.mark.usefixtures("small")
def test_a_service_that_knows_no_conditions_is_written_to_without(lite: Rig, gate: Gate, bucket: str) -> None:
    (number,) = lite.issue(1)
    gate.unconditional = True
    publish(lite.app, site(lite.app, bucket))
    with closing(over_http(gate, bucket)) as source:
        assert judged(lite, source, number).reason == "valid"


@pytest.mark.usefixtures("small")
def test_an_object_whose_tag_is_not_its_md5_is_read(lite: Rig, gate: Gate, bucket: str) -> None:
    """As where the service encrypts, or where somebody copied the bucket in parts."""
    lite.issue(1)
    publish(lite.app, site(lite.app, bucket))
    here = site(lite.app, bucket)
    with here.alone():
        stored = here.known["root.json"]
        here.known["root.json"] = type(stored)(stored.size, '"0123456789abcdef0123456789abcdef-2"')
        data = here.read("root.json")
        assert data is not None
        assert here.holds("root.json", data)
        assert not here.holds("root.json", b"x" * len(data))
        here.known["root.json"] = type(stored)(10**12, stored.etag)
        assert here.read("root.json") == b""  # nobody fills our memory
        assert here.read("nowhere") is None
        assert here.length("nowhere") is None


@pytest.mark.usefixtures("small")
def test_a_restored_backup_turns_nothing_back(lite: Rig, gate: Gate, bucket: str) -> None:
    """Also where the last signed head was lost with the folder: the bucket's own log tells."""
    lite.issue(1)
    backup = copy_home(lite.place.home, lite.folder / "backup")
    lite.issue(2)
    publish(lite.app, site(lite.app, bucket))
    gate.reset()
    with opened(Place(backup), lite.folder) as old:
        with refused(RegistryError, "publication_ahead"):
            publish(old.app, site(old.app, bucket))
        with refused(RegistryError, "log_rolled_back"):
            old.issue(3)
        old.app.settings.head.unlink()
        old.issue(3)
        with refused(RegistryError, "log_not_consistent"):
            publish(old.app, site(old.app, bucket))
    assert gate.lasted == []
    client = boto3.client("s3")
    client.put_object(Bucket=name_of(bucket), Key=f"{PREFIX}{CHECKPOINT}", Body=b"damaged")
    client.close()
    assert CHECKPOINT in publish(lite.app, site(lite.app, bucket)).damaged


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("s3://", "bucket_address"),
        ("s3://UPPER", "bucket_address"),
        ("s3://bucket/a b", "bucket_address"),
        ("s3://no-such-bucket", "bucket_refused"),
    ],
)
def test_addresses_that_lead_nowhere(lite: Rig, gate: Gate, address: str, code: str) -> None:
    with refused(RegistryError, code):
        publish(lite.app, site(lite.app, address))


@pytest.mark.usefixtures("small")
def test_what_the_environment_lacks_is_told(lite: Rig, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value, code in (
        ("AWS_ENDPOINT_URL", "no address", "bucket_unusable"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "bucket_unreachable"),
        ("AWS_PROFILE", "nobody", "bucket_unusable"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            with refused(RegistryError, code):
                publish(lite.app, site(lite.app, "s3://some-bucket"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with refused(RegistryError, "bucket_credentials"):
        publish(lite.app, site(lite.app, "s3://some-bucket"))
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with refused(RegistryError, "bucket_extra"):
        site(lite.app, "s3://some-bucket")
