"""The office's board as a process, in a browser: signing in, taking an alert, events live."""

import asyncio
import contextlib
import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from demo.stage import free_port, listens
from gate.core.pin_slow_down import FREE
from office.board.accounts import add_account
from office.home import Home
from office.keys.certificates import BACKDATED
from office.keys.key_files import make_keys
from office.store.database import OfficeStore
from office.store.kept_alerts import Alert
from tests.browser.test_accessibility import grave_faults
from tests.journal_making import GATE, SITE
from tests.office_proofs import EVENTS, fill
from tests.waiting import soon

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(180)]
PASSWORD, MARKUP = "a-long-password", "<script>alert(1)</script>"
LONG = "x" * 200
NOW = "2027-04-10T01:00:00.000+00:00"
AREA = SITE.partition("-")[0]
PAGES = (
    *("", f"areas/{AREA}", f"sites/{SITE}", f"gates/{GATE}"),
    *("cases", "alerts", "wall", "nowhere"),
)


@dataclass
class Board:
    home: Home
    address: str

    def answer(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Of a client on this machine, which trusts the office's authority."""
        trusting = ssl.create_default_context(cafile=str(self.home.ca / "ca.crt"))
        asked = urllib.request.Request(f"{self.address}/{path}", headers=headers)
        try:
            with urllib.request.urlopen(asked, context=trusting, timeout=20) as got:
                return got.status, got.read()
        except urllib.error.HTTPError as e:
            return e.code, e.read()


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    home = Home(tmp_path / "office")
    since = datetime.now(UTC) - BACKDATED
    make_keys(home, gates=[GATE], board=["127.0.0.1"], not_before=since)
    fill(home)
    add_account(home, "look", "viewer", PASSWORD)
    add_account(home, "take", "operator", PASSWORD)
    with OfficeStore(home.database) as store, store.transaction():
        store.alerts.raise_all([Alert("gate", NOW, f"{MARKUP} {LONG}", MARKUP, gate=GATE)])
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "office", "board", "--home", str(home.root)),
        *("--listen", f"127.0.0.1:{port}"),
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    made = Board(home, f"https://127.0.0.1:{port}")
    try:
        await soon(lambda: listens(port), 30)
        await soon(lambda: made.answer("healthz")[0] == 200, 30)
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def sign_in(page: Page, board: Board, name: str, password: str = PASSWORD) -> None:
    await page.goto(board.address)
    await page.get_by_test_id("by").fill(name)
    await page.get_by_test_id("password").fill(password)
    await page.keyboard.press("Enter")


