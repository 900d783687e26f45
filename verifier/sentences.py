"""The sentence of every code that a report or a trouble can carry, in Chinese and English (SPEC 7.7).

Written for a member of a review panel: what was found, and what to do. Three rules hold throughout: revoked or suspended
never reads as false; what could not be checked never reads as false either; and only a finding against the certificate
says not to accept it. ``UNDECIDED`` has the sentences of codes that read otherwise where the step was INDETERMINATE.
"""

from typing import NamedTuple


class Sentence(NamedTuple):
    """One sentence in each language."""

    zh: str
    en: str


def _file(zh: str, en: str) -> Sentence:
    """A defect of the record's form: nothing was signed in this shape."""
    return Sentence(
        f"证书文件不符合规定格式：{zh}。它不是登记系统签发的原始文件，请向持证人索取原始文件后再核验。",
        f"The certificate's file is not in the required form: {en}. "
        "It is not the file that the registry issued; ask the holder for the original.",
    )


def _code(zh: str, en: str) -> Sentence:
    """A defect of the QR's content: no genuine code decodes to this."""
    return Sentence(
        f"二维码内容不符合规定格式：{zh}。登记系统不会签发这样的二维码，请向持证人索取证书原始文件。",
        f"The QR code's content is not in the required form: {en}. "
        "The registry issues no such code; ask the holder for the certificate's file.",
    )


def _proof(zh: str, en: str) -> Sentence:
    """A log proof that proves nothing."""
    return Sentence(
        f"日志证明无效：{zh}。不能据此认定证书已登记，请重新下载证书及其日志证明后再核验。",
        f"The log proof is no proof: {en}. "
        "It does not show that the certificate was logged; download the certificate with its proof again.",
    )


def _list(zh: str, en: str) -> Sentence:
    """A trust list that nobody should use."""
    return Sentence(
        f"信任列表不能使用：{zh}。请从登记系统官方网站重新取得信任列表后再核验。",
        f"The trust list cannot be used: {en}. Obtain it again from the registry's official site.",
    )


def _status(zh: str, en: str) -> Sentence:
    """A status list that says nothing."""
    return Sentence(
        f"无法判定证书是否仍然有效：{zh}。这并不说明证书有问题，请联网重新核验。",
        f"Whether the certificate is still in force could not be determined: {en}. "
        "This says nothing against the certificate; check again online.",
    )


def _source(zh: str, en: str) -> Sentence:
    """A publication that could not be read."""
    return Sentence(f"{zh}。这并不说明证书有问题。", f"{en}. This says nothing against the certificate.")


