"""What a verifier trusts, established once and used for any number of certificates (SPEC 7.3, step 3).

``Trust.establish`` walks the chain of trust lists from the pinned root and never raises: what went wrong is kept and
becomes the outcome of step 3. Signatures of trust lists, status lists and checkpoints are the same for thousands of
certificates, so each is checked once and remembered by its bytes; the memory is bounded and changes no answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

from keys.errors import TrustListError
from keys.trustchain import RootPin, verify_chain
from keys.trustlist import TrustList
from verifier.catalogue import Catalogue, CertificateTemplate
from verifier.checkpoint import VerifiedCheckpoint, verify_checkpoint
from verifier.errors import LogError, StatusError
from verifier.note import ALGORITHM_COSIGNATURE, ALGORITHM_NOTE, NoteKey, parse_vkey
from verifier.report import Detail
from verifier.status import StatusDetails, StatusList, verify_status_details, verify_status_list

_T = TypeVar("_T")
MAX_RECENT = 256
"""Records and log proofs kept between gathering and judging, 64 KiB and 16 KiB each at most: of some threads, 32 certificates each."""
MAX_REMEMBERED = 4096
"""Lists, details and checkpoints kept; a province has about 40 authorities x 2 kinds x 3 lists a year."""


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The verifier keys that a trust list names: the log's own, those it had before, and its witnesses'."""

    own: NoteKey
    former: tuple[NoteKey, ...]
    witnesses: tuple[NoteKey, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """Established trust. Exactly one of ``trust_list`` and ``error`` is set, and ``log_keys`` beside ``trust_list``.

    ``pinned``: whether the reader chose the root; else it is the word of whoever serves the publication.
    """

    pin: RootPin
    catalogue: Catalogue
    trust_list: TrustList | None
    log_keys: LogKeys | None
    error: TrustListError | None
    summary: Mapping[str, Detail]
    pinned: bool = True
    listed: frozenset[CertificateTemplate] = frozenset()
    """Templates of the catalogue that the trust list names as they are."""
    _memory: dict[tuple[object, ...], object] = field(default_factory=dict, compare=False, repr=False)
    _recent: dict[tuple[object, ...], object] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def establish(
        cls,
        documents: Sequence[bytes],
        pin: RootPin,
        catalogue: Catalogue,
        *,
        seen_version: int = 0,
        pinned: bool = True,
    ) -> "Trust":
        """From trust lists in ascending versions; ``seen_version`` is the newest version ever seen."""
        try:
            trust_list = verify_chain(documents, pin, seen_version=seen_version)
            log_keys = _log_keys(trust_list)
        except TrustListError as error:
            return cls.nothing(pin, error, catalogue=catalogue, pinned=pinned)
        known = catalogue.templates.values()
        listed = frozenset(one for one in known if one.digest in trust_list.templates)
        return cls(pin, catalogue, trust_list, log_keys, None, _summary(pin, trust_list), pinned, listed)

    @classmethod
    def nothing(
        cls, pin: RootPin, error: TrustListError, *, catalogue: Catalogue, pinned: bool = True
    ) -> "Trust":
        """Trust in nothing, because of ``error``."""
        return cls(pin, catalogue, None, None, error, _summary(pin, None), pinned)

    def status_list(self, trust_list: TrustList, data: bytes, url: str) -> StatusList:
        """The verified list in ``data``; raises ``StatusError``."""
        return self._remember(("list", data, url), lambda: verify_status_list(data, url, trust_list))

    def status_details(self, trust_list: TrustList, data: bytes, url: str) -> StatusDetails:
        """The verified details in ``data``; raises ``StatusError``.

        Details may be megabytes, and a server may send any. So a refusal is remembered too, by its digest alone.
        """
        key = ("details", sha256(data).digest(), url)
        known = self._remember(key, lambda: _details_or_refusal(data, url, trust_list))
        if isinstance(known, StatusError):
            raise StatusError(known.code, known.detail)
        return known

    def checkpoint(self, trust_list: TrustList, data: bytes) -> VerifiedCheckpoint:
        """The verified checkpoint in ``data``; raises ``LogError``."""
        keys = self.log_keys
        assert keys is not None  # noqa: S101 - set wherever there is a trust list
        return self._remember(
            ("checkpoint", data),
            lambda: verify_checkpoint(
                data,
                origin=trust_list.log_origin,
                log_key=keys.own,
                former_keys=keys.former,
                witness_keys=keys.witnesses,
            ),
        )

    def recently(self, key: tuple[object, ...], compute: Callable[[], _T], *, keep: bool) -> _T:
        """What ``compute`` gives for one certificate: whoever gathers keeps it, and whoever then judges takes it, once."""
        if keep:
            return _kept(self._recent, MAX_RECENT, key, compute)
        known = self._recent.pop(key, None) if self._recent else None
        return compute() if known is None else known  # type: ignore[return-value]

    def _remember(self, key: tuple[object, ...], compute: Callable[[], _T]) -> _T:
        """What ``compute`` gives, kept. What raises is not: no stranger's document may take room here."""
        return _kept(self._memory, MAX_REMEMBERED, key, compute)


def _kept(
    memory: dict[tuple[object, ...], object], most: int, key: tuple[object, ...], compute: Callable[[], _T]
) -> _T:
    known = memory.get(key)
    if known is not None:
        return known  # type: ignore[return-value]
    computed = compute()
    if len(memory) >= most:
        memory.clear()
    memory[key] = computed
    return computed


def _details_or_refusal(data: bytes, url: str, trust_list: TrustList) -> StatusDetails | StatusError:
    try:
        return verify_status_details(data, url, trust_list)
    except StatusError as error:
        return StatusError(error.code, error.detail)


def _log_keys(trust_list: TrustList) -> LogKeys:
    """The keys in the list's vkeys. A witness key under two names would count twice: such a list is refused."""
    try:
        own = _vkey(trust_list.log_vkey, ALGORITHM_NOTE)
        former = tuple(_vkey(text, ALGORITHM_NOTE) for text in trust_list.log_former_vkeys)
        witnesses = tuple(_vkey(text, ALGORITHM_COSIGNATURE) for text in trust_list.witness_vkeys)
    except LogError as error:
        raise TrustListError("trust_list_form", error.code) from error
    for keys in ((own, *former), witnesses):
        if len({key.public_key for key in keys}) != len(keys):
            raise TrustListError("trust_list_duplicate", "vkey")
    return LogKeys(own, former, witnesses)


def _vkey(text: str, algorithm: int) -> NoteKey:
    key = parse_vkey(text)
    if key.algorithm != algorithm:
        raise LogError("note_key", text[:80])
    return key


def _summary(pin: RootPin, trust_list: TrustList | None) -> dict[str, Detail]:
    """What a report says of the trust that it rests on."""
    summary: dict[str, Detail] = {"rootFingerprint": pin.fingerprint} if pin.root.keys else {}
    if trust_list is not None:
        summary |= {"registry": trust_list.registry, "version": trust_list.version}
        summary |= {"validFrom": trust_list.valid_from, "validUntil": trust_list.valid_until}
        if trust_list.not_understood:
            summary["notUnderstood"] = ",".join(trust_list.not_understood)
    return summary
