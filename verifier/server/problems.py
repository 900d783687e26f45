"""What this server answers where it cannot do what was asked: RFC 9457 documents, in zh-CN and English.

A problem is about a request and never about a certificate: a verdict is always a report (SPEC 7.5). ``code`` is the identity
of the condition, ``title`` a translation; nothing of what was sent is repeated.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from verifier.messages import pick
from verifier.sentences import Sentence

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A condition: its HTTP status and its sentence."""

    status: int
    title: Sentence


PROBLEMS: dict[str, Kind] = {
    "bad_request": Kind(
        400, Sentence("请求不合规范，无法处理。", "The request is not well formed and was not carried out.")
    ),
    "body_not_json": Kind(
        400,
        Sentence("请求正文不是合规的 JSON（UTF-8，无重复名称、小数和 null）。",
                 "The body is no JSON as required here (UTF-8, no duplicate names, no fractions, no null)."),
    ),
    "upload_form": Kind(400, Sentence("上传的表单无法读取。", "The uploaded form cannot be read.")),
    "name_header": Kind(
        400,
        Sentence("请在请求头 Holder-Name 中写明持证人姓名（UTF-8，百分号编码）。",
                 "Give the holder's name in the header Holder-Name (UTF-8, percent-encoded)."),
    ),
    "not_found": Kind(404, Sentence("没有这个地址。", "There is nothing at this address.")),
    "certificate_not_found": Kind(
        404,
        Sentence("没有编号和姓名都相符的证书。请核对两者；或提交证书文件、扫描二维码。",
                 "No certificate has both this number and this name. Check both, or present the file or the QR code."),
    ),
    "number_lookup_unavailable": Kind(
        404,
        Sentence("本站不按编号提供证书。请提交证书文件，或扫描二维码。",
                 "This site hands out no certificates by number. Present the file, or scan the QR code."),
    ),
    "method_not_allowed": Kind(
        405, Sentence("此地址不接受这种请求方法。", "This address does not take this method.")
    ),
    "body_timeout": Kind(408, Sentence("请求正文传送过慢。", "The body came too slowly.")),
    "body_too_large": Kind(413, Sentence("请求正文过大。请分几次提交。", "The body is too large. Send it in parts.")),
    "too_many_items": Kind(
        413, Sentence("一次最多核验 1000 份证书。请分几次提交。", "At most 1,000 certificates at a time. Send them in parts.")
    ),
    "archive_too_large": Kind(
        413, Sentence("压缩包展开后过大或文件过多。请分几次提交。", "The ZIP unpacks to too much or too many files. Send it in parts.")
    ),
    "media_type": Kind(
        415,
        Sentence("请用 application/json 或 multipart/form-data 提交，正文不得压缩。",
                 "Send application/json or multipart/form-data, without compression."),
    ),
    "body_form": Kind(
        422, Sentence("请求正文缺少内容或有不认识的内容。", "The body lacks something, or has something that is not known.")
    ),
    "archive_form": Kind(422, Sentence("ZIP 压缩包无法读取。", "The ZIP archive cannot be read.")),
    "number_form": Kind(422, Sentence("证书编号应为 20 位数字。", "A certificate number has 20 digits.")),
    "number_check": Kind(
        422, Sentence("证书编号的校验位不符，可能有输入错误。", "The number's check digits are wrong: it may be mistyped.")
    ),
    "review_too_large": Kind(
        413, Sentence("一次会议的行数过多，请按年度或批次分成几次。", "Too many rows for one sitting: divide it by years or groups.")
    ),
    "report_not_found": Kind(
        422, Sentence("文件中没有评审核验报告。", "There is no review report in the file.")
    ),
    "report_key_unlisted": Kind(
        503,
        Sentence("本站的报告密钥不在有效的信任列表中，没有签名。请联系本站管理员。",
                 "This site's report key is not in the trust list in force; nothing was signed. Tell its administrator."),
    ),
    "review_not_trusted": Kind(
        503,
        Sentence("本站目前没有有效的信任列表，任何证书都无法判定，因此没有签名。请稍后再试。",
                 "This site has no trust list in force just now, so nothing could be decided and nothing was signed. Try again later."),
    ),
    "too_many_requests": Kind(429, Sentence("请求过于频繁，请稍后再试。", "Too many requests. Try again later.")),
    "fault": Kind(
        500,
        Sentence("核验程序出现故障，没有结论。这并不说明证书有问题。",
                 "The checking program failed and reached no conclusion. This says nothing against any certificate."),
    ),
    "busy": Kind(
        503,
        Sentence("服务器正忙，没有结论。这并不说明证书有问题，请稍后再试。",
                 "The server is busy and reached no conclusion. This says nothing against any certificate; try again later."),
    ),
    "verifier_away": Kind(  # said by the web server in front, which this program is not behind just then
        503,
        Sentence("核验程序暂时没有应答，没有结论。这并不说明证书有问题，请稍后再试。",
                 "The checking program does not answer just now; no conclusion. This says nothing against any certificate; try again later."),
    ),
    "publication_unavailable": Kind(
        503,
        Sentence("读不到登记系统的公布内容，没有结论。这并不说明证书有问题。",
                 "The registry's publication cannot be read; no conclusion. This says nothing against any certificate."),
    ),
    "time_over": Kind(
        503,
        Sentence("核验用时过长，其余证书没有结论。请分几次提交。",
                 "This took too long; there is no conclusion on the remaining certificates. Send them in parts."),
    ),
}  # fmt: skip
BY_STATUS = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
"""Conditions that the framework finds itself."""


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A request cannot be carried out. ``extra`` are further members of the document, ``headers`` of the answer."""

    def __init__(self, code: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.headers = dict(headers or {})
        self.extra = extra

    @property
    def status(self) -> int:
        """HTTP status."""
        return PROBLEMS[self.code].status


def problem_document(problem: Problem, lang: str) -> dict[str, Any]:
    """The problem as a JSON value."""
    kind = PROBLEMS[problem.code]
    return {
        "type": f"/api/problems/{problem.code}",
        "title": pick(kind.title, lang),
        "status": kind.status,
        "code": problem.code,
        **problem.extra,
    }


def problem_response(problem: Problem, lang: str) -> Response:
    """The problem as an answer; nobody keeps it."""
    headers = {
        "Content-Language": lang,
        "Vary": "Accept-Language",
        "Cache-Control": "no-store",
        **problem.headers,
    }
    body = json.dumps(problem_document(problem, lang), ensure_ascii=False).encode()
    return Response(body, problem.status, headers, MEDIA_TYPE)


def language_of(accepted: str) -> str:
    """``en`` or ``zh-CN`` by an Accept-Language header (RFC 9110, 12.5.4); Chinese where it names neither."""
    return _language_of(accepted[:1000])


@lru_cache(maxsize=256)
def _language_of(accepted: str) -> str:
    best, language = 0.0, "zh-CN"
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        found = {"zh": "zh-CN", "en": "en"}.get(name.strip().lower().partition("-")[0])
        if found and (quality := _quality(weight)) > best:
            best, language = quality, found
    return language


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" and value.strip().isascii() else 0.0
    except ValueError:
        return 0.0
