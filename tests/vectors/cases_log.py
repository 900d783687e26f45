"""Vectors: proofs of another log, another tree, another entry or another time (step 7)."""

from dataclasses import replace
from typing import Any

from tests.builders import HOST, signed, signer
from tests.simulator import ANNUAL, LOGGED_AT, NOW, Certificate, Simulator, cosigned, standard_draft
from tests.vectors.model import Expected, Scene, case, failed, passed, scene, undecided
from verifier.checkpoint import Checkpoint
from verifier.logentry import LogEntry, record_digest
from verifier.merkle import leaf_hash, tree_hash
from verifier.note import ALGORITHM_NOTE, NoteKey
from verifier.tlogproof import TlogProof


def _unproven(code: str, missing: str = "log-proof") -> Expected:
    return undecided(code, {7: f"INDETERMINATE {code}"}, missing=missing)


_DIFFERS = failed("log_entry_differs", {7: "FAILED log_entry_differs"})


def _unwitnessed(seen: int, quorum: int = 1) -> Expected:
    details = {7: {"witnesses": seen, "quorum": quorum}}
    steps = {7: "INDETERMINATE witnesses_missing"}
    return undecided("witnesses_missing", steps, missing="witnesses", details=details)


def _judge(
    registry: Simulator, certificate: Certificate, proof: TlogProof | bytes, expected: Expected, **more: Any
) -> Scene:
    data = proof.to_bytes() if isinstance(proof, TlogProof) else proof
    return scene(registry, replace(registry.evidence(certificate), log_proof=data), expected, **more)


def _logged() -> tuple[Simulator, Certificate]:
    """A certificate in the middle of a log of seven entries."""
    registry = Simulator()
    registry.fill(4)
    certificate = registry.issue()
    registry.fill(2)
    return registry, certificate


@case("log-middle-of-the-tree", "6.4", "The fifth of seven entries, by an old but sufficient checkpoint")
def _middle() -> Scene:
    registry, certificate = _logged()
    details = {7: {"index": 4, "size": 7, "witnesses": 2, "time": LOGGED_AT}}
    return _judge(registry, certificate, registry.log_proof(4), passed(details=details))


@case("log-proof-missing-and-required", "7.2", "No log proof, and a reader who demands one")
def _required() -> Scene:
    registry, certificate = _logged()
    evidence = replace(registry.evidence(certificate), log_proof=None)
    steps = {7: "INDETERMINATE log_proof_missing"}
    return scene(registry, evidence, undecided("log_proof_missing", steps, missing="log-proof"))


@case("log-proof-missing-not-required", "7.2", "No log proof, and a reader who does not demand one")
def _not_required() -> Scene:
    registry, certificate = _logged()
    evidence = replace(registry.evidence(certificate), log_proof=None)
    expected = passed({7: "SKIPPED log_proof_absent"})
    return scene(registry, evidence, expected, require_log=False)


@case("log-proof-malformed", "6.4", "A file that is no tlog-proof")
def _malformed() -> Scene:
    return _judge(*_logged(), b"c2sp.org/tlog-proof@v1\nindex 4\n\n", _unproven("log_proof_form"))


@case("log-proof-not-text", "6.4", "Bytes that are no text where a tlog-proof should be")
def _not_text() -> Scene:
    return _judge(*_logged(), b"\xff\xfe\x00\n\n\xff", _unproven("log_proof_form"))


@case("log-proof-too-large", "6.4", "A log proof beyond any bound: nothing of the evidence is read")
def _too_large() -> Scene:
    steps = {0: "FAILED evidence_too_large", 1: "SKIPPED evidence_too_large", 2: "SKIPPED no_record"}
    steps |= dict.fromkeys((4, 5, 6, 7), "SKIPPED no_record")
    steps |= {8: "SKIPPED no_number", 10: "SKIPPED not_authentic"}
    return _judge(*_logged(), b"x" * 16_385, failed("evidence_too_large", steps))


@case("log-checkpoint-malformed", "6.3", "A checkpoint with a fourth line in its text")
def _checkpoint() -> Scene:
    registry, certificate = _logged()
    note = registry.checkpoint().replace(b"\n\n", b"\nextension\n\n")
    proof = registry.log_proof(4, checkpoint=note)
    return _judge(registry, certificate, proof, _unproven("checkpoint_form"))


@case("log-checkpoint-of-another-log", "6.3", "The checkpoint of another log, signed by that log's key")
def _other_log() -> Scene:
    registry, certificate = _logged()
    registry.log_name = "other.example/log"
    return _judge(registry, certificate, registry.log_proof(4), _unproven("checkpoint_origin"))


