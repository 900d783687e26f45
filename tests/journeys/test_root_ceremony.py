"""A province whose root is three people with three machines, two of whom must sign: founded, changed, and put right again.

Each machine is a folder of its own, with its own passphrase and no registry; files are carried between them. What happens
here in order is the runbook of keys/README.md.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keys.ceremony import digest_of
from keys.trustchain import pin_of
from keys.trustlist import parse_trust_list
from registry.cli.main import main as certreg
from registry.cli.shell import EXIT_PROPOSED
from tests.builders import vkey
from tests.journeys.program import Said, Shell
from tests.registry.sheets import ANNUAL, annual, write_csv

HOST = "jxjy.henan.example"
BUREAU = ("--name", "郑州市人力资源和社会保障局", "--uscc", "11410100005252100Y", "--year", "2026")
LUOYANG = ("--name", "洛阳市人力资源和社会保障局", "--uscc", "114103000053830041", "--year", "2026")


@dataclass(frozen=True, slots=True)
class Machine:
    """A signer's: a folder with a key, and the list that its owner trusts."""

    shell: Shell

    def key(self, name: str = "") -> Path:
        """Make the root key; its public file."""
        said = self.do(
            "root", "key", "init", "--host", HOST, "--out", "key.pem", *(("--name", name) if name else ())
        )
        assert said.code == 0, said.err
        return self.shell.folder / "key.public.json"

    def sign(self, proposal: Path, code: str = "") -> Said:
        """Sign what was carried here; without ``code`` the one that the machine itself shows."""
        words = ("root", "sign", str(proposal), "--key", "key.pem", "--out", "proof", *self.trusted)
        code = code or self.do("--json", *words[:1], "show", str(proposal), *self.trusted).json["code"]
        return self.do("--lang", "en", *words, stdin=f"{code}\n")

    def accept(self, signed: Path) -> None:
        """Trust a list from now on."""
        asked = self.do("--json", "root", "accept", str(signed), "--trusted", "trusted.json")
        assert (asked.code, asked.json["error"]) == (1, "not_confirmed")
        code = digest_of(parse_trust_list(signed.read_bytes()).document)[:8]
        said = self.do("root", "accept", str(signed), "--trusted", "trusted.json", stdin=f"{code}\n")
        assert said.code == 0, said.err

    @property
    def trusted(self) -> tuple[str, ...]:
        """The option that names the trusted list, once there is one."""
        return ("--trusted", "trusted.json") if (self.shell.folder / "trusted.json").exists() else ()

    @property
    def proof(self) -> str:
        """The last proof."""
        return str(self.shell.folder / "proof")

    def do(self, *words: str, stdin: str = "") -> Said:
        """Run ``certreg`` here."""
        return self.shell.run(certreg, *words, stdin=stdin)


@dataclass(slots=True)
class Province:
    """The registry and its signers, two of whom must sign."""

    office: Shell
    signers: dict[str, Machine]

    @property
    def proposal(self) -> Path:
        """What waits to be signed."""
        return self.office.home / "proposal"

    def propose(self, *words: str) -> Any:
        """A command whose change the root must sign: nothing is in force yet."""
        said = self.office.certreg("--json", *words)
        assert said.code == EXIT_PROPOSED, (words, said.out, said.err)
        return said.json

    def gather(self, *names: str) -> list[str]:
        """Have these sign; the files of their proofs."""
        for name in names:
            said = self.signers[name].sign(self.proposal)
            assert said.code == 0, said.err
        return [self.signers[name].proof for name in names]

    def combine(self, proofs: list[str], *more: str) -> Said:
        """Make the list in the office's folder, from what the registry has published or is given."""
        trusted = self.office.folder / "current.json"
        options = ("--trusted", str(trusted)) if trusted.exists() else ()
        return self.office.certreg(
            "--json", "root", "combine", str(self.proposal), *proofs, "--out", "signed.json", *options, *more
        )

    def enact(self, *names: str, combine: tuple[str, ...] = (), take: tuple[str, ...] = ()) -> None:
        """Sign, combine, import; every signer trusts the new list then."""
        said = self.combine(self.gather(*names), *combine)
        assert said.code == 0, said.err
        said = self.office.certreg("root", "import", "signed.json", *take)
        assert said.code == 0, said.err
        assert not self.proposal.exists()
        signed = self.office.folder / "signed.json"
        shutil.copy(signed, self.office.folder / "current.json")
        if not take:
            for machine in self.signers.values():
                machine.accept(signed)

    def say(self, *words: str) -> Any:
        """A command of the office that succeeds."""
        said = self.office.certreg("--json", *words)
        assert said.code == 0, (words, said.out, said.err)
        return said.json


