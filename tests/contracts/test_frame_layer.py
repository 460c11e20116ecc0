"""What every liveness layer keeps, whatever it is shown."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.liveness import LAYERS
from gate.models.liveness.layers import FrameLayer, LayerInput
from gate.models.liveness.network import NetworkLayer
from tests.examples import examples
from tests.networks import liveness_networks
from tests.unit.gate.models.test_layer_set import Brightness

MADE: dict[str, Callable[[], FrameLayer]] = {
    "brightness": Brightness,
    "network": lambda: NetworkLayer(liveness_networks()),
}


@pytest.fixture(
    params=["brightness", pytest.param("network", marks=pytest.mark.models)], scope="module"
)
def layer(request: pytest.FixtureRequest) -> FrameLayer:
    return MADE[request.param]()


def shown(box: tuple[float, ...] = (200, 120, 160, 200), value: int | None = None) -> LayerInput:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    if value is not None:
        picture[:] = value
    x, y, width, height = box
    places = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)
    landmarks = places * np.array([width, height], np.float32) + np.array([x, y], np.float32)
    return LayerInput(picture, np.array(box, np.float32), landmarks.astype(np.float32), 1.0)


def is_a_score(score: float | None) -> bool:
    return score is None or (isinstance(score, float) and 0.0 <= score <= 1.0)


def test_its_name_is_one_that_decisions_have(layer: FrameLayer) -> None:
    assert layer.name in LAYERS


@pytest.mark.parametrize("value", [None, 0, 128, 255])
def test_a_frame_has_a_score_or_none(layer: FrameLayer, value: int | None) -> None:
    assert is_a_score(layer.score(shown(value=value)))


def test_the_same_frame_has_the_same_score_and_is_left_as_it_was(layer: FrameLayer) -> None:
    seen = shown()
    before = seen.picture.copy()
    assert layer.score(seen) == layer.score(seen)
    assert (seen.picture == before).all()


edges = st.floats(-900, 900)
lengths = st.floats(0, 1500)


@given(st.tuples(edges, edges, lengths, lengths))
@examples(20)
def test_a_box_anywhere_is_no_error(layer: FrameLayer, box: tuple[float, ...]) -> None:
    assert is_a_score(layer.score(shown(box)))
