"""Whether a face is living: what the layers' scores of several frames come to. Pure.

A layer gives each frame of one face track a score from 0 (a picture of a face) to 1 (a living
face). The mean of its newest `FRAMES` scores is held against its threshold. A layer without a
threshold is a hint: it is recorded and decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from gate.core.exam import LIVENESS, LIVENESS_FALLBACKS

OFF, ACTION = LIVENESS[0], LIVENESS[-1]
ADMIT = LIVENESS_FALLBACKS[-1]

LAYERS = ("nir", "network", "geometry", ACTION)
"""Near infrared, network pair, geometry of two cameras, an action done as it was asked for."""

PASSIVE = LAYERS[:3]
"""Those that ask nothing of the candidate."""

FRAMES = 5
"""Scores of one layer that are averaged. With fewer the layer has not judged."""

THRESHOLDS: Mapping[str, float] = dict.fromkeys(LAYERS, 0.5)
"""The least mean that is living, for a site that is not calibrated."""

ATTACK_BELOW: Mapping[str, float] = {"geometry": 0.45}
"""A layer that is named here calls nothing an attack above this. Between it and its threshold it
could not tell: the flattest noses and the best folded sheets lie there (docs, second-camera)."""

FrameScores = Mapping[str, float | None]
"""What each layer says of one frame; None where that frame cannot tell."""


class LivenessVerdict(StrEnum):
    """What the layers come to; the value stands in records."""

    LIVE = "live"
    ATTACK = "attack"
    UNSURE = "unsure"


class LivenessFields(TypedDict):
    """`verdict`: `live`, `attack` or `unsure`. `layers`: the mean score of each of `LAYERS`, 0 to
    1, None for one that did not judge."""

    verdict: str
    layers: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Liveness:
    """What the layers say of one face. `means`: of each layer that judged, 0 to 1. `is_open`: a
    layer that is there and asked for has not judged. `is_lacking`: one that is asked for is not
    there.

    ValueError: a mean is not from 0 to 1, because a record with NaN could not be written.
    """

    verdict: LivenessVerdict
    means: Mapping[str, float]
    is_open: bool = False
    is_lacking: bool = False

    def __post_init__(self) -> None:
        if not all(0.0 <= mean <= 1.0 for mean in self.means.values()):
            raise ValueError(f"liveness means that are not from 0 to 1: {dict(self.means)}")

    def passes(self, fallback: str) -> bool:
        """Whether the face is let in as far as liveness goes.

        `fallback`: one of `LIVENESS_FALLBACKS`, for what no layer here can judge. What a layer saw
        as an attack is never let in.
        """
        if self.verdict is LivenessVerdict.UNSURE:
            return fallback == ADMIT and self.is_lacking and not self.is_open
        return self.verdict is LivenessVerdict.LIVE

    @property
    def fields(self) -> LivenessFields:
        """As a decision carries it."""
        layers = {name: _rounded(self.means.get(name)) for name in LAYERS}
        return {"verdict": self.verdict.value, "layers": layers}


@dataclass(frozen=True, slots=True)
class FittedLayers:
    """The layers of one unit. `working`: they give scores. `lost`: the unit is set up for them and
    they give none, such as those of a second camera that is unplugged."""

    working: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()

    def needed(self, asked: str) -> frozenset[str]:
        """The working layers that must say live before a face is. `asked`: one of `LIVENESS`.

        They are all passive ones, and the action where it is asked for.
        """
        if asked == OFF:
            return frozenset()
        return self.working & frozenset((*PASSIVE, ACTION) if asked == ACTION else PASSIVE)

    @property
    def judged(self) -> str:
        """The most of `LIVENESS` that the working layers judge."""
        if ACTION in self.working:
            return ACTION
        return LIVENESS[1] if self.working & frozenset(PASSIVE) else OFF

    def lacks(self, asked: str) -> bool:
        """Whether a layer that is asked for cannot judge: one is lost, or there is none at all."""
        if asked == OFF:
            return False
        if self.lost & frozenset(PASSIVE):
            return True
        return ACTION not in self.working if asked == ACTION else not self.needed(asked)


def assess(
    asked: str,
    frames: Sequence[FrameScores],
    fitted: FittedLayers,
    thresholds: Mapping[str, float] = THRESHOLDS,
    *,
    escalated: bool = False,
) -> Liveness | None:
    """What `frames` of one face track, oldest first, come to; None where nothing is asked for.

    `asked`: one of `LIVENESS`. One layer with a threshold that says attack (`is_attack`) is enough
    for an attack. Living is a face of which every needed layer says so. Everything else is unsure.
    `escalated`: the passive layers could not tell, and the action that was ordered then is what is
    needed.
    """
    if asked == OFF:
        return None
    means = {n: m for n in LAYERS if (m := mean_score(n, frames)) is not None}
    low = {n for n in means.keys() & thresholds.keys() if means[n] < thresholds[n]}
    if any(is_attack(n, means[n], thresholds[n]) for n in low):
        return Liveness(LivenessVerdict.ATTACK, means)
    deciding = FittedLayers(fitted.working & thresholds.keys(), fitted.lost)
    needed = frozenset({ACTION}) if escalated else deciding.needed(asked)
    told = means.keys() if escalated else means.keys() - low
    is_open, is_lacking = not needed | low <= told, deciding.lacks(asked)
    if is_open or is_lacking:
        return Liveness(LivenessVerdict.UNSURE, means, is_open, is_lacking)
    return Liveness(LivenessVerdict.LIVE, means)


def is_attack(layer: str, mean: float, threshold: float = 0.5) -> bool:
    """Whether a layer whose scores have this mean, 0 to 1, says attack."""
    return mean < min(threshold, ATTACK_BELOW.get(layer, threshold))


def mean_score(layer: str, frames: Sequence[FrameScores]) -> float | None:
    """The mean of the newest `FRAMES` scores of `layer`; None before there are so many."""
    scores = [s for f in frames if (s := f.get(layer)) is not None][-FRAMES:]
    return sum(scores) / FRAMES if len(scores) == FRAMES else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
