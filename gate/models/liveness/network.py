"""The network layer of liveness: MiniFASNet V2 and V1SE (minivision-ai, 2020).

V2 looks at the face and what is close around it, V1SE at more of the surroundings. Both say how
much a frame looks like paper, like a living face and like a screen. What they stop and what passes
them is in docs/liveness.md.
"""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gate.models.interpreter import drop_mapped_pages, make_interpreter
from gate.models.liveness.face_crop import Crop, face_crop
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.site_calibration import PAIR, SiteCalibration
from gate.models.network_files import model_path

SCALES = (2.7, 4.0)
"""How many face boxes V2 and V1SE were trained to see."""

LOGIT_MAX = 12.0
"""Beyond it a network is sure beyond what it knows: one frame shall not weigh down all others."""

_LIVE = 1
_SHARE_MIN = 1e-30

Shares = npt.NDArray[np.float32]
"""(3,) float32: paper, live, screen; they sum to 1."""


class NetworkLayer:
    """Owns two interpreters: one thread at a time. A `FrameLayer`."""

    name = "network"

    def __init__(self, models: Path, calibration: SiteCalibration | None = None) -> None:
        """`calibration`: of the site, None for the makers' bound. ModelDamaged."""
        self._networks = [_Network(model_path(models, name)) for name in PAIR]
        self._calibration = calibration

    def score(self, seen: LayerInput) -> float | None:
        """How living the face is, 0.0 to 1.0; None for a box that is no face in the picture."""
        shares = self.shares(seen)
        if shares is None:
            return None
        if self._calibration is not None:
            return self._calibration.score((live_logit(shares[0]), live_logit(shares[1])))
        return makers_score(shares)

    def forget(self) -> None:
        """Each frame is judged alone: there is nothing to forget."""

    def shares(self, seen: LayerInput) -> tuple[Shares, Shares] | None:
        """What V2 and V1SE say of one frame; None as in `score`."""
        crops = [face_crop(seen.picture, seen.box, scale) for scale in SCALES]
        said = [n.shares(c) for n, c in zip(self._networks, crops, strict=True) if c is not None]
        return (said[0], said[1]) if len(said) == len(SCALES) else None


def makers_score(shares: tuple[Shares, Shares]) -> float:
    """The mean of both shares of live, 0 to 1."""
    return min(1.0, sum(float(s[_LIVE]) for s in shares) / len(shares))


def live_logit(shares: Shares) -> float:
    """Logarithm of live against paper and screen, at most `LOGIT_MAX` either way. float32 keeps
    small shares exact, so the sum of the others is better than 1 - live."""
    live, other = float(shares[_LIVE]), float(shares[0]) + float(shares[2])
    logit = math.log(max(live, _SHARE_MIN)) - math.log(max(other, _SHARE_MIN))
    return max(-LOGIT_MAX, min(LOGIT_MAX, logit))


class _Network:
    def __init__(self, model: Path) -> None:
        self._interpreter = make_interpreter(model)
        self._input = self._interpreter.tensor(self._interpreter.get_input_details()[0]["index"])
        self._output = self._interpreter.tensor(self._interpreter.get_output_details()[0]["index"])
        self._interpreter.invoke()  # packs the weights; the file is not read after it
        drop_mapped_pages(model)

    def shares(self, crop: Crop) -> Shares:
        np.copyto(self._input()[0], crop)
        self._interpreter.invoke()
        shares: Shares = self._output()[0].copy()
        return shares
