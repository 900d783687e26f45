"""The inside of a box: a process that decodes one stranger's file after another and can be killed (``verifier.box``).

It is given its bounds and no secrets; it reads requests from its standard input and writes answers to what was its
standard output. It is no sandbox: it runs as its caller's user. Its bounds are set before the first file is read:
memory (``RLIMIT_DATA``: what the process may write to), processor time for each file (``RLIMIT_CPU``), no core dump (it
would hold the file) and no file written. Where the platform has no ``resource`` module (Windows) there are none of them,
and the deadline that the outside keeps is the only bound.
"""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from verifier.boxwire import REPORT, WITH_PAGE, Answer, read_frame, write_answer, write_frame
from verifier.containers import ContainerError, extract, extract_report
from verifier.unpack import ContainerLimits

if sys.platform != "win32":
    import resource

MAX_FILES = 500
"""Files read by one process; whatever leaks in the decoders ends with it."""
_STATM = Path("/proc/self/statm")


def main(memory: int, seconds: int) -> None:
    """Serve standard input until it ends. ``memory`` is in bytes, ``seconds`` are of processor time for each file."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a decoder that prints must not answer
    _confine(memory)
    write_frame(answers, b"")  # ready
    serve(sys.stdin.buffer, answers, memory=memory, seconds=seconds)


def serve(requests: BinaryIO, answers: BinaryIO, *, memory: int, seconds: int) -> None:
    """Answer each request until there are no more."""
    files = 0
    while (data := read_frame(requests, 1 + ContainerLimits().max_bytes)) is not None:
        files += 1
        _allow(seconds)
        answer = _answer(data[:1], data[1:])
        spent = files >= MAX_FILES or answer.code == "container_too_costly" or _held() > memory // 2
        write_answer(answers, answer, spent=spent)


def _answer(task: bytes, data: bytes) -> Answer:
    try:
        if task == REPORT:
            return Answer(contents=extract_report(data))
        return Answer(contents=extract(data, with_page=task == WITH_PAGE))
    except ContainerError as error:
        return Answer(code=error.code)
    except MemoryError:
        return Answer(code="container_too_costly")


def _confine(memory: int) -> None:
    if sys.platform == "win32":
        return
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _allow(seconds: int) -> None:
    """Processor time for the next file; who takes more is ended by the system."""
    if sys.platform == "win32":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def _held() -> int:
    """Bytes that this process still holds of what its bound counts; 0 where the platform does not say."""
    try:
        pages = int(_STATM.read_text().split()[5])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
