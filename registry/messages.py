"""Sentences for the registry's own errors and for what the command line says, in zh-CN and English, by code.

Intake's findings and the verifier's reasons have catalogues of their own. Values are inserted as text.
"""

from collections.abc import Mapping, Sequence

from verifier.messages import FIELDS, reason_word, sentence_of
from verifier.messages import pick as picked

LANGUAGES = ("zh-CN", "en")

ERRORS: Mapping[str, tuple[str, str]] = {
    "console_origin": (
        "工作台地址 {origin} 不可用：须为 https://主机[:端口]，不带路径；仅本机试用可为 http://localhost:端口。",
        "The console's address {origin} cannot be used: https://host[:port] without a path; http://localhost:port on this machine only.",
    ),
    "console_proxies": (
        "CERTREG_CONSOLE_PROXIES 应为以逗号分隔的网段，例如 10.0.0.0/8,::1/128。",
        "CERTREG_CONSOLE_PROXIES is a list of networks with commas, such as 10.0.0.0/8,::1/128.",
    ),
    "console_breached": (
        "找不到外泄密码文件 {file}（CERTREG_BREACHED）。",
        "There is no file of known passwords {file} (CERTREG_BREACHED).",
    ),
    "port_taken": (
        "端口 {port} 已被其他程序占用。请先停止该程序，或换一个端口：--port。",
        "Port {port} is in use by another program. Stop that program, or choose another port: --port.",
    ),
    "demo_only": (
        "{folder} 不是演示系统：演示账号只建立在 certreg demo 所建的登记系统中。",
        "{folder} is not a demo: demo accounts are only made in a registry that certreg demo made.",
    ),
    "not_initialised": (
        "这里还没有登记系统。请先运行 certreg init。",
        "There is no registry here. Run certreg init first.",
    ),
    "already_initialised": ("登记系统已经存在。", "The registry exists already."),
    "threshold_range": (
        "签名门限 {threshold} 必须在 1 与根密钥数 {keys} 之间。",
        "The threshold {threshold} must lie between 1 and the number of root keys, {keys}.",
    ),
    "authority_unknown": ("没有代码为 {code} 的发证机关。", "There is no authority with code {code}."),
    "authority_exists": (
        "发证机关 {code} 已获这些年度的委托。",
        "Authority {code} is delegated for these years already.",
    ),
    "authority_state": (
        "发证机关 {code} 目前状态为「{state}」，不能这样变更。{possible}。",
        "Authority {code} is {state}; it cannot change in this way. {possible}.",
    ),
    "delegation_form": (
        "机关 {code} 的委托有误：{part}。",
        "The delegation of authority {code} is not right: {part}.",
    ),
    "delegation_area": (
        "请为机关 {code} 填写辖区或行业，二者只填一项（命令行为 --division 或 --industry）。",
        "Give authority {code} either divisions or industries, not both (on the command line --division or --industry).",
    ),
    "uscc": (
        "机关 {code} 的统一社会信用代码 {uscc} 校验不通过（GB 32100）。",
        "The unified social credit code {uscc} of authority {code} fails its check (GB 32100).",
    ),
    "no_key": (
        "机关 {code} 没有可用于 {year} 年度的密钥。请用 authority add 为该年度委托。",
        "Authority {code} has no usable key for {year}. Delegate that year with authority add.",
    ),
    "key_differs": (
        "密钥文件与信任列表中的 {key} 不符，可能已损坏。请从备份恢复。",
        "The key file is not the {key} of the trust list; it may be damaged. Restore it from a backup.",
    ),
    "root_threshold": (
        "此处只有 {here} 把根密钥，需要 {threshold} 把。",
        "Only {here} root keys lie here; {threshold} are needed.",
    ),
    "identity_master_differs": (
        "证件号码主密钥与数据库中的密钥不符：给出的不是当时的主密钥，或密钥行被改动。请核对 CERTREG_IDENTITY_KEY、custody.json 或密钥文件。",
        (
            "The master key does not open the identity keys in the database: it is another one, or a key's row was altered. "
            "Check CERTREG_IDENTITY_KEY, custody.json or the key file."
        ),
    ),
    "identity_keys_full": (
        "证件号码数据密钥已用完 65,535 个编号。",
        "All 65,535 identifiers of identity data keys are used.",
    ),
    "identity_key_unknown": (
        "没有可以销毁的数据密钥 {key}：最新的、第 0 号和不存在的密钥不能销毁。",
        "There is no data key {key} to forget: not the newest, not number 0, none that does not exist.",
    ),
    "identity_key_in_use": (
        "数据密钥 {key} 下还有 {rows} 行，或被取代不足一小时，暂不能销毁。请先运行 certreg identity rotate，稍后再试。",
        "{rows} rows still lie under data key {key}, or it was replaced less than an hour ago. Run certreg identity rotate, then try later.",
    ),
    "identity_key_missing": (
        "找不到证件号码密钥文件 {file}，环境变量 {variable} 也没有设置。请从备份恢复文件；主密钥若来自环境变量，请为本程序设置它。",
        (
            "The identity key file {file} is missing, and the variable {variable} is not set. Restore the file from a backup; "
            "where the master key comes from the variable, give it to this program."
        ),
    ),
    "identity_key_unsafe": (
        "证件号码密钥文件 {file} 权限过宽或已损坏（应为 600、32 字节）。",
        "The identity key file {file} is readable by others or damaged (600, 32 bytes expected).",
    ),
    "authority_not_granted": (
        "机关 {authority} 尚未获得委托。",
        "Authority {authority} is not delegated yet.",
    ),
    "authority_suspended": (
        "机关 {authority} 的委托已暂停，不能发证。",
        "The delegation of authority {authority} is suspended; it cannot issue.",
    ),
    "authority_withdrawn": (
        "机关 {authority} 的委托已撤销，不能发证。",
        "The delegation of authority {authority} is withdrawn; it cannot issue.",
    ),
    "authority_out_of_scope": (
        "机关 {authority} 的委托范围不含 {year} 年度的这类证书。",
        "The delegation of authority {authority} does not cover this kind of certificate for {year}.",
    ),
    "key_out_of_window": (
        "机关 {authority} {year} 年度的密钥已过有效期。",
        "The {year} key of authority {authority} is outside its window.",
    ),
    "rule_set_too_new": (
        "学时规则 {ruleSet} 自 {since} 起施行，不适用于 {year} 年度。",
        "The rule set {ruleSet} is in force from {since} and does not apply to {year}.",
    ),
    "rule_set_unknown": ("没有名为 {ruleSet} 的学时规则。", "There is no rule set named {ruleSet}."),
    "series_full": (
        "机关 {authority} {year} 年度的编号已用完。",
        "The serials of authority {authority} for {year} are used up.",
    ),
    "claims_contended": (
        "其他机关正在为同一批人员发证。请稍后重新提交，已发的不会重复。",
        "Other offices are issuing for the same people. Submit again later; nothing is issued twice.",
    ),
    "intent_unusable": (
        "编号区间 {intent} 的密钥或模板已不可用。请联系省级机构。",
        "The key or template of number range {intent} is gone. Ask the provincial office.",
    ),
    "trust_list_unusable": (
        "本机的信任列表不可用（{reason}）。",
        "The trust list here cannot be used ({reason}).",
    ),
    "number_unknown": ("没有编号为 {number} 的证书。", "There is no certificate with number {number}."),
    "number_void": (
        "编号 {number} 已作废（{reason}），没有以它发证。",
        "Number {number} is void ({reason}); no certificate has it.",
    ),
    "batch_unknown": (
        "没有批次 {batch}。请用 certreg batches 查看。",
        "There is no batch {batch}. See certreg batches.",
    ),
    "selection_empty": (
        "所选批次或号段中没有编号。请用 certreg batches 或 certreg list 查看。",
        "No number was given in that batch or range. See certreg batches or certreg list.",
    ),
    "range_series": (
        "{first} 与 {last} 不属于同一机关、年度和种类，不能作为号段。",
        "{first} and {last} are not of one authority, year and kind; they make no range.",
    ),
    "number_form": (
        "「{number}」不是证书编号（20 位数字）。",
        "“{number}” is not a certificate number (20 digits).",
    ),
    "number_check": (
        "编号 {number} 的校验位不对，请核对是否抄错。",
        "The check digits of {number} are wrong; see whether it was miscopied.",
    ),
    "not_in_force": (
        "证书 {number} 状态为「{state}」，不再出具。",
        "Certificate {number} is {state}; it is not handed out.",
    ),
    "not_under_checkpoint": (
        "证书 {number} 尚未进入签名的日志检查点。请运行 certreg resume。",
        "Certificate {number} is not under a signed checkpoint yet. Run certreg resume.",
    ),
    "not_verified": (
        "证书 {number} 未通过公开核验（{reason}），不予出具。请运行 certreg fsck。",
        "Certificate {number} does not pass the public verifier ({reason}) and is not handed out. Run certreg fsck.",
    ),
    "reason_unlisted": (
        "「{reason}」不是{action}的事由代码。事由是公开的，只能用：{codes}。其他说明请写入 --remark（不公开，仅证书可用）。",
        (
            "“{reason}” is not a reason code to {action}. Reasons are public; use one of: {codes}. "
            "Anything else goes into --remark, which is not published (certificates only)."
        ),
    ),
    "confirmation_needed": (
        "{action}不可恢复。请在终端中运行并确认，或加 --yes。未执行。",
        "To {action} is for good. Run it in a terminal and confirm, or add --yes. Nothing was done.",
    ),
    "status_transition": (
        "证书 {number} 状态为「{state}」，不能{action}。{possible}。",
        "Certificate {number} is {state}; {action} is not possible. {possible}.",
    ),
    "claim_taken": (
        "更正后的人员已有证书 {number}，不能重复。",
        "The person as corrected has certificate {number} already.",
    ),
    "claim_barred": (
        "此人的证书 {number} 因{codes}被撤销，不能再发证。确需再发，请先运行 certreg release {number}。",
        "This person's certificate {number} was revoked for {codes}; no other is issued. To allow it: certreg release {number}.",
    ),
    "not_barred": (
        "证书 {number}（{state}）没有阻止此人再次发证，无需解除。",
        "Certificate {number} ({state}) does not keep its person from another; there is nothing to release.",
    ),
    "correction_changes_nothing": (
        "更正内容与证书 {number} 现有内容相同。",
        "The correction changes nothing of certificate {number}.",
    ),
    "correction_field": (
        "证书没有可更正的项目「{field}」。可更正：{fields}；证件号码用 --identity-stdin。",
        "The certificate has no field “{field}” to correct. There are: {fields}; for the identity number --identity-stdin.",
    ),
    "trust_list_changed": (
        "信任列表在此期间已有新版本，未作变更。请重新打开页面，核对后再办理。",
        "The trust list has a newer version by now, and nothing was changed. Open the page again, look, and order it anew.",
    ),
    "trail_entry_form": (
        "审计记录的内容不合格式，或超过长度上限，未予办理。请缩短备注后再试。",
        "The entry for the audit trail is malformed or too long, and nothing was done. Shorten the remark and try again.",
    ),
    "log_not_consistent": (
        "日志与大小为 {size} 的已签检查点不一致，拒绝签名。请立即运行 certreg fsck 并保留现场。",
        "The log does not extend its signed checkpoint of size {size}; nothing was signed. Run certreg fsck and keep everything.",
    ),
    "log_rolled_back": (
        (
            "数据库比已签名的日志旧：签过 {size} 条，库中只有 {here} 条。可能恢复了旧备份。已停止编号与签名。请恢复最新备份；"
            "若丢失部分从未交付或公布，见 registry/README.md “After a restore”。"
        ),
        (
            "The database is older than what was signed: {size} log entries were, it holds {here}. An old backup may have been "
            "restored. Nothing is numbered or signed. Restore the newest backup; see registry/README.md, After a restore."
        ),
    ),
    "log_recovering": (
        "数据库是备用库或仍在恢复，还没有追上：签过 {size} 条，现有 {here} 条。请等恢复到底（SELECT pg_is_in_recovery() 为 f）再看；届时仍少，才是旧备份。",
        (
            "The database is a standby, or still in recovery, and has not come so far: {size} log entries were signed, it holds {here}. Look again at the "
            "end of the recovery (SELECT pg_is_in_recovery() says f); only if it holds less even then is it an old backup."
        ),
    ),
    "backup_not_empty": (
        "备份文件夹 {folder} 已有内容。请给出一个新的文件夹；备份从不覆盖备份。",
        "The folder {folder} is not empty. Name a new one: no backup is written over another.",
    ),
    "backup_absent": (
        "{folder} 不是完整的备份：其中没有 manifest.json。",
        "{folder} is no complete backup: there is no manifest.json in it.",
    ),
    "backup_manifest": (
        "备份 {folder} 的 manifest.json 无法读取，或由更新的程序所写。未作任何改动。",
        "The manifest.json of the backup {folder} cannot be read, or a newer program wrote it. Nothing was changed.",
    ),
    "backup_damaged": (
        "备份文件 {file} 缺失或与清单不符。未作任何改动；请换用另一份备份。",
        "The backup's file {file} is missing or is not what the manifest says. Nothing was changed; take another backup.",
    ),
    "backup_engine": (
        "这是 {engine} 的备份，而 CERTREG_DATABASE_URL 指向 {here}。未作任何改动。",
        "This is a backup of {engine}, and CERTREG_DATABASE_URL names {here}. Nothing was changed.",
    ),
    "backup_schema": (
        "备份的数据库版本为 {schema}，本程序只到 {here}。请先安装当时或更新的程序。",
        "The backup's schema is {schema}; this program ends with {here}. Install the program of that time or a newer one first.",
    ),
    "backup_tool_missing": (
        "找不到程序 {tool}。请安装 PostgreSQL 客户端（版本不低于服务器）。",
        "There is no program {tool}. Install PostgreSQL's client programs, of the server's version or newer.",
    ),
    "backup_tool_failed": (
        "{tool} 未能完成：{problem}",
        "{tool} did not succeed ({problem}).",
    ),
    "restore_not_empty": (
        "目标数据库不是空的（有 {tables} 个表）。恢复从不覆盖数据：请另建空数据库，或先移走原文件。未作任何改动。",
        "The database is not empty ({tables} tables). Nothing is ever restored over data: make an empty one, or move the file away. Nothing was changed.",
    ),
    "restore_left_over": (
        "原数据库留下了文件 {file}，它会混入恢复的数据。请连同其他残留文件一起移走后再试。",
        "The former database left {file}, which would be mixed into what is restored. Move it away with its kin and try again.",
    ),
    "restore_keys": (
        "{folder} 中没有日志密钥，备份也不含密钥。请先把密钥文件夹（及 custody.json，备份的 home 中有）放回原处。",
        "There is no key of the log in {folder}, and none in the backup. Put the folder of keys back first (and custody.json, which is in the backup's home).",
    ),
    "restore_site": (
        "{site} 不是本系统的公布内容（{problem}）：无从得知已公布到哪一条。请用 --site 给出正确的位置；从未公布过则用 --never-published。",
        "{site} is no publication of this registry ({problem}), so how much was published cannot be told. Name the right place with --site; --never-published if there never was one.",
    ),
    "restore_site_needed": (
        "须知道已公布到哪一条，编号才不会重复：请用 --site 给出公布的文件夹、网址或存储桶；从未公布过则用 --never-published。",
        "How much was published must be known, or numbers could be given twice. Name the publication's folder, address or bucket with --site; --never-published if there never was one.",
    ),
    "restore_gap": (
        "备份比已签名的日志旧：备份中 {here} 条，签过 {signed} 条，其中公布过 {published} 条。已停止编号、签名和公布；查询与核验可用。",
        "The backup is older than what was signed: it holds {here} log entries, {signed} were signed, {published} of them published. Nothing is numbered, signed or published; looking up and verifying work.",
    ),
    "restore_gap_unread": (
        "缺失的部分无法从公布内容中读出（{problem}）。",
        "What is missing could not be read from the publication ({problem}).",
    ),
    "restore_gap_public": (
        "怎样继续：恢复更新的备份，或把预写日志（WAL）重放到底：移走此数据库，再运行 certreg restore。缺失的部分已公布，从这份备份不能继续编号或公布；不要移走 head，也不要公布到别处。见 registry/README.md “After a restore”。",
        "How to go on: take a newer backup, or replay the write-ahead log to its end; move this database away and run certreg restore again. What is missing is public, so from this backup nothing can be numbered or published; do not move head away, and do not publish elsewhere. See registry/README.md, After a restore.",
    ),
    "restore_gap_unseen": (
        "怎样继续：恢复更新的备份，或重放预写日志（WAL）。若确知第 {here} 条以后的部分既未公布也未交给任何人，可把 head 移到安全处，运行 certreg fsck 后继续；见 registry/README.md “After a restore”。",
        "How to go on: take a newer backup, or replay the write-ahead log. If you know that nothing after entry {here} was published or handed to anybody, move head to a safe place, run certreg fsck and go on; see registry/README.md, After a restore.",
    ),
    "head_unreadable": (
        "读不到数据库之外的日志头文件 {file}（{problem}），无法判断数据库是否为旧备份。请检查其所有者和权限（600），不要删除或移走。",
        (
            "The log's head outside the database, {file}, cannot be read ({problem}): whether the database is an old backup "
            "cannot be told. See to its owner and mode (600); do not delete it, or move it away."
        ),
    ),
    "head_unusable": (
        "数据库之外的日志头文件 {file} 已损坏，无法判断数据库是否为旧备份。请从备份恢复该文件，见 registry/README.md。",
        (
            "The log's head outside the database, {file}, is damaged: whether the database is an old backup cannot be told. "
            "Restore the file from a backup; see registry/README.md."
        ),
    ),
    "publication_ahead": (
        (
            "公布的日志有 {size} 条，数据库只有 {here} 条：数据库是旧备份。未写任何公布文件；已把公布的日志头记为本机的 head，不再编号和签名。"
            "请恢复更新的备份，或把预写日志（WAL）重放到底；见 registry/README.md “After a restore”。"
        ),
        (
            "The published log has {size} entries and the database {here}: it is an old backup. Nothing was published; the published head was kept as this "
            "host's, so that nothing is numbered or signed. Take a newer backup, or replay the write-ahead log to its end; see registry/README.md, After a restore."
        ),
    ),
    "trust_list_lost": (
        "已公布信任列表第 {version} 版，而数据库中只到第 {here} 版。未写任何文件。请运行 certreg fsck，并从备份恢复。",
        (
            "Version {version} of the trust list is published and the database ends with version {here}. Nothing was written. "
            "Run certreg fsck and restore it from a backup."
        ),
    ),
    "revocation_lost": (
        "证书 {number} 已公布为撤销，而数据库中没有这次撤销。状态列表未更新。请运行 certreg fsck，并从备份恢复。",
        (
            "Certificate {number} is published as revoked, and the database does not have that revocation. No status list "
            "was changed for it. Run certreg fsck and restore it from a backup."
        ),
    ),
    "bundle_stale": (
        "这个离线核验包已过期（状态列表签于 {hours} 小时前）：用它核验只会得到「无法判定」。请取新的。",
        "This bundle is out of date (its status lists were signed {hours} hours ago): with it every verdict is INDETERMINATE. Fetch a new one.",
    ),
    "bundle_list": (
        "状态列表不可信：{path}",
        "A status list cannot be trusted: {path}",
    ),
    "bucket_address": (
        "存储桶地址应为 s3://桶名 或 s3://桶名/前缀：{address}",
        "A bucket is named as s3://BUCKET or s3://BUCKET/PREFIX: {address}",
    ),
    "bucket_extra": (
        "公布到存储桶需要 boto3，尚未安装：pip install boto3。",
        "Publishing to a bucket needs boto3, which is not installed: pip install boto3.",
    ),
    "bucket_credentials": (
        "没有存储桶 {bucket} 的访问凭据（AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY，或配置文件）。",
        "There are no credentials for the bucket {bucket} (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile).",
    ),
    "bucket_unusable": (
        "存储桶 {bucket} 的端点、区域或凭据设置有误（{problem}）。",
        "The endpoint, region or credentials for the bucket {bucket} are not usable ({problem}).",
    ),
    "bucket_refused": (
        "存储服务拒绝了对存储桶 {bucket} 的请求（{reason}）。已写入的仍是有效的公布；改正后重新运行即可。",
        "The service refused a request to the bucket {bucket} ({reason}). What is there is a valid publication; put it right and run this again.",
    ),
    "bucket_unreachable": (
        "连不上存储桶 {bucket}（{reason}）。已写入的仍是有效的公布；稍后重新运行即可。",
        "The bucket {bucket} cannot be reached ({reason}). What is there is a valid publication; run this again later.",
    ),
    "bucket_changed": (
        "另有程序正在写入存储桶（{path}）。没有覆盖；请确认只有一处在公布，再重新运行。",
        "Something else is writing to the bucket ({path}). It was not overwritten; see that one place publishes, then run this again.",
    ),
    "clock_went_back": (
        "本机时钟比日志最后一条早 {seconds} 秒。请先校准时钟；若时钟无误，说明此前有记录的时间超前，请联系省级机构。",
        (
            "This machine's clock is {seconds} seconds before the log's last entry. Set the clock first; if it is right, an "
            "earlier entry was dated ahead: ask the provincial office."
        ),
    ),
    "log_time_falls": (
        "日志记录的时间早于前一条，未写入。",
        "A log entry would be earlier than the one before; it was not written.",
    ),
    "log_authority_differs": (
        "日志记录的机关与编号不符，未写入。请运行 certreg fsck。",
        "A log entry would name another authority than its number's; it was not written. Run certreg fsck.",
    ),
    "intent_altered": (
        "编号区间 {intent} 的内容被改动，未签名；其余区间已完成。请运行 certreg fsck，并从备份恢复。",
        (
            "Number range {intent} was altered in the database and is not signed; the others are finished. "
            "Run certreg fsck and restore it from a backup."
        ),
    ),
    "series_altered": (
        "机关 {authority} {year} 年度的编号计数被改动，未编号。请运行 certreg fsck，并从备份恢复。",
        (
            "The counter of authority {authority} for {year} was altered; no number is given. "
            "Run certreg fsck and restore it from a backup."
        ),
    ),
    "number_taken": (
        "编号区间 {intent} 中有编号已经用过，未写入。请运行 certreg fsck。",
        "A number of range {intent} is used already; nothing was written. Run certreg fsck.",
    ),
    "record_altered": (
        "证书 {number} 的记录与日志不符，不能以它为准。请运行 certreg fsck，并从备份恢复。",
        "The record of {number} is not the one in the log and is not relied on. Run certreg fsck and restore it.",
    ),
    "correct_suspended": (
        "证书 {number} 处于暂停状态，不能更正。请先恢复（reinstate）或撤销（revoke）。",
        "Certificate {number} is suspended and cannot be corrected. Reinstate or revoke it first.",
    ),
    "home_unsafe": (
        "{file} 权限为 {mode}，他人可以读取。请运行 chmod {wanted}，并查明此前谁能读到。",
        "{file} has mode {mode} and is open to others. Run chmod {wanted} on it, and find out who could read it.",
    ),
    "witness_quorum": (
        "见证人只有 {witnesses} 个，法定数不能是 {quorum}。",
        "There are {witnesses} witnesses; the quorum cannot be {quorum}.",
    ),
    "witness_unknown": ("没有名为 {name} 的见证人。", "There is no witness named {name}."),
    "witness_exists": ("见证人 {name} 已在名单中。", "The witness {name} is listed already."),
    "witness_vkey": (
        "「{name}」的见证公钥不对：应为 certreg witness key 显示的联署公钥（0x04），且名称一致。",
        "The key given for {name} is not right: it is the cosignature key (0x04) that certreg witness key shows, of the same name.",
    ),
    "witness_address": (
        "见证人网址不对：{url}（应以 http:// 或 https:// 开头）。",
        "The witness's address is not right: {url} (it begins with http:// or https://).",
    ),
    "witness_addresses": (
        "见证人网址文件 {file} 格式有误。",
        "The file of the witnesses' addresses, {file}, is malformed.",
    ),
    "witnesses_awaited": (
        "证书 {number} 已签发并登记，但所在检查点的见证人联署不足，暂不出具。未联署：{witnesses}。请稍后再试。",
        "Certificate {number} is issued and logged, but too few witnesses cosigned its checkpoint, so it is not handed out yet. Missing: {witnesses}. Try again later.",
    ),
    "log_awaits_witnesses": (
        "最新日志检查点（{size} 条）的联署不足（{have}/{quorum}），日志只公布到 {published} 条。未联署：{witnesses}。",
        "The newest log checkpoint ({size} entries) has too few cosignatures ({have} of {quorum}); the log is published up to {published}. Missing: {witnesses}.",
    ),
    "witness_missing": (
        "{folder} 中没有见证程序的数据。请先运行 certreg witness init。",
        "There is no witness in {folder}. Run certreg witness init first.",
    ),
    "witness_differs": (
        "见证程序的密钥与其记录不符，可能已损坏或名称不同。请从备份恢复。",
        "The witness's key or name is not the one in its records. Restore it from a backup.",
    ),
    "witness_name": (
        "见证人名称「{name}」不能用：不能含空格或加号，如 witness.example.cn/w1。",
        "The witness's name “{name}” cannot be used: no spaces, no plus sign; for example witness.example.cn/w1.",
    ),
    "witness_key_unknown": (
        "见证程序不认识这把日志公钥：{key}",
        "The witness knows no log by this key: {key}",
    ),
    "witness_log_key": (
        "这是见证人的公钥，不是日志的公钥。",
        "This is a witness's key, not a log's.",
    ),
    "note_key": ("公钥（vkey）格式有误。", "The key (vkey) is malformed."),
    "passphrase_missing": (
        "没有口令。请设置环境变量 CERTREG_PASSPHRASE 或 CERTREG_PASSPHRASE_FILE。",
        "There is no passphrase. Set CERTREG_PASSPHRASE or CERTREG_PASSPHRASE_FILE.",
    ),
    "passphrase_short": (
        "口令太短，至少 12 字节。",
        "The passphrase is too short; at least 12 bytes.",
    ),
    "passphrase_file": ("读不到口令文件。", "The passphrase file cannot be read."),
    "key_file_exists": ("密钥文件已存在，不会覆盖。", "The key file exists and is not overwritten."),
    "key_file_missing": ("找不到密钥文件。", "The key file is missing."),
    "key_file_mode": (
        "密钥文件权限过宽，他人可读。请改为 600。",
        "The key file can be read by others. Set its mode to 600.",
    ),
    "signature_fault": (
        "签名时机器出错，没有采用任何签名。请勿继续使用这台机器，并联系管理员。",
        "The machine made a fault while signing; no signature was used. Do not go on with this machine; tell the administrator.",
    ),
    "key_file_locked": (
        "打不开密钥文件：口令不对或文件损坏。",
        "The key file does not open: wrong passphrase, or a damaged file.",
    ),
    "key_file_type": ("密钥文件不是 Ed25519 密钥。", "The key file does not hold an Ed25519 key."),
    "key_file_unwritable": ("写不了密钥文件。", "The key file cannot be written."),
    "custody_file": (
        "custody.json 不合规，或他人可写。请对照 keys/README.md 修正。",
        "custody.json does not have its form, or others may write it. Compare it with keys/README.md.",
    ),
    "agent_gone": (
        "签名代理没有应答或中途退出。已编号的内容没有丢失：请确认代理在运行，然后运行 certreg resume。",
        "The signing agent does not answer, or ended. Nothing that was numbered is lost: see that it runs, then run certreg resume.",
    ),
    "agent_protocol": (
        "与签名代理的通信不合协议，没有采用任何签名。请确认两端是同一版本。",
        "The signing agent and this program do not understand each other; no signature was used. See that both are of one version.",
    ),
    "agent_key_unknown": (
        "签名代理不提供这把密钥。新密钥须重启代理；根密钥须点名提供（--key）。",
        "The signing agent does not serve this key. It must be started anew for a new key, and told of a root key (--key).",
    ),
    "agent_makes_no_key": (
        "签名代理不生成密钥。请在持有密钥的机器上不设 CERTREG_AGENT 运行此命令，然后重启代理。",
        "A signing agent makes no keys. Run this command where the keys are, without CERTREG_AGENT, then start the agent anew.",
    ),
    "agent_purpose": (
        "签名代理拒绝：这把密钥不得签署这种内容。请查明是谁提出的请求。",
        "The signing agent refused: this key must not sign such a thing. Find out who asked for it.",
    ),
    "agent_user": (
        "签名代理不为这个系统用户服务。",
        "The signing agent does not serve this user of the system.",
    ),
    "agent_journal": (
        "签名代理写不了它的记录，因此没有签名。请检查磁盘与权限。",
        "The signing agent cannot write its journal, so it signed nothing. Look at the disk and the file's mode.",
    ),
    "agent_too_much": (
        "要签的内容太大，签名代理不接受。",
        "What is to be signed is larger than a signing agent takes.",
    ),
    "agent_client": (
        "本机没有名为 {user} 的系统用户，代理没有启动。",
        "There is no user {user} on this system; the agent was not started.",
    ),
    "agent_folder": (
        "签名代理的套接字所在文件夹不属于本用户，或他人可进入。请设为 700。",
        "The folder of the agent's socket is another user's, or open to others. Set its mode to 700.",
    ),
    "agent_running": (
        "该地址上已有签名代理在运行。",
        "A signing agent is running at this address already.",
    ),
    "token_uri": (
        "pkcs11 地址不合规。应为 pkcs11:token=…;object=…?module-path=/…，不含口令。",
        "The pkcs11 address is not acceptable. It is pkcs11:token=LABEL;object=LABEL?module-path=/FILE, without a PIN.",
    ),
    "token_binding": (
        "未安装 PKCS#11 支持：pip install python-pkcs11。",
        "Support for PKCS#11 is not installed: pip install python-pkcs11.",
    ),
    "token_module": ("装不上密码机的模块文件。", "The token's module does not load."),
    "token_missing": (
        "找不到密码机。请确认已连接，标签无误。",
        "The token is not there. See that it is connected, and its label right.",
    ),
    "token_ambiguous": (
        "有不止一个同名的密码机或密钥。",
        "There is more than one token, or key, of that label.",
    ),
    "token_pin": (
        "密码机口令不对。多次输错会锁定。",
        "The token's PIN is wrong. Too many wrong ones lock it.",
    ),
    "token_pin_locked": (
        "密码机口令已锁定。请用管理员口令解锁。",
        "The token's PIN is locked. Unlock it as its security officer.",
    ),
    "token_pin_absent": (
        "没有密码机口令。请设置环境变量 CERTREG_PIN 或 CERTREG_PIN_FILE。",
        "There is no PIN. Set CERTREG_PIN or CERTREG_PIN_FILE.",
    ),
    "token_key_missing": ("密码机里没有这把密钥。", "The token has no such key."),
    "token_key_exists": (
        "密码机里已有这把密钥，不会覆盖。",
        "The token has such a key, and it is not overwritten.",
    ),
    "token_key_type": (
        "密码机里的这把密钥不是可用的 Ed25519 密钥。",
        "The token's key is no Ed25519 key that may be trusted.",
    ),
    "token_key_extractable": (
        "这把密钥可以从密码机中取出，因此不用。请在密码机内重新生成。",
        "The token would hand this key out, so it is not used. Have the token make a new one.",
    ),
    "token_gone": (
        "密码机已断开或出错，没有采用任何签名。请接好后重新运行；已编号的用 certreg resume 完成。",
        "The token is gone or at fault; no signature was used. Connect it and run this again; certreg resume finishes what was numbered.",
    ),
    "host_form": (
        "域名不合规：小写、至少一个点（或 localhost），可带端口。",
        "The host is not acceptable: lower case with a dot (or localhost), a port if needed.",
    ),
    "annotated_is_input": (
        "核验意见文件 {file} 就是名单本身，不会覆盖。请用 --annotated 另取文件名。",
        "The annotated file {file} is the list itself, which is never overwritten. Choose another --annotated.",
    ),
    "file_exists": (
        "文件 {file} 已存在，不会覆盖。请另取文件名。",
        "The file {file} exists and is not overwritten. Choose another name.",
    ),
    "file_missing": ("找不到文件：{file}", "There is no such file: {file}"),
    "file_unusable": (
        "读写文件失败：{file}（{problem}）",
        "A file cannot be read or written: {file} ({problem})",
    ),
    "schema_differs": (
        "数据库结构与本程序的版本不同。请先运行一次会写入的命令（如 certreg resume），或换用相应版本。",
        "The database's schema is of another version of this program. Run a writing command (certreg resume) once, or that version.",
    ),
    "batch_open": (
        "批次 {batch}（{file}）没有做完，或正在进行：已发 {issued} 份，待完成 {waiting} 份，其余行没有编号。请先运行 certreg resume 办完待完成的，再重新提交该名单，已发的不会重复。",
        "Batch {batch} ({file}) did not end, or is under way: {issued} issued, {waiting} waiting, the other rows have no number. Run certreg resume, which ends what waits, then submit the list again; nothing is issued twice.",
    ),
    "batch_rest": (
        "批次 {batch}（{file}）没有做完，或正在进行：已发 {issued} 份，其余行没有编号。请重新提交该名单，已发的不会重复。",
        "Batch {batch} ({file}) did not end, or is under way: {issued} issued, the other rows have no number. Submit the list again; nothing is issued twice.",
    ),
    "issue_interrupted": (
        "已中断。已发的证书有效，未编号的行没有发证。请先运行 certreg resume，再重新提交该名单，已发的不会重复。",
        "Interrupted. What was issued stands; rows without a number were not issued. Run certreg resume, then submit the list again; nothing is issued twice.",
    ),
    "database_address": (
        "CERTREG_DATABASE_URL 不是可用的数据库地址。支持 postgresql://用户@主机/库 和 sqlite:///文件。",
        "CERTREG_DATABASE_URL is no address that can be used. It is postgresql://user@host/name or sqlite:///file.",
    ),
    "database_missing": (
        "数据库服务器上没有这个库。请先用 createdb 建立，或检查 CERTREG_DATABASE_URL 中的库名。",
        "The server has no such database. Make it with createdb, or check the name in CERTREG_DATABASE_URL.",
    ),
    "database_refused": (
        "数据库服务器拒绝登录（{problem}）。请检查用户、口令和 pg_hba.conf；口令文件（PGPASSFILE）须属运行本程序的用户，权限 600，否则不被采用。",
        "The database server refuses the login ({problem}). See user, password and pg_hba.conf; a password file (PGPASSFILE) must be this user's, mode 600.",
    ),
    "database_read_only": (
        "这个数据库现在只能读（{problem}）：它是备用库，或仍在恢复。请等恢复到底，或先提升（pg_ctl promote）；若主库另在别处，请检查 CERTREG_DATABASE_URL。",
        (
            "This database only reads just now ({problem}): it is a standby, or still in recovery. Wait for the end of the recovery, or promote it "
            "(pg_ctl promote); if the primary is elsewhere, see CERTREG_DATABASE_URL."
        ),
    ),
    "metrics_address": (
        "监测地址 {address} 不可用：须为 IP:端口，例如 127.0.0.1:9100。",
        "The address {address} for metrics cannot be used: IP:port, such as 127.0.0.1:9100.",
    ),
    "database_busy": (
        "数据库正忙，没有应答（{problem}）。未作任何变更，请稍后再试。",
        "The database is busy and did not answer ({problem}). Nothing was changed; try again in a while.",
    ),
    "disk_full": (
        "磁盘已满或已达配额，无法写入（{problem}）。已完成的不受影响；清出空间后运行 certreg resume 继续。",
        "The disk is full, or a quota is reached ({problem}). What was done stands; make room, then go on with certreg resume.",
    ),
    "database_unreachable": (
        "连不上数据库服务器（{problem}）。请检查它是否运行，以及 CERTREG_DATABASE_URL 的主机和端口。",
        "The database server cannot be reached ({problem}). See whether it runs, and the host and port of CERTREG_DATABASE_URL.",
    ),
    "database_unusable": (
        "连不上数据库，或数据库不可用（{problem}）。请检查 CERTREG_DATABASE_URL。",
        "The database cannot be reached or used ({problem}). Check CERTREG_DATABASE_URL.",
    ),
    "authority_code_form": ("机关代码应为 6 位数字。", "An authority code has 6 digits."),
    "face_kind": ("没有这类证书的版式。", "There is no face for this kind of certificate."),
    "face_record": ("记录缺少证书上应有的内容。", "The record lacks what the certificate shows."),
    "face_font": (
        "找不到证书字体。请重新安装 mplfonts。",
        "The certificate's typeface is missing. Install mplfonts again.",
    ),
    "face_qr_text": ("二维码内容不合规。", "The QR code's text is not acceptable."),
    "face_qr_too_long": ("二维码内容过长，无法印制。", "The QR code's text is too long to be printed."),
    "face_log_proof": ("日志证明不是文本。", "The log proof is not text."),
    "face_typeset": ("证书排版失败。", "The certificate could not be typeset."),
    "face_glyph": (
        "证书含有字库没有的字，不能绘制。",
        "The certificate has characters that the typeface lacks; it cannot be drawn.",
    ),
    "first_list_missing": (
        "第一版信任列表尚未签名。请将提案交各签名人签名，再用 certreg root import 导入。",
        "The first trust list is not signed yet. Have its proposal signed, then take it in with certreg root import.",
    ),
    "state_since": (
        "机关 {code} 的变更不能早于 {earliest} 生效。",
        "The change of authority {code} cannot take effect before {earliest}.",
    ),
    "root_key_other": (
        "根密钥 {key} 是为另一个登记系统制作的。",
        "The root key {key} was made for another registry.",
    ),
    "root_key_twice": (
        "同一根密钥或同一名称出现了两次；名称用过就不再用。",
        "A root key, or its name, is there twice; a name that was used is never used again.",
    ),
    "root_key_unknown": ("没有名为 {key} 的根密钥。", "There is no root key named {key}."),
    "root_unchanged": ("根密钥没有变化。", "Nothing of the root would change."),
    "list_registry": (
        "这份信任列表属于 {host}，不是本登记系统。",
        "This trust list is of {host}, another registry.",
    ),
    "list_version": (
        "这份信任列表是第 {version} 版，应为第 {wanted} 版。若此前另有变更，请重新提案并签名。",
        "This trust list is version {version}; version {wanted} must come. If another change was quicker, propose and sign anew.",
    ),
    "list_not_following": (
        "这份信任列表不能接在现行列表之后（{reason}）：签名不足，或内容不合规。未导入。",
        "This trust list cannot follow the current one ({reason}): too few signatures, or not in form. It was not taken in.",
    ),
    "list_lifetime": (
        "这份信任列表尚未生效或已经到期。请核对时钟，或重新提案。",
        "This trust list is not valid yet, or no longer. See the clock, or propose anew.",
    ),
    "list_own_key": (
        "本机没有信任列表所列的密钥 {key}。请从备份恢复。",
        "The registry's key that the trust list names does not lie here: {key}. Restore it from a backup.",
    ),
    "list_condemns": (
        "按这份信任列表，已正当签发的 {count} 份证书（如 {number}）将不能通过核验（{reason}）。请改用较晚的生效时间重新提案；确属密钥泄露等情形，加 --condemn 导入。",
        (
            "Under this trust list {count} certificates that were rightly issued (such as {number}) would fail ({reason}). Propose "
            "anew with a later date; if that is meant, as for a compromised key, take it in with --condemn."
        ),
    ),
    "fingerprint_differs": (
        "新根的指纹是 {fingerprint}，与所给的不同。未导入。",
        "The new root's fingerprint is {fingerprint}, not the one given. Nothing was taken in.",
    ),
    "key_unknown": ("信任列表中没有密钥 {key}。", "The trust list has no key {key}."),
    "key_revoked": ("密钥 {key} 已经作废。", "The key {key} has ended already."),
    "report_key_listed": (
        "报告密钥 {key} 已列入信任列表；更换请用 certreg key supersede。",
        "The report key {key} is listed already; replace it with certreg key supersede.",
    ),
    "key_not_compromised": (
        "密钥 {key} 没有标为泄露。请先用 key revoke --compromised-from，或在此给出时间。",
        "The key {key} is not listed as compromised. Revoke it with key revoke --compromised-from, or give the time here.",
    ),
    "compromised_in_future": (
        "泄露时间不能晚于现在（{now}）。",
        "The time of the compromise cannot lie after now ({now}).",
    ),
    "request_registry": (
        "这份申请是交给 {host} 的，不是本登记系统。",
        "This request is for {host}, another registry.",
    ),
    "request_age": (
        "这份申请写于 {created}，过旧或时间超前。请机关重新申请。",
        "This request was made at {created}: too old, or dated ahead. Have the authority ask again.",
    ),
    "request_uscc": (
        "机关 {code} 的统一社会信用代码或类别与信任列表不符。",
        "The credit code or the kind of authority {code} is not the listed one.",
    ),
    "request_known": (
        "密钥 {key} 或其公钥已在信任列表中。请机关换一把新密钥、用下一个序号申请。",
        "The key {key}, or its public key, is listed already. Have the authority ask with a new key and the next number.",
    ),
    "key_window": (
        "密钥 {key} 的有效期不对：不能早于现在，止期应晚于起期。",
        "The window of key {key} is not right: it cannot begin before now, and must end after it begins.",
    ),
    "not_confirmed": (
        "确认码不符，没有继续。",
        "The code typed is not the one shown; nothing was done.",
    ),
    "root_key_form": (
        "根公钥文件不合规（{detail}）。",
        "A root key's public file is not in form ({detail}).",
    ),
    "root_key_possession": (
        "根公钥文件不是由该密钥本身签名的：不能证明持有。（{detail}）",
        "A root key's public file is not signed by the key itself: possession is not proven ({detail}).",
    ),
    "root_key_not_listed": (
        "这把密钥不在现行根中，也不在提案的根中。",
        "This key is neither of the present root nor of the proposed one.",
    ),
    "proposal_form": (
        "提案文件不合规（{detail}）。",
        "The proposal is not in form ({detail}).",
    ),
    "proposal_conflict": (
        "这项变更与待签提案改动了同一处（{detail}）。请先完成或删除登记系统文件夹中的 proposal。",
        "This change and the proposal that waits alter the same ({detail}). Finish that one first, or delete the file proposal in the registry's folder.",
    ),
    "proposal_registry": (
        "提案属于另一个登记系统（{detail}），不是您所信任的。",
        "The proposal is of another registry ({detail}) than the one you trust.",
    ),
    "proposal_not_newer": (
        "提案的版本不比您所信任的新（{detail}）。",
        "The proposal's version is not above the one you trust ({detail}).",
    ),
    "proposal_other_base": (
        "提案所依据的第 {detail} 版与您所信任的第 {detail} 版内容不同。请勿签名，并联系省级机构。",
        "The version {detail} that the proposal was made from is not the version {detail} that you trust. Do not sign; ask the provincial office.",
    ),
    "trusted_list_missing": (
        "请用 --trusted 给出您所信任的信任列表：只有第一版可以没有。",
        "Give the trust list that you trust with --trusted: only a first list has none before it.",
    ),
    "root_proof_form": (
        "签名文件不合规（{detail}）。",
        "A proof file is not in form ({detail}).",
    ),
    "root_proof_other": (
        "签名文件签的是另一份提案（确认码 {detail}）。",
        "A proof is of another proposal (code {detail}).",
    ),
    "root_proof_invalid": (
        "签名文件无效，或不是新旧根密钥的签名（{detail}）。",
        "A proof does not verify, or is of no key of the old or new root ({detail}).",
    ),
    "root_proofs_too_few": (
        "签名不足（{detail}）：现行根与提案的根都须达到门限。",
        "There are too few signatures ({detail}): the present root and the proposed one must both reach their threshold.",
    ),
    "ceremony_form": (
        "文件不是所需的那一种（{detail}）。",
        "The file is not of the kind that is needed ({detail}).",
    ),
    "request_form": (
        "申请文件不合规（{detail}）。",
        "The request is not in form ({detail}).",
    ),
    "request_key_year": (
        "申请的密钥 {detail} 与年度不符。",
        "The key {detail} that is asked for is not of the year.",
    ),
    "request_possession": (
        "申请不是由所申请的密钥签名的：不能证明持有。（{detail}）",
        "The request is not signed by the key that it asks for: possession is not proven ({detail}).",
    ),
    "qr_too_large": (
        "文件太大，不宜用二维码传递（{detail} 个）。请用存储介质。",
        "The file is too large to be carried as QR codes ({detail}). Use a memory stick.",
    ),
    "qr_part_form": (
        "这不是仪式文件的二维码，或已读错（{detail}）。",
        "This is no QR code of a ceremony's file, or it was misread ({detail}).",
    ),
    "qr_part_other": (
        "这个二维码（{detail}）属于另一个文件。",
        "This QR code ({detail}) is of another file.",
    ),
    "qr_part_missing": (
        "二维码还没有读全，缺第 {detail} 个。文件没有写出。",
        "Not all QR codes were read; missing: {detail}. No file was written.",
    ),
    "qr_picture": (
        "照片里没有读到仪式文件的二维码：{detail}",
        "No QR code of a ceremony's file was found in the picture: {detail}",
    ),
    "trusted_list_invalid": (
        "所给的信任列表不可信（{detail}）。",
        "The trust list given cannot be trusted ({detail}).",
    ),
    "batch_differs": (
        "批次 {batch} 登记的不是这份文件，未发任何证书。",
        "Batch {batch} was entered for another file; nothing was issued.",
    ),
    "decided_before": (
        "您审核过这份名单，因此不能再改动或提交它。",
        "You have decided on this list before, so you cannot change or submit it.",
    ),
    "draft_altered": (
        "保存的名单与登记的摘要不符，已停止办理。请报告省级管理员。",
        "The stored list does not agree with its digest; nothing more is done. Tell the provincial administrator.",
    ),
    "draft_changed": (
        "这份名单在您打开之后有了变动。未作任何变更，请重新打开后再决定。",
        "The list has changed since you opened it. Nothing was done: open it again and decide anew.",
    ),
    "draft_empty": (
        "名单上没有可以发证的人，不能提交。",
        "Nobody on the list can be issued: it cannot be submitted.",
    ),
    "draft_full": (
        "一份名单最多上传 {most} 次。请另建名单。",
        "A list takes {most} uploads at most. Begin another.",
    ),
    "draft_not_open": (
        "这份名单在当前状态下不能改动或提交。",
        "In its present state the list cannot be changed or submitted.",
    ),
    "draft_not_submitted": (
        "这份名单当前不在待审核状态。",
        "The list is not waiting for review.",
    ),
    "draft_nothing_new": (
        "名单上的人都已有同一年度（项目）的证书，没有需要签发的。",
        "Everybody on the list has such a certificate already; there is nothing to issue.",
    ),
    "draft_outdated": (
        "上传之后，名单上有人的情况发生了变化。请重新上传整份名单核对。",
        "Since the upload something has changed for people on the list. Upload the whole list again to have it checked.",
    ),
    "draft_unknown": (
        "没有这份名单。",
        "There is no such list.",
    ),
    "job_gave_up": (
        "后台试了 {attempts} 次都没有完成，已停止。请报告管理员后再继续。",
        "After {attempts} attempts it was given up. Tell the administrator, then go on.",
    ),
    "job_not_failed": (
        "没有需要重新开始的任务。",
        "There is no work to begin anew.",
    ),
    "own_draft": (
        "您参与了这份名单的准备，须由另一人审核签发。",
        "You helped to prepare this list: another person must decide on it.",
    ),
    "release_altered": (
        "签发记录或名单被改动过，未发任何证书。请报告省级管理员。",
        "The release or the list was altered; nothing was issued. Tell the provincial administrator.",
    ),
    "release_unsealed": (
        "这份名单没有经人签发，未发任何证书。请报告省级管理员。",
        "Nobody released this list; nothing was issued. Tell the provincial administrator.",
    ),
    "remark_length": (
        "退回意见须有 {least} 至 {most} 个字。",
        "The remark must have {least} to {most} characters.",
    ),
}

