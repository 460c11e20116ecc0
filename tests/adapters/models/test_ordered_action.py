"""An action is ordered of the face that matched: drawn heads and photographs before real networks.

The frames' times and the clock are the test's, so a busy machine changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from gate.bench.action_motions import Move, Performer, Sway
from gate.bench.action_scenes import Portrait, Pose, draw, portrait_of, with_noise
from gate.bench.action_surfaces import Head, Sheet
from gate.bench.handover import TrialCamera, TrialClock
from gate.core.action_order import ActionOrder, Instruction
from gate.core.events import FaceJudged
from gate.core.exam import FacePolicy
from gate.core.reasons import Reason
from gate.models.camera_thread import CameraThread
from gate.models.liveness.action import ActionLayer
from gate.models.liveness.layer_set import LayerSource
from gate.models.liveness.layers import LayerInput
from gate.models.still_pictures import StillPictures
from gate.ports import Frame, Reference
from tests.networks import networks, portrait

pytestmark = [pytest.mark.models, pytest.mark.slow]

FRAME_NS = 160_000_000
ORDER = ActionOrder((Instruction.TURN_LEFT, Instruction.TURN_RIGHT), (0.6, 0.6))
PASSIVE = FacePolicy(liveness="passive", probe_frames=3)
END_S = 40.0

Shown = Callable[[float, Instruction], tuple[Portrait, Any, Pose]]
"""What stands before the camera while the screen says something: face, surface, pose."""


class Blind:
    """A passive layer that cannot tell."""

    name = "network"

    def score(self, _: LayerInput) -> float | None:
        return None

    def forget(self) -> None:
        pass


@dataclass
class Lane:
    """One attempt before the real watcher."""

    watcher: CameraThread
    camera: TrialCamera
    clock: TrialClock
    stills: StillPictures
    told: list[str] = field(default_factory=list)
    screens: int = 1

    def reference(self, number: str) -> Reference:
        picture = portrait(number)
        face = self.stills.most_central_face(picture)
        return Reference(self.stills.augmented(picture, face), None, None, None)

    def portrait(self, number: str) -> Portrait:
        picture = portrait(number)
        face = self.stills.most_central_face(picture)
        assert face is not None
        return portrait_of(picture, self.stills.refined(picture, face).landmarks)

    async def judge(self, reference: Reference, policy: FacePolicy, shown: Shown) -> FaceJudged:
        chance = np.random.default_rng(1)
        behind = np.full((480, 640, 3), 120, np.uint8)
        began_ns = self.clock.mono_ns
        self.watcher.use_liveness("action")
        attempt: asyncio.Task[FaceJudged] | None = None
        for number in range(1, round(END_S * 1e9 / FRAME_NS)):
            at_ns = began_ns + number * FRAME_NS
            action = self.watcher.action
            told = Instruction(action["instruction"]) if action else Instruction.LOOK_AHEAD
            if action is not None and (not self.told or self.told[-1] != told):
                self.told.append(told)
            face, surface, pose = shown((at_ns - began_ns) / 1e9, told)
            self.clock.mono_ns = at_ns + 20_000_000
            await self.camera.show(
                Frame(with_noise(draw(face, surface, pose, behind), chance), at_ns, number)
            )
            if number == 4:
                attempt = asyncio.create_task(self.watcher.judge(reference, policy, began_ns))
                await asyncio.sleep(0)
            if attempt is not None and attempt.done():
                self.watcher.forget()
                return attempt.result()
        raise AssertionError("an attempt without an end")


@pytest.fixture
async def lane() -> AsyncIterator[Lane]:
    camera, clock = TrialCamera(asyncio.get_running_loop()), TrialClock()
    layers = [
        LayerSource("network", Blind),
        LayerSource("action", lambda: ActionLayer(lambda: ORDER)),
    ]
    watcher = CameraThread(camera, networks(), clock, fps=1e3, threads=1, layers=layers)
    made = Lane(watcher, camera, clock, StillPictures(networks()))
    watcher.use_screen(lambda: made.screens > 0, lambda: None)
    async with watcher:
        try:
            yield made
        finally:
            camera.frames.put(None)


def obeying(
    lane: Lane, number: str, swapped: bool = False, degrees: float = 32, further: float = 1.2
) -> Shown:
    """A head that does what it is told, or always the other side."""
    side = -1 if swapped else 1
    turn = np.radians(degrees)
    who = Performer(
        Head(),
        Pose(z=560.0, pivot=80.0, y=-10.0),
        {
            Instruction.TURN_LEFT: Move(yaw=side * turn),
            Instruction.TURN_RIGHT: Move(yaw=-side * turn),
            Instruction.COME_CLOSER: Move(nearer=0.65),
        },
        reaction_s=0.4,
        takes_s=0.9,
        sway=Sway(degrees=1.0, mm=3.0, hertz=0.4),
        phases=np.zeros((2, 6)),
        further=further,
    )
    face = lane.portrait(number)
    return lambda at_s, told: (face, *who.at(at_s, told))


def still(lane: Lane, number: str) -> Shown:
    face = lane.portrait(number)
    return lambda at_s, _: (face, Sheet(), Pose(z=560.0, x=3 * np.sin(at_s), y=-10.0))


def turned(lane: Lane, number: str) -> Shown:
    """A photograph that is turned in the hand as the screen says."""
    face, side = lane.portrait(number), {Instruction.TURN_LEFT: 1, Instruction.TURN_RIGHT: -1}
    return lambda at_s, told: (
        face,
        Sheet(),
        Pose(z=560.0, y=-10.0, yaw=side.get(told, 0) * np.radians(35)),
    )


def told_of(judged: FaceJudged) -> tuple[Reason, str | None, float | None]:
    assert judged.liveness is not None
    action = judged.liveness.fields["layers"]["action"]
    return judged.reason, judged.liveness.verdict.value, action


async def test_where_the_other_layers_cannot_tell_a_head_does_what_is_told(lane: Lane) -> None:
    judged = await lane.judge(lane.reference("001"), PASSIVE, obeying(lane, "001"))
    assert told_of(judged) == (Reason.OK, "live", 1.0)
    assert lane.told == ["look-ahead", "turn-left", "look-ahead", "turn-right", "look-ahead"]
    assert lane.watcher.action is None


@pytest.mark.parametrize("degrees", [26, 36, 42])
async def test_it_does_not_matter_how_far_a_head_turns_and_stops(
    lane: Lane, degrees: float
) -> None:
    shown = obeying(lane, "001", degrees=degrees, further=0.0)
    judged = await lane.judge(lane.reference("001"), PASSIVE, shown)
    assert told_of(judged) == (Reason.OK, "live", 1.0)


@pytest.mark.parametrize("act", [still, turned])
async def test_a_photograph_is_not_let_in(lane: Lane, act: Callable[[Lane, str], Shown]) -> None:
    judged = await lane.judge(lane.reference("001"), PASSIVE, act(lane, "001"))
    assert judged.reason is not Reason.OK
    assert "turn-left" in lane.told


async def test_another_action_than_the_ordered_one_is_no_attack_and_not_let_in(lane: Lane) -> None:
    judged = await lane.judge(lane.reference("001"), PASSIVE, obeying(lane, "001", swapped=True))
    assert told_of(judged) == (Reason.LIVENESS_FAILED, "unsure", None)


async def test_somebody_else_who_takes_the_place_is_not_let_in(lane: Lane) -> None:
    """The owner's photograph until something is told, then the attacker's own head."""
    before, after = still(lane, "001"), obeying(lane, "002")

    def shown(at_s: float, told: Instruction) -> tuple[Portrait, Any, Pose]:
        is_told = told is not Instruction.LOOK_AHEAD or len(lane.told) > 1
        return after(at_s, told) if is_told else before(at_s, told)

    judged = await lane.judge(lane.reference("001"), PASSIVE, shown)
    assert told_of(judged) == (Reason.LIVENESS_FAILED, "unsure", None)


@pytest.mark.parametrize(
    ("screens", "policy", "lacking"),
    [
        (0, PASSIVE, False),
        (0, replace(PASSIVE, liveness="action"), True),
        (1, replace(PASSIVE, excused=True), False),
    ],
    ids=["no screen", "no screen, asked for", "excused"],
)
async def test_nothing_is_ordered_that_cannot_be_shown_or_is_excused(
    lane: Lane, screens: int, policy: FacePolicy, lacking: bool
) -> None:
    lane.screens = screens
    judged = await lane.judge(lane.reference("001"), policy, still(lane, "001"))
    assert told_of(judged) == (Reason.LIVENESS_FAILED, "unsure", None)
    assert judged.liveness is not None
    assert (judged.liveness.is_lacking, lane.told) == (lacking, [])
    assert ("staff screen" in lane.watcher.layers["action"]["en"]) is not bool(screens)
