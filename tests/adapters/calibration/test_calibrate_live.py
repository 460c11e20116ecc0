"""`exam-gate calibrate --live` as a process, on a few studio portraits, with every odd file."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.networks import faces_folder, networks

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.system]

PEOPLE = ("001", "002", "003")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gate", "calibrate", *map(str, arguments)]
    command += ["--models", str(networks())]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def recordings(root: Path) -> Path:
    london = faces_folder() / "london"
    for person in PEOPLE:
        (root / person / "live").mkdir(parents=True)
        shutil.copy(london / f"{person}_neutral.jpg", root / person / "ticket.jpg")
        shutil.copy(london / f"{person}_smiling.jpg", root / person / "live" / "1.jpg")
    return root


def test_a_report_in_spite_of_odd_files(tmp_path: Path) -> None:
    recorded = recordings(tmp_path / "gate-3")
    live = recorded / "001" / "live"
    (live / "2.jpg").write_bytes((live / "1.jpg").read_bytes()[:2000])
    os.mkfifo(live / "3.jpg")
    shutil.copy(live / "1.jpg", os.fsencode(live) + b"/\xff.jpg")
    (recorded / "broken").mkdir()
    shutil.copytree(live, recorded / "broken" / "live", ignore=shutil.ignore_patterns("3*"))
    (recorded / "broken" / "ticket.jpg").write_bytes(b"no picture")
    (recorded / "nobody" / "live").mkdir(parents=True)
    done = run("--live", recorded, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for line in (
        "001/live/2.jpg: The photo cannot be read",
        "001/live/3.jpg: is no JPEG",
        "broken/ticket.jpg: The photo cannot be read",
        "nobody: has no ticket.jpg",
    ):
        assert line in done.stdout
    assert "This says nothing of any false match rate" in done.stdout
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["report.html", "report.json"]
    found = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert (found["set"]["people"], found["frames"]["accepted"]["count"]) == (3, 4)
    (row,) = (r for r in found["rates"] if r["rate"] == 1e-4)
    assert row["attempt"]["own"]["missed"] == 0
    assert row["attempt"]["others"]["tried"] == 6
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "001/live/2.jpg" in page


def test_nobody_to_measure_is_one_sentence(tmp_path: Path) -> None:
    done = run("--live", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert (done.returncode, "cannot be read" in done.stderr) == (4, True), done.stderr
