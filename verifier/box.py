"""Boxes: processes in which strangers' PDF files and pictures are decoded, bounded in time and memory (SPEC 8.1).

A decoder of others' is large, and its time and memory cannot be bounded from inside. So it runs in a process of its own
(``verifier.boxed``), started as a new interpreter, never forked from a caller with threads, without its environment and
its open files. What comes back is bytes and texts, strictly read (``verifier.boxwire``). A box that runs out
of time, memory or life is killed and replaced, and that one file is ``container_too_costly``; the others go on. (Some
decoders say "damaged" when they get no memory: then it is ``container_unreadable``.) Where no box can be started, files
are ``box_unavailable``.

Boxes are kept from file to file, because starting one takes longer than reading a file. What needs no decoder (JSON,
text, a PNG with its record) never enters one. ``Boxes.read`` may be called from any number of threads; as many files are
decoded at once as there are boxes, and the other callers wait. A server keeps one ``Boxes`` and closes it at its end;
``shared_boxes`` is one for the whole program, closed at exit. After a fork the child starts boxes of its own; no thread
may be reading while a process forks.

Where the platform has no ``resource`` module the wall clock's deadline is the only bound.
"""

import atexit
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore, Lock, Timer
from typing import BinaryIO, cast

from verifier.boxwire import (
    CERTIFICATE,
    REPORT,
    WITH_PAGE,
    Answer,
    WireError,
    read_answer,
    read_frame,
    write_frame,
)
from verifier.contents import Contents, read_plainly
from verifier.unpack import ContainerError, ContainerLimits

_PROGRAM = "import sys; sys.path[:] = sys.argv[3:]; from verifier.boxed import main; main(int(sys.argv[1]), int(sys.argv[2]))"
_NEEDED = ("LD_LIBRARY_PATH", "SYSTEMROOT")
_PATIENCE = 2.0
"""Seconds that a box at rest may take to end by itself before it is killed."""


@dataclass(frozen=True, slots=True)
class BoxLimits:
    """Bounds on reading one file. Sender: anyone with a file."""

    memory: int = 768 * 1024 * 1024
    """Bytes that a box may write to, of which 20 MB are the decoders; a photograph of 50 megapixels takes 300 MB."""
    processor_seconds: int = 15
    """A scan of three pages without any code, the dearest genuine file, takes five."""
    wall_seconds: float = 30.0
    """For a box that sleeps, and for a busy computer."""
    start_seconds: float = 30.0
    """For a box to come to life: no file's fault, and on a busy computer longer than any file may take."""


class Boxes:
    """A bounded number of boxes, started as they are needed."""

    def __init__(self, size: int | None = None, limits: BoxLimits | None = None) -> None:
        """``size``: how many files are decoded at once; as many as there are processors, and at most 4, if None."""
        self._limits = limits or BoxLimits()
        self._places = BoundedSemaphore(size or min(4, os.cpu_count() or 1))
        self._idle: list[_Box] = []
        self._lock = Lock()
        self._closed = False

    def read(self, data: bytes, *, with_page: bool = False) -> Contents:
        """What ``data`` holds; raises ``ContainerError`` where nothing is found, or where finding out is too costly.

        ``with_page``: of a PDF also the text of its page.
        """
        contents = read_plainly(data, ContainerLimits())
        if contents is not None:
            return contents
        return self._ask(WITH_PAGE if with_page else CERTIFICATE, data)

    def read_report(self, data: bytes) -> Contents:
        """The review report attached to a PDF, with its table; raises ``ContainerError`` as ``read`` does."""
        if len(data) > ContainerLimits().max_bytes:
            raise ContainerError("container_too_large")
        return self._ask(REPORT, data)

    def _ask(self, task: bytes, data: bytes) -> Contents:
        with self._places, self._box() as box:
            answer = box.ask(task + data)
        if answer.contents is None:
            raise ContainerError(answer.code)
        return answer.contents

    def close(self) -> None:
        """End the boxes; those in use end with their file. Nothing can be read any more."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for box in idle:
            box.end()

    def __enter__(self) -> "Boxes":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _box(self) -> Iterator["_Box"]:
        box = self._take()
        try:
            yield box
        except BaseException:
            box.kill()  # whatever came in between, an answer may still be under way
            raise
        self._put_back(box)

    def _take(self) -> "_Box":
        with self._lock:
            if self._closed:
                raise ValueError("these boxes are closed")
            while self._idle:
                box = self._idle.pop()
                if box.is_alive():
                    return box
                box.kill()
        return _Box(self._limits)

    def _put_back(self, box: "_Box") -> None:
        with self._lock:
            keep = not self._closed and not box.spent
            if keep:
                self._idle.append(box)
        if not keep:
            box.end()


class _Box:
    """One process. ``spent``: it wants to be replaced, or is dead."""

    def __init__(self, limits: BoxLimits) -> None:
        self.spent = False
        self._limits = limits
        bounds = (str(limits.memory), str(limits.processor_seconds))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM, *bounds, *_module_path()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,  # an interrupt from the keyboard is for the caller
            )
        except OSError as error:
            raise ContainerError("box_unavailable", type(error).__name__) from error
        self._requests = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)
        self._await_readiness()

    def ask(self, data: bytes) -> Answer:
        """What the box says of a file. Where it says nothing in time, it is dead afterwards."""
        try:
            with self._watched(self._limits.wall_seconds):
                write_frame(self._requests, data)
                answer, self.spent = read_answer(self._answers)
        except (OSError, WireError):
            self.spent = True
            self._process.kill()
            return Answer(code="container_too_costly")
        return answer

    def _await_readiness(self) -> None:
        """A box that never comes to life says something of this computer, and nothing of a file."""
        ready: bytes | None = None
        try:
            with self._watched(self._limits.start_seconds), suppress(WireError):
                ready = read_frame(self._answers, 0)
        finally:
            if ready is None:
                self.kill()
        if ready is None:
            raise ContainerError("box_unavailable", "not ready")

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        """The process is killed if what is done meanwhile takes longer."""
        watch = Timer(seconds, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
            watch.join()  # from here on it kills nobody

    def is_alive(self) -> bool:
        """Whether the process runs, and is this process's child."""
        return self._process.poll() is None

    def end(self) -> None:
        """Let the process end by itself, or kill it if it does not."""
        self._close_pipes()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process at once and leave no zombie."""
        self._process.kill()
        self._close_pipes()
        self._process.wait()

    def _close_pipes(self) -> None:
        for pipe in (self._requests, self._answers):
            with suppress(OSError):  # what was not written yet has no reader any more
                pipe.close()


@cache
def shared_boxes() -> Boxes:
    """The boxes of a program that keeps none of its own; they end with it."""
    boxes = Boxes()
    atexit.register(boxes.close)
    return boxes


def _module_path() -> list[str]:
    """Where a box finds this package and its libraries: where this process does, and never in the current folder."""
    here = str(Path(__file__).resolve().parents[1])
    return [here, *(str(Path(entry).resolve()) for entry in sys.path if entry)]


def _environment() -> dict[str, str]:
    """Nothing of the caller's environment but what an interpreter may need to start: where its libraries are."""
    return {name: os.environ[name] for name in _NEEDED if name in os.environ}