SENTENCES: dict[str, Sentence] = {
    # ---- the verdict as a whole
    "valid": Sentence(
        "证书真实，且在核验时间处于有效状态。",
        "The certificate is genuine and was in force at the time of checking.",
    ),
    # ---- steps 0 and 1: what was presented
    "within_bounds": Sentence("大小在限度之内。", "Within the size limits."),
    "evidence_too_large": Sentence(
        "提交的内容超出限度，没有读取。真实证书远小于此限度，请提交证书原始文件。",
        "What was presented is larger than allowed and was not read. No genuine certificate is near that size; "
        "present the certificate's own file.",
    ),
    "record": Sentence("读取到证书文件。", "The certificate's file was read."),
    "qr": Sentence("读取到证书二维码。", "The certificate's QR code was read."),
    "record_missing": Sentence(
        "只有编号，没有证书本身，无法核验其内容。请提交证书文件或扫描证书上的二维码。",
        "There is only a number, not the certificate itself, so its content could not be checked. "
        "Present the certificate's file or scan its QR code.",
    ),
    "evidence_missing": Sentence(
        "没有读取到证书，无法核验。请提交证书原始文件，或一张清晰、完整、包含二维码的照片。",
        "No certificate could be read, so nothing was checked. Present the certificate's file, or a sharp photograph "
        "with the whole QR code.",
    ),
    "qr_text": Sentence(
        "这不是继续教育证书的二维码。请扫描证书上的二维码，不要使用其他网址。",
        "This is not the QR code of a certificate. Scan the code on the certificate and use no other address.",
    ),
    "qr_digits": _code("数字的位数或内容有误", "the digits are wrong in number or content"),
    "qr_format": _code("开头的格式标记有误", "the leading format mark is wrong"),
    "qr_values": _code("数值与证书模板不符", "the values do not fit the certificate's template"),
    "cbor_form": _code("数据编码有误", "the data are not encoded as they must be"),
    # ---- step 2: strict form
    "strict": Sentence("格式符合规范。", "The form is as specified."),
    "record_form": _file("缺少规定的字段，或字段类型有误", "a required member is missing or of another type"),
    "context_not_exact": _file(
        "@context 与公布的不一致，可能在签发后被改动",
        "@context is not the published one; it may have been changed after signing",
    ),
    "context_nested": _file("内部另有 @context", "there is a second, nested @context"),
    "issuer_not_key_owner": _file(
        "所写发证机关与签名密钥不属于同一机关", "the issuer named is not the owner of the signing key"
    ),
    "text_not_nfc": _file("文字不是规范的 Unicode 形式（NFC）", "a text is not in Unicode's normal form NFC"),
    "text_control_character": _file(
        "文字中有控制字符、不可见字符或证书不使用的字符",
        "a text has characters that are invisible, control characters, or not used in certificates",
    ),
    "template_unknown": Sentence(
        "本核验程序没有这种证书的模板，无法判定。请更新核验程序，或联网核验。",
        "This verifier does not have the template of this kind of certificate, so it could not decide. "
        "Update the verifier or check online.",
    ),
    "not_json": _file("不是 JSON", "it is not JSON"),
    "not_object": _file("不是 JSON 对象", "it is not a JSON object"),
    "not_canonical": _file(
        "不是规范化的 JSON 写法，文件可能被改写过", "it is not canonical JSON; it may have been rewritten"
    ),
    "not_utf8": _file("不是 UTF-8 文本", "it is not UTF-8 text"),
    "not_finite": _file("含有无效数值", "it has a number without a value"),
    "duplicate_key": _file("同一字段出现两次", "a member occurs twice"),
    "float": _file("含有小数", "it has a fraction"),
    "null": _file("含有空值", "it has a null"),
    "key_not_ascii": _file("字段名含有非 ASCII 字符", "a member's name is not ASCII"),
    "integer_range": _file("整数超出范围", "an integer is out of range"),
    "surrogate": _file("含有无效字符", "it has an invalid character"),
    "too_deep": _file("嵌套过深", "it is nested too deeply"),
    "too_large": _file("文件过大", "it is too large"),
    "type": _file("含有不允许的数据类型", "it has a value of a type that is not allowed"),
    "proof_members": _file("签名部分的字段有误", "the members of the proof are wrong"),
    "proof_suite": _file("签名算法不是规定的算法", "the proof's algorithm is not the one required"),
    "proof_context": _file(
        "签名部分的 @context 与证书不一致", "the proof's @context differs from the certificate's"
    ),
    "proof_method": _file("签名部分没有写明密钥", "the proof does not name its key"),
    "proof_created": _file("签名时间的写法有误", "the time of the proof is not in the required form"),
    "proof_value": _file("签名值的写法有误", "the signature is not in the required form"),
    "proof_count": _file("签名数量有误", "the number of proofs is wrong"),
    "authority_code_form": _file("机关代码有误", "the authority's code is malformed"),
    "base58_character": _file("签名或密钥编码有误", "a signature or key is not encoded as required"),
    "base58_too_long": _file("签名或密钥过长", "a signature or key is too long"),
    "base64_character": _file("base64 编码有误", "a base64 text is wrong"),
    "base64_not_canonical": _file("base64 编码不规范", "a base64 text is not in its one spelling"),
    "base64url_character": _file("base64url 编码有误", "a base64url text is wrong"),
    "base64url_not_canonical": _file("base64url 编码不规范", "a base64url text is not in its one spelling"),
    "decimal_form": _file("数字写法有误", "a number is not in the required form"),
    "hex_character": _file("十六进制写法有误", "a hexadecimal text is wrong"),
    "host_form": _file("主机名有误", "a host name is malformed"),
    "key_fragment_form": _file("密钥标识有误", "a key's identifier is malformed"),
    "key_id_form": _file("密钥标识有误", "a key's identifier is malformed"),
    "multibase_prefix": _file("签名或密钥编码有误", "a signature or key is not encoded as required"),
    "timestamp_form": _file("时间写法有误", "a time is not in the required form"),
    "timestamp_value": _file("时间不存在", "a time does not exist"),
    "key_length": _list("密钥长度有误", "a key has the wrong length"),
    "key_low_order": _list("含有不安全的密钥", "it has an unsafe key"),
    "key_not_canonical": _list("密钥编码不规范", "a key is not in its one encoding"),
    "multikey_form": _list("密钥编码有误", "a key is not encoded as required"),
    "multikey_type": _list("密钥类型有误", "a key is of another type"),
    # ---- step 3: trust list
    "trust_list_in_force": Sentence(
        "信任列表由根密钥签名，且在有效期内。", "The trust list is signed by the root and in force."
    ),
    "trust_list_stale": Sentence(
        "信任列表不在有效期内，无法判定。请更新信任列表（或离线核验包）后再核验。",
        "The trust list is not in force at this time, so nothing could be decided. Update the list (or the offline "
        "bundle) and check again.",
    ),
    "trust_list_count": Sentence(
        "没有取得信任列表，无法判定。请检查网络或更换离线核验包后再核验。",
        "No trust list could be obtained, so nothing could be decided. Check the connection, or use another bundle.",
    ),
    "trust_list_rollback": Sentence(
        "取得的信任列表不是最新的（以前用过的、或状态列表所注明的版本更新），无法判定。请从登记系统官方网站重新取得。",
        "The trust list is not the newest: one seen before, or the one that the status list names, is newer. Nothing could "
        "be decided. "
        "Obtain it again from the registry's official site.",
    ),
    "root_not_pinned": Sentence(
        "没有指定所信任的根：这里的根文件只是来源自己的说法，谁都可以自称登记系统，因此不作判定。",
        "No root was chosen to trust: the root file here is the publication's own word, and anyone can call himself the "
        "registry, so nothing was decided.",
    ),
    "trust_list_too_old": Sentence(
        "现有信任列表早于这份证书；此后授权可能已有变化，无法判定。请更新信任列表后再核验。",
        "The trust list at hand is older than the certificate, and what it says may have changed since, so it could not "
        "be decided. Update the list and check again.",
    ),
    "trust_list_unsigned": _list("没有所信任的根密钥的签名", "no root key that is trusted here signed it"),
    "trust_list_threshold": _list("签名的根密钥数量不足", "too few root keys signed it"),
    "trust_list_registry": _list("它属于另一个登记系统", "it belongs to another registry"),
    "trust_list_version": _list("版本号没有递增", "its versions do not rise"),
    "trust_list_form": _list("格式有误", "it is malformed"),
    "trust_list_spec_version": _list(
        "规范版本不受支持，请更新核验程序", "its specification is another; update the verifier"
    ),
    "trust_list_critical": _list(
        "含有本程序不理解的必要内容，请更新核验程序", "it demands what this verifier does not know; update it"
    ),
    "trust_list_scope": _list(
        "授权范围含有本程序不理解的内容，请更新核验程序",
        "a scope has terms unknown here; update the verifier",
    ),
    "trust_list_duplicate": _list("同一机关或密钥出现两次", "an authority or key occurs twice"),
    "pin_form": _list("根文件（root.json）格式有误", "the root file (root.json) is malformed"),
    # ---- step 4: authority and key
    "authorised": Sentence(
        "发证机关获得授权，密钥在有效期内。",
        "The authority was entitled to issue it, and the key was in force.",
    ),
    "authority_not_listed": Sentence(
        "信任列表中没有这个发证机关：它未获授权签发证书。请勿采信，并向省级人社部门核实。",
        "The trust list has no such authority: it is not entitled to issue certificates. "
        "Do not accept it; ask the provincial office.",
    ),
    "key_not_listed": Sentence(
        "信任列表中没有这个签名密钥：它不属于任何获授权机关。请勿采信，并向发证机关核实。",
        "The trust list has no such signing key: it belongs to no authority. Do not accept it; ask the issuing authority.",
    ),
    "authority_not_granted": Sentence(
        "发证机关在签发时尚未获得授权。请勿采信，并向发证机关核实。",
        "The authority was not yet entitled to issue at that time. Do not accept it; ask the issuing authority.",
    ),
    "authority_suspended": Sentence(
        "发证机关在签发时处于暂停授权状态。请勿采信，并向发证机关核实。",
        "The authority's delegation was suspended at that time. Do not accept it; ask the issuing authority.",
    ),
    "authority_withdrawn": Sentence(
        "发证机关在签发时已被取消授权。请勿采信，并向省级人社部门核实。",
        "The authority's delegation had been withdrawn at that time. Do not accept it; ask the provincial office.",
    ),
    "authority_out_of_scope": Sentence(
        "发证机关无权签发这一类别或年度的证书。请勿采信，并向发证机关核实。",
        "The authority may not issue certificates of this kind or year. Do not accept it; ask the issuing authority.",
    ),
    "key_of_another_year": Sentence(
        "签名密钥不属于证书编号所示年度。请勿采信，并向发证机关核实。",
        "The signing key is not of the year in the number. Do not accept it; ask the issuing authority.",
    ),
    "key_out_of_window": Sentence(
        "签发时密钥不在有效期内。请勿采信，并向发证机关核实。",
        "The signing key was not in force at that time. Do not accept it; ask the issuing authority.",
    ),
    "key_compromised": Sentence(
        "签名密钥在签发前已经泄露，不能证明出自发证机关。请勿采信，并向发证机关核实。",
        "The signing key had been compromised by then, so its signature proves nothing. "
        "Do not accept it; ask the issuing authority.",
    ),
    "key_superseded": Sentence(
        "签名密钥在签发前已经停用。请勿采信，并向发证机关核实。",
        "The signing key had been replaced by then. Do not accept it; ask the issuing authority.",
    ),
    "issuer_name_differs": Sentence(
        "证书上的发证机关名称与信任列表中的不一致。请勿采信，并向发证机关核实。",
        "The authority's name differs from the one in the trust list. Do not accept it; ask the issuing authority.",
    ),
    "created_after_time": Sentence(
        "签名时间晚于登记时间。请勿采信，并向发证机关核实。",
        "The signature is dated after the logging. Do not accept it; ask the issuing authority.",
    ),
    "created_long_before_logged": Sentence(
        "签名时间比登记时间早得过多，有倒签嫌疑。请勿采信，并向发证机关核实。",
        "The signature is dated too long before the logging, as back-dated ones are. "
        "Do not accept it; ask the issuing authority.",
    ),
    # ---- step 5: proof
    "proof_valid": Sentence("签名与内容相符。", "The signature fits the content."),
    "proof_invalid": Sentence(
        "签名与内容不符：内容在签发后被改动，或签名不是发证机关所作。请勿采信，并向发证机关核实。",
        "The signature does not fit the content: it was altered after signing, or the authority did not sign it. "
        "Do not accept it; ask the issuing authority.",
    ),
    # ---- step 6: schema and number
    "well_formed": Sentence(
        "内容符合证书模板，编号一致。", "The content fits its template and the number agrees."
    ),
    "template_not_published": Sentence(
        "根密钥没有公布过这种证书。请勿采信，并向发证机关核实。",
        "The root has published no such kind of certificate. Do not accept it; ask the issuing authority.",
    ),
    "schema": _file("字段内容不符合公布的模式", "a value does not fit the published schema"),
    "record_not_of_template": _file("内容与证书模板不一致", "it says something that its template does not"),
    "number_form": Sentence(
        "证书编号应为 20 位数字。请对照证书逐位核对后重新输入。",
        "A certificate number has 20 digits. Compare it with the certificate and enter it again.",
    ),
    "number_check": Sentence(
        "编号抄写或输入有误，或并无此编号。请对照证书逐位核对。",
        "The number was mistyped, or no such number exists. Compare it with the certificate digit by digit.",
    ),
    "number_disagrees": Sentence(
        "编号与发证机关、年度或类别不一致。请勿采信，并向发证机关核实。",
        "The number does not agree with the authority, year or kind. Do not accept it; ask the issuing authority.",
    ),
    "valid_from_differs": Sentence(
        "证书上的发证日期与签名时间不是同一天。请勿采信，并向发证机关核实。",
        "The date of issue on the certificate is not the day of the signature. Do not accept it; ask the issuing authority.",
    ),
    "number_differs": Sentence(
        "所给编号与证书上的编号不同：这是另一份证书。请核对编号。",
        "The number given is not the certificate's: this is another certificate. Compare the numbers.",
    ),
    "name_differs": Sentence(
        "所给姓名与证书上的姓名不同。请核对姓名；若无误，该证书属于他人。",
        "The name given is not the one on the certificate. Check the name; if it is right, the certificate is another's.",
    ),
    "template_form": _source(
        "证书模板文件格式有误，没有使用", "A certificate template is malformed and was not used"
    ),
    "schema_keyword": _source(
        "证书模式含有本程序不支持的规则", "A certificate schema has a rule unknown here"
    ),
    "schema_open_object": _source(
        "证书模式不完整，没有使用", "A certificate schema is incomplete and was not used"
    ),
    "template_differs": _source(
        "证书模板与根密钥公布的不一致，没有使用",
        "A certificate template is not the one that the root published; it was not used",
    ),
    # ---- step 7: log
    "logged": Sentence("已在透明日志中登记。", "It is in the transparency log."),
    "log_proof_missing": Sentence(
        "没有日志证明，无法判定是否已登记。请联网核验，或提交下载证书时所附的 .tlog-proof 文件。",
        "There is no log proof, so it could not be told whether the certificate was logged. "
        "Check online, or present the .tlog-proof file that came with it.",
    ),
    "log_proof_absent": Sentence(
        "没有日志证明，本次核验未作要求。", "There is no log proof, and none was required."
    ),
    "log_entry_differs": Sentence(
        "日志中这个编号登记的不是这份证书。请勿采信，并向发证机关核实。",
        "The log has something else under this number. Do not accept it; ask the issuing authority.",
    ),
    "log_entry_other": _proof("它属于另一份证书", "it belongs to another certificate"),
    "log_time_in_future": Sentence(
        "登记时间晚于核验时间，无法判定。请核对本机时钟和所选核验时间。",
        "It was logged after the time of checking, so it could not be decided. Check the clock and the time chosen.",
    ),
    "log_proof_form": _proof("格式有误", "it is malformed"),
    "log_entry_form": _proof("登记条目格式有误", "the log entry is malformed"),
    "log_inclusion": _proof("不能证明条目在日志之中", "it does not show the entry in the log"),
    "log_index_beyond_tree": _proof("条目序号超出日志规模", "the entry's place is beyond the log's size"),
    "log_consistency": _proof("日志前后不一致", "the log is not consistent with its past"),
    "checkpoint_form": _proof("检查点格式有误", "the checkpoint is malformed"),
    "checkpoint_origin": _proof("检查点属于另一个日志", "the checkpoint is another log's"),
    "note_form": _proof("检查点格式有误", "the checkpoint is malformed"),
    "note_key": _proof("日志密钥格式有误", "a log key is malformed"),
    "note_signature": _proof("检查点签名有误", "the checkpoint's signature is wrong"),
    "note_unsigned": _proof("检查点没有日志的签名", "the log did not sign the checkpoint"),
    "witnesses_missing": Sentence(
        "见证人的联署数量不足，无法判定。请稍后重新下载日志证明，或联网核验。",
        "Too few witnesses cosigned the checkpoint, so it could not be decided. Download the proof again later, or "
        "check online.",
    ),
    "log_absent": _source("该来源没有公布日志", "The publication has no log"),
    "log_behind": _source(
        "日志尚未公布到这份证书，请稍后再试",
        "The published log does not reach this certificate yet; try later",
    ),
    "log_hint": _source("该来源给出的日志位置有误", "The publication gives a wrong place in the log"),
    "log_not_listed": _source(
        "该来源的日志目录中没有这个编号", "The publication's index of the log does not have this number"
    ),
    "log_runs_form": _source("该来源的日志目录格式有误", "The publication's index of the log is malformed"),
    "log_bundle_form": _source("该来源的日志条目文件有误", "The publication's log entries are malformed"),
    "log_tile": _source("该来源的日志文件不完整", "The publication's log is incomplete"),
    # ---- step 8: status
    "in_force": Sentence("未被撤销，也未被暂停。", "Neither revoked nor suspended."),
    "revoked": Sentence(
        "该证书已被发证机关撤销，不再有效。请勿再作为依据；如有疑问，请联系发证机关。",
        "The issuing authority has revoked this certificate; it is no longer in force. "
        "Do not rely on it; ask the authority if in doubt.",
    ),
    "suspended": Sentence(
        "该证书已被发证机关暂停使用，目前不能作为依据。请联系发证机关，恢复后可重新核验。",
        "The issuing authority has suspended this certificate; it cannot be relied on for now. "
        "Ask the authority, and check again once it is reinstated.",
    ),
    "superseded": Sentence(
        "该证书已更正换发，本编号不再有效。请向持证人索取更正后的新证书。",
        "This certificate was corrected and replaced; this number is no longer in force. Ask the holder for the new one.",
    ),
    "status_missing": _status("没有取得状态列表", "no status list could be obtained"),
    "status_stale": _status("状态列表已过时", "the status list is out of date"),
    "status_list_form": _status("状态列表格式有误", "the status list is malformed"),
    "status_list_other": _status("取得的是另一份状态列表", "another status list was obtained"),
    "status_list_validity": _status(
        "状态列表的有效期不合规定", "the status list's period is not as required"
    ),
    "status_list_key": _status("状态列表的签名密钥不被信任", "the status list's key is not trusted"),
    "status_list_signature": _status("状态列表的签名有误", "the status list's signature is wrong"),
    "status_list_too_large": _status("状态列表过大", "the status list is too large"),
    "status_details_form": _status("状态说明格式有误", "the status details are malformed"),
    "status_absent": _source("该来源没有这份状态文件", "The publication does not have this status document"),
    "status_not_required": Sentence("本次核验未要求检查状态。", "The status was not required."),
    # ---- step 9: host
    "registry_host": Sentence(
        "二维码指向登记系统官方网站。", "The QR code leads to the registry's official site."
    ),
    "foreign_host": Sentence(
        "二维码指向的不是登记系统官方网站。请勿打开该网址，也不要采信它显示的内容；请向持证人索取证书原始文件。",
        "The QR code does not lead to the registry's official site. Do not open that address or believe what it shows; "
        "ask the holder for the certificate's file.",
    ),
    # ---- step 10: hours
    "hours_met": Sentence("学时达到当年规定。", "The hours meet the rules of that year."),
    "hours_short": Sentence(
        "学时未达到当年规定。这不影响证书的真实性，是否采用由评审方决定。",
        "The hours are below the rules of that year. The certificate is no less genuine; whether it counts is the panel's decision.",
    ),
    "no_rule": Sentence("该类证书不适用学时规定。", "No rule on hours applies to this kind of certificate."),
    "rule_unknown": Sentence(
        "信任列表中没有该证书所引用的学时规定。", "The trust list does not have the rules that it names."
    ),
    "not_authentic": Sentence(
        "内容未获证实，不作评价。", "The content is not established, so nothing is said of the hours."
    ),
    # ---- why a step had nothing to run on
    "no_record": Sentence("没有可供检查的证书内容。", "There was no certificate to look at."),
    "no_number": Sentence("没有可用的证书编号。", "There was no usable number."),
    "no_key": Sentence("没有可用的密钥。", "There was no key to check with."),
    "no_qr": Sentence("提交的不是二维码，无需检查。", "No QR code was presented."),
    "no_trust_list": Sentence("没有可用的信任列表。", "There was no usable trust list."),
    # ---- files and publications
    "container_too_large": _source("文件过大，没有读取", "The file is too large and was not read"),
    "container_unreadable": _source(
        "文件无法读取，可能已损坏或格式不受支持",
        "The file could not be read; it may be damaged or of another kind",
    ),
    "container_too_costly": _source(
        "读取这个文件所需的时间或内存超过任何真实证书，没有读完",
        "The file takes more time or memory to read than any genuine certificate; reading was stopped",
    ),
    "box_unavailable": _source(
        "本机暂时无法启动读取文件的程序，请稍后再试",
        "This computer could not start the program that reads such files; try again later",
    ),
    "container_ambiguous": _source(
        "一个文件中有两份不同的证书，请分别提交",
        "The file has two different certificates; present each by itself",
    ),
    "container_no_certificate": _source(
        "文件中没有找到证书或证书二维码，请提交原始文件或更清晰的照片",
        "No certificate or QR code was found in the file; present the original or a sharper photograph",
    ),
    "image_too_large": _source("图片尺寸过大，没有读取", "The picture is too large and was not read"),
    "file_unreadable": _source("文件无法打开", "The file could not be opened"),
    "target_unknown": Sentence(
        "没有这个文件，它也不是二维码内容或证书编号。",
        "There is no such file, and it is neither a QR code's text nor a certificate number.",
    ),
    "folder_too_large": _source(
        "文件夹中的文件过多，请分批核验", "The folder has too many files; check them in parts"
    ),
    "folder_empty": _source("文件夹中没有可核验的文件", "The folder has no file to check"),
    "source_not_found": _source(
        "没有找到指定的来源（网址、文件夹或离线核验包）",
        "There is no such publication (address, folder or bundle)",
    ),
    "source_path": _source("来源中的路径不合规定", "A path in the publication is not allowed"),
    "source_unreachable": _source(
        "无法连接或读取来源，请检查网络后再试",
        "The publication could not be reached; check the connection and try again",
    ),
    "source_refused": _source("服务器拒绝提供文件", "The server refused the document"),
    "source_too_large": _source(
        "来源提供的文件过大，没有读取", "A document of the publication is too large and was not read"
    ),
    "source_redirect": _source(
        "服务器转向其他网址，没有跟随", "The server leads to another address, which was not followed"
    ),
    "source_encoding": _source(
        "服务器使用了不支持的压缩方式", "The server used a compression that is not supported"
    ),
    "source_bundle_form": _source(
        "离线核验包格式有误，请重新下载", "The offline bundle is malformed; download it again"
    ),
    "source_bundle_too_large": _source(
        "离线核验包过大，没有读取", "The offline bundle is too large and was not read"
    ),
    "trust_list_missing": _source("来源中没有信任列表", "The publication has no trust list"),
    "history_missing": _source(
        "根密钥已更换，而来源缺少其间的信任列表",
        "The root has changed and the publication lacks the lists in between",
    ),
    "root_missing": _source(
        "来源中没有根文件（root.json），请用 --trust 指定",
        "The publication has no root file (root.json); give one with --trust",
    ),
    "memory_form": Sentence(
        "核验记录文件（seen.json）已损坏。它记着以前用过的信任列表版本；确认无误后可删除它再核验。",
        "The verifier's memory (seen.json) is damaged. It holds the versions of trust lists seen before; delete it once "
        "you know why, and check again.",
    ),
    "memory_unwritable": Sentence(
        "核验记录文件（seen.json）无法写入，请检查权限或磁盘。",
        "The verifier's memory (seen.json) cannot be written; check permissions and disk.",
    ),
    "root_form": _source("根文件（root.json）格式有误", "The root file (root.json) is malformed"),
}