def machine(folder: Path, name: str) -> Machine:
    (folder / name).mkdir()
    return Machine(Shell(folder / name, f"the passphrase of {name}"))


@pytest.fixture
def province(tmp_path: Path) -> Province:
    """Founded: the first list was signed by two of three."""
    signers = {name: machine(tmp_path, name) for name in ("zhang", "li", "wang")}
    publics = [one.key(f"root-{name}") for name, one in signers.items()]
    (tmp_path / "office").mkdir()
    one = Province(Shell(tmp_path / "office"), signers)
    options = [word for file in publics for word in ("--root-public", str(file))]
    one.propose("init", "--host", HOST, *options, "--threshold", "2")
    said = one.office.certreg("--json", "publish")
    assert (said.code, said.json["error"]) == (1, "first_list_missing")
    one.enact("zhang", "wang")
    return one


def test_a_province_with_two_of_three(province: Province, tmp_path: Path) -> None:
    """Delegate, rotate a key, lose a key, lose a threshold; after each, who pinned what is told what."""
    number = delegate_and_issue(province)
    pin, checked = (
        tmp_path / "pin.json",
        (f"out/{number}.json", "--url", str(province.office.home / "site"), "--json"),
    )
    shutil.copy(province.office.home / "site" / "root.json", pin)
    rotate_one_key(province, tmp_path)
    lose_one_key(province, tmp_path)
    assert province.say("fsck")["troubles"] == []
    province.say("publish")
    said = province.office.certverify(
        *checked, "--trust", str(pin)
    )  # through both rotations, from the first root
    assert (said.code, said.json["verdict"], said.json["trust"]["version"]) == (0, "PASSED", 4), said.out
    fingerprint = lose_a_threshold(province, tmp_path)
    assert province.say("fsck")["troubles"] == []
    province.say("publish")
    said = province.office.certverify(*checked, "--trust", str(pin))
    assert (said.code, said.json["verdict"]) == (2, "INDETERMINATE")  # never FAILED
    said = province.office.certverify(*checked, "--root-fingerprint", fingerprint)
    assert (said.code, said.json["verdict"]) == (0, "PASSED"), said.out


def delegate_and_issue(province: Province) -> str:
    office = province.office
    assert not list((office.home / "keys").glob("root*")), "the registry never holds a root key"

    # Two changes, one ceremony; each signer reads what changes, from the documents alone.
    first = province.propose("authority", "add", "410100", *BUREAU)
    both = province.propose("authority", "add", "410300", *LUOYANG)
    assert (first["version"], both["version"]) == (2, 2)
    assert first["code"] != both["code"]
    assert province.signers["li"].sign(province.proposal, "00000000").code == 1
    assert not (province.signers["li"].shell.folder / "proof").exists()
    shown = province.signers["li"].sign(province.proposal).out
    assert "adds authority 410100 郑州市人力资源和社会保障局" in shown
    assert (
        "adds authority 410300 洛阳市人力资源和社会保障局 (municipal, credit code 114103000053830041)"
        in shown
    )
    assert "divisions 410300; annual, completion; years 2026; may issue from" in shown
    assert "key #2026-1 [" in shown
    short = province.combine([province.signers["li"].proof])
    assert (short.code, short.json["error"]) == (1, "root_proofs_too_few")
    assert office.certreg("authority", "list").out.count("4103") == 0
    province.enact("li", "zhang")
    write_csv(office.folder / "list.csv", [ANNUAL, annual(1), annual(2)])
    issued = province.say("issue", "list.csv", "--authority", "410100", "--year", "2026")["issued"]
    province.say("publish")
    province.say("render", issued[0], "--out", "out", "--format", "json")
    return str(issued[0])


