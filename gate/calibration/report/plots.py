"""Plots of the report, drawn by matplotlib as SVG elements that stand in the page itself. Text
stays text, so it can be selected, and the reader's own fonts draw it, Chinese too."""

import hashlib
import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import NormalDist
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 66, 16, 14, 52
COLOURS = ("#0b6fa4", "#c2410c", "#3f7d20", "#7c3aed", "#475569")
DASHES: tuple[tuple[float, tuple[float, ...]], ...] = (
    (0, ()),
    (0, (3.5, 2)),
    (0, (1, 1.5)),
    (0, (4.5, 1.5, 1, 1.5)),
)
TEXT, FRAME, GRID, MARK = "#334155", "#64748b", "#e2e8f0", "#b91c1c"
LEGEND_ROW = 20

_STYLE: dict[Any, object] = {
    "svg.fonttype": "none",  # text, not outlines
    "svg.hashsalt": "exam-gate",  # the same figures give the same bytes
    "text.parse_math": False,  # a group may be called "$5"
    "font.family": "DejaVu Sans",  # comes with matplotlib; the page's own font replaces it
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "font.size": 12,
    "text.color": TEXT,
    "axes.facecolor": "none",
    "axes.edgecolor": FRAME,
    "axes.labelcolor": TEXT,
    "axes.labelweight": "bold",
    "xtick.labelcolor": TEXT,
    "ytick.labelcolor": TEXT,
}

Point = tuple[float, float]


def linear(value: float) -> float:
    """`value` itself."""
    return value


def logarithmic(value: float) -> float:
    """The decimal logarithm of `value`, which counts as 1e-12 at least."""
    return math.log10(max(value, 1e-12))


def probit(value: float) -> float:
    """The axis of DET curves (Martin et al., Eurospeech 1997): normal scores give lines."""
    return NormalDist().inv_cdf(min(max(value, 1e-9), 1 - 1e-9))


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a plot.

    `ticks`: (value, label), the first and last within `low` to `high`; `low` may be the larger one.
    `scale` gives where a value stands, on any even measure.
    """

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    scale: Callable[[float], float] = linear

    def place(self, value: float) -> float:
        """Where `value` stands on the scale; outside the axis it stays at its end."""
        inside = min(max(value, min(self.low, self.high)), max(self.low, self.high))
        return self.scale(inside)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot.

    `marks`: a dot at every point.
    """

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
    """One plot as an SVG element, in a box that a narrow screen scrolls. `legend`: (label, colour,
    dash), else the shapes' labels."""
    named = [
        (s.label, s.colour, s.dash if isinstance(s, Line) else -1)
        for s in shapes
        if not isinstance(s, Span) and s.label
    ]
    entries = named if legend is None else legend
    rows = math.ceil(len(entries) / 2)
    full = height + LEGEND_ROW * rows + (6 if rows else 0)
    with matplotlib.rc_context(_STYLE):
        figure = Figure((WIDTH / 72, full / 72), dpi=72)  # a point of the figure is a pixel
        wide, tall = WIDTH - RIGHT - left, height - TOP - BOTTOM
        axes = figure.add_axes(
            (left / WIDTH, 1 - (height - BOTTOM) / full, wide / WIDTH, tall / full)
        )
        _frame(axes, x, y)
        for place, mark in enumerate(marks):
            _mark(axes, x, y, mark, place)
        for shape in shapes:
            _shape(axes, x, y, shape)
        if entries:
            _legend(figure, entries, full)
        return _element(figure, title)


def _frame(axes: Axes, x: Axis, y: Axis) -> None:
    axes.set_xlim(x.place(x.low), x.place(x.high))
    axes.set_ylim(y.place(y.low), y.place(y.high))
    axes.set_xticks([x.place(v) for v, _ in x.ticks], [_printable(t) for _, t in x.ticks])
    axes.set_yticks([y.place(v) for v, _ in y.ticks], [_printable(t) for _, t in y.ticks])
    axes.set_xlabel(_printable(x.label))
    axes.set_ylabel(_printable(y.label))
    axes.tick_params(length=0, pad=6, bottom=False, left=False)
    axes.grid(color=GRID, linewidth=1)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _mark(axes: Axes, x: Axis, y: Axis, mark: PlotMark, place: int) -> None:
    """Neighbours' labels stand on different heights."""
    if mark.vertical:
        across = x.place(mark.value)
        axes.axvline(across, color=MARK, linewidth=1, dashes=(4, 3))
        at, away, side = (across, y.place(y.high)), (3.0, -11.0 - 14 * (place % 3)), "left"
    else:
        up = y.place(mark.value)
        axes.axhline(up, color=MARK, linewidth=1, dashes=(4, 3))
        at, away, side = (x.place(x.high), up), (-2.0, 3.0), "right"
    label = _printable(mark.label)
    axes.annotate(label, at, away, textcoords="offset pixels", ha=side, fontsize=11, color=MARK)


