"""Frames made worse on purpose: each fault does what its name says, and nothing else."""

import numpy as np
import pytest

from gate.calibration.degraded_frames import (
    HEIGHT,
    WIDTH,
    Degradation,
    backlit,
    degraded,
    exposed,
    from_light,
    gaussian_blurred,
    motion_blurred,
    placed,
    silhouette,
    to_light,
)
from gate.errors import InputRejected
from gate.ports import Face, Picture

FACE = Face(np.array([80, 60, 100, 130], np.float32), np.zeros((5, 2), np.float32), 1.0)
MIDDLE = (130, 125)


def picture() -> Picture:
    """Grey, with a white spot in the middle of the face and a red one 50 px to its right."""
    pixels = np.full((250, 250, 3), 90, np.uint8)
    pixels[MIDDLE[1] - 4 : MIDDLE[1] + 4, MIDDLE[0] - 4 : MIDDLE[0] + 4] = 255
    pixels[MIDDLE[1] - 4 : MIDDLE[1] + 4, MIDDLE[0] + 46 : MIDDLE[0] + 54] = (255, 0, 0)
    return pixels


def centre_of(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def white(frame: Picture) -> np.ndarray:
    return frame.min(axis=2) > 200


def red(frame: Picture) -> np.ndarray:
    return (frame[..., 0] > 180) & (frame[..., 1] < 80)


@pytest.mark.parametrize("face_px", [70, 100, 160])
@pytest.mark.parametrize("roll_deg", [0, 20, -35])
def test_the_face_stands_in_the_middle_as_large_and_leaning_as_asked(
    face_px: float, roll_deg: float
) -> None:
    frame, centre = placed(picture(), FACE, face_px, roll_deg)
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert centre_of(white(frame)) == pytest.approx(centre, abs=1.5)
    turn = np.deg2rad(roll_deg)  # clockwise: what was to the right goes down
    right = 0.5 * face_px * np.array([np.cos(turn), np.sin(turn)])
    assert centre_of(red(frame)) == pytest.approx(centre + right, abs=1.5)


@pytest.mark.parametrize("face_px", [0, 39, 401, float("nan")])
def test_a_face_that_does_not_fit_is_rejected(face_px: float) -> None:
    with pytest.raises(InputRejected, match="does not fit"):
        placed(picture(), FACE, face_px)


def test_the_same_seed_gives_the_same_frame_and_another_one_does_not() -> None:
    how = Degradation(noise=5, gaussian_px=1, motion_px=5, roll_deg=10, light=0.5)
    first, again, other = (degraded(picture(), FACE, how, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_less_light_is_less_in_linear_values() -> None:
    sound, dark = (
        degraded(picture(), FACE, Degradation(light=light, noise=0), 1) for light in (1, 0.25)
    )
    assert to_light(dark).mean() == pytest.approx(to_light(sound).mean() / 4, rel=0.05)


def test_light_there_and_back_is_the_same_picture() -> None:
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16)[:, :, None].repeat(3, axis=2)
    assert np.array_equal(np.rint(from_light(to_light(greys))).astype(np.uint8), greys)


def test_backlight_burns_out_the_surrounding_and_veils_the_person() -> None:
    light = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
    light[230:250, 310:330] = 0.1
    inside = silhouette((320, 240), 130) == 1
    spans = []
    for stray in (0, 0.1, 0.25):
        lit = from_light(backlit(light, (320, 240), 130, 0.2, stray))
        assert lit[:100, :100].min() > 254.9
        spans.append(np.ptp(lit[inside]))
    assert spans == sorted(spans, reverse=True)
    assert spans[-1] < spans[0] / 3


def test_blur_keeps_the_light_and_moves_only_along_its_direction() -> None:
    light = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    light[240, 320] = 1
    for blurred in (
        gaussian_blurred(light, 3),
        motion_blurred(light, 13, 0),
        motion_blurred(light, 9.5, 40),
    ):
        assert blurred.sum() == pytest.approx(3, rel=1e-4)
    rows, columns = np.nonzero(motion_blurred(light, 13, 0)[..., 0] > 1e-4)
    assert set(rows) == {240}
    assert 13 <= np.ptp(columns) <= 15
    rows, columns = np.nonzero(motion_blurred(light, 13, 90)[..., 0] > 1e-4)
    assert set(columns) == {320}
    assert 13 <= np.ptp(rows) <= 15


def test_no_blur_is_no_change() -> None:
    light = to_light(placed(picture(), FACE, 100)[0])
    assert gaussian_blurred(light, 0) is light
    assert motion_blurred(light, 1, 30) is light


def test_noise_has_the_deviation_asked_for_and_falls_in_the_dark() -> None:
    grey = to_light(np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    assert exposed(grey, 10, 1).std() == pytest.approx(10, rel=0.03)
    assert exposed(grey * np.float32(0.05), 10, 1).std() < 9
    assert exposed(grey, 0, 1).std() == 0
