"""``certreg``: the registry on the command line. Commands read options and speak; services work."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.commands import CommandsByName
from registry.cli.shell import SHELL
from registry.cli.wrapping import wrap_by_cells
from registry.messages import LANGUAGES
from verifier.program import EXIT_USAGE, VERSION, run_program

wrap_by_cells()

app = typer.Typer(
    cls=CommandsByName,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="""继续教育证书登记系统 · Registry of continuing-education certificates.

\b
第一次使用 · first steps:
  export CERTREG_PASSPHRASE='…'          # 至少 12 字节 · at least 12 bytes
  certreg init --host jxjy.example.cn
  certreg authority add 410100 --name 郑州市人力资源和社会保障局 --uscc … --year 2026
  certreg template annual 名单.xlsx      # 空白名单 · an empty list to fill in
  certreg issue 名单.xlsx --authority 410100 --year 2026 --dry-run
  certreg issue 名单.xlsx --authority 410100 --year 2026
  certreg publish site/ && certreg batches && certreg render --batch 1 --out out/
  certreg verify out/NUMBER.pdf --url site/

环境变量 · environment: CERTREG_HOME, CERTREG_DATABASE_URL, CERTREG_READ_DATABASE_URL, CERTREG_PASSPHRASE, CERTREG_PASSPHRASE_FILE,
  CERTREG_PIN, CERTREG_PIN_FILE, CERTREG_AGENT, CERTREG_IDENTITY_KEY, CERTREG_LANG,
  CERTREG_CONSOLE_ORIGIN, CERTREG_CONSOLE_PROXIES, CERTREG_BREACHED, CERTREG_LOG
""",
)


@app.callback()
def options(
    home: Annotated[
        Path | None, typer.Option(help="登记系统文件夹 · the registry's folder (CERTREG_HOME)")
    ] = None,
    lang: Annotated[str | None, typer.Option(help="zh-CN | en (CERTREG_LANG)")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="给程序读的 JSON 行 · JSON lines for programs")
    ] = False,
    version: Annotated[bool, VERSION] = False,
) -> None:
    """Options of the whole program."""
    SHELL.home = home
    SHELL.lang = lang or os.environ.get("CERTREG_LANG") or LANGUAGES[0]
    SHELL.as_json = json
    if SHELL.lang not in LANGUAGES:
        SHELL.lang = LANGUAGES[0]
        SHELL.complain(f"--lang: {' | '.join(LANGUAGES)}", "usage")
        raise typer.Exit(EXIT_USAGE)


def hoisted(words: list[str]) -> list[str]:
    """``words`` with ``--json`` and ``--lang`` before the command, wherever they were typed; nothing behind ``--`` is moved."""
    end = words.index("--") if "--" in words else len(words)
    front: list[str] = []
    rest: list[str] = []
    place = 0
    while place < end:
        width = 2 if words[place] == "--lang" else 1
        ours = words[place] in ("--json", "--lang") or words[place].startswith("--lang=")
        (front if ours else rest).extend(words[place : min(place + width, end)])
        place += width
    return [*front, *rest, *words[end:]]


def main() -> None:
    """Entry point of ``certreg``; a usage error of any kind exits with 64."""
    sys.argv[1:] = hoisted(sys.argv[1:])
    run_program(app)


if __name__ == "__main__":
    main()
