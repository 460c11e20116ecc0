"""YuNet: faces with five landmarks (Wu, Peng, Yu: YuNet, Machine Intelligence Research 2023).

Three heads work at strides 8, 16 and 32. Every cell of a head says how surely a face is there:
class times objectness. It also says where the box lies and where the landmarks are, in units of the
stride.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.models.interpreter import make_interpreter
from gate.models.picture_arrays import check_picture, copy_thinned
from gate.ports import Face, Picture
from gate.ports.values import Box

STRIDES = (8, 16, 32)
OVERLAP_MAX = 0.3
"""Intersection over union above which the weaker of two boxes is the same face (OpenCV's value)."""

EXPONENT_MAX = 6.0
"""e^6 cells are wider than any input; without a bound a wild value would be infinite."""

CANDIDATES_MAX = 400
FACES_MAX = 32
"""Cells that are compared with one another, and faces told, at most: the best ones. A poster with
a thousand faces costs no more than that (a face in sight lights five to twenty cells)."""

SCORE_MIN = 0.6
"""Below it a cell is no face. Of the 3,811 pictures of LFW's folds 1 to 5 none lacks a face."""

Boxes = npt.NDArray[np.float32]
"""(n, 4) float32: x, y, width, height, one a row."""

Points = npt.NDArray[np.float32]
"""(n, 5, 2) float32: the landmarks of each."""

Cells = npt.NDArray[np.float32]
"""(n, 2) float32: column and row of each cell."""

PerBox = npt.NDArray[np.float32]
"""(n,) float32: one value for each cell or box."""

_NO_BOX = np.empty((0, 4), np.float32)
_NO_LANDMARKS = np.empty((0, 5, 2), np.float32)
_NO_SCORE = np.empty(0, np.float32)


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
            [self._interpreter.tensor(by_name[f"{k}_{s}"]) for k in ("cls", "obj", "bbox", "kps")]
            for s in STRIDES
        ]
        self._cells = [_cells(self.size, s) for s in STRIDES]
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

    def detect_thinned(self, picture: Picture, step: int) -> list[Face]:
        """As `detect`, on every `step`-th pixel of a picture that then fits. InputRejected."""
        check_picture(picture)
        copy_thinned(picture, step, self._input()[0])
        self._interpreter.invoke()
        boxes, landmarks, scores = self._decode(SCORE_MIN)
        return [
            Face(boxes[n] * step, landmarks[n] * step, float(scores[n]))
            for n in distinct(boxes, scores)
        ]

    def cells(self, picture: Picture) -> tuple[Boxes, PerBox]:
        """Box and score of every cell, for the comparison with the original network."""
        self._feed(picture)
        self._interpreter.invoke()
        boxes, _, scores = self._decode(score_min=0.0)
        return boxes, scores

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
        copy_thinned(fitted, 1, view)
        return scale

    def _decode(self, score_min: float) -> tuple[Boxes, Points, PerBox]:
        """Boxes, landmarks and scores of the cells above the score; no other is worked out."""
        boxes, landmarks, scores = [_NO_BOX], [_NO_LANDMARKS], [_NO_SCORE]
        for stride, cells, views in zip(STRIDES, self._cells, self._heads, strict=True):
            certainty = (views[0]() * views[1]())[0, :, 0]
            found = (certainty >= score_min * score_min).nonzero()[0]
            if found.size:
                box, points = views[2]()[0, found], views[3]()[0, found]
                corner = cells[found]
                size = np.exp(np.minimum(box[:, 2:], EXPONENT_MAX)) * stride
                centre = (box[:, :2] + corner) * stride
                boxes.append(np.concatenate([centre - size / 2, size], axis=1))
                landmarks.append((points.reshape(-1, 5, 2) + corner[:, None]) * stride)
                scores.append(np.sqrt(certainty[found]))
        if len(boxes) == 2:  # the usual case: one head saw somebody
            return boxes[1], landmarks[1], scores[1]
        return np.concatenate(boxes), np.concatenate(landmarks), np.concatenate(scores)


def distinct(boxes: Boxes, scores: PerBox) -> list[int]:
    """Greedy non-maximum suppression: places of the boxes to keep, best score first, at most
    `FACES_MAX` out of the best `CANDIDATES_MAX`."""
    found = boxes.tolist()
    best_first = sorted(range(len(found)), key=scores.tolist().__getitem__, reverse=True)
    kept: list[int] = []
    for n in best_first[:CANDIDATES_MAX]:
        if all(_shared(found[n], found[k]) <= OVERLAP_MAX for k in kept):
            kept.append(n)
            if len(kept) == FACES_MAX:
                break
    return kept


def _shared(one: list[float], other: list[float]) -> float:
    """Intersection over union of two boxes. On plain numbers: for the dozen cells of one face numpy
    takes five times as long."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (one[2] * one[3] + other[2] * other[3] - common)


def overlap(box: Box, others: Boxes) -> PerBox:
    """Intersection over union of one box with each of `others`."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    union = box[2] * box[3] + others[:, 2] * others[:, 3] - common
    result: PerBox = common / np.maximum(union, np.finfo(np.float32).tiny)
    return result


def _shrunk(picture: Picture, scale: float) -> Picture:
    height, width = picture.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(image)


def _cells(size: tuple[int, int], stride: int) -> Cells:
    """Column and row of every cell of one head, in the order of its output."""
    columns, rows = size[0] // stride, size[1] // stride
    row, column = np.divmod(np.arange(columns * rows), columns)
    cells: Cells = np.stack([column, row], axis=1).astype(np.float32)
    return cells
