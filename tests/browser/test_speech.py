"""The candidate's screen speaks: the audio element is asked to play the right recordings."""

import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from gate.core.spoken_prompts import LANGUAGES, SPOKEN
from tests.browser.conftest import (
    READY_S,
    WAIT_MS,
    Console,
    console_process,
    free_port,
    gate_at,
    listens,
    soon,
)
from tests.scenarios.fakes import STRANGER, Rig

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(180)]
expect.set_options(timeout=WAIT_MS)
SPY = """
window.asked = [];
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  window.asked.push(new URL(this.src).pathname);
  return play.call(this);
};
window.lines = 0;
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, then) {
  listen.call(this, name, (event) => { then(event); if (name === "screen") window.lines += 1; });
};
"""


def recordings(folder: Path) -> None:
    """Twenty milliseconds of nothing under every name."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(22050)
        sound.writeframes(bytes(2 * 441))
    for language in LANGUAGES:
        (folder / language).mkdir(parents=True)
        for name in SPOKEN:
            (folder / language / f"{name}.wav").write_bytes(out.getvalue())


@pytest.fixture
async def speaking(parts: Rig, tmp_path: Path, how: str) -> AsyncIterator[Console]:
    """A console whose gate.toml says `how` about the screen."""
    port, sounds = free_port(), tmp_path / "sounds"
    recordings(sounds)
    (tmp_path / "run").mkdir()
    more = f'[screen]\nsounds = "{sounds}"\n{how}\n'
    async with (
        gate_at(parts, tmp_path / "run") as gate,
        console_process(tmp_path, port, more=more) as process,
    ):
        await soon(lambda: listens(port), READY_S)
        yield Console(gate, parts, f"https://127.0.0.1:{port}", tmp_path, process)


async def opened(page: Page, console: Console) -> None:
    await page.add_init_script(SPY)
    await page.goto(f"{console.address}/screen")
    await expect(page.get_by_test_id("screen")).to_have_attribute("data-step", "lay-card")


async def asked(page: Page, *names: str) -> list[str]:
    """What was to be played, once the last of `names` was."""
    await page.wait_for_function("name => window.asked.at(-1) === name", arg=names[-1])
    return list(await page.evaluate("window.asked"))


def wav(language: str, name: str) -> str:
    return f"/screen/speech/{language}/{name}.wav"


BOTH = 'speech = true\nlanguages = ["zh", "en"]'


@pytest.mark.parametrize("how", [BOTH])
async def test_each_sentence_is_spoken_in_chinese_and_then_in_english(
    page: Page, speaking: Console
) -> None:
    await opened(page, speaking)
    first = [wav("zh", "lay-card"), wav("en", "lay-card")]
    assert await asked(page, *first) == first
    speaking.parts.matcher.hold.clear()
    speaking.card()
    looked = [*first, wav("zh", "look"), wav("en", "look")]
    assert await asked(page, *looked) == looked
    speaking.parts.matcher.hold.set()
    await expect(page.get_by_test_id("screen")).to_have_attribute("data-outcome", "ADMIT")
    entered = [*looked, wav("zh", "ok"), wav("en", "ok")]
    said = await asked(page, *entered)
    assert said[: len(entered)] == entered


@pytest.mark.parametrize("how", ["speech = true"])
async def test_a_refer_is_spoken_once_in_the_language_that_is_configured(
    page: Page, speaking: Console
) -> None:
    speaking.parts.matcher.verdicts = [STRANGER] * 3
    await opened(page, speaking)
    speaking.card()
    await expect(page.get_by_test_id("screen")).to_have_attribute("data-outcome", "REFER")
    await asked(page, wav("zh", "face-mismatch"))
    lines = await page.evaluate("window.lines")
    await page.wait_for_function("lines => window.lines > lines", arg=lines)
    said = list(await page.evaluate("window.asked"))
    assert said.count(wav("zh", "face-mismatch")) == 1
    assert not [path for path in said if "/en/" in path]


@pytest.mark.parametrize("how", ["speech = false"])
async def test_a_silent_screen_asks_for_no_recording(page: Page, speaking: Console) -> None:
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    await opened(page, speaking)
    speaking.card()
    await expect(page.get_by_test_id("screen")).to_have_attribute("data-outcome", "ADMIT")
    assert await page.evaluate("window.asked") == []
    assert not [url for url in asked_for if "speech" in url]
    answer = await page.request.get(f"{speaking.address}{wav('zh', 'ok')}")
    assert answer.status == 404


@pytest.mark.parametrize("how", [BOTH])
async def test_a_recording_that_is_missing_is_passed_over(page: Page, speaking: Console) -> None:
    (speaking.folder / "sounds" / "zh" / "lay-card.wav").unlink()
    await opened(page, speaking)
    both = [wav("zh", "lay-card"), wav("en", "lay-card")]
    assert await asked(page, *both) == both
