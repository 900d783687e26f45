"""How large the bundle of a whole province is: ``python -m tests.benchmarks.bundlesize [CERTIFICATES [PER_MILLE [YEARS]]]``.

Trust list and templates of a real registry, and for every block a signed revocation list, suspension list and details, in which
numbers drawn by chance are revoked: the arrangement that packs worst. Nothing is issued; the files are as publishing writes them.
"""

import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter

from keys.trustlist import TrustList
from registry.app import App
from registry.ownkeys import status_key
from registry.publication import write_bundle
from registry.status import Block, StatusSigner, sign_block
from registry.statuslists import STATUS_VALIDITY
from registry.trust import current_trust_list
from tests.registry.rig import Place, found
from verifier.bundle import BundleSource
from verifier.limits import MAX_STATUS_DETAILS_BYTES, STATUS_LIST_BITS
from verifier.status import DETAILS, StatusChange, status_path, verify_status_details, verify_status_list

AUTHORITIES = 40
REASONS = ("data-error", "fraud", "issued-in-error", "holder-request", "superseded")


@dataclass(frozen=True, slots=True)
class BundleSize:
    """Bytes of the file, of its status lists and of its details as they stand in it, and seconds to check every one of them."""

    blocks: int
    revoked: int
    total: int
    lists: int
    details: int
    largest_details: int
    seconds: float


def bundle_size(folder: Path, certificates: int, per_mille: int, years: int) -> BundleSize:
    """Write the bundle of so many certificates, equally many for each authority and year, and read it back."""
    app = found(Place(folder / "home"))
    file = folder / "bundle.zip"
    write_bundle(app, file)
    revoked, blocks = 0, list(_blocks(certificates // (AUTHORITIES * years), years))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        for block, count in blocks:
            changes = _changes(block, count, per_mille)
            revoked += len(changes)
            for path, data in _signed(app, block, changes).items():
                archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        infos = [info for info in archive.infolist() if info.filename.startswith("status/")]
    began = perf_counter()
    _check(app, file, [block for block, _ in blocks])
    seconds = perf_counter() - began
    app.database.close()
    explaining = [info for info in infos if f"/{DETAILS}/" in info.filename]
    details = sum(info.compress_size for info in explaining)
    return BundleSize(
        blocks=len(blocks),
        revoked=revoked,
        total=file.stat().st_size,
        lists=sum(info.compress_size for info in infos) - details,
        details=details,
        largest_details=max(info.file_size for info in explaining),
        seconds=seconds,
    )


def _blocks(series: int, years: int) -> Iterator[tuple[Block, int]]:
    """The blocks of each series, and how many certificates lie in each."""
    for authority in range(AUTHORITIES):
        for year in range(2026, 2026 + years):
            for place, first in enumerate(range(0, series, STATUS_LIST_BITS)):
                yield (
                    Block(str(410_100 + authority), year, 1, place),
                    min(series - first, STATUS_LIST_BITS),
                )


def _changes(block: Block, count: int, per_mille: int) -> dict[int, StatusChange]:
    chance = Random(f"{block}")
    start = 1_790_000_000
    return {
        index: StatusChange("revoked", start + chance.randrange(10**7), chance.choice(REASONS))
        for index in chance.sample(range(1, count), count * per_mille // 1000)
    }


def _signed(app: App, block: Block, changes: dict[int, StatusChange]) -> dict[str, bytes]:
    now = app.clock()
    with app.database.read() as session:
        trust_list = current_trust_list(session)
    key, signing = status_key(app.keyring, trust_list, now)
    signer = StatusSigner(app.host, signing, trust_list.version, key.id)
    return sign_block(signer, block, changes, now=now, valid_until=now + STATUS_VALIDITY)


def _check(app: App, file: Path, blocks: Sequence[Block]) -> None:
    """As a verifier reads them; raises where one is refused."""
    with app.database.read() as session:
        trust_list = current_trust_list(session)
    with closing(BundleSource(file)) as source:
        for block in blocks:
            _check_block(app.host, source, trust_list, block)


def _check_block(host: str, source: BundleSource, trust_list: TrustList, block: Block) -> None:
    for purpose in ("revocation", "suspension", DETAILS):
        path = status_path(block.first_number, purpose)
        data = source.read(path, MAX_STATUS_DETAILS_BYTES)
        assert data is not None
        verify = verify_status_details if purpose == DETAILS else verify_status_list
        verify(data, f"https://{host}/{path}", trust_list)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    certificates, per_mille, years = (*map(int, arguments), *(5_000_000, 10, 1)[len(arguments) :])
    with tempfile.TemporaryDirectory() as folder:
        print(bundle_size(Path(folder), certificates, per_mille, years))


if __name__ == "__main__":
    main(sys.argv[1:])
