"""The words of the browser's page, written from the same sentences as the command line's (SPEC 7.7).

``python -c 'from verifier.webwords import main; main()'`` writes ``web/words/LANGUAGE.json``, and what only the panel's desk
says, ``web/desk/words/LANGUAGE.json``; a test tells whether they are what would be written.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from verifier import messages, textreport
from verifier.messages import LANGUAGES, pick
from verifier.sentences import SENTENCES, UNDECIDED, Sentence

FOLDER = Path(__file__).parent / "web" / "words"
DESK_FOLDER = FOLDER.parent / "desk" / "words"
_PAGE: dict[str, Sentence] = {
    "title": Sentence("继续教育证书核验", "Certificate verification"),
    "checking": Sentence("正在核验……", "Checking…"),
    "language": Sentence("English", "中文"),
    "form": Sentence("核验证书", "Check a certificate"),
    "typed": Sentence("证书编号，或二维码内容", "Certificate number, or the QR code's text"),
    "files": Sentence("或选择证书文件（.json、.tlog-proof）", "Or choose its files (.json, .tlog-proof)"),
    "check": Sentence("核验", "Check"),
    "welcome": Sentence(
        "请用手机扫描证书上的二维码，或在下面输入证书编号、选择证书文件。证书内容只在本机读取，不会上传。",
        "Scan the certificate's QR code, or give its number or files below. They are read on this device and not sent anywhere.",
    ),
    "fault": Sentence(
        "核验程序出现故障，没有结论。这并不说明证书有问题，请稍后再试。",
        "The checking program failed and reached no conclusion. This says nothing against the certificate; try again later.",
    ),
    "unpinned": Sentence(
        "请向登记系统核对以上根密钥指纹。", "Compare the root fingerprint above with the registry's."
    ),
    "since": Sentence("起始时间", "Since"),
    "asOf": Sentence("截至 {}", "as of {}"),
    "trustList": Sentence("第 {} 版，有效期至 {}", "version {}, in force until {}"),
    "newest": Sentence("截至 {}为最新版", "the newest as of {}"),
    "logged": Sentence(
        "第 {} 条（日志共 {} 条），登记于 {}，见证人 {} 个", "entry {} of {}, logged {}, witnesses: {}"
    ),
    "noWords": Sentence("此项说明需联网后显示：", "Connect to read this explanation:"),
    "more": Sentence("PDF、照片、摄像头、扫码枪……", "PDF, photograph, camera, scanner gun…"),
    "known": Sentence("依据 {}前的状态，截至 {}", "By the status of {} ago, as of {}"),
    "expired": Sentence("状态列表有效期至 {}，已过 {}", "Status list in force until {}, {} ago"),
    "minutes": Sentence("{} 分钟", "{} min"),
    "hours": Sentence("{} 小时", "{} h"),
    "days": Sentence("{} 天", "{} days"),
    "offline": Sentence(
        "未联网：依据本机此前保存的公布内容核验。恢复联网后会自动重新核验。",
        "No network: checked against what this device kept. It is checked again as soon as there is a network.",
    ),
    "byServer": Sentence(
        "此浏览器不能自行核验：证书内容已发送到本站服务器，以上是服务器的结论。",
        "This browser cannot check by itself: the certificate was sent to this site's server, and this is the server's conclusion.",
    ),
    "tooOld": Sentence(
        "此浏览器不能自行核验，本站也没有代为核验，没有结论。请换用新版浏览器。这并不说明证书有问题。",
        "This browser cannot check by itself, and this site's server did not: no conclusion. Use a newer browser. "
        "This says nothing against the certificate.",
    ),
    "lookAlike": Sentence(
        "谨防仿冒网页：二维码中的网址不是官方网址。",
        "Beware of a look-alike: the code's address is not the official one.",
    ),
    "codeHost": Sentence("二维码网址", "Code's address"),
    "official": Sentence("官方网址", "Official address"),
    "short": Sentence("缺：合计 {}、专业 {}、公需 {}", "short of: total {}, professional {}, public {}"),
}


_DESK: dict[str, Sentence] = {
    "title": Sentence("批量核验继续教育证书", "Check many certificates"),
    "code": Sentence("扫码枪、二维码内容或证书编号", "Scanner gun, QR code's text, or number"),
    "codeHint": Sentence(
        "光标在此时直接扫描即可；也可粘贴或键入后按回车。在本机核验，不会上传。",
        "With the cursor here, just scan; or paste or type, then Enter. Checked on this device, not sent anywhere.",
    ),
    "name": Sentence("姓名（仅按编号核验时填写）", "Name (only to check by number)"),
    "nameHint": Sentence(
        "编号与姓名将发送到本站查找，不会记录。", "Number and name are sent to this site to look them up; they are not recorded."
    ),
    "choose": Sentence("选择文件，或拖到此页、粘贴图片", "Choose files, drop them on this page, or paste a picture"),
    "chooseHint": Sentence(
        "JSON 在本机核验。PDF、压缩包和本机认不出的图片将上传到本站读取，不会保存。",
        "JSON is checked on this device. PDF, ZIP, and pictures that it cannot read are sent to this site, which keeps nothing.",
    ),
    "sentHint": Sentence(
        "此浏览器不能自行核验，所填内容将发送到本站服务器核验，不会保存。",
        "This browser cannot check by itself: what you give is sent to this site's server, which keeps nothing.",
    ),
    "camera": Sentence("摄像头", "Camera"),
    "openCamera": Sentence("用摄像头扫描", "Scan with the camera"),
    "closeCamera": Sentence("关闭摄像头", "Close the camera"),
    "cameraHint": Sentence(
        "将二维码对准摄像头。浏览器不能识别二维码时，画面将发送到本站服务器识别，不会保存。",
        "Hold the code before the camera. Where this browser reads no codes, pictures are sent to this site's server, which keeps nothing.",
    ),
    "watching": Sentence("摄像头已打开，请将二维码对准画面。", "The camera is on: hold a code before it."),
    "noCamera": Sentence(
        "摄像头无法打开：没有摄像头、被其他程序占用，或未获允许。",
        "The camera cannot be opened: there is none, another program has it, or it was not allowed.",
    ),
    "results": Sentence("本次结果", "Results"),
    "empty": Sentence("尚无结果。", "Nothing checked yet."),
    "nothing": Sentence("请先扫描、键入或粘贴。", "Scan, type or paste something first."),
    "reading": Sentence("正在核验 {} 个文件……", "Checking {} files…"),
    "files": Sentence("{} 个文件", "{} files"),
    "scanned": Sentence("二维码", "QR code"),
    "here": Sentence("在本机核验", "checked on this device"),
    "there": Sentence("由本站服务器核验", "checked by this site's server"),
    "details": Sentence("详细内容", "Details"),
    "noServer": Sentence(
        "本站未能读取此文件，没有结论。请改用 JSON 文件，或扫描二维码。这并不说明证书有问题。",
        "This site could not read the file and reached no conclusion. Use the JSON file or scan the QR code. "
        "This says nothing against the certificate.",
    ),
}  # fmt: skip


_NOT_OF_A_PAGE = ("container_", "image_", "file_", "folder_", "memory_", "box_", "target_", "source_bundle_")
"""Beginnings of codes about files, folders and bundles: the page reads records and codes, and a phone pays for every word."""


_EVERY_SCAN = """
valid within_bounds record qr strict trust_list_in_force authorised proof_valid well_formed logged in_force
registry_host hours_met hours_short no_rule not_authentic no_record no_number no_qr no_trust_list
log_proof_absent log_proof_missing record_missing qr_text number_form number_check proof_invalid foreign_host
revoked suspended superseded status_missing status_stale trust_list_stale trust_list_count trust_list_too_old
template_unknown source_unreachable
"""
_COMMON = frozenset(_EVERY_SCAN.split())
"""Codes whose sentences every scan loads, what is told without a network among them; the others come where they are needed: a
phone pays for every word."""


def _codes(lang: str, *, common: bool) -> dict[str, str]:
    told = {code: one for code, one in SENTENCES.items() if not code.startswith(_NOT_OF_A_PAGE)}
    return {code: pick(one, lang) for code, one in told.items() if (code in _COMMON) is common}


def rare_words(lang: str) -> dict[str, Any]:
    """Sentences for what hardly ever happens."""
    return {
        "codes": _codes(lang, common=False),
        "undecided": {code: pick(one, lang) for code, one in UNDECIDED.items()},
    }


def words(lang: str) -> dict[str, Any]:
    """What every page says in ``lang``, by table and code."""
    tables: Mapping[str, Mapping[Any, Sentence]] = {
        "verdicts": messages.VERDICTS,
        "ended": {**messages.NOT_IN_FORCE, "mistyped": messages.MISTYPED},
        "outcomes": messages.OUTCOMES,
        "steps": messages.STEPS,
        "missing": messages.MISSING,
        "reasons": messages.REASONS,
        "grade": messages.GRADES,
        "category": messages.CATEGORIES,
        "fields": messages.FIELDS,
        "labels": textreport.LABELS,
        "page": _PAGE,
    }
    said = {
        name: {str(code): pick(sentence, lang) for code, sentence in table.items()}
        for name, table in tables.items()
    }
    return {**said, "codes": _codes(lang, common=True), "undecided": {}}


def desk_words(lang: str) -> dict[str, Any]:
    """What the desk says in ``lang`` beyond ``words``."""
    codes = {code: one for code, one in SENTENCES.items() if code.startswith(_NOT_OF_A_PAGE)}
    tables = {"desk": _DESK, "codes": codes}
    return {name: {code: pick(one, lang) for code, one in table.items()} for name, table in tables.items()}


def files(said: Callable[[str], dict[str, Any]] = words) -> dict[str, bytes]:
    """The files by name."""
    before = "rare-" if said is rare_words else ""
    return {
        f"{before}{lang}.json": (json.dumps(said(lang), ensure_ascii=False, indent=0) + "\n").encode()
        for lang in LANGUAGES
    }


def main(folder: Path = FOLDER, desk_folder: Path = DESK_FOLDER) -> None:
    """Write them."""
    for target, said in ((folder, words), (folder, rare_words), (desk_folder, desk_words)):
        target.mkdir(parents=True, exist_ok=True)
        for name, data in files(said).items():
            (target / name).write_bytes(data)
