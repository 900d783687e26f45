"""The catalogue of certificate templates that a verifier knows: record template and schema of each kind and version.

The trust list names the digest of every published file (SPEC 4.6), so a catalogue may come from anywhere: the installed
package, a bundle, a web host. A file that is not the one the root signed for is not used.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from keys.canonical import JsonLimits, JsonObject, parse_restricted
from keys.errors import KeysError
from keys.trustlist import TemplateDigest
from verifier.errors import FormError
from verifier.qrvalues import Field
from verifier.schema import Check, compile_schema, schema_at
from verifier.template import Place, RecordTemplate, parse_record_template, value_at

CONTEXT_PATH = "ns/certificate/v1"
Files = tuple[tuple[str, bytes], ...]
_SCHEMA_LIMITS = JsonLimits(max_bytes=64 * 1024)
_DEFECTS = (
    KeysError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
    re.error,
)
"""What reading a file that is no template can end in."""
_RECORD_PATH = re.compile(r"templates/([a-z]{1,32})/(v[1-9][0-9]{0,2})/record\.json", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class CertificateTemplate:
    """One kind and version: how to build its record, how to check its values, and the digests of its files.

    Equal to itself alone, so that it is quick to look up by.
    """

    record: RecordTemplate
    schema: Check
    digest: TemplateDigest
    partial_fields: tuple[str, ...]
    """Names of the fields that are only ever a part of a longer text: dates, and the place of a key."""
    _values: tuple[tuple[str, Place, Check], ...]
    _whole: tuple[tuple[str, Check], ...]
    """Those of the values that are a whole value of the record."""
    _issuer_name: Check
    """It is no value of the certificate's, and yet it is not the template's either."""
    _files: Files

    def shared_valid(self, record: JsonObject) -> bool:
        """Whether those values in ``record`` are valid that are a part of a longer text, and the issuer's name."""
        return self._issuer_name(record["issuer"]["name"]) and all(
            check(value_at(record, place.path))
            for _, place, check in self._values
            if place.pattern is not None
        )

    def fields_valid(self, fields: Mapping[str, Field]) -> bool:
        """Whether those of ``fields`` are valid that are a whole value of the record (all but ``partial_fields``)."""
        for name, check in self._whole:
            if not check(fields[name]):
                return False
        return True

    def values_valid(self, values: Mapping[str, Collection[Field]]) -> bool:
        """``fields_valid`` of every combination of values, by name."""
        return all(check(value) for name, check in self._whole for value in values[name])

    def __reduce__(self) -> tuple[Callable[..., "CertificateTemplate"], tuple[Files, str, str]]:
        """Goes to another process as its files, and is compiled there once."""
        return _compiled, (self._files, self.kind, self.version)

    @property
    def kind(self) -> str:
        """``annual``, ``completion`` …"""
        return self.record.kind

    @property
    def version(self) -> str:
        """``v1`` …"""
        return self.record.version


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Templates by ``(kind, version)`` and by the code that stands in the QR."""

    templates: Mapping[tuple[str, str], CertificateTemplate]
    by_code: Mapping[int, CertificateTemplate]

    @property
    def digests(self) -> tuple[TemplateDigest, ...]:
        """What a trust list says about these templates."""
        return tuple(self.templates[key].digest for key in sorted(self.templates))

    def get(self, kind: str, version: str) -> CertificateTemplate | None:
        """The template of that kind and version."""
        return self.templates.get((kind, version))


def catalogue_of(files: Mapping[str, bytes]) -> Catalogue:
    """The templates among published files, by path (``templates/annual/v1/record.json`` …); raises ``FormError``."""
    return _catalogue(
        _template(files, match[1], match[2]) for match in map(_RECORD_PATH.fullmatch, sorted(files)) if match
    )


def published_paths(kind: str, version: str) -> tuple[str, str, str]:
    """Paths of the record template, the schema and the context of a kind, below the registry's root."""
    return f"templates/{kind}/{version}/record.json", f"schemas/{kind}/{version}.json", CONTEXT_PATH


def digest_of(files: Mapping[str, bytes], kind: str, version: str) -> TemplateDigest:
    """The digests of a kind's files, told before anything in them is read; ``KeyError`` where one is missing."""
    hashes = (sha256(files[path]).hexdigest() for path in published_paths(kind, version))
    return TemplateDigest(kind, version, *hashes)


def _catalogue(templates: Iterable[CertificateTemplate]) -> Catalogue:
    known = {(one.kind, one.version): one for one in templates}
    by_code = {one.record.code: one for one in known.values()}
    if len(by_code) != len(known):
        raise FormError("template_form", "a code twice")
    return Catalogue(known, by_code)


def _template(files: Mapping[str, bytes], kind: str, version: str) -> CertificateTemplate:
    try:
        record, schema, _ = (files[path] for path in published_paths(kind, version))
        compiled = parse_record_template(record)
        document = parse_restricted(schema, _SCHEMA_LIMITS)
        check = compile_schema(document)
        values = tuple(
            (name, place, compile_schema(schema_at(document, place.path)))
            for name, place in compiled.places.items()
        )
        issuer_name = compile_schema(schema_at(document, ("issuer", "name")))
    except _DEFECTS as error:
        raise FormError("template_form", f"{kind} {version}") from error
    if (compiled.kind, compiled.version) != (kind, version):
        raise FormError("template_form", f"{kind} {version}")
    partial = tuple(name for name, place in compiled.places.items() if place.pattern is not None)
    digest = digest_of(files, kind, version)
    kept = tuple((path, files[path]) for path in published_paths(kind, version))
    whole = tuple((name, one) for name, place, one in values if place.pattern is None)
    return CertificateTemplate(compiled, check, digest, partial, values, whole, issuer_name, kept)


@lru_cache(maxsize=64)
def _compiled(files: Files, kind: str, version: str) -> CertificateTemplate:
    return _template(dict(files), kind, version)
