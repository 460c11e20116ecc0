"""What `exam-gate bench faces` reports, from templates and listed pairs."""

from collections import Counter
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
from gate.models.quality import LIVE, advice

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
    return {
        **_block(side, pairs),
        **shared,
        "mirror": mirror,
        "turned_away": turned_away(templates),
        "snorm": _normalised(side, pairs, shared, seed),
    }


def turned_away(templates: Templates) -> dict[str, float]:
    """Share of the pictures with a face that each quality bound of live frames refuses."""
    qualities = [q for q in templates.qualities if q is not None]
    causes = Counter(a for a in (advice(q, LIVE) for q in qualities) if a is not None)
    return {str(cause): round(n / len(qualities), 5) for cause, n in sorted(causes.items())}


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
