"""``identity``: the keys under which identity numbers lie."""

import os
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import select

from keys.encodings import timestamp_encode
from registry.cli.common import registry_app
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.identitykeys.master import Masters
from registry.identitykeys.models import BASE, IdentityKey
from registry.identitykeys.rotation import change_master, forget, keys_in_use, rotate
from registry.troubles import sentence_of_trouble

identity = typer.Typer(no_args_is_help=True, help="证件号码密钥 · Keys of identity numbers.")
MAX_TOLD = 50
"""Rows that do not open and are told one by one."""


@identity.command("keys")
def keys_command() -> None:
    """列出密钥、主密钥的来源及各密钥下的行数 · List the keys, where their master is, and how many rows lie under each."""
    with registry_app(reading=True) as app:
        in_use = keys_in_use(app)
        with app.database.read() as session:
            rows = list(session.scalars(select(IdentityKey).order_by(IdentityKey.id)))
        masters = Masters(app.keyring, os.environ)
        sources = {row.master: masters.source(row.master) for row in rows}
    table = Table("密钥 · key", "主密钥 · master", "来源 · source", "制作 · made", "行数 · rows")
    for row in rows:
        name, count = ("base", "–") if row.id == BASE else (str(row.id), f"{in_use.get(row.id, 0):,}")
        table.add_row(name, str(row.master), sources[row.master], timestamp_encode(row.made_at), count)
        SHELL.say_json(
            {
                "key": row.id,
                "master": row.master,
                "source": sources[row.master],
                "madeAt": timestamp_encode(row.made_at),
                "rows": None if row.id == BASE else in_use.get(row.id, 0),
            }
        )
    if not SHELL.as_json:
        SHELL.out.print(table)
    if in_use.get(0):
        SHELL.say(
            f"另有 {in_use[0]} 行仍用旧式密钥；请运行 certreg identity rotate。",
            f"{in_use[0]} rows lie under the key of homes from before; run certreg identity rotate.",
        )


@identity.command("rotate")
def rotate_command(
    new: Annotated[
        bool,
        typer.Option("--new", help="即使上次未完成也换新密钥 · a new key even if some rows cannot be opened"),
    ] = False,
) -> None:
    """换新数据密钥并重新加密全部证件号码；中断后再次运行即继续 · A new data key, and every number under it; resumable."""
    with registry_app() as app:
        done = rotate(app, Masters(app.keyring, os.environ), anew=new)
    for trouble in done.troubles[:MAX_TOLD]:
        sentence = sentence_of_trouble(trouble.code, SHELL.lang)
        SHELL.complain(f"{trouble.code} {trouble.subject}: {sentence}", trouble.code)
    count, left = sum(done.changed.values()), sum(done.left.values())
    SHELL.say(
        f"{'已制作' if done.made else '继续使用'}数据密钥 {done.key}：重新加密 {count:,} 行，{left:,} 行尚在旧密钥下。",
        f"Data key {done.key} {'was made' if done.made else 'is in use'}: {count:,} rows sealed anew, {left:,} under older keys.",
    )
    if left:
        SHELL.say(
            "未完成的编号区间请先 certreg resume，再运行一次。",
            "Finish open ranges with certreg resume, then run this again.",
        )
    SHELL.say_json({"key": done.key, "made": done.made, "changed": done.changed, "left": done.left})
    if left or done.troubles:
        raise typer.Exit(EXIT_ERROR)


@identity.command("rewrap")
def rewrap_command() -> None:
    """换主密钥（环境变量、密码机或文件，按编号查找）；不改动任何证件号码 · Wrap the keys under the next master key."""
    with registry_app() as app:
        masters = Masters(app.keyring, os.environ)
        count = change_master(app, masters)
        source = masters.source(count)
    SHELL.say(
        f"现用第 {count} 把主密钥（来源：{source}）。旧主密钥仍能打开旧备份，请与旧备份一同保存或销毁。",
        f"Master key {count} (from: {source}) is in use. The old one still opens older backups: keep or destroy it with them.",
    )
    if source == "environment":
        SHELL.say(
            f"它只在环境变量 {Masters.variable(count)} 中：请另存两处，并写入所有程序的环境。丢失后，证件号码再也无法读取。",
            f"It is in the variable {Masters.variable(count)} alone: keep it in two places, and give it to every program. "
            "Once it is lost, no identity number can be read again.",
        )
    SHELL.say_json({"master": count, "source": source})


@identity.command("forget")
def forget_command(
    key: Annotated[int, typer.Argument(metavar="KEY", help="数据密钥编号 · the data key's number")],
) -> None:
    """销毁已无任何内容使用的旧数据密钥 · Destroy a data key that nothing lies under any more."""
    with registry_app() as app:
        forget(app, key)
    SHELL.say(f"数据密钥 {key} 已销毁。", f"Data key {key} is destroyed.")
    SHELL.say_json({"forgotten": key})
