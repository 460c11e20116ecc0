"""A pair of cameras is found again from what it saw. The truth is projected by hand here."""

import numpy as np
import pytest

from gate.calibration.dot_board import BOARD, MARGIN_CM, board_picture, find_board
from gate.calibration.pair_fit import FACE_CM, View, fit_pair
from gate.calibration.pair_views import BOARD_CM, check_colours
from gate.errors import CamerasSwapped, InputRejected, ScenesDiffer
from gate.models.liveness.camera_pair import CameraPair

SIZES = ((640, 480), (640, 480))
FOCAL, SECOND_FOCAL = 612.0, 598.0
PLACE = np.array([6.2, 0.2, -0.3])
TURNED = (0.01, 0.02, -0.015)
BOARD_CENTRED = BOARD_CM - BOARD_CM.mean(axis=0)


def turn(x: float, y: float, z: float) -> np.ndarray:
    (cx, sx), (cy, sy), (cz, sz) = ((np.cos(a), np.sin(a)) for a in (x, y, z))
    return (
        np.array([(cz, -sz, 0), (sz, cz, 0), (0, 0, 1)])
        @ np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
        @ np.array([(1, 0, 0), (0, cx, -sx), (0, sx, cx)])
    )


def seen(points: np.ndarray, focal: float) -> np.ndarray:
    return points[:, :2] / points[:, 2:] * focal + (319.5, 239.5)


def views(
    shape: np.ndarray,
    count: int,
    noise_px: float,
    tilt: float,
    cm: tuple[float, float] = (40, 110),
    place: np.ndarray = PLACE,
) -> list[View]:
    chance, made = np.random.default_rng(7), []
    for _ in range(count):
        z = chance.uniform(*cm)
        at = np.array([chance.uniform(-0.15, 0.15) * z, chance.uniform(-0.12, 0.12) * z, z])
        points = shape @ turn(*chance.uniform(-tilt, tilt, 3)).T + at
        first = seen(points, FOCAL)
        second = seen((points - place) @ turn(*TURNED).T, SECOND_FOCAL)
        noise = chance.normal(0, noise_px, (2, len(points), 2))
        made.append(View(shape, first + noise[0], second + noise[1]))
    return made


def off_px(pair: CameraPair) -> float:
    """The most that points of the room are predicted wrong in the second picture."""
    points = np.array([(x, y, z) for x in (-8, 8) for y in (-6, 6) for z in (45.0, 70.0, 105.0)])
    told = pair.second_of(seen(points, FOCAL), 1 / points[:, 2])
    return float(np.abs(told - seen((points - PLACE) @ turn(*TURNED).T, SECOND_FOCAL)).max())


@pytest.mark.slow
def test_a_board_gives_the_pair_and_the_focal_length() -> None:
    pair = fit_pair(views(BOARD_CENTRED, 10, 0.15, 0.4), "board", SIZES, 500.0, "right")
    assert pair.focal_px == pytest.approx(FOCAL, rel=0.02)
    assert pair.baseline_cm == pytest.approx(float(np.linalg.norm(PLACE)), rel=0.02)
    assert off_px(pair) < 1.0
    assert pair.error_px < 0.4


@pytest.mark.slow
def test_faces_give_the_pair_less_exactly() -> None:
    pair = fit_pair(views(FACE_CM, 40, 0.7, 0.1), "faces", SIZES, FOCAL, "right")
    assert pair.baseline_cm == pytest.approx(float(np.linalg.norm(PLACE)), rel=0.1)
    assert off_px(pair) < 4.0


@pytest.mark.slow
def test_a_few_wrong_views_do_not_count() -> None:
    right = views(FACE_CM, 40, 0.5, 0.1)
    wrong = [View(v.shape_cm, v.first, v.second + 60) for v in right[:6]]
    pair = fit_pair(wrong + right[6:], "faces", SIZES, FOCAL, "right")
    assert off_px(pair) < 4.0


@pytest.mark.slow
def test_the_other_side_and_another_scene_are_told_apart() -> None:
    good = views(FACE_CM, 30, 0.5, 0.1)
    with pytest.raises(CamerasSwapped) as swapped:
        fit_pair(good, "faces", SIZES, FOCAL, "left")
    assert swapped.value.facts["found"] == "right"
    mixed = [
        View(v.shape_cm, v.first, w.second) for v, w in zip(good, good[7:] + good[:7], strict=True)
    ]
    with pytest.raises(ScenesDiffer):
        fit_pair(mixed, "faces", SIZES, FOCAL, "right")


@pytest.mark.slow
def test_two_programs_of_one_camera_are_no_pair() -> None:
    same = views(FACE_CM, 30, 0.5, 0.1, place=np.zeros(3))
    with pytest.raises(ScenesDiffer, match="cm away"):
        fit_pair(same, "faces", SIZES, FOCAL, "right")


def test_too_few_and_one_distance_are_told() -> None:
    with pytest.raises(InputRejected, match="4 are needed"):
        fit_pair(views(BOARD_CENTRED, 3, 0.1, 0.3), "board", SIZES, FOCAL, "right")
    near = views(FACE_CM, 20, 0.2, 0.05, cm=(60, 66))
    with pytest.raises(InputRejected, match="from 6"):
        fit_pair(near, "faces", SIZES, FOCAL, "right")


def test_a_first_camera_without_colours_is_the_second_one() -> None:
    check_colours([(12.0, 0.1), (9.0, 0.0)])
    check_colours([(0.2, 0.1)])
    check_colours([])
    with pytest.raises(CamerasSwapped, match="colours"):
        check_colours([(0.1, 12.0), (0.0, 9.0)])


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_the_board_is_found_whichever_way_up(quarter: int) -> None:
    px_per_cm = 12.0
    board = board_picture(px_per_cm).astype(np.float32) * 0.7 + 30
    height, width = board.shape
    room = np.full((480, 640), 150, np.float32)
    turned = np.rot90(board, quarter)
    room[40 : 40 + turned.shape[0], 60 : 60 + turned.shape[1]] = turned
    found = find_board(room)
    assert found is not None
    at = (BOARD + MARGIN_CM) * px_per_cm
    for _ in range(quarter):
        at = np.stack([at[:, 1], width - 1 - at[:, 0]], axis=1)
        width, height = height, width
    assert np.abs(found - at - (60, 40)).max() < 0.3


def test_no_board_is_found_where_there_is_none() -> None:
    chance = np.random.default_rng(1)
    noise = chance.integers(0, 255, (480, 640)).astype(np.float32)
    whole = np.full((480, 640), 200, np.float32)
    board = board_picture(10.0)
    half = whole.copy()
    half[100 : 100 + len(board) // 2, 50 : 50 + board.shape[1]] = board[: len(board) // 2]
    mirrored = whole.copy()
    mirrored[20 : 20 + len(board), 50 : 50 + board.shape[1]] = board[:, ::-1]
    for picture in (noise, whole, half, mirrored):
        assert find_board(picture) is None
