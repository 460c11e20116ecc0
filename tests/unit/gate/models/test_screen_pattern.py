"""A fine pattern all over a picture is found, one in a part of it is not, and small ones are not
judged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.models.portrait import PATTERN_MAX
from gate.models.screen_pattern import BLOCK, pattern_strength


def grain(height: int, width: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(120, 8, (height, width, 3)), 0, 255)


def stripes(height: int, width: int, across: float, down: float, strength: float) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return (strength * np.sin(2 * np.pi * (across * x + down * y)))[..., None]


def is_seen(picture: np.ndarray) -> bool:
    found = pattern_strength(np.clip(picture, 0, 255).astype(np.uint8))
    assert found is not None
    return found > PATTERN_MAX


@given(st.floats(0.12, 0.4), st.floats(0.12, 0.3), st.sampled_from([(413, 295), (600, 600)]))
def test_a_pattern_all_over_is_found(across: float, down: float, size: tuple[int, int]) -> None:
    assert is_seen(grain(*size) + stripes(*size, across, down, 8))


def test_a_striped_shirt_is_no_screen() -> None:
    picture = grain(413, 295)
    picture[270:] += stripes(143, 295, 0.21, 0.13, 30)
    assert not is_seen(picture)


@pytest.mark.parametrize("size", [(413, 295), (126, 102), (2000, 1500)])
def test_grain_is_no_pattern(size: tuple[int, int]) -> None:
    assert not is_seen(grain(*size))


def test_the_grid_of_jpeg_is_none() -> None:
    y, x = np.mgrid[0:413, 0:295]
    edges = 12.0 * (x % 8 == 7) + 12.0 * (y % 8 == 7)
    assert not is_seen(grain(413, 295) + edges[..., None])


def test_a_picture_that_is_too_small_is_not_judged() -> None:
    assert pattern_strength(np.zeros((BLOCK, BLOCK - 1, 3), np.uint8)) is None
    assert pattern_strength(np.zeros((BLOCK, BLOCK, 3), np.uint8)) == 0.0
