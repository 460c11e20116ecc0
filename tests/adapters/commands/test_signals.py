"""exam-gate signals: each pattern on the pins while it is told, and the card as a page."""

import asyncio
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.commands.signals import app, show_each
from gate.core.signal_guide import signal_guide
from gate.drivers.signals.rhythm import on_at
from gate.drivers.simulated.signals import SimulatedSignals
from tests.contracts.test_signals import SETTINGS

OUTPUTS = ("red", "yellow", "green", "buzzer")


def lit(signals: SimulatedSignals) -> frozenset[str]:
    """The outputs that are on now, by the last change of each."""
    history = signals.history()
    return frozenset(name for name in OUTPUTS if history[name] and history[name][-1][1])


def test_each_pattern_is_on_the_pins_while_it_is_told() -> None:
    seen: list[frozenset[str]] = []
    told: list[str] = []

    async def played() -> frozenset[str]:
        async with SimulatedSignals(**SETTINGS) as signals:

            async def pause() -> None:
                seen.append(lit(signals))

            await show_each(signals, signal_guide(), pause, told.append)
            return lit(signals)

    assert asyncio.run(played()) == frozenset()
    assert seen == [on_at(row.pattern, 0) for row in signal_guide()]
    assert len([line for line in told if line.startswith("  → ")]) == len(signal_guide())


def test_it_is_dark_after_an_interruption_and_the_barrier_never_moves() -> None:
    async def interrupted() -> SimulatedSignals:
        async with SimulatedSignals(**SETTINGS) as signals:

            async def pause() -> None:
                raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                await show_each(signals, signal_guide(), pause, lambda _: None)
            assert lit(signals) == frozenset()
            assert [state for _, state in signals.history()["barrier"]].count(1) == 0
            return signals

    asyncio.run(interrupted())


def test_the_command_plays_what_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gate.toml"
    config.write_text('[unit]\nid = "wh-hs-01-g1"\nsite = "wh-hs-01"\n', encoding="utf-8")
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    words = ["play", "ok", "STAFF_DENY", "--config", str(config), "--seconds", "0.1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert done.output.count("  → ") == 2
    assert "green: steady" in done.output
    assert "red: slow" in done.output


def test_an_unknown_reason_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["play", "OKAY", "--config", str(tmp_path / "gate.toml")])
    assert getattr(done.exception, "exit_code", None) == 2
    assert "OKAY" in str(done.exception)


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "tr" and "data-testid" in given:
            self.rows.append(str(given["data-testid"]))
        self.outside += [str(given[key]) for key in ("src", "href") if key in given]


def test_the_card_has_a_row_for_each_pattern_and_needs_no_other_file(tmp_path: Path) -> None:
    out = tmp_path / "card.html"
    done = CliRunner().invoke(app, ["card", "--out", str(out)])
    assert done.exit_code == 0, done.output
    page = Page()
    page.feed(out.read_text(encoding="utf-8"))
    assert page.rows == [str(row.pattern) for row in signal_guide()]
    assert page.outside == []


def test_a_card_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(app, ["card", "--out", str(tmp_path / "file" / "card.html")])
    assert getattr(done.exception, "exit_code", None) == 7


@pytest.mark.system
@pytest.mark.skipif(shutil.which("chromium") is None, reason="scripts/test installs chromium")
def test_the_card_is_one_page_of_paper(tmp_path: Path) -> None:
    card, pdf = tmp_path / "card.html", tmp_path / "card.pdf"
    assert CliRunner().invoke(app, ["card", "--out", str(card)]).exit_code == 0
    printing = ["chromium", "--headless", "--no-sandbox", f"--print-to-pdf={pdf}", str(card)]
    subprocess.run(printing, check=True, capture_output=True, timeout=100)
    facts = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    assert "Pages:           1\n" in facts
    text = subprocess.run(["pdftotext", pdf, "-"], check=True, capture_output=True, text=True)
    assert "停用" in text.stdout, "the last row is on it"
