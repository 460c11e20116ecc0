"""The layers of a unit: which are there, what a broken one does, which frames are scored."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from gate.core.action_order import order_of
from gate.core.liveness import LAYERS, FittedLayers
from gate.errors import InputRejected, ModelDamaged
from gate.models.face_track import TrackView
from gate.models.liveness.action import ActionLayer
from gate.models.liveness.layer_set import LayerSet, LayerSource, asked_and_judged
from gate.models.liveness.layers import LayerInput
from gate.ports import Frame
from tests.unit.gate.models.test_face_track import good, nobody


@dataclass
class Brightness:
    """A small real layer: the mean of the picture, 0 to 1."""

    name: str = "network"
    forgot: int = 0

    def score(self, seen: LayerInput) -> float | None:
        return float(seen.picture.mean() / 255)

    def forget(self) -> None:
        self.forgot += 1


@dataclass
class Saying:
    """A layer that says what it is told."""

    says: float | None
    name: str = "network"

    def score(self, seen: LayerInput) -> float | None:
        return self.says

    def forget(self) -> None:
        pass


class Refusing:
    name = "network"

    def score(self, seen: LayerInput) -> float | None:
        raise InputRejected("not a picture", "不是图像")

    def forget(self) -> None:
        pass


def frame(at_ns: int, value: int = 255) -> Frame:
    return Frame(np.full((48, 64, 3), value, np.uint8), at_ns, 1)


def damaged() -> Brightness:
    raise ModelDamaged("The file is missing.", "文件不存在。")


def test_a_layer_that_cannot_be_had_stops_nothing_and_says_why() -> None:
    built = LayerSet.build(
        [
            LayerSource("network", damaged),
            LayerSource("nir", damaged, required=True),
            LayerSource("geometry", lambda: Brightness("geometry")),
        ]
    )
    assert built.fitted == FittedLayers(frozenset({"geometry"}), frozenset({"nir"}))
    assert set(built.status) == set(LAYERS)
    assert (built.status["network"]["judges"], built.status["network"]["en"]) == (
        False,
        "The file is missing.",
    )
    assert built.status["geometry"]["judges"]
    assert all(s["zh"] and s["en"] for s in built.status.values())


def test_what_waits_to_be_built_may_still_judge() -> None:
    awaited = LayerSet.awaited([LayerSource("network", Brightness)])
    assert awaited.is_awaited
    assert awaited.fitted == FittedLayers(frozenset({"network"}))
    assert not LayerSet.build([LayerSource("network", Brightness)]).is_awaited
    assert not LayerSet.awaited([]).is_awaited


def test_only_the_probe_of_the_frame_is_scored() -> None:
    layers = LayerSet((Brightness(),))
    view = good(good(TrackView(), 100), 200)
    assert [p.liveness for p in layers.scored(view, frame(200)).probes] == [{}, {"network": 1.0}]
    assert layers.scored(view, frame(300)) is view
    empty = nobody(TrackView(), 100)
    assert layers.scored(empty, frame(100)) is empty
    assert LayerSet().scored(view, frame(200)) is view


def test_layers_forget_a_face_when_its_track_is_over() -> None:
    layer = Brightness()
    layers = LayerSet((layer,))
    view = good(TrackView(), 100)
    layers.scored(view, frame(100))
    layers.scored(view, frame(150))  # an action is ordered: the face turns, its track goes on
    assert layer.forgot == 0
    layers.scored(nobody(view, 200), frame(200))
    assert layer.forgot == 1
    layers.scored(good(view, 300).forgotten(), frame(300))
    assert layer.forgot == 2


def test_the_ordered_action_ends_with_its_order_and_not_with_a_frame() -> None:
    action = ActionLayer(lambda: order_of(0))
    action.begin(0.0)
    LayerSet((action,)).scored(nobody(TrackView(), 200), frame(200))
    assert action.status(0.1) is not None


@pytest.mark.parametrize(
    "layer", [Saying(math.nan), Saying(math.inf), Saying(-0.1), Saying(1.1), Saying(None),
              Refusing()]
)  # fmt: skip
def test_what_is_no_score_is_never_living(layer: Saying | Refusing) -> None:
    view = good(TrackView(), 200)
    assert LayerSet((layer,)).scored(view, frame(200)).probes[-1].liveness == {"network": None}


def test_one_line_tells_both_languages() -> None:
    without = LayerSet.build([LayerSource("network", damaged)])
    said = asked_and_judged("passive", without)
    assert "NOT judged" in said
    assert "liveness_fallback" in said
    assert "文件不存在" in said
    whole = LayerSet.build([LayerSource("network", Brightness)])
    assert "NOT judged" not in asked_and_judged("passive", whole)
    assert "NOT judged" in asked_and_judged("action", whole)
    assert "NOT judged" not in asked_and_judged("off", without)
