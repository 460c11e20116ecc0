"""`@examples(n)`: a property with a number of examples of its own, scaled by the profile."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import settings

FACTORS = {"fast": 0.25, "thorough": 10.0}
USUAL = 100
LEAST = 10


def examples(count: int) -> Callable[[Any], Any]:
    """`count` is what finds a broken property within one or two runs."""
    factor = FACTORS[os.environ.get("HYPOTHESIS_PROFILE", "fast")]
    return settings(max_examples=max(LEAST, int(count * factor)), deadline=None)
