"""What the gate's bounds do for people whose like are few in the roster.

The cohort is drawn anew with so many rows of the group and the others from outside. Inside the
group every pair of pictures is compared: by the normalised score alone, and with the floor beside
it, as the gate decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gate.calibration.curves import RateCurve, fnmr, scale_of, scores_with
from gate.calibration.groups import PEOPLE_MIN
from gate.calibration.intervals import AtThreshold, at_threshold
from gate.calibration.protocols import draw_cohort
from gate.calibration.scores import Scores, pooled
from gate.calibration.template_sets import Mask, Side, subset
from gate.core.json_types import JsonObject

SHARES = (0.0, 0.02, 0.1, 0.3, 0.5, 1.0)
"""Of the cohort's rows: nobody like them, then more and more, then nobody else."""

FRAMES = (1, 3)
COHORT_DRAWS = 3


@dataclass(frozen=True, slots=True)
class AtShare:
    """One group at one share of the cohort and one number of frames.

    `alone`: by the normalised score alone. `false_matches`, `fmr` and `interval`: with the floor.
    `pairs`, `genuine`: of one cohort draw, as the counts are.
    """

    group: str
    people: int
    share: float
    frames: int
    target: float
    threshold: float
    floor: float
    pairs: int
    alone_false_matches: float
    alone_fmr: float
    alone_fnmr: float | None
    false_matches: float
    fmr: float
    genuine: int
    missed: float
    fnmr: float | None
    interval: AtThreshold


def by_share(
    groups: Mapping[str, Mask],
    side: Side,
    curves: Sequence[RateCurve],
    seed: int,
    target: float = 1e-4,
) -> Iterator[AtShare]:
    """`curves`: normalised ones with floors; those of `FRAMES` that state `target` are taken.
    Groups of fewer than `PEOPLE_MIN` people are passed over, and a share that a group or the
    others have too few people for."""
    for group, member in groups.items():
        own, others = _of(side, member), side.taken(np.flatnonzero(_outside(side, member)))
        if _count(own) < PEOPLE_MIN:
            continue
        for curve in curves:
            bounds = _bounds(curve, target)
            enough_pictures = np.bincount(own.people).max() >= curve.kind.frames
            if bounds is None or curve.kind.frames not in FRAMES or not enough_pictures:
                continue
            for share in SHARES:
                cohorts = list(_cohorts(own, others, curve.kind.cohort, share, seed))
                if cohorts:
                    alone, both = _scores(own, curve, cohorts, seed)
                    yield AtShare(
                        group,
                        _count(own),
                        share,
                        curve.kind.frames,
                        target,
                        *bounds,
                        **_counts(alone, both, bounds[0], COHORT_DRAWS),
                        interval=at_threshold(both, own.people, bounds[0], seed),
                    )


def _bounds(curve: RateCurve, target: float) -> tuple[float, float] | None:
    """Threshold and floor of the rate."""
    table = next((r.table for r in curve.rates if r.fmr == target), None)
    return None if table is None or table.floor is None else (table.threshold, table.floor)


def _scores(
    own: Side, curve: RateCurve, cohorts: Sequence[Side], seed: int
) -> tuple[Scores, Scores]:
    """By the normalised score alone, and by both bounds."""
    alone, both = (
        pooled([scores_with(c, own, own, curve.kind, seed=seed, scale=s) for c in cohorts])
        for s in (None, scale_of(curve))
    )
    return alone, both


def _counts(alone: Scores, both: Scores, threshold: float, times: int) -> JsonObject:
    return {
        "pairs": both.impostor_pairs // times,
        "alone_false_matches": alone.passing(threshold) / times,
        "alone_fmr": _rate(alone, threshold),
        "alone_fnmr": fnmr(alone, threshold),
        "false_matches": both.passing(threshold) / times,
        "fmr": _rate(both, threshold),
        "genuine": len(both.genuine) // times,
        "missed": both.missed(threshold) / times,
        "fnmr": fnmr(both, threshold),
    }


def _of(side: Side, member: Mask) -> Side:
    """The group as a set of its own."""
    return Side(side.templates[member], side.people[member], side.usable[member])


def _outside(side: Side, member: Mask) -> Mask:
    outside: Mask = ~np.isin(side.people, side.people[member])
    return outside


def _cohorts(own: Side, others: Side, rows: int, share: float, seed: int) -> Iterator[Side]:
    """`COHORT_DRAWS` of them; none where either side has too few people."""
    inside = round(share * rows)
    if inside > _count(own) or rows - inside > _count(others):
        return
    for n in range(seed, seed + COHORT_DRAWS):
        yield _joined(_drawn(own, inside, n), _drawn(others, rows - inside, n))


def _drawn(side: Side, people: int, seed: int) -> Side:
    """One picture each of so many people."""
    return subset(side, draw_cohort(side.people, side.usable, seed, people))


def _joined(one: Side, other: Side) -> Side:
    return Side(
        np.concatenate([one.templates, other.templates]),
        np.concatenate([one.people, other.people]),
        np.concatenate([one.usable, other.usable]),
    )


def _rate(scores: Scores, threshold: float) -> float:
    return scores.passing(threshold) / max(1, scores.impostor_pairs)


def _count(side: Side) -> int:
    return len(np.unique(side.people))
