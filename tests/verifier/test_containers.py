"""What a holder or panel presents: every form of our own certificates is read, and what is not ours is refused by code."""

import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from registry.faces.picture import bake
from registry.faces.renderer import FaceRenderer
from tests.builders import refused
from tests.registry.faces_samples import LOG_PROOF, source
from tests.verifier.bombs import chunk, large_picture, nested_forms, picture_in_pdf, saved
from verifier import containers
from verifier.containers import ContainerError, ContainerLimits, Contents, extract, extract_report
from verifier.drawing.qr import qr_matrix

RENDERER = FaceRenderer()
FACE = source()
OTHER = source(serial=124)
QR_TEXT = FACE.qr_prefix + FACE.qr_digits
PDF, PNG = RENDERER.pdf(FACE), RENDERER.png(FACE)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def plain(png: bytes = PNG) -> Image.Image:
    """The picture without what is baked in."""
    with Image.open(BytesIO(png)) as picture:
        return picture.convert("RGB")


def without_attachments(pdf: bytes = PDF) -> bytes:
    """The PDF after a program that drops attachments."""
    out = BytesIO()
    with pikepdf.Pdf.open(BytesIO(pdf)) as document:
        del document.Root.AF
        del document.Root.Names
        document.save(out)
    return out.getvalue()


def with_chunks(*chunks: bytes) -> bytes:
    """A white picture with further chunks before its end."""
    white = saved(Image.new("L", (8, 8), 255), "PNG")
    return white[:-12] + b"".join(chunks) + white[-12:]


def baked(text: bytes, keyword: bytes = b"openbadgecredential") -> bytes:
    """An uncompressed iTXt chunk."""
    return chunk(b"iTXt", keyword + b"\0\0\0\0\0" + text)


# ---- our own files


def test_pdf_gives_record_and_log_proof() -> None:
    assert extract(PDF) == Contents("pdf", FACE.record, LOG_PROOF)


def test_png_gives_record_and_log_proof() -> None:
    assert extract(PNG) == Contents("png", FACE.record, LOG_PROOF)


def test_json_is_taken_as_it_is() -> None:
    for data in (FACE.record, b"\xef\xbb\xbf " + FACE.record, b'{"not": canonical'):
        assert extract(data) == Contents("json", data)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "GIF"])
def test_a_photograph_gives_the_text_of_its_code(form: str) -> None:
    assert extract(saved(plain(), form)) == Contents("image", qr_texts=(QR_TEXT,))


def test_a_png_that_lost_its_record_gives_the_text_of_its_code() -> None:
    assert extract(saved(plain(), "PNG")) == Contents("png", qr_texts=(QR_TEXT,))


def test_a_pdf_that_lost_its_attachments_gives_the_text_of_its_code() -> None:
    assert extract(without_attachments()) == Contents("pdf", qr_texts=(QR_TEXT,))


def test_a_scan_in_a_pdf_gives_the_text_of_its_code() -> None:
    assert extract(saved(plain(), "PDF", resolution=150)) == Contents("pdf", qr_texts=(QR_TEXT,))


def test_a_hand_held_copy_is_read() -> None:
    with pypdfium2.PdfDocument(PDF) as document:
        scan = document[0].render(scale=200 / 72).to_pil().convert("RGB")
    for copy in (
        scan.rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor="white"),
        scan.rotate(90, expand=True),
        scan.resize((scan.width // 2, scan.height // 2), Image.Resampling.LANCZOS),
    ):
        assert extract(saved(copy, "JPEG", quality=30)).qr_texts == (QR_TEXT,)


def test_a_code_on_a_transparent_ground_is_read() -> None:
    rows = qr_matrix(FACE.qr_prefix, FACE.qr_digits).rows
    picture = Image.new("RGBA", (len(rows) + 8, len(rows) + 8), (0, 0, 0, 0))
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            picture.putpixel((x + 4, y + 4), (0, 0, 0, 255 * dark))
    large = picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)
    assert extract(saved(large, "PNG")).qr_texts == (QR_TEXT,)


