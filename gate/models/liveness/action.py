"""The action layer: whether a head did what was ordered, judged from five landmarks a frame.

`gate/core/action_order.py` says what is ordered and what follows from what was seen;
`face_turn.py` measures. Here the measures of several frames become an action, a flat picture, or
nothing yet. Thresholds come from the trial of `exam-gate bench action`: docs/action.md.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gate.core.action_order import (
    ENDING_TEXT,
    ActionOrder,
    ActionProgress,
    ActionStatus,
    Ending,
    FrameFinding,
    Instruction,
    action_status,
    after_frame,
    at_time,
    begin,
    face_lost,
)
from gate.models.liveness.face_turn import FaceTurn, FaceView, face_turn, face_view, mean_view
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.nose_shift import (
    FacePatch,
    Profile,
    face_patch,
    nose_profile,
    seen_beside,
)
from gate.models.liveness.one_face import is_same_face
from gate.ports import Picture
from gate.ports.values import Box, Landmarks

AGREEING = 4
"""Frames in a row whose mean is measured; each of them must point the same way."""
AHEAD_FRAMES = 4
"""The least that make up how a face looks ahead."""
AHEAD_NOSE = 0.22
"""The nose tip of a face that looks ahead may be so far beside the middle between the eyes. Along
their line, in distances between the eyes."""
STILL = 0.09
"""How far a face that holds still moves: its nose against the plane, its size."""
NOSE_MIN, EYES_MIN = 0.055, 0.034
"""The least that a turn moves nose and eyes (`FaceTurn`)."""


class TurnBounds(NamedTuple):
    """What a turn of a head moves at least. `together`: nose and eyes, added. `of_slant`: the same
    against the sine of the slant. A flat or bent picture must be slanted much further for it."""

    together: float
    of_slant: float


BY_LANDMARKS = TurnBounds(0.22, 0.4)
"""About 20 degrees of a head, for landmarks alone."""
BY_PIXELS = TurnBounds(0.18, 0.3)
"""Less than 20 degrees of most heads, where pixels show too that the nose is beside its place."""
BESIDE_MIN = 0.1
"""By how much the nose must be more alike there than in its place (`seen_beside`)."""
FLAT_SLANT, FLAT_MOST = 0.5, 0.15
"""A flat picture is slanted by so much (29 degrees), and they moved by less than that times the
sine of the slant."""
CLOSER_MIN = 1.25
"""How much larger a face is that came closer."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceObservation:
    """One face in one frame.

    `at_s`: monotonic, in seconds. `box`: x, y, width, height. `landmarks`: (5, 2). In pixels.
    `patch`: its pixels; None where there are none, as in trials from geometry.
    """

    at_s: float
    box: Box
    landmarks: Landmarks
    patch: FacePatch | None = None


def observed(at_s: float, box: Box, landmarks: Landmarks, picture: Picture) -> FaceObservation:
    """A face of `picture`, (h, w, 3) RGB, with its pixels."""
    try:
        patch = face_patch(picture, landmarks)
    except ValueError:  # nor will the landmarks be taken for a face
        patch = None
    return FaceObservation(at_s, box, landmarks, patch)


