"""The action that is ordered at random, and how far the candidate has come with it. Pure.

The candidate looks ahead, is told one action, looks ahead again, and is told another. What is told,
and after how long, comes from a random number, so a recording made before does not fit it. The
judge of pictures says what each frame shows; this file says what follows from it.

A photograph can be neither asked nor told. So the first action that is seen must be the ordered
one: another one ends the trial, and so does one before it was told.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypedDict


class Instruction(StrEnum):
    """What the candidate's screen says. Left and right are the candidate's own."""

    LOOK_AHEAD = "look-ahead"
    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    COME_CLOSER = "come-closer"


class Ending(StrEnum):
    """Why a trial is over."""

    DONE = "done"
    TOO_LATE = "too-late"
    TOO_EARLY = "too-early"
    OTHER_ACTION = "other-action"
    FACE_LOST = "face-lost"
    FLAT = "flat"


INSTRUCTION_TEXT: dict[Instruction, tuple[str, str]] = {
    Instruction.LOOK_AHEAD: ("请正视摄像头", "Look straight at the camera"),
    Instruction.TURN_LEFT: (
        "请慢慢向左转头，直到提示变化",
        "Turn your head slowly to your left until this text changes",
    ),
    Instruction.TURN_RIGHT: (
        "请慢慢向右转头，直到提示变化",
        "Turn your head slowly to your right until this text changes",
    ),
    Instruction.COME_CLOSER: ("请慢慢靠近摄像头", "Come slowly closer to the camera"),
}
"""Chinese, English: for the candidate's screen."""

ENDING_TEXT: dict[Ending, tuple[str, str]] = {
    Ending.DONE: ("动作正确", "The ordered actions were seen"),
    Ending.TOO_LATE: ("超时，未完成动作", "An ordered action was not seen in time"),
    Ending.TOO_EARLY: ("动作早于指令", "An action was seen before it was told"),
    Ending.OTHER_ACTION: ("动作与指令不符", "Another action was seen than the ordered one"),
    Ending.FACE_LOST: ("人脸离开画面或被更换", "The face left, or the view of it was interrupted"),
    Ending.FLAT: (
        "画面呈平面变化，疑似照片或屏幕", "The face turned as a flat picture does"
    ),
}  # fmt: skip
"""Chinese, English: for staff."""

TURNS = (Instruction.TURN_LEFT, Instruction.TURN_RIGHT)
ACTIONS = (*TURNS, Instruction.COME_CLOSER)
PAIRS = tuple((a, b) for a in ACTIONS for b in ACTIONS if a in TURNS or b in TURNS)
"""Two actions, at least one of them a turn: only a turn shows that a face is no flat picture."""

PAUSES_S = (0.6, 0.9, 1.2, 1.5)
"""How long the candidate has looked ahead when an action is told: one of these, drawn."""

ORDERS = len(PAIRS) * len(PAUSES_S) ** 2
"""Different orders: 8 pairs of actions, each with 16 pairs of pauses."""

LOOK_AHEAD_MAX_S = 6.0
"""Until the candidate has looked ahead for long enough."""
ACTION_MAX_S = 6.0
"""From an action told to the action seen."""
REACTION_MIN_S = 0.25
"""Nobody sees, reads, moves and is measured sooner: what is seen before was under way already."""
LONGEST_S = 2 * (LOOK_AHEAD_MAX_S + ACTION_MAX_S)
"""No trial of two actions lasts longer."""
GAP_MAX_S = 1.5
"""Between two frames with the face: after a longer one nobody knows what was held up. A busy unit
takes over half a second for a frame. Where frames came and did not show the face, its track is over
sooner (`face_track.UNSEEN_GAP_NS`)."""


@dataclass(frozen=True, slots=True)
class ActionOrder:
    """What is ordered. `pauses_s`: looking ahead before each action, in seconds."""

    actions: tuple[Instruction, ...]
    pauses_s: tuple[float, ...]


def order_of(number: int) -> ActionOrder:
    """The order of a random number, 0 to ORDERS - 1: of `secrets.randbelow(ORDERS)`, so that
    nobody can foretell it. ValueError for a number outside."""
    if not 0 <= number < ORDERS:
        raise ValueError(f"An order's number is 0 to {ORDERS - 1}, not {number}.")
    rest, pair = number // len(PAIRS), PAIRS[number % len(PAIRS)]
    first, second = rest % len(PAUSES_S), rest // len(PAUSES_S)
    return ActionOrder(pair, (PAUSES_S[first], PAUSES_S[second]))


@dataclass(frozen=True, slots=True)
class FrameFinding:
    """What the judge says of one frame.

    `action`: the action that has just become certain. `ahead`: the face looks ahead and holds
    still. `flat`: it has turned as a plane does.
    """

    at_s: float
    action: Instruction | None = None
    ahead: bool = False
    flat: bool = False


