"""Which witnesses count, and how many are needed (SPEC 6.5): each change is a new version of the trust list.

Their addresses are kept beside it (``registry.cosigning``): the root signs who counts, not where they are reached.
"""

from collections.abc import Sequence

from keys.trustlist import TrustList
from registry.app import App
from registry.cosigning import write_address
from registry.errors import OfficeError
from registry.offices import set_witnesses
from registry.trust import current_trust_list
from verifier.errors import LogError
from verifier.note import ALGORITHM_COSIGNATURE, parse_vkey


def add_witness(app: App, name: str, vkey: str, url: str) -> TrustList:
    """List the witness ``name``; the quorum stays."""
    try:
        key = parse_vkey(vkey)
    except LogError as error:
        raise OfficeError("witness_vkey", name=name) from error
    if key.name != name or key.algorithm != ALGORITHM_COSIGNATURE:
        raise OfficeError("witness_vkey", name=name)
    listed = _listed(app)
    if name in listed:
        raise OfficeError("witness_exists", name=name)
    write_address(app.settings.home, name, url)
    return _publish(app, [*listed.values(), vkey], None)


def remove_witness(app: App, name: str) -> TrustList:
    """Take ``name`` off the list; raises where fewer would be left than the quorum."""
    listed = _listed(app)
    if name not in listed:
        raise OfficeError("witness_unknown", name=name)
    version = _publish(app, [vkey for one, vkey in listed.items() if one != name], None)
    write_address(app.settings.home, name, None)
    return version


def change_quorum(app: App, quorum: int) -> TrustList:
    """Demand ``quorum`` cosignatures."""
    return _publish(app, list(_listed(app).values()), quorum)


def _listed(app: App) -> dict[str, str]:
    with app.database.read() as session:
        return {parse_vkey(vkey).name: vkey for vkey in current_trust_list(session).witness_vkeys}


def _publish(app: App, vkeys: Sequence[str], quorum: int | None) -> TrustList:
    with app.database.write() as session:
        wanted = current_trust_list(session).witness_quorum if quorum is None else quorum
        version = set_witnesses(session, app.keyring, vkeys, quorum=wanted, now=app.clock())
    app.sign_log()
    return version