def joined(province: Province, tmp_path: Path, name: str) -> Path:
    """A new signer with a key and the list that is in force; the public file."""
    one = province.signers[name] = machine(tmp_path, name)
    shutil.copy(province.office.folder / "current.json", one.shell.folder / "trusted.json")
    return one.key(f"root-{name}")


def rotate_one_key(province: Province, tmp_path: Path) -> None:
    """Old and new root sign."""
    public = joined(province, tmp_path, "zhao")
    province.propose("root", "rotate", "--add", str(public), "--remove", "root-zhang")
    shown = province.signers["zhao"].sign(province.proposal).out
    assert "! adds root key #root-zhao [" in shown
    assert "! removes root key #root-zhang [" in shown
    alone = province.combine(province.gather("wang", "zhao"))
    assert (alone.code, alone.json["error"]) == (1, "root_proofs_too_few")  # the old root has one of two
    del province.signers["zhang"]
    province.enact("li", "wang")


def lose_one_key(province: Province, tmp_path: Path) -> None:
    """A machine burns: the other two put a new key in its place."""
    del province.signers["li"]
    public = joined(province, tmp_path, "qian")
    province.propose("root", "rotate", "--add", str(public), "--remove", "root-li")
    province.enact("wang", "zhao")


def lose_a_threshold(province: Province, tmp_path: Path) -> str:
    """A new root alone signs, and must be announced anew; its fingerprint."""
    office = province.office
    for name in ("wang", "zhao"):
        del province.signers[name]
    added = [word for name in ("sun", "zhou") for word in ("--add", str(joined(province, tmp_path, name)))]
    province.propose("root", "rotate", *added, "--remove", "root-wang", "--remove", "root-zhao")
    said = province.combine(province.gather("sun", "zhou"))
    assert (said.code, said.json["error"]) == (1, "root_proofs_too_few")
    made = province.combine(province.gather("sun", "zhou"), "--new-root")
    assert made.code == 0
    refused = office.certreg("--json", "root", "import", "signed.json")
    assert (refused.code, refused.json["error"]) == (1, "list_not_following")
    refused = office.certreg("--json", "root", "import", "signed.json", "--new-root", "0" * 64)
    assert (refused.code, refused.json["error"]) == (1, "fingerprint_differs")
    fingerprint = pin_of(parse_trust_list((office.folder / "signed.json").read_bytes())).fingerprint
    province.say("root", "import", "signed.json", "--new-root", fingerprint)
    return fingerprint


def test_renewal_and_early_warning(province: Province) -> None:
    status = province.office.certreg("--json", "root", "status")
    assert (status.code, status.json["threshold"], status.json["here"]) == (0, 2, [])
    warned = province.office.certreg("--json", "root", "status", "--days", "400")
    assert (warned.code, warned.json["warnings"][0]["code"]) == (2, "trust_list_ends")
    said = province.office.certreg("--lang", "en", "root", "status", "--days", "400")
    assert "Renew it in time" in said.err
    province.propose("trust", "renew")
    province.propose("witness", "add", "w1.example", vkey("w1.example", 4), "https://w1.example/")
    assert "adds witness w1.example+" in province.signers["li"].sign(province.proposal).out
    assert province.office.certreg("root", "status").out.count("待签提案") == 1
    province.enact("li", "wang")
    assert province.say("root", "status")["version"] == 2


def test_an_authority_asks_with_its_own_key(province: Province, tmp_path: Path) -> None:
    bureau = machine(tmp_path, "bureau")
    made = bureau.do(
        "--json",
        "authority",
        "request",
        "410100",
        "--host",
        HOST,
        *BUREAU,
        "--key-out",
        "key.pem",
        "--out",
        "asked",
    )
    assert made.code == 0, made.err
    asked = str(bureau.shell.folder / "asked")
    read = province.office.certreg("authority", "approve", asked)
    assert read.code == 1  # nobody typed the code
    assert f"did:web:{HOST}:a:410100#2026-1" in read.out
    assert "种类 年度证书、结业证书，年度 2026" in read.out
    shown = province.office.certreg("--json", "authority", "approve", asked)
    told = shown.out.splitlines()[0]
    assert made.json["fingerprint"] in told
    code = json.loads(told)["code"]
    said = province.office.run(certreg, "--json", "authority", "approve", asked, stdin=f"{code}\n")
    assert said.code == EXIT_PROPOSED, said.err
    assert made.json["fingerprint"] in province.signers["li"].sign(province.proposal).out
    province.enact("li", "zhang")
    again = province.office.run(certreg, "--json", "authority", "approve", asked, stdin=f"{code}\n")
    assert (again.code, again.json["error"]) == (1, "request_known")
    write_csv(province.office.folder / "list.csv", [ANNUAL, annual(1)])
    issue = ("--json", "issue", "list.csv", "--authority", "410100", "--year", "2026")
    assert province.office.certreg(*issue).json["error"] == "no_key"  # the key is the bureau's own


