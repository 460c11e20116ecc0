"""Small SVG plots: axes, curves, bars. Text stays text, so Chinese and a copy both work.

A plotting library would be the largest package of the unit (matplotlib: tens of megabytes with
what it needs) for four plots with three kinds of axis, so these few functions draw them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import NormalDist

from markupsafe import Markup

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 66, 16, 14, 52
COLOURS = ("#0b6fa4", "#c2410c", "#3f7d20", "#7c3aed", "#475569")
DASHES = ("", "7 4", "2 3", "9 3 2 3")

Point = tuple[float, float]


def linear(value: float) -> float:
    return value


def logarithmic(value: float) -> float:
    return math.log10(max(value, 1e-12))


def probit(value: float) -> float:
    """The axis of DET curves (Martin et al., Eurospeech 1997): normal scores give lines."""
    return NormalDist().inv_cdf(min(max(value, 1e-9), 1 - 1e-9))


@dataclass(frozen=True, slots=True)
class Axis:
    """`ticks`: (value, label), the first and last within `low` to `high`."""

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    scale: Callable[[float], float] = linear

    def place(self, value: float, begin: float, end: float) -> float:
        """Where `value` lies between two pixels; outside the axis it stays at its end."""
        low, high = self.scale(self.low), self.scale(self.high)
        inside = min(max(value, min(self.low, self.high)), max(self.low, self.high))
        share = (self.scale(inside) - low) / (high - low)
        return begin + share * (end - begin)


@dataclass(frozen=True, slots=True)
class Line:
    """`marks`: a dot at every point."""

    label: str
    points: Sequence[Point]
    colour: int = 0
    dash: int = 0
    marks: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """An area of steps: `heights` in equal bins from `low` to `high`."""

    label: str
    low: float
    high: float
    heights: Sequence[float]
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """A dot with its interval on a row of its own, for dot plots."""

    row: float
    value: float
    low: float
    high: float
    colour: int = 0


@dataclass(frozen=True, slots=True)
class PlotMark:
    """A straight line across the plot at one value of an axis."""

    label: str
    value: float
    vertical: bool = True


def plot(
    title: str,
    x: Axis,
    y: Axis,
    shapes: Sequence[Line | Bars | Span],
    *,
    marks: Sequence[PlotMark] = (),
    legend: Sequence[tuple[str, int, int]] | None = None,
    height: int = HEIGHT,
    left: int = LEFT,
) -> Markup:
    """One plot as an SVG element. `legend`: (label, colour, dash), else the shapes' labels."""
    frame = _Frame(x, y, height, left)
    named = [
        (s.label, s.colour, s.dash if isinstance(s, Line) else -1)
        for s in shapes
        if not isinstance(s, Span) and s.label
    ]
    body = [
        _grid(frame),
        *(_mark(frame, m, n) for n, m in enumerate(marks)),
        *(_shape(frame, s) for s in shapes),
    ]
    entries = named if legend is None else legend
    rows = math.ceil(len(entries) / 2)
    full = height + 20 * rows + (6 if rows else 0)
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {full}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(body)}{_legend(entries, height)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    x: Axis
    y: Axis
    height: int
    left: int

    @property
    def bottom(self) -> int:
        return self.height - BOTTOM

    def at(self, point: Point) -> Point:
        across = self.x.place(point[0], self.left, WIDTH - RIGHT)
        return across, self.y.place(point[1], self.bottom, TOP)


def _grid(f: _Frame) -> str:
    parts = []
    for value, label in f.x.ticks:
        across = f.x.place(value, f.left, WIDTH - RIGHT)
        parts.append(f'<path class="g" d="M{across:.1f} {TOP}V{f.bottom}"/>')
        parts.append(f'<text x="{across:.1f}" y="{f.bottom + 16}" class="m">{escape(label)}</text>')
    for value, label in f.y.ticks:
        up = f.y.place(value, f.bottom, TOP)
        parts.append(f'<path class="g" d="M{f.left} {up:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{f.left - 6}" y="{up + 4:.1f}" class="e">{escape(label)}</text>')
    middle = (f.left + WIDTH - RIGHT) / 2
    parts.append(f'<path class="a" d="M{f.left} {TOP}V{f.bottom}H{WIDTH - RIGHT}"/>')
    parts.append(f'<text x="{middle}" y="{f.bottom + 38}" class="m t">{escape(f.x.label)}</text>')
    if f.y.label:
        up = (TOP + f.bottom) / 2
        parts.append(
            f'<text transform="translate(15 {up}) rotate(-90)" class="m t">'
            f"{escape(f.y.label)}</text>"
        )
    return "".join(parts)


def _mark(f: _Frame, mark: PlotMark, place: int) -> str:
    """Neighbours' labels stand on different heights."""
    if mark.vertical:
        across = f.x.place(mark.value, f.left, WIDTH - RIGHT)
        down = TOP + 11 + 14 * (place % 3)
        return (
            f'<path class="l" d="M{across:.1f} {TOP}V{f.bottom}"/>'
            f'<text x="{across + 3:.1f}" y="{down}" class="n">{escape(mark.label)}</text>'
        )
    up = f.y.place(mark.value, f.bottom, TOP)
    return (
        f'<path class="l" d="M{f.left} {up:.1f}H{WIDTH - RIGHT}"/>'
        f'<text x="{WIDTH - RIGHT - 2}" y="{up - 3:.1f}" class="n e">{escape(mark.label)}</text>'
    )


def _shape(f: _Frame, shape: Line | Bars | Span) -> str:
    colour = COLOURS[shape.colour % len(COLOURS)]
    if isinstance(shape, Bars):
        return _area(f, shape, colour)
    if isinstance(shape, Span):
        (low, up), (high, _) = f.at((shape.low, shape.row)), f.at((shape.high, shape.row))
        across, _ = f.at((shape.value, shape.row))
        return (
            f'<path d="M{low:.1f} {up:.1f}H{high:.1f}" stroke="{colour}" stroke-width="2"/>'
            f'<circle cx="{across:.1f}" cy="{up:.1f}" r="4" fill="{colour}"/>'
        )
    if not shape.points:
        return ""
    places = [f.at(p) for p in shape.points]
    path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in places)
    dots = "".join(
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"/>' for a, b in places
    )
    dash = f' stroke-dasharray="{DASHES[shape.dash]}"' if DASHES[shape.dash] else ""
    line = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
    return line + ("".join(dots) if shape.marks else "")


