"""The job behind a signed review (SPEC 8.5): every certificate judged anew, rows made anew, then signed and printed.

Nothing that a browser found is taken: what comes in is evidence and claims. The moment is this server's, the log proof is
required, and nothing is signed while the trust list is not in force or the key is none of its report keys: a signature
under a review in which nothing could be decided would look like one that found something.
"""

import secrets
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from keys.encodings import base64_encode
from keys.trustlist import TrustList
from verifier.checkpoint import VerifiedCheckpoint
from verifier.errors import FormError, LogError, SourceError
from verifier.judged import Judged, judge_together
from verifier.limits import MAX_CHECKPOINT_BYTES
from verifier.logfiles import CHECKPOINT_PATH
from verifier.policy import VerificationPolicy
from verifier.review.document import ReviewRecord, SignedReview, check_record, sign_review
from verifier.review.rows import Row, rows_of
from verifier.review.sitting import JudgedCertificate, Sitting
from verifier.review.table import counts_of, root_of, table_of
from verifier.server.judging import Judge, View
from verifier.server.panelrequests import MAX_ROWS, Evidence, ReviewRequest
from verifier.server.problems import Problem
from verifier.server.reportkey import ReportKey
from verifier.sources import FolderSource

CHUNK = 50
"""Certificates judged between two lines of progress."""
_SKEW = 300
Lines = Iterator[list[dict[str, Any]]]


class Reviewer:
    """Makes reports for any number of threads. ``key`` None: reports are made, and marked as unsigned."""

    def __init__(self, judge_: Judge, key: ReportKey | None) -> None:
        self._judge, self._key = judge_, key

    @property
    def signs(self) -> bool:
        """Whether there is a key at all."""
        return self._key is not None

    def lines(self, asked: ReviewRequest, *, now: int, lang: str) -> Lines:
        """Progress, and in the end the report; the first step may raise ``Problem``."""
        view = self._judge.view()
        trust_list = _in_force(view, now)
        if self._key is not None and self._key.listed(trust_list, now) is None:
            raise Problem("report_key_unlisted")
        sitting = asked.as_sitting()
        _bound(asked)
        yield [{"done": 0, "of": len(asked.items)}]
        judged: list[JudgedCertificate] = []
        for chunk in _chunks(asked.items):
            judged += _judged(chunk, len(judged), view, sitting, now)
            yield [{"done": len(judged), "of": len(asked.items)}]
        rows = rows_of(sitting, judged, trust_list.rule_sets)
        if len(rows) > MAX_ROWS:
            raise Problem("review_too_large")
        yield [{"done": len(judged), "of": len(asked.items), "rows": len(rows)}]
        yield [self._report(sitting, rows, view, trust_list, now, lang)]

    def _report(
        self, sitting: Sitting, rows: Sequence[Row], view: View, trust_list: TrustList, now: int, lang: str
    ) -> dict[str, Any]:
        table = table_of(rows, iter(lambda: secrets.token_hex(16), ""))
        record = _record(sitting, rows, root_of(table), self._head(view), trust_list, now)
        signed = self._signed(record, trust_list, now)
        from verifier.review.printing import ReviewSheet, review_pdf  # noqa: PLC0415  (a server that makes none needs no typesetter)

        host = trust_list.registry
        sheet = ReviewSheet(record, rows, table, host, lang, signed)
        found: dict[str, Any] = {
            "signed": signed is not None,
            "mark": record.mark,
            "counts": dict(record.counts),
            "table": table.decode(),
            "pdf": base64_encode(review_pdf(sheet)),
        }
        if signed is not None:
            found |= {"report": signed.data.decode(), "qr": f"https://{host}/r#{signed.qr_digits}"}
        return found

    def _signed(self, record: ReviewRecord, trust_list: TrustList, now: int) -> SignedReview | None:
        if self._key is None:
            return None
        key = self._key.listed(trust_list, now)
        if key is None:
            raise Problem("report_key_unlisted")
        return sign_review(record, self._key.signer, host=trust_list.registry, key=key.id)

    def _head(self, view: View) -> VerifiedCheckpoint | None:
        """The log's newest head as published, verified; None where it cannot be had."""
        trust = view.loaded.trust
        try:
            note = FolderSource(self._judge.site).read(CHECKPOINT_PATH, MAX_CHECKPOINT_BYTES)
            return trust.checkpoint(trust.trust_list, note) if note and trust.trust_list else None
        except (SourceError, LogError):
            return None


def _in_force(view: View, now: int) -> TrustList:
    """The list by which something can be decided; raises ``Problem`` (``review_not_trusted``)."""
    trust = view.loaded.trust
    listed = trust.trust_list
    if listed is None or not trust.pinned or not listed.valid_from - _SKEW <= now <= listed.valid_until:
        raise Problem("review_not_trusted")
    return listed


def _bound(asked: ReviewRequest) -> None:
    """Refuse before judging what would end in too many rows, or in a name that no report may have."""
    years = len(set(asked.policy.years))
    if len(asked.applicants) * years > MAX_ROWS:
        raise Problem("review_too_large")
    try:
        check_record(_record(asked.as_sitting(), [], "0" * 64, None, None, 0))
    except FormError as error:
        raise Problem("body_form", errors=[{"place": "name", "cause": error.code}]) from error


def _chunks(items: Sequence[Evidence]) -> Iterator[list[Evidence]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _judged(
    chunk: Sequence[Evidence], before: int, view: View, sitting: Sitting, now: int
) -> list[JudgedCertificate]:
    presented = [one.as_presented(before + place) for place, one in enumerate(chunk)]
    policy = VerificationPolicy(
        at=now, require_log=True, status_max_age=sitting.policy.status_max_age or None
    )
    reports = judge_together(presented, view.gatherer, view.loaded, policy)
    return [_certificate(report, item) for report, item in zip(reports, chunk, strict=True)]


def _certificate(judged: Judged, item: Evidence) -> JudgedCertificate:
    report = judged.report
    return JudgedCertificate(
        label=judged.target,
        verdict=report.verdict.value,
        reason=report.reason,
        number=report.number,
        subject=report.record.subject if report.record else None,
        page=item.page,
    )


def _record(
    sitting: Sitting,
    rows: Sequence[Row],
    table_root: str,
    head: VerifiedCheckpoint | None,
    trust_list: TrustList | None,
    now: int,
) -> ReviewRecord:
    policy = sitting.policy
    return ReviewRecord(
        created=now,
        sitting=sitting.name,
        years=policy.years,
        grade=policy.grade,
        rule_set=policy.rule_set,
        status_max_age=policy.status_max_age,
        trust_list_version=trust_list.version if trust_list else 0,
        log_size=head.checkpoint.size if head else 0,
        log_root=head.checkpoint.root.hex() if head else "",
        counts=counts_of(rows),
        table_root=table_root,
    )
