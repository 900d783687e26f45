"""The sentence of every finding of an audit, in Chinese and English: what was found, and what an insider could have tried.

Codes that come from reading (``source_…``, ``status_list_…``, ``note_…`` and the like) have theirs in
``verifier.sentences``.
"""

from verifier.messages import pick, sentence_of
from verifier.report import Verdict
from verifier.sentences import Sentence

FINDINGS: dict[str, Sentence] = {
    # ---- the tree
    "fork": Sentence(
        "日志分叉：同样多的条目，曾见到的根与现在的根不同。两份签名检查点不可能同时为真，请保留两者并追查。",
        "The log forked: the root seen before for this size is not the root now. Two signed checkpoints cannot both be true; keep both and investigate.",
    ),
    "rollback": Sentence(
        "日志回退：现在的检查点比曾见到的小，有条目被收回。",
        "The log was rolled back: its checkpoint is smaller than one seen before, so entries were taken back.",
    ),
    "origin_differs": Sentence(
        "日志的来源名称与曾见到的不同，不是同一个日志。",
        "The log has another origin than the one seen before: it is not the same log.",
    ),
    "root_differs": Sentence(
        "按条目重算的根与签名检查点不符：公布的条目不是被签名的条目。",
        "The root computed from the entries is not the one that was signed: the published entries are not those.",
    ),
    "tile_differs": Sentence(
        "公布的哈希文件与条目不符。", "A published tile of hashes does not follow from the entries."
    ),
    # ---- entries
    "entry_members": Sentence(
        "条目中的编号、摘要或机关不合规定。",
        "The number, digest or authority of an entry is not as the rules have it.",
    ),
    "time_falls": Sentence(
        "条目时间早于前一条：可能倒签日期。",
        "The entry's time is earlier than the one before it: it may be back-dated.",
    ),
    "back_dated": Sentence(
        "条目时间早于已由见证人联署、而不含该条目的检查点：倒签日期。",
        "The entry's time is earlier than a cosigned checkpoint that did not have it: it is back-dated.",
    ),
    "time_in_future": Sentence("条目时间在将来。", "The entry's time is in the future."),
    "time_after_cosigned": Sentence(
        "条目时间晚于见证人联署的时间。",
        "The entry's time is later than the moment at which a witness cosigned it.",
    ),
    "trail_went_back": Sentence(
        "封存的审计记录条数减少，或同一条数有两个摘要：登记系统的审计记录被截短或改写。",
        "The sealed audit trail has fewer acts than before, or another digest for as many: the registry's trail was cut off or rewritten.",
    ),
    # ---- authority
    "authority_not_listed": Sentence(
        "发证时信任列表中没有这个机关：超出授权。",
        "The trust list of the time did not have this authority: it issued without delegation.",
    ),
    "authority_not_granted": Sentence(
        "该机关当时尚未获得委托而发证：超出授权。",
        "The authority issued before it was delegated.",
    ),
    "authority_suspended": Sentence(
        "该机关被暂停期间发证：超出授权。", "The authority issued while it was suspended."
    ),
    "authority_withdrawn": Sentence(
        "该机关的委托撤销后发证：超出授权。", "The authority issued after its delegation was withdrawn."
    ),
    "authority_out_of_scope": Sentence(
        "该机关的委托不含这一种类或年度：超出范围。",
        "The delegation did not cover this kind or year: it issued out of scope.",
    ),
    # ---- numbers
    "number_twice": Sentence(
        "同一编号登记了两次：重复编号。", "The same number was entered twice: a doubled number."
    ),
    "number_skipped": Sentence(
        "编号被跳过，七天后仍无签发或作废条目。",
        "The number was passed over, and after seven days it is neither issued nor void.",
    ),
    "number_open": Sentence(
        "编号已被越过，尚无签发或作废条目；七天之内可能仍在办理。",
        "The number was passed over and is not accounted for yet; within seven days it may still be on its way.",
    ),
    "issued_after_void": Sentence(
        "已作废的编号又被签发。", "A number that was declared void was issued afterwards."
    ),
    "void_after_issue": Sentence(
        "已签发的编号又被作废。", "A number that had been issued was declared void."
    ),
    # ---- life of a certificate
    "status_of_unissued": Sentence(
        "对从未签发的编号作了状态变更。", "The status of a number was changed that was never issued."
    ),
    "status_after_revocation": Sentence(
        "证书撤销后又作了状态变更；撤销是终局的。",
        "The status was changed after revocation, which is final.",
    ),
    "status_transition": Sentence(
        "状态变更不合规定：暂停之前须有效，恢复之前须已暂停。",
        "The change of status is not possible: only what is in force is suspended, only what is suspended reinstated.",
    ),
    "digest_differs": Sentence(
        "状态条目所指的不是该编号签发的那份记录。",
        "The entry speaks of another record than the one issued under this number.",
    ),
    "successor_not_issued": Sentence(
        "被取代的证书没有已签发的后继编号。", "The certificate is superseded by a number that was not issued."
    ),
    # ---- trust list
    "trust_list_order": Sentence(
        "信任列表的版本在日志中不连续。",
        "The versions of the trust list do not follow one another in the log.",
    ),
    "trust_list_differs": Sentence(
        "公布的信任列表与日志登记的不是同一份。", "The published trust list is not the one that was logged."
    ),
    "trust_list_unpublished": Sentence(
        "日志登记的信任列表版本没有公布。", "A version of the trust list that was logged is not published."
    ),
    "trust_list_unusable": Sentence(
        "日志登记的信任列表没有前一版的根所作的有效签名，或格式有误。",
        "A trust list that was logged is malformed or not signed by the root of the version before it.",
    ),
    "trust_list_behind_log": Sentence(
        "公布的信任列表比日志登记的旧：新版本被隐藏。",
        "The published trust list is older than the log's last: a newer version is hidden.",
    ),
    "trust_list_hidden": Sentence(
        "状态列表指出已有更新的信任列表，公布的却是旧版：新版本被隐藏。",
        "A status list names a newer trust list than the published one: a version is hidden.",
    ),
    "trust_list_unlogged": Sentence(
        "公布的信任列表没有日志条目。", "The published trust list has no entry in the log."
    ),
    "trust_list_ahead_of_log": Sentence(
        "公布的信任列表新于日志，可能仍在等待见证人联署；下次审计会再核对。",
        "The published trust list is newer than the log, which may be waiting for witnesses; the next audit looks again.",
    ),
    "history_rewritten": Sentence(
        "新版信任列表改写了机关以往的状态或密钥。",
        "A version of the trust list changed an authority's past states or keys.",
    ),
    "state_backdated": Sentence(
        "新版信任列表加入了起始时间早于该版本的机关状态：倒签。",
        "A version of the trust list added a state that begins before the version: it is back-dated.",
    ),
    # ---- what is published besides
    "status_without_entry": Sentence(
        "状态列表标明已撤销或暂停，而日志没有相应条目。",
        "The status list says revoked or suspended, and the log has no entry for it.",
    ),
    "status_not_published": Sentence(
        "日志已有撤销或暂停条目，而状态列表没有标明：状态被隐瞒。",
        "The log has a revocation or suspension that the status list does not show: it is hidden.",
    ),
    "status_ahead_of_log": Sentence(
        "状态列表新于日志，可能仍在等待见证人联署；下次审计会再核对。",
        "The status list is newer than the log, which may be waiting for witnesses; the next audit looks again.",
    ),
    "hint_differs": Sentence(
        "日志目录指向的位置与日志不符，凭编号将查不到证书。",
        "The index of the log leads elsewhere than to the entries; readers of paper will not find them.",
    ),
    "hint_missing": Sentence("没有公布日志目录。", "The index of the log is not published."),
    "audit_bound": Sentence(
        "编号过于分散，超出审计的限度，没有继续跟踪。",
        "The numbers are scattered beyond the audit's bounds and were not followed.",
    ),
}
VERDICTS: dict[Verdict, Sentence] = {
    Verdict.PASSED: Sentence("日志审计通过", "The log passed the audit"),
    Verdict.FAILED: Sentence("日志审计未通过", "The log FAILED the audit"),
    Verdict.INDETERMINATE: Sentence("日志审计无法得出结论", "The audit is INDETERMINATE"),
}
WORDS: dict[str, Sentence] = {
    "source": Sentence(
        "请给出登记系统的公布内容：网址或文件夹。", "Give the registry's publication: an address or a folder."
    ),
    "audit_state": Sentence(
        "审计状态文件无法读取或格式有误。", "The audit's state file cannot be read or is malformed."
    ),
    "more": Sentence("其余 {count} 处：{codes}", "{count} more: {codes}"),
}


def finding_sentence(code: str, lang: str) -> str:
    """The sentence of a finding."""
    return pick(FINDINGS[code], lang) if code in FINDINGS else sentence_of(code, lang)
