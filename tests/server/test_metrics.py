"""``certverify serve --metrics``: counters of all its processes together, health, and a log in JSON lines."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server.rig import app_on, client_of, new_site, serving
from verifier.server.health import missing
from verifier.server.judging import Judge
from verifier.server.settings import PublicSettings


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def counted(text: str) -> Mapping[tuple[str, str, str], float]:
    """Route, method and status to requests."""
    return {
        (one.labels["route"], one.labels["method"], one.labels["status"]): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == "certreg_http_requests_total"
    }


def test_two_processes_are_counted_together_and_the_world_does_not_see_it(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site")
    watch = f"127.0.0.1:{free_port()}"
    root = str(site.folder / "root.json")
    options = ("--trust", root, "--workers", "2", "--metrics", watch)
    with serving(site.folder, *options, environment={"CERTVERIFY_LOG": "json"}) as address:
        with httpx.Client(base_url=address) as client:
            ready = client.get("/health/ready")
            assert client.get("/health/live").json() == {"live": True}
            assert client.get("/metrics").status_code == 404
        # A connection each, so that both processes get some.
        with httpx.Client(base_url=address, limits=httpx.Limits(max_keepalive_connections=0)) as client:
            for _ in range(20):
                client.get("/trust.json")
                client.post("/api/verify", json={"items": [{"qrText": site.certificate.qr_text}]})
        text = httpx.get(f"http://{watch}/metrics").text
        assert httpx.get(f"http://{watch}/health/live").status_code == 200
    # By the real clock the simulator's trust list may have ended: that is said, and is not an error of the server.
    assert ready.status_code == 200 or ready.json()["missing"] == ["trust_list_expired"]
    found = counted(text)
    assert found[("/…", "GET", "200")] >= 20
    assert found[("/api/verify", "POST", "200")] == 20
    assert "certreg_publication_status_seconds_left" in text
    assert site.certificate.number.digits not in text


@pytest.mark.anyio
async def test_ready_says_what_the_publication_lacks(tmp_path: Path) -> None:
    site = new_site(tmp_path)
    async with client_of(app_on(site)) as client:
        assert (await client.get("/health/ready")).json() == {"ready": True, "missing": []}
        assert (await client.head("/health/live")).status_code == 200
    empty = tmp_path / "empty"
    empty.mkdir()
    judge = Judge(PublicSettings(empty))
    assert missing(judge) != ()
    judge.close()
    for path in site.folder.glob("trust*"):
        path.unlink() if path.is_file() else None
    async with client_of(app_on(site)) as client:
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert json.loads(answer.text)["missing"]
