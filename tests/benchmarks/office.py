"""A registry to measure: one office, real keys in encrypted files, real sheets, on the engine asked for."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from registry.apart import KeptAgent
from registry.app import App, create_app
from registry.batches import BatchResult, issue_file
from registry.intake.samples import write_clean_workbook
from registry.intake.service import open_intake
from registry.offices import CHINA, Delegation, add_authority
from registry.publication import publish
from registry.settings import PASSPHRASE_VARIABLE
from verifier.drawing.fonts import missing_glyphs

HOST = "jxjy.henan.example"
YEAR = 2026
OFFICE = "410100"
START = int(datetime(2026, 11, 20, 8, tzinfo=CHINA).timestamp())
"""The registry's clock starts here and then runs, so that a run does not depend on the day."""


@dataclass(frozen=True, slots=True)
class Office:
    """An office that can issue, and the folder that its publication goes to."""

    app: App
    site: Path

    def issue(self, file: Path) -> BatchResult:
        """The whole promise for one file: read, numbered, signed, judged, logged, durable and published."""
        result = self.issue_unpublished(file)
        publish(self.app, self.site)
        return result

    def issue_unpublished(self, file: Path) -> BatchResult:
        """As ``issue``, up to the checkpoint."""
        today = datetime.fromtimestamp(self.app.clock(), CHINA).date()
        intake = open_intake(file, kind="annual", year=YEAR, today=today, missing_glyphs=missing_glyphs)
        return issue_file(self.app, intake, authority=OFFICE, rule_set="henan-2012")

    def issue_all(self, file: Path) -> int:
        """As ``issue``, of a clean file: how many were issued; anything refused is an error of the benchmark.

        But among a hundred thousand invented people some have the number of one invented before, and that is refused rightly.
        """
        result = self.issue(file)
        twins = {(one.sheet, one.row) for one in result.findings if one.code == "issued_to_another_name"}
        refused = result.refused_rows - twins
        if refused or result.void:
            raise RuntimeError(f"{len(refused)} rows refused, {len(result.void)} numbers void")
        return len(result.issued)


@contextmanager
def open_office(folder: Path, database_url: str = "") -> Iterator[Office]:
    """A new registry in ``folder``, its keys open and its first publication made; SQLite unless a URL is given."""
    began = time.monotonic()
    environment = {PASSPHRASE_VARIABLE: secrets.token_hex(16), "CERTREG_DATABASE_URL": database_url}
    app = create_app(
        environment,
        home=folder / "registry",
        host=HOST,
        clock=lambda: START + int(time.monotonic() - began),
    )
    agent = KeptAgent()  # as a worker has it
    app = replace(app, agent=agent)
    try:
        with app.database.write() as session:
            add_authority(session, app.keyring, _delegation(), now=app.clock())
        office = Office(app, folder / "site")
        publish(app, office.site)
        missing_glyphs("")  # reads the font once a process, as the first sheet of a running registry would
        yield office
    finally:
        agent.close()
        app.database.close()


def make_sheets(folder: Path, *, rows: int, sheets: int, seed: int) -> list[Path]:
    """Clean workbooks of ``rows`` different people each."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{seed + place}.xlsx" for place in range(sheets)]
    for place, file in enumerate(files):
        write_clean_workbook(file, rows=rows, seed=seed + place, year=YEAR)
    return files


def _delegation() -> Delegation:
    return Delegation(
        code=OFFICE,
        kind="municipal",
        name="郑州市人力资源和社会保障局",
        name_en="Zhengzhou Municipal Bureau of Human Resources and Social Security",
        uscc="11410100005252100Y",
        divisions=("410100",),
        industries=(),
        kinds=(1, 2),
        years=(YEAR,),
    )
