"""A publication in an S3-compatible bucket, by ``boto3`` (the extra ``s3``).

What is there is learned by listing, a thousand objects a request, with sizes and MD5 sums, so that nothing is fetched to
see that it is right. Tiles of the log are passed over, once there are more than one request tells of: of them only the folders
are listed that are asked for. Every object is written on the condition that it is still what the listing said (``If-Match``,
``If-None-Match``): of two hosts that publish at once, the slower one is refused before it turns anything back. A write
whose answer was lost is asked for again and then refused as changed; it is looked at, and found to be our own.

Type and cache headers are kept beside each object. A page ``v/index.html`` is also the object ``v``, because a bucket
knows no folders and the QR says ``https://HOST/v``. Endpoint, region and credentials are those of every AWS program
(``AWS_ENDPOINT_URL``, ``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, profiles); nothing of them is kept here.

Who could abuse it: whoever holds the credentials is the holder of the web host (README). The bucket need not be trusted:
everything in it is signed or checked by digest, and a log that is ahead of ours, or another, stops the publication.
"""

import fcntl
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

from registry.errors import RegistryError
from registry.files import make_private_file
from registry.sites import File
from verifier.webheaders import cache_control, published_type

SCHEME = "s3://"
KEEP_SECONDS = 60
"""For how long others may keep what changes."""
WRITTEN_AT_ONCE = 16
LISTED_AT_ONCE = 1000
"""Objects a request; no service tells of more."""
TILES, _BEHIND_TILES = "log/tile/", "log/tile0"
"""Where tiles and bundles lie, and a name that comes after all of them: "0" follows "/"."""
MAX_READ_BYTES = 32 * 1024 * 1024
"""Of one object. Whoever may write to the bucket could put anything there; no document of ours is larger (SPEC 5.3)."""
CONNECT_SECONDS, READ_SECONDS = 10, 60
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9!_.*'()/-]*))?")
_MD5 = re.compile(r'"([0-9a-f]{32})"')
_CHANGED, _NOT_IMPLEMENTED, _NOT_FOUND, _SERVER_FAULT = (409, 412), 501, 404, 500
_GONE = "NoSuchKey"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the bucket described it."""

    size: int
    etag: str


@dataclass(slots=True)
class BucketSite:
    """A ``registry.sites.Site`` in a bucket; use it inside ``alone``. ``lock`` keeps publications of this host apart."""

    client: Any
    bucket: str
    prefix: str
    lock: Path
    clock: Callable[[], int]
    conditional: bool = True
    """Whether the service knows conditional writes; one that says it does not is written to without."""
    known: dict[str, Stored] = field(default_factory=dict)
    folders: set[str] | None = None
    """Folders of tiles that were listed; None where everything was."""

    @property
    def address(self) -> str:
        """See ``Site``."""
        return f"{self.client.meta.endpoint_url} {SCHEME}{self.bucket}/{self.prefix}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See ``Site``. Between hosts the conditions on each write do the same."""
        make_private_file(self.lock)
        with self.lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go by the system, however this process ends
            with told(self.bucket), closing(self.client):
                self._look_around()
                yield

    def length(self, path: str) -> int | None:
        """See ``Site``."""
        stored = self._stored(path)
        return stored.size if stored else None

    def stamp(self, path: str) -> str | None:
        """See ``Site``: the tag by the listing, which is of the content."""
        stored = self._stored(path)
        return f"{stored.size}.{stored.etag}" if stored else None

    def read(self, path: str) -> bytes | None:
        """See ``Site``; one that is larger than anything of ours is empty."""
        stored = self._stored(path)
        if stored is None:
            return None
        return self._fetched(path) if stored.size <= MAX_READ_BYTES else b""

    def read_all(self, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """See ``Site``; side by side, for each is a journey there and back."""
        with ThreadPoolExecutor(max_workers=WRITTEN_AT_ONCE) as pool:
            return dict(zip(paths, pool.map(self.read, paths), strict=True))

    def holds(self, path: str, data: bytes) -> bool:
        """See ``Site``."""
        return all(self._is(name, data) for name in names_of(path))

    def replace(self, files: Sequence[File]) -> None:
        """See ``Site``."""
        objects = [(name, path, data) for path, data in files for name in names_of(path)]
        if len(objects) == 1:
            self._put(*objects[0])
            return
        with ThreadPoolExecutor(max_workers=WRITTEN_AT_ONCE) as pool:
            try:
                for done in [pool.submit(self._put, *one) for one in objects]:
                    done.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)  # what one could not write the others will not either
                raise

    def tidy(self, paths: Collection[str] | None = None) -> None:
        """An object is there whole or not at all: there is nothing to take away."""

    def _look_around(self) -> None:
        """List everything; where tiles fill a request, what comes after them is next, and ``_stored`` lists what it needs of them."""
        self.known, self.folders = {}, None
        place: dict[str, str] = {}
        while True:
            page = self._list(self.prefix, place)
            if not page.get("IsTruncated"):
                return
            told_of = page.get("Contents", ())  # a request may tell of nothing and not be the last
            if self.folders is None and told_of and told_of[-1]["Key"].startswith(self.prefix + TILES):
                self.folders, place = set(), {"StartAfter": self.prefix + _BEHIND_TILES}
            else:  # a service that knows no StartAfter begins again, and is followed to the end
                place = {"ContinuationToken": page["NextContinuationToken"]}

    def _stored(self, name: str) -> Stored | None:
        """What there is of this name."""
        if self.folders is not None and name not in self.known and name.startswith(TILES):
            folder = name[: name.rindex("/") + 1]
            if folder not in self.folders:
                self._list_folder(folder)
                self.folders.add(folder)
        return self.known.get(name)

    def _list_folder(self, folder: str) -> None:
        place = {"Delimiter": "/"}
        while (page := self._list(self.prefix + folder, place)).get("IsTruncated"):
            place["ContinuationToken"] = page["NextContinuationToken"]

    def _list(self, prefix: str, place: Mapping[str, str]) -> Any:
        """One request; what it tells of is known from now on."""
        page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, MaxKeys=LISTED_AT_ONCE, **place)
        for found in page.get("Contents", ()):
            self.known[found["Key"].removeprefix(self.prefix)] = Stored(found["Size"], found["ETag"])
        return page

    def _is(self, name: str, data: bytes) -> bool:
        stored = self._stored(name)
        if stored is None or stored.size != len(data):
            return False
        found = _MD5.fullmatch(stored.etag)
        # An object that was encrypted by the service, or copied in parts, has another tag than its MD5.
        if found and found[1] == md5(data, usedforsecurity=False).hexdigest():
            return True
        return self._fetched(name) == data

    def _put(self, name: str, path: str, data: bytes) -> None:
        stored = self._stored(name)
        condition = {"IfMatch": stored.etag} if stored else {"IfNoneMatch": "*"}
        if not self.conditional:
            condition = {}
        try:
            answer = self._written(name, path, data, condition)
        except _client_error() as error:
            if _status(error) == _NOT_IMPLEMENTED and condition:
                self.conditional = False
                answer = self._written(name, path, data, {})
            elif not _is_of_condition(error):
                raise
            elif self._fetched(name) == data:
                # Our own write, whose answer was lost; or another host's, which wrote the very same.
                answer = self.client.head_object(Bucket=self.bucket, Key=self.prefix + name)
            else:
                raise RegistryError("bucket_changed", path=name) from error
        self.known[name] = Stored(len(data), answer["ETag"])

    def _written(self, name: str, path: str, data: bytes, condition: dict[str, str]) -> Any:
        return self.client.put_object(
            Bucket=self.bucket,
            Key=self.prefix + name,
            Body=data,
            ContentMD5=b64encode(md5(data, usedforsecurity=False).digest()).decode("ascii"),
            ContentType=published_type(path),
            CacheControl=cache_control(path, data, now=self.clock(), keep=KEEP_SECONDS),
            **condition,
        )

    def _fetched(self, name: str) -> bytes | None:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)
        except _client_error() as error:
            if _status(error) == _NOT_FOUND:
                return None
            raise
        with closing(answer["Body"]) as body:
            return bytes(body.read(MAX_READ_BYTES + 1))


