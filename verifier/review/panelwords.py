"""The words of the panel's pages, written from the same sentences as the report's (SPEC 7.7).

``python -c 'from verifier.review.panelwords import main; main()'`` writes ``web/panel/words/LANGUAGE.json``; a test tells
whether they are what would be written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verifier.messages import pick
from verifier.review import words
from verifier.sentences import Sentence
from verifier.webwords import FOLDER, files

PANEL_FOLDER = FOLDER.parent / "panel" / "words"
_PANEL: dict[str, Sentence] = {
    # all sittings
    "title": Sentence("职称评审核验", "Panel review"),
    "lead": Sentence(
        "一次会议核验数百人、多个年度的继续教育证书，与名册逐项比对，最后生成可事后核验的签名报告。证书、名册和结果只保存在这台设备的浏览器里。",
        "Check the certificates of hundreds of applicants over several years in one sitting, compare them with your list "
        "field by field, and end with a signed report that can be checked later. Everything is kept in this browser only.",
    ),
    "sittings": Sentence("本机上的会议", "Sittings on this device"),
    "noSittings": Sentence("还没有会议。", "None yet."),
    "noStore": Sentence(
        "浏览器不允许保存数据（可能是无痕模式），关闭后内容会丢失。请换用普通窗口。",
        "The browser keeps no data (a private window?). Use an ordinary window.",
    ),
    "create": Sentence("新建会议", "New sitting"),
    "begin": Sentence("开始", "Begin"),
    "keep": Sentence("保存", "Save"),
    "close": Sentence("关闭", "Close"),
    "restore": Sentence("从会议文件恢复（.sitting.json）", "Restore from a sitting's file (.sitting.json)"),
    "delete": Sentence("删除", "Delete"),
    "deleteSure": Sentence(
        "删除会议“{}”及其全部证书、名册、备注和报告？此操作不能撤销。",
        "Delete the sitting “{}” with all its certificates, list, notes and reports? This cannot be undone.",
    ),
    "certificates": Sentence("证书 {} 份", "{} certificates"),
    "applicants": Sentence("名册 {} 人", "{} applicants"),
    "unread": Sentence("{} 个文件待读取", "{} files to read"),
    # the form of a sitting
    "name": Sentence("会议名称", "Name of the sitting"),
    "nameHint": Sentence("例：2026 年工程系列高级职称评审", "e.g. 2026 engineering, senior titles"),
    "nameNeeded": Sentence("请填写会议名称。", "Give the sitting a name."),
    "years": Sentence("要求的年度（可留空）", "Years asked for (may be empty)"),
    "yearsWrong": Sentence(
        "年度请写成 2022-2026 或 2022 2024。", "Write years as 2022-2026 or 2022 2024."
    ),
    "grade": Sentence("职称等级", "Grade"),
    "rules": Sentence("学时规定", "Rule set"),
    "age": Sentence("状态列表最旧可为", "Status lists at most"),
    "anyYear": Sentence("年度不限", "any year"),
    "ownGrade": Sentence("等级按证书所载", "grade as each certificate says"),
    "ownRules": Sentence("规定按证书所载", "rules as each certificate says"),
    "anyAge": Sentence("有效期内即可", "as long as they are in force"),
    "hoursOld": Sentence("{} 小时以内", "{} hours old"),
    # one sitting
    "back": Sentence("全部会议", "All sittings"),
    "edit": Sentence("修改要求", "Edit"),
    "again": Sentence("全部重新核验", "Check all again"),
    "exportTable": Sentence("导出 XLSX", "Export XLSX"),
    "save": Sentence("导出会议文件", "Save to a file"),
    "print": Sentence("打印", "Print"),
    "report": Sentence("签名报告", "Signed report"),
    "reportUnsigned": Sentence("报告（未签名）", "Report (unsigned)"),
    "give": Sentence("提交证书与名册", "Certificates and list"),
    "code": Sentence("扫码枪、二维码内容或证书编号", "Scanner gun, QR code's text, or number"),
    "codeHint": Sentence(
        "光标在此时直接扫描即可，可连续扫描。在本机核验，不会上传。",
        "With the cursor here, just scan, one after another. Checked on this device, not sent anywhere.",
    ),
    "drop": Sentence("把文件、文件夹、名册拖到此页", "Drop files, folders and the list on this page"),
    "files": Sentence("选择文件或名册", "Choose files or the list"),
    "folder": Sentence("选择文件夹", "Choose a folder"),
    "filesHint": Sentence(
        "名册（XLSX、CSV）与 JSON 只在本机读取；PDF、图片、ZIP 上传到本站读取，不会保存。名册的列：姓名、身份证号、证书编号、年度、专业科目学时、公需科目学时、学时、工作单位、职称等级，次序不限。",
        "The list (XLSX, CSV) and JSON are read on this device only; PDF, pictures and ZIP are sent to this site to be read, and "
        "not kept. Columns of the list, in any order: name, ID number, certificate number, year, professional hours, public "
        "hours, hours, employer, grade.",
    ),
    "many": Sentence("粘贴多行（每行一个二维码内容或编号）", "Paste many (a QR text or number a line)"),
    "take": Sentence("加入", "Add"),
    "pasted": Sentence("粘贴", "pasted"),
    "scanned": Sentence("扫描", "scanned"),
    "listed": Sentence("名册：{} 人。再次选择名册即替换。", "List: {} applicants. Choosing another replaces it."),
    "noList": Sentence("尚未提交名册：只显示证书，不作比对。", "No list yet: certificates are shown, and compared with nothing."),
    "found": Sentence("结果", "Results"),
    "table": Sentence("每人每年一行", "A row for each applicant and year"),
    "nothingYet": Sentence("请扫描证书，或提交文件和名册。", "Scan certificates, or give files and the list."),
    "progress": Sentence("进度", "Progress"),
    "reading": Sentence("正在读取文件，还有 {} 个……", "Reading files, {} left…"),
    "judging": Sentence("正在核验 {} / {}……", "Checking {} of {}…"),
    "cancel": Sentence("暂停", "Pause"),
    "resume": Sentence("继续", "Go on"),
    "paused": Sentence("已暂停，还有 {} 项。", "Paused, {} left."),
    "done": Sentence("共 {} 行，{} 行需要关注。", "{} rows, {} need attention."),
    "showing": Sentence("显示“{}”{} 行。", " Showing “{}”: {}."),
    "statusWithin": Sentence("状态 {} 小时以内", "status at most {} hours old"),
    "filter": Sentence("筛选", "Filter"),
    "search": Sentence("查找姓名、编号、备注", "Find a name, number or note"),
    "sort": Sentence("排序", "Sort"),
    "more": Sentence("再显示（还有 {} 行）", "Show more ({} rows)"),
    "taken": Sentence("已加入 {} 份。", "{} added."),
    "takenFiles": Sentence("已加入 {} 个文件。", "{} files added."),
    "known": Sentence("这份证书已在本次会议中。", "This certificate is in the sitting already."),
    "isReport": Sentence("这是评审核验报告的二维码，请在 /r 页核验。", "This is the code of a review report: check it at /r."),
    "ofFile": Sentence("“{}”：{}", "“{}”: {}"),
    "listRead": Sentence("已读取名册 {} 人。", "List read: {} applicants."),
    "doubts": Sentence(
        "有 {} 处读不出（年度、学时，或没有姓名的行），未作比对。",
        " {} places could not be read (years, hours, or rows without a name) and are not compared.",
    ),
    "replaceSure": Sentence("已有名册 {} 人，替换为新名册的 {} 人？", "Replace the list of {} applicants by the new one of {}?"),
    "removeSure": Sentence("从会议中移除“{}”？", "Remove “{}” from the sitting?"),
    "tooMany": Sentence("一次会议最多 3000 份证书，其余没有加入。", "A sitting has at most 3,000 certificates; the rest were not added."),
    # a row
    "missing": Sentence("缺证书", "none presented"),
    "differences": Sentence("申报与签名内容的不符", "Where claim and signature differ"),
    "differing": Sentence("{} {} → {}（{} → 签名）", "{} {} → {} ({} → signed)"),
    "differed": Sentence("{}（{}）：{} → {}", "{} ({}): {} → {}"),
    "field": Sentence("项目", "Field"),
    "claimed": Sentence("申报", "Claimed"),
    "signed": Sentence("签名内容", "Signed"),
    "notPresented": Sentence("没有提交", "not presented"),
    "nonePresented": Sentence("这一年度没有提交证书。", "No certificate of this year was presented."),
    "note": Sentence("备注", "Note"),
    "remove": Sentence("移除", "Remove"),
    "details": Sentence("详细内容", "Details"),
    "waiting": Sentence("等待核验", "waiting"),
    # troubles
    "offline": Sentence(
        "连不上本站，尚未读取的文件保留在本机，联网后会继续。", "This site cannot be reached. Files not read yet are kept here and go on when it can."
    ),
    "gone": Sentence("这个会议已在另一个窗口中删除，没有保存。", "This sitting was deleted in another window; nothing was kept."),
    "full": Sentence(
        "浏览器的存储空间已满，没有保存。请先删除不再需要的会议。", "The browser has no room left; nothing was kept. Delete sittings that are no longer needed."
    ),
    "elsewhere": Sentence(
        "这个会议已在另一个窗口中打开，请在那里继续。", "This sitting was opened in another window; go on there."
    ),
    "noServer": Sentence(
        "本站不能读取此类文件，没有结论。请改用 JSON 文件，或扫描二维码。这并不说明证书有问题。",
        "This site cannot read such files; no conclusion. Use the JSON file or scan the code. This says nothing against the certificate.",
    ),
    "archive_form": Sentence("ZIP 压缩包无法读取。", "The ZIP archive cannot be read."),
    "archive_too_large": Sentence("压缩包展开后过大或文件过多。请解压后选择文件夹。", "The ZIP unpacks to too much. Unpack it and choose the folder."),
    "upload_form": Sentence("文件无法上传读取。", "The file could not be sent and read."),
    "fault": Sentence("程序出现故障，已完成的部分都在。请重试。", "The program failed; what was done is kept. Try again."),
    "sheetDamaged": Sentence("名册文件无法读取，可能已损坏或不是 XLSX、CSV。", "The list cannot be read: damaged, or neither XLSX nor CSV."),
    "sheetTooLarge": Sentence("名册文件过大，没有读取（最多 20000 行、200 列，展开后 32 MB）。", "The list is too large (at most 20,000 rows, 200 columns, 32 MB unpacked) and was not read."),
    "sheetOld": Sentence("这是旧版 XLS 或加了密码的文件，请另存为 XLSX（不加密码）。", "An old XLS, or a file with a password: save it as XLSX without one."),
    "sheetEncrypted": Sentence("文件加了密码，请去掉密码后再提交。", "The file has a password; remove it first."),
    "sheetNoNames": Sentence("名册中没有找到“姓名”列，没有读取。", "No column “name” was found; nothing was read."),
    "sittingForm": Sentence("这不是会议文件，或已损坏，没有恢复。", "This is no sitting's file, or it is damaged; nothing was restored."),
    # reports
    "reports": Sentence("报告", "Reports"),
    "reportWhat": Sentence(
        "提交证书、名册与备注，由登记系统的服务器逐份重新核验后签名并生成 PDF；本机的结论不作依据。签名记录只含汇总数和明细表的摘要，不含姓名；完整明细附在 PDF 里，二维码可随时核验。服务器不保存任何内容。",
        "Certificates, list and notes are sent; the registry's server verifies every certificate anew, signs, and makes a PDF. "
        "What this device found counts for nothing. The signed record holds figures and the table's digest and names nobody; the full "
        "table is attached to the PDF, whose code can be checked at any time. The server keeps nothing.",
    ),
    "reportNoKey": Sentence(
        "本站没有报告密钥，只能生成未签名的报告：它会清楚注明，事后不能核验。",
        "This site has no report key. Only an unsigned report can be made: it says so, and cannot be checked later.",
    ),
    "reportUnread": Sentence(
        "还有 {} 个文件没有读完，报告里不会有其中的证书。仍要生成？",
        "{} files are not read yet; their certificates will not be in the report. Make it all the same?",
    ),
    "reportMake": Sentence("重新核验并签名", "Verify anew and sign"),
    "reportMakeUnsigned": Sentence("生成未签名的报告", "Make an unsigned report"),
    "reportJudging": Sentence("服务器正在重新核验 {} / {}……", "The server verifies anew: {} of {}…"),
    "reportPrinting": Sentence("正在生成 {} 行的报告……", "Making the report of {} rows…"),
    "reportMade": Sentence("报告已签名：{}", "The report is signed: {}"),
    "reportMadeUnsigned": Sentence("已生成未签名的报告。", "An unsigned report was made."),
    "unsignedMark": Sentence("未签名", "unsigned"),
    "tableFile": Sentence("明细表", "Full table"),
    "recordFile": Sentence("签名记录", "Signed record"),
    # checking a report
    "reportHost": Sentence(
        "二维码不指向登记系统的官方网站：请勿打开其网址，也不要相信其显示的内容。",
        "The QR code does not lead to the registry's official site. Do not open that address or believe what it shows.",
    ),
    "askGiver": Sentence("请向提交报告的人索取原件。", " Ask whoever handed it in for the original."),
    "checkTitle": Sentence("核验评审报告", "Check a review report"),
    "checkForm": Sentence("核验一份报告", "Check a report"),
    "checkText": Sentence("报告二维码的内容", "The text of the report's code"),
    "checkFiles": Sentence("或选择报告文件（PDF；或签名记录与明细表）", "Or its files (the PDF; or the signed record and the full table)"),
    "checkHint": Sentence(
        "扫码只核验汇总；用 PDF 核验时还核对每一行明细。PDF 上传到本站读取附件，不会保存。",
        "A code checks the summary; with the PDF every row is checked too. The PDF is sent to this site to read its attachments, and not kept.",
    ),
    "checkWelcome": Sentence("请扫描报告上的二维码，或在下面选择报告文件。", "Scan the report's code, or choose its files below."),
    "signedFacts": Sentence("登记系统签名的内容", "What the registry signed"),
    "nothingShown": Sentence("没有可信的内容可以显示。", "There is nothing trustworthy to show."),
    "mark": Sentence("报告标识", "Mark of the report"),
    "source": Sentence("来自", "From"),
}  # fmt: skip
_HEADS: dict[str, Sentence] = {
    "name": Sentence("姓名", "Name"),
    "year": Sentence("年度", "Year"),
    "verdict": Sentence("结论与证书", "Verdict, certificate"),
    "hours": Sentence("学时（专业＋公需）", "Hours (professional＋public)"),
    "findings": Sentence("需要注意", "To look at"),
    "note": Sentence("备注", "Note"),
}
_FILTERS: dict[str, Sentence] = {
    "attention": Sentence("需要关注", "need attention"),
    "all": Sentence("全部", "all"),
    "PASSED": Sentence("通过", "passed"),
    "FAILED": Sentence("未通过", "failed"),
    "INDETERMINATE": Sentence("无法判定", "undecided"),
    "MISSING": Sentence("缺证书", "missing"),
    "short": Sentence("学时不足", "short"),
    "differs": Sentence("与申报不符", "differ"),
}
_SORTS: dict[str, Sentence] = {
    "list": Sentence("按名册次序", "In the list's order"),
    "name": Sentence("按姓名", "By name"),
    "year": Sentence("按年度", "By year"),
    "attention": Sentence("问题在前", "Problems first"),
}
_COLUMNS: dict[str, Sentence] = {
    "place": Sentence("序", "No."),
    "name": Sentence("姓名", "Name"),
    "identity": Sentence("身份证件（已遮蔽）", "Identity document (masked)"),
    "year": Sentence("年度", "Year"),
    "verdict": Sentence("结论", "Verdict"),
    "numbers": Sentence("证书编号", "Certificate number"),
    "professional": Sentence("专业学时", "Professional"),
    "public": Sentence("公需学时", "Public"),
    "total": Sentence("合计", "Total"),
    "rule": Sentence("学时要求", "Rule"),
    "lacking": Sentence("缺少学时", "Short by"),
    "differences": Sentence("不符与提示", "Differences and hints"),
    "note": Sentence("备注", "Note"),
}


def panel_words(lang: str) -> dict[str, Any]:
    """What the panel's pages say in ``lang`` beyond the common words and the desk's."""
    tables: Mapping[str, Mapping[str, Sentence]] = {
        "panel": _PANEL,
        "heads": _HEADS,
        "filters": _FILTERS,
        "sorts": _SORTS,
        "columns": _COLUMNS,
        "attention": words.ATTENTION,
        "rules": words.RULES,
        "short": words.SHORT,
        "sources": words.SOURCES,
        "panelFields": words.FIELDS,
        "figures": words.FIGURES,
        "report": words.REPORT,
        "reviewSteps": words.STEPS,
        "codes": words.CODES,
    }
    return {name: {code: pick(one, lang) for code, one in table.items()} for name, table in tables.items()}


def main(folder: Path = PANEL_FOLDER) -> None:
    """Write them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files(panel_words).items():
        (folder / name).write_bytes(data)
