"""A damage report that lacks something is refused in words, never a bug at the one who asks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gate.store.damage_report import REPORT, read_report

WHOLE = {
    "gate": "g",
    "epoch": "e",
    "why": "w",
    "receipted": 1,
    "receipted_head": None,
    "salvaged": 1,
    "salvaged_to": 1,
    "last_known": 1,
    "missing": [[2, 3]],
    "files": {"journal.sqlite": {"bytes": 1, "sha256": None}},
}


def told(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    report = json.loads(json.dumps(WHOLE))
    change(report)
    (folder / REPORT).write_text(json.dumps(report))
    read_report(folder)


def test_null_is_a_word_of_its_own(tmp_path: Path) -> None:
    told(tmp_path, lambda report: None)


@pytest.mark.parametrize("field", [*WHOLE])
def test_a_report_without_a_field_is_refused(tmp_path: Path, field: str) -> None:
    """receipted_head was taken for null, and ended `journal verify` with a KeyError."""
    with pytest.raises(ValueError, match=field):
        told(tmp_path, lambda report: report.pop(field))


@pytest.mark.parametrize("field", ["bytes", "sha256"])
def test_a_file_without_a_digest_is_refused(tmp_path: Path, field: str) -> None:
    with pytest.raises(ValueError, match="files"):
        told(tmp_path, lambda report: report["files"]["journal.sqlite"].pop(field))
