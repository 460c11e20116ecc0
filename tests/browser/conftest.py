"""A gate on fakes behind its real staff socket, the console as a process, and a browser."""

import asyncio
import contextlib
import io
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from demo.stage import free_port, listens
from gate.console.staff_socket import StaffSocket
from gate.platform.json_lines import serve
from tests.scenarios.fakes import Rig, rig
from tests.scenarios.running import Running, running
from tests.waiting import soon

WAIT_MS = 20_000
READY_S = 30.0


@dataclass
class Console:
    """The console's process and its gate."""

    gate: Running
    parts: Rig
    address: str
    folder: Path
    process: asyncio.subprocess.Process

    def card(self) -> None:
        """The usual candidate lays a card."""
        self.parts.reader.queue.put_nowait(self.parts.card())


def jpeg(colour: tuple[int, int, int]) -> bytes:
    """A plain picture: no face is shown in tests."""
    out = io.BytesIO()
    Image.new("RGB", (240, 320), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


@contextlib.asynccontextmanager
async def console_process(
    folder: Path, port: int, host: str = "127.0.0.1", more: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """exam-gate console on `port`, until left. What it logs is in `folder`/console.log. `more`: of
    gate.toml."""
    config = folder / "gate.toml"
    config.write_text(
        '[unit]\nid = "wh-01-g1"\nsite = "wh-01"\n'
        f'[paths]\nstate = "{folder / "state"}"\nruntime = "{folder / "run"}"\n{more}',
        encoding="utf-8",
    )
    with (folder / "console.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gate", "console", "--config", str(config)),
            *("--listen", f"{host}:{port}"),
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(READY_S):
            await process.wait()


@contextlib.asynccontextmanager
async def gate_at(parts: Rig, folder: Path) -> AsyncIterator[Running]:
    """The gate at work, with its staff socket in `folder`."""
    async with running(parts) as gate, serve(folder / "staff.sock", StaffSocket(gate.desk).answer):
        yield gate


@pytest.fixture
async def console(parts: Rig, tmp_path: Path) -> AsyncIterator[Console]:
    port = free_port()
    (tmp_path / "run").mkdir()
    async with gate_at(parts, tmp_path / "run") as gate, console_process(tmp_path, port) as process:
        await soon(lambda: listens(port), READY_S)
        yield Console(gate, parts, f"https://127.0.0.1:{port}", tmp_path, process)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: scripts/test installs it")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--autoplay-policy=no-user-gesture-required",  # as exam-gate-screen.service
            ],
        )
        yield started
        await started.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of a browser that takes the console's own certificate."""
    context = await browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(WAIT_MS)
    shown = await context.new_page()
    faults: list[str] = []
    shown.on("pageerror", lambda error: faults.append(str(error)))
    shown.on("console", lambda line: faults.append(line.text) if "policy" in line.text else None)
    yield shown
    assert faults == [], "no script fails, and nothing breaks the content security policy"
    await context.close()


async def signed_in(page: Page, console: Console, by: str = "监考甲", pin: str = "") -> None:
    """At the page Now, as `by`."""
    await page.goto(console.address)
    await page.get_by_test_id("by").fill(by)
    await page.get_by_test_id("pin").fill(pin)
    await page.get_by_test_id("sign-in").click()
    await page.get_by_test_id("who").wait_for()
