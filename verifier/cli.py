"""``certverify``: the public verifier on the command line (SPEC 7.8). It only reads options; ``verifier.session`` works."""

import os
import re
import sys
from datetime import datetime
from importlib import import_module
from typing import Annotated

import typer

from verifier.memory import memory_file
from verifier.messages import DEFAULT_LANGUAGE, LANGUAGES
from verifier.program import EXIT_USAGE, VERSION, run_program
from verifier.session import Options, run

LANGUAGE_VARIABLE = "CERTREG_LANG"
COMMANDS = {
    "audit": "verifier.audit.command",
    "report": "verifier.review.command",
    "serve": "verifier.server.command",
}
_HELP = """核验继续教育证书 · Check continuing-education certificates.

TARGET：证书文件（JSON、PDF、PNG、JPEG、文本）、含有证书的文件夹、二维码内容，或证书编号。
A file, a folder of them, a QR code's text, or a number.

\b
certverify 41010020261000012315.pdf --trust root.json --url https://jxjy.example.cn
certverify photos/ --trust root.json --bundle bundle.zip --json
certverify "410100 2026 1 0000123 15" --name 张文博 --trust root.json --url https://jxjy.example.cn
certverify audit https://jxjy.example.cn --trust root.json --state audit.json    # 审计整个日志 · audit the log
certverify report 评审.pdf --trust root.json --url https://jxjy.example.cn                  # 核验评审报告 · a review report
certverify serve site/ --trust root.json                                         # 公开核验服务 · the public server

退出码 · exit codes: 0 全部通过 all PASSED, 1 有未通过 any FAILED, 2 有无法判定 any INDETERMINATE, 64 用法错误 usage.
"""


def verify_command(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="TARGET...", help="要核验的证书 · what to check")
    ] = None,
    trust: Annotated[
        str | None, typer.Option(metavar="ROOT_JSON", help="根文件，只相信它 · the root to pin")
    ] = None,
    root_fingerprint: Annotated[
        str | None, typer.Option(metavar="SHA256", help="或：根文件的指纹 · or the root file's fingerprint")
    ] = None,
    bundle: Annotated[str | None, typer.Option(metavar="FILE", help="离线核验包 · offline bundle")] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL_OR_FOLDER", help="登记系统网址或文件夹 · publication")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="核验时间 · judge as of, e.g. 2026-11-20T08:00:00Z or +08:00"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="应为此姓名 · the holder's name to compare")] = None,
    require_log: Annotated[
        bool | None, typer.Option(help="是否必须有日志证明 · whether a log proof is required")
    ] = None,
    lang: Annotated[str | None, typer.Option(help=f"zh-CN | en（{LANGUAGE_VARIABLE}）")] = None,
    json: Annotated[  # the option's name
        bool, typer.Option("--json", help="每个目标一行 JSON · one JSON object a line")
    ] = False,
    version: Annotated[bool, VERSION] = False,
) -> None:
    """Reads the options; the work is ``session.run``."""
    language = lang or os.environ.get(LANGUAGE_VARIABLE) or DEFAULT_LANGUAGE
    if language not in LANGUAGES:
        _refuse(f"--lang: {' | '.join(LANGUAGES)}")
    if bundle is not None and url is not None:
        _refuse("--bundle | --url: 只能选一个 · only one of them")
    options = Options(
        root=trust,
        fingerprint=parse_fingerprint(root_fingerprint),
        memory=memory_file(os.environ),
        source=bundle or url,
        at=None if at is None else parse_time(at),
        name=name,
        require_log=require_log,
        lang=language,
        as_json=json,
        colour=use_colour(),
    )
    raise typer.Exit(run(targets or [], options))


def parse_fingerprint(text: str | None) -> str:
    """A SHA-256 in lower-case hex, from one read out in capitals or groups; exits with 64 for anything else."""
    digits = "".join((text or "").lower().replace(":", " ").split())
    if text is not None and re.fullmatch(r"[0-9a-f]{64}", digits) is None:
        _refuse("--root-fingerprint: 64 位十六进制数 · 64 hexadecimal digits")
    return digits


def parse_time(text: str) -> int:
    """Unix seconds of a time with its offset (``Z`` or ``+08:00``); exits with 64 for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return int(moment.timestamp())
    except (ValueError, OverflowError) as error:
        del error
    return _refuse(
        f"--at: {text[:40]}：请写明时区 · give the zone too: 2026-11-20T08:00:00Z | 2026-11-20T16:00:00+08:00"
    )


def use_colour() -> bool:
    """Colour only for a terminal, and not where ``NO_COLOR`` is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _refuse(text: str) -> int:
    typer.echo(text, err=True)
    raise typer.Exit(EXIT_USAGE)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command(help=_HELP)(verify_command)


def main() -> None:
    """Entry point ``certverify``; its commands stand first (a file of such a name is ``./audit``)."""
    module = COMMANDS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if module:
        sys.argv[:2] = [f"certverify {sys.argv[1]}"]
        import_module(module).main()  # which imports this module
    run_program(app)
