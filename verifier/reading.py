"""The quick way into step 2: is the record, to the last byte, what its template writes for its own values?

Then its strict form is proven at once: canonical, no member more or less, the contexts and addresses of the registry, the
restricted profile. Anything else, and any value that is out of the ordinary, goes the slow way (``parse_record``), which
finds the same and says why not. The two never disagree; the vectors and a property test run both.
"""

from collections.abc import Mapping
from functools import partial

import orjson

from keys.canonical import MAX_SAFE_INTEGER
from keys.encodings import multibase_encode
from keys.errors import KeysError
from keys.proofs import written_proof
from keys.trustlist import TrustList
from verifier.catalogue import Catalogue, CertificateTemplate
from verifier.errors import FormError
from verifier.limits import MAX_RECORD_BYTES
from verifier.record import UnverifiedRecord, check_text, parse_record
from verifier.template import Field
from verifier.trust import Trust
from verifier.writer import WrittenRecord

Known = tuple[UnverifiedRecord, CertificateTemplate, WrittenRecord]


def read_known(data: bytes, trust: Trust, trust_list: TrustList) -> Known | None:
    """``read_by_template`` for what is trusted; who gathers evidence and then judges it reads the record once."""
    read = partial(read_by_template, data, trust.catalogue, trust_list.registry)
    return trust.recently(("record", data), read)


def read_by_template(data: bytes, catalogue: Catalogue, host: str) -> Known | None:
    """The record in ``data`` with its template, where ``data`` is what the template writes for ``host``; else None."""
    if len(data) > MAX_RECORD_BYTES:
        return None
    try:
        document = orjson.loads(data)
        template = catalogue.of_schema(document["credentialSchema"]["id"])
        if template is None:
            return None
        fields = template.record.fields_of(document)
        issuer_name = document["issuer"]["name"]
        written = template.record.write(fields, host=host, issuer_name=issuer_name)
        if written.record(document["proof"]["proofValue"]) != data:
            return None
        proof = written_proof(document["proof"])
        if not ordinary(fields, issuer_name):
            return None
    except (KeysError, FormError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return UnverifiedRecord(data, document, proof), template, written


def read_written(
    written: WrittenRecord, fields: Mapping[str, Field], issuer_name: str, signature: bytes
) -> UnverifiedRecord:
    """The record that a template wrote of a QR's ``fields``; raises ``FormError`` or ``KeysError`` as ``parse_record``."""
    data = written.record(multibase_encode(signature))
    try:
        if len(data) <= MAX_RECORD_BYTES and ordinary(fields, issuer_name):
            document = orjson.loads(data)
            return UnverifiedRecord(data, document, written_proof(document["proof"], signature))
    except (FormError, KeysError):
        pass  # the slow way tells the first defect in the order of the SPEC
    return parse_record(data)


def ordinary(fields: Mapping[str, Field], issuer_name: str) -> bool:
    """Whether integers are in the restricted profile and no text spells a context; raises ``FormError`` as ``check_text``."""
    texts = [issuer_name]
    for value in fields.values():
        if isinstance(value, str):
            texts.append(value)
        elif not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            return False
    if "@context" in texts:
        return False
    # Between quotes, as they stand in the record: no value may be composed with the next.
    check_text('"'.join(texts))
    return True
