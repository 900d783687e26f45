"""Documents that go with a case or a request: bounded, known by their content, sealed, given back and never shown.

A document comes from outside (a holder's letter, a court's decision) and is hostile: it is never opened here. Its kind is
told by its first and last bytes, its name is a label and no path, and it leaves as a download that no browser renders.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from registry.actors import Actor
from registry.cases.errors import CaseError
from registry.cases.models import CaseDocument
from registry.identity import IdentityVault, Safe

MAX_BYTES = 8 << 20
"""A scan of some pages. Sender: whoever may propose; without a bound one clerk fills the database."""
MAX_DOCUMENTS = 5
"""Of one case or request."""
MAX_NAME = 80
"""Characters of a name, its ending included."""
_TAIL = 1024
"""Where a PDF's end mark must stand, as readers look for it."""
_ENDINGS = {"pdf": (".pdf",), "png": (".png",), "jpeg": (".jpg", ".jpeg")}
_NO_LABEL = frozenset('\\/:*?"<>|')
"""What some file system would take for more than a letter of a name."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was handed in."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was opened, to be given back as a download."""

    name: str
    kind: str
    data: bytes


def kind_of(data: bytes) -> str | None:
    """``pdf``, ``png`` or ``jpeg`` by the bytes at both ends; None for anything else."""
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-_TAIL:]:
        return "pdf"
    if data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and data.endswith(b"IEND\xaeB`\x82"):
        return "png"
    if data.startswith(b"\xff\xd8\xff") and data.rstrip(b"\0").endswith(b"\xff\xd9"):
        return "jpeg"
    return None


def clean_name(name: str, kind: str) -> str:
    """A label out of whatever a browser sent as a file's name: no path, no control or direction sign, the kind's ending."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        one
        for one in last
        if (one not in _NO_LABEL and unicodedata.category(one)[0] not in ("C", "Z")) or one == " "
    )
    stem, ending = kept, _ENDINGS[kind][0]
    for known in (*_ENDINGS["pdf"], *_ENDINGS["png"], *_ENDINGS["jpeg"]):
        if kept.lower().endswith(known):
            stem = kept[: -len(known)]
            if known in _ENDINGS[kind]:
                ending = known
            break
    stem = stem.strip(" .")[: MAX_NAME - len(ending)].strip(" .")
    return f"{stem or '附件'}{ending}"


def check_uploads(uploads: Sequence[Upload]) -> None:
    """Raise ``CaseError`` for the first that cannot be taken, before anything else is done."""
    if len(uploads) > MAX_DOCUMENTS:
        raise CaseError("document_too_many", limit=MAX_DOCUMENTS)
    for upload in uploads:
        if len(upload.data) > MAX_BYTES:
            raise CaseError("document_too_large", limit=MAX_BYTES >> 20)
        if kind_of(upload.data) is None:
            raise CaseError("document_kind")


def attach(
    session: Session,
    vault: IdentityVault,
    actor: Actor,
    uploads: Sequence[Upload],
    *,
    authority: str,
    now: int,
    case_id: int | None = None,
    request_id: int | None = None,
) -> None:
    """Keep ``uploads`` with a case or a request; raises ``CaseError`` and keeps none."""
    check_uploads(uploads)
    owner = {"case_id": case_id, "request_id": request_id}
    held = session.scalars(select(func.count()).select_from(CaseDocument).filter_by(**owner)).one()
    if held + len(uploads) > MAX_DOCUMENTS:
        raise CaseError("document_too_many", limit=MAX_DOCUMENTS)
    for upload in uploads:
        kind = kind_of(upload.data) or ""
        document = CaseDocument(
            **owner,
            authority=authority,
            name=clean_name(upload.name, kind),
            kind=kind,
            size=len(upload.data),
            added_by=actor.account,
            added_at=now,
            sealed=b"",
        )
        session.add(document)
        session.flush()  # for its id, to which it is sealed
        document.sealed = _safe(vault).seal(upload.data, _place(document))
    session.flush()


def documents_of(
    session: Session, *, case_id: int | None = None, request_id: int | None = None
) -> list[CaseDocument]:
    """The documents of a case or a request, without their content, in the order in which they came."""
    chosen = select(CaseDocument).filter_by(case_id=case_id, request_id=request_id)
    return list(session.scalars(chosen.order_by(CaseDocument.id).options(defer(CaseDocument.sealed))))


def open_document(
    session: Session, vault: IdentityVault, document_id: int, *, authority: str | None
) -> Document:
    """A document of ``authority`` (None: of any); raises ``CaseError`` (``not_found``, ``document_unreadable``)."""
    document = session.get(CaseDocument, document_id)
    if document is None or authority not in (None, document.authority):
        raise CaseError("not_found")
    try:
        data = _safe(vault).open(document.sealed, _place(document))
    except (InvalidTag, ValueError) as error:
        raise CaseError("document_unreadable") from error
    return Document(document.name, document.kind, data)


def _safe(vault: IdentityVault) -> Safe:
    return vault.safe("case document")


def _place(document: CaseDocument) -> str:
    """To what it is sealed: moved to another case, or to another office, it does not open."""
    return f"{document.id}:{document.authority}:{document.case_id}:{document.request_id}:{document.kind}"
