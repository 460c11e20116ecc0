"""Watches the simulated outputs of a running gate until they have said enough, with a bound."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from demo import lamps
from demo.cast import Expected
from demo.sockets import NotAnswered
from demo.stage import Stage

RHYTHM_S = 5.0
ASKED_S = 10.0
DARK_S = 0.6
LOOK_S = 0.08
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown:
    """What lamps and buzzer did, as the table of reasons names it; None: not to be told."""

    lamps: str | None
    buzzer: str | None
    barrier: bool


def shown(stage: Stage, cut_s: float, target: Expected) -> Shown:
    """What is shown since `cut_s`. Looks until it is `target` or RHYTHM_S have passed."""

    def look() -> Shown:
        changes, now_s = stage.changes(), time.monotonic()
        return Shown(
            lamps.shown(changes, cut_s, now_s),
            lamps.tones(changes, cut_s, now_s),
            lamps.opened(changes, cut_s),
        )

    wanted = Shown(target.lamps, target.buzzer, target.barrier)
    return _until(stage, look, lambda seen: seen == wanted, cut_s + RHYTHM_S)


def first_lit(stage: Stage, lamp: str, since_s: float) -> float:
    """When `lamp` was first lit since `since_s`; that itself where it was not."""
    on = (start for start, _ in lamps.spans(stage.changes(), lamp) if start >= since_s)
    return next(on, since_s)


def held(stage: Stage, label: str, cut_s: float) -> float | None:
    """How long the lamp of `label` stayed lit."""
    lamp = label.partition(":")[0]
    return _until(
        stage,
        lambda: lamps.held_s(stage.changes(), lamp, cut_s),
        lambda s: s is not None,
        cut_s + RHYTHM_S,
    )


def asked(stage: Stage, from_s: float, to_s: float) -> int:
    return lamps.asked(stage.changes(), from_s, to_s)


def asked_again(stage: Stage, since_s: float) -> None:
    """Until the gate asks for another try. NotAnswered."""
    until = time.monotonic() + ASKED_S
    if not _until(stage, lambda: asked(stage, since_s, time.monotonic()), bool, until):
        raise NotAnswered("the gate did not ask again")


def goes_dark(stage: Stage) -> bool:
    """Whether every lamp goes out and stays out for longer than any rhythm is dark."""

    def dark() -> bool:
        changes, now_s = stage.changes(), time.monotonic()
        return not any(lamps.since(lamps.spans(changes, n), now_s - DARK_S) for n in lamps.LAMPS)

    return _until(stage, dark, bool, time.monotonic() + 2 * DARK_S)


def _until(stage: Stage, look: Callable[[], T], enough: Callable[[T], bool], by_s: float) -> T:
    while not enough(seen := look()) and time.monotonic() < by_s:
        stage.pause(LOOK_S)
    return seen
