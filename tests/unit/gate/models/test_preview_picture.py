"""The picture of the mirror."""

import io

import numpy as np
import pytest
from PIL import Image

from gate.models.preview_picture import HEIGHT, preview_jpeg


@pytest.mark.parametrize(
    ("height", "width", "shown"),
    [(480, 640, 240), (960, 1280, 240), (700, 500, 350), (100, 80, 100), (1, 1, 1)],
)
def test_it_is_small_and_mirrored(height: int, width: int, shown: int) -> None:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (250, 10, 10)
    jpeg = preview_jpeg(pixels)
    picture = Image.open(io.BytesIO(jpeg))
    assert picture.height == shown
    assert picture.height < 2 * HEIGHT
    if width > 1:
        right = picture.getpixel((picture.width - 1, 0))
        assert isinstance(right, tuple)
        assert right[0] > 200
    assert len(jpeg) < 40_000
