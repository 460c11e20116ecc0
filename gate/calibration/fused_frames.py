"""What several frames gain: misses with 1, 2, 3 and 5 fused pictures, and with the looks that an
attempt takes.

Counted by people, not by pairs. From each person's pictures the probes are drawn by lot, and the
rest are references. Every person weighs the same. Pairs would let the few people with a dozen
pictures and one wrong label decide.

Pictures of different days differ more than frames of one visit, so both kinds of error are
overstated. `first_pictures` is the plainest count beside it. It takes the first n + 1 pictures of
each person, and each one of them is the reference once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.calibration.number_text import rate_name
from gate.calibration.scores import FALSE_MATCHES_MIN
from gate.calibration.template_sets import (
    Labels,
    Matrix,
    Members,
    PairMask,
    PerPerson,
    RowNumbers,
    Side,
    Values,
)
from gate.core.json_types import JsonObject
from gate.errors import InputRejected
from gate.models.fmr_budget import share
from gate.ports.values import TemplateKind, TemplateRows

FRAMES = (1, 2, 3, 5)
FMRS = (1e-4, 1e-5)
DRAWS = 10
LOOKS_FRAMES = 3
RESAMPLES = 2000
"""Of people, for the 95% interval of a miss rate."""

Kind = tuple[TemplateKind, int]
"""Of the probes, and how many frames are fused."""
Table = Callable[[TemplateKind, int, float], float]
"""Kind of the probes, frames and rate to the threshold; InputRejected for a rate that it lacks."""


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """One draw. `members`: rows of the probes, one line a person; `people`: who; `impostor`,
    `genuine`: which references (columns) each line may be compared with."""

    members: Members
    people: Labels
    impostor: PairMask
    genuine: PairMask


def by_frames(probes: Side, references: Side, seed: int) -> list[JsonObject]:
    """For each number of frames that there are people for: misses at each rate, with the 95%
    interval by bootstrap over people and the threshold."""
    rows = []
    for frames in FRAMES:
        lots = list(_lots(references, frames, seed))
        if lots:
            scores = [_fused(probes, lot.members) @ references.templates.T for lot in lots]
            limits = _limits(scores, lots)
            misses = {f: _missed([s < t for s in scores], lots) for f, t in limits.items()}
            rows.append(
                {
                    "frames": frames,
                    "people": len(lots[0].people),
                    "impostor": sum(int(lot.impostor.sum()) for lot in lots) // len(lots),
                    "threshold": {rate_name(f): round(t, 5) for f, t in limits.items()},
                    "fnmr": {rate_name(f): _mean(m) for f, m in misses.items()},
                    "interval": {rate_name(f): _interval(m, seed) for f, m in misses.items()},
                    "first_pictures": _first_pictures(probes, references, frames),
                }
            )
    return rows


def by_looks(
    single: Side, augmented: Side, seed: int, fmr: float = FMRS[0], table: Table | None = None
) -> JsonObject | None:
    """An attempt as the gate makes it: a single view of one picture, then augmented templates of 1,
    2 and 3 more.

    The thresholds are those of `table` (which must have the rates), else those of these same
    pictures. `fmr_of_all`: share of impostor pairs that pass at any of the looks. `at_once`: share
    of the comparisons with the right person that pass at the first.
    """
    lots = list(_lots(augmented, 1 + LOOKS_FRAMES, seed))
    if not lots:
        return None
    looks = share(fmr, LOOKS_FRAMES, 0.0)
    taken = (
        (TemplateKind.SINGLE, 1, looks.first),
        *((TemplateKind.AUGMENTED, n, looks.between) for n in range(1, LOOKS_FRAMES)),
        (TemplateKind.AUGMENTED, LOOKS_FRAMES, looks.last),
    )
    threshold_of = table or _of_these(single, augmented, seed)
    try:
        limits = {(kind, n): threshold_of(kind, n, rate or fmr) for kind, n, rate in taken}
    except InputRejected:
        return None
    stages: dict[Kind, list[npt.NDArray[np.bool_]]] = {}
    for (kind, frames), threshold in limits.items():
        later = kind is TemplateKind.AUGMENTED
        side, own = (augmented, slice(1, 1 + frames)) if later else (single, slice(0, 1))
        parts_of = (_fused(side, lot.members[:, own]) for lot in lots)
        stages[kind, frames] = [p @ augmented.templates.T >= threshold for p in parts_of]
    passed = [np.logical_or.reduce(each) for each in zip(*stages.values(), strict=True)]
    missed = _missed([~p for p in passed], lots)
    first = _missed([~p for p in stages[TemplateKind.SINGLE, 1]], lots)
    pairs = sum(int(lot.impostor.sum()) for lot in lots)
    false = sum(int((p & lot.impostor).sum()) for p, lot in zip(passed, lots, strict=True))
    return {
        "target": fmr,
        "fmr_of_all": round(false / pairs, 8),
        "impostor": pairs // len(lots),
        "people": len(lots[0].people),
        "fnmr": _mean(missed),
        "interval": _interval(missed, seed),
        "at_once": round(1 - _mean(first), 5),
    }


def _of_these(single: Side, augmented: Side, seed: int) -> Table:
    """Thresholds from other lots of the same pictures."""

    def threshold(kind: TemplateKind, frames: int, rate: float) -> float:
        lots = list(_lots(augmented, frames, seed + 1))
        side = augmented if kind is TemplateKind.AUGMENTED else single
        scores = [_fused(side, lot.members) @ augmented.templates.T for lot in lots]
        found = _limits(scores, lots, (rate,))
        if not found:
            raise InputRejected(
                f"Too few pairs for a rate of {rate:g}: add people.", f"配对不足以确定 {rate:g}。"
            )
        return found[rate]

    return threshold


def _first_pictures(probes: Side, references: Side, frames: int) -> JsonObject:
    """Misses where each of a person's first n + 1 pictures is once the reference of the rest."""
    own = [rows[: frames + 1] for rows in _rows_of(references).values() if len(rows) > frames]
    turns = [(np.delete(rows, n), rows[n]) for rows in own for n in range(frames + 1)]
    members, left = np.array([m for m, _ in turns]), np.array([r for _, r in turns])
    people = references.people[left]
    other = (people[:, None] != references.people) & references.usable
    genuine = np.zeros_like(other)
    genuine[np.arange(len(left)), left] = True
    lot = Lot(members, people, other, genuine)
    scores = _fused(probes, members) @ references.templates.T
    limits = _limits([scores], [lot])
    return {
        "comparisons": len(left),
        "fnmr": {
            rate_name(f): round(float((scores[genuine] < t).mean()), 5) for f, t in limits.items()
        },
    }


