"""The invigilators' pages, in headless Chromium: cases are settled as people at the door do it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, sync_playwright

from demo.sockets import NotAnswered

PAGE_MS = 20_000.0
SCREEN_NICE = 10
PINS = {"i1": "270418", "i2": "816402", "chief": "593716"}
"""Made up, of the demo's staff: two invigilators and the chief examiner."""


class ConsolePages:
    """One browser at the console's `address`, signed in once as the first invigilator."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._address = address
        self.asked: list[str] = []
        """Every address that the browser asked for."""
        page.context.on("request", lambda request: self.asked.append(request.url))

    def tab(self) -> Page:
        """Another tab of the same browser."""
        page = self._page.context.new_page()
        page.set_default_timeout(PAGE_MS)
        return page

    def settle(self, case: str, verdict: str, by: str, reason: str) -> None:
        """The first signature under a case, or the only one. NotAnswered."""
        with told_by("the console's page"):
            self._open(case)
            form = self._form("form-settle", by)
            form.get_by_test_id("reason").fill(reason)
            form.get_by_test_id(verdict).click()
            self._page.locator("[data-testid=signed-by], [data-testid=settled]").wait_for()

    def sign(self, case: str, by: str) -> None:
        """The second signature. NotAnswered."""
        with told_by("the console's page"):
            self._open(case)
            self._form("form-sign", by).get_by_test_id("sign").click()
            self._page.get_by_test_id("settled").wait_for()

    def look_around(self, ticket: str, paper: str, room: str) -> None:
        """Every page once, one candidate looked up, one sheet fetched. NotAnswered."""
        with told_by("the console's page"):
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
    """A page of a browser until left; what it keeps lies in `profile`. NotAnswered where Chromium
    is not installed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=_chromium(), args=_FLAGS, ignore_https_errors=True
        )
        page = browser.new_page()
        page.set_default_timeout(PAGE_MS)
        try:
            yield ConsolePages(page, address)
        finally:
            browser.close()


@contextmanager
def tablets(count: int) -> Iterator[list[Page]]:
    """A page in each of `count` browsers that share nothing, at the priority of the unit's own
    browser (exam-gate-screen.service). NotAnswered without Chromium."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, before + SCREEN_NICE)  # the browser inherits it
    with sync_playwright() as playwright:
        with suppress(PermissionError):  # only root may raise a priority again
            os.setpriority(os.PRIO_PROCESS, 0, before)
        browser = playwright.chromium.launch(executable_path=_chromium(), args=_FLAGS)
        try:
            pages = [browser.new_context(ignore_https_errors=True).new_page() for _ in range(count)]
            for page in pages:
                page.set_default_timeout(PAGE_MS)
            yield pages
        finally:
            browser.close()


_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]


def _chromium() -> str:
    """Its path. NotAnswered where it is not installed."""
    found = shutil.which("chromium")
    if found is None:
        raise NotAnswered("chromium is not installed: scripts/demo installs it")
    return found


def sign_in(page: Page, address: str, by: str, pin: str) -> None:
    """At the page Now, as `by`. NotAnswered."""
    with told_by("the console's page"):
        page.goto(f"{address}/sign-in")
        page.get_by_test_id("by").fill(by)
        page.get_by_test_id("pin").fill(pin)
        page.get_by_test_id("sign-in").click()
        page.get_by_test_id("who").wait_for()


@contextmanager
def told_by(page: str) -> Iterator[None]:
    """What the browser could not do is NotAnswered, and names `page`."""
    try:
        yield
    except Error as e:
        raise NotAnswered(f"{page}: {e.message.splitlines()[0]}") from e
