"""Heads and sheets before two cameras, rendered by what the trial renders them with."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bench.second_camera import FRAMES, KINDS, Shot, shots
from gate.core.liveness import THRESHOLDS
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.stereo import EYES_CM, Protrusion, StereoLayer, stereo_score

pytestmark = pytest.mark.slow


@cache
def taken(kind: str, distance_cm: float, seed: int) -> tuple[list[Shot], CameraPair, float]:
    return shots(kind, distance_cm, seed)


def seen(shot: Shot, second: np.ndarray | None) -> LayerInput:
    low, high = shot.landmarks.min(axis=0), shot.landmarks.max(axis=0)
    box = np.concatenate([low, high - low])
    return LayerInput(shot.picture, box, shot.landmarks, 0.0, second)


def mean_score(kind: str, distance_cm: float, seed: int) -> float:
    found, pair, _ = taken(kind, distance_cm, seed)
    layer = StereoLayer(pair)
    scores = [layer.score(seen(shot, shot.second)) for shot in found]
    assert len(scores) == FRAMES
    return float(np.mean([s for s in scores if s is not None]))


@pytest.mark.parametrize("distance_cm", [45.0, 100.0])
def test_a_head_is_living(distance_cm: float) -> None:
    assert mean_score("head", distance_cm, 3) >= THRESHOLDS["geometry"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_is_not_however_it_is_bent(kind: str) -> None:
    assert mean_score(kind, 55.0, 3) < THRESHOLDS["geometry"]


def test_a_hollow_face_is_not_living() -> None:
    """The same pictures with the cameras exchanged: what stood out lies behind."""
    found, pair, _ = taken("head", 45.0, 3)
    layer = StereoLayer(pair)
    for shot in found[:2]:
        flipped = seen(shot, shot.second)
        mirrored = LayerInput(
            np.ascontiguousarray(flipped.picture[:, ::-1]),
            flipped.box,
            (np.float32([639, 0]) + flipped.landmarks * np.float32([-1, 1]))[[1, 0, 2, 4, 3]],
            0.0,
            np.ascontiguousarray(shot.second[:, ::-1]),
        )
        assert (layer.score(mirrored) or 0.0) < THRESHOLDS["geometry"]


def test_without_a_second_picture_or_with_another_scene_it_cannot_tell() -> None:
    found, pair, _ = taken("head", 45.0, 3)
    layer, shot = StereoLayer(pair), found[0]
    noise = np.random.default_rng(1).integers(0, 255, shot.second.shape, np.uint8)
    assert layer.score(seen(shot, None)) is None
    assert layer.score(seen(shot, np.zeros_like(shot.second))) is None
    assert layer.score(seen(shot, noise)) is None


def test_a_grey_second_picture_counts_as_one_in_colour() -> None:
    found, pair, _ = taken("head", 45.0, 3)
    layer, shot = StereoLayer(pair), found[0]
    grey = layer.score(seen(shot, shot.second[..., 0]))
    assert grey == pytest.approx(layer.score(seen(shot, shot.second)), abs=0.02)


@given(
    points=st.lists(st.floats(-1e4, 1e4, width=32), min_size=10, max_size=10),
    value=st.integers(0, 255),
)
def test_no_landmarks_raise(points: list[float], value: int) -> None:
    _, pair, _ = taken("head", 45.0, 3)
    plain = np.full((480, 640, 3), value, np.uint8)
    landmarks = np.array(points, np.float32).reshape(5, 2)
    score = StereoLayer(pair).score(LayerInput(plain, np.zeros(4, np.float32), landmarks, 0, plain))
    assert score is None or 0.0 <= score <= 1.0


def test_a_face_of_a_telephones_size_is_no_head() -> None:
    assert stereo_score(Protrusion(2.0, 0.1, EYES_CM[0] - 0.5, 0.9)) == 0.0
    assert stereo_score(Protrusion(2.0, 0.1, EYES_CM[1] + 0.5, 0.9)) == 0.0
    assert stereo_score(Protrusion(2.0, 0.1, 6.3, 0.9)) == 1.0
    assert stereo_score(Protrusion(float("nan"), 0.1, 6.3, 0.9)) == 0.0
