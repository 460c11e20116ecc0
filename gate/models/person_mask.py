"""Where in a picture the person is, by MediaPipe's selfie segmentation (Apache-2.0).

Its last operator is of MediaPipe's own kind, which no plain runtime knows: a transposed convolution
of 2 x 2 without overlap. So the file is loaded without its last two operators. What they would do
(that convolution, then the logistic function) is done here, from the weights in the file.
"""

import hashlib
import struct
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.errors import ModelDamaged
from gate.models.interpreter import make_interpreter
from gate.platform.regular_file import read_regular
from gate.ports import Picture

FILE_NAME = "selfie_segmentation.tflite"
SHA256 = "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27"
SIZE_BYTES = 249_024
SIDE = 256

_OPERATORS_AT, _OPERATORS_LEFT = 216048, 244
_OUTPUT_AT, _LAST_FEATURES = 227348, 245
"""Where in the file stand the number of operators and the graph's output, and what is put there."""
_BIAS_AT, _KERNEL_AT = 1152, 1168
"""Float16: 1, and 2 x 2 x 16."""
_LOGIT_MAX = 30.0

Mask = npt.NDArray[np.float32]
"""(256, 256) float32, 0 background to 1 person, over the whole picture whatever its shape."""


class PersonMask:
    """Owns one interpreter: one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of the networks. ModelDamaged where the file is missing or another one."""
        content = _pinned(folder / FILE_NAME)
        self._bias = float(np.frombuffer(content, "<f2", 1, _BIAS_AT)[0])
        kernel = np.frombuffer(content, "<f2", 64, _KERNEL_AT)
        self._kernel = kernel.astype(np.float32).reshape(2, 2, 16)
        cut = bytearray(content)
        struct.pack_into("<I", cut, _OPERATORS_AT, _OPERATORS_LEFT)
        struct.pack_into("<i", cut, _OUTPUT_AT, _LAST_FEATURES)
        with NamedTemporaryFile(suffix=".tflite") as file:
            file.write(cut)
            file.flush()
            self._interpreter = make_interpreter(Path(file.name))
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def of(self, picture: Picture) -> Mask:
        """The mask of `picture`."""
        shown = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        values = np.asarray(shown, np.float32)[None] / np.float32(255)
        self._interpreter.set_tensor(self._input, values)
        self._interpreter.invoke()
        features = self._interpreter.get_tensor(self._output)[0]
        logits = np.einsum("hwc,ijc->hiwj", features, self._kernel).reshape(SIDE, SIDE) + self._bias
        mask: Mask = 1 / (1 + np.exp(-np.clip(logits, -_LOGIT_MAX, _LOGIT_MAX)))
        return mask


def is_there(folder: Path) -> bool:
    """Whether the network's file lies in `folder`, whole or not."""
    return (folder / FILE_NAME).exists()


def _pinned(path: Path) -> bytes:
    try:
        content = read_regular(path, SIZE_BYTES)
    except OSError as e:
        raise _damaged(path) from e
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise _damaged(path)
    return content


def _damaged(path: Path) -> ModelDamaged:
    return ModelDamaged(
        f"{path} is not the pinned person mask (SHA-256 differs): fetch it again, or delete it; "
        "backgrounds are not judged then.",
        f"{path} 与固定的 SHA-256 不符：请重新获取，或删除该文件（届时不检查背景）。",
        path=str(path),
    )
