"""Certificates for tests: built from the installed templates and signed by the keys of ``tests.builders``."""

from collections.abc import Mapping
from typing import Any

from keys.canonical import JsonObject, canonicalize_restricted
from keys.did import authority_did, key_id
from keys.encodings import multibase_encode
from keys.proofs import hash_data
from tests.builders import HOST, MUNICIPAL, signer
from verifier.catalogue import Catalogue
from verifier.loading import installed_catalogue
from verifier.number import number_of
from verifier.qrvalues import Field

ISSUER_NAME = "郑州市人力资源和社会保障局"
KEY_2026 = key_id(authority_did(HOST, MUNICIPAL), "2026-1")


def catalogue() -> Catalogue:
    """The installed templates, for ``HOST``."""
    return installed_catalogue(HOST)


def annual_fields(*, serial: int = 12, **changes: Field) -> dict[str, Field]:
    """The values of an annual certificate of 郑州, 2026; ``changes`` replace some."""
    return {
        "certificateNumber": number_of(MUNICIPAL, 2026, 1, serial).digits,
        "validFrom": "2026-11-20",
        "created": "2026-11-20T08:00:00Z",
        "keySequence": "1",
        "name": "张文博",
        "identityDocument": "410105********1234",
        "employer": "郑州市第一人民医院",
        "grade": "intermediate",
        "ruleSet": "henan-2012",
        "professionalHours": 60,
        "publicHours": 26,
        **changes,
    }


def completion_fields(*, serial: int = 7, **changes: Field) -> dict[str, Field]:
    """The values of a training completion of 郑州, 2026; ``changes`` replace some."""
    return {
        "certificateNumber": number_of(MUNICIPAL, 2026, 2, serial).digits,
        "validFrom": "2026-11-21",
        "created": "2026-11-21T08:00:00Z",
        "keySequence": "1",
        "name": "阿不都热西提·买买提",
        "identityDocument": "653101********002X",
        "employer": "Henan Software Park",
        "programme": "信息安全",
        "institution": "郑州大学",
        "category": "professional",
        "classHours": 24,
        "completedOn": "2026-10-31",
        **changes,
    }


def unsigned(kind: str, fields: dict[str, Field]) -> dict[str, Any]:
    """The record of ``fields`` with its proof options."""
    template = catalogue().templates[kind, "v1"]
    return template.record.expand(fields, host=HOST, issuer_name=ISSUER_NAME)


def assemble_record(unsigned: Mapping[str, Any], signature: bytes) -> tuple[JsonObject, bytes]:
    """An expanded template (with its proof options) and a signature as the document and its bytes."""
    document = {**unsigned, "proof": {**unsigned["proof"], "proofValue": multibase_encode(signature)}}
    return document, canonicalize_restricted(document)


def certificate(kind: str, fields: dict[str, Field]) -> bytes:
    """The signed record of ``fields``, as its bytes."""
    record = unsigned(kind, fields)
    key = signer(record["proof"]["verificationMethod"])
    return assemble_record(record, key.sign(hash_data(record, record["proof"])))[1]
