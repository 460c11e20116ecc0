"""One face under two numbers: every template of a round against every other, exactly."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gate.ports import Template

ROWS_AT_ONCE = 2048
"""Rows of one block: 2048 x 2048 similarities are 16 MB."""


class Alike(NamedTuple):
    """Two rows, `first` before `second`, and their cosine."""

    first: int
    second: int
    cosine: float


def alike_pairs(
    templates: Template, at_least: float, rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[Alike]:
    """Every pair of (N, 128) unit rows whose cosine is at least `at_least`, block by block."""
    for top in range(0, len(templates), rows_at_once):
        upper = templates[top : top + rows_at_once]
        for left in range(top, len(templates), rows_at_once):
            cosines = upper @ templates[left : left + rows_at_once].T
            if left == top:
                cosines[np.tril_indices(len(upper))] = -2.0
            for row, column in zip(*np.nonzero(cosines >= at_least), strict=True):
                yield Alike(top + int(row), left + int(column), float(cosines[row, column]))