async def tab_to(page: Page, test_id: str, most: int = 20) -> None:
    """Presses Tab until the element has the focus, and the focus can be seen."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        focus = await page.evaluate(
            "[document.activeElement.dataset.testid, "
            "getComputedStyle(document.activeElement).outlineStyle]"
        )
        if focus[0] == test_id:
            assert focus[1] == "solid", test_id
            return
    raise AssertionError(f"{test_id} is not reached by Tab")


async def guess_until_it_waits(page: Page, board: Board) -> None:
    """Each wrong password doubles the wait, so a slow machine gets there too."""
    for _ in range(4 * FREE):
        await sign_in(page, board, "look", "wrong-password")
        said = page.locator("[data-testid=refused], [data-testid=slowed]")
        if await said.get_attribute("data-testid") == "slowed":
            return
    raise AssertionError("no wrong password has to wait")


async def test_the_keyboard_alone_signs_in_and_takes_an_alert(page: Page, board: Board) -> None:
    await page.goto(board.address)
    for width in (360, 1920):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await grave_faults(page) == [], "sign-in"
    await guess_until_it_waits(page, board)  # another name does not
    assert await grave_faults(page) == [], "sign-in, slowed down"
    await page.goto(board.address)
    await expect(page.get_by_test_id("by")).to_be_focused()  # from the beginning
    await page.keyboard.type("take")
    await tab_to(page, "password")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_test_id("who").wait_for()
    await tab_to(page, "nav-alerts")
    await page.keyboard.press("Enter")
    await page.get_by_test_id("alert-gate").wait_for()
    await tab_to(page, "take")
    await page.keyboard.press("Enter")
    await page.get_by_test_id("taken").wait_for()


async def test_an_operator_takes_an_alert_once_and_markup_stays_text(
    page: Page, board: Board
) -> None:
    await sign_in(page, board, "take", "wrong-password")
    await page.get_by_test_id("refused").wait_for()
    await sign_in(page, board, "take")
    await page.get_by_test_id("who").wait_for()
    await page.goto(f"{board.address}/alerts")
    assert MARKUP in (await page.get_by_test_id("alert-gate").inner_text())
    form = await page.locator("form[action='/alerts/take']").evaluate(
        "f => new URLSearchParams(new FormData(f)).toString()"
    )
    post = """async ([body]) => (await fetch('/alerts/take', {method: 'POST', body, headers:
      {'Content-Type': 'application/x-www-form-urlencoded'}})).status"""
    assert await page.evaluate(post, [form.replace("csrf=", "csrf=0")]) == 403
    assert await page.get_by_test_id("taken").count() == 0
    await page.get_by_test_id("take").click()
    await page.get_by_test_id("taken").wait_for()
    assert await page.evaluate(post, [form]) == 200, "a second press changes nothing"
    notes = [json.loads(line)["did"] for line in board.home.board_audit.read_text().splitlines()]
    assert notes == ["sign-in refused", "sign-in", "take alert", "take alert, too late"]


async def test_a_viewer_takes_none_and_no_page_has_a_serious_fault(
    page: Page, board: Board
) -> None:
    await sign_in(page, board, "look")
    await page.get_by_test_id("who").wait_for()
    for width in (360, 1920):
        await page.set_viewport_size({"width": width, "height": 900})
        for path in PAGES:
            await page.goto(f"{board.address}/{path}")
            assert await grave_faults(page) == [], path
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide == width, path
    await page.goto(f"{board.address}/alerts")
    assert await page.get_by_test_id("take").count() == 0
    assert (await page.goto(f"{board.address}/audit")).status == 403  # type: ignore[union-attr]


async def test_what_is_stored_comes_to_the_page_by_itself(page: Page, board: Board) -> None:
    await sign_in(page, board, "look")
    await page.get_by_text("1 / 1").wait_for()
    with OfficeStore(board.home.database) as store, store.transaction():
        store.alerts.raise_all([Alert("gate", NOW, "two", "二", gate=GATE, what="other")])
    await page.get_by_text("2 / 2").wait_for()


async def test_programs_come_in_by_token_or_from_this_machine(board: Board) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    token = board.home.board_token.read_text().strip()
    for path in ("metrics", "api/1/gates", "events"):
        assert board.answer(path, **elsewhere)[0] == 401, path
    assert board.answer("metrics", **elsewhere, Authorization=f"Bearer {token}x")[0] == 401
    assert board.answer("metrics", **elsewhere, Authorization=f"Bearer {token}")[0] == 200
    assert b"exam_office_events 120\n" in board.answer("metrics")[1]
    assert json.loads(board.answer("api/1/gates")[1])["rows"][0]["gate"] == GATE
    assert board.answer("api/1/gates?nonsense=1")[0] == 400
    assert board.answer("api/1/nonsense")[0] == 404


async def test_a_kiosk_elsewhere_sees_the_wall_and_nothing_else(page: Page, board: Board) -> None:
    await page.set_extra_http_headers({"X-Forwarded-For": "203.0.113.9"})
    token = board.home.wall_token.read_text().strip()
    for link in ("wall", "wall?token=x", f"wall?token={token[:-1]}", f"?token={token}"):
        await page.goto(f"{board.address}/{link}")
        await page.get_by_test_id("sign-in").wait_for()
    await page.goto(f"{board.address}/wall?token={token}")
    assert page.url == f"{board.address}/wall", "the token stays in no address"
    await page.get_by_test_id("completeness").wait_for()
    with OfficeStore(board.home.database) as store, store.transaction():
        store.alerts.raise_all([Alert("gate", NOW, "two", "二", gate=GATE, what="other")])
    await page.get_by_text("2 / 2").wait_for()
    shown = await page.content()
    assert not [e for e in EVENTS if str(e.get("ticket")) in shown], "nobody's ticket"
    for path in ("", "cases", f"gates/{GATE}", "alerts", "metrics", "api/1/events"):
        answer = await page.goto(f"{board.address}/{path}")
        assert answer is not None
        assert answer.status == 401 or page.url.endswith("/sign-in"), path
