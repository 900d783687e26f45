"""How fast nginx serves a publication, with the configuration of ``registry/deploy/``: ``python -m tests.benchmarks.nginxrate``.

Needs ``nginx`` and ``wrk``. A status list, a full tile, a page; 32 connections from this machine for some seconds each,
beside the raw verification rate of one core in the same run.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.answering import answers
from tests.registry.deploy.test_deploy import configured, free_port, nginx
from tests.server.rig import new_site
from verifier.webpages import pages_with

SECONDS = 5


def main() -> None:
    """Print a table."""
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("wrk is not installed")
    with TemporaryDirectory(prefix="certreg-nginx-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        site = new_site(place / "site", count=300).folder
        for path, data in pages_with((site / "root.json").read_bytes()).items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(data)
        port = free_port()
        words = [nginx(), "-p", folder, "-c", str(configured(place, site, port))]
        process = subprocess.Popen(words)
        try:
            assert answers(process, port, "/root.json")
            measure(wrk, f"http://127.0.0.1:{port}", site)
        finally:
            process.terminate()
            process.wait()


def measure(wrk: str, address: str, site: Path) -> None:
    """One line a file."""
    paths = ["status/410100/2026/1/revocation/0", "log/checkpoint", "log/tile/0/000", "trust.json", "v"]
    for path in paths:
        file = site / path if (site / path).is_file() else site / path / "index.html"
        words = [wrk, "-t1", "-c32", f"-d{SECONDS}s", "-H", "Accept-Encoding: identity", f"{address}/{path}"]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
        failed = "Non-2xx" in said
        print(
            f"{path:40} {file.stat().st_size:8,} bytes {float(rate[1]) if rate else 0:10,.0f} a second{' FAILED' if failed else ''}"
        )


if __name__ == "__main__":
    main()
