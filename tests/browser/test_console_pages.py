"""Each task of an invigilator, in a browser, on a gate at work."""

import asyncio
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Error, Page, expect

from gate.core.office_commands import Command
from tests.browser.conftest import (
    READY_S,
    WAIT_MS,
    Console,
    console_process,
    free_port,
    gate_at,
    jpeg,
    listens,
    signed_in,
)
from tests.scenarios.fakes import STRANGER, FakeRoster, Rig, rig
from tests.staff_making import PINS, everybody
from tests.waiting import soon

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(180)]
expect.set_options(timeout=WAIT_MS)
PAGES = ("", "cases", "rooms", "rooms/03", "sheets", "unit")


async def referred(console: Console) -> str:
    """The usual candidate, whose face does not match; the id of the REFER."""
    console.parts.matcher.verdicts = [STRANGER] * 3
    console.parts.matcher.jpeg = jpeg((20, 90, 160))
    assert console.gate.lane.roster is not None
    console.gate.lane.roster.photos["A1"] = jpeg((160, 90, 20))  # type: ignore[attr-defined]
    console.card()
    return str((await console.gate.decision())["id"])


async def test_nobody_sees_anything_before_signing_in(page: Page, console: Console) -> None:
    await page.goto(f"{console.address}/cases")
    assert page.url.endswith("/sign-in")
    await expect(page.get_by_test_id("gate-id")).to_have_count(1)
    await expect(page.get_by_test_id("nav-now")).to_have_count(0)


async def test_a_decision_comes_to_the_page_by_itself(page: Page, console: Console) -> None:
    await signed_in(page, console)
    await expect(page.get_by_test_id("no-case")).to_be_visible()
    console.card()
    await expect(page.get_by_test_id("inside")).to_have_text("1")
    await expect(page.get_by_test_id("showing")).to_contain_text("请入场")


async def test_a_case_is_settled_on_the_page(page: Page, console: Console) -> None:
    await signed_in(page, console)
    case = await referred(console)
    await expect(page.get_by_test_id("to-do")).to_be_visible()
    await expect(page.get_by_test_id("case-ticket")).to_have_text("A1")
    for picture in ("ticket-photo", "live-face"):
        shown = page.get_by_test_id(picture)
        width = await shown.evaluate("image => image.decode().then(() => image.naturalWidth)")
        assert width == 240
    await page.get_by_test_id("reason").fill("核对无误")
    await page.get_by_test_id("admit").click()
    await expect(page.get_by_test_id("settled")).to_contain_text("监考甲")
    assert page.url == f"{console.address}/cases/{case}"
    assert console.gate.lane.state.inside
    assert console.gate.lane.recorder.live_faces.of(case) is None


async def test_a_stale_page_is_told_who_settled_the_case(
    page: Page, browser: Browser, console: Console
) -> None:
    await signed_in(page, console)
    case = await referred(console)
    await page.goto(f"{console.address}/cases/{case}")
    held = await page.locator("[data-testid=form-settle] [name=csrf]").input_value()
    other = await (await browser.new_context(ignore_https_errors=True)).new_page()
    await signed_in(other, console, "监考乙")
    await other.goto(f"{console.address}/cases/{case}")
    await other.get_by_test_id("deny").click()
    await expect(other.get_by_test_id("settled")).to_contain_text("监考乙")
    await expect(page.get_by_test_id("settled")).to_contain_text("监考乙")
    late = await page.request.post(
        f"{console.address}/cases/{case}/admit", form={"csrf": held, "by": "监考甲"}
    )
    said = await late.text()
    assert late.status == 404
    assert 'data-testid="refused"' in said
    assert "监考乙" in said
    assert not console.gate.lane.state.inside


async def test_a_form_without_its_token_is_refused(page: Page, console: Console) -> None:
    await signed_in(page, console)
    case = await referred(console)
    await page.goto(f"{console.address}/cases/{case}")
    form = page.get_by_test_id("form-settle")
    await form.evaluate("form => { form.querySelector('[name=csrf]').value = 'x' }")
    await page.get_by_test_id("admit").click()
    await expect(page.get_by_test_id("refused")).to_be_visible()
    assert not console.gate.lane.state.inside


async def test_keys_alone_settle_a_case(page: Page, console: Console) -> None:
    await page.goto(console.address)
    await page.keyboard.type("监考甲")
    await page.keyboard.press("Enter")
    await page.get_by_test_id("who").wait_for()
    await referred(console)
    await expect(page.get_by_test_id("admit")).to_be_enabled()
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.dataset.testid") == "admit":
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("settled")).to_be_visible()


