"""How a command line of ours ends (SPEC 7.8): 0 every verdict PASSED, 1 any FAILED, 2 otherwise any INDETERMINATE, 64 for usage."""

import sys
from typing import NoReturn

import typer

EXIT_PASSED, EXIT_FAILED, EXIT_INDETERMINATE, EXIT_USAGE = 0, 1, 2, 64
EXIT_ABORTED = 130  # as a shell says of a program that was interrupted


def run_program(program: typer.Typer) -> NoReturn:
    """Run a command line of ours to its exit code; a usage error of any kind exits with 64."""
    try:
        code = program(standalone_mode=False)
    except typer.Abort:  # the end of input at a question
        code = EXIT_ABORTED
    except Exception as error:
        # The library's own usage errors carry a message and exit code 2, which here means INDETERMINATE.
        if not hasattr(error, "format_message"):
            raise
        typer.echo(error.format_message(), err=True)
        code = EXIT_USAGE
    sys.exit(code)
