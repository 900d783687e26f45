"""What else there is: ``python -m tests.benchmarks.peers [SECONDS]``. One certificate, one run, in memory and without storage.

This project, the npm libraries ``@digitalbazaar/vc`` with eddsa-jcs-2022, a JWT of the same claims by ``joserfc`` (where it is
installed: ``pip install joserfc``), and an X.509 certificate with the record as an extension by ``cryptography``. All sign with
Ed25519, one process each; raw signing and verification are sampled before and after.
"""

import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from rich.console import Console
from rich.table import Table

from keys.encodings import multibase_encode
from registry.handout import find_record
from tests.benchmarks.judging import collect, trust_of
from tests.benchmarks.measure import RawGauge
from tests.benchmarks.office import Office, make_sheets
from tests.benchmarks.run import office_on
from tests.foreign.w3c_libraries import NotInstalledError, install
from verifier.evidence import Evidence
from verifier.policy import VerificationPolicy
from verifier.report import Verdict
from verifier.verify import verify

_OWN_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1")  # RFC 5612: for documentation
Rates = dict[str, float]


def main(arguments: list[str]) -> int:
    """Measure and print a table."""
    seconds = float(arguments[0]) if arguments else 2.0
    gauge = RawGauge(0.5)
    rows: list[tuple[str, Rates, Rates]] = []
    with tempfile.TemporaryDirectory(prefix="certreg-peers-") as name:
        folder = Path(name)
        with office_on("sqlite", folder / "office") as office:
            office.issue_all(make_sheets(folder / "sheets", rows=10, sheets=1, seed=1)[0])
            before = gauge.sample()
            for peer, rates in _peers(office, folder, seconds):
                after = gauge.sample()
                raw = {
                    "issue": mean((before.sign, after.sign)),
                    "verify": mean((before.verify, after.verify)),
                }
                rows.append((peer, rates, raw))
                before = after
    table = Table("in memory, one process", "issue/s", "of raw", "verify/s", "of raw")
    for peer, rates, raw in rows:
        cells = [f"{rates[one]:,.0f}" for one in ("issue", "verify")]
        ratios = [f"{rates[one] / raw[one]:.2f}" for one in ("issue", "verify")]
        table.add_row(peer, cells[0], ratios[0], cells[1], ratios[1])
    Console(width=120).print(table)
    return 0


def _peers(office: Office, folder: Path, seconds: float) -> Iterator[tuple[str, Rates]]:
    record = collect(office, 1).handouts[0].record
    yield "this project", _ours(office, seconds)
    yield "X.509, cryptography", _x509(record.data, seconds)
    try:
        yield "VC-JWT, joserfc", _jwt(record.document, seconds)
    except ImportError:
        print("joserfc is not installed", file=sys.stderr)
    try:
        yield "eddsa-jcs-2022, @digitalbazaar/vc", _npm(office, record.data, folder, seconds)
    except NotInstalledError as error:
        print(error, file=sys.stderr)


def _ours(office: Office, seconds: float) -> Rates:
    """Written by the template and signed once; verified in all steps that need no log and no status."""
    held = collect(office, 1).handouts[0].record
    found = find_record(office.app, held.number)
    assert found is not None
    template, trust = held.template.record, trust_of(office)
    fields, policy = (
        template.fields_of(held.document),
        VerificationPolicy(office.app.clock(), require_status=False),
    )
    key, evidence = Ed25519PrivateKey.generate(), Evidence(record=found[0])

    def issue() -> bytes:
        written = template.write(fields, host=held.host, issuer_name=held.issuer_name)
        return written.record(multibase_encode(key.sign(written.hash_data())))

    def judge() -> None:
        if verify(evidence, trust, policy).verdict is not Verdict.PASSED:
            raise RuntimeError("not passed")

    return {"issue": _rate(issue, seconds), "verify": _rate(judge, seconds)}


def _x509(data: bytes, seconds: float) -> Rates:
    key, holder = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate().public_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "410100")])
    day = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)

    def issue() -> bytes:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(holder)
        builder = (
            builder.serial_number(1).not_valid_before(day).not_valid_after(day + dt.timedelta(days=3650))
        )
        builder = builder.add_extension(x509.UnrecognizedExtension(_OWN_EXTENSION, data), critical=False)
        return builder.sign(key, None).public_bytes(Encoding.DER)

    certificate, public = issue(), key.public_key()

    def judge() -> None:
        parsed = x509.load_der_x509_certificate(certificate)
        public.verify(parsed.signature, parsed.tbs_certificate_bytes)

    return {"issue": _rate(issue, seconds), "verify": _rate(judge, seconds)}


def _jwt(document: dict[str, Any], seconds: float) -> Rates:
    from joserfc import jwt
    from joserfc.jwk import OKPKey

    key = OKPKey.generate_key("Ed25519")
    header, claims = {"alg": "Ed25519"}, {name: value for name, value in document.items() if name != "proof"}

    def issue() -> str:
        return str(jwt.encode(header, claims, key, algorithms=["Ed25519"]))

    token = issue()
    return {
        "issue": _rate(issue, seconds),
        "verify": _rate(lambda: jwt.decode(token, key, algorithms=["Ed25519"]), seconds),
    }


def _npm(office: Office, data: bytes, folder: Path, seconds: float) -> Rates:
    place = folder / "npm"
    place.mkdir()
    install(place)
    (place / "record.json").write_bytes(data)
    (place / "peers.mjs").write_bytes(Path(__file__).with_suffix(".mjs").read_bytes())
    command = ["node", "peers.mjs", str(office.site), "record.json", str(seconds)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True)
    rates: Rates = json.loads(done.stdout)
    return rates


def _rate(work: Callable[[], object], seconds: float) -> float:
    """Times a second, after a few that warm up."""
    for _ in range(50):
        work()
    began, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(16):
            work()
        done += 16
    return done / spent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
