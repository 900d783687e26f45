"""Edge: the targets of a run, read, gathered for, judged and written: a few by this process, thousands by all processors.

What a run holds (trust, policy, manner) is the same everywhere; a process beside this one opens the publication for itself,
so that nothing but names of files goes out to it and nothing but lines of text comes back.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from verifier.gather import FindRecord, Gatherer, LoadedTrust
from verifier.judged import Judged, judge, judge_together, to_json
from verifier.many import Processes, processors
from verifier.messages import verdict_word
from verifier.policy import VerificationPolicy
from verifier.presented import Presented, present_planned
from verifier.report import Verdict
from verifier.sources import RememberingSource, Source, open_source
from verifier.textreport import headline, pad, paint, printed_number, render, visible

WORTHWHILE = 2000
"""Cost of all targets, in that of a record, at which other processes are started: each takes half a second to begin."""
_COST = {".json": 1, ".txt": 1, ".png": 8, ".pdf": 8}
"""Of a file by its name's end, in that of a record; a picture may hold a record, or is looked through for codes."""
_PICTURE = 30
_CHUNK = 16
"""Targets handed over at a time: few, because reports are read while they come."""
Planned = Path | Presented


@dataclass(frozen=True, slots=True)
class Manner:
    """How results are written. ``many``: a line for each instead of a whole report. ``name``: the holder's, to compare."""

    lang: str
    as_json: bool
    colour: bool
    many: bool
    name: str | None = None


class Terms(NamedTuple):
    """What a run judges and writes by, in every process the same."""

    loaded: LoadedTrust
    policy: VerificationPolicy
    manner: Manner


class Written(NamedTuple):
    """One certificate's verdict, and what the run writes of it."""

    verdict: Verdict
    text: str


class Bench:
    """Judges planned targets with what ``source`` has, and writes what it found."""

    def __init__(self, source: Source, terms: Terms, find_record: FindRecord | None = None) -> None:
        self._gatherer = Gatherer(source, terms.loaded.trust, find_record=find_record)
        self._source = source.describe()
        self.terms = terms

    def one_by_one(self, items: Iterable[Planned]) -> Iterator[Written]:
        """What each of ``items`` holds, as soon as it is judged."""
        presented = (one for item in items for one in self._presented(item))
        loaded, policy, _ = self.terms
        yield from map(self._written, judge(presented, self._gatherer, loaded, policy))

    def together(self, items: Iterable[Planned]) -> list[Written]:
        """The same when all are judged, in less time."""
        presented = (one for item in items for one in self._presented(item))
        loaded, policy, _ = self.terms
        return [self._written(one) for one in judge_together(presented, self._gatherer, loaded, policy)]

    def _presented(self, item: Planned) -> Iterator[Presented]:
        for one in present_planned(item):
            name = self.terms.manner.name
            yield one if name is None else replace(one, name=name)

    def _written(self, judged: Judged) -> Written:
        loaded, _, manner = self.terms
        report = judged.report
        if manner.as_json:
            text = _json_line(to_json(judged, source=self._source, pinned=loaded.trust.pinned))
        elif manner.many:
            text = _line(judged, manner)
        else:
            text = render(report, manner.lang, colour=manner.colour, troubles=judged.troubles)
        return Written(report.verdict, text)


def judged(items: Sequence[Planned], bench: Bench, place: str | None) -> Iterator[Written]:
    """What ``items`` hold, in order: by ``bench``, or where that takes long by processes, if others can open ``place`` too."""
    if place is not None and _is_long(items) and processors() > 1:
        return _by_processes(items, bench, place)
    return bench.one_by_one(items)


def _is_long(items: Sequence[Planned]) -> bool:
    return sum(map(_cost, items)) >= WORTHWHILE


def _cost(item: Planned) -> int:
    return _COST.get(item.suffix.lower(), _PICTURE) if isinstance(item, Path) else 1


def _by_processes(items: Sequence[Planned], bench: Bench, place: str) -> Iterator[Written]:
    """Each process reads the publication at ``place`` for itself.

    Where one of them dies, the system's memory spent for instance, ``bench`` goes on from there.
    """
    done = 0
    try:
        with Processes(_begin, place, bench.terms) as processes:
            for some in processes.chunks(_judged, items, size=_CHUNK):
                yield from some
                done += _CHUNK
    except BrokenProcessPool:
        yield from bench.one_by_one(items[done:])


_benches: list[Bench] = []
"""In a process beside another: what it judges with."""


def _begin(place: str, terms: Terms) -> None:
    _benches.append(Bench(RememberingSource(open_source(place)), terms))


def _judged(chunk: list[Planned]) -> list[Written]:
    return _benches[0].together(chunk)


def _json_line(document: dict[str, Any]) -> str:
    """One line of JSON in which what cannot be shown, or cannot be encoded, is escaped: names of files may be anything."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    if not text.isprintable():
        text = "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
    return text + "\n"


def _line(judged: Judged, manner: Manner) -> str:
    """One target in a table; the reason below it where it did not pass."""
    report = judged.report
    word = paint(
        pad(verdict_word(report.verdict, manner.lang), 13), report.verdict.value, colour=manner.colour
    )
    name = str(report.record.subject["name"]) if report.record else ""
    line = f"{word} {pad(printed_number(report.number), 25)} {pad(name, 12)} {visible(judged.target)}\n"
    if report.verdict is Verdict.PASSED:
        return line
    return f"{line}    {headline(report, manner.lang)}\n"
