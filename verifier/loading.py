"""Edge: the templates and rule sets that are installed with the program (``templates/``), as published files."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from keys.canonical import JsonLimits, parse_restricted
from verifier.catalogue import CONTEXT_PATH, Catalogue, catalogue_of, published_paths

REPORT_CONTEXT_PATH = "ns/report/v1"
_HOST = b"{host}"
_RULE_SET_LIMITS = JsonLimits(max_bytes=64 * 1024)


def installed_files(host: str) -> dict[str, bytes]:
    """Every file of the certificate templates, and the context of review reports, by its published path, with ``host`` filled in where it is published so."""
    root = files("templates")
    found = {CONTEXT_PATH: _for_host(root / "ns" / "certificate" / "v1.json", host)}
    found[REPORT_CONTEXT_PATH] = _for_host(root / "ns" / "report" / "v1.json", host)
    for kind, version, folder in _versions(root):
        record_path, schema_path, _ = published_paths(kind, version)
        # A record template keeps its placeholders: ``{host}`` in it is part of its language.
        found[record_path] = (folder / "record.json").read_bytes()
        found[schema_path] = _for_host(folder / "schema.json", host)
    return found


@lru_cache(maxsize=16)
def installed_catalogue(host: str) -> Catalogue:
    """The templates that are installed, as a catalogue for ``host``."""
    return catalogue_of(installed_files(host))


def installed_rule_sets() -> list[Mapping[str, object]]:
    """The documents of the rule sets that are installed."""
    folder = files("templates") / "rulesets"
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return [
        parse_restricted(entry.read_bytes(), _RULE_SET_LIMITS)
        for entry in entries
        if entry.name.endswith(".json")
    ]


def _versions(root: Traversable) -> list[tuple[str, str, Traversable]]:
    return [
        (kind.name, version.name, version)
        for kind in sorted(root.iterdir(), key=lambda entry: entry.name)
        if kind.is_dir()
        for version in sorted(kind.iterdir(), key=lambda entry: entry.name)
        if version.is_dir() and (version / "record.json").is_file()
    ]


def _for_host(file: Traversable, host: str) -> bytes:
    return file.read_bytes().replace(_HOST, host.encode("ascii"))
