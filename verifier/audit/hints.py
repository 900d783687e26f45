"""Do the hints lead to the entries? (SPEC 6.6: ``log/runs/…`` says at which leaves issues lie)

Unsigned, and so no word of the registry; but a hint that leads astray keeps readers of paper from the log. A publication
that is newer than the head that was read may say more.
"""

from collections.abc import Callable, Iterable

from verifier.audit.report import Findings
from verifier.audit.series import Series, merged
from verifier.errors import LogError, SourceError
from verifier.loglookup import MAX_RUNS_BYTES, parse_runs, runs_path

Run = tuple[int, int, int]


def check_hints(
    read: Callable[[str, int], bytes | None], series: Iterable[Series], size: int, findings: Findings
) -> None:
    """Every issue must be found where the hint says, and nothing the log has may be said to lie elsewhere."""
    for one in series:
        issued = one.issued_runs()
        if not issued:
            continue
        path = runs_path(one.number(issued[0][0]))
        try:
            data = read(path, MAX_RUNS_BYTES)
            published = merged([cut for run in parse_runs(data) if (cut := _below(run, size))])
        except SourceError as error:
            findings.open(error.code, path=path)
            continue
        except LogError:
            findings.fault("hint_differs", path=path)
            continue
        if data is None:
            findings.open("hint_missing", path=path)
        elif not (covers(published, issued) and covers(one.runs(), published)):
            findings.fault("hint_differs", path=path)


def covers(outer: list[Run], inner: list[Run]) -> bool:
    """Whether every serial of ``inner`` lies in ``outer`` at the same leaf; both ascending, ``outer`` merged."""
    place = 0
    for first, count, leaf in inner:
        while place < len(outer) and outer[place][0] + outer[place][1] <= first:
            place += 1
        if place == len(outer):
            return False
        start, length, at = outer[place]
        if not (start <= first and first + count <= start + length and leaf - first == at - start):
            return False
    return True


def _below(run: Run, size: int) -> Run | None:
    """The part of ``run`` that lies in the tree."""
    first, count, leaf = run
    kept = min(count, size - leaf)
    return (first, kept, leaf) if kept > 0 else None
