"""SFace: an aligned face to a template (Zhong et al., SFace, IEEE TIP 2021; 128 values)."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from gate.errors import GateBug
from gate.models.alignment import SIDE
from gate.models.interpreter import drop_mapped_pages, make_interpreter
from gate.ports import Picture, Template

Answer = npt.NDArray[np.float32]
"""(128,) float32 of any length: what the network says."""


class Recogniser:
    """Owns one interpreter: one thread at a time."""

    def __init__(self, model: Path, threads: int = 1) -> None:
        """ModelDamaged."""
        self._interpreter = make_interpreter(model, threads)
        self._input = self._interpreter.tensor(self._interpreter.get_input_details()[0]["index"])
        self._output = self._interpreter.tensor(self._interpreter.get_output_details()[0]["index"])
        self._interpreter.invoke()  # packs the weights; the file is not read after it
        drop_mapped_pages(model)

    def embed(self, chip: Picture) -> Template:
        """Unit vector of an aligned face (112 x 112 x 3, RGB)."""
        return unit(self._raw(chip))

    def embed_with_feature_norm(self, chip: Picture) -> tuple[Template, float]:
        """The unit vector and the length it had: the less of a face the network sees, the
        shorter (Meng et al., MagFace, CVPR 2021)."""
        raw = self._raw(chip)
        return unit(raw), float(np.sqrt(np.dot(raw, raw)))

    def invoke(self) -> None:
        """The bare network on whatever its input holds, for the benchmark."""
        self._interpreter.invoke()

    def _raw(self, chip: Picture) -> Answer:
        """`chip`: (112, 112, 3) uint8."""
        if chip.shape != (SIDE, SIDE, 3):
            raise GateBug(f"The recogniser takes {SIDE} x {SIDE} x 3, not {chip.shape}.")
        np.copyto(self._input()[0], chip)
        self._interpreter.invoke()
        values: Answer = self._output()[0].copy()
        return values


def unit(values: Answer) -> Template:
    """Scaled to length 1; zeros stay zeros."""
    length = float(np.sqrt(np.dot(values, values)))
    return values / np.float32(length) if length > 0 else values