WARNINGS: Mapping[str, tuple[str, str]] = {
    "trust_list_ends": (
        "信任列表第 {subject} 版还有 {days} 天到期。请及早续签（certreg trust renew），到期后一切核验都无法判定。",
        "Version {subject} of the trust list ends in {days} days. Renew it in time (certreg trust renew): after that nothing can be verified.",
    ),
    "trust_list_ended": (
        "信任列表第 {subject} 版已到期（{days} 天）：核验一律无法判定。请立即续签（certreg trust renew）。",
        "Version {subject} of the trust list has ended ({days} days): nothing can be verified. Renew it now (certreg trust renew).",
    ),
    "keys_end": (
        "{subject} 的密钥 {days} 天后全部到期，且没有后续密钥。请列入新密钥。",
        "The keys of {subject} end in {days} days and none follows. List a new one.",
    ),
}
"""What ends soon (``registry.expiry``)."""
WORDS: Mapping[str, tuple[str, str]] = {
    "issued": ("有效", "in force"),
    "suspended": ("已暂停", "suspended"),
    "revoked": ("已撤销", "revoked"),
    "granted": ("已委托", "granted"),
    "withdrawn": ("已撤销委托", "withdrawn"),
    "suspend": ("暂停（suspend）", "suspend"),
    "reinstate": ("恢复（reinstate）", "reinstate"),
    "revoke": ("撤销（revoke）", "revoke"),
    "correct": ("更正（correct）", "correct"),
    "withdraw": ("撤销委托（withdraw）", "withdraw"),
    "release": ("准许再次发证（release）", "release"),
    "provincial": ("省级", "provincial"),
    "municipal": ("市级", "municipal"),
    "industry": ("行业", "industry"),
}
"""States, commands and kinds of authorities, as people say them."""
STATE_REASON_WORDS: Mapping[str, tuple[str, str]] = {
    "inspection": ("检查", "inspection"),
    "complaint": ("接到投诉", "a complaint was made"),
    "rules-broken": ("违反规定", "rules were broken"),
    "inspection-closed": ("检查结束", "the inspection is over"),
    "complaint-dismissed": ("投诉不成立", "the complaint was dismissed"),
    "remedied": ("已整改", "remedied"),
    "merged": ("机关合并", "merged with another authority"),
    "term-ended": ("委托期满", "the term ended"),
    "own-request": ("机关申请", "at its own request"),
}
"""Public reasons of a change of an authority's state."""
DELEGATION_PARTS: Mapping[str, tuple[str, str]] = {
    "authority": ("机关代码应为 6 位数字", "an authority's code has 6 digits"),
    "kind": ("类别应为省级、市级或行业", "its kind is provincial, municipal or industry"),
    "name": ("缺少机关全称", "its full name is missing"),
    "division": ("辖区代码应为 6 位数字", "a division's code has 6 digits"),
    "industry": ("行业代码应为小写英文，如 health", "an industry's code is in small letters, such as health"),
    "certificates": ("证书种类应为年度证书或结业证书", "the kinds of certificates are annual and completion"),
    "years": ("年度应为四位年份，如 2026", "a year has four digits, such as 2026"),
}
"""What may be wrong in a delegation, by the name of its field in forms."""
SPOKEN = ("state", "action", "possible")
"""Parameters that hold such words: one, or several with spaces between. ``codes`` are reasons, ``fields`` a certificate's,
each with its words. What is ``possible`` is a clause; a dash is nothing. With a ``successor`` a state is no mere revocation."""

