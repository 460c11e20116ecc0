"""A tenth of the 5,000 rows of `python -m tests.intake`, through the real command and networks."""

from pathlib import Path

import pytest

from tests.intake.__main__ import run
from tests.intake.lists import KINDS
from tests.networks import faces_folder, networks


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


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.system
def test_every_whole_photo_becomes_a_reference_and_no_other(tmp_path: Path) -> None:
    """Turned, in any container, deep grey, under any name that says whose it is."""
    networks()
    found = run(tmp_path, 36, faces_folder() / "london", "gb18030", 7, most=3)
    assert found["faults"] == []
    assert found["with_reference"]