def _area(f: _Frame, bars: Bars, colour: str) -> str:
    wide = (bars.high - bars.low) / len(bars.heights)
    steps = []
    for n, tall in enumerate(bars.heights):
        left, up = f.at((bars.low + n * wide, tall))
        right, _ = f.at((bars.low + (n + 1) * wide, tall))
        steps.append(f"L{left:.1f} {up:.1f}H{right:.1f}")
    begin, _ = f.at((bars.low, f.y.low))
    end, _ = f.at((bars.high, f.y.low))
    path = f"M{begin:.1f} {f.bottom}{''.join(steps)}L{end:.1f} {f.bottom}Z"
    return f'<path d="{path}" fill="{colour}" fill-opacity="0.35" stroke="{colour}"/>'


def _legend(entries: Sequence[tuple[str, int, int]], height: int) -> str:
    parts = []
    for n, (label, colour, dash) in enumerate(entries):
        across = LEFT + (n % 2) * (WIDTH - LEFT) / 2
        up = height + 12 + 20 * (n // 2)
        shade = COLOURS[colour % len(COLOURS)]
        if dash < 0:
            sign = f'<rect x="{across}" y="{up - 9}" width="22" height="10" fill="{shade}"/>'
        else:
            how = f' stroke-dasharray="{DASHES[dash]}"' if DASHES[dash] else ""
            sign = f'<path d="M{across} {up - 4}h24" stroke="{shade}" stroke-width="2.5"{how}/>'
        parts.append(f'{sign}<text x="{across + 30}" y="{up}" class="k">{escape(label)}</text>')
    return "".join(parts)
