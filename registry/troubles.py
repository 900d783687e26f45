"""What ``fsck`` finds: a condition, and what it concerns; and a sentence for each in zh-CN and English.

A sentence says what was found and what to do. Codes that come from the public verifier, which reads what is stored here
as anybody would, keep the verifier's own words, with what the registry has to do about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registry.messages import UNKNOWN, pick
from verifier.sentences import SENTENCES


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is not as it should be. ``code`` is the condition; ``subject`` a number, an index, a version."""

    code: str
    subject: str


RESTORE = (
    "请从备份恢复，并查明谁改动过数据库。",
    "Restore it from a backup, and find out who changed the database.",
)
KEEP = (
    "请停止签发和公布，保留现场，报省级机构查明。",
    "Stop issuing and publishing, keep everything as it is, and have the provincial office find out why.",
)


def _restore(chinese: str, english: str) -> tuple[str, str]:
    """A column or row that signed bytes, or a backup, can tell."""
    return f"{chinese}。{RESTORE[0]}", f"{english}. {RESTORE[1]}"


def _keep(chinese: str, english: str) -> tuple[str, str]:
    """Something that was signed or published cannot be so: putting a row back does not mend it."""
    return f"{chinese}。{KEEP[0]}", f"{english}. {KEEP[1]}"


