"""`@examples(n)`: a property with a number of examples of its own, scaled by the profile."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

FACTORS = {"fast": 0.25, "thorough": 10.0}
USUAL = 100
LEAST = 10


def examples(count: int, *, on_one_fixture: bool = False) -> Callable[[Any], Any]:
    """`count` is what finds a broken property within one or two runs. `on_one_fixture`: every
    example meets the same running part, as it is after the ones before."""
    factor = FACTORS[os.environ.get("HYPOTHESIS_PROFILE", "fast")]
    allowed = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
    return settings(
        max_examples=max(LEAST, int(count * factor)),
        deadline=None,
        suppress_health_check=allowed if on_one_fixture else (),
    )