def _needs_log(zh: str, en: str) -> Sentence:
    """The signature is older than the trouble, by its own account: only the log can confirm that."""
    return Sentence(
        f"{zh}。证书若在此前已登记则不受影响，但没有日志证明，无法判定。请联网核验，或提交 .tlog-proof 文件。",
        f"{en}. A certificate logged before that is not affected, but there is no log proof, so it could not be decided. "
        "Check online, or present the .tlog-proof file.",
    )


UNDECIDED: dict[str, Sentence] = {
    "created_after_time": Sentence(
        "签名时间晚于核验时间，无法判定。请核对本机时钟和所选核验时间。",
        "The signature is dated after the time of checking, so it could not be decided. Check the clock and the time "
        "chosen.",
    ),
    "template_not_published": Sentence(
        "现有信任列表中没有这种证书，但证书签发于该列表之后，无法判定。请更新信任列表后再核验。",
        "The trust list at hand has no such kind of certificate, but the certificate is newer than the list, so it could "
        "not be decided. Update the list and check again.",
    ),
    "authority_suspended": _needs_log(
        "发证机关目前处于暂停授权状态", "The authority's delegation is suspended now"
    ),
    "authority_withdrawn": _needs_log(
        "发证机关现已被取消授权", "The authority's delegation has been withdrawn"
    ),
    "key_out_of_window": _needs_log("签名密钥的有效期已过", "The signing key is past its period"),
    "key_compromised": _needs_log("签名密钥后来泄露", "The signing key was compromised later"),
    "key_superseded": _needs_log("签名密钥后来停用", "The signing key was replaced later"),
    "authority_not_listed": Sentence(
        "现有信任列表中没有这个发证机关，但证书签发于该列表之后，无法判定。请更新信任列表后再核验。",
        "The trust list at hand has no such authority, but the certificate is newer than the list, so it could not be "
        "decided. Update the list and check again.",
    ),
    "key_not_listed": Sentence(
        "现有信任列表中没有这个签名密钥，但证书签发于该列表之后，无法判定。请更新信任列表后再核验。",
        "The trust list at hand has no such key, but the certificate is newer than the list, so it could not be decided. "
        "Update the list and check again.",
    ),
}
