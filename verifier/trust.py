"""What a verifier trusts, established once and used for any number of certificates (SPEC 7.3, step 3).

``Trust.establish`` walks the chain of trust lists from the pinned root and never raises: what went wrong is kept and
becomes the outcome of step 3. Signatures of trust lists, status lists and checkpoints are the same for thousands of
certificates, so each is checked once and remembered by its bytes; the memory is bounded and changes no answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from keys.errors import TrustListError
from keys.trustchain import RootPin, verify_chain
from keys.trustlist import TrustList
from verifier.catalogue import Catalogue
from verifier.checkpoint import VerifiedCheckpoint, verify_checkpoint
from verifier.note import NoteKey, parse_vkey
from verifier.report import Detail
from verifier.status import StatusDetails, StatusList, verify_status_details, verify_status_list

_T = TypeVar("_T")
MAX_REMEMBERED = 4096
"""Lists, details and checkpoints kept; a province has about 40 authorities x 2 kinds x 3 lists a year."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Established trust. ``as_of`` (Unix seconds) is when the trust list was obtained: what it does not name then, it
    did not name. Exactly one of ``trust_list`` and ``error`` is set."""

    pin: RootPin
    catalogue: Catalogue
    as_of: int
    trust_list: TrustList | None
    error: TrustListError | None
    summary: Mapping[str, Detail]
    _memory: dict[tuple[object, ...], object] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def establish(
        cls,
        documents: Sequence[bytes],
        pin: RootPin,
        catalogue: Catalogue,
        *,
        as_of: int,
        seen_version: int = 0,
    ) -> "Trust":
        """From trust lists in ascending versions; ``seen_version`` is the newest version ever seen."""
        try:
            trust_list = verify_chain(documents, pin, seen_version=seen_version)
        except TrustListError as error:
            return cls(pin, catalogue, as_of, None, error, _summary(pin, as_of, None))
        return cls(pin, catalogue, as_of, trust_list, None, _summary(pin, as_of, trust_list))

    def status_list(self, trust_list: TrustList, data: bytes, url: str) -> StatusList:
        """The verified list in ``data``; raises ``StatusError``."""
        return self._remember(("list", data, url), lambda: verify_status_list(data, url, trust_list))

    def status_details(self, trust_list: TrustList, data: bytes, url: str) -> StatusDetails:
        """The verified details in ``data``; raises ``StatusError``."""
        return self._remember(("details", data, url), lambda: verify_status_details(data, url, trust_list))

    def checkpoint(self, trust_list: TrustList, data: bytes) -> VerifiedCheckpoint:
        """The verified checkpoint in ``data``; raises ``LogError``."""
        return self._remember(("checkpoint", data), lambda: _checkpoint(trust_list, data))

    def _remember(self, key: tuple[object, ...], compute: Callable[[], _T]) -> _T:
        """What ``compute`` gives, kept. What raises is not: only signed documents may take room here."""
        known = self._memory.get(key)
        if known is not None:
            return known  # type: ignore[return-value]
        computed = compute()
        if len(self._memory) >= MAX_REMEMBERED:
            self._memory.clear()
        self._memory[key] = computed
        return computed


def _summary(pin: RootPin, as_of: int, trust_list: TrustList | None) -> dict[str, Detail]:
    """What a report says of the trust that it rests on."""
    summary: dict[str, Detail] = {"rootFingerprint": pin.fingerprint, "asOf": as_of}
    if trust_list is not None:
        summary |= {"registry": trust_list.registry, "version": trust_list.version}
        summary |= {"validUntil": trust_list.valid_until}
        if trust_list.not_understood:
            summary["notUnderstood"] = ",".join(trust_list.not_understood)
    return summary


def _checkpoint(trust_list: TrustList, data: bytes) -> VerifiedCheckpoint:
    return verify_checkpoint(
        data,
        origin=trust_list.log_origin,
        log_key=parse_vkey(trust_list.log_vkey),
        witness_keys=_witnesses(trust_list),
    )


def _witnesses(trust_list: TrustList) -> list[NoteKey]:
    return [parse_vkey(vkey) for vkey in trust_list.witness_vkeys]
