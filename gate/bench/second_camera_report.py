"""What trials of a second colour camera came to: counts by kind, distance and nose."""

from dataclasses import dataclass

import numpy as np

from gate.calibration.exact_interval import exact_interval
from gate.core.json_types import JsonObject
from gate.core.liveness import FRAMES, THRESHOLDS, is_attack
from gate.models.liveness.stereo import TURNED_MAX, Protrusion

KINDS = ("flat", "rolled", "wavy", "creased", "pinched", "cone")
"""Of sheets."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How one case ended. With too few scores, or a mean between both verdicts, it was not judged.

    `looks`: of each frame alone, None where it shows no such face. `score`: mean of the layer's
    first FRAMES scores, None where the shots gave fewer. `judge_s`: CPU seconds a frame.
    """

    kind: str
    distance_cm: float
    nose_cm: float
    looks: tuple[Protrusion | None, ...]
    score: float | None
    judge_s: float

    @property
    def accepted(self) -> bool:
        """Whether the layer calls it living."""
        return self.score is not None and self.score >= THRESHOLDS["geometry"]

    @property
    def refused(self) -> bool:
        """Whether the layer calls it an attack."""
        return self.score is not None and is_attack("geometry", self.score)

    @property
    def judged(self) -> bool:
        """Whether the layer calls it one or the other."""
        return self.accepted or self.refused

    @property
    def turned_away(self) -> bool:
        """Whether it was not judged because it was turned away in most frames."""
        turned = [look is not None and look.turned_away > TURNED_MAX for look in self.looks]
        return self.score is None and sum(turned) > len(turned) / 2


def report(ended: list[Judged]) -> JsonObject:
    """The figures, ready for JSON. `nose_cm`: mean of a case's frames; `not_judged`: cases without
    FRAMES scores or too close to call. The gate leaves them to staff and calls no attack."""
    sheets, heads = ([e for e in ended if (e.kind == "head") == h] for h in (False, True))
    accepted, refused = (sum(e.accepted for e in sheets), sum(e.refused for e in heads))
    return {
        "frames": FRAMES,
        "planes": {
            "cases": len(sheets),
            "accepted": accepted,
            "accepted_interval": _interval(accepted, len(sheets)),
            "not_judged": sum(not e.judged for e in sheets),
            "too_close_to_call": sum(not e.judged and e.score is not None for e in sheets),
            "not_judged_because_turned_away": sum(e.turned_away for e in sheets),
            "by_kind": {k: _row([e for e in sheets if e.kind == k]) for k in KINDS},
            "by_distance_cm": _by_distance(sheets),
        },
        "heads": {
            "cases": len(heads),
            "refused": refused,
            "refused_interval": _interval(refused, len(heads)),
            "not_judged": sum(not e.judged for e in heads),
            "too_close_to_call": sum(not e.judged and e.score is not None for e in heads),
            "not_judged_because_turned_away": sum(e.turned_away for e in heads),
            "by_distance_cm": _by_distance(heads),
            "by_nose_cm": {
                f"{low / 10}-{low / 10 + 0.5:g}": _row(
                    [e for e in heads if low <= 10 * e.nose_cm < low + 5]
                )
                for low in range(12, 27, 5)
            },
        },
        "cpu_ms_a_frame": _round(float(np.median([1e3 * e.judge_s for e in ended]))),
    }


def _by_distance(cases: list[Judged]) -> JsonObject:
    return {
        f"{low}-{low + 20}": _row([e for e in cases if low <= e.distance_cm < low + 20])
        for low in range(40, 120, 20)
    }


def _interval(count: int, of: int) -> list[float]:
    """Exact, 95%, rounded."""
    return [_round(end) for end in exact_interval(count, of)]


def _nose(one: Judged) -> float:
    found = [look.nose_cm for look in one.looks if look is not None]
    return float(np.mean(found)) if found else 0.0


def _row(cases: list[Judged]) -> JsonObject:
    noses = [_nose(e) for e in cases]
    at = np.percentile(noses, [0, 50, 100]) if noses else np.zeros(3)
    return {
        "cases": len(cases),
        "accepted": sum(e.accepted for e in cases),
        "not_judged": sum(not e.judged for e in cases),
        "frames": {
            "median": _round(float(np.median([len(e.looks) for e in cases]))) if cases else 0.0,
            "most": max((len(e.looks) for e in cases), default=0),
        },
        "score": {
            "least": _round(min((e.score for e in cases if e.score is not None), default=0.0)),
            "most": _round(max((e.score for e in cases if e.score is not None), default=0.0)),
        },
        "nose_cm": dict(zip(("least", "median", "most"), map(_round, at), strict=True)),
    }


def _round(value: float) -> float:
    return round(float(value), 3)
