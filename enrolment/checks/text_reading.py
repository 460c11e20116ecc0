"""Printed text in a picture, by PP-OCRv6 (PaddlePaddle, Apache-2.0) on onnxruntime.

The first network marks the pixels of text lines, the second reads one line. Lines of a card that
lies upright in its guide frame are level, so a line is an upright box here.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image
from scipy import ndimage

from enrolment.checks.networks import network_path
from gate.ports import Picture

DETECTOR, READER = "ppocr-v6-det-small.onnx", "ppocr-v6-rec-small.onnx"
SHORT_SIDE, LONG_SIDE_MAX = 736, 1280
"""Pixels of what the first network sees, both multiples of 32."""

TEXT_MIN, LINE_MIN = 0.3, 0.5
"""Shares from which on a pixel is text, and a line one."""

UNCLIP = 1.6
"""The first network marks the middle of a line; its makers grow it by this."""

LINE_HEIGHT = 48
LINES_MAX = 60
"""More text than a card has is not read."""

Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TextLine:
    """`box`: left, top, right, bottom, each 0 to 1 of the picture. `sure`: mean of its letters,
    0 to 1."""

    text: str
    box: tuple[float, float, float, float]
    sure: float


class TextReader:
    """Owns two networks: one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """NetworkMissing."""
        self._detector = _session(network_path(folder, DETECTOR))
        self._reader = _session(network_path(folder, READER))
        letters = self._reader.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._letters = ["", *letters, " "]

    def lines(self, picture: Picture) -> list[TextLine]:
        """What is printed, from the top."""
        height, width = picture.shape[:2]
        found = []
        for left, top, right, bottom in self._boxes(picture):
            text, sure = self._read(picture[top:bottom, left:right])
            if text:
                box = (left / width, top / height, right / width, bottom / height)
                found.append(TextLine(text, box, sure))
        return found

    def _boxes(self, picture: Picture) -> list[tuple[int, int, int, int]]:
        height, width = picture.shape[:2]
        scale = min(SHORT_SIDE / min(height, width), LONG_SIDE_MAX / max(height, width))
        size = (_of_32(width * scale), _of_32(height * scale))
        shown = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
        (answer,) = self._detector.run(None, {"x": _normalised(shown)[None]})
        shares = answer[0, 0]
        marked = ndimage.binary_dilation(shares > TEXT_MIN, np.ones((2, 2)))
        labels, _ = ndimage.label(marked)
        boxes = []
        for place, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
            inside = labels[rows, columns] == place
            if shares[rows, columns][inside].mean() < LINE_MIN or min(inside.shape) < 3:
                continue
            grown = _grown(rows, columns)
            to_picture = (width / size[0], height / size[1]) * 2
            left, top, right, bottom = (
                round(n * s) for n, s in zip(grown, to_picture, strict=True)
            )
            box = (max(0, left), max(0, top), min(width, right), min(height, bottom))
            if box[2] - box[0] > 2 and box[3] - box[1] > 2:
                boxes.append(box)
        return sorted(boxes, key=lambda b: (b[1], b[0]))[:LINES_MAX]

    def _read(self, line: Picture) -> tuple[str, float]:
        width = max(16, round(line.shape[1] * LINE_HEIGHT / line.shape[0]))
        shown = Image.fromarray(line).resize((width, LINE_HEIGHT), Image.Resampling.BILINEAR)
        padded = np.zeros((3, LINE_HEIGHT, max(width, 320)), np.float32)
        padded[:, :, :width] = _normalised(np.asarray(shown))
        (answer,) = self._reader.run(None, {"x": padded[None]})
        best, sure = answer[0].argmax(axis=1), answer[0].max(axis=1)
        kept = (best != 0) & np.concatenate(([True], best[1:] != best[:-1]))
        text = "".join(self._letters[n] for n in best[kept])
        return text.strip(), float(sure[kept].mean()) if kept.any() else 0.0


def _of_32(side: float) -> int:
    return max(32, round(side / 32) * 32)


def _grown(rows: slice, columns: slice) -> tuple[float, float, float, float]:
    height, width = rows.stop - rows.start, columns.stop - columns.start
    by = height * width * UNCLIP / (2 * (height + width))
    return columns.start - by, rows.start - by, columns.stop + by, rows.stop + by


def _normalised(picture: Picture) -> Values:
    """(3, height, width), blue first, -1 to 1, as both networks were trained."""
    values: Values = (picture[:, :, ::-1].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)
    return values


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
