"""Edge: the files of a published log: checkpoint, tiles, entry bundles (C2SP tlog-tiles, SPEC 6.6). Nothing is verified here."""

from verifier.errors import LogError
from verifier.limits import MAX_CHECKPOINT_BYTES, MAX_LOG_ENTRY_BYTES
from verifier.merkle import HASH_BYTES
from verifier.sources import Source
from verifier.tiles import TILE_WIDTH, tile_path

CHECKPOINT_PATH = "log/checkpoint"
_MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_LOG_ENTRY_BYTES)
_MAX_TILE_BYTES = TILE_WIDTH * HASH_BYTES


def bundle_entries(data: bytes) -> list[bytes]:
    """The entries of an entry bundle (C2SP tlog-tiles: 16-bit length, then the entry); raises ``LogError``."""
    entries, offset = [], 0
    while offset < len(data):
        end = offset + 2 + int.from_bytes(data[offset : offset + 2], "big")
        entries.append(data[offset + 2 : end])
        offset = end
    if offset != len(data) or len(entries) > TILE_WIDTH:
        raise LogError("log_bundle_form")
    return entries


class LogFiles:
    """The log below ``log/`` of ``source``. Every method raises ``SourceError`` where it could not be told what is there."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def checkpoint(self) -> bytes:
        """The newest signed head; raises ``LogError`` (``log_absent``)."""
        note = self._source.read(CHECKPOINT_PATH, MAX_CHECKPOINT_BYTES)
        if note is None:
            raise LogError("log_absent")
        return note

    def tile(self, level: int, index: int, width: int) -> bytes:
        """At least ``width`` hashes; raises ``LogError`` (``log_tile``)."""
        return self._resource(level, index, width, _MAX_TILE_BYTES)

    def bundle(self, index: int, width: int) -> list[bytes]:
        """The entries of a bundle, more than ``width`` where it has grown since; raises ``LogError``."""
        return bundle_entries(self._resource("entries", index, width, _MAX_BUNDLE_BYTES))

    def _resource(self, level: int | str, index: int, width: int, max_bytes: int) -> bytes:
        """A tile or bundle; once a full one exists the partial one may be gone, and the full one will do."""
        for path in dict.fromkeys((tile_path(level, index, width), tile_path(level, index))):
            found = self._source.read(f"log/{path}", max_bytes)
            if found is not None:
                return found
        raise LogError("log_tile", tile_path(level, index, width))