@case("log-checkpoint-unsigned", "6.3", "A checkpoint of this log that only another key signed")
def _unsigned() -> Scene:
    registry, certificate = _logged()
    proof = registry.log_proof(4, checkpoint=registry.checkpoint(key="stranger"))
    return _judge(registry, certificate, proof, _unproven("note_unsigned"))


@case("log-checkpoint-altered", "6.3", "A checkpoint whose size was changed after signing")
def _altered() -> Scene:
    registry, certificate = _logged()
    proof = registry.log_proof(4, checkpoint=registry.checkpoint().replace(b"/log\n7\n", b"/log\n8\n"))
    return _judge(registry, certificate, proof, _unproven("note_signature"))


@case("log-forked", "6.4", "A signed and witnessed checkpoint of the same size over other entries")
def _forked() -> Scene:
    registry, certificate = _logged()
    others = [leaf_hash(entry) for entry in [*registry.entries[:4], b"hidden", *registry.entries[5:]]]
    proof = registry.log_proof(4, checkpoint=registry.checkpoint(root_hash=tree_hash(others)))
    return _judge(registry, certificate, proof, _unproven("log_inclusion"))


@case(
    "log-signature-name-with-white-space", "6.3", "A line by an unknown key, in whose name there is a U+0085"
)
def _white_space() -> Scene:
    registry, certificate = _logged()
    data = registry.log_proof(4).to_bytes() + "\u2014 a\u0085b YWJjZGVmZ2g=\n".encode()
    return _judge(registry, certificate, data, _unproven("note_form"))


@case(
    "log-signature-name-with-a-byte-order-mark",
    "6.3",
    "A line by an unknown key, in whose name there is a U+FEFF",
)
def _mark_in_name() -> Scene:
    registry, certificate = _logged()
    data = registry.log_proof(4).to_bytes() + "\u2014 a\ufeffb YWJjZGVmZ2g=\n".encode()
    return _judge(registry, certificate, data, _unproven("note_form"))


@case("log-index-beyond-the-tree", "6.4", "An index that is the size of the tree")
def _beyond() -> Scene:
    registry, certificate = _logged()
    proof = replace(registry.log_proof(4), index=7)
    return _judge(registry, certificate, proof, _unproven("log_index_beyond_tree"))


@case("log-index-of-a-neighbour", "6.4", "The index of the neighbouring entry")
def _neighbour() -> Scene:
    registry, certificate = _logged()
    proof = replace(registry.log_proof(4), index=5)
    return _judge(registry, certificate, proof, _unproven("log_inclusion"))


@case("log-inclusion-altered", "6.4", "One bit of one hash of the inclusion proof was changed")
def _inclusion() -> Scene:
    registry, certificate = _logged()
    proof = registry.log_proof(4)
    first = bytes((proof.hashes[0][0] ^ 1,)) + proof.hashes[0][1:]
    altered = replace(proof, hashes=(first, *proof.hashes[1:]))
    return _judge(registry, certificate, altered, _unproven("log_inclusion"))


@case("log-inclusion-short", "6.4", "An inclusion proof without its last hash")
def _short() -> Scene:
    registry, certificate = _logged()
    proof = registry.log_proof(4)
    return _judge(registry, certificate, replace(proof, hashes=proof.hashes[:-1]), _unproven("log_inclusion"))


@case("log-entry-of-another-certificate", "6.4", "The log proof of another certificate")
def _another() -> Scene:
    registry, certificate = _logged()
    return _judge(registry, certificate, registry.log_proof(3), _unproven("log_entry_other"))


@case("log-entry-of-another-action", "6.4", "The entry that says that this very record was revoked")
def _revocation() -> Scene:
    registry, certificate = _logged()
    digest = record_digest(certificate.record)
    registry.log(LogEntry("revoke", certificate.number.digits, digest, "410100", LOGGED_AT, "data-error"))
    return _judge(registry, certificate, registry.log_proof(), _unproven("log_entry_other"))


@case(
    "log-entry-of-the-audit-trail",
    "6.2",
    "An entry that seals the registry's audit trail, though it names this number",
)
def _sealed_trail() -> Scene:
    registry, certificate = _logged()
    entry = LogEntry(
        "audit-trail", certificate.number.digits, record_digest(certificate.record), "", LOGGED_AT
    )
    index = registry.log(entry)
    return _judge(registry, certificate, registry.log_proof(index), _unproven("log_entry_other"))


