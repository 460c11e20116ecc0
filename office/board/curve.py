"""Arrivals per minute as an SVG polyline. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 600, 120


class Curve(NamedTuple):
    """`points`: `x,y` pairs, the first minute at the left, the most arrivals at the top; empty for
    none. `first`, `last`: HH:MM. `most`: arrivals of the fullest minute."""

    points: str = ""
    first: str = ""
    last: str = ""
    most: int = 0


def curve_shape(curve: Sequence[tuple[str, int]]) -> Curve:
    """What a page draws of the minutes and counts of `overview.curve_of`."""
    if not curve:
        return Curve()
    counts = [count for _, count in curve]
    most, step = max(*counts, 1), WIDTH / max(len(counts) - 1, 1)
    pairs = [(n * step, HEIGHT - count / most * HEIGHT) for n, count in enumerate(counts)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)
    return Curve(points, curve[0][0][-5:], curve[-1][0][-5:], max(counts))
