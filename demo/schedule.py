"""The schedule of every rhythm and tone, and how well recorded edges fit it. Pure; seconds.

The gate plays a pattern by an absolute schedule. Each edge is due at a fixed time after the pattern
is shown. A busy machine makes edges late, never early, and a late one does not move those after it.
Where a thread sleeps through a whole span, both edges of that span are missing. So recorded edges
are compared with the schedule, not with each other.

formats.md, Reasons: steady; slow 0.5 s on, 0.5 s off; fast 0.125 s on, 0.125 s off; double: two
0.125 s flashes each second. A short tone is 0.15 s, a long one 0.6 s, with 0.2 s between.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STALL_S = 0.3
"""The longest delay of one edge that is still taken for a busy machine."""
SKIP_EVERY_S = 2.0
"""At most one span in so long may be missing. Double looks like slow with one span of two missing
each second, so more would make them alike."""
CLOCK_S = 0.002
"""Times are whole milliseconds, and so is the moment of showing."""

Edge = tuple[float, bool]
"""Seconds since the pattern was shown, and whether it switches on."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`on`: spans `[start, end)`, repeated every `period_s`, or once. `proof`: how many edges must
    be recorded before it may be told."""

    name: str
    on: tuple[tuple[float, float], ...]
    period_s: float | None
    proof: int

    def edges(self, until_s: float) -> list[Edge]:
        """Everything due up to `until_s`, in order."""
        rounds = 1 if self.period_s is None else max(0, int(until_s / self.period_s)) + 1
        due = [
            (n * (self.period_s or 0.0) + at_s, on)
            for n in range(rounds)
            for span in self.on
            for at_s, on in zip(span, (True, False), strict=True)
        ]
        return [edge for edge in due if edge[0] <= until_s]


@dataclass(frozen=True, slots=True)
class Fit:
    """How late each recorded edge was, in s, and how many spans of the schedule are missing."""

    name: str
    late_s: tuple[float, ...]
    skipped: int


RHYTHMS = (
    Schedule("steady", ((0.0, math.inf),), None, 1),
    Schedule("slow", ((0.0, 0.5),), 1.0, 3),
    Schedule("fast", ((0.0, 0.125),), 0.25, 7),
    Schedule("double", ((0.0, 0.125), (0.25, 0.375)), 1.0, 5),
)


def _beeps(count: int, length_s: float) -> tuple[tuple[float, float], ...]:
    return tuple((n * (length_s + 0.2), n * (length_s + 0.2) + length_s) for n in range(count))


TONES = (
    Schedule("none", (), None, 0),
    Schedule("one short", _beeps(1, 0.15), None, 2),
    Schedule("two short", _beeps(2, 0.15), None, 2),
    Schedule("one long", _beeps(1, 0.6), None, 2),
    Schedule("two long", _beeps(2, 0.6), None, 2),
    Schedule("three long", _beeps(3, 0.6), None, 2),
)


def fit(schedule: Schedule, seen: Sequence[Edge], until_s: float) -> Fit | None:
    """How `seen`, the alternating edges recorded up to `until_s`, come from `schedule`.

    None where they cannot: an edge that is due at no such time, one too late, or one that is
    overdue.
    """
    due = schedule.edges(until_s + CLOCK_S)
    late_s: list[float] = []
    following = skipped = 0
    for at_s, on in seen:
        causes = (
            [n for n in range(following, len(due), 2) if due[n][0] <= at_s + CLOCK_S]
            if following < len(due) and due[following][1] == on
            else []
        )
        if not causes:
            return None
        cause = causes[-1]
        asleep_s = due[cause - 1][0] - due[following][0] if cause > following else 0.0
        late_s.append(max(0.0, at_s - due[cause][0]))
        if max(late_s[-1], asleep_s) > STALL_S:
            return None
        skipped += (cause - following) // 2
        following = cause + 1
    if any(at_s + STALL_S < until_s for at_s, _ in due[following:]):
        return None
    return Fit(schedule.name, tuple(late_s), skipped)


def tell(
    schedules: Iterable[Schedule], seen: Sequence[Edge], until_s: float, skips: int
) -> Fit | str | None:
    """The one schedule that fits best: by fewest missing spans, `skips` at most. None while more
    than one is possible or too little is recorded; `odd` where none fits."""
    possible = [
        (found.skipped, len(seen) >= schedule.proof, found)
        for schedule in schedules
        if (found := fit(schedule, seen, until_s)) is not None and found.skipped <= skips
    ]
    if not possible:
        return "odd"
    fewest = min(skipped for skipped, _, _ in possible)
    best = [(proven, found) for skipped, proven, found in possible if skipped == fewest]
    return best[0][1] if len(best) == 1 and best[0][0] else None


def allowed_skips(until_s: float) -> int:
    """How many spans of a rhythm may be missing by then."""
    return int(until_s / SKIP_EVERY_S)


def edges_of(spans: Iterable[tuple[float, float | None]]) -> list[Edge]:
    """Spans as alternating edges."""
    return [
        (at_s, on)
        for span in spans
        for at_s, on in zip(span, (True, False), strict=True)
        if at_s is not None
    ]
