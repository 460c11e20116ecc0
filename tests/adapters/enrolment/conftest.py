import os
from pathlib import Path

import pytest

from tests.adapters.enrolment.making import Portal, opened


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut here, and real syncs would be most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    return Portal(opened(tmp_path))
