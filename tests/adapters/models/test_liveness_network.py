"""The network layer: its crop, its score, and what the calibration of a site changes."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gate.core.liveness import FRAMES, LAYERS, THRESHOLDS
from gate.errors import InputDamaged, ModelDamaged
from gate.models.interpreter import make_interpreter
from gate.models.liveness.face_crop import SIDE, crop_rectangle, face_crop
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.network import LOGIT_MAX, NetworkLayer, live_logit
from gate.models.liveness.site_calibration import (
    FILE_NAME,
    SiteCalibration,
    read_site_calibration,
    site_file,
)
from gate.models.photo_file import decode_photo
from gate.models.still_pictures import StillPictures
from tests.networks import faces_folder, liveness_networks, networks

BOX = np.array([200, 100, 120, 160], np.float32)
MARKS = np.zeros((5, 2), np.float32)


def noise(height: int, width: int, seed: int = 1) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3))
    return np.asarray(Image.fromarray(small.astype(np.uint8)).resize((width, height)))


def makers_rectangle(
    width: int, height: int, box: tuple[float, ...], scale: float
) -> tuple[int, int, int, int]:
    """As published, side by side for both axes."""
    x, y, box_w, box_h = box
    scale = min((height - 1) / box_h, (width - 1) / box_w, scale)
    left = x + box_w / 2 - box_w * scale / 2
    top = y + box_h / 2 - box_h * scale / 2
    right, bottom = left + box_w * scale, top + box_h * scale
    if left < 0:
        right -= left
        left = 0
    if top < 0:
        bottom -= top
        top = 0
    if right > width - 1:
        left -= right - width + 1
        right = width - 1
    if bottom > height - 1:
        top -= bottom - height + 1
        bottom = height - 1
    return int(left), int(top), int(right), int(bottom)


numbers = st.floats(-200, 900, allow_nan=False, width=32)
lengths = st.floats(1, 1200, allow_nan=False, width=32)


@given(numbers, numbers, lengths, lengths, st.sampled_from([2.7, 4.0]))
def test_the_rectangle_is_the_makers_and_lies_in_the_picture(
    x: float, y: float, width: float, height: float, scale: float
) -> None:
    box = np.array([x, y, width, height], np.float32)
    found = crop_rectangle((640, 480), box, scale)
    if x + width <= 0 or y + height <= 0 or x >= 640 or y >= 480:
        assert found is None
        return
    assert found is not None
    left, top, right, bottom = found
    assert 0 <= left <= right <= 639
    assert 0 <= top <= bottom <= 479
    wanted = makers_rectangle(640, 480, tuple(float(n) for n in box), scale)
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 1  # the last bit


def test_known_rectangles() -> None:
    assert crop_rectangle((640, 480), np.array([300, 200, 40, 60], np.float32), 2.7) == (
        266,
        149,
        374,
        311,
    )
    # Clamped by the height, then moved inside.
    assert crop_rectangle((640, 480), np.array([0, 100, 150, 200], np.float32), 4.0) == (
        0,
        0,
        359,
        479,
    )


@pytest.mark.parametrize(
    "box",
    [
        (math.nan, 0, 10, 10),
        (0, 0, math.inf, 10),
        (0, 0, 0, 10),
        (0, 0, 10, -5),
        (700, 0, 10, 10),
        (0, -50, 10, 10),
    ],
)
def test_a_box_that_is_no_face_in_the_picture_has_no_crop(box: tuple[float, ...]) -> None:
    assert face_crop(noise(480, 640), np.array(box, np.float32), 2.7) is None


@given(st.integers(2, 300), st.integers(2, 300))
def test_a_crop_is_plain_bilinear(height: int, width: int) -> None:
    """Pillow's transform looks at two pixels each way, as ours; its resize would average."""
    picture = noise(height, width)
    box = np.array([0, 0, width, height], np.float32)
    place = crop_rectangle((width, height), box, 2.7)
    crop = face_crop(picture, box, 2.7)
    assert place is not None
    assert crop is not None
    assert crop.shape == (SIDE, SIDE, 3)
    assert (crop == np.rint(crop)).all()
    left, top, right, bottom = place
    part = picture[top : bottom + 1, left : right + 1]
    edged = np.pad(part, ((1, 1), (1, 1), (0, 0)), mode="edge")  # Pillow has no pixel outside
    across, down = part.shape[1] / SIDE, part.shape[0] / SIDE
    shown = Image.fromarray(edged).transform(
        (SIDE, SIDE), Image.Transform.AFFINE, (across, 0, 1, 0, down, 1), Image.Resampling.BILINEAR
    )
    assert np.abs(np.asarray(shown, np.float32) - crop).max() <= 1


@pytest.mark.parametrize("shares", [(0, 1, 0), (1, 0, 0), (0.2, 0.5, 0.3), (0, 1e-20, 1)])
def test_a_logit_is_finite_and_tells_the_share(shares: tuple[float, ...]) -> None:
    logit = live_logit(np.array(shares, np.float32))
    assert -LOGIT_MAX <= logit <= LOGIT_MAX
    assert 1 / (1 + math.exp(-logit)) == pytest.approx(shares[1], abs=1e-5)


def test_a_site_file_is_read_back(tmp_path: Path) -> None:
    assert read_site_calibration(tmp_path) is None
    made = SiteCalibration((0.1234567890123, -2.0), 1e-7)
    (tmp_path / FILE_NAME).write_text(site_file(made, "# of a test"), encoding="utf-8")
    assert read_site_calibration(tmp_path) == made
    assert 0.0 <= made.score((1e9, -1e9)) <= 1.0


