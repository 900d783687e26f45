"""A computer's camera as a scanner: Chromium's fake device shows a certificate's code, flat and held at an angle."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageFilter

from tests.server.browsing import ADDRESS, Host, browser_to, hosted, visitor
from tests.server.rig import Site, new_site
from tests.server.test_uploads import picture
from tests.web import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CAMERA = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--use-file-for-fake-video-capture={}",
)


def film(text: str) -> bytes:
    """A code held before a camera: first out of the picture, then turned and a little blurred; frames of Motion JPEG."""
    code = Image.open(BytesIO(picture(text))).convert("RGB")
    code.thumbnail((600, 600))
    frames = []
    for place in range(24):
        frame = Image.new("RGB", (1280, 720), (96, 104, 112))
        if place >= 6:
            held = code.rotate(place - 15, expand=True, fillcolor=(255, 255, 255))
            frame.paste(held.filter(ImageFilter.GaussianBlur(0.6)), (300 + place, 20))
        buffer = BytesIO()
        frame.save(buffer, "JPEG", quality=85)
        frames.append(buffer.getvalue())
    return b"".join(frames)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    if reason := chromium.missing():
        pytest.skip(reason)
    site = new_site(tmp_path_factory.mktemp("camera"))
    with hosted(site, tmp_path_factory.mktemp("tls")) as found:
        found.app.state.site = site
        yield found


@pytest.fixture(scope="module")
def site(host: Host) -> Site:
    found: Site = host.app.state.site
    return found


@pytest.fixture(scope="module")
def browser(host: Host, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    file: Path = tmp_path_factory.mktemp("film") / "code.mjpeg"
    file.write_bytes(film(site.certificate.qr_text))
    with browser_to(host, *(option.format(file) for option in CAMERA)) as running:
        yield running


def test_where_the_browser_reads_no_codes_the_server_does(host: Host, browser: "Browser", site: Site) -> None:
    with visitor(browser, width=1280) as desk:
        page = desk.new_page()
        page.goto(f"{ADDRESS}/verify")
        page.click("#camera")
        page.wait_for_selector("article.PASSED")
        assert "由本站服务器核验" in page.inner_text("article.PASSED")
        assert page.locator("#video").is_visible()
        sent = len([one for one in host.requests if one.path == "/api/verify"])
        assert sent >= 1
        # The code stays before the camera, and is one result.
        while len([one for one in host.requests if one.path == "/api/verify"]) < sent + 3:
            page.wait_for_timeout(50)
        assert page.locator("#cards > li").count() == 1
        page.click("#camera")
        assert page.locator("#video").is_hidden()
        assert page.evaluate("document.querySelector('#video').srcObject") is None


def test_a_browser_that_reads_codes_sends_no_picture(host: Host, browser: "Browser", site: Site) -> None:
    """The reader here is the page's test's own; the camera, the page and the judgement are real."""
    detector = f"""window.BarcodeDetector = class {{
        static async getSupportedFormats() {{ return ['qr_code']; }}
        async detect(video) {{ return video.videoWidth ? [{{ rawValue: '{site.certificate.qr_text}' }}] : []; }}
    }};"""
    with visitor(browser, width=1280) as desk:
        desk.add_init_script(detector)
        host.requests.clear()
        page = desk.new_page()
        page.goto(f"{ADDRESS}/verify")
        page.click("#camera")
        page.wait_for_selector("article.PASSED")
        assert "在本机核验" in page.inner_text("article.PASSED")
        page.click("#camera")
        assert not [one for one in host.requests if one.path.startswith("/api/")]


def test_a_camera_that_is_refused_is_said(browser: "Browser") -> None:
    with visitor(browser) as desk:
        desk.add_init_script(
            "if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));"
        )
        page = desk.new_page()
        page.goto(f"{ADDRESS}/verify")
        page.click("#camera")
        page.wait_for_selector("#said:has-text('摄像头无法打开')")
        assert page.locator("#video").is_hidden()
