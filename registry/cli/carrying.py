"""``root qr`` and ``root scan``: a ceremony's files from screen to screen, where no memory stick may go.

``qr`` shows a file as QR codes, on the terminal or as pictures; ``scan`` makes the file again, from photographs of them or
from a hand scanner, which types each code as a line.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from keys.errors import CeremonyError
from keys.qrparts import QrParts, split_for_qr
from registry.cli.common import errors_told
from registry.cli.shell import SHELL
from registry.files import replace_file
from registry.messages import error_sentence
from verifier.box import shared_boxes
from verifier.unpack import ContainerError

PIXELS = 8
"""A module of a picture, for a screen or a printer."""


def qr_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="提案、签名或公钥文件 · the file to carry")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="写成图片，缺省显示在屏幕上 · as pictures, not on the terminal"),
    ] = None,
) -> None:
    """把仪式文件显示为一组二维码 · Show a file of the ceremony as QR codes."""
    with errors_told():
        texts = split_for_qr(file.read_bytes())
        if out is None:
            show_codes(texts)
            return
        names = [out / f"{file.name}-{place:03d}.png" for place in range(1, len(texts) + 1)]
        out.mkdir(parents=True, exist_ok=True)
        for name, text in zip(names, texts, strict=True):
            with name.open("wb") as stream:
                _code(text).make_image().save(stream, "PNG")
    SHELL.say(f"{len(names)} 个二维码已写入 {out}。", f"{len(names)} QR codes are in {out}.")
    SHELL.say_json({"codes": len(names), "files": [str(name) for name in names]})


def scan_command(
    out: Annotated[Path, typer.Option(metavar="FILE", help="要写的文件 · the file to write")],
    pictures: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PICTURE...]",
            help="二维码的照片；缺省从扫码枪逐行读取 · photographs; without any, lines from a hand scanner",
        ),
    ] = None,
) -> None:
    """从照片或扫码枪读回文件（顺序不限）· Read a file back from photographs or a hand scanner, in any order."""
    parts = QrParts()
    with errors_told():
        if pictures:
            for picture in pictures:
                _add_picture(parts, picture)
        else:
            _add_lines(parts)
        data = parts.data()
        replace_file(out, data)
    SHELL.say(
        f"已读全 {parts.count} 个二维码：{out}（{len(data)} 字节）。",
        f"All {parts.count} codes were read: {out}, {len(data)} bytes.",
    )
    SHELL.say_json({"file": str(out), "bytes": len(data), "codes": parts.count})


def show_codes(texts: list[str]) -> None:
    """Codes on the terminal, one below the other, each with its place."""
    if SHELL.as_json:
        for text in texts:
            SHELL.say_json({"qr": text})
        return
    for place, text in enumerate(texts, start=1):
        SHELL.say(f"二维码 {place} / {len(texts)}", f"QR code {place} of {len(texts)}")
        _code(text).print_ascii(out=sys.stdout)


def _code(text: str) -> QRCode:
    code = QRCode(error_correction=ERROR_CORRECT_M, box_size=PIXELS)
    code.add_data(QRData(text.encode("ascii"), MODE_ALPHA_NUM))
    return code


def _add_picture(parts: QrParts, picture: Path) -> None:
    """Every code of ours in a photograph. It is decoded in a box: this may be the machine that holds a root key."""
    try:
        texts = shared_boxes().read(picture.read_bytes()).qr_texts
    except ContainerError:
        texts = ()
    ours = [text for text in texts if text.startswith("CRQ1:")]
    if not ours:
        _complain("qr_picture", str(picture))
    for text in ours:
        parts.add(text)


def _add_lines(parts: QrParts) -> None:
    """Lines until the file is whole or the input ends; a line that is no code is told and left."""
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            parts.add(line)
        except CeremonyError as error:
            _complain(error.code, error.detail)
        if parts.complete:
            return
        rest = " ".join(map(str, parts.missing))
        SHELL.say(
            f"已读 {len(parts.pieces)} / {parts.count}，还缺：{rest}",
            f"{len(parts.pieces)} of {parts.count} read; missing: {rest}",
        )


def _complain(code: str, detail: str) -> None:
    SHELL.complain(error_sentence(code, {"detail": detail}, SHELL.lang), code)
