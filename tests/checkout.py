"""Where the checkout lies that the tests run in."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def script_module(monkeypatch: pytest.MonkeyPatch, folder: str, name: str) -> Any:
    """A file of a folder of `scripts` as a module; its neighbours are found beside it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.syspath_prepend(str(ROOT / "scripts" / folder))
    return import_module(name)
