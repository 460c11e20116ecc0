"""A start killed at any file call, or whose card does not give back what was written."""

import json
from pathlib import Path

import pytest

from tests.faults import shim


@pytest.mark.system
@pytest.mark.skipif(shim.missing() is not None, reason=str(shim.missing()))
@pytest.mark.parametrize("case", ["damaged", "first-release"])
def test_killed_at_every_step_nothing_is_lost(case: str, tmp_path: Path) -> None:
    built = shim.build(tmp_path)
    out = shim.under(
        built, "-m", "tests.adapters.store.opening_killed", case, str(tmp_path / "work")
    )
    found = json.loads(out)
    assert found["faults"] == []
    assert found["kills"] > 10


@pytest.mark.system
@pytest.mark.skipif(shim.missing() is not None, reason=str(shim.missing()))
@pytest.mark.parametrize("how", ["once", "lasting"])
def test_what_cannot_be_read_is_told_and_nothing_is_lost(how: str, tmp_path: Path) -> None:
    """EIO at the n-th read of a start, for every n. Once: it opens as it was, or the process ends
    and the next one does. Lasting: it ends, or the journal is put aside whole and told."""
    built = shim.build(tmp_path)
    program = ("-m", "tests.adapters.store.opening_unreadable", how, str(tmp_path / "work"))
    found = json.loads(shim.under(built, *program))
    assert found["faults"] == []
    assert sum(found["outcomes"].values()) > 10
    assert ("begun anew, told" in found["outcomes"]) == (how == "lasting")
