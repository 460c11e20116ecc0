"""`exam-gate calibrate` as a process, on a few studio portraits; and every input it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.networks import faces_folder, networks

pytestmark = [pytest.mark.models, pytest.mark.system]

PEOPLE = 17
"""34 pictures: 544 impostor pairs, just enough for a rate of 1e-2."""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gate", "calibrate", *map(str, arguments)]
    command += ["--models", str(networks())]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def portraits(folder: Path, people: int, kinds: tuple[str, ...] = ("neutral", "smiling")) -> Path:
    every = sorted(p.name.partition("_")[0] for p in faces_folder().glob("london/*_neutral.jpg"))
    folder.mkdir(exist_ok=True)
    for person in every[:people]:
        for kind in kinds:
            name = f"{person}_{kind}.jpg"
            (folder / name).symlink_to(faces_folder() / "london" / name)
    return folder


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """The set, the folder of its report, and what was printed."""
    from PIL import Image

    root = tmp_path_factory.mktemp("calibrate")
    faces = portraits(root / "faces", PEOPLE)
    Image.new("RGB", (250, 250), (90, 90, 90)).save(faces / "nobody_1.jpg")
    groups = root / "groups.csv"
    groups.write_text("person,group\n001,first\n002,first\nnobody,first\n")
    done = run(faces, "--out", root / "report", "--groups", groups, "--seed", 3)
    assert done.returncode == 0, done.stderr
    return faces, root / "report", done.stdout


def test_a_report_its_figures_and_a_table(calibrated: tuple[Path, Path, str]) -> None:
    _, out, said = calibrated
    assert sorted(p.name for p in out.iterdir()) == [
        "calibration.toml",
        "report.html",
        "report.json",
    ]
    figures = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert figures["set"]["failed"] == ["nobody/nobody_1"]
    assert {c["normalisation"] for c in figures["curves"]} == {"raw"}
    assert all(
        [r["fmr"] for r in c["rates"]] == [1e-2]
        for c in figures["curves"]
        if c["frames"] == 1 and c["setting"] == "careful"
    )
    assert {g["group"] for g in figures["groups"]} <= {"first"}
    assert figures["made"]["seed"] == 3
    assert "35 pictures of 18 people, 1 without a face" in said
    assert str(out / "report.html") in said


def test_the_shipped_table_on_these_people(
    calibrated: tuple[Path, Path, str], tmp_path: Path
) -> None:
    faces, _, _ = calibrated
    done = run(faces, "--against", "shipped", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not shown" in done.stdout  # 136 pairs of people cannot bear out 1e-4
    assert not (tmp_path / "calibration.toml").exists()
    assert "too small to tell" in (tmp_path / "report.html").read_text(encoding="utf-8")


def refused(code: int, said: str, *arguments: object) -> None:
    done = run(*arguments)
    *_, en, zh = done.stderr.strip().splitlines()
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in en
    assert zh != en


def test_inputs_that_are_refused_before_the_work(
    calibrated: tuple[Path, Path, str], tmp_path: Path
) -> None:
    faces, _, _ = calibrated
    refused(4, "There is no folder", tmp_path / "none")
    refused(4, "has no pictures", tmp_path)
    refused(4, "pairs.txt", faces, "--pairs", "--out", tmp_path / "o")
    (tmp_path / "g.csv").write_text("person,group\nMallory,x\n")
    refused(4, "Mallory", faces, "--groups", tmp_path / "g.csv", "--out", tmp_path / "o")
    refused(7, "--out", faces, "--out", tmp_path / "g.csv")
    refused(4, "calibration table", faces, "--against", tmp_path / "g.csv", "--out", tmp_path / "o")


def test_sets_that_bear_no_rate(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "grey").mkdir()
    Image.new("RGB", (250, 250), (90, 90, 90)).save(tmp_path / "grey" / "a_1.png")
    refused(4, "None of the 1 pictures shows a face", tmp_path / "grey", "--out", tmp_path / "o")
    one = portraits(tmp_path / "one", 1)
    refused(4, "one person only", one, "--out", tmp_path / "o")
    few = portraits(tmp_path / "few", 3, ("neutral",))
    refused(4, "500 are needed", few, "--out", tmp_path / "o")
