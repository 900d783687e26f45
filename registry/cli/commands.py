"""Where each command of ``certreg`` lies. A module is loaded when its command is called, so that a short one starts at once.

The list of all commands loads none of them.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Listed(NamedTuple):
    """A command: module of this package and name in it (a function, or a ``typer.Typer`` with commands of its own), and its line
    in the list, with which its own help begins."""

    place: str
    line: str


COMMANDS: Mapping[str, Listed] = MappingProxyType(
    {
        "init": Listed(
            "offices:init",
            "建立登记系统：数据库、密钥、第一版信任列表 · Make a registry: database, keys, first trust list.",
        ),
        "issue": Listed(
            "issuing:issue",
            "按名单发证：合格的编号、签名、入日志；不合格的逐项说明 · Issue what is fit, explain what is not.",
        ),
        "template": Listed(
            "issuing:template",
            "写一份空白名单：列名、格式、填写说明和示例 · Write an empty list with the right headings, its rules and an example.",
        ),
        "resume": Listed(
            "recovering:resume_command",
            "断电或崩溃后继续：完成已编号未签发的，签署日志 · After a crash: finish what was numbered, sign the log.",
        ),
        "index": Listed(
            "recovering:index_command",
            "整理证书检索索引和统计；fsck 提示不符时加 --rebuild · Bring search index and counts up to date; anew where fsck says so.",
        ),
        "list": Listed(
            "listing:list_command", "列出证书：编号、姓名、状态 · List certificates: number, name, state."
        ),
        "batches": Listed(
            "listing:batches_command",
            "列出批次：名单、时间、发出多少、是否完成 · List batches: file, time, how many, whether finished.",
        ),
        "show": Listed(
            "certificates:show",
            "显示一份证书：签名内容、状态、日志位置 · A certificate's signed fields, state, history and place in the log.",
        ),
        "render": Listed(
            "certificates:render",
            "出具证书文件（先经公开核验）：一份、多份、整批 · Draw the files of certificates, each verified first.",
        ),
        "revoke": Listed("certificates:revoke", "撤销证书，不可恢复 · Revoke for good: it cannot be undone."),
        "suspend": Listed("certificates:suspend", "暂停证书效力 · Suspend for a while."),
        "reinstate": Listed("certificates:reinstate", "恢复证书效力 · End a suspension."),
        "release": Listed(
            "certificates:release_command",
            "因故撤销后，准许此人再次发证 · After a revocation for cause, let the person be certified again.",
        ),
        "correct": Listed(
            "correcting:correct_command",
            "更正证书：发新编号，旧证注明被取代 · Correct: a new number, the old one superseded.",
        ),
        "serve": Listed(
            "serving:serve",
            "启动工作台与公开核验，直至 Ctrl-C · The console and the public verifier until Ctrl-C.",
        ),
        "publish": Listed(
            "publishing:publish_command",
            "把核验所需的一切写成静态文件（只写有变化的）· Write what verifiers need as static files, changes only.",
        ),
        "bundle": Listed(
            "publishing:bundle_command",
            "写出离线核验包：信任列表、模板、状态；说明大小与时效 · Write what an offline verifier needs; tell its size and age.",
        ),
        "verify": Listed(
            "publishing:verify_command",
            "公开核验：与 certverify 相同，并可按编号从本系统取证书 · As certverify; finds the record of a number here.",
        ),
        "fsck": Listed(
            "publishing:fsck_command",
            "核对全部数据：记录、编号、日志、检查点 · Check every record, number, leaf and checkpoint.",
        ),
        "backup": Listed(
            "backing:backup_command",
            "在使用中备份数据库及其外的记录；不含密钥、口令和公布内容 · Back up database and head, while in use; no keys, no publication.",
        ),
        "restore": Listed(
            "backing:restore_command",
            "把备份恢复到空数据库，与公布内容对照，最后核对全部数据 · Restore into an empty database, compare with the publication, then fsck.",
        ),
        "worker": Listed(
            "working:worker",
            "办理后台任务：签发、批量打印等，直至 Ctrl-C · Do the console's background work until Ctrl-C.",
        ),
        "authority": Listed(
            "delegation:authority", "发证机关：委托、暂停、恢复、撤销 · Authorities and their delegation."
        ),
        "trust": Listed("offices:trust", "信任列表 · The trust list."),
        "root": Listed("ceremony:root", "根密钥仪式：提案、签名、合并、导入 · The root ceremony."),
        "key": Listed(
            "keychanges:keys", "密钥更换、泄露与补救 · Keys: superseded, compromised, and what follows."
        ),
        "witness": Listed(
            "witnesses:witness",
            "见证人：登记与法定数；独立的见证程序 · Witnesses: list and quorum; the witness itself as a program.",
        ),
        "log": Listed("auditing:log", "透明日志 · The transparency log."),
        "trail": Listed("trail:trail", "审计记录 · The audit trail."),
        "identity": Listed("identity:identity", "证件号码密钥 · Keys of identity numbers."),
        "agent": Listed(
            "agents:agent", "签名代理：私钥在独立进程中 · The signing agent: keys in a process of their own."
        ),
        "account": Listed(
            "accounts:account",
            "工作台账号：第一位管理员、重置 · Accounts of the console: the first administrator, resets",
        ),
        "demo": Listed(
            "demoserving:demo_program",
            "演示全过程：委托、导入、签发、公布、出证、核验 · The whole path, from a spreadsheet to a verdict.",
        ),
    }
)


class CommandsByName(TyperGroup):
    """The program's commands; each is there by name until it is asked for."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)
        self._listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command ``cmd_name``, or None where there is none of that name."""
        if self._listing:
            return TyperCommand(cmd_name, help=COMMANDS[cmd_name].line)
        if cmd_name in self.commands and self.commands[cmd_name] is None:
            self.commands[cmd_name] = _load(cmd_name)
        return self.commands.get(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The program's help, with all commands by their lines."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


def _load(name: str) -> Any:
    module, _, attribute = COMMANDS[name].place.partition(":")
    found = getattr(import_module(f"{__package__}.{module}"), attribute)
    if isinstance(found, typer.Typer):  # a group even where it has one command only
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)
