"""Where each command of ``certreg`` lies. A module is loaded when its command is called, so that a short one starts at once."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "init": "offices:init",
        "issue": "issuing:issue",
        "template": "issuing:template",
        "resume": "recovering:resume_command",
        "index": "recovering:index_command",
        "list": "listing:list_command",
        "batches": "listing:batches_command",
        "show": "certificates:show",
        "render": "certificates:render",
        "revoke": "certificates:revoke",
        "suspend": "certificates:suspend",
        "reinstate": "certificates:reinstate",
        "release": "certificates:release_command",
        "correct": "certificates:correct_command",
        "serve": "serving:serve",
        "publish": "publishing:publish_command",
        "bundle": "publishing:bundle_command",
        "verify": "publishing:verify_command",
        "fsck": "publishing:fsck_command",
        "backup": "backing:backup_command",
        "restore": "backing:restore_command",
        "worker": "working:worker",
        "authority": "delegation:authority",
        "trust": "offices:trust",
        "root": "ceremony:root",
        "key": "keychanges:keys",
        "witness": "witnesses:witness",
        "log": "auditing:log",
        "trail": "trail:trail",
        "identity": "identity:identity",
        "agent": "agents:agent",
        "account": "accounts:account",
        "demo": "demoserving:demo_program",
    }
)
"""Module of this package and name in it: a function, or a ``typer.Typer`` with commands of its own."""


class CommandsByName(TyperGroup):
    """The program's commands; each is there by name until it is asked for."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command ``cmd_name``, or None where there is none of that name."""
        if cmd_name in self.commands and self.commands[cmd_name] is None:
            self.commands[cmd_name] = _load(cmd_name)
        return self.commands.get(cmd_name)


def _load(name: str) -> Any:
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(f"{__package__}.{module}"), attribute)
    if isinstance(found, typer.Typer):  # a group even where it has one command only
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)