def test_texts_of_several_codes_come_ours_first() -> None:
    def code(prefix: str, digits: str) -> Image.Image:
        rows = qr_matrix(prefix, digits).rows
        grey = Image.new("L", (len(rows) + 8, len(rows) + 8), 255)
        for y, row in enumerate(rows):
            for x, dark in enumerate(row):
                grey.putpixel((x + 4, y + 4), 255 * (not dark))
        return grey.resize((grey.width * 4, grey.height * 4), Image.Resampling.NEAREST)

    sheet = Image.new("L", (900, 400), 255)
    sheet.paste(code("https://a.example/pay?", "1"), (0, 0))
    sheet.paste(code(FACE.qr_prefix, FACE.qr_digits), (300, 0))
    sheet.paste(code("https://z.example/", "2"), (700, 0))
    texts = extract(saved(sheet, "PNG")).qr_texts
    assert texts[0] == QR_TEXT
    assert set(texts[1:]) == {"https://a.example/pay?1", "https://z.example/2"}


# ---- text


def test_text_gives_its_lines_with_certificates_first() -> None:
    text = f"请核验\r\n {FACE.printed} \n\n{QR_TEXT}\n张文博\n{QR_TEXT}\n"
    assert extract(text.encode()) == Contents("text", qr_texts=(QR_TEXT, FACE.printed, "请核验", "张文博"))


@pytest.mark.parametrize("data", [b"", b" \n\t", b"\xef\xbb\xbf", b"x" * 3000])
def test_text_without_anything_to_look_up_is_refused(data: bytes) -> None:
    with refused(ContainerError, "container_no_certificate"):
        extract(data)


@pytest.mark.parametrize("data", [b"\xff\xfe{\0}\0", b"a\0b", b"\x00", "证书".encode("gb18030")])
def test_what_is_no_text_either_is_refused(data: bytes) -> None:
    with refused(ContainerError, "container_unreadable"):
        extract(data)


# ---- PNG, chunk by chunk


def test_compressed_international_text_and_plain_text_are_read() -> None:
    record = FACE.record
    for one in (
        chunk(b"iTXt", b"openbadgecredential\0\1\0zh\0keyword\0" + zlib.compress(record)),
        chunk(b"tEXt", b"openbadgecredential\0" + record),
        baked(record) + baked(record),
        baked(record)
        + chunk(b"tEXt", b"Comment\0openbadgecredential")
        + chunk(b"zTXt", b"openbadgecredential\0x"),
    ):
        assert extract(with_chunks(one)).record == record


def test_two_different_records_in_one_picture_are_refused() -> None:
    with refused(ContainerError, "container_ambiguous"):
        extract(with_chunks(baked(FACE.record), baked(OTHER.record)))
    with refused(ContainerError, "container_ambiguous"):
        extract(with_chunks(baked(FACE.record), baked(b"1", b"tlog-proof"), baked(b"2", b"tlog-proof")))


@pytest.mark.parametrize(
    "body",
    [
        b"openbadgecredential",
        b"openbadgecredential\0\0\0",
        b"openbadgecredential\0\2\0\0\0{}",
        b"openbadgecredential\0\1\1\0\0" + zlib.compress(b"{}"),
        b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"{}")[:-1],
        b"openbadgecredential\0\1\0\0\0{}",
    ],
)
def test_a_malformed_baked_text_is_refused(body: bytes) -> None:
    with refused(ContainerError, "container_unreadable"):
        extract(with_chunks(chunk(b"iTXt", body)))


def test_a_baked_text_over_its_bound_is_refused_without_unpacking_it() -> None:
    bomb = b"openbadgecredential\0\1\0\0\0" + zlib.compress(b" " * 50_000_000, 9)
    for one in (chunk(b"iTXt", bomb), baked(b"x" * 70_000), baked(b"x" * 70_000, b"tlog-proof")):
        with refused(ContainerError, "container_too_large"):
            extract(with_chunks(one))


def test_a_wrong_checksum_length_or_end_is_refused() -> None:
    good = with_chunks(baked(FACE.record))
    at = good.index(b"openbadge")
    for bad in (
        good[:at] + b"O" + good[at + 1 :],
        good[:-12],
        good[: at + 5],
        SIGNATURE,
        SIGNATURE + b"\xff" * 40,
    ):
        with refused(ContainerError, "container_unreadable"):
            extract(bad)


