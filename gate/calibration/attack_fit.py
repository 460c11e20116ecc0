"""Weights of the liveness pair for one site, and the bound, from the two logits only. Pure.

Logistic regression, every presentation alike heavy, the living together as heavy as the attacks
together. The bound is chosen on people who had no part in the fit that scores them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.calibration.attack_recordings import LIVE
from gate.core.liveness import FRAMES
from gate.models.liveness.site_calibration import SiteCalibration

BPCER_MAX = 0.10
APCER_MAX = 0.05
"""Of a calibration that is used: living people turned away, attacks of any one kind let in."""

RIDGE = 1e-2
"""Weight of the squares of the weights: those who part cleanly would get endless ones."""
STEPS = 50
LEVEL_MAX = 60.0
HALVINGS = 60

Logits = npt.NDArray[np.float64]
"""(n, 2) float64: a frame a row, logits of V2 and V1SE."""

Levels = npt.NDArray[np.float64]
"""(n,) float64: for each presentation the constant's loss at which it is on the bound."""


@dataclass(frozen=True, slots=True, eq=False)
class Presentation:
    """One recording as the fit sees it. `person`: a number, the same for one face."""

    kind: str
    person: int
    logits: Logits

    @property
    def is_live(self) -> bool:
        """Whether a living person stood there."""
        return self.kind == LIVE

    def judged(self) -> Logits:
        """The frames that a decision would see: as many as the gate averages, spread evenly."""
        count = min(FRAMES, len(self.logits))
        places = np.linspace(0, len(self.logits) - 1, count).round().astype(int)
        judged: Logits = self.logits[places]
        return judged


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """`levels`: of each presentation, by a fit without its person; it passes at 0 and above."""

    calibration: SiteCalibration
    levels: Levels


def fit_site(presentations: Sequence[Presentation]) -> Fit:
    """ValueError without both living people and attacks."""
    weights, constant = _regression(presentations)
    levels = np.empty(len(presentations))
    for person in {p.person for p in presentations}:
        others = [p for p in presentations if p.person != person]
        both = len({p.is_live for p in others}) > 1
        fold = _regression(others) if both else (weights, constant)
        for n, p in enumerate(presentations):
            if p.person == person:
                levels[n] = level(p.judged() @ fold[0] + fold[1])
    bound = best_bound(levels, presentations)
    calibration = SiteCalibration((float(weights[0]), float(weights[1])), float(constant - bound))
    return Fit(calibration, levels - bound)


def level(values: npt.NDArray[np.float64]) -> float:
    """What can be taken off each of `values`, (n,), until their mean share is 0.5."""
    low, high = -LEVEL_MAX, LEVEL_MAX
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _share(values - middle).mean() > 0.5:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def best_bound(levels: Levels, presentations: Sequence[Presentation]) -> float:
    """The bound with the least of the worst rates; in the middle of the widest gap that has it."""
    found = np.unique(levels)
    between = np.concatenate([[found[0] - 1], (found[1:] + found[:-1]) / 2, [found[-1] + 1]])
    widths = np.concatenate([[0.0], np.diff(found), [0.0]])
    worst = [max(_burden(rates(levels - b, presentations))) for b in between]
    order = np.lexsort((-widths, np.array(worst)))
    return float(between[order[0]])


def rates(levels: Levels, presentations: Sequence[Presentation]) -> dict[str, float]:
    """Share of each kind on the wrong side of 0: BPCER of the living, APCER of the others."""
    wrong: dict[str, list[bool]] = {}
    for value, p in zip(levels, presentations, strict=True):
        wrong.setdefault(p.kind, []).append(bool((value >= 0) != p.is_live))
    return {kind: sum(w) / len(w) for kind, w in wrong.items()}


def _burden(found: dict[str, float]) -> list[float]:
    """Each rate as a share of what is allowed."""
    return [rate / (BPCER_MAX if kind == LIVE else APCER_MAX) for kind, rate in found.items()]


def _regression(presentations: Sequence[Presentation]) -> tuple[npt.NDArray[np.float64], float]:
    """Two weights of at least 0, (2,) float64, and the constant. ValueError."""
    if len({p.is_live for p in presentations}) != 2:
        raise ValueError("only living people, or only attacks")
    rows = np.concatenate([p.logits for p in presentations])
    sizes = [len(p.logits) for p in presentations]
    live = np.repeat([float(p.is_live) for p in presentations], sizes)
    share = np.repeat([1 / n for n in sizes], sizes)
    for side in (0.0, 1.0):
        share[live == side] /= 2 * share[live == side].sum()
    used = [0, 1]
    solved = _newton(rows, live, share)
    if solved[:2].min() < 0:  # the one that says the opposite of what it should is left out
        used = [int(np.argmax(solved[:2]))]
        solved = _newton(rows[:, used], live, share)
    weights = np.zeros(2)
    weights[used] = np.maximum(solved[:-1], 0.0)
    return weights, float(solved[-1])


def _newton(
    rows: npt.NDArray[np.float64], live: npt.NDArray[np.float64], share: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Weights and constant, (k + 1,). `rows`: (n, k); `live`, `share`: (n,)."""
    table = np.column_stack([rows, np.ones(len(rows))])
    ridge = np.diag([RIDGE] * rows.shape[1] + [1e-6])
    solved = np.zeros(table.shape[1])
    for _ in range(STEPS):
        said = _share(table @ solved)
        slope = table.T @ (share * (said - live)) + ridge @ solved
        bend = table.T @ (table * (share * said * (1 - said))[:, None]) + ridge
        step = np.linalg.solve(bend, slope)
        solved -= step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:
            break
    return solved


def _share(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n,) to shares from 0 to 1, (n,)."""
    shares: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(values, -500, 500)))
    return shares
