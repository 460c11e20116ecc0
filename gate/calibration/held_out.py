"""Does a threshold hold for another group? It is set on everybody but one group and measured on
that group.

It is set as the table's are, with the margin of `threshold_margin.py`. What it would have let pass
without the margin stands beside it.

The s-norm of the group uses a cohort of the group's own people, as an exam's does. A group with
fewer people than a full cohort is measured with as many as it has. Its threshold was set with
cohorts of that size. The gate itself would then use the raw score at a rate ten times stricter
(`raw-strict`), which is measured too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gate.calibration.curves import INTERVAL_FMRS, fnmr, measured_at
from gate.calibration.groups import PEOPLE_MIN
from gate.calibration.intervals import AtThreshold, at_rates, at_threshold
from gate.calibration.own_cohort import STRANGERS_MIN, with_own_cohort
from gate.calibration.protocols import draw_cohort
from gate.calibration.scores import Scores, all_against_all, pooled
from gate.calibration.template_sets import Mask, Side
from gate.calibration.threshold_margin import with_margin
from gate.calibration.worst_pairs import Limits, doubtful_count
from gate.core.json_types import JsonObject
from gate.models.matching import COHORT, RAW, RAW_STRICT, STRICTER, TOP

COHORT_DRAWS = 3
HELD_OUT_FMRS = (1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One group, one kind of score, one rate.

    `calibrated_on`: impostor pairs behind the threshold. `pairs`, `false_matches`: of the group, of
    one cohort draw. `doubtful`: how many of these have a label that the set itself speaks against.
    `fmr`: measured, all labels counted. `bare_fmr`: the same at the threshold without its margin.
    """

    group: str
    people: int
    pictures: int
    normalisation: str
    target: float
    calibrated_on: int
    threshold: float
    pairs: int
    false_matches: float
    doubtful: float
    fmr: float
    bare_fmr: float
    genuine: int
    fnmr: float | None
    interval: AtThreshold


def held_out(
    groups: Mapping[str, Mask],
    side: Side,
    seed: int,
    fmrs: Sequence[float] = HELD_OUT_FMRS,
    limits: Limits | None = None,
) -> Iterator[HeldOut]:
    """One picture against one. Groups of fewer than `PEOPLE_MIN` people are passed over. Labels
    are doubted where there are `limits`."""
    for group, member in groups.items():
        own = side.taken(np.flatnonzero(member))
        outside = ~np.isin(side.people, own.people)
        if _count(own) < PEOPLE_MIN or not outside.any():
            continue
        others = side.taken(np.flatnonzero(outside))
        for normalisation, there, here in _methods(others, own, seed):
            stricter = STRICTER if normalisation == RAW_STRICT else 1
            points = measured_at(there)
            upper = at_rates(there, side.people, INTERVAL_FMRS, seed)
            table = with_margin(
                there.threshold, points, {f: u.threshold.high for f, u in upper.items()}
            )
            for fmr in fmrs:
                rate = next((f for f in table if np.isclose(f * stricter, fmr)), None)
                if rate is not None:
                    threshold = table[rate]
                    interval = at_threshold(here, side.people, threshold, seed)
                    passing = here.impostors_at[: here.passing(threshold)]
                    doubted = doubtful_count(side, passing, limits) if limits else 0
                    yield HeldOut(
                        group,
                        _count(own),
                        len(own.people),
                        normalisation,
                        fmr,
                        _pairs(there),
                        threshold,
                        **_measured(here, threshold),
                        interval=interval,
                        bare_fmr=here.passing(points[rate]) / max(1, here.impostor_pairs),
                        doubtful=doubted / len(here.counts),
                    )


def _methods(others: Side, own: Side, seed: int) -> Iterator[tuple[str, Scores, Scores]]:
    there, here = all_against_all(others), all_against_all(own)
    yield RAW, there, here
    yield RAW_STRICT, there, here
    size = min(COHORT, _count(own), _count(others))
    top = max(1, min(TOP * size // COHORT, size - STRANGERS_MIN))
    there, here = (_with_cohorts(side, size, top, seed) for side in (others, own))
    yield f"snorm-{size}/{top}", there, here


def _with_cohorts(side: Side, size: int, top: int, seed: int) -> Scores:
    draws = [draw_cohort(side.people, side.usable, seed + n, size) for n in range(COHORT_DRAWS)]
    return pooled([all_against_all(with_own_cohort(side, side.taken(d), top)) for d in draws])


def _measured(scores: Scores, threshold: float) -> JsonObject:
    times, passing = len(scores.counts), scores.passing(threshold)
    return {
        "pairs": _pairs(scores),
        "false_matches": passing / times,
        "fmr": passing / max(1, scores.impostor_pairs),
        "genuine": len(scores.genuine) // times,
        "fnmr": fnmr(scores, threshold),
    }


def _pairs(scores: Scores) -> int:
    """Impostor pairs of one cohort draw."""
    return scores.impostor_pairs // len(scores.counts)


def _count(side: Side) -> int:
    return len(np.unique(side.people))
