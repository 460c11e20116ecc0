"""The watcher scores frames where the exam asks for liveness, and nothing where it does not."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.core.liveness import FittedLayers
from gate.core.reasons import Reason
from gate.drivers.simulated.camera import SimulatedCamera
from gate.drivers.simulated.clock import SimulatedClock
from gate.errors import ModelDamaged
from gate.models import camera_thread as module
from gate.models.camera_thread import CameraThread
from gate.models.liveness.layer_set import LayerSource
from gate.models.liveness.layers import LayerInput
from tests.adapters.models.test_camera_thread import EARLIER, FPS, POLICY, ScriptedEyes, reference
from tests.waiting import soon

PASSIVE = replace(POLICY, liveness="passive", probe_seconds=60)


class Scripted:
    """A layer that says what the test says, and counts."""

    name = "network"

    def __init__(self) -> None:
        self.says, self.scored, self.built = 0.9, 0, 0
        self.slow_from_s, self.go_on = math.inf, threading.Event()

    def build(self) -> "Scripted":
        self.built += 1
        return self

    def score(self, seen: LayerInput) -> float | None:
        if seen.at_s > self.slow_from_s:
            self.go_on.wait(60)
        self.scored += 1
        return self.says

    def forget(self) -> None:
        pass


@pytest.fixture
def layer() -> Scripted:
    return Scripted()


@pytest.fixture
async def watcher(layer: Scripted, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CameraThread]:
    monkeypatch.setattr(module, "FrameAnalysis", ScriptedEyes)
    camera, layers = SimulatedCamera(fps=FPS), [LayerSource("network", layer.build)]
    made = CameraThread(camera, Path(), SimulatedClock(), fps=FPS, threads=1, layers=layers)
    async with made:
        yield made


@pytest.mark.parametrize(
    ("says", "reason", "verdict"),
    [(0.9, Reason.OK, "live"), (0.1, Reason.LIVENESS_FAILED, "attack")],
)
async def test_a_face_is_scored_while_it_waits(
    watcher: CameraThread, layer: Scripted, says: float, reason: Reason, verdict: str
) -> None:
    layer.says, ScriptedEyes.who = says, 1
    watcher.use_liveness("passive")
    await soon(lambda: layer.scored >= 5)
    judged = await watcher.judge(reference(1), PASSIVE, EARLIER)
    assert judged.liveness is not None
    assert (judged.reason, judged.liveness.verdict.value) == (reason, verdict)
    assert judged.liveness.fields["layers"]["network"] == says


async def test_what_was_seen_before_the_card_is_enough_while_a_layer_looks(
    watcher: CameraThread, layer: Scripted
) -> None:
    """The second camera's layer takes a tenth of a second and more for a frame."""
    ScriptedEyes.who = 1
    watcher.use_liveness("passive")
    await soon(lambda: layer.scored >= 5)
    layer.slow_from_s = watcher._clock.now().mono_ns / 1e9
    found_ns = round(layer.slow_from_s * 1e9)
    try:
        judged = await asyncio.wait_for(watcher.judge(reference(1), PASSIVE, found_ns), 30)
    finally:
        layer.go_on.set()
    assert (judged.reason, judged.fresh) == (Reason.OK, 1)


async def test_an_exam_without_liveness_builds_and_scores_nothing(
    watcher: CameraThread, layer: Scripted
) -> None:
    ScriptedEyes.who = 1
    watcher.use_liveness("off")
    judged = await watcher.judge(reference(1), replace(POLICY, probe_seconds=60), EARLIER)
    assert (judged.reason, judged.liveness) == (Reason.OK, None)
    assert (layer.built, layer.scored) == (0, 0)
    assert watcher.fitted == FittedLayers()


async def test_another_exam_drops_the_layers_and_takes_them_up_again(
    watcher: CameraThread, layer: Scripted
) -> None:
    watcher.use_liveness("passive")
    await soon(lambda: watcher.layers["network"]["judges"])
    watcher.use_liveness("action")
    assert layer.built == 1
    watcher.use_liveness("off")
    assert not watcher.layers["network"]["judges"]
    watcher.use_liveness("passive")
    await soon(lambda: layer.built == 2)


async def test_a_layer_that_cannot_be_had_stops_nobody_but_is_told(
    watcher: CameraThread, layer: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged() -> Scripted:
        raise ModelDamaged("It is cut short.", "不完整。")

    monkeypatch.setattr(watcher, "_sources", [LayerSource("network", damaged)])
    ScriptedEyes.who = 1
    watcher.use_liveness("passive")
    await soon(lambda: "cut short" in watcher.layers["network"]["en"])
    judged = await watcher.judge(reference(1), PASSIVE, EARLIER)
    assert judged.reason is Reason.LIVENESS_FAILED
    admitting = replace(PASSIVE, liveness_fallback="admit")
    assert (await watcher.judge(reference(1), admitting, EARLIER)).reason is Reason.OK
    assert watcher.fitted.judged == "off"


async def test_a_paper_that_asks_where_nothing_was_prepared_lets_nobody_in(
    watcher: CameraThread,
) -> None:
    ScriptedEyes.who = 1
    judged = await watcher.judge(reference(1), PASSIVE, EARLIER)
    assert judged.reason is Reason.LIVENESS_FAILED
