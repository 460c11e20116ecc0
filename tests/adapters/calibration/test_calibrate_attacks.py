"""exam-gate calibrate --attacks on recordings: odd files, too few people, overlap, a site file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gate.calibration.attack_recordings import read_attack_folder
from gate.errors import InputDamaged
from gate.models.liveness.site_calibration import read_site_calibration
from gate.models.network_files import load_manifest
from gate.models.photo_file import decode_photo
from tests.networks import faces_folder, liveness_networks, networks


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_recordings_are_read_in_order_and_odd_files_are_a_line_each(tmp_path: Path) -> None:
    frames = [f"live/anna/frame-{n}.jpg" for n in (10, 9, 1)]
    touch(tmp_path, *frames, "print/p1/a.PNG", "replay/r/a.jpeg", "mask/m/a.jpg")
    touch(tmp_path, "readme.txt", "other/x/a.jpg", "live/loose.jpg", "live/anna/notes.txt")
    touch(tmp_path, ".DS_Store", "live/.hidden/a.jpg")
    (tmp_path / "print/empty").mkdir()
    (tmp_path / "print/p1/folder.jpg").mkdir()
    os.mkfifo(tmp_path / "replay/r/pipe.jpg")
    (tmp_path / "mask/loop").symlink_to(tmp_path / "mask/loop")
    recordings, odd = read_attack_folder(tmp_path)
    assert [r.where for r in recordings] == ["live/anna", "mask/m", "print/p1", "replay/r"]
    assert [p.stem for p in recordings[0].frames] == ["frame-1", "frame-9", "frame-10"]
    assert sorted(o.where for o in odd) == [
        "live/anna/notes.txt",
        "live/loose.jpg",
        "mask/loop",
        "other",
        "print/empty",
        "print/p1/folder.jpg",
        "readme.txt",
        "replay/r/pipe.jpg",
    ]
    assert all(o.en and o.zh for o in odd)


@pytest.mark.parametrize("kind", ["absent", "file"])
def test_no_folder_is_said_so(tmp_path: Path, kind: str) -> None:
    if kind == "file":
        touch(tmp_path, "here")
    with pytest.raises(InputDamaged, match="name one with the folders live"):
        read_attack_folder(tmp_path / "here")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every network."""
    folder = tmp_path_factory.mktemp("models")
    manifest = load_manifest()
    for outputs, place in (
        (manifest.outputs, networks()),
        (manifest.optional, liveness_networks()),
    ):
        for output in outputs:
            (folder / output.file_name).symlink_to(place / output.file_name)
    return folder


def put(folder: Path, picture: Image.Image, frames: int) -> None:
    """A recording: the picture a little moved from frame to frame."""
    folder.mkdir(parents=True)
    rows = np.asarray(picture.convert("RGB"))
    for n in range(frames):
        Image.fromarray(np.roll(rows, 3 * n, axis=1)).save(folder / f"{n}.jpg", quality=92)


def record(folder: Path, people: int = 5) -> None:
    """Studio portraits before a wide wall for the living, the makers' samples for the attacks."""
    faces = faces_folder()
    for number in sorted(p.name[:3] for p in (faces / "london").glob("*_neutral.jpg"))[:people]:
        portrait = Image.open(faces / "london" / f"{number}_neutral.jpg").convert("RGB")
        scene = Image.new("RGB", (900, 700), portrait.getpixel((2, 2)))
        scene.paste(portrait, (250, 100))
        put(folder / "live" / number, scene, 2)
    for kind in ("print", "replay"):
        file = (faces / "attacks" / f"{kind}_1.jpg").read_bytes()
        sample = Image.fromarray(decode_photo(file))  # upright, as its Exif block says
        for n in range(3):
            put(folder / kind / f"{kind}-{n}", sample.rotate(2 * n), 2)


def calibrate(folder: Path, models: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "gate", "calibrate", "--attacks", str(folder)]
    options = ["--models", str(models), "--out", str(folder / "out")]
    return subprocess.run([*program, *options], capture_output=True, text=True, check=False)


@pytest.mark.models
@pytest.mark.system
@pytest.mark.slow
def test_a_site_is_calibrated_then_refused_when_attacks_are_alike(
    tmp_path: Path, models: Path
) -> None:
    record(tmp_path)
    touch(tmp_path, "live/001/broken.jpg", "live/notes.txt")
    done = calibrate(tmp_path, models)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("live/001/broken.jpg") == 1
    assert "mask: not shown" in done.stdout
    report = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))
    assert (report["verdict"], report["people"]) == ("calibrated", 5)
    assert {r["kind"]: (r["wrong"], r["recordings"]) for r in report["site"]} == {
        "live": (0, 5),
        "print": (0, 3),
        "replay": (0, 3),
    }
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "live/001/broken.jpg" in page
    assert "0 of 3" in page
    assert "mask: not shown" in page
    made = read_site_calibration(tmp_path / "out")
    assert made is not None
    assert list(made.weights) == report["weights"]
    # The same people shown as prints: nobody could part them.
    for n, path in enumerate(sorted((tmp_path / "live").iterdir())):
        if path.is_dir():
            (tmp_path / "print" / f"alike-{n}").symlink_to(path)
    refused = calibrate(tmp_path, models)
    assert refused.returncode == 1, refused.stderr
    assert "overlap at the best bound" in refused.stderr
    assert "in logits" in refused.stderr
    assert not (tmp_path / "out/liveness.toml").exists()


@pytest.mark.models
@pytest.mark.system
@pytest.mark.slow
@pytest.mark.parametrize("lacking", ["people", "attacks"])
def test_too_few_is_one_sentence(tmp_path: Path, models: Path, lacking: str) -> None:
    record(tmp_path, people=4 if lacking == "people" else 5)
    if lacking == "people":  # a second recording of somebody is nobody new
        (tmp_path / "live/again").symlink_to(tmp_path / "live/001")
    else:
        (tmp_path / "print").rename(tmp_path / "other")
        (tmp_path / "replay").rename(tmp_path / "others")
    done = calibrate(tmp_path, models)
    assert done.returncode == 4
    says = "shows 4 people in 5 recordings" if lacking == "people" else "shows no attack"
    assert says in done.stderr


@pytest.mark.system
def test_two_sets_at_once_are_a_usage_error(tmp_path: Path) -> None:
    for words in ([str(tmp_path), "--attacks", str(tmp_path)], []):
        program = [sys.executable, "-m", "gate", "calibrate", *words]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "--attacks" in done.stderr
