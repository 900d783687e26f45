"""Who is to be deceived: a panel with the public command line, a pinned root, its memory, and a clock."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keys.encodings import timestamp_encode
from tests.journeys.program import Shell
from tests.registry.rig import NOW

VERDICTS = {0: "PASSED", 1: "FAILED", 2: "INDETERMINATE"}


@dataclass(frozen=True, slots=True)
class Panel:
    """What it says is what ``certverify`` says, in a process of its own."""

    shell: Shell

    def file(self, name: str, data: bytes, proof: bytes | None = None) -> Path:
        """A file that was handed in, with the log proof beside it."""
        path = self.shell.folder / name
        path.write_bytes(data)
        if proof is not None:
            path.with_suffix(".tlog-proof").write_bytes(proof)
        return path

    def report(
        self,
        target: Path | str,
        *,
        site: Path | None = None,
        bundle: Path | None = None,
        at: int = NOW,
        **more: str,
    ) -> dict[str, Any]:
        """The report on one target, against a publication or a bundle."""
        words = [*_source(site, bundle), "--trust", "root.json", "--at", timestamp_encode(at), "--json"]
        options = [word for name, value in more.items() for word in (f"--{name}", value)]
        said = self.shell.certverify(str(target), *words, *options)
        assert said.out, said.err
        report: dict[str, Any] = said.json
        assert report["verdict"] == VERDICTS[said.code]
        return report

    def verdict(self, target: Path | str, **more: Any) -> tuple[str, str]:
        """Verdict and reason."""
        report = self.report(target, **more)
        return report["verdict"], report["reason"]

    def text(self, target: Path | str, *, site: Path, at: int = NOW) -> str:
        """What a member of the panel reads."""
        words = ("--trust", "root.json", "--at", timestamp_encode(at))
        return self.shell.certverify(str(target), "--url", str(site), *words).out

    def audit(self, site: Path, *, at: int = NOW) -> tuple[str, set[str]]:
        """Verdict and findings of an audit that remembers the audits before it."""
        words = ("--trust", "root.json", "--state", "audit.json", "--at", timestamp_encode(at), "--json")
        said = self.shell.certverify("audit", str(site), *words)
        assert said.out, said.err
        return VERDICTS[said.code], {one["code"] for one in said.json["findings"]}


def _source(site: Path | None, bundle: Path | None) -> tuple[str, str]:
    assert (site is None) is not (bundle is None)
    return ("--bundle", str(bundle)) if site is None else ("--url", str(site))
