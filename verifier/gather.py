"""Edge: gathers evidence and trust from a publication, within bounds, and judges nothing (SPEC 7.1, 7.3 and 8.3).

What cannot be fetched is left out of the evidence and noted as a ``Trouble``: the verdict is then INDETERMINATE and says
what is missing. No failure of a host, a network or a disk may look like a false certificate.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from keys.canonical import TRUST_LIST_LIMITS, parse_restricted
from keys.errors import JsonError, KeysError, TrustListError
from keys.trustchain import MAX_CHAIN, RootPin, parse_pin, verify_chain
from keys.trustlist import Root, TemplateDigest, TrustList, parse_trust_list
from verifier.catalogue import Catalogue, CertificateTemplate, catalogue_of, digest_of, published_paths
from verifier.errors import FormError, LogError, SourceError, StatusError, VerifierError
from verifier.evidence import Evidence
from verifier.limits import MAX_LOG_PROOF_BYTES, MAX_STATUS_DETAILS_BYTES, MAX_STATUS_LIST_BYTES
from verifier.loading import installed_catalogue
from verifier.logcheck import included_entry
from verifier.loglookup import PublishedLog
from verifier.number import CertificateNumber, parse_number, parse_typed_number
from verifier.presented import Presented
from verifier.qr import parse_qr_text
from verifier.reading import read_known
from verifier.record import parse_record
from verifier.sources import Source
from verifier.status import DETAILS, PURPOSES, status_path, status_url
from verifier.template import number_in
from verifier.trouble import Trouble
from verifier.trust import Trust

ROOT_PATH, TRUST_PATH, LOG_PATH, LOG_PROOF = "root.json", "trust.json", "log", ".tlog-proof"
MAX_ROOT_BYTES = 64 * 1024
MAX_TEMPLATE_BYTES = 64 * 1024
MAX_HISTORY_BYTES = 256 * 1024 * 1024
"""All versions of the trust list that are read to walk from an old root to the present one."""

FindRecord = Callable[[CertificateNumber], tuple[bytes, bytes | None] | None]
"""The registry's own look-up: record and log proof of a number. The publication has none, because it names nobody."""


@dataclass(frozen=True, slots=True)
class LoadedTrust:
    """Trust, and what went wrong."""

    trust: Trust
    troubles: tuple[Trouble, ...] = ()


class Gathered(NamedTuple):
    """Evidence about one certificate, and what could not be fetched for it."""

    evidence: Evidence
    troubles: tuple[Trouble, ...] = ()


# ---- trust


def load_trust(
    source: Source,
    *,
    pin: RootPin | None,
    fingerprint: str = "",
    seen_version: Callable[[RootPin], int] = lambda _: 0,
) -> LoadedTrust:
    """Trust from ``source``. Raises ``SourceError`` (``root_missing``, ``root_form``) where there is no root to begin with.

    Without ``pin`` the publication's own root is taken, and counts as pinned only if it has ``fingerprint``.
    ``seen_version`` tells the newest version of the trust list that the caller ever accepted for a root.
    """
    troubles: list[Trouble] = []
    try:
        root = pin or _own_root(source)
    except SourceError as error:
        if error.code in ("root_missing", "root_form"):
            raise
        return LoadedTrust(_NOBODYS, (Trouble(ROOT_PATH, error.code),))
    pinned = pin is not None or root.fingerprint == fingerprint
    documents = _chain(source, root, troubles)
    catalogue = installed_catalogue(root.registry)
    trust = Trust.establish(documents, root, catalogue, seen_version=seen_version(root), pinned=pinned)
    if trust.trust_list is not None:
        trust = replace(trust, catalogue=_catalogue(source, catalogue, trust.trust_list, troubles))
    return LoadedTrust(trust, tuple(troubles))


def _own_root(source: Source) -> RootPin:
    data = source.read(ROOT_PATH, MAX_ROOT_BYTES)
    if data is None:
        raise SourceError("root_missing")
    try:
        return parse_pin(data)
    except TrustListError as error:
        raise SourceError("root_form") from error


_NOBODYS = Trust.nothing(
    RootPin("", Root(1, ())), TrustListError("trust_list_count"), catalogue=Catalogue({}, {}), pinned=False
)
"""What is left where the publication cannot be reached and no root was given."""


def _chain(source: Source, root: RootPin, troubles: list[Trouble]) -> list[bytes]:
    """The current list; before it, where the root has changed since, the versions back to one that ``root`` signed."""
    try:
        current = _required(source, TRUST_PATH, "trust_list_missing")
        _check_json(current)
        return [current] if _signed_by(current, root) else _history(source, root, current)
    except SourceError as error:
        # Without the history it cannot be told whether the root signed: no list at all, rather than an unsigned one.
        troubles.append(Trouble(error.detail if error.code == "history_missing" else TRUST_PATH, error.code))
        return []


