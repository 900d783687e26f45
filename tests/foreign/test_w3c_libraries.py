"""Our certificates, status lists and DID documents before W3C libraries that are not ours, from a publication of the registry.

A stock library knows the W3C's documents and none of the province's: neither log nor trust list, template or number. What it can
know must come out as with us; the last test here says what it cannot, and is why a panel uses a verifier by SPEC.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keys.canonical import canonicalize
from keys.encodings import timestamp_encode
from tests.builders import HOST
from tests.foreign.w3c_libraries import NotInstalledError, install, started
from tests.lineprogram import LineProgram
from tests.registry.rig import DAY, NOW, Place, Rig, copy_home, found, opened, revoke_key

Document = dict[str, Any]
Edit = Callable[[Document], object]

SUBJECT = "https://www.w3.org/2018/credentials#credentialSubject"
STATUS = "status/410100/2026/1"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineProgram]:
    """The libraries, answering."""
    folder = tmp_path_factory.mktemp("w3c")
    try:
        install(folder)
    except NotInstalledError as error:
        pytest.skip(str(error))
    with started(folder) as program:
        yield program


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with the stock libraries, the address of a publication, and a clock."""

    libraries: LineProgram
    rig: Rig

    def ask(
        self, task: str, document: Document, *, at: int = NOW, site: Path | None = None
    ) -> dict[str, Any]:
        """What the libraries say of ``document``."""
        place = {"site": str(site or self.rig.site), "host": HOST, "at": timestamp_encode(at)}
        return self.libraries.ask({"task": task, "document": document, **place})

    def record(self, number: str) -> Document:
        """A record as its holder has it."""
        document: Document = json.loads(self.rig.record(number))
        return document

    def published(self, path: str) -> Document:
        """A document of the publication."""
        document: Document = json.loads((self.rig.site / path).read_bytes())
        return document


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that has issued 1, 2 and 3 (annual) and 4 (completion), revoked 2, suspended 3, and published."""
    folder = tmp_path_factory.mktemp("issued")
    found(Place(folder / "home")).database.close()
    with opened(Place(folder / "home"), folder) as rig:
        _, revoked, suspended = rig.issue(1, 2, 3)
        rig.issue(4, kind="completion")
        rig.change(revoked, "revoke", "fraud")
        rig.change(suspended, "suspend", "complaint")
        rig.publish()
    return folder


@pytest.fixture
def reader(libraries: LineProgram, home: Path, tmp_path: Path) -> Iterator[Reader]:
    """A reader of a copy of that registry's publication."""
    copy_home(home / "home", tmp_path / "home")
    copy_home(home / "site", tmp_path / "site")
    with opened(Place(tmp_path / "home"), tmp_path) as rig:
        yield Reader(libraries, rig)


GOOD, REVOKED, SUSPENDED, COMPLETION = (
    "41010020261000000190",
    "41010020261000000287",
    "41010020261000000384",
    "41010020262000000156",
)


@pytest.mark.parametrize("number", [GOOD, COMPLETION])
def test_a_certificate_of_each_kind_verifies(reader: Reader, number: str) -> None:
    record = reader.record(number)
    assert reader.ask("credential", record) == {"verified": True, "error": ""}
    status = {"revocation": False, "suspension": False}
    assert reader.ask("status", record) == {"verified": True, "status": status, "error": ""}


@pytest.mark.parametrize(("number", "purpose"), [(REVOKED, "revocation"), (SUSPENDED, "suspension")])
def test_revoked_and_suspended_are_read_from_our_lists(reader: Reader, number: str, purpose: str) -> None:
    told = reader.ask("status", reader.record(number))
    assert told["verified"] is True
    assert told["status"] == {one: one == purpose for one in ("revocation", "suspension")}


@pytest.mark.parametrize("purpose", ["revocation", "suspension", "details"])
def test_what_says_the_status_is_a_credential_itself(reader: Reader, purpose: str) -> None:
    assert reader.ask("credential", reader.published(f"{STATUS}/{purpose}/0")) == {
        "verified": True,
        "error": "",
    }


@pytest.mark.parametrize("number", [GOOD, COMPLETION])
def test_no_member_of_a_record_is_lost_in_json_ld(reader: Reader, number: str) -> None:
    record = reader.record(number)
    (expanded,) = reader.ask("expand", record)["expanded"]
    (subject,) = expanded[SUBJECT]
    values = {name.rpartition("#")[2].rpartition("/")[2]: value for name, ((value),) in subject.items()}
    assert {name: value["@value"] for name, value in values.items()} == record["credentialSubject"]
    assert len(expanded) == len(record) - 1  # the context itself


@pytest.mark.parametrize(
    "path", [*(f"{STATUS}/{name}/0" for name in ("revocation", "suspension", "details")), ".well-known/did.json", "a/410100/did.json"]
)  # fmt: skip
def test_no_member_of_what_is_published_is_lost_in_json_ld(reader: Reader, path: str) -> None:
    document = reader.published(path)
    (expanded,) = reader.ask("expand", document)["expanded"]
    assert len(expanded) == len(document) - 1