def _lots(side: Side, frames: int, seed: int) -> Iterator[Lot]:
    """Draws of `frames` pictures from each person who has one left over as a reference."""
    by_person = _rows_of(side)
    people = np.array([p for p, own in by_person.items() if len(own) > frames], np.int64)
    if not len(people):
        return
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        members = np.array([rng.permutation(by_person[p])[:frames] for p in people])
        same = people[:, None] == side.people
        genuine = same & side.usable
        np.put_along_axis(genuine, members, False, axis=1)
        yield Lot(members, people, ~same & side.usable, genuine)


def _rows_of(side: Side) -> dict[int, RowNumbers]:
    usable = np.flatnonzero(side.usable)
    order = usable[np.argsort(side.people[usable], kind="stable")]
    parts = np.split(order, np.flatnonzero(np.diff(side.people[order])) + 1)
    return {int(side.people[own[0]]): own for own in parts if len(own)}


def _fused(side: Side, members: Members) -> TemplateRows:
    """`matching.fuse` of every line."""
    total: TemplateRows = side.templates[members].sum(axis=1)
    norms: Matrix = np.linalg.norm(total, axis=1, keepdims=True)
    fused: TemplateRows = total / np.maximum(norms, np.float32(1e-12))
    return fused


def _limits(
    scores: list[Matrix], lots: list[Lot], fmrs: tuple[float, ...] = FMRS
) -> dict[float, float]:
    """Thresholds over all draws, where enough false matches stand behind them."""
    pairs = sum(int(lot.impostor.sum()) for lot in lots)
    keep = int(max(fmrs) * pairs) + 2
    tail = np.concatenate(
        [_highest(s[lot.impostor], keep) for s, lot in zip(scores, lots, strict=True)]
    )
    tail = -np.sort(-tail)
    enough = [f for f in fmrs if int(f * pairs) >= FALSE_MATCHES_MIN * len(lots)]
    return {f: float(np.nextafter(tail[int(f * pairs)], np.float32(np.inf))) for f in enough}


def _highest(values: Values, count: int) -> Values:
    return values if len(values) <= count else np.partition(values, len(values) - count)[-count:]


def _missed(missed: list[PairMask], lots: list[Lot]) -> PerPerson:
    """Each person's share of references missed, mean of the draws."""
    shares = [
        (m & lot.genuine).sum(axis=1) / lot.genuine.sum(axis=1)
        for m, lot in zip(missed, lots, strict=True)
    ]
    result: PerPerson = np.mean(shares, axis=0)
    return result


def _mean(misses: PerPerson) -> float:
    return round(float(misses.mean()), 5)


def _interval(misses: PerPerson, seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(misses), (RESAMPLES, len(misses)))
    low, high = np.percentile(misses[drawn].mean(axis=1), [2.5, 97.5])
    return [round(float(low), 5), round(float(high), 5)]
