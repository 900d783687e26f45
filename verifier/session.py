"""Edge: one run of the verifier over many targets, as a function that both command lines call (SPEC 7.8).

Reads targets, establishes trust once, gathers, judges, and writes the reports. Exit codes: 0 every verdict PASSED, 1 any
FAILED, 2 otherwise any INDETERMINATE, 64 the command cannot be carried out as given. This is the one place where the
clock is read.
"""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from keys.errors import TrustListError
from keys.trustchain import RootPin, parse_pin
from verifier.errors import SourceError
from verifier.gather import (
    FindRecord,
    LoadedTrust,
    load_trust,
)
from verifier.memory import SeenLists
from verifier.messages import DEFAULT_LANGUAGE, sentence_of, usage_text, verdict_word
from verifier.policy import VerificationPolicy
from verifier.presented import is_folder, plan, present_planned
from verifier.program import EXIT_FAILED, EXIT_INDETERMINATE, EXIT_PASSED, EXIT_USAGE
from verifier.report import Verdict
from verifier.sources import RememberingSource, Source, open_source
from verifier.targets import Bench, Manner, Planned, Terms, judged
from verifier.textreport import visible

MAX_PIN_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What a command line asks for. ``at`` is Unix seconds; None where the reader said nothing.

    ``root``: file of the pinned root; ``fingerprint``: its SHA-256 in hex, enough where the publication has the file.
    ``source``: address, folder or bundle. ``require_log`` None: required unless the source is one that carries no log.
    ``memory``: file of the trust lists seen before.
    """

    root: str | None = None
    source: str | None = None
    at: int | None = None
    name: str | None = None
    require_log: bool | None = None
    lang: str = DEFAULT_LANGUAGE
    as_json: bool = False
    colour: bool = False
    fingerprint: str = ""
    pin: RootPin | None = None
    """A root that the caller knows already; ``root`` and ``fingerprint`` go before it."""
    memory: Path | None = None


class UsageError(Exception):
    """The command cannot be carried out as it stands. ``text`` says what to give, in the reader's language."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def run(
    targets: Sequence[str],
    options: Options,
    *,
    source: Source | None = None,
    find_record: FindRecord | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    now: int | None = None,
) -> int:
    """Judge ``targets`` and write the reports to ``out``; the exit code.

    ``source`` stands in for ``options.source`` (it stays open); ``find_record`` finds the record of a bare number.
    """
    out, err = out or sys.stdout, err or sys.stderr
    try:
        items, many = _targets(targets, options)
        if source is not None:
            return _judge_all(items, source, options, find_record, out, many=many, now=now)
        with closing(open_publication(options)) as opened:
            place = None if find_record else options.source
            return _judge_all(items, opened, options, find_record, out, place=place, many=many, now=now)
    except UsageError as error:
        err.write(error.text + "\n")
        return EXIT_USAGE


def _judge_all(
    items: Sequence[Planned],
    source: Source,
    options: Options,
    find_record: FindRecord | None,
    out: TextIO,
    *,
    many: bool,
    now: int | None,
    place: str | None = None,
) -> int:
    """``place``: where other processes can open ``source``, and find what this one finds; None if nowhere."""
    moment = int(time.time()) if now is None else now
    remembering = RememberingSource(source)
    loaded = _trust(remembering, options)
    required = source.carries_log if options.require_log is None else options.require_log
    policy = VerificationPolicy(at=moment if options.at is None else options.at, require_log=required)
    manner = Manner(options.lang, options.as_json, options.colour, many, options.name)
    bench = Bench(remembering, Terms(loaded, policy, manner), find_record)
    verdicts: Counter[Verdict] = Counter()
    for one in judged(items, bench, place):
        verdicts[one.verdict] += 1
        out.write(one.text)
    if many and not options.as_json:
        out.write(_summary(verdicts, loaded, options))
    return _exit_code(verdicts)


def _exit_code(verdicts: Counter[Verdict]) -> int:
    if verdicts[Verdict.FAILED]:
        return EXIT_FAILED
    return EXIT_INDETERMINATE if verdicts[Verdict.INDETERMINATE] else EXIT_PASSED


# ---- what is given


def open_publication(options: Options) -> Source:
    """The publication that the reader named; raises ``UsageError``."""
    if options.source is None:
        raise UsageError(usage_text("source", options.lang))
    try:
        return open_source(options.source)
    except SourceError as error:
        raise UsageError(f"{visible(options.source)}: {sentence_of(error.code, options.lang)}") from error


def _trust(source: Source, options: Options) -> LoadedTrust:
    try:
        seen = SeenLists(options.memory)
        loaded = load_trust(
            source, pin=read_pin(options), fingerprint=options.fingerprint, seen_version=seen.newest
        )
        if loaded.trust.pinned and loaded.trust.trust_list is not None:
            seen.remember(loaded.trust.pin, loaded.trust.trust_list.version)
    except SourceError as error:
        raise UsageError(sentence_of(error.code, options.lang)) from error
    return loaded


def read_pin(options: Options) -> RootPin | None:
    """The root that the reader gave, if any; raises ``UsageError``."""
    if options.root is None:
        return None if options.fingerprint else options.pin
    try:
        with Path(options.root).open("rb") as file:
            return parse_pin(file.read(MAX_PIN_BYTES + 1))
    except (OSError, TrustListError) as error:
        code = "file_unreadable" if isinstance(error, OSError) else "root_form"
        raise UsageError(f"{visible(options.root)}: {sentence_of(code, options.lang)}") from error


def _targets(targets: Sequence[str], options: Options) -> tuple[Sequence[Planned], bool]:
    """What there is to judge, and whether it is much: several targets, or a folder. Files are read when their turn comes."""
    if not targets:
        raise UsageError(usage_text("targets", options.lang))
    items = [item for target in targets for item in _planned(target, options)]
    if len(items) > 1 or any(map(is_folder, targets)):
        return items, True
    found = present_planned(items[0])
    return found, len(found) > 1


def _planned(target: str, options: Options) -> list[Planned]:
    try:
        return plan(target)
    except SourceError as error:
        raise UsageError(f"{visible(target[:200])}: {sentence_of(error.code, options.lang)}") from error


# ---- what is written


def _summary(verdicts: Counter[Verdict], loaded: LoadedTrust, options: Options) -> str:
    english = options.lang == "en"
    total = sum(verdicts.values())
    counts = (
        f"{verdict_word(verdict, options.lang)} {verdicts[verdict]}"
        for verdict in Verdict
        if verdicts[verdict]
    )
    text = (", " if english else "，").join(counts)
    lines = [f"{total} checked: {text}" if english else f"共核验 {total} 份：{text}"]
    lines += [
        f"{visible(trouble.path)}{': ' if english else '：'}{sentence_of(trouble.code, options.lang)}"
        for trouble in loaded.troubles
    ]
    if not loaded.trust.pinned and loaded.trust.trust_list is not None:
        lines.append(usage_text("unpinned", options.lang).format(fingerprint=loaded.trust.pin.fingerprint))
    return "\n" + "\n".join(lines) + "\n"