UNKNOWN = ("出错：{code}", "Error: {code}")


def pick(pair: tuple[str, str], lang: str) -> str:
    """The sentence of ``pair`` in ``lang``."""
    return pair[LANGUAGES.index(lang)]


def word_of(code: str, lang: str) -> str:
    """A state, a command or an authority's kind in words; what is none of them, as it is."""
    return pick(WORDS.get(code, (code, code)), lang)


def state_word(state: str, successor: str, lang: str) -> str:
    """A certificate's state in words; where it was corrected, which number came in its place."""
    if successor:
        return pick((f"已更正换发，新编号 {successor}", f"superseded by {successor}"), lang)
    return word_of(state, lang)


def reason_list(codes: Sequence[str], lang: str) -> str:
    """Reason codes with their words, for whoever has to choose one."""
    shape = pick(("{}（{}）", "{} ({})"), lang)
    words = (
        pick(STATE_REASON_WORDS[code], lang) if code in STATE_REASON_WORDS else reason_word(code, lang)
        for code in codes
    )
    return pick(("、", ", "), lang).join(map(shape.format, codes, words))


def field_list(names: Sequence[str], lang: str) -> str:
    """A certificate's fields with their labels, for whoever has to name one."""
    shape = pick(("{}（{}）", "{} ({})"), lang)
    return pick(("、", ", "), lang).join(
        shape.format(name, picked(FIELDS[name], lang)) if name in FIELDS else name for name in names
    )


def error_sentence(code: str, params: Mapping[str, object], lang: str) -> str:
    """What went wrong, in words: ours, or the verifier's where it is the verifier that says so."""
    if code not in ERRORS and (said := sentence_of(code, lang)) != code:
        return said
    spoken = {
        name: pick(("、", ", "), lang).join(word_of(one, lang) for one in str(params[name]).split())
        for name in SPOKEN
        if name in params
    }
    if params.get("successor"):
        spoken["state"] = state_word(str(params["state"]), str(params["successor"]), lang)
    if params.get("possible") == "–":
        spoken["possible"] = pick(("不能再办理任何操作", "Nothing more can be done"), lang)
    elif "possible" in spoken:
        spoken["possible"] = pick(("可以：{}", "Possible: {}"), lang).format(spoken["possible"])
    if "part" in params:
        spoken["part"] = pick(DELEGATION_PARTS[str(params["part"])], lang)
    if "codes" in params:
        spoken["codes"] = reason_list(str(params["codes"]).split(), lang)
    if "fields" in params:
        spoken["fields"] = field_list(str(params["fields"]).split(), lang)
    return pick(ERRORS.get(code, UNKNOWN), lang).format_map({"code": code, **params, **spoken})
