"""A registry with a report key, its publication, and a sitting over its certificates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from keys.did import key_id, registry_did
from keys.trustlist import KeyRevocation, ListedKey, TrustList
from tests.builders import HOST, at, signed, signer
from tests.simulator import ANNUAL, COMPLETION, Certificate, Simulator, standard_draft
from tests.verifier.publication import folder_of, publication
from verifier.server.reportkey import ReportKey

REPORT_SIGNER = signer("report")
KEY = key_id(registry_did(HOST), "report-1")


def report_key(**changes: Any) -> ListedKey:
    """The registry's report key, for 2026."""
    window = (at("2026-01-01T00:00:00Z"), at("2026-12-31T15:59:59Z"))
    return replace(ListedKey(KEY, REPORT_SIGNER.public_key, *window), **changes)


def listing(*keys: ListedKey, **changes: Any) -> TrustList:
    """The standard list with these report keys."""
    return signed(replace(standard_draft(), report_keys=keys or (report_key(),), **changes))


@dataclass(slots=True)
class Panel:
    """A publication with a report key, and certificates by what they are here for."""

    folder: Path
    registry: Simulator
    certificates: Mapping[str, Certificate]
    key: ReportKey

    @property
    def certificate(self) -> Certificate:
        """The first; as tests.server.rig.Site has it."""
        return next(iter(self.certificates.values()))


def new_panel(folder: Path, extra: int = 0) -> Panel:
    """People with good, short, revoked certificates and a training; ``extra`` more of 2026."""
    registry = Simulator(listing())
    certificates = {
        "good": registry.issue(serial=1),
        "short": registry.issue(
            {**ANNUAL, "name": "王芳", "identityDocument": "410102********2222", "publicHours": 20}, serial=2
        ),
        "revoked": registry.issue(
            {**ANNUAL, "name": "刘强", "identityDocument": "410102********3333"}, serial=3
        ),
        "training": registry.issue(
            {**COMPLETION, "name": "陈静", "identityDocument": "410102********4444"}, serial=4
        ),
    }
    for serial in range(5, 5 + extra):
        fields = {**ANNUAL, "name": f"考生{serial}", "identityDocument": f"410102********{serial:04d}"}
        certificates[f"extra{serial}"] = registry.issue(fields, serial=serial)
    registry.revoke(certificates["revoked"].number, reason="data-error")
    folder_of(publication(registry, [one.number for one in certificates.values()]), folder)
    return Panel(folder, registry, certificates, ReportKey(REPORT_SIGNER))


def compromised(since: str) -> KeyRevocation:
    """A report key's end by compromise."""
    return KeyRevocation(at("2026-06-01T00:00:00Z"), "compromised", at(since))


def request_of(panel: Panel, **changes: Any) -> dict[str, Any]:
    """A sitting over all the panel's certificates, with claims that are right but for one."""
    items = [
        {"record": one.record.decode(), "target": f"{name}.json"} for name, one in panel.certificates.items()
    ]
    applicants = [
        {
            "name": "张文博",
            "identity": "410105********1234",
            "claims": [{"year": 2026, "professional": 60, "public": 30}],
        },
        {"name": "王芳", "claims": [{"year": 2026, "numbers": [panel.certificates["short"].number.digits]}]},
        {"name": "赵敏", "claims": [{"year": 2026, "total": 90}]},
    ]
    return {
        "name": "2026 年高级职称评审",
        "policy": {"years": [2026], "ruleSet": "henan-2012", "statusMaxAge": 604800},
        "applicants": applicants,
        "items": items,
        **changes,
    }


def lines_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The lines of a stream."""
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]
