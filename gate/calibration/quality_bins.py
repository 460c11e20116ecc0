"""Misses and false matches by the quality of the probe: down to which quality a threshold holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.calibration.exact_interval import exact_interval
from gate.core.json_types import JsonObject
from gate.ports import Quality

NORMS = (0.0, 9.5, 10.0, 10.5, 11.0, 11.5, 12.0, 13.0, 14.0)
EYES = (0.0, 32.0, 36.0, 40.0, 45.0, 50.0, 60.0)
"""Lower ends of the bins: of the feature norm, and of the pixels between the eyes."""


@dataclass(frozen=True, slots=True)
class ScoredProbe:
    """One probe of one frame. `passed`: against its own ticket photo; `false_matches` of `others`:
    against those of other people."""

    quality: Quality
    passed: bool
    false_matches: int
    others: int


def by_quality(probes: Sequence[ScoredProbe]) -> JsonObject:
    """Counts in each bin, of the feature norm and of the distance between the eyes."""
    return {
        "feature_norm": _bins(probes, NORMS, lambda q: q.feature_norm or 0.0),
        "eyes_px": _bins(probes, EYES, lambda q: q.eyes_px),
    }


def _bins(
    probes: Sequence[ScoredProbe], ends: Sequence[float], value: Callable[[Quality], float]
) -> list[JsonObject]:
    rows = []
    for low, high in zip(ends, (*ends[1:], float("inf")), strict=True):
        inside = [p for p in probes if low <= value(p.quality) < high]
        if not inside:
            continue
        missed = sum(not p.passed for p in inside)
        matched, others = sum(p.false_matches for p in inside), sum(p.others for p in inside)
        rows.append(
            {
                "from": low,
                "frames": len(inside),
                "missed": missed,
                "fnmr": missed / len(inside),
                "fnmr_interval": exact_interval(missed, len(inside)),
                "false_matches": matched,
                "pairs": others,
                "fmr": matched / others if others else None,
                "fmr_interval": exact_interval(matched, others),
            }
        )
    return rows
