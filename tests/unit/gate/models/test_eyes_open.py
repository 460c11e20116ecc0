"""Closed eyes: light and contrast do not count, and a damaged file of weights is said."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gate.errors import ModelDamaged
from gate.models import eyes_open
from gate.models.eyes_open import FEATURES, HEIGHT, WIDTH, closed_eyes, eyes_of_head, features
from tests.unit.gate.models.test_face_track import face

EYES = arrays.arrays(np.float32, (2, HEIGHT, WIDTH), elements=st.floats(0, 255, width=32))


@given(EYES, st.floats(0.5, 2), st.floats(-40, 40))
def test_neither_light_nor_contrast_counts(
    eyes: np.ndarray, contrast: float, brighter: float
) -> None:
    """Where there is contrast at all: flat pictures are noise."""
    eyes = eyes + np.float32(400) * (np.indices(eyes.shape)[2] % 5 == 0)
    changed = features(np.float32(contrast) * eyes + np.float32(brighter))
    assert np.allclose(features(eyes), changed, atol=0.25)
    assert features(eyes).shape == (2, FEATURES)


def test_the_left_eye_is_mirrored() -> None:
    head = np.zeros((128, 128, 3), np.uint8)
    head[:, :64] = np.arange(64, dtype=np.uint8)[None, :, None] * 2
    head[:, 64:] = head[:, :64][:, ::-1]
    right, left = eyes_of_head(head)
    assert right.shape == (HEIGHT, WIDTH)
    assert np.abs(right - left).max() <= 4  # the middle lies between two pixels


@given(arrays.arrays(np.uint8, (60, 50, 3)))
def test_whatever_is_seen_gives_a_share(picture: np.ndarray) -> None:
    assert 0 <= closed_eyes(picture, face().landmarks) <= 1


@pytest.mark.parametrize(
    "content",
    ["", "bias = 1", "weights = [1.0]\nbias = 0.0", "weights = 'x'\nbias = 0", "\x00", "bias = ["],
)
def test_weights_that_are_none_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "w.toml").write_text(content)
    for path in (tmp_path / "w.toml", tmp_path / "none.toml", tmp_path):
        monkeypatch.setattr(eyes_open, "WEIGHTS", path)
        eyes_open._fitted.cache_clear()
        with pytest.raises(ModelDamaged, match="install this program again"):
            eyes_open._fitted()
    eyes_open._fitted.cache_clear()