def open_bucket(address: str, *, home: Path, clock: Callable[[], int]) -> BucketSite:
    """The site at ``s3://BUCKET`` or ``s3://BUCKET/PREFIX``; nothing is asked of it yet.

    Raises ``RegistryError``: ``bucket_address``, ``bucket_extra`` where ``boto3`` is not installed, ``bucket_unusable``.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise RegistryError("bucket_address", address=address[:200])
    try:
        from boto3.session import Session  # noqa: PLC0415 - an extra that most registries do without
        from botocore.config import Config  # noqa: PLC0415
        from botocore.session import get_session  # noqa: PLC0415
    except ImportError as error:
        raise RegistryError("bucket_extra") from error
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard"},  # three attempts, or AWS_MAX_ATTEMPTS
        max_pool_connections=WRITTEN_AT_ONCE,
        # Other services than Amazon's refuse its newer checksums; Content-MD5 is known to all.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        with told(found[1]):
            core = get_session()
            core.register_component("data_loader", _descriptions(core.get_config_variable("data_path")))
            client = Session(botocore_session=core).client("s3", config=config)
    except ValueError as error:  # of an endpoint that is no address
        raise RegistryError("bucket_unusable", bucket=found[1], problem="endpoint") from error
    prefix = (found[2] or "").strip("/")
    lock = home / f".publish-{sha256(address.rstrip('/').encode()).hexdigest()[:16]}.lock"
    return BucketSite(client, found[1], f"{prefix}/" if prefix else "", lock, clock)


@cache
def _descriptions(folders: str | None) -> Any:
    """What reads services' descriptions, kept by the process: they take a seventh of a second, each time that a site is opened."""
    from botocore.loaders import create_loader  # noqa: PLC0415

    return create_loader(folders)


def names_of(path: str) -> tuple[str, ...]:
    """The objects that a file becomes; what a page is reached by comes after the page's own name."""
    return (path, path.removesuffix("/index.html")) if path.endswith("/index.html") else (path,)


@contextmanager
def told(bucket: str) -> Iterator[None]:
    """Errors of ``boto3`` as ours: ``bucket_unreachable``, ``bucket_credentials``, ``bucket_refused``, ``bucket_unusable``."""
    from botocore import exceptions  # noqa: PLC0415

    try:
        yield
    except exceptions.ClientError as error:
        reason = str(error.response.get("Error", {}).get("Code", ""))[:80]
        if _status(error) >= _SERVER_FAULT:
            raise RegistryError("bucket_unreachable", bucket=bucket, reason=reason) from error
        raise RegistryError("bucket_refused", bucket=bucket, reason=reason) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise RegistryError("bucket_credentials", bucket=bucket) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.IncompleteReadError) as error:
        raise RegistryError("bucket_unreachable", bucket=bucket, reason=type(error).__name__) from error
    except exceptions.BotoCoreError as error:  # a region or a profile that cannot be
        raise RegistryError("bucket_unusable", bucket=bucket, problem=type(error).__name__) from error


def _client_error() -> type[Exception]:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    return ClientError  # type: ignore[no-any-return]


def _is_of_condition(error: Any) -> bool:
    """Whether a write was refused because the object is not what the listing said: another one, or gone."""
    return _status(error) in _CHANGED or error.response.get("Error", {}).get("Code") == _GONE


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