async def test_a_console_without_its_gate_says_so_and_comes_back(
    page: Page, parts: Rig, tmp_path: Path
) -> None:
    port, folder = free_port(), tmp_path / "run"
    folder.mkdir()
    async with console_process(tmp_path, port) as process:
        await soon(lambda: listens(port), READY_S)
        async with gate_at(parts, folder) as gate:
            console = Console(gate, parts, f"https://127.0.0.1:{port}", tmp_path, process)
            await signed_in(page, console)
            await referred(console)
            await expect(page.get_by_test_id("admit")).to_be_enabled()
        await expect(page.get_by_test_id("lost")).to_be_visible()
        await expect(page.get_by_test_id("admit")).to_be_disabled()
        async with gate_at(rig(tmp_path), folder):
            await expect(page.get_by_test_id("lost")).to_be_hidden()
            await expect(page.get_by_test_id("admit")).to_be_enabled()


async def test_a_gate_that_was_started_anew_asks_to_sign_in_again(
    page: Page, parts: Rig, tmp_path: Path
) -> None:
    """The new process knows no sign-in of the old one. A page that says nothing would show no
    case where one is open."""
    port, folder = free_port(), tmp_path / "run"
    folder.mkdir()
    parts.rosters.next = FakeRoster(everybody())
    again = rig(tmp_path)
    again.rosters.next = FakeRoster(everybody())
    async with console_process(tmp_path, port) as process:
        await soon(lambda: listens(port), READY_S)
        async with gate_at(parts, folder) as gate:
            console = Console(gate, parts, f"https://127.0.0.1:{port}", tmp_path, process)
            await soon(lambda: gate.desk.status()["staff"], READY_S)
            await signed_in(page, console, "li", PINS["li"])
            await page.goto(f"{console.address}/rooms")
        async with gate_at(again, folder):
            await expect(page.get_by_test_id("refused")).to_contain_text("请重新登录")
            await page.get_by_test_id("by").fill("li")
            await page.get_by_test_id("pin").fill(PINS["li"])
            await page.get_by_test_id("sign-in").click()
            await expect(page.get_by_test_id("who")).to_be_visible()


