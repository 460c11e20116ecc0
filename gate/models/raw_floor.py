"""Which raw cosine has to be reached beside the normalised score, for each false match rate.

Chosen by rate from the raw curve of the same kind of probe and number of frames. The floor beside
the threshold named N is the raw threshold named `floor_share(frames)` of N. Measured in docs,
calibration, "Groups that are rare in the roster". Pure.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

RAW = "raw"
"""The normalisation of a curve of plain cosines."""

FLOOR_SHARES = {1: 0.4, 2: 0.5, 3: 0.7}
"""Number of frames to the share of the rate that a threshold is named by. Raw thresholds of several
frames stand further above their rate than those of one (`threshold_margin.py` in the calibration).
So the same protection takes a share that is less strict. More frames take that of the most."""

Points = Sequence[tuple[float, float]]
"""(false match rate, threshold), highest rate first."""


def between_rates(points: Points, fmr: float) -> float:
    """The threshold at `fmr`: linear in the logarithm of the rate, and the last one beyond either
    end."""
    rates = [-math.log10(f) for f, _ in points]
    return float(np.interp(-math.log10(fmr), rates, [t for _, t in points]))


def floor_share(frames: int) -> float:
    """At which share of a rate the raw threshold is the floor of so many frames, at least 1."""
    return FLOOR_SHARES[min(frames, max(FLOOR_SHARES))]


def floors(raw: Points, rates: Iterable[float], frames: int) -> dict[float, float]:
    """Rate to floor. `raw`: the raw curve of so many `frames`. Below its lowest measured rate the
    floor is the threshold of that rate: nothing stricter was measured."""
    return {fmr: between_rates(raw, floor_share(frames) * fmr) for fmr in rates}


def points_of(values: Mapping[str, float]) -> tuple[tuple[float, float], ...]:
    """A row of a table, rates as text, as points."""
    return tuple(sorted(((float(f), float(v)) for f, v in values.items()), reverse=True))
