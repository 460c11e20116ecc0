"""The liveness layers that one unit has, and why it has not the others."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from gate.core.liveness import ACTION, LAYERS, FittedLayers, FrameScores
from gate.errors import GateError, InputRejected
from gate.models.face_track import TrackView
from gate.models.liveness.action import ActionLayer
from gate.models.liveness.layers import FrameLayer, LayerInput, SecondPicture
from gate.ports import Frame
from gate.ports.status import LayerStatus

log = logging.getLogger("gate.watcher")

NO_SUCH_LAYER: LayerStatus = {
    "judges": False,
    "zh": "本机未配置该检测层",
    "en": "This unit is not set up for it",
}
NOT_ASKED: LayerStatus = {
    "judges": False,
    "zh": "本场考试未要求活体检测",
    "en": "The exam asks for no liveness",
}
NOT_BUILT: LayerStatus = {"judges": False, "zh": "正在启动", "en": "It is being started"}
JUDGES: LayerStatus = {"judges": True, "zh": "参与检测", "en": "Judges"}
JUDGES_WITH_SCREEN: LayerStatus = {
    "judges": True,
    "zh": "连接考生屏幕后参与检测",
    "en": "Judges while a candidate's screen is connected",
}
NO_SCREEN: LayerStatus = {
    "judges": False,
    "zh": "未连接考生屏幕，无法下达动作指令：请运行 exam-gate staff screen",
    "en": "No screen shows what is ordered: run exam-gate staff screen on one",
}


@dataclass(frozen=True, slots=True)
class LayerSource:
    """How a unit comes to one layer.

    `name`: one of `LAYERS`. `build`: makes it, on the thread that will call it; GateError where the
    unit cannot have it. `required`: the unit is set up for it, so that without it what it judges
    is lost and not merely absent.
    """

    name: str
    build: Callable[[], FrameLayer]
    required: bool = False


@dataclass(frozen=True, slots=True)
class LayerSet:
    """The layers that were built, and the status of each. Scoring belongs to one thread."""

    layers: tuple[FrameLayer, ...] = ()
    status: Mapping[str, LayerStatus] = field(
        default_factory=lambda: dict.fromkeys(LAYERS, NOT_ASKED)
    )
    fitted: FittedLayers = field(default_factory=FittedLayers)

    @classmethod
    def build(cls, sources: Sequence[LayerSource]) -> Self:
        """Every layer that can be had. One that cannot is told in the log and in `status`."""
        layers, lost = [], set()
        status = dict.fromkeys(LAYERS, NO_SUCH_LAYER)
        for source in sources:
            try:
                layers.append(source.build())
                status[source.name] = JUDGES_WITH_SCREEN if source.name == ACTION else JUDGES
            except GateError as e:
                log.warning("liveness layer %s is off: %s", source.name, e.en)
                status[source.name] = {"judges": False, "zh": e.zh, "en": e.en}
                if source.required:
                    lost.add(source.name)
        working = frozenset(n for n, s in status.items() if s["judges"])
        return cls(tuple(layers), status, FittedLayers(working, frozenset(lost)))

    @classmethod
    def awaited(cls, sources: Sequence[LayerSource]) -> Self:
        """As it is until the layers are built: each of them may still come to judge."""
        status = dict.fromkeys(LAYERS, NO_SUCH_LAYER) | {s.name: NOT_BUILT for s in sources}
        return cls((), status, FittedLayers(frozenset(s.name for s in sources)))

    def with_error(self, name: str, error: GateError | None) -> "LayerSet":
        """The same while what the layer `name` needs is out of order, or in order again. A layer
        that was not built stays as it is."""
        if not any(layer.name == name for layer in self.layers):
            return self
        told: LayerStatus = JUDGES
        if error is not None:
            told = {"judges": False, "zh": error.zh, "en": error.en}
        if self.status[name] == told:
            return self
        if error is not None and self.status[name]["judges"]:
            log.warning("liveness layer %s is off: %s", name, error.en)
        elif error is None:
            log.info("liveness layer %s judges again", name)
        working, lost = self.fitted.working - {name}, self.fitted.lost - {name}
        if error is None:
            fitted = FittedLayers(working | {name}, lost)
        else:
            fitted = FittedLayers(working, lost | {name})
        return LayerSet(self.layers, {**self.status, name: told}, fitted)

    def without_screen(self) -> "LayerSet":
        """The same where nothing shows a candidate what to do: no action is ordered then."""
        if self.action is None:
            return self
        fitted = FittedLayers(self.fitted.working - {ACTION}, self.fitted.lost)
        return LayerSet(self.layers, {**self.status, ACTION: NO_SCREEN}, fitted)

    @property
    def action(self) -> ActionLayer | None:
        """The layer of ordered actions, where it was built."""
        return next((n for n in self.layers if isinstance(n, ActionLayer)), None)

    @property
    def is_awaited(self) -> bool:
        """Whether a layer has not been built yet."""
        return NOT_BUILT in self.status.values()

    def scored(
        self, view: TrackView, frame: Frame, second: SecondPicture | None = None
    ) -> TrackView:
        """`view` with the scores of `frame`, where its newest probe is of that frame. A score
        belongs to its probe, so it counts while the track is the same face and no longer.

        Where `view` has no track the layers forget the face that they saw. A layer that is out of
        order says nothing. `second`: what the second camera saw then.
        """
        newest = view.probes[-1] if view.probes else None
        if newest is None:
            self._forget()
        if not self.layers or newest is None or newest.mono_ns != frame.mono_ns:
            return view
        face = newest.face
        at_s = frame.mono_ns / 1e9
        seen = LayerInput(frame.pixels, face.box, face.landmarks, at_s, second, view.track)
        judging = [layer for layer in self.layers if layer.name not in self.fitted.lost]
        scores: FrameScores = {layer.name: _score_of(layer, seen) for layer in judging}
        return replace(view, probes=(*view.probes[:-1], replace(newest, liveness=scores)))

    def _forget(self) -> None:
        """The ordered action knows by itself when its trial is over (`ordered_action.py`)."""
        for layer in self.layers:
            if layer is not self.action:
                layer.forget()


def asked_and_judged(asked: str, layers: LayerSet) -> str:
    """One line, English and Chinese: what an exam asks for and which layers judge it."""
    parts = [
        f"{name}: {status['en'].removesuffix('.')} {status['zh'].removesuffix('。')}"
        for name, status in layers.status.items()
    ]
    listed = "; ".join(parts)
    if not layers.fitted.lacks(asked):
        return f"{asked} is asked for 考试要求 {asked}; {listed}"
    return (
        f"{asked} is asked for and NOT judged; liveness_fallback in the exam says what then, refer "
        f"unless it says admit 考试要求 {asked} 但本机无法检测，按考试的 liveness_fallback 处理，"
        f"默认转人工; {listed}"
    )


def _score_of(layer: FrameLayer, seen: LayerInput) -> float | None:
    """None, which is never live, for what is no score."""
    try:
        score = layer.score(seen)
    except InputRejected as e:
        log.debug("liveness layer %s: %s", layer.name, e.en)
        return None
    if score is None or not math.isfinite(score) or not 0.0 <= score <= 1.0:
        return None
    return float(score)
