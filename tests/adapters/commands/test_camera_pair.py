"""exam-gate camera pair on pictures of the printed board, drawn as two cameras would see it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gate.__main__ import app
from gate.calibration.dot_board import BOARD, MARGIN_CM, board_picture, homography
from gate.errors import CamerasSwapped, ConfigInvalid, InputDamaged, InputRejected, ScenesDiffer
from tests.networks import networks
from tests.unit.gate.calibration.test_pair_fit import (
    BOARD_CENTRED,
    FOCAL,
    PLACE,
    SECOND_FOCAL,
    TURNED,
    seen,
    turn,
)

pytestmark = [pytest.mark.models, pytest.mark.slow]

PX_PER_CM = 16.0
PRINTED = Image.fromarray(board_picture(PX_PER_CM))


def drawn(pixels: np.ndarray, grey: bool) -> Image.Image:
    """The printed board with its dots at `pixels` (35, 2)."""
    matrix = homography(pixels + 0.5, (BOARD + MARGIN_CM) * PX_PER_CM + 0.5)
    matrix = matrix / matrix[2, 2]
    seen_board = PRINTED.transform(
        (640, 480),
        Image.Transform.PERSPECTIVE,
        tuple(matrix.ravel()[:8]),
        Image.Resampling.BICUBIC,
        fillcolor=190,
    )
    if grey:
        return seen_board.convert("RGB")
    return Image.merge("RGB", [seen_board.point(lambda v, k=k: int(v * k)) for k in (1, 0.9, 0.7)])


@pytest.fixture
def gate_toml(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    unit = '[unit]\nid = "wh-hs-01-g1"\nsite = "wh-hs-01"\n'
    path.write_text(f'{unit}[camera.second]\nkind = "nir"\ndevice = 1\n')
    return path


def taken(folder: Path, swapped: bool = False, elsewhere: bool = False) -> Path:
    """Pictures of the board, by name. `elsewhere`: the second camera saw other boards."""
    chance = np.random.default_rng(3)
    for part in ("first", "second"):
        (folder / part).mkdir(parents=True)
    for n in range(8):
        z = (38.0, 44, 52, 60, 68, 78, 88, 98)[n]
        points = BOARD_CENTRED @ turn(*chance.uniform(-0.4, 0.4, 3)).T + (3.0, 0, z)
        other = BOARD_CENTRED @ turn(*chance.uniform(-0.4, 0.4, 3)).T + (3.0, 0, 60)
        first = seen(points, FOCAL)
        beside = other if elsewhere else points
        second = seen((beside - PLACE) @ turn(*TURNED).T, SECOND_FOCAL)
        if swapped:
            first, second = second, first
        drawn(first, grey=swapped).save(folder / "first" / f"{n}.png")
        drawn(second, grey=not swapped).save(folder / "second" / f"{n}.png")
    return folder


def run(gate_toml: Path, *words: str) -> tuple[int, str, BaseException | None]:
    arguments = ["camera", "pair", "--config", str(gate_toml), "--models", str(networks()), *words]
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output, result.exception


def test_pictures_of_a_board_become_a_site_file(gate_toml: Path, tmp_path: Path) -> None:
    folder = taken(tmp_path / "taken")
    (folder / "first" / "text.png").write_text("no picture")
    (folder / "second" / "text.png").write_text("no picture")
    code, said, error = run(gate_toml, "--pictures", str(folder))
    assert (code, error) == (0, None)
    assert "text.png" in said
    content = json.loads((tmp_path / "camera-pair.json").read_text())
    assert content["kind"] == "nir"
    assert content["scale"] == "board"
    assert np.linalg.norm(content["position_cm"]) == pytest.approx(6.2, rel=0.05)
    assert content["focal_px"] == pytest.approx(FOCAL, rel=0.04)


@pytest.mark.parametrize(
    ("how", "words", "kind"),
    [
        ({"swapped": True}, [], CamerasSwapped),
        ({}, ["--side", "left"], CamerasSwapped),
        ({"elsewhere": True}, [], ScenesDiffer),
    ],
)
def test_a_pair_that_is_none_is_told_and_nothing_is_written(
    gate_toml: Path, tmp_path: Path, how: dict[str, bool], words: list[str], kind: type[Exception]
) -> None:
    folder = taken(tmp_path / "taken", **how)
    _, _, error = run(gate_toml, "--pictures", str(folder), *words)
    assert type(error) is kind
    assert not (tmp_path / "camera-pair.json").exists()


def test_empty_folders_no_board_and_no_second_camera_are_told(
    gate_toml: Path, tmp_path: Path
) -> None:
    assert type(run(gate_toml, "--pictures", str(tmp_path / "none"))[2]) is InputDamaged
    for part in ("first", "second"):
        (tmp_path / "wall" / part).mkdir(parents=True)
        Image.new("RGB", (640, 480), (90, 80, 70)).save(tmp_path / "wall" / part / "a.jpg")
    assert type(run(gate_toml, "--pictures", str(tmp_path / "wall"))[2]) is InputRejected
    gate_toml.write_text('[unit]\nid = "wh-hs-01-g1"\nsite = "wh-hs-01"\n')
    assert type(run(gate_toml, "--pictures", str(tmp_path / "wall"))[2]) is ConfigInvalid