def test_a_term_that_no_context_has_is_told(reader: Reader) -> None:
    """That nothing was lost above says something: the libraries do tell."""
    record = reader.record(GOOD)
    record["credentialSubject"]["remark"] = "优秀"
    assert "Safe mode" in reader.ask("expand", record)["error"]


ALTERED: dict[str, Edit] = {
    "a value": lambda record: record["credentialSubject"].update(professionalHours=90),
    "a name": lambda record: record["credentialSubject"].update(name="李四"),
    "a member more": lambda record: record["credentialSubject"].update(remark="优秀"),
    "a member less": lambda record: record["credentialSubject"].pop("grade"),
    "the date in the proof": lambda record: record["proof"].update(created="2026-01-20T08:00:00Z"),
    "the issuer": lambda record: record["issuer"].update(id=f"did:web:{HOST}:a:418001"),
    "the issuer and the key": lambda record: (
        record["issuer"].update(id=f"did:web:{HOST}:a:418001"),
        record["proof"].update(verificationMethod=f"did:web:{HOST}:a:418001#2026-1"),
    ),
    "a key of nobody": lambda record: record["proof"].update(verificationMethod=f"did:web:{HOST}:a:410100#2026-9"),
    "a status of somebody else": lambda record: record["credentialStatus"][0].update(statusListIndex="77"),
    "no status": lambda record: record.pop("credentialStatus"),
    "no proof": lambda record: record.pop("proof"),
    "another purpose": lambda record: record["proof"].update(proofPurpose="authentication"),
    "another suite": lambda record: record["proof"].update(cryptosuite="eddsa-rdfc-2022"),
    "a foreign context": lambda record: (
        record.update({"@context": [record["@context"][0], "https://evil.example/ns/v1"]}),
        record["proof"].update({"@context": [record["@context"][0], "https://evil.example/ns/v1"]}),
    ),
    "a foreign context in the record alone": lambda record: record.update(
        {"@context": [record["@context"][0], "https://evil.example/ns/v1"]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", ALTERED.values(), ids=list(ALTERED))
def test_an_altered_record_fails(reader: Reader, edit: Edit) -> None:
    record = reader.record(GOOD)
    edit(record)
    told = reader.ask("credential", record)
    assert told["verified"] is False
    assert told["error"] != ""


def test_a_certificate_before_its_first_day_fails(reader: Reader) -> None:
    assert '"validFrom"' in reader.ask("credential", reader.record(GOOD), at=NOW - 2 * DAY)["error"]


@pytest.mark.parametrize(("at", "verified"), [(NOW + DAY - 1, True), (NOW + 2 * DAY, False)])
def test_an_expired_status_list_fails(reader: Reader, at: int, verified: bool) -> None:
    told = reader.ask("status", reader.record(GOOD), at=at)
    assert told["verified"] is verified
    assert ("validUntil" in told["error"]) is not verified


def test_a_status_list_with_a_bit_more_or_less_fails(reader: Reader) -> None:
    path = reader.rig.site / STATUS / "revocation" / "0"
    other = reader.published(f"{STATUS}/suspension/0")["credentialSubject"]["encodedList"]
    altered = reader.published(f"{STATUS}/revocation/0")
    altered["credentialSubject"]["encodedList"] = other
    path.write_bytes(canonicalize(altered))
    told = reader.ask("status", reader.record(REVOKED))
    assert (told["verified"], told["status"]) == (False, {})


def test_a_list_for_the_other_purpose_fails(reader: Reader) -> None:
    lists = reader.rig.site / STATUS
    (lists / "revocation" / "0").write_bytes((lists / "suspension" / "0").read_bytes())
    assert "purpose" in reader.ask("status", reader.record(REVOKED))["error"]


def test_a_list_that_is_gone_is_no_good_news(reader: Reader) -> None:
    (reader.rig.site / STATUS / "revocation" / "0").unlink()
    assert reader.ask("status", reader.record(REVOKED))["verified"] is False


def test_a_compromised_key_is_not_in_the_did_document(reader: Reader) -> None:
    revoke_key(reader.rig, compromised_from=NOW - DAY)
    reader.rig.publish()
    told = reader.ask("credential", reader.record(GOOD))
    assert told["verified"] is False
    assert "is not in the DID document" in told["error"]


def test_a_key_that_was_replaced_still_verifies_its_past(reader: Reader) -> None:
    revoke_key(reader.rig)
    reader.rig.publish()
    assert reader.ask("credential", reader.record(GOOD))["verified"] is True


def test_what_only_a_reader_of_the_spec_finds(reader: Reader) -> None:
    """A context appended after signing: Data Integrity lets a record's contexts begin with the proof's, and SPEC 2.2 does not."""
    record = reader.record(GOOD)
    record["@context"].append("https://evil.example/ns/v1")
    assert reader.ask("credential", record)["verified"] is True
    report = reader.rig.judge(GOOD, record=canonicalize(record))
    assert (report.verdict.value, report.reason) == ("FAILED", "context_not_exact")
