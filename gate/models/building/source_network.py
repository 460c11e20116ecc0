"""What the converter walks: operators in order, in the words of ONNX, and their constants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Constant = npt.NDArray[Any]
"""(...): of the shape and the number type that the file gives it."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operator. `inputs` and `outputs` are names of values or constants."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


class SourceNetwork(Protocol):
    """`nodes` without those that only make constants; `input`: name and N, C, H, W shape."""

    nodes: list[Node]
    outputs: list[str]
    input: str
    input_shape: tuple[int, ...]

    def is_constant(self, name: str) -> bool:
        """Whether the tensor `name` is known before the network runs."""

    def constant(self, name: str) -> Constant:
        """float64, or the integers of a shape."""

    def rows(self, name: str) -> Iterator[npt.NDArray[np.float64]]:
        """The rows of a matrix one after another, each (columns,) float64."""


def readers(nodes: Sequence[Node], name: str) -> list[Node]:
    """Who takes this value as an input."""
    return [n for n in nodes if name in n.inputs]
