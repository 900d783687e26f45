"""The parts of the audit by themselves: quick reading, the streamed tree, compact series, memory, sentences."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MUNICIPAL, refused
from tests.simulator import NOW, Simulator
from tests.verifier.logbook import COSIGNED_AT, digits
from verifier.audit.memory import MAX_CHECKPOINTS, Memory, Seen, read_memory, write_memory
from verifier.audit.report import Findings
from verifier.audit.sentences import FINDINGS, VERDICTS, WORDS, finding_sentence
from verifier.audit.series import ISSUED, REVOKED, VOID, Series
from verifier.audit.statuses import Pending, check_statuses, expected_bits
from verifier.audit.tree import TreeReplay
from verifier.errors import LogError
from verifier.limits import STATUS_LIST_BITS
from verifier.logentry import ACTIONS, LogEntry, parse_log_entry, read_entry
from verifier.messages import LANGUAGES
from verifier.number import number_of
from verifier.sentences import SENTENCES

PROJECT = Path(__file__).resolve().parents[2]

# ---- entries

TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(["", "fraud", "key_superseded", "410100"]))
ENTRIES = st.builds(
    LogEntry,
    action=st.sampled_from(ACTIONS),
    number=st.one_of(TEXTS, st.just(digits(1))),
    digest=st.sampled_from(["", "ab" * 32]),
    authority=TEXTS,
    time=st.integers(0, 4_000_000_000),
    reason=TEXTS,
    successor=st.one_of(TEXTS, st.just(digits(2))),
)


def outcome(data: bytes, read: object) -> LogEntry | str:
    try:
        return read(data)  # type: ignore[operator,no-any-return]
    except LogError as error:
        return error.code


@given(ENTRIES, st.integers(0, 250), st.integers(0, 255))
def test_quick_reading_is_strict_reading(entry: LogEntry, place: int, byte: int) -> None:
    data = entry.to_bytes()
    assert read_entry(data) == parse_log_entry(data) == entry
    altered = bytearray(data)
    altered[place % len(data)] = byte
    assert outcome(bytes(altered), read_entry) == outcome(bytes(altered), parse_log_entry)


@pytest.mark.parametrize("time", ["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "TTTTTTTTTTTTTTTTTTTT"])
def test_a_day_that_is_none(time: str) -> None:
    data = LogEntry("issue", digits(1), "ab" * 32, MUNICIPAL, NOW).to_bytes()
    altered = data[: -len('2026-03-10T09:00:00Z"}')] + f'{time}"}}'.encode()
    assert outcome(altered, read_entry) == outcome(altered, parse_log_entry) == "log_entry_form"


# ---- tree


LEAVES = [sha256(str(place).encode()).digest() for place in range(70_000)]


@cache
def naive_root(start: int, end: int) -> bytes:
    """RFC 9162 section 2.1.1 over the leaf hashes from ``start`` to before ``end``, as it is written there."""
    if end - start == 1:
        return LEAVES[start]
    split = 1
    while split * 2 < end - start:
        split *= 2
    return sha256(b"\1" + naive_root(start, start + split) + naive_root(start + split, end)).digest()


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_793, 70_000])
def test_roots_fall_out_of_the_stream(size: int) -> None:
    tiles: dict[tuple[int, int], int] = {}

    def read(level: int, index: int, width: int) -> bytes:
        tiles[level, index] = width
        run = 256**level
        start = index * 256 * run
        return b"".join(naive_root(start + i * run, start + (i + 1) * run) for i in range(width))

    findings = Findings()
    tree = TreeReplay(read, findings)
    remembered = [one for one in (1, 3, 100, 256, 300, 512, 65_536, 65_537, size) if one <= size]
    roots: dict[int, bytes] = {}
    for start in range(0, size, 256):
        roots |= tree.add_bundle(LEAVES[start : min(size, start + 256)], remembered)
    tree.check_last_tiles()
    assert roots == {one: naive_root(0, one) for one in remembered}
    assert tree.root() == naive_root(0, size)
    assert (tree.size, findings.listed) == (size, [])
    wanted = {
        (level, index): min(256, (size >> 8 * level) - 256 * index)
        for level in range(4)
        for index in range(-(-(size >> 8 * level) // 256))
    }
    assert tiles == wanted  # every tile that C2SP tlog-tiles has, at its width


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    tree = TreeReplay(lambda *_: b"", Findings())
    assert tree.root() == sha256(b"").digest()


# ---- series


@given(st.permutations(list(range(1, 40))), st.sets(st.integers(1, 39)), st.sets(st.integers(1, 39)))
def test_a_series_in_any_order(order: list[int], void: set[int], absent: set[int]) -> None:
    series = Series(MUNICIPAL, 2026, 1)
    entered = [serial for serial in order if serial not in absent]
    for leaf, serial in enumerate(entered):
        state = VOID if serial in void else ISSUED
        series.enter(serial, state, f"{serial:064x}"[::-1], leaf=leaf, time=leaf)
    assert series.top == max(entered, default=0)
    assert sorted(serial for serial, _ in series.unaccounted()) == sorted(
        serial for serial in absent if serial < series.top
    )
    at = {serial: leaf for leaf, serial in enumerate(entered)}
    assert spread(series.runs()) == at
    assert spread(series.issued_runs()) == {serial: leaf for serial, leaf in at.items() if serial not in void}
    for serial in entered:
        assert series.is_of(serial, f"{serial:064x}"[::-1])
        assert not series.is_of(serial, "f" * 64)
    assert series.state(1000) == 0


def spread(runs: list[tuple[int, int, int]]) -> dict[int, int]:
    return {first + place: leaf + place for first, count, leaf in runs for place in range(count)}


# ---- statuses


def test_statuses_of_a_second_block() -> None:
    series = Series(MUNICIPAL, 2026, 1)
    last = STATUS_LIST_BITS + 9
    series.states = bytearray([0] + [ISSUED] * last)
    series.enter(last + 1, ISSUED, "", leaf=0, time=0)
    series.states[STATUS_LIST_BITS - 1] = series.states[STATUS_LIST_BITS + 3] = REVOKED
    assert expected_bits(series, 0, "revocation") == bytes(16_383) + b"\1"
    assert expected_bits(series, 1, "revocation") == b"\x10" + bytes(16_383)
    assert expected_bits(series, 1, "suspension") == bytes(16_384)
    simulator = Simulator()
    first, second = (number_of(MUNICIPAL, 2026, 1, serial) for serial in (1, STATUS_LIST_BITS))
    files: dict[str, bytes] = {}
    for number, revoked in ((first, STATUS_LIST_BITS - 1), (second, STATUS_LIST_BITS + 3)):
        simulator.changes.clear()
        simulator.revoke(number_of(MUNICIPAL, 2026, 1, revoked))
        lists = simulator.status(number)
        files |= {f"status/{url.partition('/status/')[2]}": data for url, data in lists.items()}
    asked: list[str] = []

    def read(path: str, _: int) -> bytes | None:
        asked.append(path)
        return files.get(path)

    findings = Findings()
    pending = Pending(COSIGNED_AT, {}, {})
    check_statuses(
        read, [series], simulator.trust_list, now=NOW, skew=300, pending=pending, findings=findings
    )
    assert findings.listed == []
    assert [path.rpartition("/")[2] for path in asked] == ["0", "0", "1", "1"]


# ---- memory


def seen(size: int) -> Seen:
    return Seen(size, bytes(32), 7, "log.example\n— log.example\n".encode())


def test_memory_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "audit.json"
    assert read_memory(file) == Memory()
    memory = Memory("log.example", 3, (seen(5),), {"revocation:1": 9}).with_checkpoint(seen(4))
    write_memory(file, memory)
    assert read_memory(file) == memory
    assert [one.size for one in memory.checkpoints] == [4, 5]
    write_memory(file, memory.with_checkpoint(seen(5)))
    assert read_memory(file) == memory
    assert [one.name for one in tmp_path.iterdir()] == ["audit.json"]


def test_memory_is_bounded() -> None:
    memory = Memory(checkpoints=tuple(map(seen, range(1, MAX_CHECKPOINTS + 1))))
    newer = memory.with_checkpoint(seen(MAX_CHECKPOINTS + 1))
    assert [newer.checkpoints[0].size, len(newer.checkpoints)] == [2, MAX_CHECKPOINTS]


GOOD = {
    "auditStateVersion": 1,
    "origin": "x",
    "trustVersion": 1,
    "checkpoints": [{"size": 1, "root": "A" * 43 + "=", "cosigned": 0, "note": ""}],
    "pending": {},
}


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {**GOOD, "auditStateVersion": 2},
        {**GOOD, "pending": []},
        {**GOOD, "trustVersion": "one"},
        {**GOOD, "checkpoints": [{"size": 1}]},
        {**GOOD, "checkpoints": [{**GOOD["checkpoints"][0], "root": "AAAA"}]},  # type: ignore[index]
        {**GOOD, "checkpoints": [{**GOOD["checkpoints"][0], "root": "A"}]},  # type: ignore[index]
        {**GOOD, "checkpoints": [{**GOOD["checkpoints"][0], "size": 0}]},  # type: ignore[index]
        {**GOOD, "checkpoints": [{**GOOD["checkpoints"][0], "size": True}]},  # type: ignore[index]
    ],
)
def test_memory_of_another_form(tmp_path: Path, document: object) -> None:
    file = tmp_path / "audit.json"
    file.write_text(json.dumps(GOOD), encoding="utf-8")
    assert read_memory(file).checkpoints[0].size == 1
    file.write_text(json.dumps(document), encoding="utf-8")
    with refused(LogError, "audit_state"):
        read_memory(file)


def test_memory_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_bytes(b"\xff{")
    with refused(LogError, "audit_state"):
        read_memory(tmp_path / "audit.json")


# ---- sentences


def codes() -> Iterator[tuple[str, str]]:
    """Every code that is written out in a finding, with its place."""
    for path in sorted((PROJECT / "verifier" / "audit").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                told = "findings" in ast.unparse(node.func.value) and node.func.attr in ("fault", "open")
                if told and isinstance(first, ast.Constant):
                    yield str(first.value), f"{path.name}:{node.lineno}"


def test_every_finding_has_a_sentence_and_every_sentence_a_finding() -> None:
    written = dict(codes())
    assert len(written) > 35
    assert {code for code in written if code not in FINDINGS and code not in SENTENCES} == set()
    passed_on = {code for code in FINDINGS if code.startswith("authority_")}
    assert set(FINDINGS) - set(written) - passed_on == set()
    spec = (PROJECT / "verifier" / "SPEC.md").read_text(encoding="utf-8")
    assert [code for code in FINDINGS if f"`{code}`" not in spec] == []


def test_every_sentence_is_whole_and_in_its_language() -> None:
    for code, sentence in FINDINGS.items():
        assert sentence.zh.endswith("。"), code
        assert sentence.en.endswith("."), code
    for sentence in (*FINDINGS.values(), *VERDICTS.values(), *WORDS.values()):
        assert any("\u4e00" <= character <= "\u9fff" for character in sentence.zh)
        assert not any("\u3000" <= character <= "\u9fff" for character in sentence.en)
    assert finding_sentence("fork", LANGUAGES[1]).startswith("The log forked")
    assert finding_sentence("note_unsigned", LANGUAGES[1]) == SENTENCES["note_unsigned"].en
