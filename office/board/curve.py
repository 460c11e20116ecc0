"""Arrivals per minute as the points of an SVG polyline. Pure."""

from collections.abc import Sequence

WIDTH, HEIGHT = 600, 120


def points_of(curve: Sequence[Sequence[object]]) -> str:
    """`x,y` pairs, the first minute at the left, the most arrivals at the top; empty for none."""
    counts = [int(str(count)) for _, count in curve]
    if not counts:
        return ""
    most, step = max(*counts, 1), WIDTH / max(len(counts) - 1, 1)
    pairs = [(n * step, HEIGHT - count / most * HEIGHT) for n, count in enumerate(counts)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)
