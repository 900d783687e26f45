"""What a report says in words: zh-CN first, ``en`` beside it (SPEC 7.7). Codes are the identity, words a translation."""

from verifier.report import STEP_NAMES, Outcome, Verdict
from verifier.sentences import SENTENCES, UNDECIDED, Sentence

LANGUAGES = ("zh-CN", "en")
DEFAULT_LANGUAGE = "zh-CN"

VERDICTS: dict[str, Sentence] = {
    Verdict.PASSED: Sentence("核验通过", "PASSED"),
    Verdict.FAILED: Sentence("核验未通过", "FAILED"),
    Verdict.INDETERMINATE: Sentence("无法判定", "INDETERMINATE"),
}
NOT_IN_FORCE: dict[str, Sentence] = {
    "revoked": Sentence("已撤销", "REVOKED"),
    "suspended": Sentence("已暂停", "SUSPENDED"),
    "superseded": Sentence("已更正换发", "SUPERSEDED"),
}
"""What a page says in place of the verdict: the certificate is genuine, and was ended."""
MISTYPED = Sentence("编号有误，请再核对", "CHECK THE NUMBER")
"""Likewise where nothing but a number was given, and it can be nobody's: most often a digit was mistyped, which says nothing
against any certificate. Where a record has such a number the verdict stands."""
OUTCOMES: dict[str, Sentence] = {
    Outcome.PASSED: Sentence("通过", "passed"),
    Outcome.FAILED: Sentence("未通过", "failed"),
    Outcome.INDETERMINATE: Sentence("无法判定", "undecided"),
    Outcome.SKIPPED: Sentence("未检查", "not run"),
}
STEPS: dict[str, Sentence] = {
    "bounds": Sentence("大小限度", "Size limits"),
    "decode": Sentence("读取内容", "Reading"),
    "strict-form": Sentence("严格格式", "Strict form"),
    "trust-list": Sentence("信任列表", "Trust list"),
    "authority-and-key": Sentence("发证机关与密钥", "Authority and key"),
    "proof": Sentence("数字签名", "Signature"),
    "schema-and-number": Sentence("模板与编号", "Template and number"),
    "log": Sentence("透明日志", "Transparency log"),
    "status": Sentence("证书状态", "Status"),
    "host": Sentence("二维码网址", "QR address"),
    "rule": Sentence("学时规定", "Hours"),
}
MISSING: dict[str, Sentence] = {
    "record": Sentence(
        "证书本身：请提交证书文件，或扫描证书上的二维码。",
        "The certificate itself: present its file or scan its QR code.",
    ),
    "trust-list": Sentence(
        "有效的信任列表：请联网，或更新离线核验包。",
        "A current trust list: go online, or update the offline bundle.",
    ),
    "status": Sentence(
        "有效的状态列表：请联网，或更新离线核验包。",
        "A current status list: go online, or update the offline bundle.",
    ),
    "log-proof": Sentence(
        "日志证明：请联网，或提交随证书下载的 .tlog-proof 文件。",
        "The log proof: go online, or present the .tlog-proof file that came with the certificate.",
    ),
    "witnesses": Sentence(
        "见证人联署：请稍后重新下载日志证明。", "Witnesses' cosignatures: download the log proof again later."
    ),
    "root": Sentence(
        "所信任的根：向登记系统核对根密钥指纹，或使用其正式提供的根文件。",
        "A root to trust: compare the root fingerprint with the registry's, or use the root file that it gave you.",
    ),
    "clock": Sentence(
        "准确的时间：请核对本机时钟和所选核验时间。", "The right time: check the clock and the time chosen."
    ),
    "templates": Sentence(
        "证书模板：请更新核验程序，或联网核验。",
        "The certificate's template: update the verifier, or go online.",
    ),
}
REASONS: dict[str, Sentence] = {
    "superseded": Sentence("更正换发", "corrected and replaced"),
    "data-error": Sentence("数据有误", "wrong data"),
    "issued-in-error": Sentence("误发", "issued in error"),
    "duplicate": Sentence("重复签发", "issued twice"),
    "fraud": Sentence("弄虚作假", "fraud"),
    "key-compromised": Sentence("密钥泄露", "key compromised"),
    "holder-request": Sentence("持证人申请", "at the holder's request"),
    "under-review": Sentence("正在复核", "under review"),
    "complaint": Sentence("接到投诉", "a complaint was made"),
    "complaint-dismissed": Sentence("投诉不成立", "the complaint was dismissed"),
    "hours-withdrawn": Sentence("学时被取消", "the hours were withdrawn"),
    "review-closed": Sentence("复核结束", "the review is closed"),
    "training-under-review": Sentence("培训正在复核", "the training is under review"),
    "other": Sentence("其他", "other"),
}
GRADES: dict[str, Sentence] = {
    "senior": Sentence("高级", "senior"),
    "intermediate": Sentence("中级", "intermediate"),
    "junior": Sentence("初级", "junior"),
}
CATEGORIES: dict[str, Sentence] = {
    "professional": Sentence("专业科目", "professional subject"),
    "public": Sentence("公需科目", "public subject"),
}
FIELDS: dict[str, Sentence] = {
    "name": Sentence("姓名", "Name"),
    "identityDocument": Sentence("身份证件", "Identity document"),
    "employer": Sentence("工作单位", "Employer"),
    "grade": Sentence("职称等级", "Grade"),
    "year": Sentence("年度", "Year"),
    "professionalHours": Sentence("专业科目学时", "Professional hours"),
    "publicHours": Sentence("公需科目学时", "Public hours"),
    "ruleSet": Sentence("学时规定", "Rules on hours"),
    "programme": Sentence("培训项目", "Programme"),
    "institution": Sentence("施教机构", "Institution"),
    "category": Sentence("科目类别", "Category"),
    "classHours": Sentence("学时", "Class hours"),
    "completedOn": Sentence("结业日期", "Completed on"),
}

