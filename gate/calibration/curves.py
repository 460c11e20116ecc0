"""Curves from a set of faces: what calibration.toml holds, measured through the pipeline.

Several frames: every probe is the fusion of n different photographs of one person. Frames of one
visit are more alike than that. To fuse unlike pictures raises the false match rate more, so the
thresholds are on the safe side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gate.calibration.intervals import DRAWS, AtRate, at_rates
from gate.calibration.own_cohort import STRANGERS_MIN, with_own_cohort
from gate.calibration.protocols import draw_cohort
from gate.calibration.scores import FMRS, Scores, all_against_all, pooled, probes_against_references
from gate.calibration.template_sets import FlooredScale, Members, Side
from gate.calibration.threshold_margin import bound_of, with_margin
from gate.models.matching import COHORT, RAW, TOP, fuse
from gate.models.raw_floor import Points, floors
from gate.ports.values import TemplateKind

FRAMES = (1, 2, 3, 5)
COHORT_DRAWS = 5
"""S-norm scores of so many cohorts are pooled: the rate is that of a cohort drawn by lot."""

GROUPS_PER_PERSON = 40
"""Fused probes of one person at most, drawn by lot from the person's pictures."""

INTERVAL_FMRS = (1e-3, 1e-4, 1e-5)
"""Rates that enough false matches stand behind: the margin is taken from their intervals."""
STRICTEST = 1e-6
"""Its interval is stated, no more. A handful of false matches stand behind it. Whether two of them
are one person under two names would decide the margin."""
DET_POINTS = 60
ENOUGH_PICTURES = max(FRAMES) + 1
"""The people on whom numbers of frames can be compared: they have a reference left over."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a curve is keyed by besides the model. `template`: of the probes; references
    are always augmented. `cohort` 0: the raw cosine."""

    template: TemplateKind
    frames: int
    cohort: int = 0
    top: int = 0

    @property
    def normalisation(self) -> str:
        """The name of the score: `snorm-<cohort>/<top>`, or `RAW`."""
        return f"snorm-{self.cohort}/{self.top}" if self.cohort else RAW


@dataclass(frozen=True, slots=True)
class InTable:
    """What the gate runs with: the threshold with its margin, and what it was measured to do.

    `floor`: of the raw cosine beside a normalised score."""

    threshold: float
    fmr: float
    fnmr: float | None
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """One row of a curve.

    `threshold`: where the rate was measured. `fnmr`: None where no person has two pictures.
    `interval`: None where it was not asked for. `table`: None where nothing is calibrated.
    """

    fmr: float
    threshold: float
    false_matches: int
    fnmr: float | None
    interval: AtRate | None = None
    table: InTable | None = None

    @property
    def used(self) -> float:
        """The threshold that the gate takes for this rate."""
        return self.threshold if self.table is None else self.table.threshold


@dataclass(frozen=True, slots=True)
class RateCurve:
    """The error rates of one kind of score.

    `pairs`, `genuine`: of one cohort draw. `det`: (FMR, FNMR) for the plot. `steady`: FNMR by rate
    on the people with `ENOUGH_PICTURES`, each weighing the same, `steady_people` of them.
    """

    kind: Kind
    pairs: int
    genuine: int
    rates: tuple[Rate, ...]
    det: tuple[tuple[float, float], ...]
    steady: tuple[tuple[float, float], ...]
    steady_people: int


def kinds(side: Side, template: TemplateKind) -> list[Kind]:
    """Raw and s-norm for every number of frames that somebody has pictures for."""
    every = (Kind(template, n, *c) for n in FRAMES for c in ((0, 0), (COHORT, TOP)))
    return [kind for kind in every if fits(side, kind)]


def fits(side: Side, kind: Kind) -> bool:
    """Whether this set has the pictures and the people for it."""
    people, counts = np.unique(side.people[side.usable], return_counts=True)
    needed = max(kind.cohort, kind.top + STRANGERS_MIN) if kind.cohort else 0
    return bool(counts.max(initial=0) >= kind.frames and len(people) >= needed)


def scores_of(
    probes: Side, references: Side, kind: Kind, seed: int, scale: FlooredScale | None = None
) -> Scores:
    """Every comparison of one kind; with s-norm of `COHORT_DRAWS` cohorts, and of both bounds with
    a `scale`. Row n of both sides is the same picture, usable on both."""
    if not kind.cohort:
        return scores_with(None, probes, references, kind, seed=seed)
    drawn = (
        draw_cohort(references.people, references.usable, seed + n, kind.cohort)
        for n in range(COHORT_DRAWS)
    )
    cohorts = [references.taken(rows) for rows in drawn]
    parts = [
        scores_with(c, probes, references, kind, seed=seed + n, scale=scale)
        for n, c in enumerate(cohorts)
    ]
    return pooled(parts)


def measured(side: Side, kind: Kind, scores: Scores, seed: int, draws: int = DRAWS) -> RateCurve:
    """The curve of these scores. `draws` of people for the intervals, 0 for none."""
    times = len(scores.counts)
    points = measured_at(scores)
    upper = {f: f * bound_of(kind.frames) for f in INTERVAL_FMRS}
    asked = sorted({STRICTEST, *upper, *upper.values()})
    found = at_rates(scores, side.people, asked, seed, draws) if draws else {}
    ends = {f: found[u].threshold.high for f, u in upper.items() if u in found}
    table = with_margin(scores.threshold, points, ends)
    rates = tuple(
        Rate(
            fmr,
            t,
            scores.passing(t) // times,
            fnmr(scores, t),
            found.get(fmr),
            _in_table(scores, table[fmr]),
        )
        for fmr, t in points.items()
    )
    steady, people = _steady(side, scores, rates)
    return RateCurve(
        kind,
        scores.impostor_pairs // times,
        len(scores.genuine) // times,
        rates,
        _det(scores),
        steady,
        people,
    )


