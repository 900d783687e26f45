"""How a command line of ours is explained and ends (SPEC 7.8): 0 every verdict PASSED, 1 any FAILED, 2 otherwise any INDETERMINATE, 64 for usage."""

import re
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

EXIT_PASSED, EXIT_FAILED, EXIT_INDETERMINATE, EXIT_USAGE = 0, 1, 2, 64
EXIT_ABORTED = 130  # as a shell says of a program that was interrupted
_WRONG_USAGE = (
    (r"Missing option (.+?)\.", "缺少选项 {}"),
    (r"Missing argument (.+?)\.", "缺少参数 {}"),
    (r"Missing command\.", "没有写命令"),
    (r"No such command (.+?)\.(?: |$)", "没有命令 {}"),
    (r"No such option: (\S+)", "没有选项 {}"),
    (
        r"Got unexpected extra argument\(s\) \(([0-9 ]+)\)",
        "多余的参数：{}；编号中有空格时请加引号 · quote a number that has spaces",
    ),
    (r"Got unexpected extra argument\(s\) \((.*)\)", "多余的参数：{}"),
    (r"Option (.+?) requires an argument\.", "选项 {} 后面要写值"),
    (r"Option (.+?) does not take a value\.", "选项 {} 后面不写值"),
    (r"Invalid value for (.+?): .*valid integer", "{} 的值不对，应为整数"),
    (r"Invalid value for (.+?): .*less than or equal to (\S+)", "{} 的值不对，最大为 {}"),
    (r"Invalid value for (.+?): .*greater than or equal to (\S+)", "{} 的值不对，最小为 {}"),
    (r"Invalid value for (.+?): ", "{} 的值不对"),
)
"""How the library's own sentences begin, and what each is in Chinese."""
_HELP_NAMES = ["-h", "--help"]
_HELP = "显示本说明 · Show this message and exit."
_HEADINGS = {"Arguments": "参数 · Arguments", "Options": "选项 · Options", "Commands": "命令 · Commands"}
"""The library's own headings in a help."""
_DRAWN = {
    **{f"{name.upper()}_PANEL_TITLE": heading for name, heading in _HEADINGS.items()},
    "DEFAULT_STRING": "[默认 · default: {}]",
    "REQUIRED_LONG_STRING": "[必填 · required]",
}
"""And the library's words where it draws one."""
_USAGE = "用法 · Usage: "
_EXTRAS = re.compile(r"\[[^\[\]]*\]$")
_EXTRA_WORDS = (
    (re.compile(r"\brequired\b"), "必填 · required"),
    (re.compile(r"\bdefault: "), "默认 · default: "),
)
"""What stands behind an option's line, where a help is not drawn; its words, and what they become."""


def _speak_both_languages(kind: Any) -> None:
    """Helps of this kind of command have the library's words in both languages. What draws them is loaded only where one is drawn."""
    formatted = kind.format_help

    def format_help(self: Any, ctx: Any, formatter: Any) -> None:
        if self.rich_markup_mode:
            from typer import rich_utils  # noqa: PLC0415

            for name, words in _DRAWN.items():
                setattr(rich_utils, name, words)
        section, write_dl = formatter.section, formatter.write_dl
        formatter.section = lambda name: section(_HEADINGS.get(name, name))
        formatter.write_dl = lambda rows: write_dl([(name, _with_extras(line)) for name, line in rows])
        self.get_help_option(ctx).help = _HELP
        formatted(self, ctx, formatter)

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), _USAGE)

    kind.format_help, kind.format_usage = format_help, format_usage


def _with_extras(line: str) -> str:
    """An option's line with the library's words behind it in both languages: ``[默认 · default: 8000; 0<=x<=65535]``."""
    extras = _EXTRAS.search(line)
    if extras is None:
        return line
    told = extras[0]
    for word, both in _EXTRA_WORDS:
        told = word.sub(both, told)
    return line[: extras.start()] + told


for _kind in (TyperCommand, TyperGroup):
    _speak_both_languages(_kind)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - it loads what speaks to networks

        typer.echo(f"certreg {version('certreg')}")
        raise typer.Exit


VERSION = typer.Option(
    "--version", callback=_tell_version, is_eager=True, help="本程序的版本 · the version of this program"
)
"""The option of each program that tells what is installed, whatever else is asked."""


def run_program(program: typer.Typer) -> NoReturn:
    """Run a command line of ours to its exit code; a usage error of any kind exits with 64."""
    try:
        code = program(standalone_mode=False, help_option_names=_HELP_NAMES)
    except typer.Abort:  # the end of input at a question
        code = EXIT_ABORTED
    except Exception as error:
        # The library's own usage errors carry a message and exit code 2, which here means INDETERMINATE.
        if not hasattr(error, "format_message"):
            raise
        typer.echo(_usage_sentence(error), err=True)
        code = EXIT_USAGE
    sys.exit(code)


def _usage_sentence(error: Any) -> str:
    """A usage error in both languages, and where usage is explained; a whole help stays as it is."""
    message = str(error.format_message())
    if not message or "\n" in message:
        return message
    found = ((re.match(pattern, message), chinese) for pattern, chinese in _WRONG_USAGE)
    told = next((chinese.format(*match.groups()) for match, chinese in found if match), "用法不对")
    path = error.ctx.command_path if getattr(error, "ctx", None) else ""
    return f"{told} · {message}" + (f"\n用法 · usage: {path} --help" if path else "")
