"""A start killed at any file call, while it puts a damaged journal aside or migrates an old one."""

import json
from pathlib import Path

import pytest

from tests.faults import shim


@pytest.mark.system
@pytest.mark.skipif(shim.missing() is not None, reason=str(shim.missing()))
@pytest.mark.parametrize("case", ["damaged", "first-release"])
def test_killed_at_every_step_nothing_is_lost(case: str, tmp_path: Path) -> None:
    built = shim.build(tmp_path)
    out = shim.under(built, "-m", "tests.adapters.opening_killed", case, str(tmp_path / "work"))
    found = json.loads(out)
    assert found["faults"] == []
    assert found["kills"] > 10
