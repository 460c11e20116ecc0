"""No page has a serious fault for who cannot see it well or uses no mouse (axe-core's rules)."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser.conftest import Console, signed_in
from tests.browser.test_console_pages import PAGES, referred

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(180)]
GRAVE = ("serious", "critical")


async def grave_faults(page: Page) -> list[str]:
    found = await Axe().run(page)
    violations = found.response["violations"]
    return [
        f"{v['id']}: {v['help']} ({node['html'][:120]})"
        for v in violations
        if v["impact"] in GRAVE
        for node in v["nodes"]
    ]


@pytest.mark.parametrize("width", [360, 1920])
async def test_no_page_has_a_serious_fault(page: Page, console: Console, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(console.address)
    assert await grave_faults(page) == []
    await signed_in(page, console)
    case = await referred(console)
    for path in (*PAGES, f"cases/{case}", "nowhere"):
        await page.goto(f"{console.address}/{path}")
        await page.get_by_test_id("who").wait_for()
        assert await grave_faults(page) == [], path
