"""``demo``: the whole path on real input, end to end, in one folder that a second run continues.

A province with its root, a municipal and an industry authority, a clean and an ugly spreadsheet; then every certificate
is drawn and judged by the public verifier from each of its files, from a picture of its QR, and by its number. Nothing
here is a short cut: the steps are the services that the other commands call. The year is the present one in China; a
folder of last year's is continued with this year's lists. Killed anywhere, it goes on where it was.
"""

import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.progress import track
from rich.table import Table
from sqlalchemy import select

from keys.trustchain import parse_pin
from registry.app import App, Clock, create_app, open_app, system_clock
from registry.batches import BatchResult, issue_file
from registry.cli.common import errors_told
from registry.cli.issuing import open_file, progress_bar, summary_rows, write_annotated
from registry.cli.publishing import tell_fsck
from registry.cli.remarks import print_findings, reasons_of
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.errors import OfficeError
from registry.faces.renderer import FaceRenderer
from registry.files import PRIVATE, PUBLIC, fresh_file, make_private_folder, replace_file
from registry.fsck import fsck
from registry.handout import find_record, prepare, write_files
from registry.intake.findings import Severity
from registry.intake.samples import write_clean_workbook, write_ugly_workbook
from registry.issuance import resume
from registry.models import Certificate, StatusEvent
from registry.offices import Delegation, add_authority, china_year
from registry.publication import publish, write_bundle
from registry.settings import PASSPHRASE_VARIABLE
from registry.trust import current_trust_list
from verifier.gather import Gatherer, LoadedTrust, load_trust
from verifier.judged import judge
from verifier.policy import VerificationPolicy
from verifier.presented import Presented, present_bytes, present_file, present_text
from verifier.report import Verdict
from verifier.sources import FolderSource, RememberingSource
from verifier.textreport import headline

HOST = "jxjy.henan.example"
CLEAN_ROWS = 40
_OF_ANOTHER = (
    "CERTREG_AGENT",
    "CERTREG_DATABASE_URL",
    "CERTREG_IDENTITY_KEY",
    "CERTREG_PASSPHRASE_FILE",
    "CERTREG_READ_DATABASE_URL",
)
"""What a caller may have set for another registry: names of the environment, by their beginnings."""
OFFICES = (  # delegated for the year of the demonstration
    Delegation(
        code="410100",
        kind="municipal",
        name="郑州市人力资源和社会保障局",
        name_en="Zhengzhou Municipal Bureau of Human Resources and Social Security",
        uscc="11410100005252100Y",
        divisions=("410100",),
        industries=(),
        kinds=(1, 2),
        years=(),
    ),
    Delegation(
        code="418001",
        kind="industry",
        name="河南省卫生健康委员会",
        name_en="Health Commission of Henan Province",
        uscc="11410000MB1912677J",
        divisions=(),
        industries=("health",),
        kinds=(1, 2),
        years=(),
    ),
)


@dataclass(slots=True)
class Tally:
    """Verdicts by the way in, and everything that did not pass."""

    verdicts: dict[str, Counter[Verdict]] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    seconds: float = 0.0


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--dir", help="演示文件夹 · folder of the demo")] = Path("var/demo"),
) -> None:
    """演示全过程：委托、导入、签发、公布、出证、核验 · The whole path, from a spreadsheet to a verdict."""
    context.obj = folder
    if context.invoked_subcommand is None:
        demonstrate(folder)
        SHELL.say(
            "在浏览器中试用工作台与公开核验：make serve（或 certreg demo serve）。",
            "Try the office console and the public verifier in a browser: make serve (or certreg demo serve).",
        )


def demonstrate(folder: Path) -> None:
    """The whole path in ``folder``; raises ``typer.Exit`` where anything is not as it should be."""
    started = time.monotonic()
    with errors_told():
        app = found_or_continue(folder)
        results = issue_lists(app, folder)
        _say_published(app, folder)
        numbers = _numbers_in_force(app)
        drawn = _draw(app, folder / "out", numbers)
        _bring_up_to_date(app, folder)
        tally = _judge_all(app, folder, numbers)
        report = fsck(app)
        app.database.close()
    _summary(folder, results, numbers, drawn, tally, time.monotonic() - started)
    tell_fsck(report)
    if tally.surprises or report.troubles:
        raise typer.Exit(EXIT_ERROR)


def found_or_continue(folder: Path, clock: Clock = system_clock) -> App:
    """The demo's registry, delegated for the present year: made the first time, continued afterwards."""
    home, environment = folder / "registry", demo_environment(folder)
    try:
        app = open_app(environment, clock=clock)
        SHELL.say("〔1/6〕继续已有的登记系统", "[1/6] Continuing the registry that is there")
    except OfficeError as error:
        if error.code != "not_initialised":
            raise
        app = create_app(environment, home=home, host=HOST, clock=clock)
        SHELL.say(
            "〔1/6〕建立省级登记系统：根密钥、信任列表、日志",
            "[1/6] Making the provincial registry: root, trust list, log",
        )
    resume(app)
    year = china_year(app.clock())
    with app.database.read() as session:
        known = current_trust_list(session).authorities
    for office in OFFICES:
        if office.code not in known or year not in known[office.code].scope.years:
            with app.write() as session:
                add_authority(session, app.keyring, replace(office, years=(year,)), now=app.clock())
        SHELL.say(
            f"      委托 {office.code} {office.name}", f"      Delegated: {office.code} {office.name_en}"
        )
    app.sign_log()
    return app


