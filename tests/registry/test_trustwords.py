"""What a signer reads: every difference has a line, in both languages, and what is grave is marked."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from keys.canonical import JsonObject
from keys.trustbuild import document_of
from keys.trustdiff import changes_between
from registry.messages import LANGUAGES
from registry.trustwords import describe, nothing_yet
from tests.builders import HOST, MUNICIPAL, root_key_id, signer, trust_draft, vkey

OLD = document_of(trust_draft())
NEW_KEY = {
    "id": f"did:web:{HOST}:a:{MUNICIPAL}#2027-1",
    "publicKeyMultibase": signer("next").public_key.multikey,
    "notBefore": "2026-11-01T00:00:00Z",
    "notAfter": "2028-12-31T15:59:59Z",
    "issuerName": "郑州",
}
REVOKED = {"at": "2026-07-01T00:00:00Z", "reason": "stolen", "compromisedFrom": "2026-06-01T00:00:00Z"}
WITHDRAWN = {"state": "withdrawn", "from": "2026-07-01T00:00:00Z", "reason": "reform"}
Edit = Callable[[JsonObject], object]


def city(document: JsonObject) -> Any:
    return document["authorities"][0]


def lines(edit: Edit, lang: str) -> list[str]:
    new = copy.deepcopy(OLD)
    edit(new)
    return describe(changes_between(OLD, new), OLD, new, lang)


CASES: list[tuple[Edit, str, str]] = [
    (
        lambda one: city(one)["states"].append(WITHDRAWN),
        "  authority 410100 郑州市人力资源和社会保障局: is withdrawn from 2026-07-01 08:00:00 (UTC+8) (reform)",
        "自 2026-07-01 08:00:00（北京时间） 起撤销（reform）",
    ),
    (lambda one: city(one)["keys"].append(NEW_KEY), "adds key: key #2027-1 [", "新增密钥：密钥 #2027-1 ["),
    (
        lambda one: city(one)["keys"].append(NEW_KEY),
        "from 2026-11-01 08:00:00 (UTC+8) to 2028-12-31 23:59:59 (UTC+8)",
        "自 2026-11-01 08:00:00（北京时间） 至 2028-12-31 23:59:59",
    ),
    (
        lambda one: city(one)["keys"][1].update(revoked=REVOKED),
        "key #2026-1 ends at 2026-07-01 08:00:00 (UTC+8) (stolen), compromised from 2026-06-01 08:00:00 (UTC+8) on",
        "自 2026-06-01 08:00:00（北京时间） 起视为泄露",
    ),
    (lambda one: city(one)["scope"]["years"].append(2027), "adds year 2027", "新增年度 2027"),
    (
        lambda one: city(one)["scope"]["kinds"].remove(2),
        "! authority 410100 郑州市人力资源和社会保障局: removes kind completion",
        "删除证书种类 结业证书",
    ),
    (lambda one: city(one)["scope"]["divisions"].append("410300"), "adds division 410300", "新增辖区 410300"),
    (
        lambda one: one["authorities"][1]["scope"]["industries"].append("law"),
        "adds industry law",
        "新增行业 law",
    ),
    (
        lambda one: city(one)["states"].pop(1),
        "! authorities.410100.states.1",
        "! authorities.410100.states.1",
    ),
    (
        lambda one: city(one)["keys"][1].update(notAfter="2030-01-01T00:00:00Z"),
        "! authorities.410100.keys.",
        '→ "2030-01-01T00:00:00Z"',
    ),
    (
        lambda one: city(one)["keys"].pop(),
        "! authority 410100 郑州市人力资源和社会保障局: removes key",
        "! 机关 410100 郑州市人力资源和社会保障局：删除密钥",
    ),
    (
        lambda one: city(one)["names"].update(zh="郑州"),
        "! authorities.410100.names.zh",
        '郑州市人力资源和社会保障局" → "郑州"',
    ),
    (lambda one: one["authorities"].pop(), "! removes authority 418001", "! 删除发证机关 418001"),
    (lambda one: one["root"].update(threshold=1), "! root threshold: 2 → 1", "! 根签名门限：2 → 1"),
    (
        lambda one: one["root"]["keys"].append(
            {"id": root_key_id("root-9"), "publicKeyMultibase": signer("root-9").public_key.multikey}
        ),
        "! adds root key #root-9 [",
        "! 新增根密钥 #root-9 [",
    ),
    (lambda one: one["root"]["keys"].pop(), "! removes root key #root-3 [", "! 删除根密钥 #root-3 ["),
    (lambda one: one["root"]["keys"].reverse(), "! root.keys", "! root.keys"),
    (lambda one: one["witnesses"]["vkeys"].append(vkey("w3", 4)), "  adds witness w3+", "  新增见证人 w3+"),
    (lambda one: one["witnesses"].update(quorum=2), "  witness quorum: 1 → 2", "  见证人法定数：1 → 2"),
    (
        lambda one: one["statusKeys"][0].update(revoked=REVOKED),
        "status key #2026-1 ends at",
        "状态密钥 #2026-1 自",
    ),
    (
        lambda one: one["statusKeys"].append({**NEW_KEY, "id": f"did:web:{HOST}#status-2"}),
        "adds status key: key #status-2",
        "新增状态密钥：密钥 #status-2",
    ),
    (
        lambda one: one.update(reportKeys=[{**NEW_KEY, "id": f"did:web:{HOST}#report-1"}]),
        "  adds report key: key #report-1 [",
        "  新增报告密钥：密钥 #report-1 [",
    ),
    (lambda one: one["log"].update(vkey="x"), "! log key: ", "! 日志密钥："),
    (lambda one: one["log"].update(former=["x"]), "! log.former", "! log.former"),
    (lambda one: one["ruleSets"].pop(), "! removes rule set henan-2012", "! 删除学时规则 henan-2012"),
    (
        lambda one: one["templates"].pop(),
        "! removes certificate template completion/v1",
        "! 删除证书模板 completion/v1",
    ),
    (
        lambda one: one["templates"][0].update(record="00"),
        "! templates.annual/v1.record",
        "! templates.annual/v1.record",
    ),
    (
        lambda one: one["ruleSets"][0]["grades"]["senior"].update(total=1),
        "! ruleSets.henan-2012.grades.senior.total: 86 → 1",
        "86 → 1",
    ),
    (lambda one: one.update(version=2), "  version: 1 → 2", "  信任列表版本：1 → 2"),
    (
        lambda one: one.update(validUntil="2027-06-01T00:00:00Z"),
        "  valid until 2027-06-01 08:00:00 (UTC+8)",
        "  有效期至：2027-06-01 08:00:00（北京时间）",
    ),
    (lambda one: one.update(usage="later"), 'usage: null → "later"', 'usage：null → "later"'),
    (lambda one: one.update(registry="other.example"), "! the registry's host: ", "! 登记系统域名："),
]


@pytest.mark.parametrize(("edit", "english", "chinese"), CASES)
def test_a_change_in_words(edit: Edit, english: str, chinese: str) -> None:
    for wanted, lang in ((english, "en"), (chinese, "zh-CN")):
        said = lines(edit, lang)
        assert any(wanted in line for line in said), said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_first_list_is_told_whole(lang: str) -> None:
    said = "\n".join(describe(changes_between(nothing_yet(OLD), OLD), nothing_yet(OLD), OLD, lang))
    for text in ("410100", "418001", "root-1", "root-2", "root-3", "witness-1.example", "henan-2012", HOST):
        assert text in said
    assert ("新增发证机关 410100" in said) is (lang == "zh-CN")
    assert ("adds authority 410100" in said) is (lang == "en")
    assert not {"None", "null"} & set(re.split(r"[^A-Za-z]+", said))


def test_a_name_cannot_write_to_the_terminal() -> None:
    """A proposal is a stranger's: what moves a cursor could hide a line that matters."""
    (line, *_) = lines(lambda one: city(one)["names"].update(en="x\x1b[2K\u202e"), "en")
    assert line.isprintable()
