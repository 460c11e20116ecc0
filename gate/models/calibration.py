"""Thresholds from a set of faces: what calibration.toml holds, measured through the pipeline.

Several frames: every probe is the fusion of n different photographs of one person. Frames of one
visit are more alike than that; fusing unlike pictures raises the false match rate more, so the
thresholds are on the safe side.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.models.evaluation import (
    FMRS,
    Floats,
    Norms,
    Scores,
    Side,
    all_against_all,
    draw_cohort,
    probes_against_references,
    subset,
)
from gate.models.matching import RAW, SNORM, fuse

FRAMES = (1, 2, 3, 5)
COHORT_DRAWS = 5
"""S-norm scores of so many cohorts are pooled: the rate is that of a cohort drawn by lot."""

GROUPS_PER_PERSON = 40
"""Fused probes of one person at most, drawn by lot from the person's pictures."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One curve. `thresholds`: (FMR, threshold) where enough false matches stand behind it;
    `tar`: at the same rates; `pairs`: impostor pairs, of one cohort draw."""

    mirror: bool
    frames: int
    normalisation: str
    pairs: int
    genuine: int
    thresholds: tuple[tuple[float, float], ...]
    tar: tuple[tuple[float, float], ...]


def measure(side: Side, mirror: bool, seed: int) -> list[Measured]:
    """Raw and s-norm curves of every number of frames that the set has people for."""
    curves = []
    for frames in FRAMES:
        for normalisation, scores, draws in _both(side, frames, seed):
            if scores.threshold(FMRS[0]) is not None:
                curves.append(_measured(mirror, frames, normalisation, scores, draws))
    return curves


def _both(side: Side, frames: int, seed: int) -> Iterator[tuple[str, Scores, int]]:
    yield RAW, _scores(side, None, frames, seed), 1
    parts = [_scores_with_cohort(side, frames, seed + n) for n in range(COHORT_DRAWS)]
    yield SNORM, _pooled(parts), COHORT_DRAWS


def _scores_with_cohort(side: Side, frames: int, seed: int) -> Scores:
    rows = draw_cohort(side.people, side.usable, seed)
    cohort = side.templates[rows]
    others = ~np.isin(side.people, side.people[rows])
    return _scores(subset(side, np.flatnonzero(others)), cohort, frames, seed)


def _scores(side: Side, cohort: Floats | None, frames: int, seed: int) -> Scores:
    references = _with_norms(side, cohort)
    if frames == 1:
        return all_against_all(references)
    members = _groups(side, frames, np.random.default_rng(seed))
    templates = np.array([fuse(side.templates[m]) for m in members], np.float32).reshape(-1, 128)
    usable = np.ones(len(members), bool)
    probes = _with_norms(Side(templates, side.people[members[:, 0]], usable), cohort)
    return probes_against_references(probes, references, members)


def _groups(side: Side, frames: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
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


def _with_norms(side: Side, cohort: Floats | None) -> Side:
    if cohort is None:
        return side
    return Side(side.templates, side.people, side.usable, Norms.of(side.templates, cohort))


def _pooled(parts: Sequence[Scores]) -> Scores:
    impostors = -np.sort(-np.concatenate([p.impostors for p in parts]))
    genuine = np.sort(np.concatenate([p.genuine for p in parts]))
    return Scores(genuine, impostors, sum(p.impostor_pairs for p in parts))


def _measured(
    mirror: bool, frames: int, normalisation: str, scores: Scores, draws: int
) -> Measured:
    found = [(f, scores.threshold(f)) for f in FMRS]
    thresholds = tuple((f, t) for f, t in found if t is not None)
    return Measured(
        mirror=mirror,
        frames=frames,
        normalisation=normalisation,
        pairs=scores.impostor_pairs // draws,
        genuine=len(scores.genuine) // draws,
        thresholds=thresholds,
        tar=tuple((f, scores.tar(t)) for f, t in thresholds),
    )


def as_toml(curves: Sequence[Measured], model: str, header: str) -> str:
    """The text of calibration.toml."""
    lines = [f"# {line}".rstrip() for line in header.splitlines()]
    for c in curves:
        lines += ["", "[[curve]]", f'model = "{model}"', f"mirror = {str(c.mirror).lower()}"]
        lines += [f"frames = {c.frames}", f'normalisation = "{c.normalisation}"']
        lines += [f"pairs = {c.pairs}", f"genuine = {c.genuine}"]
        lines.append(f"thresholds = {_row(c.thresholds, 5)}")
        lines.append(f"tar = {_row(c.tar, 5)}")
    return "\n".join(lines) + "\n"


def _row(values: Sequence[tuple[float, float]], digits: int) -> str:
    inner = ", ".join(f'"{fmr:.0e}" = {value:.{digits}f}' for fmr, value in values)
    return "{ " + inner + " }"