def _check_json(data: bytes) -> None:
    """A login page, an error page, half a file: an outage, and no word of the registry."""
    try:
        parse_restricted(data, TRUST_LIST_LIMITS)
    except JsonError as error:
        if error.code in ("not_json", "not_utf8"):
            raise SourceError("trust_list_missing", TRUST_PATH) from error


def _history(source: Source, root: RootPin, current: bytes) -> list[bytes]:
    """``current`` behind the versions that lead to it; alone where none of them, or nobody, signed for ``root``."""
    documents, size = [current], len(current)
    for version in _versions_before(current):
        path = f"trust/{version}.json"
        data = _required(source, path, "history_missing")
        size += len(data)
        if size > MAX_HISTORY_BYTES:
            raise SourceError("source_too_large", path)
        documents.insert(0, data)
        if _signed_by(data, root):
            return documents
    return [current]


def _required(source: Source, path: str, code: str) -> bytes:
    data = source.read(path, TRUST_LIST_LIMITS.max_bytes)
    if data is None:
        raise SourceError(code, path)
    return data


def _versions_before(current: bytes) -> Iterable[int]:
    """Versions to look at, newest first; none for a list of another form, which step 3 refuses."""
    try:
        version = parse_trust_list(current).version
    except TrustListError:
        return ()
    return range(version - 1, max(0, version - MAX_CHAIN), -1)


def _signed_by(data: bytes, root: RootPin) -> bool:
    try:
        verify_chain([data], root)
    except TrustListError:
        return False
    return True


def _catalogue(
    source: Source, installed: Catalogue, trust_list: TrustList, troubles: list[Trouble]
) -> Catalogue:
    """The installed templates, and from the source those that the root signed for and that are not installed."""
    wanted = [digest for digest in trust_list.templates if digest not in installed.digests]
    fetched = [one for digest in wanted if (one := _fetch_template(source, digest, troubles))]
    templates = {**installed.templates, **{(one.kind, one.version): one for one in fetched}}
    by_code = {**installed.by_code, **{one.record.code: one for one in fetched}}
    return Catalogue(templates, by_code)


def _fetch_template(
    source: Source, digest: TemplateDigest, troubles: list[Trouble]
) -> CertificateTemplate | None:
    path = published_paths(digest.kind, digest.version)[0]
    try:
        return _signed_template(source, digest)
    except (SourceError, FormError) as error:
        troubles.append(Trouble(path, error.code))
        return None


def _signed_template(source: Source, digest: TemplateDigest) -> CertificateTemplate:
    """Compiling a template is work that its author chooses, so it is done only for the very files the root signed."""
    read = {
        path: source.read(path, MAX_TEMPLATE_BYTES) for path in published_paths(digest.kind, digest.version)
    }
    files = {path: data for path, data in read.items() if data is not None}
    if len(files) != len(read):
        raise FormError("template_form", "a file is missing")
    if digest_of(files, digest.kind, digest.version) != digest:
        raise FormError("template_differs")
    template = catalogue_of(files).get(digest.kind, digest.version)
    if template is None:
        raise FormError("template_form", "kind or version")
    return template


# ---- evidence


