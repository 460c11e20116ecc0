"""Do the thresholds of a table hold on other people? What an office asks before it trusts them.

Nothing is calibrated: every threshold comes from the table, and the set says what it does there. A
rate holds when the upper end of its interval is at most `ALLOWED` times the target. It does not
hold when the rate itself is above that and the whole interval above the target. Anything between
(two look-alikes among seventy people) needs more people, and the report says so.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from gate.calibration.acquisition import Faces
from gate.calibration.curves import INTERVAL_FMRS, Kind, Rate, RateCurve, fits, fnmr, scores_of
from gate.calibration.findings import (
    TARGET,
    Show,
    histograms,
    kind_of,
    left_out,
    limits_of,
    require_pairs,
    worst,
)
from gate.calibration.findings_json import SETTINGS, figures
from gate.calibration.groups import rates_by_group
from gate.calibration.intervals import at_threshold
from gate.calibration.scores import Scores
from gate.calibration.template_sets import FlooredScale, Mask, Side
from gate.core.json_types import JsonFields, JsonObject
from gate.models.matching import COHORT, RAW, RAW_STRICT, SNORM, STRICTER
from gate.ports.values import TemplateKind

ALLOWED = 2.0
NONE_OF = 3.0
"""Not one of n: the rate is below 3/n at 95% (the rule of three). n counts pairs of people, since
two look-alikes match in all their pictures at once. No interval here ends below it."""

HOLDS, FAILS, NOT_SHOWN = "holds", "fails", "not shown"


def evaluate(
    faces: Faces,
    table: JsonFields,
    groups: Mapping[str, Mask],
    *,
    seed: int,
    show: Show,
) -> JsonObject:
    """Figures of a table's thresholds on this set; augmented probes have the last word.
    InputRejected for a set without pairs."""
    require_pairs(faces)
    side = faces.augmented
    curves = sorted(
        ((kind_of(c), c) for c in table["curve"]),
        key=lambda k: k[0].template is not TemplateKind.AUGMENTED,
    )
    fitting = [(kind, c) for kind, c in curves if fits(side, kind)]
    rows: list[JsonObject] = []
    singles: dict[str, tuple[RateCurve, Scores]] = {}
    for n, (kind, curve) in enumerate(fitting):
        show("thresholds", n, len(fitting))
        scores = scores_of(faces.probes(kind.template), side, kind, seed, _scale(kind, curve))
        key = {"setting": SETTINGS[kind.template], "frames": kind.frames}
        asked = _asked(kind, curve)
        rows += [key | _row(side, scores, name, rate, seed=seed) for name, rate in asked]
        if kind.template is TemplateKind.AUGMENTED and kind.frames == 1:
            singles[kind.normalisation] = (_as_curve(kind, curve, scores), scores)
    last = (r for r in rows if is_last_word(r) and r["target"] == TARGET)
    return {
        "table": {k: str(v) for k, v in table.get("calibration", {}).items()},
        "rows": rows,
        "verdict": next((r["verdict"] for r in last), NOT_SHOWN),
        "left_out": left_out(side),
        "histograms": histograms(side, singles, seed),
        "groups": [
            {"normalisation": normalisation, **figures(rate)}
            for normalisation, (curve, scores) in singles.items()
            for rate in rates_by_group(groups, side, scores, curve, fmrs=INTERVAL_FMRS, seed=seed)
        ],
        "worst": worst(side, faces.stems, singles, limits_of(singles[RAW])),
    }


def _scale(kind: Kind, curve: JsonFields) -> FlooredScale | None:
    """A normalised score is measured as the gate decides: with the floor beside it."""
    if not kind.cohort:
        return None
    thresholds, floors = (
        {float(f): float(v) for f, v in curve[row].items()} for row in ("thresholds", "floors")
    )
    return FlooredScale.of(thresholds, floors)


def is_last_word(row: JsonFields) -> bool:
    """The rows that the verdict rests on: one augmented picture, by the score of such a roster."""
    is_augmented = row["setting"] == SETTINGS[TemplateKind.AUGMENTED]
    return bool(row["deciding"] and row["frames"] == 1 and is_augmented)


def _asked(kind: Kind, curve: JsonFields) -> Iterator[tuple[str, tuple[float, float]]]:
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
) -> JsonObject:
    target, threshold = rate
    times = len(scores.counts)
    passing, pairs = scores.passing(threshold), scores.impostor_pairs
    interval = at_threshold(scores, side.people, threshold, seed)
    ends = figures(interval)
    low, high = ends["fmr"] or (0.0, 0.0)
    people = len(np.unique(side.people))
    high = max(high, float(f"{NONE_OF / (people * (people - 1) / 2):.3g}"))
    measured = passing / pairs
    return {
        "normalisation": name,
        "target": target,
        "threshold": threshold,
        "pairs": pairs // times,
        "false_matches": passing / times,
        "fmr": float(f"{measured:.4g}"),
        "fmr_interval": [low, high],
        "genuine": len(scores.genuine) // times,
        "fnmr": fnmr(scores, threshold),
        "fnmr_interval": ends["fnmr"],
        "deciding": name == (SNORM if people >= COHORT else RAW_STRICT),
        "verdict": _verdict(target, measured, low, high),
    }


def _verdict(target: float, measured: float, low: float, high: float) -> str:
    if measured > ALLOWED * target and low > target:
        return FAILS
    return HOLDS if high <= ALLOWED * target else NOT_SHOWN


def _as_curve(kind: Kind, curve: JsonFields, scores: Scores) -> RateCurve:
    """The table's thresholds, to be used where a curve of this set would be."""
    rates = tuple(
        Rate(float(f), float(t), scores.passing(float(t)), fnmr(scores, float(t)))
        for f, t in curve["thresholds"].items()
    )
    return RateCurve(kind, scores.impostor_pairs, len(scores.genuine), rates, (), (), 0)