def test_what_follows_the_end_of_a_picture_is_not_read() -> None:
    assert extract(with_chunks(baked(FACE.record)) + baked(OTHER.record)).record == FACE.record


def test_chunks_without_end_are_refused() -> None:
    with refused(ContainerError, "container_unreadable"):
        extract(with_chunks(chunk(b"teSt", b"") * 30_000))


# ---- PDF


def attached(files: dict[str, bytes], change: Callable[[pikepdf.Object], None] | None = None) -> bytes:
    """An empty page with attachments."""
    out = BytesIO()
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        for name, content in files.items():
            pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, content, filename=name)
            if change:
                change(pdf.attachments[name].get_file().obj)
        pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def test_attachments_of_other_names_are_passed_over() -> None:
    pdf = attached({"readme.txt": b"x", "a.json": FACE.record, "b.json": FACE.record})
    assert extract(pdf) == Contents("pdf", FACE.record)


def test_two_different_records_in_one_pdf_are_refused() -> None:
    with refused(ContainerError, "container_ambiguous"):
        extract(attached({"a.json": FACE.record, "b.json": OTHER.record}))


def specification(pdf: pikepdf.Pdf, name: str, *contents: bytes, other: str = "") -> pikepdf.Object:
    """A file specification; of two contents one is under each of its names."""
    streams = [pdf.make_indirect(pikepdf.Stream(pdf, content)) for content in contents]
    held = pikepdf.Dictionary(dict(zip(("/F", "/UF"), streams, strict=False)))
    names = {"/F": pikepdf.String(name), "/UF": pikepdf.String(other or name)}
    return pikepdf.Dictionary({"/Type": pikepdf.Name.Filespec, "/EF": held, **names})


def in_a_tree(pdf: pikepdf.Pdf, *named: tuple[str, pikepdf.Object]) -> None:
    flat = [part for name, one in named for part in (pikepdf.String(name), one)]
    pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array(flat)))


def one_name_twice(pdf: pikepdf.Pdf) -> None:
    in_a_tree(
        pdf,
        ("a", specification(pdf, "a.json", FACE.record)),
        ("a", specification(pdf, "a.json", OTHER.record)),
    )


def one_name_in_two_branches(pdf: pikepdf.Pdf) -> None:
    limits = pikepdf.Array([pikepdf.String("a"), pikepdf.String("a")])
    branches = [
        pikepdf.Dictionary(
            Limits=limits, Names=pikepdf.Array([pikepdf.String("a"), specification(pdf, "a.json", data)])
        )
        for data in (FACE.record, OTHER.record)
    ]
    kids = pikepdf.Array([pdf.make_indirect(branch) for branch in branches])
    pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Kids=kids))


def two_files_of_one_specification(pdf: pikepdf.Pdf) -> None:
    in_a_tree(pdf, ("a", specification(pdf, "a.json", FACE.record, OTHER.record)))


def under_its_other_name(pdf: pikepdf.Pdf) -> None:
    first = specification(pdf, "a.json", FACE.record, other="a.txt")
    in_a_tree(pdf, ("a", first), ("b", specification(pdf, "b.txt", OTHER.record, other="b.json")))


def in_capitals(pdf: pikepdf.Pdf) -> None:
    in_a_tree(
        pdf,
        ("a", specification(pdf, "a.json", FACE.record)),
        ("b", specification(pdf, "b.JSON", OTHER.record)),
    )


def beside_the_text(pdf: pikepdf.Pdf) -> None:
    in_a_tree(pdf, ("a", specification(pdf, "a.json", FACE.record)))
    note = {
        "/Type": pikepdf.Name.Annot,
        "/Subtype": pikepdf.Name.FileAttachment,
        "/Rect": pikepdf.Array([0, 0, 9, 9]),
    }
    notes = [pikepdf.Dictionary({**note, "/FS": specification(pdf, "b.json", OTHER.record)})]
    pdf.pages[0].obj.Annots = pikepdf.Array(notes)


