"""Draws the faces: a PDF/A-3b with the record attached, and a PNG with the record baked in (spec §8).

Both come from the same published template, ``templates/KIND/VERSION/face-v2.typ``. The template gets data, never markup,
and the same source gives the same bytes: the only date is the certificate's own. A warning of typst is an error here,
because its warnings are about what would look wrong on paper.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import typst
from PIL import Image

from registry.faces.face import SHOWN_FIELDS, FaceSource
from registry.faces.picture import bake, compose, open_picture
from verifier.drawing.errors import FaceError
from verifier.drawing.fonts import typst_fonts
from verifier.drawing.qr import qr_matrix

# Archival with attachments, and tagged for screen readers.
PDF_STANDARDS: "list[typst.PDFStandard]" = ["a-3b", "ua-1"]
DEFAULT_DPI = 150  # a QR module is then exactly four pixels


@cache
def templates_root() -> Path:
    """The folder of the published templates, which is all that typst can read."""
    return Path(str(files("templates")))


class FaceRenderer:
    """Draws certificates, one renderer per thread: it keeps a typst compiler and what typst remembers."""

    def __init__(self) -> None:
        self._compiler: typst.Compiler | None = None
        self._grounds: dict[tuple[str, str], tuple[int, Image.Image]] = {}

    def pdf(self, source: FaceSource) -> bytes:
        """A4 landscape, vector, PDF/A-3b; ``NUMBER.json`` and, if given, ``NUMBER.tlog-proof`` attached. Else FaceError."""
        return self._typeset(source, "pdf")

    def png(self, source: FaceSource, *, dpi: int = DEFAULT_DPI) -> bytes:
        """The same page as a picture of ``dpi`` dots per inch, with record and log proof baked in as iTXt. Else FaceError."""
        figures = self._typeset(source, "png", dpi, layer="figures")
        picture = compose(self._ground(source, dpi), figures)
        return bake(picture, source.record, source.log_proof, dpi=dpi)

    def _ground(self, source: FaceSource, dpi: int) -> Image.Image:
        """What is the same on every certificate of the kind, drawn once; it is most of the lines of the page."""
        key = (source.kind, source.version)
        kept = self._grounds.get(key)
        if kept is None or kept[0] != dpi:
            kept = dpi, open_picture(self._typeset(source, "png", dpi, layer="ground"))
            self._grounds[key] = kept
        return kept[1]

    def _typeset(
        self, source: FaceSource, form: Literal["pdf", "png"], dpi: int | None = None, *, layer: str = "whole"
    ) -> bytes:
        moment = datetime.strptime(source.issued, "%Y-%m-%d").replace(tzinfo=UTC)
        data = _data(source) | {"layer": layer}
        return self.draw(source.kind, source.version, data, moment=moment, form=form, dpi=dpi)

    def draw(
        self,
        kind: str,
        version: str,
        data: Mapping[str, Any],
        *,
        moment: datetime,
        form: Literal["pdf", "png"] = "png",
        dpi: int | None = None,
    ) -> bytes:
        """The template of ``kind`` with these data, as of ``moment``. Else FaceError."""
        if (kind, version) not in SHOWN_FIELDS:
            raise FaceError("face_kind", f"{kind} {version}")
        try:
            output, warnings = self._typst().compile_with_warnings(
                _program(kind, version, data),
                format=form,
                ppi=None if dpi is None else float(dpi),
                pdf_standards=PDF_STANDARDS if form == "pdf" else [],
                timestamp=moment,
            )
        except typst.TypstError as error:
            raise FaceError("face_typeset", f"{kind} {version}") from error
        if warnings or not isinstance(output, bytes):
            raise FaceError("face_typeset", "warnings, or not one page")
        return output

    def _typst(self) -> typst.Compiler:
        if self._compiler is None:
            self._compiler = typst.Compiler(
                root=templates_root(), font_paths=typst_fonts(), ignore_system_fonts=True
            )
        return self._compiler


def _program(kind: str, version: str, data: Mapping[str, Any]) -> bytes:
    """Two lines for typst: the template, and the data as the text of a string, all of it ASCII.

    In ``sys.inputs`` they would make everything new to typst that it remembers of the page before.
    """
    text = (
        json.dumps(data).replace("\\", "\\\\").replace('"', '\\"')
    )  # what a string of typst may not hold as it is
    return f'#import "/{kind}/{version}/face-v2.typ": face\n#face(json(bytes("{text}")))\n'.encode("ascii")


def _data(source: FaceSource) -> dict[str, Any]:
    matrix = qr_matrix(source.qr_prefix, source.qr_digits)
    data = {
        "number": source.digits,
        "printed": source.printed,
        "issuer": source.issuer,
        "issued": source.issued,
        "host": source.host,
        "qr": {"side": matrix.side, "path": matrix.svg_path()},
        "subject": dict(source.subject),
        "record": source.record.decode(),
    }
    return data if source.log_proof is None else data | {"proof": source.log_proof.decode()}
