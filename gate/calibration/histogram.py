"""All scores of a set counted into bins, for the plot."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.calibration.scores import own_blocks
from gate.calibration.template_sets import Side

Counts = npt.NDArray[np.int64]
"""(bins,) int64: pairs in each bin."""


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Pairs in equal bins from `low` to `high`; what lies outside is in the first or last."""

    low: float
    high: float
    genuine: Counts
    impostor: Counts


def histogram(side: Side, low: float, high: float, bins: int) -> Histogram:
    """All scores of `all_against_all`, counted."""
    counts = np.zeros((2, bins), np.int64)
    for block in own_blocks(side):
        place = ((block.scores - low) * (bins / (high - low))).astype(np.int32)
        np.clip(place, 0, bins - 1, out=place)
        for n, mask in enumerate((block.genuine, block.impostor)):
            counts[n] += np.bincount(place[mask], minlength=bins)
    return Histogram(low, high, counts[0], counts[1])
