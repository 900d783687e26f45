"""Files made to exhaust a reader: small as they arrive, enormous as they unpack or are drawn. Each is made, none is kept."""

import struct
import zipfile
import zlib
from io import BytesIO

import pikepdf
from PIL import Image


def chunk(form: bytes, body: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return len(body).to_bytes(4, "big") + form + body + zlib.crc32(form + body).to_bytes(4, "big")


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    """The picture as a file."""
    out = BytesIO()
    picture.save(out, form, **options)  # type: ignore[arg-type]
    return out.getvalue()


def _written(pdf: pikepdf.Pdf) -> bytes:
    out = BytesIO()
    pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def nested_forms(levels: int = 8, times: int = 12) -> bytes:
    """A page that draws a form ``times`` times, which draws another as often, and so on: times ** levels drawings."""
    with pikepdf.Pdf.new() as pdf:
        inner = pikepdf.Stream(pdf, b"0 0 m 9 9 l S ", **_form())
        for _ in range(levels):
            drawn = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=pdf.make_indirect(inner)))
            inner = pikepdf.Stream(pdf, b"/F Do " * times, **_form(), Resources=drawn)
        page = pdf.add_blank_page()
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=pdf.make_indirect(inner)))
        page.obj.Contents = pdf.make_stream(b"/F Do " * times)
        return _written(pdf)


def circular_forms() -> bytes:
    """Two forms that draw each other."""
    with pikepdf.Pdf.new() as pdf:
        one, other = (pdf.make_indirect(pikepdf.Stream(pdf, b"/F Do " * 9, **_form())) for _ in range(2))
        one.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=other))
        other.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=one))
        page = pdf.add_blank_page()
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=one))
        page.obj.Contents = pdf.make_stream(b"/F Do")
        return _written(pdf)


def endless_drawing(times: int = 200, curves: int = 4000) -> bytes:
    """A page that draws one form of many large shapes again and again: nothing is nested, and it takes minutes."""
    with pikepdf.Pdf.new() as pdf:
        shapes = zlib.compress(b"0 0 m 500 700 l 3 700 l 500 1 l h B* " * curves)
        form = pikepdf.Stream(pdf, shapes, **_form(), Filter=pikepdf.Name.FlateDecode)
        page = pdf.add_blank_page()
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=pdf.make_indirect(form)))
        page.obj.Contents = pdf.make_stream(b"/F Do " * times)
        return _written(pdf)


def _form() -> dict[str, object]:
    return {
        "Type": pikepdf.Name.XObject,
        "Subtype": pikepdf.Name.Form,
        "BBox": pikepdf.Array([0, 0, 600, 800]),
    }


def picture_in_pdf(data: bytes, *filters: str, width: int = 10, height: int = 10) -> bytes:
    """A page that draws a packed picture and says that it is small; ``filters`` are names with their slash."""
    with pikepdf.Pdf.new() as pdf:
        image = pikepdf.Stream(
            pdf,
            data,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=width,
            Height=height,
            BitsPerComponent=8,
            ColorSpace=pikepdf.Name.DeviceRGB,
            Filter=pikepdf.Array([pikepdf.Name(one) for one in filters]),
        )
        page = pdf.add_blank_page()
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=pdf.make_indirect(image)))
        page.obj.Contents = pdf.make_stream(b"600 0 0 700 0 0 cm /I Do")
        return _written(pdf)


def large_picture(form: str, side: int, mode: str = "RGB", **options: object) -> bytes:
    """A picture of one colour, ``side`` pixels wide and high."""
    return saved(Image.new(mode, (side, side), "white"), form, **options)


def many_texts(count: int, *, different: bool = False, packings: int = 1, size: int = 60_000) -> bytes:
    """A PNG with so many baked records, each packed: the same one in so many ``packings``, or all ``different``."""
    white = saved(Image.new("L", (8, 8), 255), "PNG")
    blanks = b" " * size
    if different:
        packer = zlib.compressobj(9)
        head = packer.compress(blanks)
        packed = [head + _ended(packer.copy(), b"%d" % number) for number in range(count)]
    else:
        packed = [_in_pieces(blanks + b"0", pieces) for pieces in range(packings)]
    chunks = [chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + one) for one in packed]
    return white[:-12] + b"".join(chunks * (count // len(chunks))) + white[-12:]


def _ended(packer: "zlib._Compress", text: bytes) -> bytes:
    return packer.compress(text) + packer.flush()


def _in_pieces(text: bytes, pieces: int) -> bytes:
    """``text`` as one zlib stream that is flushed ``pieces`` times on the way."""
    packer = zlib.compressobj(9)
    head = b"".join(
        packer.compress(text[at : at + 1]) + packer.flush(zlib.Z_SYNC_FLUSH) for at in range(pieces)
    )
    return head + _ended(packer, text[pieces:])


def crowded_zip(members: int, *, zip64: bool = False) -> bytes:
    """A ZIP whose directory has ``members`` entries of one empty file; the count at its end says so, or is ZIP64's."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"")
    one = out.getvalue()
    at = one.index(b"PK\1\2")
    local, entry = one[:at], one[at : one.index(b"PK\5\6")]
    directory = entry * members
    end = b""
    if zip64:
        end += struct.pack(
            "<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, members, members, len(directory), len(local)
        )
        end += struct.pack("<4sLQL", b"PK\6\7", 0, len(local) + len(directory), 1)
    count = 0xFFFF if zip64 else members & 0xFFFF
    size = 0xFFFFFFFF if zip64 else len(directory)
    return (
        local
        + directory
        + end
        + struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, count, count, size, len(local), 0)
    )