def floored(curves: Sequence[RateCurve]) -> list[RateCurve]:
    """The same curves, each normalised one with the floors that follow from its raw one. Without
    a raw one it is left out: the gate takes none without a floor."""
    raw = {_probes(c.kind): _used(c) for c in curves if not c.kind.cohort}
    kept = [c for c in curves if _probes(c.kind) in raw]
    return [_floored(c, raw[_probes(c.kind)]) if c.kind.cohort else c for c in kept]


def scale_of(curve: RateCurve) -> FlooredScale:
    """Of both bounds of a normalised curve that is `floored`."""
    table = {r.fmr: r.table for r in curve.rates if r.table is not None}
    return FlooredScale.of(
        {f: t.threshold for f, t in table.items()},
        {f: t.floor for f, t in table.items() if t.floor is not None},
    )


def _floored(curve: RateCurve, raw: Points) -> RateCurve:
    found = floors(raw, [r.fmr for r in curve.rates], curve.kind.frames)
    rates = [
        r if r.table is None else replace(r, table=replace(r.table, floor=found[r.fmr]))
        for r in curve.rates
    ]
    return replace(curve, rates=tuple(rates))


def _probes(kind: Kind) -> tuple[TemplateKind, int]:
    return kind.template, kind.frames


def _used(curve: RateCurve) -> Points:
    return tuple((r.fmr, r.used) for r in curve.rates)


def measured_at(scores: Scores) -> dict[float, float]:
    """Every rate that enough false matches stand behind, and where it was measured."""
    found = {f: scores.threshold(f) for f in FMRS}
    return {f: t for f, t in found.items() if t is not None}


def fnmr(scores: Scores, threshold: float) -> float | None:
    """False non-match rate; None without genuine pairs."""
    return scores.missed(threshold) / len(scores.genuine) if len(scores.genuine) else None


def compared(probes: Side, references: Side) -> Scores:
    """Every probe with every reference of another picture; each pair once where both sides are
    the same templates, else both ways round."""
    if probes.templates is references.templates:
        return all_against_all(references)
    own = np.arange(len(references.people))[:, None]
    return probes_against_references(probes, references, own)


def _in_table(scores: Scores, threshold: float) -> InTable:
    rate = scores.passing(threshold) / scores.impostor_pairs
    return InTable(threshold, rate, fnmr(scores, threshold))


def scores_with(
    cohort: Side | None,
    probes: Side,
    references: Side,
    kind: Kind,
    *,
    seed: int,
    scale: FlooredScale | None = None,
) -> Scores:
    """Every comparison of one kind with this cohort; the raw cosine without one."""

    def normed(side: Side) -> Side:
        return side if cohort is None else with_own_cohort(side, cohort, kind.top, scale)

    if kind.frames == 1:
        return compared(normed(probes), normed(references))
    members = fused_members(references, kind.frames, np.random.default_rng(seed))
    templates = np.array([fuse(probes.templates[m]) for m in members], np.float32)
    first = members[:, 0]
    usable = np.ones(len(members), bool)
    fused = Side(templates, references.people[first], usable, rows=references.pictures[first])
    return probes_against_references(normed(fused), normed(references), members)


def fused_members(side: Side, frames: int, rng: np.random.Generator) -> Members:
    """Rows that make up each fused probe, `frames` of one person, drawn without repetition.
    A person with no picture left over as a reference still gives impostor pairs."""
    found: list[tuple[int, ...]] = []
    for person in np.unique(side.people[side.usable]):
        own = np.flatnonzero((side.people == person) & side.usable)
        if len(own) < frames:
            continue
        wanted = min(GROUPS_PER_PERSON, math.comb(len(own), frames))
        groups: set[tuple[int, ...]] = set()
        while len(groups) < wanted:
            groups.add(tuple(sorted(rng.choice(own, frames, replace=False).tolist())))
        found += sorted(groups)
    return np.array(found, np.intp).reshape(-1, frames)


def _det(scores: Scores) -> tuple[tuple[float, float], ...]:
    if not len(scores.genuine):
        return ()
    found = []
    for fmr in np.logspace(math.log10(max(FMRS)), math.log10(min(FMRS)), DET_POINTS):
        threshold = scores.threshold(float(fmr))
        if threshold is not None:
            found.append((float(fmr), scores.missed(threshold) / len(scores.genuine)))
    return tuple(found)


def _steady(
    side: Side, scores: Scores, rates: Sequence[Rate]
) -> tuple[tuple[tuple[float, float], ...], int]:
    enough = np.bincount(side.people[side.usable]) >= ENOUGH_PICTURES
    of_them = np.flatnonzero(enough[side.people[scores.genuine_at[:, 0]]])
    if not len(of_them):
        return (), 0
    people = side.people[scores.genuine_at[of_them, 0]]
    count = np.bincount(people)
    shares = []
    for rate in rates:
        missed = np.bincount(
            people[scores.genuine[of_them] < np.float32(rate.threshold)], minlength=len(count)
        )
        shares.append((rate.fmr, float((missed[count > 0] / count[count > 0]).mean())))
    return tuple(shares), int((count > 0).sum())
