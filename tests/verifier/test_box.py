"""Boxes: what they read is what is in the file, and no file costs more than its own verdict."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from time import monotonic

import pikepdf
import pytest
from PIL import Image

from registry.faces.renderer import FaceRenderer
from tests.builders import refused
from tests.matrices import cells
from tests.registry.faces_samples import LOG_PROOF, source
from tests.verifier.bombs import (
    circular_forms,
    endless_drawing,
    large_picture,
    many_texts,
    nested_forms,
    picture_in_pdf,
    saved,
)
from verifier import box, boxed, unpack
from verifier.box import Boxes, BoxLimits, shared_boxes
from verifier.boxwire import Answer
from verifier.containers import extract
from verifier.contents import Contents
from verifier.presented import Presented, present_bytes
from verifier.unpack import ContainerError, inflate

FACE = source()
PDF, PNG = FaceRenderer().pdf(FACE), FaceRenderer().png(FACE)
QR_TEXT = FACE.qr_prefix + FACE.qr_digits
IN_PDF = Contents("pdf", FACE.record, LOG_PROOF)
NO_PICTURE = b"\xff\xd8\xff no picture"


def photograph() -> bytes:
    """The face as a camera gives it."""
    with Image.open(BytesIO(PNG)) as picture:
        return saved(picture.convert("RGB"), "JPEG")


@pytest.fixture
def boxes() -> Iterator[Boxes]:
    """One box."""
    with Boxes(1) as made:
        yield made


def process_of(boxes: Boxes) -> int:
    """The process of the box at rest."""
    (resting,) = boxes._idle
    return resting._process.pid


def gone(process: int) -> bool:
    """Whether there is no such process, not even as a zombie."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


# ---- the same contents as in this process


def test_a_box_finds_what_is_in_a_file(boxes: Boxes) -> None:
    for data in (PDF, photograph(), saved(Image.new("L", (9, 9), 255), "PNG"), NO_PICTURE, b"%PDF-1.7 junk"):
        try:
            expected: Contents | str = extract(data)
        except ContainerError as error:
            with refused(ContainerError, error.code):
                boxes.read(data)
        else:
            assert boxes.read(data) == expected
    assert boxes.read(PDF) == IN_PDF
    assert boxes.read(photograph()) == Contents("image", qr_texts=(QR_TEXT,))


def test_a_box_reads_a_page_and_a_review_report_where_that_is_asked(boxes: Boxes) -> None:
    assert boxes.read(PDF, with_page=True).page_text == extract(PDF, with_page=True).page_text != ""
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.attachments["r.jsonld"] = pikepdf.AttachedFileSpec(pdf, b"{}", filename="r.jsonld")
        out = BytesIO()
        pdf.save(out)
    assert boxes.read_report(out.getvalue()) == Contents("report", b"{}")
    with refused(ContainerError, "container_no_certificate"):
        boxes.read_report(PDF)
    with refused(ContainerError, "container_too_large"):
        boxes.read_report(bytes(30_000_000))


def test_what_needs_no_decoder_starts_no_box(boxes: Boxes) -> None:
    for data, kind in ((FACE.record, "json"), (PNG, "png"), (QR_TEXT.encode(), "text")):
        assert boxes.read(data).kind == kind
    with refused(ContainerError, "container_too_large"):
        boxes.read(bytes(30_000_000))
    assert boxes._idle == []


def test_a_box_is_kept_from_file_to_file(boxes: Boxes) -> None:
    processes = set()
    for data in (PDF, photograph(), PDF):
        boxes.read(data)
        processes.add(process_of(boxes))
    assert len(processes) == 1


def test_a_box_is_replaced_after_many_files(boxes: Boxes) -> None:
    processes = []
    for _ in range(boxed.MAX_FILES + 1):
        with refused(ContainerError, "container_unreadable"):
            boxes.read(NO_PICTURE)
        processes += [one._process.pid for one in boxes._idle]
    assert len(processes) == boxed.MAX_FILES  # after the last of the first box's files none was at rest
    assert len(set(processes)) == 2


# ---- bombs


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "nested": (lambda: nested_forms(20, 12), "container_too_costly"),
    "circular": (circular_forms, "container_too_costly"),
    "jpeg2000": (
        lambda: picture_in_pdf(large_picture("JPEG2000", 5000), "/JPXDecode"),
        "image_too_large",
    ),
    "jpeg": (lambda: picture_in_pdf(large_picture("JPEG", 9000, "L"), "/DCTDecode"), "image_too_large"),
    "png": (lambda: large_picture("PNG", 6400, "RGBA"), "image_too_large"),
    "webp": (lambda: large_picture("WEBP", 6400, method=0), "image_too_large"),
    "texts": (lambda: many_texts(15_000, different=True), "container_ambiguous"),
}


