"""What covers a face, by a small network of our own.

It looks at the head with hair or hat in 64 x 64 pixels. How it was trained, on what, and its error
rates stand in docs/models-and-accuracy.md; the recipe is `scripts/occlusion`.
"""

from pathlib import Path

import numpy as np

from gate.models.alignment import align_head
from gate.models.interpreter import make_interpreter
from gate.ports import Occlusion, Picture
from gate.ports.values import Landmarks


class OcclusionNetwork:
    """Owns one interpreter: one thread at a time."""

    def __init__(self, model: Path) -> None:
        """ModelDamaged."""
        self._interpreter = make_interpreter(model, threads=1)  # too small to be shared out
        self._input = self._interpreter.tensor(self._interpreter.get_input_details()[0]["index"])
        self._output = self._interpreter.tensor(self._interpreter.get_output_details()[0]["index"])
        self._interpreter.invoke()  # the first call packs the weights

    def of(self, picture: Picture, landmarks: Landmarks) -> Occlusion:
        """How surely each part of the face is covered, 0 to 1.

        `landmarks`: in pixels of `picture`. InputRejected for landmarks that fall together.
        """
        return self.of_head(align_head(picture, landmarks))

    def of_head(self, head: Picture) -> Occlusion:
        """How surely each part of an aligned head is covered, 0 to 1.

        `head`: uint8[64, 64, 3], as `align_head` gives it.
        """
        np.copyto(self._input()[0], head)
        self._interpreter.invoke()
        mask, hat, sunglasses, fringe = self._output()[0].tolist()
        return Occlusion(mask, hat, sunglasses, fringe)
