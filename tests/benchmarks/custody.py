"""What signing costs in each custody: a key file in this process, an agent asked for few or many at once, a token."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from keys.pkcs11 import open_token
from keys.signer import Signer
from registry.apart import private_agent
from registry.log import log_origin
from tests.benchmarks.measure import MESSAGE, Measure, RawGauge, measure
from tests.benchmarks.office import HOST, OFFICE, YEAR, Office
from tests.softhsm import PIN, TOKENS, NoSoftHsmError, softhsm

AT_ONCE = (1, 100, 2000)
"""Messages in one request to an agent; an issue's chunk is 2,000."""
KEY = f"{OFFICE}-{YEAR}-1"


def custodies(office: Office, folder: Path, rounds: int, count: int, gauge: RawGauge) -> list[Measure]:
    """Signatures a second over 64-byte messages, at least ``count`` a round, all made sure of; the token where there is one."""
    messages = [place.to_bytes(4, "big") + MESSAGE[4:] for place in range(max(AT_ONCE))]

    def signing(signer: Signer, at_once: int) -> Callable[[], int]:
        asked = messages[:at_once]
        times = -(-count // at_once)

        def work() -> int:
            for _ in range(times):
                signer.sign_all(asked)
            return times * at_once

        return work

    def measured(name: str, signer: Signer, at_once: int) -> Measure:
        signer.sign(MESSAGE)
        return measure(name, gauge, [signing(signer, at_once)] * rounds, beside="sign")

    keyring = office.app.keyring
    found = [measured("sign, key file", keyring.signer(KEY), 100)]
    with private_agent(keyring, [KEY], log_origin=log_origin(HOST), journal=folder / "agent.log") as apart:
        found += [measured(f"sign, agent, {many} at once", apart.signer(KEY), many) for many in AT_ONCE]
    with _token() as signers:
        found += [measured("sign, token (SoftHSM2)", signer, 100) for signer in signers]
    return found


@contextmanager
def _token() -> Iterator[list[Signer]]:
    """A key in a real token, or none where there is no token."""
    try:
        with softhsm() as hsm:
            yield [open_token(hsm.module, TOKENS[0], PIN.encode).create("benchmark")]
    except NoSoftHsmError:
        yield []
