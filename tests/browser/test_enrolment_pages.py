"""The portal as a process, in a browser with a camera and a microphone that are played to it."""

import asyncio
import contextlib
import json
import math
import os
import shutil
import struct
import sys
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, async_playwright, expect

from demo.stage import free_port, listens
from enrolment.store.opening import open_database, writing
from enrolment.store.round_rows import save_round
from enrolment.store.sealed_media import SealedMedia
from enrolment.store.staff_accounts import StaffAccount, keep_account
from gate.roster.pin_hashes import hash_pin
from tests.adapters.enrolment.making import OFFICES_CSV, ROUND_ID, ROUND_TOML, data_of
from tests.adapters.enrolment.portal_walk import PASSWORD, jpeg
from tests.browser.conftest import WAIT_MS
from tests.browser.test_accessibility import grave_faults
from tests.waiting import soon

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(300)]
PHONE = "13812345678"
LOADED = """
video => video.readyState >= 1 ||
    new Promise(loaded => video.addEventListener("loadedmetadata", () => loaded(true)))
"""


@dataclass
class Served:
    address: str
    media: Path

    def code(self) -> str:
        lines = (self.media / "messages.jsonl").read_text(encoding="utf-8").splitlines()
        text: str = json.loads(lines[-1])["text"]
        return text.split(" ")[1][:6]


