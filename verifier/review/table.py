"""The full table of a review as a file (SPEC 8.5): a line for each row, in canonical JSON, and the tree over the lines.

The signed report holds the tree's root alone, so that it names nobody, and one row can be shown with its proof and
without the others. Each row has a salt of its own: without it, who holds a neighbour's hash could try out names.
"""

from collections.abc import Iterable, Iterator

from keys.canonical import canonicalize_restricted
from verifier.merkle import leaf_hash, tree_hash
from verifier.review.rows import Row

MAX_TABLE_BYTES = 16 * 1024 * 1024
"""20,000 rows of 800 bytes. Sender: anyone with a file."""


def table_of(rows: Iterable[Row], salts: Iterator[str]) -> bytes:
    """The file's bytes; ``salts`` gives 32 hex digits a row, which nobody can guess."""
    return b"".join(canonicalize_restricted({**row, "salt": next(salts)}) + b"\n" for row in rows)


def root_of(table: bytes) -> str:
    """The root over the lines, in hex. Only a line feed ends a line; a last one without it is a leaf as it is."""
    *lines, rest = table.split(b"\n")
    leaves = [leaf_hash(line + b"\n") for line in lines] + ([leaf_hash(rest)] if rest else [])
    return tree_hash(leaves).hex()


def counts_of(rows: Iterable[Row]) -> dict[str, int]:
    """The figures that the report signs: of people, rows, certificates, verdicts and what needs attention."""
    kept = list(rows)
    certificates = {
        one["number"] or one["label"]: one["verdict"] for row in kept for one in row["certificates"]
    }
    verdicts = list(certificates.values())
    return {
        "people": len({(row["name"], row["identity"]) for row in kept}),
        "rows": len(kept),
        "certificates": len(verdicts),
        "passed": verdicts.count("PASSED"),
        "failed": verdicts.count("FAILED"),
        "undecided": verdicts.count("INDETERMINATE"),
        "missing": sum(row["verdict"] == "MISSING" for row in kept),
        "met": sum(row["rule"] == "met" for row in kept),
        "short": sum(row["rule"] == "short" for row in kept),
        "differing": sum(bool(row["differences"]) for row in kept),
        "attention": sum(bool(row["attention"]) for row in kept),
    }
