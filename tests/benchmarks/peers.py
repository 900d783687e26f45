"""What else there is for the same certificate, in memory and without storage: each signs it and verifies it, as often as it can.

This project; the record's claims as a JWT by ``joserfc``; an X.509 certificate with the record as an extension by
``cryptography``; the W3C libraries of ``@digitalbazaar`` with eddsa-jcs-2022 and eddsa-rdfc-2022 (``others/``). All sign with Ed25519, one process each.
What is not ours is installed from ``others/``, by name, version and digest, into a folder that is thrown away.
"""

import datetime as dt
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from keys.encodings import multibase_encode
from tests.benchmarks.judging import Held, collect, trust_of
from tests.benchmarks.office import Office
from tests.foreign.w3c_libraries import NotInstalledError, install
from tests.lineprogram import running
from verifier.evidence import Evidence
from verifier.policy import VerificationPolicy
from verifier.report import Verdict
from verifier.verify import verify

OTHERS = Path(__file__).parent / "others"
_OWN_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1")  # RFC 5612: for documentation


@dataclass(frozen=True, slots=True)
class Pace:
    """How many in a second by the clock, and in a second of processor time."""

    clock: float
    core: float


Act = Callable[[float], Pace]
"""Something repeated for so many seconds."""


@dataclass(frozen=True, slots=True)
class Peer:
    """``issue`` and ``verify`` of one certificate; None where it is not done."""

    name: str
    issue: Act | None
    verify: Act


@contextmanager
def peers(office: Office, folder: Path) -> Iterator[Sequence[Peer]]:
    """Those that can be had here; what cannot is told on standard error."""
    held = collect(office, 1)
    found = [*_ours(office, held), _x509(held.handouts[0].record.data)]
    try:
        found.append(_jwt(held, folder / "pip"))
    except NotInstalledError as error:
        print(error, file=sys.stderr)
    place = folder / "npm"
    place.mkdir()
    try:
        install(place, OTHERS)
    except NotInstalledError as error:
        print(error, file=sys.stderr)
        yield found
        return
    (place / "record.json").write_bytes(held.handouts[0].record.data)
    with running(["node", "others.mjs", str(office.site), "record.json"], place) as program:

        def asking(suite: str, act: str) -> Act:
            def ask(seconds: float) -> Pace:
                told = program.ask({"suite": suite, "act": act, "seconds": seconds})
                return Pace(told["count"] / told["wall"], told["count"] / told["cpu"])

            return ask

        for suite in ("jcs", "rdfc"):
            name = f"eddsa-{suite}-2022, npm @digitalbazaar/vc"
            found.append(Peer(name, asking(suite, "issue"), asking(suite, "verify")))
        yield found
        program.end()


def _ours(office: Office, held: Held) -> list[Peer]:
    """Written by the template and signed once; verified in all steps: of the record alone, and with log proof and status lists."""
    one, trust, now = held.handouts[0].record, trust_of(office), office.app.clock()
    template = one.template.record
    fields, key = template.fields_of(one.document), Ed25519PrivateKey.generate()

    def issue() -> None:
        written = template.write(fields, host=one.host, issuer_name=one.issuer_name)
        written.record(multibase_encode(key.sign(written.hash_data())))

    def judging(evidence: Evidence, policy: VerificationPolicy) -> Act:
        def judge() -> None:
            if verify(evidence, trust, policy).verdict is not Verdict.PASSED:
                raise RuntimeError("not passed")

        return _repeating(judge)

    whole = held.records[0]
    alone = judging(Evidence(record=whole.record), VerificationPolicy(now, require_status=False))
    with_all = judging(whole, VerificationPolicy(now, require_log=True))
    return [
        Peer("this project, the record alone", _repeating(issue), alone),
        Peer("this project, with log proof and status", None, with_all),
    ]


def _x509(data: bytes) -> Peer:
    key, holder = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate().public_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "410100")])
    day = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)

    def issue() -> bytes:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(holder)
        until = day + dt.timedelta(days=3650)
        builder = builder.serial_number(1).not_valid_before(day).not_valid_after(until)
        builder = builder.add_extension(x509.UnrecognizedExtension(_OWN_EXTENSION, data), critical=False)
        return builder.sign(key, None).public_bytes(Encoding.DER)

    certificate, public = issue(), key.public_key()

    def judge() -> None:
        parsed = x509.load_der_x509_certificate(certificate)
        public.verify(parsed.signature, parsed.tbs_certificate_bytes)

    return Peer("X.509, cryptography", _repeating(issue), _repeating(judge))


def _jwt(held: Held, folder: Path) -> Peer:
    _install_python(folder)
    sys.path.append(str(folder))
    from joserfc import jwt
    from joserfc.jwk import OKPKey

    key, header = OKPKey.generate_key("Ed25519"), {"alg": "Ed25519", "typ": "vc+jwt"}
    claims = {name: value for name, value in held.handouts[0].record.document.items() if name != "proof"}

    def issue() -> str:
        return str(jwt.encode(header, claims, key, algorithms=["Ed25519"]))

    token = issue()

    def judge() -> None:
        if jwt.decode(token, key, algorithms=["Ed25519"]).claims["id"] != claims["id"]:
            raise RuntimeError("another certificate")

    return Peer("VC-JWT, joserfc", _repeating(issue), _repeating(judge))


def _install_python(folder: Path) -> None:
    words = [
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--disable-pip-version-check",
        "--target",
        str(folder),
    ]
    command = [sys.executable, "-m", "pip", "install", *words, "-r", str(OTHERS / "requirements.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise NotInstalledError(f"joserfc cannot be installed: {done.stderr.strip()[-200:]}")


def _repeating(work: Callable[[], object]) -> Act:
    """``work`` as often as it goes, after a few times that warm up."""

    def repeat(seconds: float) -> Pace:
        for _ in range(30):
            work()
        began, computed, done = time.perf_counter(), time.process_time(), 0
        while (spent := time.perf_counter() - began) < seconds:
            for _ in range(16):
                work()
            done += 16
        return Pace(done / spent, done / (time.process_time() - computed))

    return repeat
