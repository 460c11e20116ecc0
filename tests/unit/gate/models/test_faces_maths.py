"""What is computed around the networks: boxes, quality, photos, picture lists. No network."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gate.calibration.face_set import read_face_set
from gate.calibration.lfw_pairs import read_pairs
from gate.core.reasons import Advice
from gate.errors import InputDamaged, InputRejected
from gate.models.detector import FACES_MAX, distinct, overlap
from gate.models.picture_arrays import as_rgb, check_picture, copy_thinned
from gate.models.quality import LIVE, advice, assess, with_feature_norm, yaw_of
from gate.ports import Face, Occlusion, Quality

BOX = np.array([10, 10, 20, 20], np.float32)


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ((10, 10, 20, 20), 1.0),
        ((20, 10, 20, 20), 1 / 3),
        ((10, 20, 20, 10), 0.5),
        ((30, 10, 5, 5), 0.0),
        ((0, 0, 0, 0), 0.0),
    ],
)
def test_overlap_is_intersection_over_union(other: tuple[int, ...], wanted: float) -> None:
    assert overlap(BOX, np.array([other], np.float32))[0] == pytest.approx(wanted)


def test_of_overlapping_boxes_the_best_stays() -> None:
    boxes = np.array([(0, 0, 10, 10), (1, 0, 10, 10), (50, 0, 10, 10), (5, 0, 10, 10)], np.float32)
    scores = np.array([0.7, 0.9, 0.8, 0.6], np.float32)
    assert distinct(boxes, scores) == [1, 2]  # the last overlaps the best by 0.43


def test_no_box_gives_no_face() -> None:
    assert distinct(np.empty((0, 4), np.float32), np.empty(0, np.float32)) == []


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 1), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3), np.float32),
    ],
)
def test_what_is_no_picture_is_rejected(picture: np.ndarray) -> None:
    with pytest.raises(InputRejected, match="height x width x 3"):
        check_picture(picture)


def face(eyes_px: float = 60, nose_along: float = 0.0) -> Face:
    """An upright face; the nose `nose_along` eye distances off the middle."""
    middle = 100.0
    points = [
        (middle - eyes_px / 2, 50),
        (middle + eyes_px / 2, 50),
        (middle + nose_along * eyes_px, 80),
        (80, 100),
        (120, 100),
    ]
    return Face(np.array([50, 20, 100, 120], np.float32), np.array(points, np.float32), 0.9)


def chip(brightness: int = 120, contrast: int = 20) -> np.ndarray:
    rng = np.random.default_rng(1)
    noise = rng.integers(-contrast, contrast + 1, (112, 112, 1))
    return np.clip(np.repeat(brightness + noise, 3, axis=2), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("turn", [0.0, 0.7, -2.5])
def test_yaw_does_not_depend_on_roll(turn: float) -> None:
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for along in (0.0, 0.1, -0.25):
        turned = (face(60, along).landmarks @ rotation).astype(np.float32)
        assert yaw_of(turned) == pytest.approx(2 * abs(along), abs=1e-5)


def test_measures_are_in_their_units() -> None:
    quality = assess(chip(120, 0), face(60))
    assert (quality.eyes_px, quality.yaw, quality.sharpness) == (60, 0, 0)
    assert quality.brightness == pytest.approx(120, abs=0.01)
    assert quality.score == 0
    assert assess(chip(), face()).score > 0.8


@pytest.mark.parametrize(
    ("picture", "found", "wanted"),
    [
        (chip(), face(), None),
        (chip(), face(eyes_px=LIVE.eyes_px - 1), Advice.COME_CLOSER),
        (chip(), face(nose_along=LIVE.yaw_max), Advice.LOOK_STRAIGHT),
        (chip(brightness=22), face(), Advice.MORE_LIGHT),
        (chip(brightness=240), face(), Advice.LESS_LIGHT),
        (chip(contrast=0), face(), Advice.HOLD_STILL),
    ],
)
def test_each_fault_has_its_advice(picture: np.ndarray, found: Face, wanted: Advice | None) -> None:
    quality = assess(picture, found)
    assert advice(quality) is wanted
    assert (quality.score >= 0.5) is (wanted is None)


@pytest.mark.parametrize(
    ("covered_by", "wanted"),
    [
        (Occlusion(0.99, 0, 0, 0), Advice.REMOVE_MASK),
        (Occlusion(0, 0.99, 0, 0), Advice.REMOVE_HAT),
        (Occlusion(0, 0, 0.99, 0), Advice.REMOVE_SUNGLASSES),
        (Occlusion(0, 0, 0, 0.99), Advice.SHOW_EYES),
        (Occlusion(0.99, 0.99, 0, 0), Advice.UNCOVER_FACE),
        (Occlusion(0.1, 0.1, 0.1, 0.1), None),
    ],
)
def test_what_covers_the_face_is_named(covered_by: Occlusion, wanted: Advice | None) -> None:
    quality = assess(chip(), face(), covered_by)
    assert advice(quality) is wanted
    assert (quality.score >= 0.5) is (wanted is None)
    assert advice(assess(chip(), face(LIVE.eyes_px - 1), covered_by)) is Advice.COME_CLOSER
    featureless = assess(chip(contrast=0), face(), covered_by)
    assert advice(featureless) is (wanted or Advice.HOLD_STILL)


def test_a_burnt_out_face_is_overexposed_though_its_mean_is_not() -> None:
    """White from brows to nose, dark below: the mean of the face tells nothing."""
    burnt = chip(brightness=60)
    burnt[36:76] = 255
    quality = assess(burnt, face())
    assert quality.brightness < LIVE.brightest
    assert advice(quality) is Advice.LESS_LIGHT


def test_the_recognisers_own_word_counts_once_it_is_there() -> None:
    good = assess(chip(), face())
    assert advice(with_feature_norm(good, LIVE.feature_norm + 0.1)) is None
    weak = with_feature_norm(good, LIVE.feature_norm - 0.1)
    assert advice(weak) is not None
    assert weak.score < 0.5
    assert with_feature_norm(good, 20).score > 0.99


def test_the_nearest_cause_is_said_first() -> None:
    assert advice(Quality(10, 1, 0, 0, 0)) is Advice.COME_CLOSER


@pytest.fixture
def people(tmp_path: Path) -> Path:
    out = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(out, "JPEG")
    picture = out.getvalue()
    for name, count in (("Ann_Lee", 2), ("Bo", 3)):
        (tmp_path / name).mkdir()
        for n in range(1, count + 1):
            (tmp_path / name / f"{name}_{n:04d}.jpg").write_bytes(picture)
    (tmp_path / "empty").mkdir()
    (tmp_path / "pairs.txt").write_text(
        "2\t1\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBo\t3\nBo\t2\t3\nBo\t1\tAnn_Lee\t2\n"
    )
    return tmp_path


def test_pairs_are_read_with_their_folds(people: Path) -> None:
    faces = read_face_set(people)
    pairs = read_pairs(people / "pairs.txt", faces)
    assert faces.people.tolist() == [0, 0, 1, 1, 1]
    assert pairs.one.tolist() == [0, 0, 3, 2]
    assert pairs.other.tolist() == [1, 4, 4, 1]
    assert pairs.same.tolist() == [True, False, True, False]
    assert pairs.folds.tolist() == [0, 0, 1, 1]


def test_a_list_without_folds_is_one_fold(people: Path) -> None:
    (people / "pairs.txt").write_text("1\nBo\t1\t2\nBo\t1\tAnn_Lee\t2\n")
    assert read_pairs(people / "pairs.txt", read_face_set(people)).folds.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "first line"),
        ("x\t1\n", "first line"),
        ("1\t1\nBo\t1\t9\nBo\t1\tAnn_Lee\t1\n", "Line 2"),
        ("1\t1\nBo\t1\t2\nBo\tone\tAnn_Lee\t1\n", "Line 3"),
        ("1\t1\nBo\t1\t2\nBo\n", "Line 3"),
        ("1\t2\nBo\t1\t2\nBo\t1\tAnn_Lee\t1\n", "announces 4 pairs and has 2"),
    ],
)
def test_a_faulty_list_is_named_with_its_line(people: Path, text: str, says: str) -> None:
    (people / "pairs.txt").write_text(text)
    with pytest.raises(InputDamaged, match=says):
        read_pairs(people / "pairs.txt", read_face_set(people))


def test_folders_without_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="no pictures"):
        read_face_set(tmp_path)
    with pytest.raises(InputDamaged, match="There is no folder"):
        read_face_set(tmp_path / "none")
    with pytest.raises(InputDamaged, match="cannot be read"):
        read_pairs(tmp_path / "pairs.txt", None)  # type: ignore[arg-type]


def test_a_crowd_is_compared_within_bounds() -> None:
    """8,400 cells of YuNet at 640x640, each a face of its own."""
    boxes = np.array([[20.0 * n, 0, 10, 10] for n in range(8400)], np.float32)
    scores = np.linspace(0.6, 1, 8400, dtype=np.float32)
    assert distinct(boxes, scores) == list(range(8399, 8399 - FACES_MAX, -1))


def test_grey_and_four_channels_become_rgb() -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for pixels in (grey, grey[..., None], np.dstack([grey, grey, grey, 255 - grey])):
        assert np.array_equal(as_rgb(pixels), np.dstack([grey] * 3))
    with pytest.raises(InputRejected, match="float32"):
        as_rgb(grey.astype(np.float32))


@pytest.mark.parametrize("step", [1, 2, 3])
def test_thinning_takes_every_nth_pixel_and_clears_the_rest(step: int) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (7, 10, 3)).astype(np.uint8)
    view = np.full((8, 12, 3), 77, np.float32)
    copy_thinned(picture, step, view)
    thin = picture[::step, ::step]
    assert np.array_equal(view[: thin.shape[0], : thin.shape[1]], thin)
    assert not view[thin.shape[0] :].any()
    assert not view[:, thin.shape[1] :].any()
