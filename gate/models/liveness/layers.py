"""The seam of the liveness layers: what a layer is given of one frame, and what it answers.

`gate/core/liveness.py` says what follows from the answers.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gate.ports import Picture
from gate.ports.values import Box, Landmarks

SecondPicture = npt.NDArray[np.uint8]
"""(height, width, 3) RGB, or (height, width) of a near-infrared camera; uint8."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerInput:
    """One face in one frame.

    `picture`: the whole frame. `box`, `landmarks`: of the face, in its pixels. `at_s`: monotonic
    seconds, when the exposure began. `second`: what the second camera saw nearest in time, None
    without one. `track`: another number is another face track.
    """

    picture: Picture
    box: Box
    landmarks: Landmarks
    at_s: float
    second: SecondPicture | None = None
    track: int = 0


class FrameLayer(Protocol):
    """One way to tell a living face from a picture of one. Called by one thread."""

    @property
    def name(self) -> str:
        """One of `gate.core.liveness.LAYERS`; the stereo layer is a `geometry`."""

    def score(self, seen: LayerInput) -> float | None:
        """How living the face is, from 0.0 to 1.0; None where this frame cannot tell."""

    def forget(self) -> None:
        """The face has left: nothing of it is kept."""
