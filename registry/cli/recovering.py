"""``resume``, and what it cannot do: name the lists whose rest was never numbered. ``index``: what can be made anew."""

from typing import Annotated

import typer

from registry.cases.index import follow_to_the_end
from registry.cases.index import rebuild as forget_index
from registry.cases.partitions import prepare_years, years_ahead
from registry.cli import issuing
from registry.cli.common import registry_app, tell_open_batches
from registry.cli.shell import SHELL
from registry.holdings import open_batches
from registry.province import counts, totals


def resume_command() -> None:
    """断电或崩溃后继续：完成已编号未签发的，签署日志 · After a crash: finish what was numbered, sign the log.

    名单中尚未编号的行不在其内，请重新提交名单 · Rows that had no number yet are not: submit the list again.
    """
    issuing.resume_command()
    with registry_app(reading=True) as app, app.database.read() as session:
        unfinished = open_batches(session)
    tell_open_batches(unfinished)


def index_command(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="先清空，再重建 · forget it first")] = False,
) -> None:
    """整理证书检索索引和统计；fsck 提示不符时加 --rebuild · Bring search index and counts up to date; anew where fsck says so."""
    with registry_app() as app:
        with app.database.write() as session:
            prepare_years(session, years_ahead(app.clock()))
        if rebuild:
            with app.database.write() as session:
                forget_index(session)
                counts.rebuild(session)
                totals.recount(session)
        entries = follow_to_the_end(app)
        counts.follow_to_the_end(app)
    SHELL.say(f"检索索引已整理：{entries} 条日志记录。", f"The search index took in {entries} log entries.")
    SHELL.say_json({"entries": entries})