TROUBLES: Mapping[str, tuple[str, str]] = {
    # ---- the registry and its trust list
    "registry_differs": _restore(
        "库中的域名与根文件不符", "The database names another host than the root does"
    ),
    "trust_list_gap": _restore("信任列表缺少版本", "A version of the trust list is missing"),
    # ---- the log
    "log_rolled_back": (
        "数据库比本机最后签名的日志头旧，可能恢复了旧备份：再用会重复编号。请恢复最新的备份；否则见 registry/README.md。",
        (
            "The database is older than the head that was signed last here, perhaps an old backup: numbers would be given "
            "twice. Restore the newest backup; else see registry/README.md, After a restore."
        ),
    ),
    "log_recovering": (
        "数据库是备用库或仍在恢复，还没有追上本机最后签名的日志头。请等恢复到底（SELECT pg_is_in_recovery() 为 f）再核对。",
        (
            "The database is a standby, or still in recovery, and has not come to the head that was signed last here. Check again at "
            "the end of the recovery (SELECT pg_is_in_recovery() says f)."
        ),
    ),
    "log_not_consistent": _keep(
        "日志与本机最后签名的日志头不是同一部历史",
        "The log is another history than the head that was signed last here",
    ),
    "head_unreadable": (
        "读不到数据库之外的日志头文件，无法判断数据库是否为旧备份。请检查其所有者和权限（600），不要删除或移走。",
        (
            "The log's head outside the database cannot be read: whether the database is an old backup cannot be told. "
            "See to its owner and mode (600); do not delete it, or move it away."
        ),
    ),
    "head_unusable": (
        "数据库之外的日志头文件已损坏，无法判断数据库是否为旧备份。请从备份恢复该文件，见 registry/README.md。",
        (
            "The log's head outside the database is damaged: whether the database is an old backup cannot be told. "
            "Restore the file from a backup; see registry/README.md, After a restore."
        ),
    ),
    "log_tile_differs": _restore(
        "日志的哈希块与记录或下层不符", "A tile of the log does not hash what lies below it"
    ),
    "checkpoint_differs": _keep(
        "已签的检查点与日志不符", "A signed checkpoint is not of this log at its size"
    ),
    "checkpoint_early": _restore(
        "检查点的时间早于其下的日志记录", "A checkpoint is dated before an entry that is under it"
    ),
    "leaf_without_record": _restore(
        "日志记录在库中没有相符的内容", "An entry of the log has nothing in the tables that it records"
    ),
    "record_without_leaf": _restore(
        "库中的内容在日志里没有记录", "Something in the tables is not in the log"
    ),
    "log_time_falls": _keep("日志记录的时间倒退", "An entry of the log is dated before the one ahead of it"),
    "log_time_ahead": (
        "日志记录的时间在将来。请校准本机时钟；若时钟无误，说明记录时曾经超前：在此之前无法写入日志，请报省级机构。",
        (
            "An entry of the log is dated in the future. Set this machine's clock; if it is right, it was ahead then: nothing "
            "can be logged before that time, so tell the provincial office."
        ),
    ),
    "log_authority_differs": _keep(
        "日志记录的机关与编号不符", "An entry of the log names another authority than its number's"
    ),
    "status_transition": _keep(
        "日志中该编号的状态变化不可能发生（例如撤销之后又恢复）；状态列表仍以撤销为准",
        "The log tells of this number what cannot follow, such as a reinstatement after a revocation; status lists stay "
        "with the revocation",
    ),
    # ---- numbers and certificates
    "columns_differ": _restore(
        "证书的机关、年度、种类或序号列与编号不符",
        "The columns of a certificate (authority, year, kind, serial) are not those of its number",
    ),
    "number_gap": _restore(
        "编号计数与已用区间不连续", "A counter or a range of numbers does not follow the one before"
    ),
    "number_unaccounted": _restore(
        "编号既未发证也未作废", "A number of a finished range is neither issued nor void"
    ),
    "number_unexpected": _restore(
        "编号不在其区间内，或区间尚未完成", "A number stands in a range that is not finished, or not its own"
    ),
    "number_twice": _keep("编号既发证又作废", "A number is both issued and void"),
    "intent_altered": _restore(
        "编号区间的内容与预留时不符，不会签名", "A range is not what was reserved; it will not be signed"
    ),
    "intent_differs": _restore(
        "编号区间在日志中的位置不符", "A range does not lie in the log where its row says"
    ),
    # ---- people
    "identity_unreadable": _restore(
        "密存的证件号码打不开，或属于另一份证书",
        "A sealed identity number does not open, or is another certificate's",
    ),
    "identity_differs": _restore(
        "密存的证件号码与证书或其检索值不符",
        "A sealed identity number is not the one on the certificate, or not the one it is found by",
    ),
    "counts_differ": (
        "统计汇总与日志不符。证书本身不受影响；请运行 certreg index --rebuild 重建。",
        (
            "The counts are not what the log comes to. The certificates are as they were; make the counts anew with "
            "certreg index --rebuild."
        ),
    ),
    "totals_differ": (
        "各编号段的证书数、作废数与库中实有的不符。证书本身不受影响；请运行 certreg index --rebuild 重建。",
        (
            "The totals of a series of numbers are not what the tables hold. The certificates are as they were; count anew "
            "with certreg index --rebuild."
        ),
    ),
    "index_differs": (
        "检索索引与证书内容或日志不符。证书本身不受影响；请运行 certreg index --rebuild 重建。",
        (
            "The search index is not as the certificates and the log say. The certificates are as they were; make the index "
            "anew with certreg index --rebuild."
        ),
    ),
    "claim_missing": _restore(
        "在用、待签或因故撤销的证书缺少占位，此人可能被重复发证",
        "A certificate in force, about to be, or revoked for cause has no claim: its person could get another",
    ),
    "claim_differs": _restore("占位不是此人此事的", "A claim is not of this person and purpose"),
    "claim_of_revoked": _restore(
        "因差错撤销、被更正或已解除的证书仍有占位，此人无法再发证",
        "A certificate revoked for a mistake, corrected or released still has a claim: its person cannot get a new one",
    ),
    "claim_of_void": _restore(
        "作废的编号仍有占位，此人无法再发证",
        "A void number still has a claim: its person cannot get a new one",
    ),
    "claim_of_nothing": _restore("占位所指的编号不存在", "A claim is of a number that does not exist"),
    # ---- the audit trail
    "trail_gap": _keep(
        "审计记录缺号：有记录被删除", "An entry of the audit trail is missing: it was deleted"
    ),
    "trail_moved": _keep(
        "审计记录的位置与其内容不符：顺序被调换",
        "An entry of the audit trail stands at another place than it says",
    ),
    "trail_altered": _keep(
        "审计记录的内容与其摘要不符：内容被改动",
        "An entry of the audit trail does not have its digest: it was altered",
    ),
    "trail_chain": _keep(
        "审计记录与前一条不相连：前一条被改动、删除或替换",
        "An entry of the audit trail does not name the digest of the one before: that one was altered, removed or replaced",
    ),
    "trail_entry_form": _keep(
        "审计记录的格式不对：内容被改动", "An entry of the audit trail is malformed: it was altered"
    ),
    "trail_columns_differ": _restore(
        "审计记录的检索列与其内容不符",
        "The columns of an entry of the audit trail are not what its bytes say",
    ),
    "trail_head_differs": _keep(
        "审计记录的末尾与记录不符：末尾的记录被删除或替换",
        "The head of the audit trail is not that of its last entry: entries at its end were removed or replaced",
    ),
    "trail_seal_differs": _keep(
        "审计记录与透明日志中封存的摘要不符：封存之后被改写",
        "The audit trail is not the one that was sealed in the log: it was rewritten after it was sealed",
    ),
    "trail_cut_off": _keep(
        "透明日志中封存的审计记录已不存在：记录被截短",
        "The log has sealed entries of the audit trail that are not there: the trail was cut off",
    ),
    "trail_export_form": (
        "导出文件的这一行格式不对，或文件不是审计记录的导出。请向省级机构重新索取。",
        "This line of the export is malformed, or the file is no export of an audit trail. Ask the registry for it again.",
    ),
    "trail_export_cut": (
        "导出文件的条数与其首行所述不符：文件不完整。请向省级机构重新索取。",
        "The export does not have as many entries as its first line says: it is not whole. Ask the registry for it again.",
    ),
    "trail_of_another": (
        "导出文件是另一个登记系统的。请核对公布网址和文件。",
        "The export is of another registry. Compare the address of the publication with the file.",
    ),
    "trail_unsealed": (
        "透明日志在导出之前没有封存过审计记录，因此无法核对。请在封存之后重新导出。",
        "The log had sealed nothing of the audit trail before the export, so there is nothing to compare with. Export it again after a seal.",
    ),
    "trail_log_unread": (
        "读不到登记系统公布的日志，或日志未经其密钥签名，因此无法核对。请稍后再试，或先审计日志（certreg log audit）。",
        "The published log cannot be read, or its key did not sign it, so there is nothing to compare with. Try later, or audit the log first (certreg log audit).",
    ),
    "trail_root_not_pinned": (
        "根文件是登记系统自己给出的，不是您自行取得的。请用 --trust 或 --root-fingerprint 给出。",
        "The root is the publication's own, not one that you had from elsewhere. Give yours with --trust or --root-fingerprint.",
    ),
    "trail_witnesses_missing": (
        "公布的日志头联署的见证人不足，尚不能作为依据。请稍后再试。",
        "Too few witnesses cosigned the published head for it to be relied on. Try again later.",
    ),
    "trail_seal_order": _keep(
        "透明日志中封存的审计记录条数减少", "The log has sealed fewer entries of the audit trail than before"
    ),
}


def sentence_of_trouble(code: str, lang: str) -> str:
    """What was found, and what to do."""
    if code in TROUBLES:
        return pick(TROUBLES[code], lang)
    if code in SENTENCES:
        words = SENTENCES[code]
        said = (
            f"公开核验对库中内容的结论：{words.zh}{RESTORE[0]}",
            f"The public verifier says of what is stored: {words.en} {RESTORE[1]}",
        )
        return pick(said, lang)
    return pick(UNKNOWN, lang).format(code=code)
