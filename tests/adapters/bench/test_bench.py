"""`exam-gate bench` as a process, on a few studio portraits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.networks import faces_folder, networks

pytestmark = [pytest.mark.models, pytest.mark.system]

PEOPLE = ("001", "002", "003", "005", "006", "008")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gate", *map(str, arguments), "--models", str(networks())]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people, two pictures each, three folds of two and two pairs; one plain grey picture."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("people")
    for person in PEOPLE:
        (folder / person).mkdir()
        for n, kind in enumerate(("neutral", "smiling"), start=1):
            source = faces_folder() / "london" / f"{person}_{kind}.jpg"
            (folder / person / f"{person}_{n:04d}.jpg").symlink_to(source)
    (folder / "nobody").mkdir()
    Image.new("RGB", (250, 250), (90, 90, 90)).save(folder / "nobody" / "nobody_0001.jpg")
    lines = ["3\t2"]
    for fold in range(3):
        a, b = PEOPLE[2 * fold : 2 * fold + 2]
        lines += [f"{a}\t1\t2", f"{b}\t1\t2", f"{a}\t1\t{b}\t2", f"{b}\t1\tnobody\t1"]
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_bench_faces_prints_one_json_object(portraits: Path) -> None:
    done = run("bench", "faces", "--pairs", portraits, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["pictures"], result["people"], result["failed_to_acquire"]) == (13, 7, 1)
    assert result["accuracy"] == 1.0
    assert set(result["ms"]) == {"detect", "refine", "careful", "look", "align", "embed"}
    assert set(result["settings"]) == set(result["frames"]) == {"quick", "careful"}
    for setting in result["settings"].values():
        assert setting["accuracy"] == 1.0
        assert setting["ms"] > 0
    assert result["settings"]["careful"]["tar"] == result["tar"]
    assert [row["people"] for row in result["frames"]["quick"]] == [6]  # nobody has three pictures
    assert result["looks"] is None
    assert set(result["tar"]) == set(result["threshold"]) == {"1e-2", "1e-3", "1e-4", "1e-5"}
    assert set(result["tar"].values()) == {None}  # 72 impostor pairs bear no rate
    assert result["snorm"] is None  # seven people make no cohort


def test_bench_faces_names_a_picture_that_cannot_be_read(portraits: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a_0001.jpg").write_bytes(b"no picture")
    (tmp_path / "a" / "a_0002.jpg").symlink_to(portraits / "001" / "001_0001.jpg")
    (tmp_path / "pairs.txt").write_text("1\t1\na\t1\t2\na\t1\ta\t2\n")
    done = run("bench", "faces", "--pairs", tmp_path, "--json")
    assert (done.returncode, done.stdout) == (4, "")
    assert "a_0001.jpg cannot be read as a picture" in done.stderr


def test_bench_pipeline_compares_with_the_bare_networks(portraits: Path) -> None:
    picture = portraits / "001" / "001_0001.jpg"
    done = run("bench", "pipeline", "--json", "--rounds", 3, "--picture", picture)
    runs = json.loads(done.stdout)["runs"]
    assert runs[0]["threads"] == 1
    for measured in runs:
        assert measured["ratio"] == pytest.approx(
            measured["whole_ms"] / measured["bare_ms"], abs=1e-3
        )
        assert measured["resident_mb"]["now"] > 0
