"""What an offline bundle is good for, and until when: told by what is signed in it, not by its name or its date (SPEC 8.4)."""

from dataclasses import dataclass
from pathlib import Path

from keys.trustchain import RootPin
from verifier.bundle import BundleSource
from verifier.errors import SourceError, StatusError
from verifier.gather import load_trust
from verifier.limits import MAX_STATUS_LIST_BYTES
from verifier.status import PURPOSES, StatusList, verify_status_list


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """A bundle that was read. ``size`` is in bytes, times are Unix seconds.

    ``created_at`` is nobody's signature; ``as_of`` is when the oldest status list was signed, ``until`` when the first of its
    signed documents ends. ``unusable`` are the paths of lists that the trust list's keys did not sign.
    """

    registry: str
    size: int
    created_at: int
    version: int
    lists: int
    as_of: int
    until: int
    unusable: tuple[str, ...]


def describe_bundle(file: Path, pin: RootPin) -> BundleInfo:
    """Read a whole bundle; raises ``SourceError``, also (``trust_list_missing``) where the pinned root signed no list in it."""
    source = BundleSource(file)
    trust_list = load_trust(source, pin=pin).trust.trust_list
    if trust_list is None:
        raise SourceError("trust_list_missing", str(file))
    lists: list[StatusList] = []
    unusable = []
    for path in source.paths:
        if path.split("/")[0] != "status" or path.split("/")[-2] not in PURPOSES:
            continue
        try:
            data = source.read(path, MAX_STATUS_LIST_BYTES) or b""
            lists.append(verify_status_list(data, f"https://{trust_list.registry}/{path}", trust_list))
        except (SourceError, StatusError):
            unusable.append(path)
    return BundleInfo(
        registry=trust_list.registry,
        size=file.stat().st_size,
        created_at=source.created_at,
        version=trust_list.version,
        lists=len(lists),
        as_of=min([one.valid_from for one in lists], default=trust_list.valid_from),
        until=min([one.valid_until for one in lists] + [trust_list.valid_until]),
        unusable=tuple(unusable),
    )
