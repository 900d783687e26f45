"""Whoever has a key of the registry, and nothing else of it: what he can sign, who is deceived, how it comes out and how it ends."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from keys.did import authority_did, key_id, registry_did
from keys.encodings import timestamp_encode
from keys.proofs import hash_data
from keys.signer import Signer
from keys.trustbuild import next_version, sign_trust_list, with_authority, with_key
from keys.trustlist import TrustList
from registry.cosigning import read_addresses
from registry.errors import RegistryError
from registry.handout import prepare
from registry.keychanges import end_key
from registry.keyring import authority_key_name
from registry.log import read_entries
from registry.offices import STATUS_KEY, root_signers
from registry.publication import write_bundle
from registry.status import StatusSigner, block_of, sign_block
from registry.statuslists import STATUS_VALIDITY
from registry.trust import current_trust_list
from registry.witness.witness import forget_key, watch_log
from tests.attacks.panel import Panel
from tests.builders import HOST, MUNICIPAL, at, refused, signer
from tests.certificates import assemble_record
from tests.registry.rig import DAY, NOW, Rig, revoke_key
from tests.registry.witnesses import NAMES, Log, body, consistency, log_vkey, witnessed
from verifier.checkpoint import Checkpoint, sign_checkpoint
from verifier.merkle import leaf_hash, tree_hash
from verifier.number import number_of, parse_number

STOLEN = NOW - DAY
MARCH = at("2026-03-02T08:00:00Z")


@dataclass(frozen=True, slots=True)
class Thief:
    """Has a genuine record as a model and the key of the authority that signed it."""

    model: bytes
    key: Signer

    def forge(
        self, *, serial: int, name: str = "李四", created: int = NOW, fragment: str = "2026-1"
    ) -> bytes:
        """A record that was never applied for and never logged; ``fragment`` names the key."""
        document = json.loads(self.model)
        old = parse_number(document["credentialSubject"]["certificateNumber"])
        new = number_of(old.authority, old.year, old.kind, serial)
        document["id"] = document["id"].replace(old.digits, new.digits)
        document["credentialSubject"] |= {"certificateNumber": new.digits, "name": name}
        for entry in document["credentialStatus"]:
            entry["statusListIndex"] = str(new.status_index)
        day = timestamp_encode(created + 8 * 3600)[:10]
        document["validFrom"] = f"{day}T00:00:00Z"
        document["proof"] |= {
            "created": timestamp_encode(created),
            "verificationMethod": f"{document['issuer']['id']}#{fragment}",
        }
        del document["proof"]["proofValue"]
        _, record = assemble_record(document, self.key.sign(hash_data(document, document["proof"])))
        return record


@pytest.fixture
def genuine(lite: Rig) -> str:
    """Somebody's certificate, issued and logged before the theft."""
    lite.clock.now = STOLEN - DAY
    (number,) = lite.issue(1)
    lite.clock.now = NOW
    return number


@pytest.fixture
def thief(lite: Rig, genuine: str) -> Thief:
    """The thief of the authority's key."""
    return Thief(lite.record(genuine), lite.app.keyring.signer(authority_key_name(MUNICIPAL, "2026-1")))


def bundle(rig: Rig, name: str) -> Path:
    """What the province hands to panels without a network."""
    path = rig.folder / name
    write_bundle(rig.app, path)
    return path


@pytest.mark.parametrize("created", [NOW, MARCH], ids=["today", "back-dated"])
def test_what_was_never_logged_does_not_pass_where_the_log_is_asked(
    lite: Rig, panel: Panel, thief: Thief, created: int
) -> None:
    forged = panel.file("forged.json", thief.forge(serial=500, created=created))
    report = panel.report(forged, site=lite.publish())
    assert (report["verdict"], report["reason"]) == ("INDETERMINATE", "log_proof_missing")
    assert "log_not_listed" in {one["code"] for one in report["troubles"]}


def test_somebody_elses_number_is_contradicted_by_the_log(
    lite: Rig, panel: Panel, thief: Thief, genuine: str
) -> None:
    forged = panel.file("forged.json", thief.forge(serial=parse_number(genuine).serial))
    assert panel.verdict(forged, site=lite.publish()) == ("FAILED", "log_entry_differs")


def test_a_borrowed_log_proof_proves_nothing(lite: Rig, panel: Panel, thief: Thief, genuine: str) -> None:
    lite.publish()
    proof = prepare(lite.app, genuine).log_proof
    forged = panel.file("forged.json", thief.forge(serial=500), proof)
    report = panel.report(forged, site=lite.site)
    assert (report["verdict"], report["steps"][7]["code"]) == ("INDETERMINATE", "log_entry_other")


def test_an_offline_panel_is_deceived_until_its_next_bundle(
    lite: Rig, panel: Panel, thief: Thief, genuine: str
) -> None:
    """Without the log there is only the key. Once the root says since when it was stolen, every copy of the list knows it."""
    forged = panel.file("forged.json", thief.forge(serial=500))
    back_dated = panel.file("back-dated.json", thief.forge(serial=501, created=MARCH))
    before = bundle(lite, "before.zip")
    assert panel.verdict(forged, bundle=before) == ("PASSED", "valid")
    assert panel.report(forged, bundle=before)["steps"][7]["code"] == "log_proof_absent"
    revoke_key(lite, compromised_from=STOLEN)
    lite.clock.now += 1
    lite.publish()
    after = bundle(lite, "after.zip")
    assert panel.verdict(forged, bundle=after, at=NOW + 1) == ("FAILED", "key_compromised")
    assert panel.verdict(back_dated, bundle=after, at=NOW + 1) == ("INDETERMINATE", "key_compromised")
    holder = panel.file("a.json", lite.record(genuine), prepare(lite.app, genuine).log_proof)
    assert panel.verdict(holder, bundle=after, at=NOW + 1) == ("PASSED", "valid")


