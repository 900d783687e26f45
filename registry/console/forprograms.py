"""What a token is answered in place of a page: JSON of the same, identity numbers masked as there."""

from typing import Any

from keys.encodings import timestamp_encode
from registry.applications import KIND_NAMES
from registry.cases.history import Life
from registry.cases.search import COUNTED, Found, Page


def page_json(page: Page) -> dict[str, Any]:
    """What a search found: ``total`` counts no further than ``countedTo``; ``after`` is sent for the next page."""
    found = [_found_json(one) for one in page.found]
    return {"certificates": found, "total": page.total, "countedTo": COUNTED, "after": page.next}


def life_json(life: Life) -> dict[str, Any]:
    """One certificate: what is signed, its state, what happened to it, its place in the log."""
    return {
        "number": life.number,
        "state": life.state,
        "credentialSubject": life.subject,
        "issuer": life.issuer,
        "issued": life.valid_from,
        "batch": life.batch_id,
        "predecessor": life.predecessor or None,
        "successor": life.successor or None,
        "log": {"leaf": life.place.leaf, "at": timestamp_encode(life.place.logged_at)},
        "printable": life.state == "issued" and life.place.witnessed is not None,
        "events": [
            {"action": one.action, "reason": one.reason, "at": timestamp_encode(one.at)}
            for one in life.events
        ],
    }


def _found_json(one: Found) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "identity": one.identity,
        "employer": one.employer,
        "year": one.year,
        "kind": KIND_NAMES[one.kind],
        "batch": one.batch_id,
        "state": one.state,
    }
