"""What is sent to this server, read within bounds: JSON with items and options, or a form with files.

JSON is read as strictly as a record (``keys.canonical``): no duplicate names, fractions or null. A record in it is a *text*,
its bytes as they are: as an object it would be written anew, and the bytes are what is signed.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.config import JsonDict
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from keys.canonical import JsonLimits, parse_restricted
from keys.encodings import timestamp_decode
from keys.errors import KeysError
from verifier.contents import PROOF_SUFFIX
from verifier.limits import MAX_LOG_PROOF_BYTES
from verifier.operation.forms import is_in_utf8
from verifier.policy import VerificationPolicy
from verifier.presented import Presented
from verifier.server.archive import is_archive, members
from verifier.server.heads import Head
from verifier.server.plain import presented_plainly
from verifier.server.problems import Problem
from verifier.server.settings import MAX_ITEMS, MAX_LABEL, Limits

MAX_NAME = 200
_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"
_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)


def _one_of(schema: JsonDict) -> None:
    schema["anyOf"] = [{"required": [name]} for name in ("record", "qrText", "number")]


class Item(BaseModel):
    """One thing to judge (SPEC 7.1): a record, a QR's text or a number, and what to compare it with."""

    model_config = ConfigDict(**_STRICT, json_schema_extra=_one_of)

    record: Annotated[str | None, Field(description="The record's text, byte for byte.")] = None
    qr_text: Annotated[str | None, Field(alias="qrText", description="What the QR says.")] = None
    number: Annotated[str | None, Field(description="The certificate number, as typed.")] = None
    name: Annotated[str | None, Field(description="The holder's name to compare.")] = None
    log_proof: Annotated[str | None, Field(alias="logProof", description="Text of the .tlog-proof.")] = None
    target: Annotated[
        str | None, Field(max_length=MAX_LABEL, description="The caller's own word for it.")
    ] = None

    @model_validator(mode="after")
    def _presents_something(self) -> "Item":
        if self.record is None and self.qr_text is None and self.number is None:
            raise ValueError("record, qrText or number")
        return self


class Options(BaseModel):
    """What the reader demands (SPEC 7.2)."""

    model_config = _STRICT

    at: Annotated[str | None, Field(pattern=_TIME, description="Moment of judgement; now if absent.")] = None
    require_log: Annotated[bool, Field(alias="requireLog")] = True
    status_max_age: Annotated[int | None, Field(alias="statusMaxAge", ge=1, le=604800)] = None


class VerifyRequest(BaseModel):
    """The body of POST /api/verify as JSON."""

    model_config = _STRICT

    items: Annotated[list[Item], Field(min_length=1, max_length=MAX_ITEMS)]
    options: Options = Options()


class LookupRequest(BaseModel):
    """The body of POST /api/certificates/NUMBER."""

    model_config = _STRICT

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME, description="The holder's name.")]


NAME_HEADER = "Holder-Name"
_EXT_VALUE = re.compile(
    r"(?:utf-8'[a-z0-9-]*')?((?:%[0-9a-f]{2}|[a-z0-9!#$&+.^_`|~-])+)", re.IGNORECASE | re.ASCII
)


def name_in_header(text: str | None) -> str:
    """The name in ``Holder-Name``: RFC 8187's ``UTF-8''%E5%BC%A0``, or without what stands before it; raises ``Problem``."""
    found = _EXT_VALUE.fullmatch(text or "")
    if found is None:
        raise Problem("name_header")
    try:
        name = unquote_to_bytes(found[1]).decode()
    except UnicodeDecodeError as error:
        raise Problem("name_header") from error
    if not 1 <= len(name) <= MAX_NAME:
        raise Problem("name_header")
    return name


