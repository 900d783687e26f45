"""The differences of two trust lists in plain words, zh-CN and English: what a signer of the root reads before he signs.

Made from ``keys.trustdiff`` alone. What has no words of its own is shown as its path with both values, so that nothing is
left out. ``!`` stands before what takes away, rewrites a history, or touches the root.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from keys.canonical import JsonObject
from keys.ceremony import fingerprint_of
from keys.encodings import timestamp_decode
from keys.publickey import PublicKey
from keys.trustdiff import ADDED, CHANGED, REMOVED, Change
from registry.applications import KIND_NAMES
from registry.messages import pick
from verifier.messages import DEFAULT_LANGUAGE
from verifier.textreport import time_text, visible

_STATES = {
    "granted": ("授权发证", "may issue"),
    "suspended": ("暂停", "is suspended"),
    "withdrawn": ("撤销", "is withdrawn"),
}
_KINDS = {"annual": ("年度证书", "annual"), "completion": ("结业证书", "completion")}
_VERBS = {ADDED: ("新增", "adds"), REMOVED: ("删除", "removes"), CHANGED: ("修改", "changes")}


def describe(changes: Sequence[Change], old: JsonObject, new: JsonObject, lang: str) -> list[str]:
    """One paragraph a change, in the order of the document; ``old`` may be empty, for a first list."""
    return [_line(change, {**old, **new}, old, lang) for change in changes]


def _line(change: Change, document: JsonObject, old: JsonObject, lang: str) -> str:
    words = _words(change, document, old) or _plain(change)
    return visible(("! " if is_grave(change) else "  ") + pick(words, lang))


def nothing_yet(new: JsonObject) -> JsonObject:
    """What a first list is compared with: an empty list of the same registry."""
    return {
        "specVersion": new["specVersion"],
        "root": {"keys": []},
        "authorities": [],
        "log": {},
        "witnesses": {"vkeys": [], "quorum": 0},
        "statusKeys": [],
        "reportKeys": [],
        "ruleSets": [],
        "templates": [],
    }


def kind_words(digit: int) -> tuple[str, str]:
    """A kind of certificate, by the digit that it has in numbers and scopes."""
    return _KINDS.get(KIND_NAMES.get(digit, ""), (str(digit), str(digit)))


def is_grave(change: Change) -> bool:
    """Whether a change takes away, rewrites what stood, or decides who signs the next list."""
    path = change.path
    if change.kind not in (ADDED, CHANGED) or path[0] in ("registry", "root", "log", "templates", "critical"):
        return True
    if path[0] in ("version", "validFrom", "validUntil"):
        return False
    return change.kind == CHANGED and path[-1] not in ("en", "quorum")


def _words(  # noqa: PLR0911, PLR0912 - a line for every kind of change
    change: Change, document: JsonObject, old: JsonObject
) -> tuple[str, str] | None:
    path, value = change.path, change.after if change.kind != REMOVED else change.before
    match path:
        case ("version",):
            return (
                f"信任列表版本：{change.before or '（首版）'} → {value}",
                f"version: {change.before or '(first)'} → {value}",
            )
        case ("validFrom",) | ("validUntil",):
            names = ("生效", "valid from") if path[0] == "validFrom" else ("有效期至", "valid until")
            return f"{names[0]}：{_time(value)[0]}", f"{names[1]} {_time(value)[1]}"
        case ("authorities", _):
            return _authority(change, value)
        case ("authorities", code, *rest):
            return _of_authority(change, _named(document, old, code), rest, value)
        case ("registry",):
            return _from_to(change, ("登记系统域名", "the registry's host"))
        case ("root", "threshold"):
            return _from_to(change, ("根签名门限", "root threshold"))
        case ("root", "keys", name):
            return _prefixed(change, ("根密钥", "root key"), f"{_fragment(name)}{_fingerprint(value)}")
        case ("witnesses", "vkeys", vkey):
            return _prefixed(change, ("见证人", "witness"), vkey)
        case ("witnesses", "quorum"):
            return _from_to(change, ("见证人法定数", "witness quorum"))
        case ("statusKeys", name, *rest):
            return _key(change, ("状态密钥", "status key"), name, rest, value)
        case ("reportKeys",):  # a list that had none before has it as a whole
            words = [
                _key(change, ("报告密钥", "report key"), one["id"], [], one) or ("", "") for one in value
            ]
            return "；".join(one[0] for one in words), "; ".join(one[1] for one in words)
        case ("reportKeys", name, *rest):
            return _key(change, ("报告密钥", "report key"), name, rest, value)
        case ("log", "vkey"):
            return _from_to(change, ("日志密钥", "log key"))
        case ("log", "origin"):
            return _from_to(change, ("日志名称", "the log's name"))
        case ("log", "former", vkey):
            return _prefixed(change, ("仍承认的旧日志密钥", "former log key that still counts"), vkey)
        case ("ruleSets", name) if change.kind != CHANGED:
            return _prefixed(change, ("学时规则", "rule set"), name)
        case ("templates", name) if change.kind != CHANGED:
            return _prefixed(change, ("证书模板", "certificate template"), name)
    return None


def _named(document: JsonObject, old: JsonObject, code: str) -> str:
    found = [
        one["names"]["zh"]
        for source in (document, old)
        for one in source.get("authorities", ())
        if one["code"] == code
    ]
    return f"{code} {found[0] if found else ''}".strip()


def _authority(change: Change, value: Mapping[str, Any]) -> tuple[str, str]:
    names = "、".join(value["names"].values())
    scope, states = _scope(value["scope"]), [_state(one) for one in value["states"]]
    keys = [_key_words(one) for one in value["keys"]]
    verb = _VERBS[change.kind]
    return (
        f"{verb[0]}发证机关 {value['code']} {names}（{value['kind']}，统一社会信用代码 {value['uscc']}）：{scope[0]}；"
        + "；".join([one[0] for one in (*states, *keys)]),
        f"{verb[1]} authority {value['code']} {names} ({value['kind']}, credit code {value['uscc']}): {scope[1]}; "
        + "; ".join([one[1] for one in (*states, *keys)]),
    )


def _of_authority(change: Change, who: str, rest: Sequence[str], value: Any) -> tuple[str, str] | None:
    chinese, english = f"机关 {who}：", f"authority {who}: "
    match rest:
        case ["states", _] if change.kind == ADDED:
            words = _state(value)
        case ["keys", name, *inner]:
            found = _key(change, ("密钥", "key"), name, inner, value)
            if found is None:
                return None
            words = found
        case ["scope", name, item] if change.kind in (ADDED, REMOVED):
            label = {
                "years": ("年度", "year"),
                "kinds": ("证书种类", "kind"),
                "divisions": ("辖区", "division"),
            }
            shown = kind_words(int(item)) if name == "kinds" else (item, item)
            verb, called = _VERBS[change.kind], label.get(name, ("行业", "industry"))
            words = f"{verb[0]}{called[0]} {shown[0]}", f"{verb[1]} {called[1]} {shown[1]}"
        case _:
            return None
    return chinese + words[0], english + words[1]


def _key(
    change: Change, label: tuple[str, str], name: str, inner: Sequence[str], value: Any
) -> tuple[str, str] | None:
    if not inner:
        verb, words = _VERBS[change.kind], _key_words(value)
        return f"{verb[0]}{label[0]}：{words[0]}", f"{verb[1]} {label[1]}: {words[1]}"
    if inner == ["revoked"] and change.kind == ADDED:
        words = _revocation(value)
        return f"{label[0]} {_fragment(name)} {words[0]}", f"{label[1]} {_fragment(name)} {words[1]}"
    return None


def _key_words(key: Mapping[str, Any]) -> tuple[str, str]:
    begin, end = _time(key["notBefore"]), _time(key["notAfter"])
    name = f"{_fragment(key['id'])}{_fingerprint(key)}"
    revoked = _revocation(key["revoked"]) if "revoked" in key else ("", "")
    return (
        f"密钥 {name}，自 {begin[0]} 至 {end[0]}{'，' if revoked[0] else ''}{revoked[0]}",
        f"key {name}, from {begin[1]} to {end[1]}{', ' if revoked[1] else ''}{revoked[1]}",
    )


def _revocation(value: Mapping[str, Any]) -> tuple[str, str]:
    at = _time(value["at"])
    since = _time(value["compromisedFrom"]) if "compromisedFrom" in value else None
    return (
        f"自 {at[0]} 起作废（{value['reason']}）" + (f"，自 {since[0]} 起视为泄露" if since else ""),
        f"ends at {at[1]} ({value['reason']})" + (f", compromised from {since[1]} on" if since else ""),
    )


def _state(value: Mapping[str, Any]) -> tuple[str, str]:
    word, since = _STATES[value["state"]], _time(value["from"])
    return f"自 {since[0]} 起{word[0]}（{value['reason']}）", f"{word[1]} from {since[1]} ({value['reason']})"


def _scope(scope: Mapping[str, Any]) -> tuple[str, str]:
    name = "industries" if "industries" in scope else "divisions"
    label = ("行业", "industries") if name == "industries" else ("辖区", "divisions")
    kinds = [kind_words(one) for one in scope["kinds"]]
    years = " ".join(map(str, scope["years"]))
    return (
        f"{label[0]} {' '.join(scope[name])}；{'、'.join(one[0] for one in kinds)}；年度 {years}",
        f"{label[1]} {' '.join(scope[name])}; {', '.join(one[1] for one in kinds)}; years {years}",
    )


def _prefixed(change: Change, label: tuple[str, str], text: str) -> tuple[str, str]:
    verb = _VERBS[change.kind]
    return f"{verb[0]}{label[0]} {text}", f"{verb[1]} {label[1]} {text}"


def _from_to(change: Change, label: tuple[str, str]) -> tuple[str, str]:
    """A value that stands where another stood, or none."""
    values = (change.before, change.after)
    chinese, english = (
        tuple(none if one is None else one for one in values) for none in ("（无）", "(none)")
    )
    return f"{label[0]}：{chinese[0]} → {chinese[1]}", f"{label[1]}: {english[0]} → {english[1]}"


def _plain(change: Change) -> tuple[str, str]:
    before, after = (json.dumps(one, ensure_ascii=False) for one in (change.before, change.after))
    path = ".".join(change.path)
    return f"{path}：{before} → {after}", f"{path}: {before} → {after}"


def _fragment(identifier: str) -> str:
    return "#" + identifier.partition("#")[2]


def _fingerprint(key: Mapping[str, Any]) -> str:
    return f" [{fingerprint_of(PublicKey.from_multikey(key['publicKeyMultibase']))}]"


def _time(text: str) -> tuple[str, str]:
    moment = timestamp_decode(text)
    return time_text(moment, DEFAULT_LANGUAGE), time_text(moment, "en")
