"""How many examples a property is tried on: HYPOTHESIS_PROFILE is `fast` (the unit part's ten
seconds; other examples each run) or `thorough` (long runs)."""

import os

from hypothesis import settings

from tests.examples import FACTORS, USUAL

for name, factor in FACTORS.items():
    settings.register_profile(name, max_examples=int(USUAL * factor), deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))
