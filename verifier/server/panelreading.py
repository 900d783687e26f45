"""Reads files for a panel's page and judges nothing: what a PDF, a picture or a ZIP presents, as evidence to judge there.

So the page has the evidence itself: it is kept on the panel's device, judged again when the status may have changed or
with the network gone, and handed in to be judged anew when a report is signed.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from verifier.box import Boxes
from verifier.contents import Contents
from verifier.presented import Presented, present_contents
from verifier.review.pagetext import page_fields
from verifier.server.problems import Problem
from verifier.server.requests import FileSent
from verifier.unpack import ContainerError

_FILES = 4


def read_files(files: Sequence[FileSent], boxes: Boxes) -> Iterator[list[dict[str, Any]]]:
    """What each file presents, some files at a time, in their order."""
    rest = iter(files)
    while chunk := list(islice(rest, _FILES)):
        yield [item for file in chunk for item in _read(file, boxes)]


def _read(file: FileSent, boxes: Boxes) -> list[dict[str, Any]]:
    try:
        contents = boxes.read(file.read(), with_page=True)
    except ContainerError as error:
        return [{"target": file.name, "trouble": error.code}]
    found = present_contents(file.name, contents)
    alone = len(found) == 1
    return [_item(one, contents, file.log_proof if alone else None) for one in found]


def _item(one: Presented, contents: Contents, beside: bytes | None) -> dict[str, Any]:
    texts = {"record": _text(one.record), "logProof": _text(one.log_proof or beside)}
    item: dict[str, Any] = {"target": one.label, "qrText": one.qr_text, "number": one.number, **texts}
    page = page_fields(contents.page_text) if one.record else {}
    item |= {"page": page or None, "trouble": one.trouble or None}
    return {name: value for name, value in item.items() if value is not None}


def _text(data: bytes | None) -> str | None:
    """Bytes as text; what is no UTF-8 is no record and no proof, and becomes a text that is none either."""
    return None if data is None else data.decode("utf-8", "replace")


def read_report(files: Sequence[FileSent], boxes: Boxes) -> Iterator[list[dict[str, Any]]]:
    """The review report in the first file, and its table; raises ``Problem`` (``report_not_found``)."""
    try:
        contents = boxes.read_report(files[0].read())
    except ContainerError as error:
        raise Problem("report_not_found", cause=error.code) from error
    found = {"report": _text(contents.record), "table": _text(contents.table)}
    yield [{name: value for name, value in found.items() if value is not None}]
