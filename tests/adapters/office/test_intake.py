"""A tenth of the 5,000 rows of `python -m tests.intake`, through the real command and networks."""

from pathlib import Path

import pytest

from tests.intake.__main__ import run
from tests.intake.making import KINDS
from tests.networks import networks


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.system
@pytest.mark.parametrize(("seed", "kind"), [*enumerate(KINDS)])
def test_every_row_is_built_or_named(tmp_path: Path, seed: int, kind: str) -> None:
    networks()
    found = run(tmp_path, 84, None, kind, seed)
    assert found["faults"] == []
    assert found["rejected"]
    assert found["unclaimed"]
