"""The exact 95% interval of a share, after Clopper and Pearson (Biometrika 26, 1934).

Of `n` independent trials `count` went one way. With none of them the upper end is still 3.7 / n:
that is what a small set can say. numpy only, so that a unit without a laboratory has it too.
"""

import numpy as np

from gate.calibration.template_sets import PerDraw

TAIL = 0.025
"""Of either end: 95% lie between."""

HALVINGS = 60


def exact_interval(count: int, n: int) -> tuple[float, float]:
    """The ends of the interval for `count` of `n`, 0 to 1. (0, 1) where `n` is 0. ValueError for a
    count outside of 0 to `n`."""
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no share")
    if n == 0:
        return 0.0, 1.0
    return 1 - _upper_end(n - count, n), _upper_end(count, n)


def least_stated(n: int) -> float:
    """The least rate that `n` trials say anything of: not one of `n` shows a rate below 3 / n at
    95% (the rule of three)."""
    return 3.0 / n if n else 1.0


def _upper_end(count: int, n: int) -> float:
    """The share with which at most `count` of `n` has the probability `TAIL`."""
    if count == n:
        return 1.0
    ways = _log_ways(count, n)
    low, high = count / n, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _at_most(ways, n, middle) > TAIL:
            low = middle
        else:
            high = middle
    return high


def _log_ways(count: int, n: int) -> PerDraw:
    """(count + 1,) float64: the logarithm of how many ways there are for 0 to `count` of `n`."""
    steps = np.arange(1, count + 1, dtype=np.float64)
    return np.concatenate(([0.0], np.cumsum(np.log((n - steps + 1) / steps))))


def _at_most(ways: PerDraw, n: int, share: float) -> float:
    """The probability of at most `len(ways) - 1` of `n`; 0 < `share` < 1."""
    counts = np.arange(len(ways), dtype=np.float64)
    logs = ways + counts * np.log(share) + (n - counts) * np.log1p(-share)
    return float(np.exp(logs).sum())