def demo_environment(folder: Path) -> dict[str, str]:
    """The environment of the demo's registry: its own folder, SQLite and passphrase, whatever the caller has set for another."""
    home = (folder / "registry").resolve()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_ANOTHER)}
    return {**kept, "CERTREG_HOME": str(home), PASSPHRASE_VARIABLE: _passphrase(home)}


def _passphrase(home: Path) -> str:
    """A random passphrase, kept beside the demo's keys: for a demonstration only."""
    file = home / "demo-passphrase"
    if not file.exists():
        make_private_folder(home)
        replace_file(file, secrets.token_hex(16).encode(), mode=PRIVATE)
    return file.read_text()


def issue_lists(app: App, folder: Path) -> list[tuple[BatchResult, float]]:
    """Both offices' lists of the present year, issued; what a former run issued is not issued again."""
    year = china_year(app.clock())
    files = _inputs(folder, year)
    return [_issue(app, office, file, year) for office, file in zip(OFFICES, files, strict=True)]


def _inputs(folder: Path, year: int) -> tuple[Path, Path]:
    """The two offices' spreadsheets."""
    inputs = folder / "in"
    inputs.mkdir(parents=True, exist_ok=True)
    clean, ugly = (
        inputs / f"410100-郑州市-{year}年度名单.xlsx",
        inputs / f"418001-卫健委-{year}年度名单（原样）.xlsx",
    )
    if not clean.exists():
        with fresh_file(clean, mode=PUBLIC) as fresh:
            write_clean_workbook(fresh, rows=CLEAN_ROWS, seed=20261, year=year)
            fresh.replace(clean)
    if not ugly.exists():
        with fresh_file(ugly, mode=PUBLIC) as fresh:
            write_ugly_workbook(fresh, seed=20262, year=year)
            fresh.replace(ugly)
    return clean, ugly


def extra_list(folder: Path, now: int) -> Path:
    """A list that nobody has handed in yet, as ugly as they come: for the clerk of the demo to upload and mend."""
    year = china_year(now)
    file = folder / "in" / f"410100-郑州市-{year}年度补报名单（待上传）.xlsx"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with fresh_file(file, mode=PUBLIC) as fresh:
            write_ugly_workbook(fresh, seed=20263, year=year)
            fresh.replace(file)
    return file


def _issue(app: App, office: Delegation, file: Path, year: int) -> tuple[BatchResult, float]:
    SHELL.say(f"〔2/6〕导入 {file.name}", f"[2/6] Importing {file.name}")
    started = time.monotonic()
    intake = open_file(app, file, kind="annual", year=year)
    with progress_bar(intake.total_rows) as observe:
        result = issue_file(app, intake, authority=office.code, rule_set="henan-2012", observe=observe)
    seconds = time.monotonic() - started
    faults = [finding for finding in result.findings if finding.severity is Severity.FAULT]
    if not SHELL.as_json:
        print_findings(faults)
    target = file.parent.parent / "annotated" / f"{file.stem}-核验意见.xlsx"
    target.parent.mkdir(exist_ok=True)
    target.unlink(missing_ok=True)
    write_annotated(file, target, result)
    return result, seconds


def _say_published(app: App, folder: Path) -> None:
    done = publish(app, folder / "site")
    SHELL.say(
        f"〔3/6〕签署日志并公布：{done.written} 个文件有变化，日志 {done.log_size} 条",
        f"[3/6] Log signed and published: {done.written} files changed, {done.log_size} log entries",
    )


def _numbers_in_force(app: App) -> list[str]:
    stopped = select(StatusEvent.number)
    numbers = (
        select(Certificate.number).where(Certificate.number.not_in(stopped)).order_by(Certificate.number)
    )
    with app.database.read() as session:
        return list(session.scalars(numbers))


def _draw(app: App, target: Path, numbers: list[str]) -> tuple[int, float]:
    """Files of every certificate; those that are there are left."""
    started = time.monotonic()
    renderer = FaceRenderer()
    missing = [number for number in numbers if not (target / f"{number}.png").exists()]
    SHELL.say(f"〔4/6〕出具证书 {len(missing)} 份", f"[4/6] Drawing {len(missing)} certificates")
    for number in _with_progress(missing, "出证 Drawing"):
        write_files(prepare(app, number), target, renderer)
    return len(missing), time.monotonic() - started


def _bring_up_to_date(app: App, folder: Path) -> None:
    size = write_bundle(app, folder / "bundle")
    SHELL.say(f"〔5/6〕离线核验包 {size} 字节", f"[5/6] Offline bundle: {size} bytes")


