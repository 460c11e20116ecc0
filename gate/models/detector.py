"""YuNet: faces with five landmarks (Wu, Peng, Yu: YuNet, Machine Intelligence Research 2023).

Three heads at strides 8, 16 and 32; every cell of a head says how surely a face is there (class
times objectness), where its box lies and where its landmarks are, in units of the stride.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.errors import InputRejected
from gate.models.runtime import make_interpreter
from gate.ports import Face, Picture

STRIDES = (8, 16, 32)
OVERLAP_MAX = 0.3
"""Intersection over union above which the weaker of two boxes is the same face (OpenCV's value)."""

SCORE_MIN = 0.6
"""Below it a cell is no face. Of the 3,811 pictures of LFW's folds 1 to 5 none lacks a face."""


class Detector:
    """Owns one interpreter: one thread at a time. `size`: width and height of its input."""

    def __init__(self, model: Path, threads: int = 1) -> None:
        """ModelDamaged."""
        self._interpreter = make_interpreter(model, threads)
        details = self._interpreter.get_input_details()[0]
        self.size: tuple[int, int] = (int(details["shape"][2]), int(details["shape"][1]))
        self._input = self._interpreter.tensor(details["index"])
        by_name = {d["name"]: d["index"] for d in self._interpreter.get_output_details()}
        self._heads = [
            [self._interpreter.tensor(by_name[f"{kind}_{s}"]) for s in STRIDES]
            for kind in ("cls", "obj", "bbox", "kps")
        ]
        self._cells = _cells(self.size)
        self._ends = np.cumsum([c * r for c, r in _grids(self.size)])
        self._scores = np.empty(self._ends[-1], np.float32)
        self._interpreter.invoke()  # the first call packs the weights

    def detect(self, picture: Picture, score_min: float = SCORE_MIN) -> list[Face]:
        """Faces in pixels of `picture`, best score first.

        A picture that fits is not resampled; a larger one is scaled down to fit. InputRejected
        for what is not a picture (height x width x 3, uint8).
        """
        check_picture(picture)
        scale = self._feed(picture)
        self._interpreter.invoke()
        boxes, landmarks, scores = self._decode(score_min)
        if scale != 1.0:
            boxes = boxes / scale
            landmarks = (landmarks + 0.5) / scale - 0.5  # pixel centres, not corners
        return [Face(boxes[n], landmarks[n], float(scores[n])) for n in distinct(boxes, scores)]

    def invoke(self) -> None:
        """The bare network on whatever its input holds, for the benchmark."""
        self._interpreter.invoke()

    def _feed(self, picture: Picture) -> float:
        """Into the network's own input, whose view must be gone before it runs."""
        width, height = self.size
        view = self._input()[0]
        if picture.shape[:2] == (height, width):
            np.copyto(view, picture)
            return 1.0
        scale = min(1.0, width / picture.shape[1], height / picture.shape[0])
        fitted = picture if scale == 1.0 else _shrunk(picture, scale)
        view.fill(0)
        view[: fitted.shape[0], : fitted.shape[1]] = fitted
        return scale

    def _decode(
        self, score_min: float
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Only cells above the score are worked out."""
        classes, objects, boxes, points = self._heads
        start = 0
        for head, end in enumerate(self._ends):
            np.multiply(
                classes[head]()[0, :, 0], objects[head]()[0, :, 0], out=self._scores[start:end]
            )
            start = end
        found = np.flatnonzero(self._scores >= score_min * score_min)
        found = found[np.argsort(-self._scores[found], kind="stable")]
        if not found.size:
            return np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty(0)
        heads = np.searchsorted(self._ends, found, side="right")
        inner = found - np.concatenate(([0], self._ends))[heads]
        raw = np.stack([boxes[h]()[0, i] for h, i in zip(heads, inner, strict=True)])
        raw_points = np.stack([points[h]()[0, i] for h, i in zip(heads, inner, strict=True)])
        corner, stride = self._cells[found, :2], self._cells[found, 2:]
        size = np.exp(raw[:, 2:]) * stride
        centre = (raw[:, :2] + corner) * stride
        landmarks = (raw_points.reshape(-1, 5, 2) + corner[:, None]) * stride[:, None]
        return (
            np.concatenate([centre - size / 2, size], axis=1),
            landmarks,
            np.sqrt(self._scores[found]),
        )


def check_picture(picture: Picture) -> None:
    """InputRejected unless height x width x 3 bytes with at least one pixel."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise InputRejected(
            f"A picture must be height x width x 3 bytes in RGB, not {picture.dtype} "
            f"{'x'.join(map(str, picture.shape))}: convert it first.",
            "图片必须是 高x宽x3 的 RGB 数据，请先转换。",
            shape=picture.shape,
        )


def distinct(boxes: npt.NDArray[np.float32], scores: npt.NDArray[np.float32]) -> list[int]:
    """Greedy non-maximum suppression: places of the boxes to keep, best score first."""
    order = list(np.argsort(-scores, kind="stable"))
    kept: list[int] = []
    while order:
        best = int(order.pop(0))
        kept.append(best)
        if order:
            overlaps = overlap(boxes[best], boxes[order])
            order = [n for n, o in zip(order, overlaps, strict=True) if o <= OVERLAP_MAX]
    return kept


def overlap(
    box: npt.NDArray[np.float32], others: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Intersection over union of one box (x, y, width, height) with each of `others`."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    union = box[2] * box[3] + others[:, 2] * others[:, 3] - common
    result: npt.NDArray[np.float32] = common / np.maximum(union, np.finfo(np.float32).tiny)
    return result


def _shrunk(picture: Picture, scale: float) -> Picture:
    height, width = picture.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(image)


def _grids(size: tuple[int, int]) -> list[tuple[int, int]]:
    return [(size[0] // s, size[1] // s) for s in STRIDES]


def _cells(size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Column, row and stride of every cell of the three heads, in the order of the outputs."""
    parts = []
    for (columns, rows), stride in zip(_grids(size), STRIDES, strict=True):
        row, column = np.divmod(np.arange(columns * rows), columns)
        parts.append(np.stack([column, row, np.full_like(row, stride)], axis=1))
    return np.concatenate(parts).astype(np.float32)