@pytest.mark.parametrize(
    "attach",
    [
        one_name_twice,
        one_name_in_two_branches,
        two_files_of_one_specification,
        under_its_other_name,
        in_capitals,
        beside_the_text,
    ],
)
def test_a_record_that_another_program_would_show_is_found(attach: Callable[[pikepdf.Pdf], None]) -> None:
    out = BytesIO()
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        attach(pdf)
        pdf.save(out)
    with refused(ContainerError, "container_ambiguous"):
        extract(out.getvalue())


def test_an_attachment_over_its_bound_is_refused_without_unpacking_it() -> None:
    with refused(ContainerError, "container_too_large"):
        extract(attached({"a.json": b" " * 30_000_000}))
    with refused(ContainerError, "container_too_large"):
        extract(attached({f"{number}.txt": b"" for number in range(17)}))


def test_an_attachment_packed_in_an_unusual_way_is_refused() -> None:
    def hexadecimal(stream: pikepdf.Object) -> None:
        stream.write(b"7b7d>", filter=pikepdf.Name.ASCIIHexDecode)

    with refused(ContainerError, "container_unreadable"):
        extract(attached({"a.json": b"{}"}, hexadecimal))


def test_a_pdf_without_anything_is_refused() -> None:
    with refused(ContainerError, "container_no_certificate"):
        extract(attached({}))


def test_a_pdf_of_too_many_objects_is_refused() -> None:
    with refused(ContainerError, "container_too_large"):
        extract(PDF, limits=ContainerLimits(max_pdf_objects=10))


@cache
def bomb(megabytes: int = 400) -> bytes:
    """So many megabytes of blanks as a zlib stream a thousandth of that."""
    packer = zlib.compressobj(4)
    return b"".join(packer.compress(b" " * 1_000_000) for _ in range(megabytes)) + packer.flush()


def object_stream_bomb() -> bytes:
    """A file whose catalogue lies in an object stream that unpacks to 400 MB: qpdf meets it while opening the file."""
    body = bomb()
    head = b"%PDF-1.5\n"
    packed = b"2 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(body)
    packed += body + b"\nendstream endobj\n"
    table = bytes(6) + b"\2\0\0\0\2\0"
    table += b"".join(b"\1" + at.to_bytes(4, "big") + b"\0" for at in (len(head), len(head) + len(packed)))
    index = b"3 0 obj<</Type/XRef/Size 4/W[1 4 1]/Root 1 0 R/Length %d>>stream\n" % len(table)
    return (
        head
        + packed
        + index
        + table
        + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF" % (len(head) + len(packed))
    )


def page_bomb(**entries: pikepdf.Object) -> bytes:
    """A file whose one page draws a stream that unpacks to 400 MB."""
    out = BytesIO()
    with pikepdf.Pdf.new() as pdf:
        stream = pikepdf.Stream(pdf, b"", **entries)
        stream.write(bomb(), filter=pikepdf.Name.FlateDecode)
        pdf.add_blank_page().obj.Contents = pdf.make_indirect(stream)
        pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def test_bombs_are_stopped_in_little_memory() -> None:
    """In a process of its own that may take no more than 1 GB beyond what it has with the reader loaded."""
    program = (
        "import resource, sys; from verifier.containers import *;"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize();"
        "resource.setrlimit(resource.RLIMIT_AS, (size + 2**30, size + 2**30));"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: extract(sys.stdin.buffer.read())\n"
        "except ContainerError as error: print(error.code)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    image = {"Subtype": pikepdf.Name.Image, "Width": 10, "Height": 10}
    for data, code in (
        (object_stream_bomb(), "container_unreadable"),
        (page_bomb(), "container_too_large"),
        (page_bomb(**image), "container_too_large"),
    ):
        run = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)
        found, megabytes = run.stdout.split()
        assert found.decode() == code
        assert int(megabytes) < 250


def test_a_stream_over_its_bound_is_not_drawn() -> None:
    with refused(ContainerError, "container_too_large"):
        extract(page_bomb())


