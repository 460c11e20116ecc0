"""A face that moved during the exposure, told from one that is only soft. On made-up texture."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from gate.core.reasons import Advice
from gate.models.face_measures import detail_of, isotropy_of
from gate.models.quality import LIVE, advice, with_feature_norm
from tests.unit.gate.models.test_weak_face import SOUND

MOVED = {"isotropy": LIVE.isotropy - 0.05, "detail": LIVE.detail - 0.05}


def texture(seed: int = 1) -> np.ndarray:
    """Blots of some pixels, alike in all directions, (112, 112) luma."""
    noise = np.random.default_rng(seed).integers(0, 256, (112, 112), np.uint8)
    soft = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1.2)), np.float32)
    return (soft - soft.mean()) * 4 + 128


def moved(luma: np.ndarray, pixels: int, down: int, right: int) -> np.ndarray:
    shifts = range(-(pixels // 2), pixels - pixels // 2)
    return np.mean([np.roll(luma, (n * down, n * right), (0, 1)) for n in shifts], axis=0)


def softened(luma: np.ndarray, sigma: float) -> np.ndarray:
    image = Image.fromarray(np.clip(luma, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(sigma)), np.float32)


@pytest.mark.parametrize(("down", "right"), [(0, 1), (1, 0), (1, 1), (1, -1)])
def test_a_movement_in_any_direction_lowers_both_measures(down: int, right: int) -> None:
    still, blurred = texture(), moved(texture(), 9, down, right)
    assert isotropy_of(still) > 0.8
    assert isotropy_of(blurred) < LIVE.isotropy
    assert detail_of(blurred) < 0.5 * detail_of(still)


def test_a_soft_lens_leaves_all_directions_alike() -> None:
    soft = softened(texture(), 2.0)
    assert isotropy_of(soft) > 0.8
    assert detail_of(soft) < detail_of(texture())


@pytest.mark.parametrize("light", [0.1, 0.5, 1.5])
def test_neither_hangs_on_the_light(light: float) -> None:
    luma = texture()
    assert detail_of(light * luma) == pytest.approx(detail_of(luma), rel=0.01)
    assert isotropy_of(light * luma) == pytest.approx(isotropy_of(luma), rel=0.01)


def test_a_face_without_structure_has_not_moved() -> None:
    flat = np.full((112, 112), 90, np.float32)
    assert isotropy_of(flat) == 1
    assert detail_of(flat) == 0


def test_a_face_that_moved_is_told_to_hold_still_whatever_its_feature_norm() -> None:
    assert advice(with_feature_norm(replace(SOUND, **MOVED), 12.6)) is Advice.HOLD_STILL
    assert advice(replace(SOUND, **MOVED)) is None  # only once the recogniser was asked


@pytest.mark.parametrize("measure", ["isotropy", "detail"])
def test_one_low_measure_alone_refuses_nobody(measure: str) -> None:
    """A soft webcam lacks detail; a striped light or a beard has a direction."""
    seen = replace(SOUND, **{measure: 0.01})
    assert advice(with_feature_norm(seen, 12.6)) is None
