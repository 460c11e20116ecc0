"""What a portrait is laid on in the trials of `exam-gate bench action`: sheets and heads, in mm.

A head is an ellipsoid with sockets, a nose, lips and a chin. Its sizes differ from person to
person. It is simulated: the portrait's own relief is not known.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

EYES_MM = 63.0
"""Between the pupils of an adult (mean)."""
MIDDLE_MM = 15.0
"""Below the eyes: the middle of a sheet and of a head."""

Millimetres = npt.NDArray[np.float32]
"""(n,) or (rows, columns) float32: lengths in mm, one for each point or ray."""


class Surface(Protocol):
    """What a portrait is laid on. x to the right, y down, both from the middle between the eyes."""

    @property
    def depth_mm(self) -> tuple[float, float]:
        """The least and the most relief."""

    @property
    def half_size_mm(self) -> tuple[float, float]:
        """Half of its width and of its height, along the portrait; MIDDLE_MM below the eyes is
        the middle."""

    def relief(self, x: Millimetres, y: Millimetres) -> Millimetres:
        """How far the surface stands out towards the camera, in mm."""

    def place(self, x: Millimetres, y: Millimetres) -> tuple[Millimetres, Millimetres]:
        """Which place of the portrait lies there, in mm from the middle between its eyes."""

    def where(self, x: Millimetres, y: Millimetres) -> tuple[Millimetres, Millimetres]:
        """The other way: where a place of the portrait lies."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A photograph, flat or rolled round an axis.

    `bend_per_mm`: 1 / radius, above 0 with the middle towards the camera. `axis_rad`: of the axis
    of the roll, 0 upright.
    """

    bend_per_mm: float = 0.0
    axis_rad: float = 0.0

    @property
    def half_size_mm(self) -> tuple[float, float]:
        """See `Surface`: about the size of A4 when the face has its natural size."""
        return 105.0, 130.0

    @property
    def depth_mm(self) -> tuple[float, float]:
        """See `Surface`."""
        if not self.bend_per_mm:
            return 0.0, 0.0
        radius = abs(1 / self.bend_per_mm)
        depth = radius * (1 - np.cos(min(1.5, 135.0 / radius))) + 1.0
        return (-depth, 0.0) if self.bend_per_mm > 0 else (0.0, depth)

    def relief(self, x: Millimetres, y: Millimetres) -> Millimetres:
        """See `Surface`."""
        if not self.bend_per_mm:
            return np.zeros_like(x)
        radius = 1 / self.bend_per_mm
        across = np.cos(self.axis_rad) * x + np.sin(self.axis_rad) * y
        inside = np.clip(radius**2 - across**2, 0, None)
        return np.asarray(np.sign(radius) * np.sqrt(inside) - radius, np.float32)

    def place(self, x: Millimetres, y: Millimetres) -> tuple[Millimetres, Millimetres]:
        """See `Surface`."""
        if not self.bend_per_mm:
            return x, y
        radius = abs(1 / self.bend_per_mm)
        c, s = np.cos(self.axis_rad), np.sin(self.axis_rad)
        across, along = c * x + s * y, c * y - s * x
        rolled = radius * np.arcsin(np.clip(across / radius, -1, 1))
        rolled = np.where(np.abs(across) < radius, rolled, 1e4)
        return (c * rolled - s * along).astype(np.float32), (s * rolled + c * along).astype(
            np.float32
        )

    def where(self, x: Millimetres, y: Millimetres) -> tuple[Millimetres, Millimetres]:
        """See `Surface`."""
        if not self.bend_per_mm:
            return x, y
        radius = abs(1 / self.bend_per_mm)
        c, s = np.float32(np.cos(self.axis_rad)), np.float32(np.sin(self.axis_rad))
        along = c * y - s * x
        across = radius * np.sin(np.clip((c * x + s * y) / radius, -np.pi / 2, np.pi / 2))
        return c * across - s * along, s * across + c * along


@dataclass(frozen=True, slots=True)
class Head:
    """A head's shape in mm.

    `nose`: of the tip before the skin between the eyes; `socket`: of the eyes behind it; `lips`,
    `chin`: before the ellipsoid. `half_width`, `half_height`, `half_depth`: of the ellipsoid.
    `down`: of its middle below the eyes. `nose_down`, `mouth_down`: below the eyes.
    """

    nose: float = 24.0
    socket: float = 6.0
    lips: float = 5.0
    chin: float = 5.0
    half_width: float = 76.0
    half_height: float = 118.0
    half_depth: float = 95.0
    down: float = 22.0
    nose_down: float = 42.0
    mouth_down: float = 68.0

    @property
    def depth_mm(self) -> tuple[float, float]:
        """See `Surface`."""
        return -70.0, self.nose + 12.0

    @property
    def half_size_mm(self) -> tuple[float, float]:
        """See `Surface`."""
        return self.half_width, self.half_height

    def relief(self, x: Millimetres, y: Millimetres) -> Millimetres:
        """See `Surface`. 0 is the ellipsoid between the eyes."""

        def skull(x: Millimetres | float, y: Millimetres | float) -> Millimetres:
            inside = 1 - (x / self.half_width) ** 2 - ((y - self.down) / self.half_height) ** 2
            return np.asarray(self.half_depth * np.sqrt(np.clip(inside, 0, None)), np.float32)

        def bump(x0: float, y0: float, wide: float, high: float) -> Millimetres:
            far = ((np.abs(x) - x0) / wide) ** 2 + ((y - y0) / high) ** 2
            return np.asarray(np.exp(-far), np.float32)

        ridge = np.clip((y + 4) / (self.nose_down + 4), 0, 1)  # from the bridge to the tip
        below = np.clip(1 - (y - self.nose_down) / 9, 0, 1)
        flank = np.exp(-((x / (7 + 8 * ridge)) ** 2))
        return np.asarray(
            skull(x, y)
            - skull(0.0, 0.0)
            + self.nose * ridge * below * flank
            - self.socket * bump(EYES_MM / 2, 0, 16, 11)
            + self.lips * bump(0, self.mouth_down, 26, 12)
            + self.chin * bump(0, self.mouth_down + 38, 24, 16),
            np.float32,
        )

    def place(self, x: Millimetres, y: Millimetres) -> tuple[Millimetres, Millimetres]:
        """See `Surface`: the portrait was taken from far away."""
        return x, y

    def where(self, x: Millimetres, y: Millimetres) -> tuple[Millimetres, Millimetres]:
        """See `Surface`."""
        return x, y


def some_head(chance: np.random.Generator) -> Head:
    """Somebody's head: sizes spread as among adults of both sexes (about two deviations each)."""

    def between(least: float, most: float) -> float:
        middle, spread = (least + most) / 2, (most - least) / 4
        return float(np.clip(chance.normal(middle, spread), least, most))

    return Head(
        nose=between(17, 29),
        socket=between(3, 9),
        lips=between(2, 8),
        chin=between(1, 8),
        half_width=between(69, 83),
        half_height=between(106, 128),
        half_depth=between(85, 105),
    )
