"""What all commands share that open a registry: opening it, asking before what cannot be undone, saying what went wrong."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

from keys.errors import KeysError
from keys.trustlist import TrustList
from registry.app import App, open_app
from registry.ceremony import PROPOSAL_FILE, write_proposal
from registry.cli.shell import EXIT_ERROR, EXIT_PROPOSED, SHELL
from registry.errors import RegistryError, RootAbsentError
from registry.holdings import BatchState
from registry.intake.findings import IntakeError, describe_at_terminal
from registry.messages import error_sentence, pick
from registry.outages import OUTAGES, is_full, outage_of
from registry.trust import current_trust_list
from registry.witness.errors import WitnessError
from verifier.drawing.errors import FaceError
from verifier.errors import FormError, VerifierError
from verifier.number import parse_typed_number
from verifier.program import EXIT_USAGE

MAX_TYPED = 80
"""Characters shown of what was typed for a number: two numbers in groups, whole."""

KIND_WORDS = {
    "annual": "annual",
    "年度": "annual",
    "年度证书": "annual",
    "completion": "completion",
    "结业": "completion",
    "结业证书": "completion",
}
"""Kinds of certificates by all words for them that a command takes."""

Yes = Annotated[bool, typer.Option("--yes", help="不再询问 · do not ask")]


@contextmanager
def registry_app(*, reading: bool = False) -> Iterator[App]:
    """The registry of this call; every error of ours ends the program with its sentence.

    ``reading``: the command changes nothing, the schema neither.
    """
    with errors_told():
        app = open_app(os.environ, home=SHELL.home, reading=reading)
        try:
            yield app
        except RootAbsentError as absent:
            propose(app, absent.draft)
        finally:
            app.database.close()


def propose(app: App, draft: TrustList) -> NoReturn:
    """The root is elsewhere: the change becomes a proposal, and the program ends with 3. Nothing is in force yet."""
    with app.database.read() as session:
        current = current_trust_list(session) if draft.version > 1 else None
    proposal = write_proposal(app.settings.home, current, draft)
    path = app.settings.home / PROPOSAL_FILE
    SHELL.say(
        f"尚未生效：根密钥不在本机。提案（第 {draft.version} 版，确认码 {proposal.code}）已写入 {path}，请交各签名人签名"
        "（certreg root sign）；此前为同一提案所作的签名作废。",
        f"Not in force yet: the root's keys are elsewhere. The proposal (version {draft.version}, code {proposal.code}) is in "
        f"{path}; have it signed (certreg root sign). Signatures made for an earlier form of it no longer count.",
    )
    SHELL.say_json({"proposal": str(path), "version": draft.version, "code": proposal.code})
    raise typer.Exit(EXIT_PROPOSED)


def confirmed(code: str) -> None:
    """The person types the code that was shown; else ``not_confirmed``."""
    if not SHELL.as_json:
        SHELL.out.print(
            pick((f"键入确认码 {code} 以继续：", f"Type the code {code} to go on: "), SHELL.lang), end=""
        )
    if sys.stdin.readline().strip() != code:
        raise RegistryError("not_confirmed")


OUR_ERRORS = (
    IntakeError,
    RegistryError,
    WitnessError,
    KeysError,
    VerifierError,
    FaceError,
    OSError,
    *OUTAGES,
)
"""What ``told`` has words for: our own errors, and those of disk and database."""


_OF_A_FILE = ("key_file_", "passphrase_file")
"""How the codes begin of what is wrong with a file, which the error names."""


def told(error: Exception) -> tuple[str, str]:
    """The code and the sentence of one of ``OUR_ERRORS``."""
    if isinstance(error, IntakeError):
        return error.code, "\n".join(
            line for one in error.findings for line in describe_at_terminal(one, SHELL.lang)
        )
    if isinstance(error, OSError):
        params = {"file": str(error.filename or ""), "problem": error.strerror or str(error)}
        code = "disk_full" if is_full(error) else "file_unusable"
        return code, error_sentence(code, params, SHELL.lang)
    if isinstance(error, OUTAGES):
        # The address may hold a password, and the driver's text may hold the address.
        code = outage_of(error)
        problem = type(getattr(error, "orig", error)).__name__
        return code, error_sentence(code, {"problem": problem}, SHELL.lang)
    code = str(getattr(error, "code", ""))
    detail = str(getattr(error, "detail", ""))
    params = {"number": "", "detail": detail, **getattr(error, "params", {})}
    which = f"{detail}: " if detail and code.startswith(_OF_A_FILE) else ""
    return code, which + error_sentence(code, params, SHELL.lang)


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn our errors, and those of disk and database, into a sentence and exit code 1."""
    try:
        yield
    except OUR_ERRORS as error:
        code, sentence = told(error)
        SHELL.complain(sentence, code)
        raise typer.Exit(EXIT_ERROR) from None


def wrong_usage(chinese: str, english: str) -> NoReturn:
    """Say what is wrong with the words of the command, and end with 64."""
    SHELL.complain(pick((chinese, english), SHELL.lang), "usage")
    raise typer.Exit(EXIT_USAGE)


def kind_of(text: str, option: str) -> str:
    """The kind of certificate that was typed, in Chinese or as programs call it; ends with 64 where there is none such."""
    if text not in KIND_WORDS:
        wrong_usage(
            f"{option} 应为 annual（年度）或 completion（结业），不是「{text}」。",
            f"{option} is annual or completion, not “{text}”.",
        )
    return KIND_WORDS[text]


def parse(number: str) -> str:
    """20 digits of what was typed; raises ``RegistryError``."""
    try:
        return parse_typed_number(number).digits
    except FormError as error:
        shown = number if len(number) <= MAX_TYPED else f"{number[:MAX_TYPED]}…"
        raise RegistryError(error.code, number=shown) from error


def is_number(text: str) -> bool:
    """Whether ``parse`` takes it."""
    try:
        parse_typed_number(text)
    except FormError:
        return False
    return True


def confirm(action: str, chinese: str, english: str) -> None:
    """Ask before what cannot be undone; without a terminal to ask at, refuse (``confirmation_needed``)."""
    if not sys.stdin.isatty():
        raise RegistryError("confirmation_needed", action=action)
    question = pick((f"{chinese}确定吗？", english), SHELL.lang)
    if not typer.confirm(question, err=True):
        SHELL.say("未执行。", "Nothing was done.")
        raise typer.Exit(EXIT_ERROR)


def tell_open_batches(unfinished: list[BatchState]) -> None:
    """Name each batch that did not come to its end: nothing is wrong, but the rest of its list has no numbers."""
    for one in unfinished:
        params = {"batch": one.id, "file": one.file_name, "issued": one.issued, "waiting": one.waiting}
        sentence = error_sentence("batch_open" if one.waiting else "batch_rest", params, SHELL.lang)
        SHELL.say_json(
            {"openBatch": one.id, "file": one.file_name, "issued": one.issued, "message": sentence}
        )
        if not SHELL.as_json:
            SHELL.err.print(sentence, markup=False, soft_wrap=True, style="yellow")