class Gatherer:
    """Gathers evidence for any number of certificates under one trust; the log's hints and tiles are kept meanwhile.

    Give it a ``RememberingSource``, so that lists and tiles are fetched once.
    """

    def __init__(self, source: Source | None, trust: Trust, *, find_record: FindRecord | None = None) -> None:
        self._source = source
        self._trust = trust
        self._find = find_record
        self._blocks: dict[str, dict[str, bytes]] = {}
        use_log = source is not None and source.carries_log and trust.trust_list is not None
        self._log = PublishedLog(source, trust, trust.trust_list) if use_log else None  # type: ignore[arg-type]

    def gather(self, presented: Presented) -> Gathered:
        """The evidence about what was presented; never raises for anything in it or in the publication."""
        troubles = [Trouble(presented.label, presented.trouble)] if presented.trouble else []
        evidence = self._look_up(presented)
        number = number_of_evidence(evidence, self._trust)
        if number is None or self._source is None or self._trust.trust_list is None:
            return Gathered(evidence, tuple(troubles))
        record, qr_text, log_proof = evidence.record, evidence.qr_text, evidence.log_proof
        status = self._status(number, self._source, troubles)
        if (record or qr_text) and not self._proves(log_proof, number, troubles):
            log_proof = self._log_proof(number, troubles) or _readable(evidence)
        # Made anew, since ``replace`` takes three times as long.
        evidence = Evidence(record, qr_text, evidence.number, evidence.name, log_proof, status)
        return Gathered(evidence, tuple(troubles))

    def _look_up(self, presented: Presented) -> Evidence:
        """What was presented; for a bare number also the record, where the caller can find it."""
        evidence = Evidence(
            record=presented.record,
            qr_text=presented.qr_text,
            number=presented.number,
            name=presented.name,
            log_proof=presented.log_proof,
        )
        if self._find is None or evidence.record is not None or evidence.qr_text is not None:
            return evidence
        number = number_of_evidence(evidence, self._trust)
        found = self._find(number) if number else None
        return replace(evidence, record=found[0], log_proof=found[1]) if found else evidence

    def _status(self, number: CertificateNumber, source: Source, troubles: list[Trouble]) -> dict[str, bytes]:
        """Both lists of the number's block; its details, which may be large, only where a bit is set."""
        documents = self._lists(number, source, troubles)
        if self._is_set(number, documents):
            self._fetch(number, DETAILS, MAX_STATUS_DETAILS_BYTES, source, documents, troubles)
        return documents

    def _lists(self, number: CertificateNumber, source: Source, troubles: list[Trouble]) -> dict[str, bytes]:
        """Both lists; they are the same for a whole block, so where both were had they are not asked for again."""
        block = status_path(number, PURPOSES[0])
        if block not in self._blocks:
            documents: dict[str, bytes] = {}
            for purpose in PURPOSES:
                self._fetch(number, purpose, MAX_STATUS_LIST_BYTES, source, documents, troubles)
            if len(documents) < len(PURPOSES):
                return documents
            self._blocks[block] = documents
        return dict(self._blocks[block])

    def _fetch(
        self,
        number: CertificateNumber,
        purpose: str,
        max_bytes: int,
        source: Source,
        documents: dict[str, bytes],
        troubles: list[Trouble],
    ) -> None:
        path = status_path(number, purpose)
        try:
            data = source.read(path, max_bytes)
        except SourceError as error:
            troubles.append(Trouble(path, error.code))
            return
        if data is None:
            troubles.append(Trouble(path, "status_absent"))
        else:
            documents[status_url(self._trust.pin.registry, number, purpose)] = data

    def _is_set(self, number: CertificateNumber, documents: dict[str, bytes]) -> bool:
        assert self._trust.trust_list is not None  # noqa: S101 - the caller looked
        for url, data in documents.items():
            try:
                if self._trust.status_list(self._trust.trust_list, data, url).is_set(number.status_index):
                    return True
            except StatusError:
                continue  # step 8 says so
        return False

    def _proves(self, proof: bytes | None, number: CertificateNumber, troubles: list[Trouble]) -> bool:
        """Whether what came with the certificate is a proof; where it is damaged or of an old log, the publication's is."""
        trust_list = self._trust.trust_list
        if proof is None or trust_list is None:
            return False
        try:
            included_entry(proof, number, self._trust, trust_list, keep=True)
        except LogError as error:
            troubles.append(Trouble(LOG_PROOF, error.code))
            return False
        return True

    def _log_proof(self, number: CertificateNumber, troubles: list[Trouble]) -> bytes | None:
        if self._log is None:
            return None
        try:
            return self._log.prove_issue(number)
        except (LogError, SourceError) as error:
            troubles.append(Trouble(LOG_PATH, error.code))
            return None


def _readable(evidence: Evidence) -> bytes | None:
    """The proof that came with the certificate, unless nobody would read it: a careless file beside a good one."""
    proof = evidence.log_proof
    return proof if proof is not None and len(proof) <= MAX_LOG_PROOF_BYTES else None


def gather(
    presented: Presented, source: Source | None, trust: Trust, *, find_record: FindRecord | None = None
) -> Gathered:
    """The evidence about one thing; for many, keep a ``Gatherer``."""
    return Gatherer(source, trust, find_record=find_record).gather(presented)


def number_of_evidence(evidence: Evidence, trust: Trust) -> CertificateNumber | None:
    """The number that the evidence claims, to know what to fetch; None where it claims none that exists."""
    try:
        if evidence.record is not None:
            return _number_in(evidence.record, trust)
        if evidence.qr_text is not None:
            return _number_of_qr(evidence.qr_text, trust.catalogue)
        return parse_typed_number(evidence.number) if evidence.number is not None else None
    except (VerifierError, KeysError):
        return None


def _number_in(data: bytes, trust: Trust) -> CertificateNumber:
    known = read_known(data, trust, trust.trust_list, keep=True) if trust.trust_list else None
    return known.number if known else parse_number(parse_record(data).peek_number)


def _number_of_qr(text: str, catalogue: Catalogue) -> CertificateNumber | None:
    qr = parse_qr_text(text)
    template = catalogue.by_code.get(qr.template_code)
    return number_in(template.record.unpack(qr.values)) if template else None
