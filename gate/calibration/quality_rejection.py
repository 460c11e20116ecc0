"""Does quality predict a miss? What is left of the misses where the worst frames are turned away.

A good measure puts the frames that will miss among its worst (ISO/IEC 29794-1, error versus
discard). `ideal` knows the outcome: no measure can do better. Pure: from samples to figures.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields

import numpy as np
import numpy.typing as npt

from gate.calibration.quality_samples import LiveSample
from gate.core.json_types import JsonObject
from gate.models.quality_components import Components, components

REJECTED = (0.05, 0.10, 0.20)
"""Shares of frames that are turned away."""

Values = npt.NDArray[np.float64]
"""(n,) float64."""
Flags = npt.NDArray[np.bool_]
"""(n,) bool."""


def figures(samples: Sequence[LiveSample], threshold: float) -> JsonObject:
    """The whole report, ready for JSON. `threshold`: the cosine that a match must reach.

    `misses` holds for each measure the share of missed frames after each share of rejection, of the
    frames with a face. `halves`: the same of the score with its bound chosen on one half of the
    people and applied to the other. `advice`: by condition, what the gate says to frames that it
    turns away. `accepted`: how many are compared, and of those how many miss.
    """
    seen = [s for s in samples if s.quality is not None and s.cosine is not None]
    missed = np.array([(s.cosine or 0.0) < threshold for s in seen], bool)
    ranked = _measures(seen)
    return {
        "frames": len(samples),
        "people": len({s.person for s in samples}),
        "without_a_face": len(samples) - len(seen),
        "threshold": round(threshold, 4),
        "missed": _share(missed),
        "misses": {
            name: [round(remaining(values, missed, share), 5) for share in REJECTED]
            for name, values in {**ranked, "ideal": -missed.astype(float)}.items()
        },
        "halves": _halves(seen, ranked["unified_quality_score"], missed),
        "conditions": {
            name: _condition([s for s in samples if s.condition == name], threshold)
            for name in dict.fromkeys(s.condition for s in samples)
        },
    }


def share_of_ideal(report: JsonObject, share: float = 0.10) -> float:
    """Of a report: how much of what can be gained by turning `share` away the score gains, 0 to 1.

    It does not depend on how hard the frames are. Where nothing can be gained it is 1.
    """
    at, before = REJECTED.index(share), report["missed"] or 0.0
    left, least = (report["misses"][name][at] for name in ("unified_quality_score", "ideal"))
    return float((before - left) / (before - least)) if before > least else 1.0


def remaining(values: Values, missed: Flags, share: float) -> float:
    """The share of misses among what is left when the worst `share` by `values` is turned away.

    Frames that are equally good are turned away by the same part.
    """
    count = round(share * len(values))
    bound = np.sort(values)[count] if count < len(values) else np.inf
    below, at = values < bound, values == bound
    spare = (count - below.sum()) / max(1, at.sum())
    left = missed[~below & ~at].sum() + (1 - spare) * missed[at].sum()
    return float(left / max(1, len(values) - count))


def _measures(seen: Sequence[LiveSample]) -> dict[str, Values]:
    """Every component by its name, and the bare feature norm."""
    rows = [asdict(components(s.quality)) for s in seen if s.quality is not None]
    ranked = {f.name: np.array([row[f.name] for row in rows]) for f in fields(Components)}
    norms = [s.quality.feature_norm or 0.0 for s in seen if s.quality is not None]
    exact = [s.quality.score for s in seen if s.quality is not None]
    return {**ranked, "unified_quality_score": np.array(exact), "feature_norm": np.array(norms)}


def _halves(seen: Sequence[LiveSample], score: Values, missed: Flags) -> list[JsonObject]:
    """The bound of one half of the people, and what it does to the other half."""
    odd = np.array([s.person % 2 == 1 for s in seen], bool)
    rows = []
    for share in REJECTED:
        kept: list[Flags] = []
        for chosen_on in (odd, ~odd):
            bound = float(np.quantile(score[chosen_on], share))
            kept.append(~chosen_on & (score >= bound))
        both = kept[0] | kept[1]
        rows.append(
            {
                "asked": share,
                "rejected": round(1 - float(both.mean()), 5),
                "missed": _share(missed[both]),
            }
        )
    return rows


def _condition(samples: Sequence[LiveSample], threshold: float) -> JsonObject:
    compared = [s for s in samples if s.found and s.advice is None]
    refused = Counter(str(s.advice) for s in samples if s.advice is not None)
    return {
        "frames": len(samples),
        "without_a_face": sum(not s.found for s in samples),
        "compared": len(compared),
        "missed": sum((s.cosine or 0.0) < threshold for s in compared),
        "false_matches": sum((s.others or 0.0) >= threshold for s in compared),
        "advice": dict(refused.most_common()),
    }


def _share(flags: Flags) -> float | None:
    return round(float(flags.mean()), 5) if len(flags) else None