def test_what_a_province_would_refuse_is_told_before_a_key_is_made(tmp_path: Path) -> None:
    bureau = machine(tmp_path, "bureau")
    asking = ("authority", "request", "410100", "--host", HOST, "--key-out", "key.pem", "--out", "asked")
    for words, code in (
        ((*BUREAU[:2], "--uscc", "11410100005252100X", "--year", "2026"), "uscc"),
        ((*BUREAU, "--certificate", "anual"), "usage"),
    ):
        said = bureau.do("--json", *asking, *words)
        assert said.code != 0
        assert said.json["error"] == code
    assert not list(bureau.shell.folder.glob("key*"))


def test_a_stolen_key_from_alarm_to_new_certificates(tmp_path: Path) -> None:
    """On the command line, with the root in the registry's own folder, as in a small office."""
    office = Shell(tmp_path)

    def say(*words: str, code: int = 0) -> Any:
        said = office.certreg("--json", *words)
        assert said.code == code, (words, said.out, said.err)
        return [json.loads(line) for line in said.out.splitlines()]

    say("init", "--host", HOST)
    say("authority", "add", "410100", *BUREAU)
    write_csv(tmp_path / "list.csv", [ANNUAL, annual(1), annual(2), annual(3)])
    issued = say("issue", "list.csv", "--authority", "410100", "--year", "2026")[-1]["issued"]
    say("publish")
    say("render", *issued, "--out", "out", "--format", "json")
    say("suspend", issued[2], "--reason", "complaint")
    stolen = ("--compromised-from", "2026-01-01T00:00:00Z")
    listed = say("key", "affected", "410100#2026-1", *stolen)
    assert ([one["number"] for one in listed[:-1]], listed[-1]) == (issued, {"affected": 3, "inForce": 2})
    assert say("key", "reattest", "410100#2026-1", code=1)[-1]["error"] == "key_not_compromised"
    say("key", "revoke", "410100#2026-1", *stolen, "--reason", "stolen")
    done = say("key", "reattest", "410100#2026-1", code=2)
    assert done[-1] == {"reattested": 2, "left": [[issued[2], "suspended"]]}
    successors = {one["number"]: one["successor"] for one in done[:-1]}
    say("publish")
    say("render", *successors.values(), "--out", "out", "--format", "json")
    old = say("verify", f"out/{issued[0]}.json", code=1)[-1]
    assert old["reason"] == "key_compromised"
    assert old["steps"][8]["details"]["successor"] == successors[issued[0]]
    told = office.certreg("verify", f"out/{issued[0]}.json").out.replace(" ", "")
    assert successors[issued[0]] in told
    assert say("verify", f"out/{successors[issued[0]]}.json")[-1]["verdict"] == "PASSED"
    for key in ("status-1", "log"):
        say("key", "supersede", key, "--reason", "rotation")
    say("publish")
    assert say("verify", f"out/{successors[issued[0]]}.json")[-1]["verdict"] == "PASSED"
    assert say("fsck")[-1]["troubles"] == []
    ended = say(
        "authority", "withdraw", "410100", "--reason", "merged", "--yes", "--from", "2099-01-01T00:00:00Z"
    )
    assert ended[-1]["code"] == "410100"
    write_csv(tmp_path / "more.csv", [ANNUAL, annual(4)])
    assert len(say("issue", "more.csv", "--authority", "410100", "--year", "2026")[-1]["issued"]) == 1