@pytest.mark.parametrize("name", cells(BOMBS, always=("nested", "circular", "jpeg", "texts")))
def test_a_bomb_that_shows_is_refused_at_once(boxes: Boxes, name: str) -> None:
    bomb, code = BOMBS[name]
    data = bomb()
    started = monotonic()
    with refused(ContainerError, code):
        boxes.read(data)
    assert monotonic() - started < 5


def test_the_same_text_very_often_is_unpacked_once(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = many_texts(19_000)
    read = boxes.read(picture)
    unpacked: list[int] = []

    def counted(data: bytes, most: int) -> bytes:
        unpacked.append(len(data))
        return inflate(data, most)

    monkeypatch.setattr(unpack, "inflate", counted)
    assert extract(picture) == read == Contents("png", record=read.record)
    assert len(unpacked) == 1


def test_a_text_packed_in_very_many_ways_is_refused(boxes: Boxes) -> None:
    with refused(ContainerError, "container_too_large"):
        boxes.read(many_texts(17, packings=17))
    assert boxes.read(many_texts(16, packings=16)).kind == "png"


def test_who_takes_too_much_processor_time_is_stopped_and_others_go_on() -> None:
    with Boxes(1, BoxLimits(processor_seconds=1)) as boxes:
        boxes.read(PDF)
        before = process_of(boxes)
        with refused(ContainerError, "container_too_costly"):
            boxes.read(endless_drawing())
        assert gone(before)
        assert boxes.read(PDF) == IN_PDF


def test_who_takes_too_much_memory_is_stopped_and_others_go_on() -> None:
    with Boxes(1, BoxLimits(memory=150_000_000)) as boxes:
        assert boxes.read(PDF) == IN_PDF
        before = process_of(boxes)
        with refused(ContainerError, "container_too_costly"):
            boxes.read(large_picture("PNG", 6000))
        assert gone(before)
        assert boxes.read(PDF) == IN_PDF


def test_a_decoder_that_hides_its_want_of_memory_harms_no_other_file() -> None:
    with Boxes(1, BoxLimits(memory=150_000_000)) as boxes:
        with refused(ContainerError, "container_unreadable"):
            boxes.read(large_picture("WEBP", 6000, method=0))
        assert boxes.read(PDF) == IN_PDF


def test_drawings_within_drawings_stop_at_a_bound_of_the_box(boxes: Boxes) -> None:
    """Not deep enough to be refused by their depth: 60 x 60 x 60 x 60 drawings in 3 KB."""
    with refused(ContainerError, "container_too_costly"):
        boxes.read(nested_forms(4, 60))
    assert boxes.read(PDF) == IN_PDF


def test_a_box_that_sleeps_is_killed() -> None:
    with Boxes(1, BoxLimits(wall_seconds=2.0)) as boxes:
        boxes.read(PDF)
        before = process_of(boxes)
        os.kill(before, signal.SIGSTOP)
        with refused(ContainerError, "container_too_costly"):
            boxes.read(b"%PDF-" + bytes(2_000_000))
        assert gone(before)


def test_a_box_that_holds_much_memory_is_replaced(boxes: Boxes) -> None:
    boxes.read(PDF)
    pages = int(Path(f"/proc/{process_of(boxes)}/statm").read_text().split()[5])
    with Boxes(1, BoxLimits(memory=pages * resource.getpagesize() * 7 // 4)) as narrow:
        assert narrow.read(PDF) == IN_PDF
        assert narrow._idle == []
    boxes.read(PDF)
    assert len(boxes._idle) == 1


def test_a_box_that_dies_before_it_is_asked_is_replaced(boxes: Boxes) -> None:
    with boxes._box() as one:
        os.kill(one._process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, one._process.pid, os.WEXITED | os.WNOWAIT)
        assert one.ask(b"%PDF-") == Answer(code="container_too_costly")
    assert boxes.read(PDF) == IN_PDF


def test_a_box_that_died_at_rest_is_no_files_fault(boxes: Boxes) -> None:
    boxes.read(PDF)
    before = process_of(boxes)
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    assert boxes.read(PDF) == IN_PDF
    assert gone(before)


def test_a_file_that_is_too_costly_is_told_and_presents_nothing(boxes: Boxes) -> None:
    assert present_bytes("a.pdf", circular_forms(), boxes=boxes) == (
        Presented("a.pdf", trouble="container_too_costly"),
    )
    (found,) = present_bytes("b.pdf", PDF, boxes=boxes)
    assert (found.record, found.trouble) == (FACE.record, "")


# ---- what a box has and has not


def test_a_box_has_no_secrets_no_files_and_its_bounds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CERTREG_PASSPHRASE", "a secret of the registry")
    with (tmp_path / "secret").open("w"), Boxes(1, BoxLimits(memory=123_456_512)) as boxes:
        boxes.read(PDF)
        process = Path(f"/proc/{process_of(boxes)}")
        names = {entry.partition(b"=")[0] for entry in (process / "environ").read_bytes().split(b"\0")}
        assert names <= {b"", b"LD_LIBRARY_PATH"}
        opened = {os.readlink(one) for one in (process / "fd").iterdir()}  # noqa: PTH115
        assert not [name for name in opened if not name.startswith(("pipe:", "/dev/null"))]
        limits = (process / "limits").read_text()
        for name, value in (("data size", 123456512), ("core file size", 0), ("file size", 0)):
            assert f"{f'Max {name}':<26}{value:<21}{value}" in limits


def test_the_bounds_are_the_boxs_alone(boxes: Boxes) -> None:
    before = [resource.getrlimit(one) for one in (resource.RLIMIT_DATA, resource.RLIMIT_CPU)]
    boxes.read(PDF)
    assert [resource.getrlimit(one) for one in (resource.RLIMIT_DATA, resource.RLIMIT_CPU)] == before


def test_a_module_in_the_current_folder_is_not_a_boxs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of certificates may hold anything, for instance a file called pikepdf.py."""
    for name in ("pikepdf.py", "struct.py", "PIL.py"):
        (tmp_path / name).write_text("raise SystemExit('a stranger runs')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    with Boxes(1) as boxes:
        assert boxes.read(PDF) == IN_PDF


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false", "/bin/echo"])
def test_where_no_box_can_be_started_nothing_is_said_of_the_file(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with Boxes(1) as boxes, refused(ContainerError, "box_unavailable"):
        boxes.read(PDF)


def test_a_box_that_never_says_that_it_is_ready_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/process\nexec cat\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with Boxes(1, BoxLimits(start_seconds=1)) as boxes, refused(ContainerError, "box_unavailable"):
        boxes.read(PDF)
    assert gone(int((tmp_path / "process").read_text()))


# ---- many callers, and the end


def test_many_threads_share_few_boxes() -> None:
    files = [PDF, photograph(), NO_PICTURE] * 8

    def read(data: bytes) -> Contents | str:
        try:
            return boxes.read(data)
        except ContainerError as error:
            return error.code

    with Boxes(2) as boxes, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(read, files))
        assert len(boxes._idle) <= 2
    assert found == [IN_PDF, Contents("image", qr_texts=(QR_TEXT,)), "container_unreadable"] * 8


def test_bombs_of_one_caller_do_not_stop_the_others() -> None:
    def bomb() -> str:
        with pytest.raises(ContainerError) as caught:
            boxes.read(endless_drawing())
        return caught.value.code

    with Boxes(2, BoxLimits(processor_seconds=1)) as boxes, ThreadPoolExecutor(2) as threads:
        boom = threads.submit(bomb)
        assert [boxes.read(PDF) for _ in range(20)] == [IN_PDF] * 20
        assert boom.result() == "container_too_costly"


def test_closing_ends_the_boxes_and_leaves_no_zombie() -> None:
    boxes = Boxes(2)
    with boxes._box() as one, boxes._box() as other:
        first, second = one._process.pid, other._process.pid
    with boxes._box() as one:
        assert one._process.pid in (first, second)
        boxes.close()
        assert gone(first) is not gone(second)  # the one in use ends with its file
    assert gone(first)
    assert gone(second)
    with pytest.raises(ValueError, match="closed"):
        boxes.read(PDF)


def test_a_box_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "_PATIENCE", 0.1)
    with Boxes(1) as boxes:
        boxes.read(PDF)
        process = process_of(boxes)
        os.kill(process, signal.SIGSTOP)
    assert gone(process)


def test_an_interrupted_caller_leaves_no_box_in_the_middle_of_a_file() -> None:
    with Boxes(1) as boxes:
        with pytest.raises(KeyboardInterrupt), boxes._box() as one:
            raise KeyboardInterrupt
        assert gone(one._process.pid)
        assert boxes.read(PDF) == IN_PDF


def test_shared_boxes_end_with_the_program_and_are_not_a_forked_childs() -> None:
    program = """
import os, sys
from verifier.box import shared_boxes
data = sys.stdin.buffer.read()
assert shared_boxes() is shared_boxes()
print(shared_boxes().read(data).kind, flush=True)
child = os.fork()
print(shared_boxes().read(data).kind, flush=True)
if child:
    assert os.waitpid(child, 0)[1] == 0
    print(shared_boxes().read(data).kind, flush=True)
"""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], input=PDF, capture_output=True, check=False
    )
    assert (run.returncode, run.stdout.split(), run.stderr) == (0, [b"pdf"] * 4, b"")


def test_the_programs_own_boxes_are_one() -> None:
    assert shared_boxes() is shared_boxes()
