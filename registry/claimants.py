"""What a row says otherwise than the certificate that its person has: whether it is another name, and which headings differ.

A claim is found by the identity number alone. A slip in the number finds somebody else's certificate, perhaps another
office's; its name is compared and told to nobody. Stored records are read as they are: nothing is proved with them.
"""

import re
from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy.orm import Session

from registry.applications import Candidate
from registry.database import select_among
from registry.intake.columns import primary_heading
from registry.models import Certificate
from verifier.catalogue import Catalogue
from verifier.errors import FormError
from verifier.template import Fields

_SCHEMA = re.compile(r"/schemas/([a-z]{1,32})/(v[1-9][0-9]{0,2})\.json$", re.ASCII)
_COLUMNS: Mapping[str, str] = {
    "employer": "employer",
    "grade": "grade",
    "professionalHours": "professional_hours",
    "publicHours": "public_hours",
    "institution": "institution",
    "category": "category",
    "classHours": "class_hours",
}
"""What may differ between two rows of one claim and one name, by the column that says it."""


def held_fields(session: Session, catalogue: Catalogue, numbers: Sequence[str]) -> dict[str, Fields]:
    """The values of each of ``numbers`` that is issued; one that is only reserved yet is left out."""
    found = select_among(session, Certificate, "number", numbers, ("number", "record"))
    return {number: _fields_of(bytes(record), catalogue) for number, record in found}


def is_anothers(candidate: Candidate, held: Fields) -> bool:
    """Whether the certificate stands in another name than the row."""
    return "name" in held and candidate.fields["name"] != held["name"]


def differing(candidate: Candidate, held: Fields) -> list[str]:
    """The headings under which the row says something else than the certificate."""
    return [
        primary_heading(column)
        for field, column in _COLUMNS.items()
        if field in held and candidate.fields.get(field) != held[field]
    ]


def _fields_of(record: bytes, catalogue: Catalogue) -> Fields:
    """Nothing of a record that is none any more: ``fsck`` tells of it, and nobody gets a second certificate."""
    try:
        document = orjson.loads(record)
        schema = _SCHEMA.search(document["credentialSchema"]["id"])
        template = catalogue.get(schema[1], schema[2]) if schema else None
        return template.record.fields_of(document) if template else {}
    except (ValueError, LookupError, TypeError, FormError):
        return {}