def _judge_all(app: App, folder: Path, numbers: list[str]) -> Tally:
    """Every certificate, by every way in, judged from the publication and the pinned root."""
    SHELL.say("〔6/6〕公开核验每份证书", "[6/6] The public verifier judges every certificate")
    site = RememberingSource(FolderSource(folder / "site"))
    pin = parse_pin((folder / "site" / "root.json").read_bytes())
    loaded = load_trust(site, pin=pin)
    gatherer = Gatherer(site, loaded.trust, find_record=lambda number: find_record(app, number))
    tally = Tally()
    started = time.monotonic()
    for number in _with_progress(numbers, "核验 Verifying"):
        for way, presented in _ways_in(folder / "out", number):
            _judge_one(tally, way, presented, gatherer, loaded, app.clock())
    tally.seconds = time.monotonic() - started
    return tally


def _ways_in(out: Path, number: str) -> Iterator[tuple[str, Presented]]:
    for name in ("json", "pdf", "png"):
        yield name.upper(), present_file(out / f"{number}.{name}")[0]
    yield "二维码照片 QR photo", present_bytes(number, _photographed(out / f"{number}.png"))[0]
    typed = present_text(number, number)
    if typed is not None:
        yield "编号 Number", typed


def _photographed(png: Path) -> bytes:
    """The picture as a JPEG: nothing is left of the record that was baked into the PNG."""
    buffer = BytesIO()
    with Image.open(png) as image:
        image.convert("RGB").save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def _judge_one(
    tally: Tally, way: str, presented: Presented, gatherer: Gatherer, loaded: LoadedTrust, now: int
) -> None:
    policy = VerificationPolicy(at=now, require_log=True)
    for judged in judge([replace(presented)], gatherer, loaded, policy):
        tally.verdicts.setdefault(way, Counter())[judged.report.verdict] += 1
        if judged.report.verdict is not Verdict.PASSED:
            tally.surprises.append(f"{way} {presented.label}: {headline(judged.report, SHELL.lang)}")


def _with_progress(items: list[str], label: str) -> Iterator[str]:
    quiet = SHELL.as_json or not SHELL.err.is_terminal
    yield from track(items, description=label, console=SHELL.err, transient=True, disable=quiet)


def _summary(
    folder: Path,
    results: list[tuple[BatchResult, float]],
    numbers: list[str],
    drawn: tuple[int, float],
    tally: Tally,
    seconds: float,
) -> None:
    SHELL.say_json(_summary_json(folder, results, numbers, tally, seconds))
    if SHELL.as_json:
        return
    for result, spent in results:
        table = Table(title=result.file_name, show_header=False)
        for label, value in summary_rows(result):
            table.add_row(label, value)
        table.add_row("用时 Time", f"{spent:.2f} s")
        for times, reason in reasons_of(result):
            table.add_row(f"未发原因 Refused {times}", reason.replace("[", "\\["))
        SHELL.out.print(table)
    table = Table(
        "核验途径 Way in",
        "通过 PASSED",
        "未通过 FAILED",
        "无法判定 INDETERMINATE",
        title="公开核验 Verification",
    )
    for way, verdicts in tally.verdicts.items():
        table.add_row(way, *(str(verdicts[verdict]) for verdict in Verdict))
    SHELL.out.print(table)
    for surprise in tally.surprises:
        SHELL.complain(surprise, "not_passed")
    judged = sum(sum(verdicts.values()) for verdicts in tally.verdicts.values())
    count, spent = drawn
    each = f"{spent / count * 1000:.0f} ms" if count else "–"
    SHELL.say(
        f"在用证书 {len(numbers)} 份；本次出证 {count} 份，每份（JSON+PDF+PNG）{each}；核验 {judged} 次，"
        f"每次 {tally.seconds / max(1, judged) * 1000:.1f} ms；全程 {seconds:.1f} s。",
        f"{len(numbers)} certificates in force; {count} drawn now, {each} each (JSON+PDF+PNG); {judged} verifications, "
        f"{tally.seconds / max(1, judged) * 1000:.1f} ms each; {seconds:.1f} s in all.",
    )
    places: list[tuple[str, str]] = [
        ("证书 certificates", "out/"),
        ("公布网站 publication", "site/"),
        ("离线核验包 offline bundle", "bundle"),
        ("核验意见 annotated spreadsheets", "annotated/"),
        ("登记系统 registry", "registry/"),
    ]
    for label, place in places:
        SHELL.say(f"  {label}: {folder / place}", f"  {label}: {folder / place}")


def _summary_json(
    folder: Path, results: list[tuple[BatchResult, float]], numbers: list[str], tally: Tally, seconds: float
) -> dict[str, object]:
    return {
        "folder": str(folder),
        "batches": [
            {"file": result.file_name, "issued": len(result.issued), "refusedRows": len(result.refused_rows)}
            for result, _ in results
        ],
        "inForce": len(numbers),
        "verdicts": {
            way: {verdict.value: n for verdict, n in counts.items()} for way, counts in tally.verdicts.items()
        },
        "surprises": tally.surprises,
        "seconds": round(seconds, 2),
    }
