"""One calibration, whole: from templates to the figures of report.json, which the page shows."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gate.calibration.acquisition import Faces
from gate.calibration.curves import (
    ENOUGH_PICTURES,
    FRAMES,
    INTERVAL_FMRS,
    Kind,
    RateCurve,
    floored,
    kinds,
    measured,
    scores_of,
)
from gate.calibration.findings_json import curve_figures, figures
from gate.calibration.fused_frames import Table, by_looks
from gate.calibration.groups import PEOPLE_MIN, alike, by_lot, rates_by_group
from gate.calibration.held_out import HeldOut, held_out
from gate.calibration.histogram import histogram
from gate.calibration.own_cohort import STRANGERS_MIN, with_own_cohort
from gate.calibration.protocols import draw_cohort
from gate.calibration.rare_groups import AtShare, by_share
from gate.calibration.scores import FALSE_MATCHES_MIN, FMRS, Scores
from gate.calibration.template_sets import Mask, Side
from gate.calibration.worst_pairs import Limits, doubtful_pictures, worst_genuine, worst_impostors
from gate.core.json_types import JsonFields, JsonObject
from gate.errors import InputRejected
from gate.models.calibration_table import MIRROR, kind_in_file
from gate.models.matching import COHORT, MODEL, RAW, SNORM, TOP, Thresholds
from gate.models.matching import ThresholdCurve as Points
from gate.ports.values import TemplateKind

TARGET = 1e-4
"""The rate that exams ask for unless they say otherwise."""

EVERYBODY = "everybody"
"""A group of all people: what the floor costs those whose like fill the cohort."""

ALIKE_GROUPS, LOT_GROUPS = 6, 4
PEOPLE_FOR_ALIKE = ALIKE_GROUPS * PEOPLE_MIN * 2
BINS = {RAW: (-0.4, 1.0), SNORM: (-10.0, 24.0)}
BIN_COUNT = 136

Show = Callable[[str, int, int], None]
Singles = Mapping[str, tuple[RateCurve, Scores]]
"""Curve and scores of one picture against one, by normalisation."""


def calibrate(faces: Faces, groups: Mapping[str, Mask], seed: int, show: Show) -> JsonObject:
    """Figures of a calibration: curves of both kinds of probe, the rest of the augmented one, which
    has the last word. InputRejected where not even the highest rate can be stated."""
    require_pairs(faces)
    side = faces.augmented
    wanted = [k for template in TemplateKind for k in kinds(side, template)]
    curves: list[RateCurve] = []
    singles: dict[str, tuple[RateCurve, Scores]] = {}
    for n, kind in enumerate(wanted):
        show("curves", n, len(wanted))
        scores = scores_of(faces.probes(kind.template), side, kind, seed)
        curve = measured(side, kind, scores, seed)
        curves += [curve] if curve.rates else []
        if kind.template is TemplateKind.AUGMENTED and kind.frames == 1 and curve.rates:
            singles[kind.normalisation] = (curve, scores)
    curves = floored(curves)
    limits = limits_of(singles[RAW])
    return {
        "curves": [curve_figures(c) for c in curves],
        "left_out": left_out(side),
        "histograms": histograms(side, singles, seed),
        "looks": by_looks(faces.single, side, seed, table=_thresholds(curves)),
        "groups": _groups(groups, side, singles, seed),
        "held_out": [figures(h) for h in _held_out(groups, side, limits, seed, show)],
        "by_share": [figures(s) for s in _by_share(groups, side, curves, seed, show)],
        "worst": worst(side, faces.stems, singles, limits),
    }


def require_pairs(faces: Faces) -> None:
    """InputRejected for no face, one person, or too few pairs for any rate."""
    people = len(np.unique(faces.augmented.people))
    if not people:
        raise InputRejected(
            f"None of the {len(faces.failed)} pictures shows a face: name another folder.",
            f"{len(faces.failed)} 张图片均未检测到人脸：请另选目录。",
        )
    if people < 2:
        raise InputRejected(
            "Faces of one person only: error rates need pictures of several people.",
            "只有一个人的人脸：计算误识率需要多个人的图片。",
        )
    pairs = _impostor_pairs(faces.augmented)
    needed = int(FALSE_MATCHES_MIN / max(FMRS))
    if pairs < needed:
        raise InputRejected(
            f"{pairs} pairs of different people bear no false match rate: {needed} are needed "
            f"for {max(FMRS):g}, add people.",
            f"仅有 {pairs} 个不同人配对，不足以确定误识率：{max(FMRS):g} 至少需要 {needed} 对。",
            pairs=pairs,
        )


def _thresholds(curves: Sequence[RateCurve]) -> Table:
    """The raw thresholds of the table that comes of these curves, as the gate reads them."""
    tables = {
        template: Thresholds(
            MODEL,
            template,
            tuple(
                Points(c.kind.frames, RAW, c.pairs, tuple((r.fmr, r.used) for r in c.rates))
                for c in curves
                if c.kind.template is template and not c.kind.cohort
            ),
        )
        for template in TemplateKind
    }
    return lambda template, frames, fmr: tables[template].threshold(fmr, frames, RAW)


def worst(side: Side, stems: Sequence[str], singles: Singles, limits: Limits | None) -> JsonObject:
    """The pairs that went most wrong by the score that decides, and doubtful labels."""
    if limits is None:
        return {"score": RAW, "impostors": [], "genuine": [], "doubtful": []}
    name = SNORM if SNORM in singles else RAW
    score = singles[name][1]
    return {
        "score": name,
        "impostors": [figures(p) for p in worst_impostors(score, side, stems, limits)],
        "genuine": [figures(p) for p in worst_genuine(score, side, stems, limits)],
        "doubtful": doubtful_pictures(side, stems, limits),
    }


def limits_of(raw: tuple[RateCurve, Scores]) -> Limits | None:
    """From the raw curve; a rate that is not stated gives way to the lowest that is. None where
    nobody has two pictures."""
    curve, scores = raw
    if not len(scores.genuine):
        return None
    thresholds = {r.fmr: r.threshold for r in curve.rates}
    lowest = min(thresholds)
    stranger, sure = (thresholds.get(f, thresholds[lowest]) for f in (1e-3, 1e-5))
    return Limits(stranger, sure, float(np.median(scores.genuine)))


def _impostor_pairs(side: Side) -> int:
    counts = np.bincount(side.people)
    return (len(side.people) ** 2 - int((counts**2).sum())) // 2


def left_out(side: Side) -> JsonObject:
    """What could not be measured, and what it would take."""
    people, counts = np.unique(side.people, return_counts=True)
    pairs = _impostor_pairs(side)
    frames = [n for n in FRAMES if counts.max() < n]
    return {
        "rates": [[f, int(FALSE_MATCHES_MIN / f)] for f in FMRS if pairs * f < FALSE_MATCHES_MIN],
        "snorm": max(COHORT, TOP + STRANGERS_MIN) if len(people) < COHORT else None,
        "frames": frames,
        "fnmr": bool(counts.max() < 2),
        "people_with_enough": int((counts >= ENOUGH_PICTURES).sum()),
    }


def histograms(side: Side, singles: Singles, seed: int) -> list[JsonObject]:
    """Histograms of genuine and impostor scores, one for each normalisation, ready for JSON."""
    found = []
    for normalisation in singles:
        shown = side
        if normalisation != RAW:
            drawn = side.taken(draw_cohort(side.people, side.usable, seed))
            shown = with_own_cohort(side, drawn, TOP)
        counted = histogram(shown, *BINS[normalisation], BIN_COUNT)
        found.append(
            {
                "normalisation": normalisation,
                "low": counted.low,
                "high": counted.high,
                "genuine": counted.genuine.tolist(),
                "impostor": counted.impostor.tolist(),
            }
        )
    return found


def _groups(
    groups: Mapping[str, Mask], side: Side, singles: Singles, seed: int
) -> list[JsonObject]:
    return [
        {"normalisation": normalisation, **figures(rate)}
        for normalisation, (curve, scores) in singles.items()
        for rate in rates_by_group(groups, side, scores, curve, fmrs=INTERVAL_FMRS, seed=seed)
    ]


def _by_share(
    groups: Mapping[str, Mask], side: Side, curves: Sequence[RateCurve], seed: int, show: Show
) -> list[AtShare]:
    """Of everybody, then of the groups that were named; without any, of look-alikes."""
    enough = len(np.unique(side.people)) >= PEOPLE_FOR_ALIKE
    named = groups or (alike(side, ALIKE_GROUPS, seed) if enough else {})
    every = {EVERYBODY: np.ones(len(side.people), bool), **named}
    last_word = [c for c in curves if c.kind.cohort and c.kind.template is TemplateKind.AUGMENTED]
    found: list[AtShare] = []
    for n, (group, member) in enumerate(every.items()):
        show("by share", n, len(every))
        found += by_share({group: member}, side, last_word, seed)
    return found


def _held_out(
    groups: Mapping[str, Mask], side: Side, limits: Limits | None, seed: int, show: Show
) -> list[HeldOut]:
    everyone = dict(groups)
    if len(np.unique(side.people)) >= PEOPLE_FOR_ALIKE:
        everyone |= alike(side, ALIKE_GROUPS, seed) | by_lot(side, LOT_GROUPS, seed)
    found: list[HeldOut] = []
    for n, (group, member) in enumerate(everyone.items()):
        show("held out", n, len(everyone))
        found += held_out({group: member}, side, seed, limits=limits)
    return found


def setting() -> JsonObject:
    """What has the last word at the gate, so that a reader finds the rows that count."""
    return {
        "model": MODEL,
        "mirror": MIRROR[TemplateKind.AUGMENTED],
        "normalisation": SNORM,
        "target": TARGET,
    }


def kind_of(curve: JsonFields) -> Kind:
    """The key of a curve in a table or report."""
    return Kind(kind_in_file(curve), curve["frames"], curve.get("cohort", 0), curve.get("top", 0))
