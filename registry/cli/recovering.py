"""``resume``, and what it cannot do: name the lists whose rest was never numbered."""

from registry.cli import issuing
from registry.cli.common import registry_app
from registry.cli.publishing import tell_open_batches
from registry.holdings import open_batches


def resume_command() -> None:
    """断电或崩溃后继续：完成已编号未签发的，签署日志 · After a crash: finish what was numbered, sign the log.

    名单中尚未编号的行不在其内，请重新提交名单 · Rows that had no number yet are not: submit the list again.
    """
    issuing.resume_command()
    with registry_app(reading=True) as app, app.database.read() as session:
        unfinished = open_batches(session)
    tell_open_batches(unfinished)
