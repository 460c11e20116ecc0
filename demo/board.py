"""The office's board, in a tab of the same headless Chromium: what people at the office look at."""

from collections.abc import Mapping

from playwright.sync_api import Error, Locator, Page, expect

from demo.console import told_by

OPERATOR, PASSWORD = "wang", "demo-hongshan-4471"
"""Made up: who looks at the board in the demo, and takes alerts there."""
COMES_MS = 60_000.0
"""The office hears of a gate with its next batch or heartbeat; a busy machine is slower."""
_AWAY = "about:blank"


class BoardPages:
    """One tab at the board's `address`, signed in once. Between looks it shows nothing: a tab that
    follows would draw, and a unit has a processor of its own."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._address = address

    def look(self, path: str, shows: Mapping[str, str], timeout_ms: float = COMES_MS) -> list[str]:
        """What the page at `path` does not come to show, in words. `shows`: exact texts, or
        `light=` and a colour, by test ids, outer ones first. It has to come live: the page is not
        loaded again. NotAnswered."""
        with told_by("the board's page"):
            self._go(path)
            wrong = [
                f"the board's {place}: {really}, expected {wanted}"
                for place, wanted in shows.items()
                if (really := self._comes_to(self._place(place), wanted, timeout_ms)) != wanted
            ]
            self._page.goto(_AWAY)
        return wrong

    def take(self, kind: str) -> None:
        """The operator takes the newest alert of `kind`, by its button. NotAnswered."""
        with told_by("the board's page"):
            self._go("/alerts")
            alert = self._page.get_by_test_id(f"alert-{kind}").first
            alert.get_by_test_id("take").click()
            alert.get_by_test_id("taken").get_by_text(OPERATOR).first.wait_for()
            self._page.goto(_AWAY)

    def _place(self, test_ids: str) -> Locator:
        first, *inner = test_ids.split()
        found = self._page.get_by_test_id(first)
        for name in inner:
            found = found.get_by_test_id(name)
        return found.first

    def _comes_to(self, place: Locator, wanted: str, timeout_ms: float) -> str:
        """`wanted` once it stands there, else what stands there in the end."""
        name, _, value = wanted.partition("=")
        try:
            if value:
                expect(place).to_have_attribute(f"data-{name}", value, timeout=timeout_ms)
            else:
                expect(place).to_have_text(wanted, timeout=timeout_ms)
        except AssertionError:
            return _now(place, name if value else "")
        return wanted

    def _go(self, path: str) -> None:
        self._page.goto(f"{self._address}{path}")
        if "/sign-in" not in self._page.url:
            return
        form = self._page.get_by_test_id("form-sign-in")
        form.get_by_test_id("by").fill(OPERATOR)
        form.get_by_test_id("password").fill(PASSWORD)
        form.get_by_test_id("sign-in").click()
        self._page.get_by_test_id("who").wait_for()
        self._page.goto(f"{self._address}{path}")


def _now(place: Locator, attribute: str) -> str:
    try:
        if attribute:
            return f"{attribute}={place.get_attribute(f'data-{attribute}', timeout=500)}"
        return " ".join(place.inner_text(timeout=500).split())
    except Error:
        return "not on the page"
