"""The simulator's registry as a publication: every file by its path, to lie in a folder, a bundle or behind a server."""

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from io import BytesIO
from itertools import groupby
from pathlib import Path

from keys.encodings import timestamp_encode
from tests.builders import HOST
from tests.simulator import NOW, Certificate, Simulator, standard_pin
from verifier.errors import VerifierError
from verifier.loading import installed_files
from verifier.logentry import parse_log_entry
from verifier.merkle import leaf_hash, tree_hash
from verifier.number import CertificateNumber, parse_number
from verifier.tiles import TILE_WIDTH, tile_path


def good_and_revoked() -> tuple[Simulator, Certificate, Certificate]:
    """A registry and two of its certificates, the second of them revoked."""
    registry = Simulator()
    good, revoked = registry.issue(), registry.issue(serial=124)
    registry.revoke(revoked.number)
    return registry, good, revoked


def publication(
    registry: Simulator, numbers: Iterable[CertificateNumber] = (), *, signed_at: int = NOW - 600
) -> dict[str, bytes]:
    """Everything that ``registry`` publishes: trust, templates, its log, and status lists that cover ``numbers``."""
    current = registry.trust_list
    files = {
        "root.json": standard_pin().to_bytes(),
        "trust.json": current.data,
        f"trust/{current.version}.json": current.data,
        **installed_files(HOST),
        **log_files(registry),
    }
    for number in numbers:
        found = registry.status(number, signed_at=signed_at)
        files |= {url.removeprefix(f"https://{HOST}/"): data for url, data in found.items()}
    return files


def log_files(registry: Simulator) -> dict[str, bytes]:
    """Checkpoint, entry bundles, tiles and the hint at where issues lie, below ``log/``."""
    if not registry.entries:
        return {}
    files = {
        "log/checkpoint": registry.checkpoint(),
        **_tiles(registry.entries),
        **_bundles(registry.entries),
    }
    for key, runs in _runs(registry.entries).items():
        files[f"log/runs/{key}.json"] = json.dumps({"runs": runs}).encode()
    return files


def folder_of(files: Mapping[str, bytes], folder: Path) -> Path:
    """``files`` as files."""
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


def bundle_of(files: Mapping[str, bytes], *, created: int = NOW - 300, registry: str = HOST) -> bytes:
    """``files`` without the log as a bundle."""
    header = {"bundleVersion": 1, "registry": registry, "createdAt": timestamp_encode(created)}
    kept = {path: data for path, data in files.items() if not path.startswith("log/")}
    return zip_of({"bundle.json": json.dumps(header).encode(), **kept})


def zip_of(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """``files`` as a ZIP file."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return buffer.getvalue()


def _tiles(entries: list[bytes]) -> dict[str, bytes]:
    files = {}
    hashes, level = [leaf_hash(entry) for entry in entries], 0
    while hashes:
        chunks = [hashes[start : start + TILE_WIDTH] for start in range(0, len(hashes), TILE_WIDTH)]
        for index, chunk in enumerate(chunks):
            files[f"log/{tile_path(level, index, len(chunk))}"] = b"".join(chunk)
        hashes = [tree_hash(chunk) for chunk in chunks if len(chunk) == TILE_WIDTH]
        level += 1
    return files


def _bundles(entries: list[bytes]) -> dict[str, bytes]:
    files = {}
    for index in range(0, len(entries), TILE_WIDTH):
        chunk = entries[index : index + TILE_WIDTH]
        path = tile_path("entries", index // TILE_WIDTH, len(chunk))
        files[f"log/{path}"] = b"".join(len(entry).to_bytes(2, "big") + entry for entry in chunk)
    return files


def _runs(entries: list[bytes]) -> dict[str, list[list[int]]]:
    leaves = defaultdict(list)
    for index, data in enumerate(entries):
        try:
            entry = parse_log_entry(data)
            number = parse_number(entry.number)
        except VerifierError:
            continue  # of another sort, or wrong on purpose
        if entry.action == "issue":
            leaves[f"{number.authority}/{number.year}/{number.kind}"].append((number.serial, index))
    return {key: _compressed(sorted(found)) for key, found in leaves.items()}


def _compressed(found: list[tuple[int, int]]) -> list[list[int]]:
    """Consecutive serials at consecutive leaves are one run."""
    runs = []
    for _, group in groupby(enumerate(found), key=lambda item: (item[1][0] - item[0], item[1][1] - item[0])):
        members = [member for _, member in group]
        runs.append([members[0][0], len(members), members[0][1]])
    return runs
