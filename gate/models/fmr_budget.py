"""At which false match rate each look at the scores of one attempt is taken. Pure.

Each further look gives the wrong person one more chance, so the looks share the attempt's target.
The probability that any of them passes is at most the sum of theirs, however alike or unlike the
frames are (Bonferroni). Most people pass at the first look. The shares were chosen so that the last
look, with all frames fused, is nearly as strong as if it were alone.
"""

from dataclasses import dataclass

FIRST = 0.4
"""Of the target: the single-view probes in hand when the card comes."""
BETWEEN = 0.2
"""All looks at augmented probes short of the last together."""
LAST = 0.4


@dataclass(frozen=True, slots=True)
class FmrBudget:
    """The false match rate of each look; None: it is not taken. `between`: of each single one."""

    first: float | None
    between: float | None
    last: float


def share(fmr: float, frames: int, lowest: float) -> FmrBudget:
    """The looks of one attempt at `fmr` with at most `frames` augmented probes. `lowest`: the least
    rate for which a threshold was measured; looks that would need a lower one are left out."""
    tolerance = 1e-9
    least = lowest * (1 - tolerance)
    if FIRST * fmr < least:
        return FmrBudget(None, None, fmr)
    between = BETWEEN * fmr / (frames - 1) if frames > 1 else None
    if between is None or between < least:
        return FmrBudget(fmr / 2, None, fmr / 2) if fmr / 2 >= least else FmrBudget(None, None, fmr)
    return FmrBudget(FIRST * fmr, between, LAST * fmr)