def test_an_image_of_too_many_points_in_a_pdf_is_refused() -> None:
    with refused(ContainerError, "image_too_large"):
        extract(page_bomb(Subtype=pikepdf.Name.Image, Width=50_000, Height=50_000))


def test_streams_packed_in_rarer_ways_are_counted_too() -> None:
    out = BytesIO()
    with pikepdf.Pdf.new() as pdf:
        stream = pikepdf.Stream(pdf, b"")
        filters = pikepdf.Array([pikepdf.Name.ASCIIHexDecode, pikepdf.Name.FlateDecode])
        stream.write(bomb(40).hex().encode() + b">", filter=filters)
        pdf.add_blank_page().obj.Contents = pdf.make_indirect(stream)
        pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    with refused(ContainerError, "container_too_large"):
        extract(out.getvalue())


def test_a_page_whose_drawing_is_damaged_holds_nothing() -> None:
    out = BytesIO()
    with pikepdf.Pdf.new() as pdf:
        stream = pikepdf.Stream(pdf, b"")
        stream.write(zlib.compress(b"0 0 m " * 500)[:20] + b"damage", filter=pikepdf.Name.FlateDecode)
        pdf.add_blank_page().obj.Contents = pdf.make_indirect(stream)
        pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    with refused(ContainerError, "container_no_certificate"):
        extract(out.getvalue())


def test_streams_that_are_too_much_only_together_are_refused() -> None:
    with refused(ContainerError, "container_too_large"):
        extract(without_attachments(), limits=ContainerLimits(max_pdf_total=100_000))


@pytest.mark.parametrize("filters", [["/DCTDecode"], ["/FlateDecode", "/DCTDecode"]])
def test_a_packed_picture_in_a_pdf_is_as_large_as_its_own_header_says(filters: list[str]) -> None:
    def page(side: int) -> bytes:
        packed = large_picture("JPEG", side, "L")
        return picture_in_pdf(zlib.compress(packed) if len(filters) > 1 else packed, *filters)

    with refused(ContainerError, "image_too_large"):
        extract(page(7100))
    with refused(ContainerError, "container_no_certificate"):
        extract(page(70))


def test_a_packed_picture_whose_header_cannot_be_read_is_left_to_the_box() -> None:
    for page in (
        picture_in_pdf(b"no JPEG", "/DCTDecode"),
        picture_in_pdf(large_picture("JPEG", 9).hex().encode() + b">", "/ASCIIHexDecode", "/DCTDecode"),
    ):
        with refused(ContainerError, "container_no_certificate"):
            extract(page)


def test_drawings_within_drawings_are_bounded_in_depth() -> None:
    with refused(ContainerError, "container_no_certificate"):
        extract(nested_forms(7, 1))
    with refused(ContainerError, "container_too_costly"):
        extract(nested_forms(8, 1))


def test_resources_that_are_none_draw_nothing() -> None:
    out = BytesIO()
    with pikepdf.Pdf.new() as pdf:
        for resources in (pikepdf.Array(), pikepdf.Dictionary(XObject=7, Pattern=pikepdf.Dictionary(P=7))):
            form = pikepdf.Stream(pdf, b"", Subtype=pikepdf.Name.Form, Resources=resources)
            pdf.add_blank_page().obj.F = pdf.make_indirect(form)
        pdf.save(out)
    with refused(ContainerError, "container_no_certificate"):
        extract(out.getvalue())


def test_no_memory_is_too_costly() -> None:
    with refused(ContainerError, "container_too_costly"):
        containers._guarded(bytearray, 1 << 62)


def test_a_page_larger_than_any_paper_is_refused() -> None:
    out = BytesIO()
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page().obj.MediaBox = pikepdf.Array([0, 0, 30_000, 30_000])
        pdf.save(out)
    with refused(ContainerError, "image_too_large"):
        extract(out.getvalue())


def test_a_code_beyond_the_third_page_is_not_looked_for() -> None:
    out = BytesIO()
    with pikepdf.Pdf.new() as pdf, pikepdf.Pdf.open(BytesIO(without_attachments())) as page:
        for _ in range(3):
            pdf.add_blank_page()
        pdf.pages.extend(page.pages)
        pdf.save(out)
    with refused(ContainerError, "container_no_certificate"):
        extract(out.getvalue())