def round_now() -> str:
    """The round of the tests, open now."""
    begins = datetime.now(UTC) - timedelta(days=1)
    text = ROUND_TOML.replace("2027-01-05T14:00:00+08:00", begins.isoformat(timespec="seconds"))
    for day, days in (("15", 10), ("20", 15), ("25", 20)):
        ends = (begins + timedelta(days=days)).isoformat(timespec="seconds")
        text = text.replace(f"2027-01-{day}T14:00:00+08:00", ends)
    return text


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    database, media = f"sqlite:///{tmp_path / 'enrol.sqlite'}", tmp_path / "media"
    engine = open_database(database)
    SealedMedia(media).make_key(ROUND_ID)
    with writing(engine) as connection:
        save_round(connection, ROUND_ID, round_now(), OFFICES_CSV, datetime.now(UTC))
    districts = frozenset({"420111", "420106"})
    keep_account(engine, StaffAccount("wang", "chief", districts), hash_pin(PASSWORD))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "enrolment", "serve", "--listen", f"127.0.0.1:{port}"),
        *("--database", database, "--media", str(media), "--simulate-checks"),
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    made = Served(f"https://127.0.0.1:{port}", media)
    try:
        await soon(lambda: listens(port), 60)
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def camera_file(folder: Path) -> Path:
    """One grey frame with a light card in it, 25 a second."""
    wide, high = 640, 480
    rows = [
        bytes(210 if 60 < x < 580 and 80 < y < 400 else 70 for x in range(wide))
        for y in range(high)
    ]
    frame = b"".join(rows) + bytes([128]) * (wide * high // 2)
    path = folder / "camera.y4m"
    head = f"YUV4MPEG2 W{wide} H{high} F25:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + (b"FRAME\n" + frame) * 25)
    return path


def microphone_file(folder: Path) -> Path:
    """Four seconds of a tone."""
    path = folder / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        tone = (int(9000 * math.sin(n * math.tau * 440 / 48_000)) for n in range(4 * 48_000))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
    return path


@contextlib.asynccontextmanager
async def phone_page(folder: Path, *, has_camera: bool = True) -> AsyncIterator[Page]:
    """A page of 360 px. Without a camera, the browser has none at all."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: scripts/test installs it")
    devices = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={camera_file(folder)}",
        f"--use-file-for-fake-audio-capture={microphone_file(folder)}",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=[
                *("--no-sandbox", "--disable-dev-shm-usage"),
                "--autoplay-policy=no-user-gesture-required",
                *(devices if has_camera else []),
            ],
        )
        context = await browser.new_context(
            ignore_https_errors=True, viewport={"width": 360, "height": 740}
        )
        context.set_default_timeout(WAIT_MS)
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "policy" in line.text else None)
        yield page
        assert faults == [], "no script fails, and nothing breaks the content security policy"
        await browser.close()


async def looked_at(page: Page, name: str) -> None:
    """No grave fault of accessibility, and nothing wider than the screen. Keeps a picture in the
    folder EXAM_SCREENSHOTS where that is set."""
    assert await grave_faults(page) == [], name
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= await page.evaluate("window.innerWidth"), f"{name} is wider than the screen"
    folder = os.environ.get("EXAM_SCREENSHOTS")
    if folder:
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


async def begin(page: Page, served: Served, number: int = 2) -> None:
    """Signed in, agreed and the form sent."""
    data = data_of(number)
    await page.goto(served.address)
    await looked_at(page, "home")
    await page.get_by_test_id("go-sign-in").click()
    await page.get_by_test_id("phone").fill(PHONE)
    await page.get_by_test_id("send-code").click()
    await page.get_by_test_id("sent").wait_for()
    await looked_at(page, "sign-in")
    await page.get_by_test_id("code").fill(served.code())
    await page.get_by_test_id("sign-in").click()
    await page.get_by_test_id("agree").wait_for()
    await looked_at(page, "consent")
    await page.get_by_test_id("agree").click()
    await page.get_by_test_id("name").fill("王<b>😀")
    await page.get_by_test_id("number").fill("42010619900101001X")
    await page.get_by_test_id("data-phone").fill(PHONE)
    await page.get_by_test_id("district").select_option(data.district)
    await page.get_by_test_id("level").select_option(data.level)
    await page.get_by_test_id("subject-00015").check()
    await page.get_by_test_id("save").click()
    await page.get_by_test_id("refused").wait_for()
    await looked_at(page, "data-faults")
    await page.get_by_test_id("name").fill(data.name)
    await page.get_by_test_id("number").fill(data.number)
    await page.get_by_test_id("save").click()
    await standing(page, "submitted")
    await looked_at(page, "submitted")


async def standing(page: Page, status: str) -> None:
    """Until the status page shows `status` and no upload waits."""
    shown = page.locator(f"[data-status={status}][data-waits='']")
    await shown.wait_for(timeout=60_000)


async def test_the_whole_road_with_camera_and_microphone(served: Served, tmp_path: Path) -> None:
    async with phone_page(tmp_path) as page:
        await begin(page, served)
        await page.get_by_test_id("go").click()
        await page.get_by_test_id("shoot").wait_for()
        await looked_at(page, "card")
        await page.get_by_test_id("shoot").click()
        await page.get_by_test_id("send").wait_for()
        await looked_at(page, "card-taken")
        await page.get_by_test_id("send").click()
        await standing(page, "card_read")
        await page.get_by_test_id("go").click()
        await page.get_by_test_id("shoot").wait_for()
        await expect(page.locator("#level")).not_to_have_js_property("value", 0)
        await looked_at(page, "video")
        await page.get_by_test_id("shoot").click()
        await page.get_by_test_id("send").click(timeout=60_000)
        await standing(page, "live_checked")
        await page.get_by_test_id("go").click()
        await page.get_by_test_id("file").set_input_files(
            {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        )
        await looked_at(page, "photo")
        await page.get_by_test_id("send-file").click()
        await standing(page, "photo_accepted")
        await page.get_by_test_id("go").click()
        box = await page.get_by_test_id("ink").bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + 30, box["y"] + 30)
        await page.mouse.down()
        for n in range(12):
            await page.mouse.move(box["x"] + 30 + 20 * n, box["y"] + 60 + 40 * (n % 2))
        await page.mouse.up()
        await looked_at(page, "signature")
        await page.get_by_test_id("sign").click()
        await standing(page, "verified")
        await looked_at(page, "verified")
        await page.get_by_test_id("document-residence").set_input_files(
            {"name": "r.jpg", "mimeType": "image/jpeg", "buffer": jpeg("red")}
        )
        await page.get_by_test_id("hand-in").click()
        await standing(page, "under_review")
        await reviewed(page, served)
        await page.goto(f"{served.address}/application")
        await standing(page, "fee_due")
        await looked_at(page, "fee")
        await page.get_by_test_id("go").click()
        await looked_at(page, "payment")
        await page.get_by_test_id("pay").click()
        await standing(page, "registered")
        await looked_at(page, "registered")
        await expect(page.get_by_test_id("ticket")).to_have_text("420111000001")


async def reviewed(page: Page, served: Served) -> None:
    """A member of staff passes the case, at a desk with a wide screen."""
    assert page.context.browser is not None
    context = await page.context.browser.new_context(
        ignore_https_errors=True, viewport={"width": 1920, "height": 1080}
    )
    desk = await context.new_page()
    await desk.goto(f"{served.address}/staff")
    await looked_at(desk, "staff-sign-in")
    await desk.get_by_test_id("by").fill("wang")
    await desk.get_by_test_id("password").fill(PASSWORD)
    await desk.get_by_test_id("sign-in").click()
    await desk.get_by_test_id("waiting").wait_for()
    await looked_at(desk, "staff-desk")
    await desk.get_by_test_id("next").click()
    await desk.get_by_test_id("name").wait_for()
    video = desk.locator("video")
    await expect(video).to_have_js_property("error", None)
    await video.evaluate(LOADED)
    await looked_at(desk, "staff-case")
    await desk.get_by_test_id("pass").click()
    await desk.get_by_test_id("waiting").wait_for()
    await desk.goto(f"{served.address}/staff/audit")
    await looked_at(desk, "staff-audit")
    await context.close()


@pytest.mark.long
async def test_without_a_camera_a_file_is_chosen_and_the_page_says_so(
    served: Served, tmp_path: Path
) -> None:
    async with phone_page(tmp_path, has_camera=False) as page:
        await begin(page, served)
        await page.get_by_test_id("go").click()
        await page.get_by_test_id("said").wait_for()
        await looked_at(page, "card-no-camera")
        heic = b"\x00\x00\x00\x18ftypheic" + bytes(30)
        chosen = {"name": "card.jpg", "mimeType": "image/jpeg", "buffer": heic}
        await page.get_by_test_id("file").set_input_files(chosen)
        await page.get_by_test_id("send-file").click()
        await expect(page.get_by_test_id("said")).to_contain_text("HEIC")
        await page.get_by_test_id("file").set_input_files(chosen | {"buffer": b""})
        await page.get_by_test_id("send-file").click()
        await expect(page.get_by_test_id("said")).to_contain_text("empty")
        await page.get_by_test_id("file").set_input_files(chosen | {"buffer": jpeg()})
        await page.get_by_test_id("send-file").click()
        await standing(page, "card_read")


@pytest.mark.long
async def test_an_upload_goes_on_after_the_connection_was_lost(
    served: Served, tmp_path: Path
) -> None:
    async with phone_page(tmp_path, has_camera=False) as page:
        await begin(page, served)
        await page.goto(f"{served.address}/application/card")
        dropped: list[str] = []

        async def cut(route: Route) -> None:
            if "offset=" in route.request.url and len(dropped) < 2:
                dropped.append(route.request.url)
                await route.abort("connectionreset")
            else:
                await route.continue_()

        await page.route("**/application/uploads/**", cut)
        large = jpeg() + bytes(500_000)
        chosen = {"name": "card.jpg", "mimeType": "image/jpeg", "buffer": large}
        await page.get_by_test_id("file").set_input_files(chosen)
        await page.get_by_test_id("send-file").click()
        await standing(page, "card_read")
        assert len(dropped) == 2