USAGE: dict[str, Sentence] = {
    "targets": Sentence(
        "请给出要核验的证书：文件、文件夹、二维码内容或编号。",
        "Give what to check: a file, a folder, a QR code's text or a number.",
    ),
    "source": Sentence(
        "请用 --url（网址或文件夹）或 --bundle（离线核验包）指定登记系统的公布内容，并用 --trust 指定根文件：只凭证书本身无法判断由谁签发。",
        "Give the registry's publication with --url (address or folder) or --bundle (offline bundle), and the root "
        "file with --trust: a certificate alone cannot show who signed it.",
    ),
    "unpinned": Sentence(
        "请向登记系统核对根密钥指纹，相符后加上 --root-fingerprint {fingerprint}（或用 --trust 指定根文件）再核验。",
        "Compare the root fingerprint with the registry's; if it is the same, check again with --root-fingerprint "
        "{fingerprint} (or give the root file with --trust).",
    ),
}


def pick(sentence: Sentence, lang: str) -> str:
    """The text in ``lang``: English for ``en``, Chinese for anything else."""
    return sentence.en if lang == "en" else sentence.zh


def sentence_of(code: str, lang: str, outcome: Outcome | None = None) -> str:
    """The sentence of ``code``; a code without one stands for itself, which a test forbids."""
    catalogue = UNDECIDED if outcome is Outcome.INDETERMINATE and code in UNDECIDED else SENTENCES
    return pick(catalogue.get(code, Sentence(code, code)), lang)


def verdict_word(verdict: Verdict, lang: str) -> str:
    """``核验通过``, ``核验未通过`` or ``无法判定``."""
    return pick(VERDICTS[verdict], lang)


def step_name(number: int, lang: str) -> str:
    """The step's name for people."""
    return pick(STEPS[STEP_NAMES[number]], lang)


def missing_sentence(name: str, lang: str) -> str:
    """What was missing, and how to supply it."""
    return pick(MISSING[name], lang)


def usage_text(name: str, lang: str) -> str:
    """What a command line still needs, or should be told."""
    return pick(USAGE[name], lang)


def reason_word(reason: str, lang: str) -> str:
    """A public reason for a revocation or suspension; one that is not known here stands for itself."""
    return pick(REASONS.get(reason, Sentence(reason, reason)), lang)