class Moved(NamedTuple):
    """How the newest frames differ from the face that looked ahead. `turns`: of each; `together`:
    of their mean. `seen_aside`: see `seen_beside`; None without pixels."""

    turns: list[FaceTurn]
    together: FaceTurn
    seen_aside: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a trial came to.

    `score`: 1 for a head that did what was ordered, 0 for a face that turned as a flat picture
    does, 0.5 for anything else. `ending`: why; None while the trial goes on. `done`: actions seen.
    """

    score: float
    ending: Ending | None
    done: int

    @property
    def why(self) -> tuple[str, str]:
        """The reason in Chinese and English, for staff."""
        return ("进行中", "The trial goes on") if self.ending is None else ENDING_TEXT[self.ending]


@dataclass
class ActionTrial:
    """One order, from its beginning to its end. `began_s`: monotonic, in seconds."""

    order: ActionOrder
    began_s: float
    progress: ActionProgress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = begin(self.order, self.began_s)
        self._last: FaceObservation | None = None
        self._ahead: list[FaceView] = []
        self._reference: FaceView | None = None
        self._looked: FacePatch | None = None
        self._newest: deque[tuple[FaceView, FaceTurn, Profile | None]] = deque(maxlen=AGREEING)
        self._returning: Instruction | None = None

    def observe(self, seen: FaceObservation) -> ActionProgress:
        """One more frame with the face; an earlier or the same time than before is no frame."""
        last = self._last
        if self.progress.ending is not None or (last is not None and seen.at_s <= last.at_s):
            return self.progress
        self._last = seen
        try:
            view = face_view(seen.box, seen.landmarks)
        except ValueError:  # the detector saw no face that could be one
            return self.lose()
        if last and not is_same_face(last.box, seen.box):
            return self.lose()
        before = self.progress
        self._measure(view, seen.patch)
        self.progress = after_frame(before, self._finding(seen.at_s, view))
        if self.progress.told_s is not None and before.told_s is None:
            self._reference, self._looked = mean_view(self._ahead), seen.patch
            self._ahead, self._returning = [], None
            self._newest.clear()
        elif self.progress.told_s is None and before.told_s is not None:
            self._returning = before.instruction
        return self.progress

    def wait(self, now_s: float) -> ActionProgress:
        """No face in this frame."""
        self.progress = at_time(self.progress, now_s)
        return self.progress

    def lose(self) -> ActionProgress:
        """The face left, or its track broke."""
        self.progress = face_lost(self.progress)
        self._ahead.clear()
        self._newest.clear()
        return self.progress

    @property
    def judgement(self) -> Judgement:
        """As far as the trial has come."""
        ending = self.progress.ending
        score = {Ending.DONE: 1.0, Ending.FLAT: 0.0}.get(ending, 0.5) if ending else 0.5
        return Judgement(score, ending, self.progress.done)

    def _finding(self, at_s: float, view: FaceView) -> FrameFinding:
        """The newest frames against how the face looked ahead before the last action was told."""
        moved = self._moved()
        if moved is None:
            action, is_back, flat = None, self._reference is None, False
        else:
            action, flat = action_of(*moved), is_flat(moved.together)
            is_back = abs(moved.together.nose) < NOSE_MIN
        if self.progress.told_s is not None:
            return FrameFinding(at_s, action, flat=flat)
        if action in (self._returning, Instruction.COME_CLOSER):
            action = None  # on the way back from what was ordered; and nobody need step back
        is_ahead = self._holds_still(view) and is_back
        return FrameFinding(at_s, action, ahead=is_ahead, flat=flat)

    def _moved(self) -> Moved | None:
        """None where the newest frames are too few, or nothing can be said."""
        if self._reference is None or len(self._newest) < AGREEING:
            return None
        together = face_turn(self._reference, mean_view([view for view, *_ in self._newest]))
        if together is None:
            return None
        turns, profiles = [turn for _, turn, _ in self._newest], [p for *_, p in self._newest]
        return Moved(turns, together, beside(self._looked, profiles, together.nose))

    def _measure(self, view: FaceView, patch: FacePatch | None) -> None:
        """Each frame once. One of which nothing can be said breaks the row of frames that agree."""
        turn = face_turn(self._reference, view) if self._reference else None
        if turn is None:
            self._newest.clear()
        else:
            profile = nose_profile(self._looked, patch) if self._looked and patch else None
            self._newest.append((view, turn, profile))

    def _holds_still(self, view: FaceView) -> bool:
        """Whether the face has looked ahead for some frames without moving."""
        turn = face_turn(mean_view(self._ahead), view) if self._ahead else None
        if turn is None or not is_still(turn):
            self._ahead.clear()
        if looks_ahead(view):
            self._ahead.append(view)
        else:
            self._ahead.clear()
        return len(self._ahead) >= AHEAD_FRAMES


def action_of(
    turns: Sequence[FaceTurn], together: FaceTurn, seen_aside: float | None = None
) -> Instruction | None:
    """The action that the newest frames agree on; None where they do not. As in `Moved`."""
    side = 1 if together.nose > 0 else -1
    if (
        all(side * t.nose > NOSE_MIN / 2 for t in turns)
        and side * together.nose >= NOSE_MIN
        and side * together.eyes >= EYES_MIN
        and abs(together.nose_up) < abs(together.nose)
        and is_head(together, seen_aside)
    ):
        return Instruction.TURN_LEFT if side > 0 else Instruction.TURN_RIGHT
    if all(t.growth >= CLOSER_MIN for t in turns):
        return Instruction.COME_CLOSER
    return None


def beside(
    ahead: FacePatch | None, profiles: Sequence[Profile | None], nose: float
) -> float | None:
    """`seen_beside` of the mean profile; None where a frame has none."""
    known = [profile for profile in profiles if profile is not None]
    if ahead is None or len(known) < len(profiles):
        return None
    return seen_beside(np.mean(known, axis=0), nose, ahead.between_eyes)


def is_head(turn: FaceTurn, seen_aside: float | None = None) -> bool:
    """Whether nose and eyes have moved as far as a head's do at that slant, and as pixels show it.
    `seen_aside`: as in `Moved`."""
    bounds = BY_LANDMARKS if seen_aside is None else BY_PIXELS
    moved = abs(turn.nose + turn.eyes)
    return (
        moved >= bounds.together
        and moved >= bounds.of_slant * math.sin(turn.slant)
        and (seen_aside is None or seen_aside >= BESIDE_MIN)
    )


def is_flat(turn: FaceTurn) -> bool:
    """Whether they have moved as little as in a flat picture that was turned as far."""
    moved = math.hypot(turn.nose + turn.eyes, turn.nose_up)
    return turn.slant >= FLAT_SLANT and moved < FLAT_MOST * math.sin(turn.slant)


def looks_ahead(view: FaceView) -> bool:
    """Whether the nose tip is near the middle between the eyes, along their line."""
    right, left, nose = view.landmarks[:3]
    line = left - right
    beside = abs(float((nose - (right + left) / 2) @ line))
    return beside <= AHEAD_NOSE * float(line @ line)


def is_still(turn: FaceTurn) -> bool:
    """Whether the face has not moved, as far as noise allows to say."""
    return abs(turn.nose) < STILL and abs(turn.growth - 1) < STILL


def judge(order: ActionOrder, observations: Iterable[FaceObservation]) -> Judgement:
    """What observations of one face track, oldest first, come to: a trial played in one go."""
    trial: ActionTrial | None = None
    for seen in observations:
        trial = trial or ActionTrial(order, seen.at_s)
        trial.observe(seen)
    return trial.judgement if trial else Judgement(0.5, None, 0)


class ActionLayer:
    """The `FrameLayer` of an ordered action. One thread.

    `draw`: a new order. Nothing is judged before `begin`.
    """

    name = "action"

    def __init__(self, draw: Callable[[], ActionOrder]) -> None:
        self._draw = draw
        self._trial: ActionTrial | None = None

    def begin(self, at_s: float) -> None:
        """A new trial with a new order: what was seen before does not count."""
        self._trial = ActionTrial(self._draw(), at_s)

    def forget(self) -> None:
        """The visit is over, and so is its trial."""
        self._trial = None

    def see(self, seen: FaceObservation) -> None:
        """One more frame with the face, whether or not it is good enough to be scored."""
        if self._trial is not None:
            self._trial.observe(seen)

    def score(self, seen: LayerInput) -> float | None:
        """1 once the head has done what was ordered, 0 for a flat picture, None for anything else.
        An action that was not seen proves no attack."""
        if self._trial is None:
            return None
        self._trial.observe(observed(seen.at_s, seen.box, seen.landmarks, seen.picture))
        judgement = self._trial.judgement
        return None if judgement.score == 0.5 else judgement.score

    def lose(self) -> None:
        """The face left, or its track broke."""
        if self._trial is not None:
            self._trial.lose()

    def status(self, now_s: float) -> ActionStatus | None:
        """What screens show; None where no trial was begun."""
        return None if self._trial is None else action_status(self._trial.wait(now_s), now_s)
