"""Write the vectors, or with ``--check`` tell whether the committed ones are what would be written.

    python -m tests.vectors.generate [--check]

Every key has a fixed seed and every time is given, so the bytes are the same from run to run. A case on which the
verifier and the outcomes written by hand differ stops everything: one of the two is wrong, and only a person can say which.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path

from tests.vectors import comparing
from tests.vectors.files import CASE, FOLDER, POOL, case_files, run_case
from tests.vectors.model import VECTORS

_MODULES = ("good", "form", "content", "trust", "authority", "log", "status", "qr")


def built_files() -> dict[str, bytes]:
    """All files, by path below the folder of the vectors."""
    for name in _MODULES:
        import_module(f"tests.vectors.cases_{name}")
    files: dict[str, bytes] = {}
    for vector in VECTORS.values():
        files |= case_files(vector, vector.build())
    return files


def committed_files(folder: Path = FOLDER) -> dict[str, bytes]:
    """The files that are there, likewise."""
    paths = [*folder.glob(f"*/{CASE}"), *folder.glob(f"{POOL}/*.json")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def differences(files: dict[str, bytes]) -> list[str]:
    """Paths that are missing, left over or different in the committed files."""
    found = committed_files()
    return sorted(path for path in files.keys() | found.keys() if files.get(path) != found.get(path))


def contradictions(files: dict[str, bytes]) -> list[str]:
    """Where the verifier does not say what a case expects, the case's name first."""
    with tempfile.TemporaryDirectory() as folder:
        write(files, Path(folder))
        return [f"{name}: {line}" for name in VECTORS for line in _contradicted(Path(folder), name)]


def _contradicted(folder: Path, name: str) -> list[comparing.Difference]:
    document, report = run_case(folder, name)
    return comparing.differences(document, report.to_json())


def write(files: dict[str, bytes], folder: Path) -> None:
    """Put ``files`` below ``folder`` and remove the vectors that are no longer among them."""
    for path in committed_files(folder).keys() - files.keys():
        (folder / path).unlink()
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    for left in folder.iterdir():
        if left.is_dir() and not any(left.iterdir()):
            left.rmdir()


def main(arguments: list[str]) -> int:
    """0 where all is well, 1 where a case is contradicted or, with ``--check``, a file differs; 64 for usage."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m tests.vectors.generate [--check]\n")
        return 64
    files = built_files()
    problems = contradictions(files) or (differences(files) if arguments else [])
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if problems:
        return 1
    if not arguments:
        write(files, FOLDER)
    sys.stdout.write(f"{len(VECTORS)} cases, {sum(map(len, files.values()))} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