@dataclass(frozen=True, slots=True)
class ActionProgress:
    """How far a trial has come. Times are monotonic, in seconds.

    `done`: actions seen. `told_s`: when the action that is asked for now was told; None while the
    candidate is to look ahead. `since_s`: when this part began. `ahead_s`: since when the
    candidate has looked ahead. `ending`: None while it goes on.
    """

    order: ActionOrder
    since_s: float
    seen_s: float
    done: int = 0
    told_s: float | None = None
    ahead_s: float | None = None
    ending: Ending | None = None

    @property
    def instruction(self) -> Instruction:
        """What the screen says now."""
        if self.told_s is None or self.ending is not None:
            return Instruction.LOOK_AHEAD
        return self.order.actions[self.done]


def begin(order: ActionOrder, at_s: float) -> ActionProgress:
    """The trial begins: the candidate is to look ahead."""
    return ActionProgress(order, since_s=at_s, seen_s=at_s)


def at_time(progress: ActionProgress, now_s: float) -> ActionProgress:
    """The same at `now_s` when no frame with the face has come: its time may be up."""
    if progress.ending is not None:
        return progress
    if now_s - progress.since_s > _allowed_s(progress):
        return replace(progress, ending=Ending.TOO_LATE)
    if _has_begun(progress) and now_s - progress.seen_s > GAP_MAX_S:
        return replace(progress, ending=Ending.FACE_LOST)
    return progress


def face_lost(progress: ActionProgress) -> ActionProgress:
    """The face has left, or another one may have taken its place."""
    if progress.ending is None and _has_begun(progress):
        return replace(progress, ending=Ending.FACE_LOST)
    return replace(progress, ahead_s=None)


def after_frame(progress: ActionProgress, finding: FrameFinding) -> ActionProgress:
    """What follows from one more frame with the face."""
    progress = at_time(progress, finding.at_s)
    if progress.ending is not None:
        return progress
    progress = replace(progress, seen_s=finding.at_s)
    if finding.flat:
        return replace(progress, ending=Ending.FLAT)
    if progress.told_s is None:
        return _looking_ahead(progress, finding)
    return _acting(progress, progress.told_s, finding)


def _looking_ahead(progress: ActionProgress, finding: FrameFinding) -> ActionProgress:
    if finding.action is not None and _has_begun(progress):
        return replace(progress, ending=Ending.TOO_EARLY)
    if not finding.ahead:
        return replace(progress, ahead_s=None)
    ahead_s = finding.at_s if progress.ahead_s is None else progress.ahead_s
    if finding.at_s - ahead_s < progress.order.pauses_s[progress.done]:
        return replace(progress, ahead_s=ahead_s)
    return replace(progress, ahead_s=None, told_s=finding.at_s, since_s=finding.at_s)


def _acting(progress: ActionProgress, told_s: float, finding: FrameFinding) -> ActionProgress:
    if finding.action is None:
        return progress
    if finding.action is not progress.order.actions[progress.done]:
        return replace(progress, ending=Ending.OTHER_ACTION)
    if finding.at_s - told_s < REACTION_MIN_S:
        return replace(progress, ending=Ending.TOO_EARLY)
    done = progress.done + 1
    ending = Ending.DONE if done == len(progress.order.actions) else None
    return replace(progress, done=done, told_s=None, since_s=finding.at_s, ending=ending)


def _has_begun(progress: ActionProgress) -> bool:
    """Whether an action has been told: from then on one face must stay."""
    return progress.done > 0 or progress.told_s is not None


def _allowed_s(progress: ActionProgress) -> float:
    return LOOK_AHEAD_MAX_S if progress.told_s is None else ACTION_MAX_S


class ActionStatus(TypedDict):
    """What screens are told of a trial.

    `instruction`, `zh`, `en`: what to do now. `step`, `of`: the part that runs, and how many there
    are. `left_s`: seconds left for it. `ending`: None while the trial runs.
    """

    instruction: str
    zh: str
    en: str
    step: int
    of: int
    left_s: float
    ending: str | None


def action_status(progress: ActionProgress, now_s: float) -> ActionStatus:
    """The trial as status and followers show it."""
    told, ending = progress.instruction, progress.ending
    zh, en = INSTRUCTION_TEXT[told] if ending is None else ENDING_TEXT[ending]
    left_s = max(0.0, _allowed_s(progress) - (now_s - progress.since_s))
    return ActionStatus(
        instruction=told.value,
        zh=zh,
        en=en,
        step=min(progress.done + 1, len(progress.order.actions)),
        of=len(progress.order.actions),
        left_s=0.0 if ending is not None else round(left_s, 1),
        ending=None if ending is None else ending.value,
    )
