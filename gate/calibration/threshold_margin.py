"""How far above its measured place a threshold stands in the table.

At the measured place half of all sets like this one would let more pass than the name says. So a
threshold named N has two conditions in the table. At most `SHARE` of N was measured. The upper end
of the rate's 95% interval (people drawn again, `intervals.py`) is at most N.

Where several pictures are fused, fewer people have enough of them and the interval is mostly
chance. There the upper end is at most 2 N, which `--against` accepts as held.
"""

import math
from collections.abc import Callable, Mapping

SHARE = 0.75
"""At most this share of the rate that a threshold is named by was measured at it. The interval of
one picture asks for 0.76. For several pictures it is the least, because their upper end alone could
ask for nothing."""

ONE, SEVERAL = 1, 2
"""The upper end of the interval, in units of the rate that a threshold is named by."""


def bound_of(frames: int) -> int:
    """For a curve of so many fused pictures."""
    return ONE if frames == 1 else SEVERAL


def with_margin(
    threshold: Callable[[float], float | None],
    points: Mapping[float, float],
    upper: Mapping[float, float],
) -> dict[float, float]:
    """Rate to threshold in the table.

    `threshold`: where a rate is measured, None where too few false matches stand behind it.
    `points`: that of each rate. `upper`: where the upper end is met, for the rates that have an
    interval. The others have none: the first, and the last, behind which only a few false matches
    stand. They are moved as far as the nearest of these. Nothing is moved down, and a lower rate
    never gets a lower threshold.
    """
    moved = {
        f: max(upper[f], threshold(SHARE * f) or points[f], points[f]) - points[f]
        for f in upper
        if f in points
    }
    found: dict[float, float] = {}
    least = -math.inf
    for fmr in sorted(points, reverse=True):
        nearest = min(moved, key=lambda f: abs(math.log(f / fmr)), default=None)
        least = max(least, points[fmr] + (0.0 if nearest is None else moved[nearest]))
        found[fmr] = least
    return found
