"""MiniFASNet V2 and V1SE as operators (minivision-ai, Silent-Face-Anti-Spoofing, Apache-2.0).

Both are inverted residuals as in MobileFaceNet. A block widens by a 1 x 1 convolution, looks
around by a depthwise one and narrows again. Widths are those of the file, the order of the blocks
is this module's. V1SE's last block of every run weighs its channels by squeeze and excitation (Hu
et al., CVPR 2018). Input: blue, green, red, 80 x 80, 0 to 255. Output: shares of paper, live and
screen.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from gate.models.building.pickle_values import damaged
from gate.models.building.source_network import Constant, Node
from gate.models.building.torch_checkpoint import Array

Attributes = dict[str, int | float | list[int]]

SIDE = 80
CLASSES = ("paper", "live", "screen")
EPSILON = 1e-5
"""Of every batch normalisation, PyTorch's own value."""

RUNS = (("conv_23", "conv_3", 4), ("conv_34", "conv_4", 6), ("conv_45", "conv_5", 2))
"""A block that halves height and width, then a run of blocks with a way around each."""

_COUNTERS = "num_batches_tracked"
"""How long a normalisation was trained: of no use to who runs it."""


class MiniFasNet:
    """A `SourceNetwork` from the tensors of a checkpoint. `excited`: with the blocks of V1SE."""

    def __init__(self, tensors: Mapping[str, Array], excited: bool) -> None:
        """InputDamaged: a tensor is missing, left over, or of a shape that does not fit."""
        self._tensors = {k: v for k, v in tensors.items() if not k.endswith(_COUNTERS)}
        self._constants: dict[str, Constant] = {}
        self._excited = excited
        self.nodes: list[Node] = []
        self.input = "picture"
        self.input_shape: tuple[int, ...] = (1, 3, SIDE, SIDE)
        self._width = 3
        self.outputs = [self._describe()]
        left = self._tensors.keys() - self._constants.keys()
        if left:
            raise damaged(f"{len(left)} tensors that no layer reads, such as {min(left)}")

    def is_constant(self, name: str) -> bool:
        """Whether the tensor `name` is known before the network runs."""
        return name in self._constants

    def constant(self, name: str) -> Constant:
        """float64."""
        return self._constants[name]

    def rows(self, name: str) -> Iterator[npt.NDArray[np.float64]]:
        """The rows of a matrix one after another, each (columns,) float64."""
        yield from self._constants[name]

    # -- the network, from input to output --------------------------------------------------------

    def _describe(self) -> str:
        value = self._convolution("conv1", self.input, stride=2)
        value = self._convolution("conv2_dw", value, depthwise=True)
        for halving, run, count in RUNS:
            value = self._block(halving, value, stride=2)
            for n in range(count):
                value = self._around(f"{run}.model.{n}", value, last=n == count - 1)
        value = self._convolution("conv_6_sep", value, size=1)
        value = self._convolution("conv_6_dw", value, depthwise=True, size=5, pad=0, slope=False)
        value = self._add("Flatten", "flat", [value])
        value = self._matrix("linear", value)
        value = self._norm("bn", value)
        value = self._matrix("prob", value)
        if self._width != len(CLASSES):
            raise damaged(f"{self._width} classes, not {len(CLASSES)}")
        return self._add("Softmax", "shares", [value])

    def _around(self, name: str, value: str, *, last: bool) -> str:
        """A block and the way around it."""
        width = self._width
        inner = self._block(name, value)
        if self._excited and last:
            inner = self._excitation(f"{name}.se_module", inner)
        if self._width != width:
            raise damaged(f"{name} gives another width than it takes")
        return self._add("Add", f"{name}.sum", [value, inner])

    def _block(self, name: str, value: str, stride: int = 1) -> str:
        value = self._convolution(f"{name}.conv", value, size=1)
        value = self._convolution(f"{name}.conv_dw", value, depthwise=True, stride=stride)
        return self._convolution(f"{name}.project", value, size=1, slope=False)

    def _excitation(self, name: str, value: str) -> str:
        """Each channel by a weight from the means of all."""
        weight = self._add("GlobalAveragePool", f"{name}.mean", [value])
        weight = self._weighted(f"{name}.fc1", f"{name}.bn1", weight, size=1)
        weight = self._add("Relu", f"{name}.relu", [weight])
        weight = self._weighted(f"{name}.fc2", f"{name}.bn2", weight, size=1)
        weight = self._add("Sigmoid", f"{name}.sigmoid", [weight])
        return self._add("Mul", f"{name}.product", [value, weight])

    def _convolution(
        self,
        name: str,
        value: str,
        *,
        size: int = 3,
        stride: int = 1,
        depthwise: bool = False,
        pad: int | None = None,
        slope: bool = True,
    ) -> str:
        """Convolution, normalisation, and a rectifier with a slope below 0."""
        value = self._weighted(
            f"{name}.conv",
            f"{name}.bn",
            value,
            size=size,
            stride=stride,
            depthwise=depthwise,
            pad=size // 2 if pad is None else pad,
        )
        if not slope:
            return value
        slopes = self._take(f"{name}.prelu.weight", (self._width,))
        return self._add("PRelu", f"{name}.prelu", [value, slopes])

    def _weighted(
        self,
        name: str,
        norm: str,
        value: str,
        *,
        size: int,
        stride: int = 1,
        depthwise: bool = False,
        pad: int = 0,
    ) -> str:
        key = f"{name}.weight"
        width = self._rows(key)
        weight = self._take(key, (width, 1 if depthwise else self._width, size, size))
        if depthwise and width != self._width:
            raise damaged(f"{key} has another width than its input")
        self._width = width
        attributes: Attributes = {
            "group": width if depthwise else 1,
            "strides": [stride, stride],
            "pads": [pad] * 4,
        }
        return self._norm(norm, self._add("Conv", name, [value, weight], attributes))

    def _norm(self, name: str, value: str) -> str:
        parts = ("weight", "bias", "running_mean", "running_var")
        inputs = [value, *(self._take(f"{name}.{p}", (self._width,)) for p in parts)]
        if (self._constants[inputs[4]] < 0).any():
            raise damaged(f"{name} has a variance below 0")
        return self._add("BatchNormalization", name, inputs, {"epsilon": EPSILON})

    def _matrix(self, name: str, value: str) -> str:
        """Without a bias."""
        key = f"{name}.weight"
        rows = self._rows(key)
        weight = self._take(key, (rows, self._width))
        self._width = rows
        none = f"{name}.no_bias"
        self._constants[none] = np.zeros(rows)
        return self._add("Gemm", name, [value, weight, none])

    # -- nodes and constants ----------------------------------------------------------------------

    def _add(
        self, kind: str, output: str, inputs: list[str], attributes: Attributes | None = None
    ) -> str:
        self.nodes.append(Node(kind, tuple(inputs), (output,), attributes or {}))
        return output

    def _rows(self, key: str) -> int:
        tensor = self._tensors.get(key)
        if tensor is None or tensor.ndim == 0 or not tensor.size:
            raise damaged(f"{key} is missing")
        return len(tensor)

    def _take(self, key: str, shape: tuple[int, ...]) -> str:
        tensor = self._tensors.get(key)
        if tensor is None:
            raise damaged(f"{key} is missing")
        if tensor.shape != shape:
            raise damaged(f"{key} is {tensor.shape}, not {shape}")
        self._constants[key] = tensor.astype(np.float64)
        return key