GOOD = site_file(SiteCalibration((1.0, 1.0), 0.0), "# of a test")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "format = 1",
        GOOD.replace("format = 1", "format = 2"),
        GOOD.replace("minifasnet-v2:", "minifasnet-v2:0"),
        GOOD.replace("[1.0, 1.0]", "[1.0]"),
        GOOD.replace("[1.0, 1.0]", "[1.0, nan]"),
        GOOD.replace("[1.0, 1.0]", "[1.0, inf]"),
        GOOD.replace("[1.0, 1.0]", '["1", "1"]'),
        GOOD.replace("constant = 0.0", "constant = true"),
        GOOD[:40],
        "\0",
        "[" * 5000,
        GOOD + "# " + "x" * 70_000,
    ],
)
def test_a_site_file_that_is_not_ours_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(InputDamaged, match=r"calibrate --attacks again, or delete it") as caught:
        read_site_calibration(tmp_path)
    assert "标定" in caught.value.zh


@given(st.binary(max_size=300))
def test_any_bytes_in_a_site_file_are_refused(tmp_path_factory: object, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("state")
    (folder / FILE_NAME).write_bytes(content)
    with pytest.raises(InputDamaged):
        read_site_calibration(folder)


def test_a_folder_without_the_pair_is_told_what_fills_it(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged, match="run exam-gate models build"):
        NetworkLayer(tmp_path)


@pytest.fixture(scope="module")
def layer() -> NetworkLayer:
    return NetworkLayer(liveness_networks())


@pytest.mark.models
def test_a_score_is_the_mean_of_both_shares_of_live(layer: NetworkLayer) -> None:
    seen = LayerInput(noise(480, 640), BOX, MARKS, 0.0)
    shares = layer.shares(seen)
    assert shares is not None
    assert [round(float(s.sum()), 5) for s in shares] == [1.0, 1.0]
    assert layer.score(seen) == pytest.approx((shares[0][1] + shares[1][1]) / 2)
    assert layer.name in LAYERS
    site = NetworkLayer(liveness_networks(), SiteCalibration((0.5, 0.25), -1.0))
    value = 0.5 * live_logit(shares[0]) + 0.25 * live_logit(shares[1]) - 1.0
    assert site.score(seen) == pytest.approx(1 / (1 + math.exp(-value)))


@pytest.mark.models
def test_each_network_sees_its_own_part(layer: NetworkLayer) -> None:
    """A small box: the picture has room for both."""
    picture, box = noise(480, 640, seed=3), np.array([300, 200, 60, 80], np.float32)
    found = layer.shares(LayerInput(picture, box, MARKS, 0.0))
    assert found is not None
    for shares, (name, scale) in zip(
        found, (("minifasnet-v2", 2.7), ("minifasnet-v1se", 4.0)), strict=True
    ):
        interpreter = make_interpreter(liveness_networks() / f"{name}.tflite")
        crop = face_crop(picture, box, scale)
        assert crop is not None
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], crop[None])
        interpreter.invoke()
        wanted = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        assert shares == pytest.approx(wanted, abs=1e-6)


def of_unit(state: Path) -> NetworkLayer:
    return NetworkLayer(liveness_networks(), read_site_calibration(state))


@pytest.mark.models
def test_a_unit_uses_the_calibration_of_its_state_folder(
    layer: NetworkLayer, tmp_path: Path
) -> None:
    seen = LayerInput(noise(480, 640), BOX, MARKS, 0.0)
    assert of_unit(tmp_path).score(seen) == layer.score(seen)
    never = site_file(SiteCalibration((0.0, 0.0), -9.0), "# of a test")
    (tmp_path / FILE_NAME).write_text(never, encoding="utf-8")
    assert of_unit(tmp_path).score(seen) == pytest.approx(0, abs=1e-3)
    (tmp_path / FILE_NAME).write_text("weights", encoding="utf-8")
    with pytest.raises(InputDamaged):
        of_unit(tmp_path)


@pytest.mark.models
def test_a_box_outside_is_no_score(layer: NetworkLayer) -> None:
    away = LayerInput(noise(48, 64), np.array([90, 5, 9, 9], np.float32), MARKS, 0.0)
    assert layer.score(away) is None


@pytest.mark.models
@pytest.mark.parametrize(
    ("name", "living"), [("live_1", True), ("print_1", False), ("replay_1", False)]
)
def test_the_three_samples_of_the_makers_are_judged_right(
    layer: NetworkLayer, name: str, living: bool
) -> None:
    """Red seen with the channels turned round: print and replay pass then, at 0.94 and 0.97."""
    picture = decode_photo((faces_folder() / "attacks" / f"{name}.jpg").read_bytes())
    face = StillPictures(networks()).live_face(picture)
    assert face is not None
    score = layer.score(LayerInput(picture, face.box, face.landmarks, 0.0))
    assert score is not None
    mean = sum([score] * FRAMES) / FRAMES
    assert (mean >= THRESHOLDS["network"]) is living


@pytest.mark.models
def test_a_damaged_network_is_refused_by_its_hash(tmp_path: Path) -> None:
    for path in liveness_networks().iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = tmp_path / "minifasnet-v1se.tflite"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelDamaged, match="SHA-256 differs"):
        NetworkLayer(tmp_path)
