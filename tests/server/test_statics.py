"""Static files: only what a publication has, kept by others only as long as it holds, under strict headers."""

import json
import re
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse

from keys.encodings import timestamp_encode
from tests.server.rig import Site, app_on, client_of, generous, loaded
from tests.server.test_api import problem
from tests.simulator import NOW, standard_pin
from tests.verifier.publication import folder_of, publication
from verifier.server.guard import CONTENT_POLICY, SECURITY_HEADERS
from verifier.server.statics import published_file
from verifier.webheaders import FOREVER, cache_control, published_type
from verifier.webpages import installed_pages, pages_with

pytestmark = pytest.mark.anyio
STATUS = "/status/410100/2026/1/revocation/0"


async def test_every_published_file_is_served_as_it_is(site: Site) -> None:
    files = publication(site.registry, [one.number for one in site.certificates])
    async with client_of(app_on(site)) as client:
        for path, data in files.items():
            answer = await client.get(f"/{path}")
            assert (answer.status_code, answer.content) == (200, data), path
            assert answer.headers["access-control-allow-origin"] == "*"
            head = await client.head(f"/{path}")
            assert head.headers["etag"] == answer.headers["etag"]
            again = await client.get(f"/{path}", headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["cache-control"] == answer.headers["cache-control"]


async def test_media_types(site: Site) -> None:
    expected = {
        "/trust.json": "application/json",
        STATUS: "application/json",
        "/ns/certificate/v1": "application/json",
        "/log/checkpoint": "text/plain; charset=utf-8",
        "/log/tile/0/000.p/3": "application/octet-stream",
        "/log/runs/410100/2026/1.json": "application/json",
        "/v": "text/html; charset=utf-8",
        "/v/": "text/html; charset=utf-8",
        "/verify": "text/html; charset=utf-8",
        f"/{loaded('page/main.js')}": "text/javascript; charset=utf-8",
        f"/{loaded('style.css')}": "text/css; charset=utf-8",
        f"/{loaded('words/en.json')}": "application/json",
        "/verifier/root.json": "application/json",
    }
    async with client_of(app_on(site)) as client:
        assert {path: (await client.get(path)).headers["content-type"] for path in expected} == expected
        assert (await client.get("/verifier/root.json")).content == standard_pin().to_bytes()


@pytest.mark.parametrize(
    "path",
    ["/.lock", "/notes.txt", "/status/410100/2026/1/revocation/0.bak", "/trust", "/status", "/log/tile/0", "/", "/..%2Fsecret",
     "/log/tile/..%2F..%2F..%2Fsecret", "/a/410100/../../../secret", "/verifier/package.json", "/verifier/index.html", "/api", "/api/x",
     "/log/tile/0/..", "/templates/%00/record.json", "/bundle.zip"],
)  # fmt: skip
async def test_nothing_else_of_the_folder_is_given_out(own_site: Site, path: str) -> None:
    for name in (".lock", "notes.txt", "status/410100/2026/1/revocation/0.bak"):
        (own_site.folder / name).write_text("private")
    (own_site.folder.parent / "secret").write_text("private")
    async with client_of(app_on(own_site)) as client:
        assert problem(await client.get(path)) == (404, "not_found")


async def test_who_reads_with_a_browser_is_led_to_the_page_where_one_verifies(site: Site) -> None:
    """Programs have the document as before; so has everybody below ``/api/``."""
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with client_of(app_on(site)) as client:
        root = await client.get("/", headers=browser)
        assert (root.status_code, root.headers["location"]) == (303, "/verify")
        assert (await client.get(root.headers["location"])).status_code == 200
        absent = await client.get("/nothing/here", headers=browser)
        assert (absent.status_code, absent.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert absent.headers["content-security-policy"] == CONTENT_POLICY
        assert absent.headers["cache-control"] == "no-store"
        assert "没有这个地址。" in absent.text
        assert "There is nothing at this address." in absent.text
        for address in re.findall(r'(?:href|src)="([^"]+)"', absent.text):
            assert (await client.get(address)).status_code == 200, address
        assert (await client.head("/nothing", headers=browser)).status_code == 404
        assert problem(await client.get("/api/nothing", headers=browser)) == (404, "not_found")
        assert problem(await client.get("/nothing", headers={"Accept": "application/json"})) == (
            404,
            "not_found",
        )


async def test_a_link_out_of_the_folder_is_not_followed(own_site: Site) -> None:
    secret = own_site.folder.parent / "secret.json"
    secret.write_text("{}")
    (own_site.folder / "trust/9.json").symlink_to(secret)
    async with client_of(app_on(own_site)) as client:
        assert problem(await client.get("/trust/9.json")) == (404, "not_found")


async def test_what_cannot_be_read_is_not_said_to_be_absent(own_site: Site) -> None:
    (own_site.folder / "trust/9.json").symlink_to("9.json")  # a circle
    (own_site.folder / "log/checkpoint").unlink()
    (own_site.folder / "log/checkpoint").mkdir()
    async with client_of(app_on(own_site)) as client:
        assert problem(await client.get("/trust/9.json")) == (503, "publication_unavailable")
        assert problem(await client.get("/log/checkpoint")) == (404, "not_found")


async def test_what_never_changes_may_be_kept_and_what_changes_not_for_long(site: Site) -> None:
    async with client_of(app_on(site)) as client:

        async def control(path: str) -> str:
            return (await client.get(path)).headers["cache-control"]

        forever = ("/trust/1.json", "/templates/annual/v1/record.json", "/schemas/annual/v1.json",
                   "/ns/certificate/v1", "/log/tile/0/000.p/3", "/log/tile/entries/000.p/3",
                   f"/{loaded('page/main.js')}")  # fmt: skip
        assert {await control(path) for path in forever} == {FOREVER}
        short = ("/trust.json", STATUS, "/log/checkpoint", "/root.json", "/log/runs/410100/2026/1.json")
        short += ("/verifier/root.json", "/verifier/files.json", "/worker.js")
        assert {await control(path) for path in ("/v", "/verify", "/panel/", "/r")} == {"no-cache"}
        assert {await control(path) for path in short} == {"public, max-age=60, must-revalidate"}
        assert await control("/status/410100/2026/1/revocation/7") == "no-store"  # absent


@pytest.mark.parametrize(
    ("left", "expected"),
    [(86400, 60), (60, 60), (59, 59), (1, 1), (0, 0), (-5, 0)],
)
async def test_a_status_list_is_never_kept_longer_than_it_holds(left: int, expected: int) -> None:
    document = json.dumps({"validUntil": timestamp_encode(NOW + left)}, separators=(",", ":")).encode()
    for path in ("status/410100/2026/1/revocation/0", "trust.json"):
        told = cache_control(path, document, now=NOW, keep=60)
        assert told == (f"public, max-age={expected}, must-revalidate" if expected else "no-cache")


async def test_a_document_whose_validity_cannot_be_read_is_not_kept() -> None:
    for data in (b"{}", b'{"validUntil":"2026-99-99T00:00:00Z"}', b'{"validUntil":"\xff012345678901234567"}'):
        assert cache_control("trust.json", data, now=NOW, keep=60) == "no-cache"
    two = b'{"a":{"validUntil":"2026-03-10T09:00:10Z"},"validUntil":"2026-03-10T10:00:00Z"}'
    assert cache_control("status/x", two, now=NOW, keep=60) == "public, max-age=10, must-revalidate"


async def test_a_large_file_comes_whole_in_pieces(own_site: Site) -> None:
    data = bytes(range(256)) * 20_000
    (own_site.folder / "bundle.zip").write_bytes(data)
    async with client_of(app_on(own_site)) as client:
        answer = await client.get("/bundle.zip")
        assert answer.content == data
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["cache-control"] == "no-cache"
        known = {"If-None-Match": answer.headers["etag"]}
        assert (await client.get("/bundle.zip", headers=known)).status_code == 304
        assert (await client.head("/bundle.zip")).headers["content-length"] == str(len(data))


async def test_a_page_of_another_edition_finds_its_files_in_the_publication(own_site: Site) -> None:
    """While hosts are renewed one after another, and for whoever has the page open meanwhile."""
    path = f"verifier/{'A' * 22}/page/main.js"
    async with client_of(app_on(own_site)) as client:
        assert (await client.get(f"/{path}")).status_code == 404
        folder_of({path: b"// another edition"}, own_site.folder)
        answer = await client.get(f"/{path}")
    assert answer.content == b"// another edition"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == FOREVER


async def test_pages_are_compressed_for_who_takes_that(site: Site) -> None:
    words = f"/{loaded('words/zh-CN.json')}"
    async with client_of(app_on(site)) as client:
        best = await client.get(words, headers={"Accept-Encoding": "gzip, deflate, br"})
        packed = await client.get(words, headers={"Accept-Encoding": "br;q=0, gzip;q=0.8"})
        plain = await client.get(words, headers={"Accept-Encoding": "gzip;q=0"})
    assert packed.headers["content-encoding"] == "gzip"
    assert best.headers["content-encoding"] == "br"
    assert int(best.headers["content-length"]) < int(packed.headers["content-length"])
    assert best.content == plain.content
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == "Accept-Encoding"


def test_every_file_that_a_page_names_is_there() -> None:
    pages = installed_pages()
    for path, data in pages.items():
        if path.endswith(".js"):
            for line in data.decode().splitlines():
                if " from './" in line or " from '../" in line:
                    named = line.rstrip("';").rpartition("'")[2]
                    target = (Path("/") / path).parent / named
                    assert str(Path(target.as_posix()).resolve()).lstrip("/") in pages, (path, named)


async def test_every_answer_has_the_security_headers_and_no_cookie(site: Site) -> None:
    async with client_of(app_on(site, limits=generous())) as client:
        answers: list[httpx.Response] = [
            await client.get(path)
            for path in ("/v", "/verify", "/trust.json", "/nothing", "/api/verify", "/api/openapi.json")
        ]
        answers.append(await client.post("/api/verify", json={"items": [{"number": "1"}]}))
        answers.append(await client.options("/v"))
    for answer in answers:
        for name, value in SECURITY_HEADERS.items():
            open_to_all = name.startswith("Cross-Origin-Resource") and "trust.json" in str(answer.url)
            assert answer.headers[name] == ("cross-origin" if open_to_all else value)
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"):
        assert part in policy


@pytest.mark.parametrize("page", ["v", "verify", "panel", "r"])
def test_every_page_says_its_policy_for_hosts_that_set_no_headers(page: str) -> None:
    (text,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', page_of(page))
    policy, whole = (set(one.split("; ")) for one in (text, CONTENT_POLICY))
    assert {part for part in policy if not part.startswith("img-src")} == {
        part for part in whole if not part.startswith(("img-src", "frame-ancestors"))
    }
    for used in re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="([^"]+)"', page_of(page)):
        assert used.startswith("/verifier/")


def page_of(page: str) -> str:
    return pages_with(None)[f"{page}/index.html"].decode()


async def test_what_the_registry_publishes_goes_out_compressed_to_who_takes_that(site: Site) -> None:
    """The same document under every coding; a verifier that takes none gets the bytes as they lie there."""
    async with client_of(app_on(site, limits=generous())) as client:
        for path in ("/trust.json", "/schemas/annual/v1.json", STATUS):
            data = (site.folder / path[1:]).read_bytes()
            for coding in ("br", "gzip", "identity"):
                answer = await client.get(path, headers={"Accept-Encoding": coding})
                assert answer.content == data
                assert answer.headers["vary"] == "Accept-Encoding"
                assert answer.headers.get("content-encoding", "identity") == coding
                assert (int(answer.headers["content-length"]) < len(data)) is (coding != "identity")
        tile = await client.get("/log/checkpoint", headers={"Accept-Encoding": "br"})
        assert "content-encoding" not in tile.headers


async def test_a_file_replaced_while_it_is_read_comes_whole(own_site: Site) -> None:
    """The open file is the old one, in its whole length, whatever stands under its name now."""
    file = own_site.folder / "bundle.zip"
    file.write_bytes(b"a" * 5_000_000)
    request = Request({"type": "http", "method": "GET", "headers": []})
    answer = published_file(own_site.folder, "bundle.zip", request, now=NOW, keep=60)
    fresh = own_site.folder / "fresh"
    fresh.write_bytes(b"b")
    fresh.replace(file)
    assert isinstance(answer, StreamingResponse)
    sent = [piece async for piece in answer.body_iterator]
    assert b"".join(map(bytes, sent)) == b"a" * 5_000_000  # type: ignore[arg-type]
    assert answer.headers["content-length"] == "5000000"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("v/index.html", "text/html; charset=utf-8"),
        ("verifier/0123456789abcdef/page/main.js", "text/javascript; charset=utf-8"),
        ("verifier/0123456789abcdef/style.css", "text/css; charset=utf-8"),
        ("verifier/root.json", "application/json"),
        ("log/checkpoint", "text/plain; charset=utf-8"),
        ("log/tile/0/000", "application/octet-stream"),
        ("log/runs/410100/2026/1.json", "application/json"),
        ("status/410100/2026/1/revocation/0", "application/json"),
        ("bundle.zip", "application/zip"),
    ],
)
def test_types_of_whatever_is_published(path: str, kind: str) -> None:
    assert published_type(path) == kind
