"""The report's plots, from its figures."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from gate.calibration.number_text import rate_name
from gate.calibration.report.plots import (
    Axis,
    Bars,
    Line,
    PlotMark,
    Span,
    linear,
    logarithmic,
    plot,
    probit,
)
from gate.core.json_types import JsonFields
from gate.models.matching import RAW, RAW_STRICT

Figures = JsonFields
ROW_PX = 26
LABEL_CHARACTERS = 20


def det(report: Figures) -> Markup:
    """FNMR against FMR on probit axes, one picture and several, raw and s-norm."""
    curves = [c for c in report["curves"] if c["mirror"] == report["setting"]["mirror"]]
    frames = sorted({c["frames"] for c in curves})
    lines = [
        Line(
            _curve_name(c),
            [p for p in c["det"] if p[1] > 0],
            frames.index(c["frames"]),
            0 if c["cohort"] else 1,
        )
        for c in curves
    ]
    points = [p for line in lines for p in line.points]
    if not points:
        return Markup()
    least = min(f for _, f in points)
    x = Axis("FMR 误识率", 1e-6, 1e-2, _decades(1e-6, 1e-2), probit)
    y = Axis("FNMR 拒识率", *_percents(max(least * 0.7, 1e-4), max(f for _, f in points)), probit)
    marks = [PlotMark(rate_name(f), f) for f in (1e-3, 1e-4, 1e-5)]
    return plot("DET curve", x, y, lines, marks=marks)


def histogram(counted: Figures, thresholds: Sequence[tuple[float, float]]) -> Markup:
    """Genuine and impostor scores, each as shares of its own kind, on a logarithmic axis: the
    tails are what matters."""
    bars = []
    for name, label, colour in (
        ("impostor", "different people 不同人", 1),
        ("genuine", "one person 同一人", 0),
    ):
        total = max(1, sum(counted[name]))
        heights = [n / total for n in counted[name]]
        bars.append(Bars(label, counted["low"], counted["high"], heights, colour))
    low, high = _used(counted)
    title = "cosine 余弦相似度" if counted["normalisation"] == RAW else "s-norm 归一化得分"
    x = Axis(title, low, high, _steps(low, high))
    y = Axis("share of pairs 比例", 1e-7, 1.0, _decades(1e-7, 1.0), logarithmic)
    marks = [PlotMark(rate_name(f), t) for f, t in thresholds if low < t < high]
    return plot("Score histogram", x, y, bars, marks=marks, height=320)


def by_frames(report: Figures) -> Markup:
    """FNMR against the number of fused pictures, on the same people throughout."""
    curves = [c for c in report["curves"] if c["mirror"] == report["setting"]["mirror"]]
    found: dict[tuple[bool, float], list[tuple[float, float]]] = {}
    for curve in curves:
        for fmr, missed in curve["same_people"]["fnmr"]:
            if fmr in (1e-4, 1e-5):
                found.setdefault((bool(curve["cohort"]), fmr), []).append((curve["frames"], missed))
    values = [m for points in found.values() for _, m in points]
    if not values or not max(values):
        return Markup()
    floor = max(min(m for m in values if m > 0) * 0.6, 1e-4)
    lines = [
        Line(
            f"{'s-norm' if normed else 'raw'}, FMR {rate_name(fmr)}",
            points,
            0 if fmr == 1e-4 else 1,
            0 if normed else 1,
            marks=True,
        )
        for (normed, fmr), points in sorted(found.items(), reverse=True)
    ]
    frames = sorted({c["frames"] for c in curves})
    x = Axis("pictures fused 融合张数", 0.7, max(frames) + 0.3, tuple((n, str(n)) for n in frames))
    y = Axis("FNMR 拒识率", *_percents(floor, max(values) * 1.2), logarithmic)
    return plot("FNMR against frames", x, y, lines, height=340)


def held_out(rows: Sequence[Figures], target: float) -> Markup:
    """Measured FMR of each group that the threshold was not set on, raw beside normalised."""
    rows = [r for r in rows if r["target"] == target and r["normalisation"] != RAW_STRICT]
    groups = list(dict.fromkeys(r["group"] for r in rows))
    spans = []
    for r in rows:
        raw = r["normalisation"] == RAW
        low, high = r["interval"]["fmr"] or (1e-6, 3 / max(1, r["pairs"]))
        place = groups.index(r["group"]) + (0.16 if raw else -0.16)
        spans.append(Span(place, max(r["fmr"], 1e-6), low, high, 1 if raw else 0))
    x = Axis("FMR measured 实测误识率", 1e-6, 1e-2, _decades(1e-6, 1e-2), logarithmic)
    ticks = tuple((float(n), g[:LABEL_CHARACTERS]) for n, g in enumerate(groups))
    y = Axis("", len(groups) - 0.5, -1.2, ticks, linear)
    marks = [PlotMark("target", target), PlotMark("twice", 2 * target)]
    legend = [("raw cosine 原始余弦", 1, 0), ("s-norm 归一化", 0, 0)]
    return plot(
        "Held-out groups",
        x,
        y,
        spans,
        marks=marks,
        legend=legend,
        height=110 + ROW_PX * len(groups),
        left=150,
    )


def _curve_name(curve: Figures) -> str:
    kind = "s-norm" if curve["cohort"] else "raw"
    return f"{kind}, {curve['frames']} picture{'s' if curve['frames'] > 1 else ''} 张"


def _decades(low: float, high: float) -> tuple[tuple[float, str], ...]:
    powers = range(round(math.log10(low)), round(math.log10(high)) + 1)
    return tuple((10.0**n, f"1e{n}" if n else "1") for n in powers)


def _percents(low: float, high: float) -> tuple[float, float, tuple[tuple[float, str], ...]]:
    """Ends of an axis and the round numbers between them."""
    steps = [n * 10.0**k for k in range(-4, 1) for n in (1, 2, 5) if n * 10.0**k < 0.6]
    begin = max((s for s in steps if s <= low), default=steps[0])
    end = min((s for s in steps if s >= high), default=steps[-1])
    return begin, end, tuple((s, f"{s * 100:g}%") for s in steps if begin <= s <= end)


def _steps(low: float, high: float) -> tuple[tuple[float, str], ...]:
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10) if (high - low) / s <= 9)
    first = math.ceil(low / step)
    return tuple((n * step, f"{n * step:g}") for n in range(first, math.floor(high / step) + 1))


def _used(counted: Figures) -> tuple[float, float]:
    """The part of the bins that holds pairs."""
    both = [a + b for a, b in zip(counted["genuine"], counted["impostor"], strict=True)]
    used = [n for n, count in enumerate(both) if count]
    wide = (counted["high"] - counted["low"]) / len(both)
    return counted["low"] + used[0] * wide, counted["low"] + (used[-1] + 1) * wide
