"""Reading a large list in a process of its own, as ``apart`` signs in one: it takes a quarter of what issuing computes.

The process opens the list and sends its chunks (``candidates``) as they are asked for, so that the next is read on another
core while this process reserves, judges and logs. It is told the list, the rules of the course and the key of the hashes by which
people are found, and no other secret of ours. It reads what strangers wrote, so what it answers is JSON, never a pickle. Where it cannot begin or dies, this
process goes on reading from there: slower, and nothing is lost.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, BinaryIO, TypeAlias, cast

import orjson

from registry.applications import Candidate
from registry.candidates import Chunk, Course, read_chunks
from registry.children import Kept, keep_memory_private, see_end
from registry.intake.findings import Finding, IntakeError, Severity
from registry.intake.service import Intake, intake_of
from verifier.boxwire import WireError, read_frame, write_frame
from verifier.drawing.fonts import missing_glyphs

WORTHWHILE_BYTES = 500_000
"""A list from which on a process is started to read it: some 10,000 rows of a workbook."""
_LONGEST = (1 << 32) - 1
"""Bytes of a frame: a chunk, with all that is wrong in the rows between its candidates."""
_OURS = "CERTREG_"
"""How the variables begin that say where our keys and database are."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """An office's list, XLSX or CSV, as it came, and how it is to be read (``intake_of``)."""

    data: bytes
    name: str
    kind: str
    year: int
    today: date
    include_hidden: bool = False

    def opened(self) -> Intake:
        """Opened in this process; raises ``IntakeError``."""
        return intake_of(
            self.data,
            name=self.name,
            kind=self.kind,
            year=self.year,
            today=self.today,
            missing_glyphs=missing_glyphs,
            include_hidden=self.include_hidden,
        )


class Reader:
    """A process that reads lists for this one."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self._child, self._to, self._from = child, cast(BinaryIO, child.stdin), cast(BinaryIO, child.stdout)

    @classmethod
    def started(cls) -> "Reader":
        """A new one, which loads what it needs while this process goes on."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "registry.reader"],
            env=ours,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what goes wrong there goes wrong here again, and is told here
            start_new_session=True,  # an interrupt from the terminal is for the program; this process ends after it
        )
        return cls(child)

    def serves(self) -> bool:
        """Whether it still lives."""
        return self._child.poll() is None

    def opened(self, listed: ListFile) -> "ReadApart | Intake":
        """``listed``, opened there, or here where nobody is there; raises ``IntakeError``."""
        answer = self._asked(("open", listed))
        if answer is None:
            return listed.opened()
        if "refused" in answer:
            raise IntakeError(*map(_finding, answer["refused"]))
        return ReadApart(self, listed, str(answer["sha256"]), int(answer["rows"]))

    def chunks(self, course: Course, *, size: int) -> Iterator[Chunk]:
        """The chunks of what was opened last; they end early where the process does."""
        answer = self._asked(("read", course, size))
        while answer:
            yield _chunk(answer)
            answer = self._answer()
        if answer is None:
            raise WireError

    def end(self) -> None:
        """Hang up, and see it end."""
        self._from.close()  # what it is about to say is no longer heard
        with suppress(BrokenPipeError):
            self._to.close()
        see_end(self._child)

    def _asked(self, question: tuple[object, ...]) -> dict[str, Any] | None:
        try:
            write_frame(self._to, pickle.dumps(question))
        except OSError:
            return None
        return self._answer()

    def _answer(self) -> dict[str, Any] | None:
        """What it says next, None where it is gone."""
        try:
            data = read_frame(self._from, _LONGEST)
            answer: dict[str, Any] | None = None if data is None else orjson.loads(data)
        except (OSError, WireError, orjson.JSONDecodeError):
            return None
        return answer


@dataclass(frozen=True, slots=True)
class ReadApart:
    """A list that another process has opened; to who issues it, as an ``Intake``."""

    _reader: Reader
    _list: ListFile
    sha256: str
    total_rows: int

    @property
    def name(self) -> str:
        """What its clerk calls it."""
        return self._list.name

    @property
    def kind(self) -> str:
        """``annual`` or ``completion``."""
        return self._list.kind

    @property
    def year(self) -> int:
        """The certificates' year."""
        return self._list.year

    def chunks(self, course: Course, *, size: int) -> Iterator[Chunk]:
        """As ``read_chunks``, by the other process as long as it lives."""
        done = 0
        try:
            for chunk in self._reader.chunks(course, size=size):
                done += 1
                yield chunk
        except WireError:
            yield from islice(read_chunks(self._list.opened(), course, size=size), done, None)


Opened: TypeAlias = Intake | ReadApart


@contextmanager
def reader_for(size: int, kept: Kept[Reader] | None) -> Iterator[Reader | None]:
    """Who reads a list of ``size`` bytes apart, as long as the block lasts: the ``kept`` one, or one for this list; None if it is short."""
    if size < WORTHWHILE_BYTES:
        yield None
    elif kept is not None:
        with kept.lent(Reader.started, Reader.serves) as reader:
            yield reader
    else:
        reader = Reader.started()
        try:
            yield reader
        finally:
            reader.end()


def open_by(reader: Reader | None, listed: ListFile) -> Opened:
    """``listed``, opened by ``reader``, or in this process without one; raises ``IntakeError``."""
    return listed.opened() if reader is None else reader.opened(listed)


def chunks_of(opened: Opened, course: Course, *, size: int) -> Iterator[Chunk]:
    """The list in chunks of ``size`` candidates (``read_chunks``), by who opened it."""
    if isinstance(opened, ReadApart):
        return opened.chunks(course, size=size)
    return read_chunks(opened, course, size=size)


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer each question until there are no more."""
    intake: Intake | None = None
    while (frame := read_frame(questions, _LONGEST)) is not None:
        task, *rest = pickle.loads(frame)  # noqa: S301 - from the process that started this one, by its own pipe
        if task == "open":
            listed: ListFile = rest[0]
            try:
                intake = listed.opened()
            except IntakeError as error:
                _say(answers, {"refused": error.findings})
                continue
            _say(answers, {"sha256": intake.sha256, "rows": intake.total_rows})
        elif intake is not None:
            for chunk in read_chunks(intake, rest[0], size=rest[1]):
                _say(answers, _told(chunk))
            _say(answers, {})
            intake = None


def _say(answers: BinaryIO, answer: dict[str, object]) -> None:
    write_frame(answers, orjson.dumps(answer))


def _told(chunk: Chunk) -> dict[str, object]:
    return {
        "candidates": [
            (one.fields, one.identity, one.identity_hash.hex(), one.claim.hex(), one.sheet, one.row)
            for one in chunk.candidates
        ],
        "rows": chunk.rows,
        "findings": chunk.findings,
        "refused": list(chunk.refused_rows),
        "short": chunk.short_of_hours,
    }


def _chunk(told: dict[str, Any]) -> Chunk:
    return Chunk(
        [
            Candidate(fields, identity, bytes.fromhex(hashed), bytes.fromhex(claim), sheet, row)
            for fields, identity, hashed, claim, sheet, row in told["candidates"]
        ],
        told["rows"],
        [_finding(one) for one in told["findings"]],
        {(sheet, row) for sheet, row in told["refused"]},
        told["short"],
    )


def _finding(told: dict[str, Any]) -> Finding:
    return Finding(**{**told, "severity": Severity(told["severity"])})


def main() -> None:
    """Serve standard input until it ends."""
    keep_memory_private()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints does not answer
    try:
        serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more


if __name__ == "__main__":
    main()
