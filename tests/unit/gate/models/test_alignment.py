"""The similarity transform against generated landmarks and pictures."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InputRejected
from gate.models.alignment import SIDE, TEMPLATE, align, align_finely, similarity
from tests.examples import examples

Aligning = Callable[[np.ndarray, np.ndarray], np.ndarray]


def moved(a: complex, b: complex) -> np.ndarray:
    """Landmarks from which the similarity (a, b) leads to the template."""
    target = TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]
    source = (target - b) / a
    return np.stack([source.real, source.imag], axis=1)


def blob(width: int, height: int, centre: complex, radius: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    value = 255 * np.exp(-((x - centre.real) ** 2 + (y - centre.imag) ** 2) / (2 * radius**2))
    return np.repeat(value.astype(np.uint8)[..., None], 3, axis=2)


def centre_of(chip: np.ndarray) -> complex:
    weight = chip[..., 0].astype(float)
    y, x = np.mgrid[:SIDE, :SIDE]
    return complex((x * weight).sum(), (y * weight).sum()) / weight.sum()


@given(st.floats(0.05, 5), st.floats(-3, 3), st.floats(-300, 300), st.floats(-300, 300))
@examples(100)
def test_scale_turn_and_shift_are_found(scale: float, turn: float, x: float, y: float) -> None:
    a, b = scale * np.exp(1j * turn), complex(x, y)
    found_a, found_b = similarity(moved(a, b))
    assert found_a == pytest.approx(a, rel=1e-6)
    assert found_b == pytest.approx(b, abs=1e-4)


def test_noise_does_not_change_the_least_squares_fit_by_more_than_it_must() -> None:
    """Any other similarity has a larger squared error."""
    rng = np.random.default_rng(3)
    points = moved(0.6 + 0.1j, 5 - 9j) + rng.normal(scale=2, size=(5, 2))
    z, target = points @ [1, 1j], TEMPLATE @ [1, 1j]
    a, b = similarity(points)
    best = np.sum(np.abs(a * z + b - target) ** 2)
    for _ in range(50):
        da, db = rng.normal(scale=0.01, size=2) @ [1, 1j], rng.normal(size=2) @ [1, 1j]
        assert np.sum(np.abs((a + da) * z + b + db - target) ** 2) > best


@pytest.mark.parametrize("scale", [0.08, 0.2, 0.4, 0.9, 1.7])
@pytest.mark.parametrize("turn", [0.0, 0.5, -2.0])
@pytest.mark.parametrize("by", [align, align_finely])
def test_a_mark_at_the_nose_lands_at_the_template_nose(
    by: Aligning, scale: float, turn: float
) -> None:
    """To a twentieth of a pixel, at every size: half a pixel of error would show."""
    a = scale * np.exp(1j * turn)
    nose, middle = complex(*TEMPLATE[2]), 700 + 650j
    b = nose - a * middle
    picture = blob(1400, 1300, middle, 4 / scale)
    chip = by(picture, moved(a, b).astype(np.float32))
    assert chip.shape == (SIDE, SIDE, 3)
    assert abs(centre_of(chip) - nose) < 0.05


@pytest.mark.parametrize("turn", [0.07, -0.3])
def test_a_further_turn_is_about_the_middle(turn: float) -> None:
    nose, middle = complex(*TEMPLATE[2]), complex(SIDE, SIDE) / 2
    picture = blob(400, 400, 200 + 180j, 6)
    landmarks = moved(0.7 + 0j, nose - 0.7 * (200 + 180j)).astype(np.float32)
    found = centre_of(align_finely(picture, landmarks, turn))
    assert abs(found - (middle + (nose - middle) * np.exp(1j * turn))) < 0.05


@pytest.mark.parametrize("by", [align, align_finely])
def test_a_large_face_is_averaged_before_it_is_sampled(by: Aligning) -> None:
    """A one-pixel chequerboard must come out grey, not as a moiré."""
    board = (np.indices((1200, 1200)).sum(axis=0) % 2 * 255).astype(np.uint8)
    picture = np.repeat(board[..., None], 3, axis=2)
    chip = by(picture, moved(0.117 + 0j, -4 - 4j).astype(np.float32))
    assert chip[4:-4, 4:-4].std() < 8


def test_what_lies_outside_the_picture_is_black() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    chip = align(white, moved(1 + 0j, 60 + 0j).astype(np.float32))
    assert chip[:, :50].max() == 0
    assert chip[:90, 70:].min() == 255


@pytest.mark.parametrize("by", [align, align_finely])
def test_a_face_wholly_outside_is_black(by: Aligning) -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    assert by(white, (moved(1 + 0j, 0j) + 5000).astype(np.float32)).max() == 0


def test_landmarks_that_fall_together_are_rejected() -> None:
    with pytest.raises(InputRejected):
        similarity(np.full((5, 2), 7.0, np.float32))
