"""Lists for the permission matrix: one of each authority, with somebody on it."""

from dataclasses import replace
from weakref import WeakKeyDictionary

from fastapi import FastAPI

from tests.console.objects import authority_for, makes
from tests.console.rig import Caller, Console
from tests.registry.sheets import annual
from tests.review.desk import CLERK, FRAME, csv_bytes, opened, upload

_DRAFTS: WeakKeyDictionary[FastAPI, dict[str, int]] = WeakKeyDictionary()


@makes("draft_id")
def _draft(console: Console, caller: Caller, own: bool) -> int:
    authority = authority_for(caller, own)
    held = _DRAFTS.setdefault(console.app, {})
    if authority not in held:
        clerk = replace(CLERK, account=900_001, authority=authority)
        held[authority] = opened(console.rig, replace(FRAME, authority=authority), clerk)
        upload(console.rig, held[authority], csv_bytes([annual(901), annual(902)]), actor=clerk)
    return held[authority]


@makes("part")
def _part(console: Console, caller: Caller, own: bool) -> int:
    return 1


@makes("place")
def _place(console: Console, caller: Caller, own: bool) -> int:
    return 0


@makes("kind")
def _kind(console: Console, caller: Caller, own: bool) -> str:
    return "annual" if own else "none"
