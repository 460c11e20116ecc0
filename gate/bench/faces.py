"""What `exam-gate bench faces` reports, from templates and listed pairs.

The gate compares two kinds of template. One is of a single view of a live frame (`quick` in the
report). The other is augmented (`careful`), as for a ticket photo and for a live frame in the
second step. References are augmented in both. The block at the top is augmented against augmented.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gate.calibration.curves import compared
from gate.calibration.face_set import FaceSet, Templates
from gate.calibration.findings_json import SETTINGS
from gate.calibration.fused_frames import by_frames, by_looks
from gate.calibration.lfw_pairs import Pairs
from gate.calibration.number_text import rate_name
from gate.calibration.protocols import draw_cohort, fold_accuracy
from gate.calibration.scores import FMRS, Scores, pair_scores
from gate.calibration.template_sets import Norms, Side, Values, subset
from gate.core.json_types import JsonObject
from gate.core.reasons import Advice
from gate.errors import InputRejected
from gate.models.quality import CAUSES, beyond, is_weak
from gate.ports import Quality
from gate.ports.values import TemplateKind

STATED_FMRS = FMRS[:4]
QUICK, CAREFUL = SETTINGS[TemplateKind.SINGLE], SETTINGS[TemplateKind.AUGMENTED]
STEPS_OF = {QUICK: ("look", "align", "embed"), CAREFUL: ("detect", "refine", "careful")}

Rows = npt.NDArray[np.intp]
"""(n,) intp: places of rows."""


def report(faces: FaceSet, pairs: Pairs, templates: Templates, seed: int) -> JsonObject:
    """An object ready for JSON.

    At the top stands the raw cosine of augmented templates. `snorm`: the same block for s-norm,
    None where there are too few people for a cohort. `settings`: accuracy and milliseconds of both
    kinds. `frames`: several frames. A rate with too few false matches behind it is None.
    """
    single, augmented = (templates.side(faces.people, kind) for kind in TemplateKind)
    ms = {k: round(float(np.median(v)), 3) if v else None for k, v in templates.ms.items()}
    shared = {
        "pictures": len(faces.pictures),
        "people": len(np.unique(faces.people)),
        "failed_to_acquire": int((~augmented.usable).sum()),
        "ms": ms,
    }
    raw = _block(augmented, augmented, pairs)
    failed = {QUICK: int((~single.usable).sum()), CAREFUL: shared["failed_to_acquire"]}
    settings = {QUICK: _block(single, augmented, pairs), CAREFUL: raw}
    return {
        **raw,
        **shared,
        "setting": CAREFUL,
        "quality": quality_rates(augmented, templates, raw["threshold"]["1e-4"]),
        "snorm": _normalised(augmented, pairs, shared, seed),
        "settings": {
            name: {**block, "failed_to_acquire": failed[name], "ms": _total(ms, name)}
            for name, block in settings.items()
        },
        "frames": {
            QUICK: by_frames(single, augmented, seed),
            CAREFUL: by_frames(augmented, augmented, seed),
        },
        "looks": by_looks(single, augmented, seed),
    }


def quality_rates(
    side: Side, templates: Templates, threshold: float | None
) -> dict[str, dict[str, float | None]]:
    """The cost of each quality bound of live frames.

    It gives the share of pictures with a face that the bound turns away. It gives the share of
    genuine pairs missed at `threshold`, with and without such a picture.
    """
    genuine = _genuine_pairs(side)
    scores = pair_scores(subset(side, genuine[0]), subset(side, genuine[1]))
    rates: dict[str, dict[str, float | None]] = {}
    for bound, test in _bounds().items():
        poor = np.array([q is not None and test(q) for q in templates.qualities])
        touched = poor[genuine[0]] | poor[genuine[1]]
        rates[bound] = {
            "turned_away": round(float(poor.sum() / max(1, side.usable.sum())), 5),
            "fnmr_with": _missed(scores[touched], threshold),
            "fnmr_without": _missed(scores[~touched], threshold),
        }
    return rates


def _bounds() -> dict[str, Callable[[Quality], bool]]:
    """Each bound of a live frame by its advice; `strength`, as the report has it, is the feature
    norm's."""

    def missing(cause: Advice) -> Callable[[Quality], bool]:
        return lambda q: cause in beyond(replace(q, feature_norm=None))

    return {**{str(cause): missing(cause) for cause in CAUSES}, "strength": is_weak}


def _total(ms: dict[str, float | None], setting: str) -> float | None:
    parts = [ms.get(step) for step in STEPS_OF[setting]]
    return None if None in parts else round(sum(p for p in parts if p is not None), 3)


def _genuine_pairs(side: Side) -> tuple[Rows, Rows]:
    order = np.argsort(side.people, kind="stable")
    ends = np.flatnonzero(np.diff(side.people[order])) + 1
    found = [np.stack(np.triu_indices(len(own), 1)) for own in np.split(order, ends)]
    rows = [own[pair] for own, pair in zip(np.split(order, ends), found, strict=True)]
    one, other = np.concatenate(rows, axis=1)
    usable = side.usable[one] & side.usable[other]
    return one[usable], other[usable]


def _missed(scores: Values, threshold: float | None) -> float | None:
    if threshold is None or not len(scores):
        return None
    return round(float((scores < threshold).mean()), 5)


def _normalised(side: Side, pairs: Pairs, shared: JsonObject, seed: int) -> JsonObject | None:
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
    return {**_block(whole, whole, left, np.flatnonzero(kept)), **shared, "cohort": len(rows)}


def _block(probes: Side, references: Side, pairs: Pairs, rows: Rows | None = None) -> JsonObject:
    """Rates of the listed pairs and of all pairs (of some `rows`). Probes of another kind than the
    references are compared both ways round."""
    listed = pair_scores(subset(probes, pairs.one), subset(references, pairs.other))
    scores = _all(probes, references, rows)
    tar: dict[str, float | None] = {}
    threshold: dict[str, float | None] = {}
    for fmr in STATED_FMRS:
        limit = scores.threshold(fmr)
        name = rate_name(fmr)
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


def _all(probes: Side, references: Side, rows: Rows | None) -> Scores:
    if rows is None:
        return compared(probes, references)
    some = subset(references, rows)
    return compared(some if probes is references else subset(probes, rows), some)