def test_the_status_key_revives_a_revoked_one_and_the_audit_tells(
    lite: Rig, panel: Panel, genuine: str
) -> None:
    """Thief and host are one here. A panel believes the list; the log, which no status key signs, does not go along."""
    lite.change(genuine, "revoke", "fraud")
    site = lite.publish()
    record = panel.file("a.json", lite.record(genuine))
    assert panel.verdict(record, site=site) == ("FAILED", "revoked")
    assert panel.audit(site) == ("PASSED", set())
    with lite.app.database.read() as session:
        version = current_trust_list(session).version
    key = key_id(registry_did(HOST), STATUS_KEY)
    lists_signer = StatusSigner(lite.app.host, lite.app.keyring.signer(STATUS_KEY), version, key)
    lists = sign_block(lists_signer, block_of(genuine), {}, now=NOW, valid_until=NOW + STATUS_VALIDITY)
    for path, data in lists.items():
        (site / path).write_bytes(data)
    assert panel.verdict(record, site=site) == ("PASSED", "valid")
    assert panel.audit(site) == (
        "INDETERMINATE",
        {"status_ahead_of_log"},
    )  # the registry may just be publishing
    assert panel.audit(site, at=NOW + 3600) == ("FAILED", {"status_not_published"})


def test_the_root_key_makes_an_authority_of_anyone_and_log_and_audit_tell(
    lite: Rig, panel: Panel, genuine: str
) -> None:
    """The worst theft: a list that names the thief's key. Without the log's key it stays outside the log, for all to see."""
    site = lite.publish()
    assert panel.audit(site) == ("PASSED", set())
    key = signer("thief")
    with lite.app.database.read() as session:
        current = current_trust_list(session)
    authority = current.authorities[MUNICIPAL]
    own = replace(
        authority.keys[0], id=key_id(authority_did(HOST, MUNICIPAL), "2026-9"), public_key=key.public_key
    )
    draft = next_version(
        with_authority(current, with_key(authority, own)), valid_from=NOW, valid_until=NOW + 90 * DAY
    )
    newer = sign_trust_list(draft, root_signers(current.root, lite.app.keyring), created=NOW)
    imitation = Path(shutil.copytree(site, lite.folder / "imitation"))
    serve(newer, imitation)
    forged = panel.file("forged.json", Thief(lite.record(genuine), key).forge(serial=500, fragment="2026-9"))
    assert panel.verdict(forged, site=imitation) == ("INDETERMINATE", "log_proof_missing")
    assert panel.audit(imitation) == ("INDETERMINATE", {"trust_list_ahead_of_log"})
    lite.clock.now += 3600
    lite.issue(2)
    later = Path(shutil.copytree(lite.publish(), lite.folder / "later"))
    serve(newer, later)
    assert panel.audit(later, at=lite.clock.now) == ("FAILED", {"trust_list_unlogged"})
    serve(newer, site)  # on the province's own host, the next publication tells
    with refused(RegistryError, "trust_list_lost"):
        lite.publish()


def serve(trust_list: TrustList, site: Path) -> None:
    """Put a trust list into a publication."""
    for path in ("trust.json", f"trust/{trust_list.version}.json"):
        (site / path).write_bytes(trust_list.data)


@pytest.mark.parametrize("forgotten", [False, True])
def test_the_log_key_leads_a_witness_astray_until_it_forgets_that_key(lite: Rig, forgotten: bool) -> None:
    """He extends the true log by an entry of his own. A witness that has cosigned that follows the true log no more."""
    with witnessed(lite, quorum=1) as second:
        second.close()  # one witness is enough here
        lite.issue(1)
        old, tree = log_vkey(lite), leaves_of(lite)
        theirs = Log(f"{HOST}/log", [*tree, leaf_hash(b"his own entry")])
        head = Checkpoint(theirs.origin, len(theirs.leaves), tree_hash(theirs.leaves))
        note = sign_checkpoint(head, lite.app.keyring.signer("log"))
        with lite.app.write() as session:
            end_key(session, lite.app.keyring, "log", reason="stolen", compromised_from=NOW, now=NOW)
        folder = lite.folder / NAMES[0]
        watch_log(folder, log_vkey(lite))
        if forgotten:
            assert forget_key(folder, old) == [theirs.origin]
        address = read_addresses(lite.place.home)[NAMES[0]]
        answer = httpx.post(
            f"{address}/add-checkpoint", content=body(len(tree), consistency(theirs.leaves, len(tree)), note)
        )
        assert answer.status_code == (403 if forgotten else 200)
        lite.app.sign_log()
        standing = lite.app.cosign_log()
        assert standing.enough is forgotten
        if not forgotten:
            assert standing.missing[NAMES[0]] == "witness_inconsistent"


def leaves_of(rig: Rig) -> list[bytes]:
    with rig.app.database.read() as session:
        return [leaf_hash(entry) for entry in read_entries(session, 0)]
