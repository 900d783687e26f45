"""eddsa-jcs-2022: the W3C's vector with every value on the way, and the signed documents of FEP-8b32."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from keys.canonical import canonicalize
from keys.custody import FileSigner
from keys.encodings import multibase_decode, timestamp_decode
from keys.errors import KeysError
from keys.proofs import add_proof, hash_data, parse_proof, proof_options, verify_proof
from keys.publickey import PublicKey


@pytest.fixture
def folder(foreign_vectors: Path) -> Path:
    return foreign_vectors / "eddsa-jcs-2022"


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def published_signer(folder: Path) -> FileSigner:
    data = multibase_decode(load(folder / "keyPair.json")["privateKeyMultibase"])
    assert data[:2] == bytes.fromhex("8026")  # the multicodec of an Ed25519 private key
    return FileSigner.from_seed(data[2:])


def test_the_key_pair_is_one(folder: Path) -> None:
    public = load(folder / "keyPair.json")["publicKeyMultibase"]
    assert published_signer(folder).public_key.multikey == public


def test_every_intermediate_value(folder: Path) -> None:
    values = load(folder / "intermediate_values.json")["values"]
    document, published = load(folder / "unsigned.json"), load(folder / "proofConfigJCS.json")
    options = proof_options(
        document,
        verification_method=published["verificationMethod"],
        created=timestamp_decode(published["created"]),
    )
    assert options == published
    assert canonicalize(document).decode() == values["canonDocJCS"]
    assert canonicalize(options).decode() == values["proofCanonJCS"]
    proof_hash, document_hash = (
        sha256(canonicalize(options)).hexdigest(),
        sha256(canonicalize(document)).hexdigest(),
    )
    assert proof_hash == values["proofHashJCS"]
    assert document_hash == values["docHashJCS"]
    assert hash_data(document, options).hex() == values["combinedHashJCS"] == proof_hash + document_hash
    signature = published_signer(folder).sign(hash_data(document, options))
    assert signature.hex() == values["sigHexJCS"]
    assert multibase_decode(values["sigBTC58JCS"]) == signature


def test_we_create_the_published_document(folder: Path) -> None:
    published = load(folder / "signedJCS.json")
    document = add_proof(
        load(folder / "unsigned.json"),
        published_signer(folder),
        verification_method=published["proof"]["verificationMethod"],
        created=timestamp_decode(published["proof"]["created"]),
    )
    assert document == published


def test_we_verify_the_published_document(folder: Path) -> None:
    published = load(folder / "signedJCS.json")
    key = PublicKey.from_multikey(load(folder / "keyPair.json")["publicKeyMultibase"])
    assert accepted(published, key)
    assert not accepted({**published, "name": "Alumni credential"}, key)


def test_the_documents_of_fep_8b32(folder: Path) -> None:
    case = load(folder / "fep8b32.json")
    key = PublicKey.from_multikey(case["publicKeyMultibase"])
    assert len(case["documents"]) == 2
    for document in case["documents"]:
        assert accepted(document, key)


def test_no_byte_of_them_may_change(folder: Path) -> None:
    case = load(folder / "fep8b32.json")
    key = PublicKey.from_multikey(case["publicKeyMultibase"])
    for document in case["documents"]:
        data = canonicalize(document)
        for index in range(len(data)):
            changed = data[:index] + bytes((data[index] ^ 1,)) + data[index + 1 :]
            try:
                other = json.loads(changed)
            except ValueError:
                continue
            assert not accepted(other, key), changed


def accepted(document: dict[str, Any], key: PublicKey) -> bool:
    try:
        return verify_proof(document, parse_proof(document, document.get("proof")), key)
    except KeysError:
        return False
