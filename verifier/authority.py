"""May this authority, with this key, sign this number at this moment? (SPEC 4.3 to 4.5, step 4)."""

from keys.trustlist import Authority, ListedKey
from verifier.number import CertificateNumber


def objection_at(authority: Authority, key: ListedKey, number: CertificateNumber, moment: int) -> str | None:
    """The first objection to a signature made at ``moment`` (Unix seconds), or None."""
    return authority_objection(authority, number, moment) or _key_objection(key, number, moment)


def authority_objection(authority: Authority, number: CertificateNumber, moment: int) -> str | None:
    """The same without regard to the key: what the log alone shows."""
    state = authority.state_at(moment)
    if state is None:
        return "authority_not_granted"
    if state.state != "granted":
        return f"authority_{state.state}"
    if number.kind not in authority.scope.kinds or number.year not in authority.scope.years:
        return "authority_out_of_scope"
    return None


def _key_objection(key: ListedKey, number: CertificateNumber, moment: int) -> str | None:
    _, _, fragment = key.id.partition("#")
    if fragment.partition("-")[0] != f"{number.year:04d}":
        return "key_of_another_year"
    if not key.not_before <= moment <= key.not_after:
        return "key_out_of_window"
    if key.revoked is None:
        return None
    if key.revoked.compromised_from is not None and moment >= key.revoked.compromised_from:
        return "key_compromised"
    return "key_superseded" if moment >= key.revoked.at else None
