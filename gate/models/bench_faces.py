"""What `exam-gate bench faces` reports, from templates and listed pairs."""

from typing import Any

import numpy as np

from gate.errors import InputRejected
from gate.models.evaluation import (
    FMRS,
    Norms,
    Side,
    all_against_all,
    draw_cohort,
    fold_accuracy,
    pair_scores,
    subset,
)
from gate.models.face_set import FaceSet, Pairs, Templates
from gate.models.quality import CAUSES, beyond

STATED_FMRS = FMRS[:4]


def report(
    faces: FaceSet, pairs: Pairs, templates: Templates, mirror: bool, seed: int
) -> dict[str, Any]:
    """A JSON-ready object: raw cosine at the top, the same block for s-norm under `snorm` (None
    where there are too few people for a cohort). A rate too few false matches stand behind is
    None."""
    side = templates.side(faces.people, mirror)
    shared = {
        "pictures": len(faces.pictures),
        "people": len(np.unique(faces.people)),
        "failed_to_acquire": int((~templates.usable).sum()),
        "ms": {k: round(float(np.median(v)), 3) if v else None for k, v in templates.ms.items()},
    }
    raw = _block(side, pairs)
    return {
        **raw,
        **shared,
        "mirror": mirror,
        "quality": quality_rates(side, templates, raw["threshold"]["1e-4"]),
        "snorm": _normalised(side, pairs, shared, seed),
    }


def quality_rates(
    side: Side, templates: Templates, threshold: float | None
) -> dict[str, dict[str, float | None]]:
    """For each quality bound of live frames: the share of pictures with a face that it turns
    away, and the share of genuine pairs missed at `threshold` with and without such a picture."""
    genuine = _genuine_pairs(side)
    scores = pair_scores(subset(side, genuine[0]), subset(side, genuine[1]))
    rates: dict[str, dict[str, float | None]] = {}
    for bound in CAUSES:
        poor = np.array([q is not None and bound in beyond(q) for q in templates.qualities])
        touched = poor[genuine[0]] | poor[genuine[1]]
        rates[str(bound)] = {
            "turned_away": round(float(poor.sum() / max(1, side.usable.sum())), 5),
            "fnmr_with": _missed(scores[touched], threshold),
            "fnmr_without": _missed(scores[~touched], threshold),
        }
    return rates


def _genuine_pairs(side: Side) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(side.people, kind="stable")
    ends = np.flatnonzero(np.diff(side.people[order])) + 1
    found = [np.stack(np.triu_indices(len(own), 1)) for own in np.split(order, ends)]
    rows = [own[pair] for own, pair in zip(np.split(order, ends), found, strict=True)]
    one, other = np.concatenate(rows, axis=1)
    usable = side.usable[one] & side.usable[other]
    return one[usable], other[usable]


def _missed(scores: np.ndarray, threshold: float | None) -> float | None:
    if threshold is None or not len(scores):
        return None
    return round(float((scores < threshold).mean()), 5)


def _normalised(
    side: Side, pairs: Pairs, shared: dict[str, Any], seed: int
) -> dict[str, Any] | None:
    """The cohort's people are left out of every pair."""
    try:
        rows = draw_cohort(side.people, side.usable, seed)
    except InputRejected:
        return None
    norms = Norms.of(side.templates, side.templates[rows])
    kept = ~np.isin(side.people, side.people[rows])
    whole = Side(side.templates, side.people, side.usable, norms)
    listed = kept[pairs.one] & kept[pairs.other]
    left = Pairs(pairs.one[listed], pairs.other[listed], pairs.same[listed], pairs.folds[listed])
    if not len(left.one):
        return None
    return {**_block(whole, left, np.flatnonzero(kept)), **shared, "cohort": len(rows)}


def _block(side: Side, pairs: Pairs, rows: Any = None) -> dict[str, Any]:
    listed = pair_scores(subset(side, pairs.one), subset(side, pairs.other))
    scores = all_against_all(side if rows is None else subset(side, rows))
    tar: dict[str, float | None] = {}
    threshold: dict[str, float | None] = {}
    for fmr in STATED_FMRS:
        limit = scores.threshold(fmr)
        name = f"1e-{round(-np.log10(fmr))}"
        threshold[name] = None if limit is None else round(limit, 5)
        tar[name] = None if limit is None else round(scores.tar(limit), 5)
    return {
        "accuracy": round(fold_accuracy(listed, pairs.same, pairs.folds), 5),
        "tar": tar,
        "threshold": threshold,
        "pairs": {
            "listed": len(pairs.one),
            "genuine": len(scores.genuine),
            "impostor": scores.impostor_pairs,
        },
    }
