"""A signer whose machine takes no memory stick: the proposal goes in and the proof comes out as QR codes."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from registry.cli.main import main as certreg
from tests.journeys.test_root_ceremony import BUREAU, LUOYANG, Machine, Province, province  # noqa: F401 - a fixture


def photographed(folder: Path, pictures: list[Path]) -> list[Path]:
    """As a telephone takes them: turned by some degrees, smaller, and compressed."""
    taken = []
    for place, picture in enumerate(pictures):
        with Image.open(picture) as image:
            turned = image.convert("L").rotate(7, expand=True, fillcolor=255).resize((700, 700))
        taken.append(folder / f"photo-{place}.jpg")
        turned.save(taken[-1], quality=60)
    return taken


def said(machine: Machine, *words: str, stdin: str = "") -> Any:
    done = machine.do("--json", *words, stdin=stdin)
    assert done.code == 0, (done.out, done.err)
    return done.json


@pytest.mark.usefixtures("province")
def test_proposal_and_proof_travel_by_qr(province: Province, tmp_path: Path) -> None:  # noqa: F811
    province.propose("authority", "add", "410100", *BUREAU)
    province.propose("authority", "add", "410300", *LUOYANG)
    office, signer = province.office, province.signers["li"]
    shown = province.say("root", "qr", str(province.proposal), "--out", "codes")
    pictures = [office.folder / name for name in shown["files"]]
    assert len(pictures) == shown["codes"] > 3

    # In: photographs, and one that was forgotten.
    photos = photographed(tmp_path, pictures)
    some = signer.do("--json", "root", "scan", *map(str, photos[1:]), "--out", "received")
    assert (some.code, some.json["error"]) == (1, "qr_part_missing")
    assert not (signer.shell.folder / "received").exists()
    received = said(signer, "root", "scan", *map(str, reversed(photos)), "--out", "received")
    proposal = signer.shell.folder / "received"
    assert received["bytes"] == len(proposal.read_bytes())
    assert proposal.read_bytes() == province.proposal.read_bytes()

    # Out: what a hand scanner at the office types, with a certificate's code and a misread one in between.
    assert signer.sign(proposal).code == 0
    said(signer, "root", "qr", "proof", "--out", "codes")
    pictures = sorted((signer.shell.folder / "codes").iterdir())
    lines = [zxingcpp.read_barcode(Image.open(picture)).text for picture in pictures]  # another's decoder
    typed = "\n".join(
        ["https://jxjy.henan.example/v#1234", lines[0][:-1], "", *reversed(lines), "never read"]
    )
    scanned = office.run(certreg, "--json", "root", "scan", "--out", "li.proof", stdin=typed + "\n")
    assert scanned.code == 0, scanned.out
    assert (office.folder / "li.proof").read_bytes() == Path(signer.proof).read_bytes()
    shutil.copy(office.folder / "li.proof", signer.proof)
    combined = province.combine(["li.proof", *province.gather("zhang")])
    assert combined.code == 0, combined.err


def test_codes_on_the_terminal(province: Province) -> None:  # noqa: F811
    signer = province.signers["li"]
    public = signer.shell.folder / "key.public.json"
    shown = signer.do("--lang", "en", "root", "qr", str(public)).out
    assert "QR code 1 of 2" in shown
    assert shown.count("█") > 500
    codes = signer.do("--json", "root", "qr", str(public)).out.splitlines()
    assert len(codes) == 2
    none = signer.do("--lang", "en", "root", "scan", str(public), "--out", "x")
    assert none.code == 1
    assert "No QR code of a ceremony's file was found" in none.err
    assert "missing: 1" in none.err
