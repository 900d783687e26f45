"""A panel's sitting of 1,000 certificates, end to end, in a real Chromium over the real server: ``python -m tests.benchmarks.panelsitting [COUNT]``.

A fifth of the certificates are PDF files (read by the server, judged in the browser), a fifth codes pasted, the rest JSON;
beside them the applicants' spreadsheet. Times are the wall's, of browser, server and this process on the same cores.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from registry.faces.face import face_source
from registry.faces.renderer import FaceRenderer
from tests.review.browser import begun, opened, running, settled, watched
from tests.review.rig import Panel, new_panel
from tests.review.sheets import workbook
from tests.simulator import NOW
from tests.web import chromium
from verifier.policy import VerificationPolicy
from verifier.verify import verify

if TYPE_CHECKING:
    from playwright.sync_api import Page

_FIFTH = 5


def main(count: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="certreg-panel-") as name:
        panel = new_panel(Path(name) / "site", count - 4)
        folder = Path(name) / "files"
        codes = _written(panel, folder)
        with running(panel) as address, chromium.started() as browser, watched(browser) as context:
            page = opened(context, f"{address}/panel")
            page.wait_for_selector(".sitting-form")
            begun(page, f"{count} 份证书")
            _sitting(page, folder, codes, count)


def _written(panel: Panel, folder: Path) -> list[str]:
    """Files as a folder, and the codes of those that come as paper."""
    folder.mkdir()
    renderer, trust, codes = FaceRenderer(), panel.registry.trust(), list[str]()
    policy = VerificationPolicy(at=NOW, require_log=True)
    for place, (name, one) in enumerate(panel.certificates.items()):
        if place % _FIFTH == 0:
            record = verify(panel.registry.evidence(one), trust, policy).record
            assert record is not None
            (folder / f"{name}.pdf").write_bytes(renderer.pdf(face_source(record, log_proof=None)))
        elif place % _FIFTH == 1:
            codes.append(one.qr_text)
        else:
            (folder / f"{name}.json").write_bytes(one.record)
    rows = [[str(one.fields["name"]), one.number.digits, 86] for one in panel.certificates.values()]
    (folder / "名册.xlsx").write_bytes(workbook([["姓名", "证书编号", "学时"], *rows]))
    return codes


def _sitting(page: "Page", folder: Path, codes: list[str], count: int) -> None:
    with _timed("first result on the screen"):
        page.set_input_files("#folder", str(folder))
        page.wait_for_selector("tr.row[data-verdict=PASSED]", timeout=600_000)
    with _timed("all files read and judged"):
        _settled(page, count - len(codes))
    with _timed(f"{len(codes)} codes pasted and judged"):
        page.click("details summary")
        page.fill("#many", "\n".join(codes))
        page.click("#give details button")
        page.wait_for_selector("#progress", state="visible")
        _settled(page, count)
    with _timed("closed and opened again"):
        page.reload()
        page.wait_for_selector("tr.row")
    with _timed("judged again, all"):
        page.get_by_role("button", name="全部重新核验").click()
        page.wait_for_selector("#progress", state="visible")
        _settled(page, count)
    with _timed("XLSX"), page.expect_download() as download:
        page.get_by_role("button", name="导出 XLSX").click()
    rows = list(load_workbook(BytesIO(Path(download.value.path()).read_bytes())).active.iter_rows())
    with _timed("signed report: judged anew, signed, printed"):
        page.click(".head button.main")
        page.click(".report button.main")
        page.wait_for_selector(".reports li", timeout=600_000)
    with page.expect_download() as pdf:
        page.locator(".reports button").first.click()
    size = Path(pdf.value.path()).stat().st_size
    heap = page.context.new_cdp_session(page).send("Runtime.getHeapUsage")["usedSize"]
    print(f"{len(rows) - 1} rows; PDF {size / 1e6:.1f} MB; browser's heap {heap / 1e6:.0f} MB")


def _settled(page: "Page", count: int) -> None:
    """Ask the page what it shows, and only then its store: to read a thousand reports again and again takes as long as to judge them."""
    page.wait_for_selector("#progress", state="hidden", timeout=600_000)
    settled(page, count)


@contextmanager
def _timed(what: str) -> Iterator[Any]:
    began = time.perf_counter()
    yield None
    print(f"{what}: {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