async def test_systemd_hears_that_the_console_is_ready_once_it_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unit's browser is started after that: earlier it shows an error page, and stays there."""
    port = free_port()
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(READY_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        async with console_process(tmp_path, port):
            assert await asyncio.to_thread(manager.recv, 4096) == b"READY=1"
            assert listens(port)


@pytest.mark.parametrize("path", ["sign-in", "screen"])
async def test_no_browser_offers_to_translate(page: Page, console: Console, path: str) -> None:
    """Chromium lays its offer over the first line of a page in two languages."""
    await page.goto(f"{console.address}/{path}", wait_until="commit")
    await expect(page.locator("meta[name=google]")).to_have_attribute("content", "notranslate")


async def test_a_page_without_its_console_says_so_and_comes_back(
    page: Page, parts: Rig, tmp_path: Path
) -> None:
    port, folder = free_port(), tmp_path / "run"
    folder.mkdir()
    async with gate_at(parts, folder) as gate:
        async with console_process(tmp_path, port) as process:
            await soon(lambda: listens(port), READY_S)
            console = Console(gate, parts, f"https://127.0.0.1:{port}", tmp_path, process)
            await signed_in(page, console)
            await expect(page.get_by_test_id("lost")).to_be_hidden()
        await expect(page.get_by_test_id("lost")).to_be_visible()
        await expect(page.get_by_test_id("type")).to_be_disabled()


@pytest.mark.parametrize("width", [360, 1920])
async def test_no_page_scrolls_sideways(page: Page, console: Console, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await signed_in(page, console)
    await referred(console)
    for path in PAGES:
        await page.goto(f"{console.address}/{path}")
        await page.get_by_test_id("who").wait_for()
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path


async def test_every_answer_forbids_caches_and_foreign_scripts(
    page: Page, console: Console
) -> None:
    await signed_in(page, console)
    for path in (*PAGES, "healthz", "static/pages.css", "nowhere"):
        answer = await page.request.get(f"{console.address}/{path}")
        headers = answer.headers
        assert headers["cache-control"] == "no-store", path
        assert "unsafe" not in headers["content-security-policy"], path
        assert "default-src 'none'" in headers["content-security-policy"], path
    cookies = await page.context.cookies()
    assert [(c["secure"], c["httpOnly"], c["sameSite"]) for c in cookies] == [
        (True, True, "Strict")
    ]


async def test_a_name_with_markup_and_marks_is_text(page: Page, console: Console) -> None:
    name = "<b>甲</b>\u202e乙"
    assert console.gate.lane.roster is not None
    console.gate.lane.roster.name = name  # type: ignore[attr-defined]
    await signed_in(page, console)
    await referred(console)
    shown = page.get_by_test_id("case-name")
    await expect(shown).to_have_text(name)
    assert await shown.locator("b").count() == 0
    assert await shown.locator("bdi").count() == 1


async def test_a_form_that_is_sent_twice_records_one_verdict(page: Page, console: Console) -> None:
    await signed_in(page, console)
    case = await referred(console)
    await page.goto(f"{console.address}/cases/{case}")
    form = {
        "csrf": await page.locator("[data-testid=form-settle] [name=csrf]").input_value(),
        "by": "监考甲",
    }
    answers = [
        await page.request.post(f"{console.address}/cases/{case}/admit", form=form)
        for _ in range(2)
    ]
    assert [a.status for a in answers] == [200, 404]
    events = await console.parts.unit.journal.read(1, 100)
    assert [e["kind"] for e in events].count("verdict") == 1


async def test_the_browser_keeps_nothing(page: Page, console: Console) -> None:
    await signed_in(page, console)
    case = await referred(console)
    await page.goto(f"{console.address}/cases/{case}")
    await page.get_by_test_id("admit").wait_for()
    kept = await page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, (await caches.keys()).length,"
        " (await indexedDB.databases()).length, document.cookie]"
    )
    assert kept == [0, 0, 0, 0, ""]
    await page.get_by_test_id("sign-out").click()
    await page.go_back()
    await page.get_by_test_id("sign-in").wait_for()
    assert await page.context.cookies() == [] or "case-name" not in await page.content()


async def test_a_browser_refuses_a_certificate_that_it_does_not_know(
    browser: Browser, console: Console
) -> None:
    careful = await (await browser.new_context()).new_page()
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        await careful.goto(console.address)


async def test_rooms_are_counted_and_one_candidate_is_found(page: Page, console: Console) -> None:
    await signed_in(page, console)
    console.card()
    await console.gate.decision()
    await page.get_by_test_id("nav-rooms").click()
    table = page.get_by_test_id("rooms-00015-am")
    await expect(table.locator("tbody td")).to_have_text(["2", "1", "0", "1", "0"])
    await page.get_by_test_id("find-value").fill("A2")
    await page.get_by_test_id("find").click()
    await expect(page.get_by_test_id("found")).to_contain_text("A2")
    assert "A2" not in page.url
    await table.get_by_role("link").click()
    await expect(page.get_by_test_id("absent")).to_contain_text("A2")
    await expect(page.get_by_test_id("absent")).not_to_contain_text("A1")


async def test_a_sheet_is_a_pdf(page: Page, console: Console) -> None:
    await signed_in(page, console)
    await page.get_by_test_id("nav-sheets").click()
    link = await page.get_by_test_id("sheet-00015-am-03").get_attribute("href")
    answer = await page.request.get(f"{console.address}{link}")
    assert answer.headers["content-type"] == "application/pdf"
    assert (await answer.body()).startswith(b"%PDF")


async def test_a_gate_is_reassigned_on_the_page(page: Page, console: Console) -> None:
    await signed_in(page, console)
    await page.get_by_test_id("nav-unit").click()
    await page.get_by_test_id("rooms").fill("03")
    await page.get_by_test_id("reassign").click()
    await expect(page.get_by_test_id("unit-rooms")).to_have_text("03")
    await page.get_by_test_id("rooms").fill("99")
    await page.get_by_test_id("reassign").click()
    await expect(page.get_by_test_id("refused")).to_contain_text("99")


async def test_a_message_of_the_office_is_shown_until_it_is_read(
    page: Page, console: Console
) -> None:
    await signed_in(page, console)
    now = console.parts.clock.at
    said = {"zh": "请检查时钟", "en": "Check the clock"}
    message = Command("c1", "message", said, "all", now, now + timedelta(hours=1), None, "office")
    console.parts.unit.uplink.command(message)  # type: ignore[attr-defined]
    await expect(page.get_by_test_id("message")).to_contain_text("请检查时钟")
    await page.get_by_test_id("read").click()
    await expect(page.get_by_test_id("message")).to_have_count(0)
    assert console.gate.desk.status()["messages"] == []
