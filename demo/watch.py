"""Watches the simulated outputs of a running gate until they have said enough, with a bound."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from demo import lamps
from demo.cast import Expected
from demo.gate import Gate
from demo.sockets import NotAnswered

RHYTHM_S = 8.0
"""Two rounds of the slowest rhythm after one of them was disturbed."""
ASKED_S = 10.0
LOOK_S = 0.08
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown:
    """What lamps and buzzer did, as the table of reasons names it; None: not to be told. `late_s`:
    how late each edge of the lamps was by the pattern's schedule; `skipped`: missing flashes."""

    lamps: str | None
    buzzer: str | None
    barrier: bool
    late_s: tuple[float, ...] = ()
    skipped: int = 0

    def is_as(self, target: Expected) -> bool:
        """Whether it is what a row must show; edges may be late."""
        wanted = (target.lamps, target.buzzer, target.barrier)
        return (self.lamps, self.buzzer, self.barrier) == wanted


def shown(gate: Gate, cut_s: float, target: Expected) -> Shown:
    """What is shown since `cut_s`. Looks until it is `target` or RHYTHM_S have passed."""

    def look() -> Shown:
        changes, now_s = gate.history()
        told = lamps.shown(changes, cut_s, now_s)
        barrier = lamps.opened(changes, cut_s)
        return Shown(told.lamps, told.buzzer, barrier, told.late_s, told.skipped)

    return _until(gate, look, lambda seen: seen.is_as(target), cut_s + RHYTHM_S)


def first_lit(gate: Gate, lamp: str, since_s: float) -> float:
    """When `lamp` was first lit since `since_s`; that itself where it was not."""
    on = (start for start, _ in lamps.spans(gate.history()[0], lamp) if start >= since_s)
    return next(on, since_s)


def held(gate: Gate, label: str, cut_s: float) -> float | None:
    """How long the lamp of `label` stayed lit."""
    lamp = label.partition(":")[0]
    return _until(
        gate,
        lambda: lamps.held_s(gate.history()[0], lamp, cut_s),
        lambda s: s is not None,
        cut_s + RHYTHM_S,
    )


def asked(gate: Gate, from_s: float, to_s: float) -> int:
    return lamps.asked(gate.history()[0], from_s, to_s)


def asked_again(gate: Gate, since_s: float) -> None:
    """Until the gate asks for another try. NotAnswered."""
    until = time.monotonic() + ASKED_S
    if not _until(gate, lambda: asked(gate, since_s, time.monotonic()), bool, until):
        raise NotAnswered("the gate did not ask again")


def goes_dark(gate: Gate) -> bool:
    """Whether every lamp goes out and stays out for longer than any rhythm is dark."""

    def dark() -> bool:
        changes, now_s = gate.history()
        since_s = now_s - lamps.DARK_S
        return not any(lamps.since(lamps.spans(changes, n), since_s) for n in lamps.LAMPS)

    return _until(gate, dark, bool, time.monotonic() + 3 * lamps.DARK_S)


def _until(gate: Gate, look: Callable[[], T], enough: Callable[[T], bool], by_s: float) -> T:
    while not enough(seen := look()) and time.monotonic() < by_s:
        gate.pause(LOOK_S)
    return seen
