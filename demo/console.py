"""The invigilators' pages, in headless Chromium: cases are settled as people at the door do it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, sync_playwright

from demo.sockets import NotAnswered

PAGE_MS = 20_000.0
PINS = {"i1": "270418", "i2": "816402", "chief": "593716"}
"""Made up, of the demo's staff: two invigilators and the chief examiner."""


class ConsolePages:
    """One browser at the console's `address`, signed in once as the first invigilator."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._address = address
        self.asked: list[str] = []
        """Every address that the browser asked for."""
        page.on("request", lambda request: self.asked.append(request.url))

    def settle(self, case: str, verdict: str, by: str, reason: str) -> None:
        """The first signature under a case, or the only one. NotAnswered."""
        with _told():
            self._open(case)
            form = self._form("form-settle", by)
            form.get_by_test_id("reason").fill(reason)
            form.get_by_test_id(verdict).click()
            self._page.locator("[data-testid=signed-by], [data-testid=settled]").wait_for()

    def sign(self, case: str, by: str) -> None:
        """The second signature. NotAnswered."""
        with _told():
            self._open(case)
            self._form("form-sign", by).get_by_test_id("sign").click()
            self._page.get_by_test_id("settled").wait_for()

    def look_around(self, ticket: str, paper: str, room: str) -> None:
        """Every page once, one candidate looked up, one sheet fetched. NotAnswered."""
        with _told():
            for path in ("/", "/cases", "/sheets", "/unit", f"/rooms/{room}", "/rooms"):
                self._go(path)
            form = self._page.get_by_test_id("form-find")
            form.get_by_test_id("find-value").fill(ticket)
            form.get_by_test_id("find").click()
            self._page.get_by_test_id("found").wait_for()
            got = self._page.evaluate(
                "path => fetch(path).then(a => a.ok ? a.blob().then(b => b.size) : -a.status)",
                f"/sheets/{paper}/{room}.pdf",
            )
            if got <= 0:
                raise NotAnswered(f"the sheet of room {room} was answered with {-got}")
            self._page.goto(f"{self._address}/screen", wait_until="commit")
            self._page.get_by_test_id("prompt-zh").wait_for()

    def _form(self, name: str, by: str) -> Locator:
        """The form of the page that is open, with id and PIN of `by`."""
        form = self._page.get_by_test_id(name)
        form.get_by_test_id("by").fill(by)
        form.get_by_test_id("pin").fill(PINS[by])
        return form

    def _open(self, case: str) -> None:
        """The page of a case, as somebody who may see it."""
        self._go(f"/cases/{case}")

    def _go(self, path: str) -> None:
        """The page at `path`, as somebody who may see it."""
        self._page.goto(f"{self._address}{path}")
        if "/sign-in" not in self._page.url:
            return
        self._form("form-sign-in", "i1").get_by_test_id("sign-in").click()
        self._page.get_by_test_id("who").wait_for()
        self._page.goto(f"{self._address}{path}")


@contextmanager
def console_pages(address: str, profile: Path) -> Iterator[ConsolePages]:
    """A browser until left; what it keeps lies in `profile`. NotAnswered where Chromium is not
    installed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise NotAnswered("chromium is not installed: scripts/demo installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium,
            args=["--no-sandbox", "--disable-dev-shm-usage"],
            ignore_https_errors=True,
        )
        page = browser.new_page()
        page.set_default_timeout(PAGE_MS)
        try:
            yield ConsolePages(page, address)
        finally:
            browser.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Error as e:
        raise NotAnswered(f"the console's page: {e.message.splitlines()[0]}") from e
