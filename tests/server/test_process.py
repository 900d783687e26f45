"""``certverify serve`` as a real process: bombs, disconnecting callers, and a log without anybody in it."""

import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.journeys.program import Shell
from tests.server.rig import PROJECT, Site, loaded, new_site, serving
from tests.server.test_api import VERIFY, lines, problem
from tests.server.test_uploads import huge_png, overlapping, sent
from tests.verifier.bombs import endless_drawing, nested_forms
from verifier.server.guard import SECURITY_HEADERS


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, str]:
    """A site that lasts for the module, and where it is served."""
    site = new_site(tmp_path_factory.mktemp("served"))
    root = site.folder / "root.json"
    with serving(site.folder, "--trust", str(root)) as address:
        yield site, address  # type: ignore[misc]


def test_the_pages_the_publication_and_the_api(running: tuple[Site, str]) -> None:
    site, address = running
    with httpx.Client(base_url=address) as client:
        for path in ("/v", "/verify", f"/{loaded('desk/desk.js')}", "/verifier/root.json", "/trust.json"):
            answer = client.get(path)
            assert answer.status_code == 200
            for name, value in SECURITY_HEADERS.items():
                assert answer.headers[name] in {value, "cross-origin"}
            assert "server" not in answer.headers
            assert client.head(path).content == b""
        found = lines(client.post(VERIFY, json={"items": [{"qrText": site.certificate.qr_text}] * 2}))
    # By the real clock the simulator's lists are long stale: what could not be told is no finding.
    assert {one["verdict"] for one in found} <= {"INDETERMINATE", "FAILED"}
    assert found[0]["steps"][5]["code"] == "proof_valid"


def test_bombs_at_once_leave_the_others_their_answers(running: tuple[Site, str]) -> None:
    """Drawings that take minutes, pictures that take gigabytes, and in between callers with a number.

    A drawing has the box's fifteen seconds in the exhaustive run, else two of them.
    """
    _, address = running

    def post(name: str, data: bytes) -> httpx.Response:
        with httpx.Client(base_url=address, timeout=120) as client:
            return client.post(VERIFY, files=sent((name, data)))

    bombs = [("a.pdf", endless_drawing()), ("b.pdf", nested_forms())]
    with ThreadPoolExecutor(4) as pool, httpx.Client(base_url=address, timeout=30) as client:
        under_way = [pool.submit(post, *bomb) for bomb in bombs]
        answered = 0
        while not all(one.done() for one in under_way):
            began = time.monotonic()
            if answered < 100:  # well below what one client may ask
                assert client.post(VERIFY, json={"items": [{"number": "1"}]}).status_code == 200
            assert client.get("/trust.json").status_code == 200
            assert time.monotonic() - began < 10
            answered += 1
        told = [one.result().json() for one in under_way]
        assert answered > 3
        assert [one["verdict"] for one in told] == ["INDETERMINATE"] * 2
        assert {one["troubles"][0]["code"] for one in told} == {"container_too_costly"}
        assert post("c.png", huge_png()).json()["troubles"][0]["code"] == "image_too_large"
        assert problem(post("d.zip", overlapping(100))) == (413, "archive_too_large")


def test_who_hangs_up_harms_nobody(running: tuple[Site, str]) -> None:
    site, address = running
    host, _, port = address.removeprefix("http://").partition(":")
    for _ in range(10):
        with socket.create_connection((host, int(port))) as caller:
            caller.sendall(
                b"POST /api/verify HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                b"Content-Length: 1000\r\n\r\n--x\r\n"
            )
    with httpx.Client(base_url=address) as client:
        answer = client.post(VERIFY, files=sent(("a.json", site.certificate.record)))
        # Places of those who hung up are given back at once; a few moments' queue is all that may remain.
        assert answer.status_code == 200


def test_the_log_of_a_run_names_nobody(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site", 1)
    command = [sys.executable, "-m", "verifier", "serve", str(site.folder), "--port", "0"]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        port = ""
        said = []
        for line in process.stdout:
            said.append(line)
            if "running on" in line:
                port = line.partition("127.0.0.1:")[2].split()[0]
                break
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            body = {"items": [{"number": site.certificate.number.digits, "name": "张文博"}]}
            assert client.post(VERIFY, json=body).status_code == 200
            client.get("/v?name=%E5%BC%A0")
            client.get(f"/api/certificates/{site.certificate.number.digits}?name=Zhang")
            named = {"Holder-Name": "UTF-8''%E5%BC%A0%E6%96%87%E5%8D%9A"}
            client.get(f"/api/certificates/{site.certificate.number.digits}", headers=named)
    finally:
        process.terminate()
        said += process.communicate(timeout=30)[0].splitlines()
    text = "\n".join(said)
    assert "POST /api/verify 200" in text
    assert "GET /v 200" in text
    for secret in ("张文博", "%E5", "Zhang", site.certificate.number.digits, "127.0.0.1 ", "name="):
        assert secret not in text


def test_several_processes_serve_one_site(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site", 1)
    root = str(site.folder / "root.json")
    with serving(site.folder, "--workers", "2", "--trust", root) as address, httpx.Client() as client:
        for _ in range(4):
            found = client.post(f"{address}{VERIFY}", json={"items": [{"number": "1"}]}).json()
            assert found["pinned"] is True


def test_several_processes_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    """Killed, so that it could tell nobody: whoever has its port would be in the way of the next."""
    site = new_site(tmp_path / "site", 1)
    command = [sys.executable, "-m", "verifier", "serve", str(site.folder), "--port", "0", "--workers", "2"]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    started = 0
    for line in process.stdout:
        started += "Application startup complete" in line
        if started == 2:
            break
    process.kill()
    process.communicate(timeout=60)  # the end of what all of them write to
    assert started == 2


@pytest.mark.parametrize(
    "options",
    [["/nowhere"], [".", "--trust", "/nowhere"], [".", "--proxies", "junk"], [".", "--port", "x"], []],
)
def test_what_cannot_be_served_is_a_usage_error(tmp_path: Path, options: list[str]) -> None:
    done = Shell(tmp_path, passphrase=None).certverify("serve", *options)
    assert done.code == 64, done.err
    assert "Traceback" not in done.err


def test_a_report_says_the_same_as_the_command_line(running: tuple[Site, str], tmp_path: Path) -> None:
    site, address = running
    file = tmp_path / "a.json"
    file.write_bytes(site.certificate.record)
    at = "2026-03-10T09:00:00Z"
    root = str(site.folder / "root.json")
    done = subprocess.run(
        [sys.executable, "-m", "verifier", str(file), "--url", str(site.folder), "--trust", root, "--at", at, "--json"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    line = json.loads(done.stdout)
    body = {"items": [{"record": site.certificate.record.decode()}], "options": {"at": at}}
    told = httpx.post(f"{address}{VERIFY}", json=body).json()
    assert told["verdict"] == "PASSED"
    assert {**told, "target": "", "source": ""} == {**line, "target": "", "source": ""}