def _shape(axes: Axes, x: Axis, y: Axis, shape: Line | Bars | Span) -> None:
    colour = COLOURS[shape.colour % len(COLOURS)]
    if isinstance(shape, Bars):
        edges = np.linspace(shape.low, shape.high, len(shape.heights) + 1)
        tops = [y.place(tall) for tall in shape.heights]
        places = [x.place(edge) for edge in edges]
        axes.stairs(tops, places, baseline=y.place(y.low), fill=True, color=colour, alpha=0.35)
        axes.stairs(tops, places, baseline=y.place(y.low), color=colour)
    elif isinstance(shape, Span):
        up = y.place(shape.row)
        ends = [x.place(shape.low), x.place(shape.high)]
        axes.plot(ends, [up, up], color=colour, linewidth=2, clip_on=False)
        axes.plot([x.place(shape.value)], [up], "o", color=colour, markersize=8, clip_on=False)
    elif shape.points:
        axes.plot(
            [x.place(a) for a, _ in shape.points],
            [y.place(b) for _, b in shape.points],
            color=colour,
            linestyle=DASHES[shape.dash],
            linewidth=2,
            marker="o" if shape.marks else "",
            markersize=7,
            clip_on=False,
        )


def _legend(figure: Figure, entries: Sequence[tuple[str, int, int]], full: int) -> None:
    """Row by row, two a row; matplotlib fills its columns from the top."""
    signs = [(_sign(colour, dash), _printable(label)) for label, colour, dash in entries]
    by_column = [*signs[::2], *signs[1::2]]
    figure.legend(
        [sign for sign, _ in by_column],
        [label for _, label in by_column],
        ncols=2,
        loc="lower left",
        mode="expand",
        bbox_to_anchor=(LEFT / WIDTH, 0, (WIDTH - LEFT - RIGHT) / WIDTH, 6 / full),
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        labelspacing=0.4,
        handlelength=2,
    )


def _sign(colour: int, dash: int) -> Line2D | Patch:
    shade = COLOURS[colour % len(COLOURS)]
    if dash < 0:
        return Patch(color=shade)
    return Line2D([], [], color=shade, linestyle=DASHES[dash], linewidth=2.5)


def _printable(text: str) -> str:
    """Names come from outside; XML has no way to write a control character."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _element(figure: Figure, title: str) -> Markup:
    """The figure without what a file of its own needs. Ids are named after the plot: a page holds
    several. Coordinates to a tenth of a pixel, which no machine rounds in another way."""
    file = io.StringIO()
    with warnings.catch_warnings():  # Chinese is measured only: the reader's font draws it
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", metadata=nothing)
    _, _, rest = file.getvalue().partition("<svg ")
    head, _, body = rest.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    assert box is not None
    body = re.sub(r"<style.*?</style>|<!--.*?-->", "", body, flags=re.S)
    body = re.sub(r"(?<=[ \"(\n-])\d+\.\d{2,}", lambda m: f"{float(m[0]):.1f}", body)
    referred = set(re.findall(r'(?:url\(|href=")#(\w+)', body))
    own = "p" + hashlib.sha256((title + body).encode()).hexdigest()[:8]
    body = re.sub(
        r' id="([\w.-]+)"', lambda m: f' id="{own}{m[1]}"' if m[1] in referred else "", body
    )
    body = re.sub(r'((?:url\(|href=")#)(\w+)', rf"\g<1>{own}\g<2>", body)
    body = re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", " ", body)).strip()
    return Markup(
        f'<div class="plot"><svg {box[0]} role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"{body}</div>"
    )