@case("log-entry-of-another-record", "6.4", "The log has another record under this number")
def _another_record() -> Scene:
    registry = Simulator()
    certificate = registry.issue(log=False)
    registry.issue({**ANNUAL, "name": "李四"})
    return _judge(registry, certificate, registry.log_proof(), _DIFFERS)


@case("log-entry-void", "6.4", "The log says that this number was never issued")
def _void() -> Scene:
    registry = Simulator()
    certificate = registry.issue(log=False)
    registry.log(LogEntry("void", certificate.number.digits, "", "410100", LOGGED_AT, "not_verified"))
    return _judge(registry, certificate, registry.log_proof(), _DIFFERS)


@case("log-key-former", "6.3", "A checkpoint by a key that the log had before, which the trust list names")
def _former() -> Scene:
    registry, certificate = _logged()
    proof = registry.log_proof(4)
    renewed = replace(
        standard_draft(), log_vkey=_log_vkey("second"), log_former_vkeys=(standard_draft().log_vkey,)
    )
    registry.trust_list = signed(renewed)
    return _judge(registry, certificate, proof, passed())


@case(
    "log-key-replaced", "6.3", "A checkpoint by a key that the log had before, and that no list vouches for"
)
def _replaced() -> Scene:
    registry, certificate = _logged()
    proof = registry.log_proof(4)
    registry.trust_list = signed(replace(standard_draft(), log_vkey=_log_vkey("second")))
    return _judge(registry, certificate, proof, _unproven("note_unsigned"))


def _log_vkey(name: str) -> str:
    """The log's own name with the key of ``name``."""
    return NoteKey(f"{HOST}/log", ALGORITHM_NOTE, signer(name).public_key).vkey


@case("log-entry-malformed", "6.2", "An entry with a member that no clause names")
def _entry() -> Scene:
    registry, certificate = _logged()
    registry.entries.append(registry.entries[4].replace(b'{"action"', b'{"Note":"","action"'))
    return _judge(registry, certificate, registry.log_proof(), _unproven("log_entry_form"))


@case("log-time-in-the-future", "6.5", "Logged an hour after the moment of judgement")
def _future() -> Scene:
    registry = Simulator()
    certificate = registry.issue(logged_at=NOW + 3600)
    proof = registry.log_proof(checkpoint=registry.checkpoint(cosigned_at=NOW))
    return _judge(registry, certificate, proof, _unproven("log_time_in_future", "clock"))


@case("log-time-within-skew", "6.5", "Logged five minutes ahead of the reader's clock, which may be slow")
def _skew() -> Scene:
    registry = Simulator()
    certificate = registry.issue(logged_at=LOGGED_AT)
    moment = LOGGED_AT - 300
    registry.last_logged = moment
    evidence = registry.evidence(certificate, moment=moment)
    return scene(registry, evidence, passed(), moment=moment)


@case("log-witnesses-missing", "6.5", "No witness has seen the checkpoint")
def _unseen() -> Scene:
    registry, certificate = _logged()
    registry.witness_names = ()
    return _judge(registry, certificate, registry.log_proof(4), _unwitnessed(0))


@case(
    "log-witnesses-too-few",
    "6.5",
    "One witness where two are demanded, and a stranger's cosignature beside it",
)
def _too_few() -> Scene:
    registry, certificate = _logged()
    registry.trust_list = signed(replace(standard_draft(), witness_quorum=2))
    registry.witness_names = ("witness-2.example", "stranger.example")
    return _judge(registry, certificate, registry.log_proof(4), _unwitnessed(1, quorum=2))


@case("log-witness-twice", "6.5", "The same witness twice where two are demanded")
def _twice() -> Scene:
    registry, certificate = _logged()
    registry.trust_list = signed(replace(standard_draft(), witness_quorum=2))
    registry.witness_names = ("witness-1.example",)
    head = Checkpoint(f"{HOST}/log", 7, tree_hash(list(map(leaf_hash, registry.entries))))
    note = cosigned(registry.checkpoint(), head, "witness-1.example", LOGGED_AT + 90)
    proof = registry.log_proof(4, checkpoint=note)
    return _judge(registry, certificate, proof, _unwitnessed(1, quorum=2))


@case("log-cosigned-in-the-future", "6.5", "Cosignatures of an hour after the moment of judgement")
def _cosigned_later() -> Scene:
    registry, certificate = _logged()
    proof = registry.log_proof(4, checkpoint=registry.checkpoint(cosigned_at=NOW + 3600))
    return _judge(registry, certificate, proof, _unwitnessed(0))
