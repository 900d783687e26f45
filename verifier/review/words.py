"""What a review's report and its verification say, zh-CN first and English beside; also written for the pages (``panelwords``)."""

from verifier.sentences import Sentence

STEPS: dict[str, Sentence] = {
    "form": Sentence("报告格式", "Form"),
    "trust-list": Sentence("信任列表", "Trust list"),
    "key": Sentence("报告密钥", "Report key"),
    "proof": Sentence("数字签名", "Signature"),
    "table": Sentence("完整明细表", "Full table"),
    "host": Sentence("二维码网址", "QR address"),
}
CODES: dict[str, Sentence] = {
    "report_valid": Sentence(
        "这份评审核验报告由登记系统签发，内容未被改动。它说明当时的核验结果；此后证书状态的变化不在其中。",
        "The registry signed this review report and nothing in it was altered. It tells what was found then; what "
        "changed since is not in it.",
    ),
    "report_read": Sentence("报告可以读取。", "The report can be read."),
    "report_form": Sentence(
        "报告不符合规定格式，不是登记系统签发的原件。",
        "The report is not in its form: it is not the original that the registry signed.",
    ),
    "report_too_large": Sentence(
        "文件超过任何真实报告的大小。", "The file is larger than any genuine report."
    ),
    "no_report": Sentence("没有可检查的报告。", "There is no report to look at."),
    "report_in_future": Sentence(
        "报告时间晚于核验时间，请核对本机时钟。", "The report is from the future: check the clock."
    ),
    "report_key_listed": Sentence("由信任列表中的报告密钥签名。", "By a report key of the trust list."),
    "report_key_not_listed": Sentence(
        "信任列表中没有签名所用的密钥。若无法判定，请联网取得新的信任列表。",
        "The trust list has no such report key. Where this is undecided, a newer list may have it.",
    ),
    "report_key_out_of_window": Sentence(
        "报告时间不在密钥的有效期内。", "The report's time is outside the key's validity."
    ),
    "report_key_superseded": Sentence(
        "报告时间在密钥停用之后。", "The report's time is after its key was replaced."
    ),
    "report_key_compromised": Sentence(
        "签名密钥已泄露：泄露之后的报告无效；自称此前签发的，没有独立证据可以证明，请以存档原件为准或重新核验。",
        "The key was compromised: reports from then on are void, and nothing independent shows that one is from "
        "before. Rely on an original kept since then, or review again.",
    ),
    "report_proof_invalid": Sentence(
        "数字签名与内容不符：报告在签发后被改动过，或不是登记系统签发的。",
        "The signature does not fit: the report was altered after it was signed, or is not the registry's.",
    ),
    "report_table_matches": Sentence(
        "明细表与签名时完全一致。", "The full table is the one that was signed."
    ),
    "report_table_differs": Sentence(
        "明细表与签名时不一致：其中至少一行被改动、删除或增加过。",
        "The full table is not the one that was signed: a row was altered, removed or added.",
    ),
    "report_table_absent": Sentence(
        "没有提供明细表，只核验了汇总。", "Without the full table only the summary was checked."
    ),
}
ATTENTION: dict[str, Sentence] = {
    "failed": Sentence("未通过", "failed"),
    "undecided": Sentence("无法判定", "undecided"),
    "missing": Sentence("缺证书", "no certificate"),
    "short": Sentence("学时不足", "hours short"),
    "differs": Sentence("与申报不符", "differs"),
    "several": Sentence("同年多份", "several in a year"),
    "unclaimed": Sentence("名册中没有", "not in the list"),
    "no_rule": Sentence("无此学时规定", "no such rule"),
}
VERDICTS: dict[str, Sentence] = {
    "PASSED": Sentence("核验通过", "PASSED"),
    "FAILED": Sentence("核验未通过", "FAILED"),
    "INDETERMINATE": Sentence("无法判定", "INDETERMINATE"),
    "MISSING": Sentence("缺证书", "NONE PRESENTED"),
}
RULES: dict[str, Sentence] = {
    "met": Sentence("达到", "met"),
    "short": Sentence("不足", "short"),
    "undecided": Sentence("待定", "open"),
    "unknown": Sentence("无此规定", "no such rule"),
    "none": Sentence("—", "—"),
}
SHORT: dict[str, Sentence] = {
    "total": Sentence("合计缺 {}", "total −{}"),
    "professional": Sentence("专业缺 {}", "professional −{}"),
    "public": Sentence("公需缺 {}", "public −{}"),
}
FIELDS: dict[str, Sentence] = {
    "number": Sentence("证书编号", "Number"),
    "certificateNumber": Sentence("证书编号", "Number"),
    "professional": Sentence("专业学时", "Professional hours"),
    "public": Sentence("公需学时", "Public hours"),
    "total": Sentence("合计学时", "Total hours"),
}
SOURCES: dict[str, Sentence] = {
    "list": Sentence("名册", "list"),
    "page": Sentence("PDF 页面", "PDF page"),
}
DIFFERENCE = Sentence("{field}（{source}）：{claimed} → {signed}", "{field} ({source}): {claimed} → {signed}")
FIGURES: dict[str, Sentence] = {
    "people": Sentence("人数", "People"),
    "rows": Sentence("行数（人 × 年度）", "Rows (people × years)"),
    "certificates": Sentence("证书", "Certificates"),
    "passed": Sentence("核验通过", "PASSED"),
    "failed": Sentence("核验未通过", "FAILED"),
    "undecided": Sentence("无法判定", "INDETERMINATE"),
    "missing": Sentence("缺证书的年度", "Years without certificate"),
    "met": Sentence("学时达到", "Hours met"),
    "short": Sentence("学时不足", "Hours short"),
    "differing": Sentence("与申报不符", "Differing from claims"),
    "attention": Sentence("需要关注的行", "Rows needing attention"),
}
REPORT: dict[str, Sentence] = {
    "title": Sentence("继续教育证书评审核验报告", "Review report on continuing-education certificates"),
    "unsigned": Sentence(
        "未签名：本站没有报告密钥。此件不能在事后核验，不作凭据。",
        "UNSIGNED: this site has no report key. This copy cannot be checked later and proves nothing.",
    ),
    "scan": Sentence("扫码核验本报告", "Scan to check this report"),
    "foot": Sentence("评审核验报告", "Review report"),
    "meaning": Sentence(
        "登记系统的服务器在所示时间逐份重新核验了提交的证书，并对汇总数与明细表的摘要签名。会议名称、名册、备注由提交人提供，登记系统不作证明；此后的撤销、暂停不在本报告之内。证书在人员与年度之间的归并见明细表。",
        "The registry's server verified every certificate anew at the time shown, and signed the figures and the digest of "
        "the table. The sitting's name, claims and notes are the submitter's, and the registry does not vouch for them; "
        "later revocations are not in this report.",
    ),
    "unsignedMeaning": Sentence(
        "服务器在所示时间逐份重新核验了提交的证书，但没有签名。会议名称、名册、备注由提交人提供；此后的撤销、暂停不在其中。",
        "The server verified every certificate anew at the time shown, and signed nothing. The sitting's name, claims and "
        "notes are the submitter's; later revocations are not in it.",
    ),
    "at": Sentence("核验时间", "Judged at"),
    "policy": Sentence("评审要求", "Policy"),
    "years": Sentence("年度", "Years"),
    "grade": Sentence("职称等级", "Grade"),
    "ruleSet": Sentence("学时规定", "Rule set"),
    "maxAge": Sentence("状态不早于", "Status at most"),
    "trustList": Sentence("信任列表", "Trust list"),
    "log": Sentence("透明日志", "Log"),
    "registry": Sentence("登记系统", "Registry"),
    "own": Sentence("按证书所载", "as each certificate says"),
    "any": Sentence("不限", "any"),
    "hoursOld": Sentence("{} 小时前", "{} hours old"),
    "version": Sentence("第 {} 版", "version {}"),
    "entries": Sentence("{} 条，根 {}", "{} entries, root {}"),
    "noLog": Sentence("没有读到", "none read"),
}
HEADS: tuple[Sentence, ...] = (
    Sentence("序", "No."),
    Sentence("姓名", "Name"),
    Sentence("年度", "Year"),
    Sentence("证书编号", "Certificate number"),
    Sentence("结论", "Verdict"),
    Sentence("学时（专业＋公需）", "Hours"),
    Sentence("不符之处：申报 → 签名", "Differences: claimed → signed"),
    Sentence("备注", "Note"),
)