# ---- bounds on the whole


def test_a_file_over_the_bound_is_refused_unread() -> None:
    with refused(ContainerError, "container_too_large"):
        extract(PNG, limits=ContainerLimits(max_bytes=1000))
    with refused(ContainerError, "container_too_large"):
        extract(b"{" + b" " * 70_000 + b"}")


def test_a_picture_of_too_many_points_is_refused_unpacked() -> None:
    for size in ((8000, 8000), (20_000, 20_000)):
        bomb = saved(Image.new("1", size), "PNG")
        with refused(ContainerError, "image_too_large"):
            extract(bomb)


def test_a_picture_in_colour_may_have_fewer_points() -> None:
    with refused(ContainerError, "image_too_large"):
        extract(large_picture("PNG", 6400, "RGB"))
    with refused(ContainerError, "container_no_certificate"):
        extract(large_picture("JPEG", 6400, "RGB"))


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_a_transparent_ground_is_white(mode: str) -> None:
    rows = qr_matrix(FACE.qr_prefix, FACE.qr_digits).rows
    picture = Image.new("LA", (len(rows) + 8, len(rows) + 8), (0, 0))
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            picture.putpixel((x + 4, y + 4), (0, 255 * dark))
    large = picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)
    if mode == "P":
        inks = Image.new("P", large.size, 0)
        inks.paste(1, mask=large.getchannel("A"))
        inks.putpalette([0, 0, 0, 0, 0, 0])
        data = saved(inks, "PNG", transparency=0)
    else:
        data = saved(large.convert(mode), "PNG")
    assert extract(data).qr_texts == (QR_TEXT,)


def test_a_truncated_picture_is_refused() -> None:
    with refused(ContainerError, "container_unreadable"):
        extract(saved(plain(), "JPEG")[:5000])


def test_a_picture_without_a_code_is_refused() -> None:
    for form in ("JPEG", "PNG", "WEBP"):
        with refused(ContainerError, "container_no_certificate"):
            extract(saved(Image.new("RGB", (60, 40), "white"), form))


def test_baking_is_what_the_reader_reads() -> None:
    record = json.dumps({"名": "𠮷"}, ensure_ascii=False).encode()
    png = bake(Image.new("RGB", (4, 4), "white"), record, b"proof\n", dpi=96)
    assert extract(png) == Contents("png", record, b"proof\n")


# ---- a page's text, and review reports


def test_the_text_of_a_page_where_it_is_asked_for() -> None:
    contents = extract(PDF, with_page=True)
    assert contents.record == FACE.record
    assert FACE.printed in contents.page_text
    assert extract(PDF).page_text == ""
    assert extract(FACE.record, with_page=True).page_text == ""


def test_a_page_without_text_and_one_that_cannot_be_drawn_say_nothing() -> None:
    assert extract(attached({"a.json": FACE.record}), with_page=True).page_text == ""
    cautious = ContainerLimits(max_pdf_stream=10)
    assert extract(PDF, limits=cautious, with_page=True).page_text == ""


def test_a_review_report_and_its_table_are_taken_from_a_pdf() -> None:
    files = {"review-report.jsonld": b"{}", "review-table.jsonl": b"a\n", "a.json": FACE.record}
    assert extract_report(attached(files)) == Contents("report", b"{}", table=b"a\n")
    assert extract_report(attached({"x.jsonld": b"{}"})).table is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes(30_000_000), "container_too_large"),
        (b"{}", "container_no_certificate"),
        (PDF, "container_no_certificate"),
        (attached({"a.jsonld": b"{}", "b.jsonld": b"[]"}), "container_ambiguous"),
        (attached({"a.jsonld": bytes(70_000)}), "container_too_large"),
        (b"%PDF-1.7 nothing", "container_unreadable"),
    ],
    ids=["large", "no pdf", "no report", "two", "large report", "broken"],
)
def test_where_there_is_no_report(data: bytes, code: str) -> None:
    with refused(ContainerError, code):
        extract_report(data)
