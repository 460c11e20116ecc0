"""Do the thresholds of a table hold on other people? What an office asks before it trusts them.

Nothing is calibrated: every threshold comes from the table, and the set says what it does there.
A rate holds when the upper end of its interval is at most `ALLOWED` times the target; it does not
when the rate itself is above that. What lies between needs more people, and the report says so.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gate.models.calibration import Curve, Kind, Rate, fnmr, kinds, scores_of
from gate.models.matching import COHORT, RAW, RAW_STRICT, SNORM, STRICTER
from gate.models.report.acquired import Faces
from gate.models.report.assemble import (
    INTERVAL_FMRS,
    TARGET,
    Show,
    figures,
    histograms,
    left_out,
    limits_of,
    require_pairs,
    worst,
)
from gate.models.report.groups import rates_by_group
from gate.models.report.intervals import at_threshold
from gate.models.scores import FALSE_MATCHES_MIN, Scores
from gate.models.sides import Mask, Side

ALLOWED = 2.0
NONE_OF = 3.0
"""Not one of n pairs: the rate is below 3/n at 95% (the rule of three)."""

HOLDS, FAILS, NOT_SHOWN = "holds", "fails", "not shown"


def evaluate(
    faces: Faces, table: Mapping[str, Any], groups: Mapping[str, Mask], *,
    mirror: bool, seed: int, show: Show,
) -> dict[str, Any]:  # fmt: skip
    """Figures of a table's thresholds on this set, for the setting that the gate runs in.
    InputRejected for a set without pairs."""
    require_pairs(faces)
    side = faces.side(mirror)
    fitting = [(k, c) for k in kinds(side, mirror) for c in table["curve"] if _is(c, k)]
    rows: list[dict[str, Any]] = []
    singles: dict[str, tuple[Curve, Scores]] = {}
    for n, (kind, curve) in enumerate(fitting):
        show("thresholds", n, len(fitting))
        scores = scores_of(side, kind, seed)
        rows += [
            r
            for name, rate in _asked(kind, curve)
            for r in [_row(side, kind, name, rate, scores, seed)]
        ]
        if kind.frames == 1:
            singles[kind.normalisation] = (_as_curve(kind, curve, scores), scores)
    asked = (r for r in rows if r["deciding"] and (r["frames"], r["target"]) == (1, TARGET))
    return {
        "table": dict(table.get("calibration", {})),
        "rows": rows,
        "verdict": next((r["verdict"] for r in asked), NOT_SHOWN),
        "left_out": left_out(side),
        "histograms": histograms(side, singles, seed),
        "groups": [
            {"normalisation": normalisation, **figures(rate)}
            for normalisation, (curve, scores) in singles.items()
            for rate in rates_by_group(groups, side, scores, curve, fmrs=INTERVAL_FMRS, seed=seed)
        ],
        "worst": worst(side, faces.stems, singles, limits_of(singles[RAW])),
    }


def _asked(kind: Kind, curve: Mapping[str, Any]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Name of the score and (target, threshold) of every rate of interest; the raw curve serves
    the fallback too."""
    thresholds = {float(f): float(t) for f, t in curve["thresholds"].items()}
    for fmr in INTERVAL_FMRS:
        if fmr in thresholds:
            yield kind.normalisation, (fmr, thresholds[fmr])
    for fmr in INTERVAL_FMRS:
        stricter = next((t for f, t in thresholds.items() if np.isclose(f * STRICTER, fmr)), None)
        if not kind.cohort and stricter is not None:
            yield RAW_STRICT, (fmr, stricter)


def _row(
    side: Side, scores: Scores, name: str, rate: tuple[float, float], *, seed: int
) -> dict[str, Any]:
    target, threshold = rate
    times = len(scores.tallies)
    passing, pairs = scores.passing(threshold), scores.impostor_pairs
    interval = at_threshold(scores, side.people, threshold, seed)
    ends = figures(interval)
    low, high = ends["fmr"] or (0.0, float(f"{NONE_OF * times / pairs:.3g}"))
    measured = passing / pairs
    return {
        "normalisation": name, "target": target, "threshold": threshold,
        "pairs": pairs // times, "false_matches": passing / times,
        "fmr": float(f"{measured:.4g}"), "fmr_interval": [low, high],
        "genuine": len(scores.genuine) // times, "fnmr": fnmr(scores, threshold),
        "fnmr_interval": ends["fnmr"],
        "deciding": name == (SNORM if len(np.unique(side.people)) >= COHORT else RAW_STRICT),
        "verdict": _verdict(target, measured, high, passing / times),
    }  # fmt: skip


def _verdict(target: float, measured: float, high: float, false_matches: float) -> str:
    if measured > ALLOWED * target:
        return FAILS if false_matches >= FALSE_MATCHES_MIN else NOT_SHOWN
    return HOLDS if high <= ALLOWED * target else NOT_SHOWN


def _is(curve: Mapping[str, Any], kind: Kind) -> bool:
    key = (kind.mirror, kind.frames, kind.normalisation)
    return (curve["mirror"], curve["frames"], curve["normalisation"]) == key


def _as_curve(kind: Kind, curve: Mapping[str, Any], scores: Scores) -> Curve:
    """The table's thresholds, to be used where a curve of this set would be."""
    rates = tuple(
        Rate(float(f), float(t), scores.passing(float(t)), fnmr(scores, float(t)))
        for f, t in curve["thresholds"].items()
    )
    return Curve(kind, scores.impostor_pairs, len(scores.genuine), rates, (), (), 0)