@dataclass(frozen=True, slots=True)
class FileSent:
    """A file that was sent, to be read when its turn comes; with the log proof that came beside it."""

    name: str
    read: Callable[[], bytes]
    log_proof: bytes | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request asks for."""

    items: Sequence[Presented | FileSent]
    options: Options

    def policy(self, now: int) -> VerificationPolicy:
        """The policy that the options stand for; raises ``Problem`` for a time that no calendar has."""
        return _policy(self._moment(now), self.options.require_log, self.options.status_max_age)

    def _moment(self, now: int) -> int:
        if self.options.at is None:
            return now
        try:
            return timestamp_decode(self.options.at)
        except KeysError as error:
            raise Problem("body_form", errors=[{"place": "options.at", "cause": "time"}]) from error


@lru_cache(maxsize=64)
def _policy(at: int, require_log: bool, status_max_age: int | None) -> VerificationPolicy:
    """The same object for all of one second who demand the same."""
    return VerificationPolicy(at=at, require_log=require_log, status_max_age=status_max_age)


# ---- the body


async def read_body(receive: Receive, head: Head, most: int, seconds: float) -> bytes:
    """The whole body; raises ``Problem`` where it is too large, too slow or compressed."""
    return b"".join(await read_pieces(receive, head, most, seconds))


async def read_pieces(receive: Receive, head: Head, most: int, seconds: float) -> list[bytes]:
    """The same as it came: to join a large one takes time that nobody else is answered in."""
    if head.coding.lower() != "identity":
        raise Problem("media_type")
    if head.length.isdecimal() and int(head.length[:20]) > most:
        raise Problem("body_too_large", headers={"Connection": "close"})
    try:
        async with asyncio.timeout(seconds):
            return await _pieces(receive, most)
    except TimeoutError as error:
        raise Problem("body_timeout", headers={"Connection": "close"}) from error


async def _pieces(receive: Receive, most: int) -> list[bytes]:
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem("bad_request")
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > most:
            raise Problem("body_too_large", headers={"Connection": "close"})
        more = message.get("more_body", False)
    return pieces


def parse_json(body: bytes, model: type[BaseModel], most: int) -> Any:
    """``body`` as ``model``; raises ``Problem`` that names places and causes, never values."""
    try:
        value = parse_restricted(body, JsonLimits(max_bytes=most))
    except KeysError as error:
        raise Problem("body_not_json", cause=error.code) from error
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if any(one["type"] == "too_long" and one["loc"] == ("items",) for one in found):
            raise Problem("too_many_items") from None
        raise Problem("body_form", errors=[_fault(one) for one in found[:20]]) from None


def _fault(error: Any) -> dict[str, str]:
    """A member that the sender named himself is told by its place only: it could be anything."""
    place = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return {"place": ".".join(map(str, place)), "cause": error["type"]}


def asked_in_json(body: bytes, limits: Limits) -> Asked:
    """What a JSON body asks for."""
    plain = presented_plainly(body)
    return Asked(plain, _NO_OPTIONS) if plain is not None else asked_strictly(body, limits)


_NO_OPTIONS = Options()


def asked_strictly(body: bytes, limits: Limits) -> Asked:
    """The same member by member; raises ``Problem`` that says what is wrong."""
    asked: VerifyRequest = parse_json(body, VerifyRequest, limits.json_bytes)
    return Asked([_presented(place, item) for place, item in enumerate(asked.items)], asked.options)


def _presented(place: int, item: Item) -> Presented:
    return Presented(
        item.target if item.target is not None else f"items[{place}]",
        record=item.record.encode() if item.record is not None else None,
        qr_text=item.qr_text,
        number=item.number,
        name=item.name,
        log_proof=item.log_proof.encode() if item.log_proof is not None else None,
    )


# ---- files


_END = 1024
"""Bytes that are looked at for a form's last boundary (of 70 characters at most) and line ends after it."""


class _InMemory(MultiPartParser):
    """Files stay in memory: nothing that anybody sends is written to a disk."""

    spool_max_size = 2**62


def asked_in_form(headers: Headers, pieces: Sequence[bytes], limits: Limits) -> Asked:
    """What a form with files asks for; the field ``options`` may hold the same JSON as in a JSON body.

    Of 60 MB that takes a third of a second, so it is for a thread.
    """
    # It waits for nothing; the parser is written for a loop, and gets one.
    return asyncio.run(_asked_in_form(headers, pieces, limits))


async def _asked_in_form(headers: Headers, pieces: Sequence[bytes], limits: Limits) -> Asked:
    try:
        if not is_in_utf8(headers["content-type"]):
            raise Problem("upload_form")
        form = await _InMemory(headers, _each(pieces), max_files=MAX_ITEMS, max_fields=4).parse()
    except MultiPartException as error:
        many = error.message.startswith("Too many files")
        raise Problem("too_many_items" if many else "upload_form") from error
    except (KeyError, ValueError) as error:  # a form without a boundary, or with an unreadable header
        raise Problem("upload_form") from error
    try:
        if not _is_whole(headers, pieces):
            raise Problem("upload_form")
        return await _asked_in(form, limits)
    finally:
        await form.close()


def _is_whole(headers: Headers, pieces: Sequence[bytes]) -> bool:
    """Whether the form ends as forms do; the parser leaves the file in which one breaks off out, and says nothing."""
    boundary = parse_options_header(headers["content-type"])[1].get(b"boundary", b"")
    end = b""
    for piece in reversed(pieces):
        end = piece[-_END:] + end
        if len(end) >= _END:
            break
    return end.rstrip(b"\r\n").endswith(b"--" + boundary + b"--")


async def _asked_in(form: FormData, limits: Limits) -> Asked:
    files: list[tuple[str, Callable[[], bytes]]] = []
    options = Options()
    for field, value in form.multi_items():
        if isinstance(value, UploadFile):
            files += _unpacked(value.filename or field, await value.read(), limits)
        elif field == "options":
            options = parse_json(value.encode("utf-8", "surrogatepass"), Options, limits.json_bytes)
        else:
            raise Problem("body_form", errors=[{"place": "", "cause": "extra_forbidden"}])
    sent = _paired(files)
    if not sent:
        raise Problem("body_form", errors=[{"place": "files", "cause": "too_short"}])
    if len(sent) > MAX_ITEMS:
        raise Problem("too_many_items")
    return Asked(sent, options)


async def _each(pieces: Sequence[bytes]) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece
    yield b""


def _unpacked(name: str, data: bytes, limits: Limits) -> list[tuple[str, Callable[[], bytes]]]:
    return members(data, limits.unpacked_bytes) if is_archive(data) else [(name, lambda: data)]


def _paired(files: Sequence[tuple[str, Callable[[], bytes]]]) -> list[FileSent]:
    """Files to judge, each with the ``.tlog-proof`` of the same name (SPEC 8.1)."""
    proofs = {name.removesuffix(PROOF_SUFFIX): read for name, read in files if name.endswith(PROOF_SUFFIX)}
    sent = []
    for name, read in files:
        if not name.endswith(PROOF_SUFFIX):
            beside = proofs.get(str(PurePosixPath(name).with_suffix(""))) if name.strip("./") else None
            proof = beside()[: MAX_LOG_PROOF_BYTES + 1] if beside else None
            sent.append(FileSent(name[-MAX_LABEL:], read, proof))
    return sent
