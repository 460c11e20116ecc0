"""The built networks against the ONNX originals, run by onnxruntime."""

import numpy as np
import pytest

from gate.models.detector import STRIDES, Detector
from gate.models.network_files import model_path
from gate.models.recogniser import Recogniser
from tests.networks import networks, originals, portrait

pytestmark = pytest.mark.models


def session(network: str):
    """A session of onnxruntime, which refuses two things in these files.

    They are graph inputs that nothing provides, and a block size on a scale that is a single
    number, where it means nothing.
    """
    import onnx
    import onnxruntime

    model = onnx.load_from_string(originals()[network])
    real = [i for i in model.graph.input if i.name in ("data", "input")]
    del model.graph.input[:]
    model.graph.input.extend(real)
    lengths = {t.name: list(t.dims) for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and lengths[node.input[1]] == [1]:
            kept = [a for a in node.attribute if a.name != "block_size"]
            del node.attribute[:]
            node.attribute.extend(kept)
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), quiet)


def pictures(height: int, width: int) -> list[np.ndarray]:
    """Noise, smooth colour, and a round head on a plain ground."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=-1)
    head = np.full((height, width, 3), 180)
    radius = np.hypot((x - width / 2) / width, (y - height / 2) / height)
    head[radius < 0.3] = (200, 150, 130)
    head[np.hypot(x - width * 0.4, y - height * 0.42) < width * 0.04] = 30
    head[np.hypot(x - width * 0.6, y - height * 0.42) < width * 0.04] = 30
    noise = rng.integers(0, 256, (height, width, 3))
    return [p.astype(np.uint8) for p in (noise, smooth, head)]


def to_onnx(picture: np.ndarray, bgr: bool) -> np.ndarray:
    channels = picture[..., ::-1] if bgr else picture
    return channels.transpose(2, 0, 1)[None].astype(np.float32)


def test_recogniser_gives_the_original_templates() -> None:
    original, built = session("sface"), Recogniser(model_path(networks(), "sface"))
    for picture in pictures(112, 112):
        wanted = original.run(None, {"data": to_onnx(picture, bgr=False)})[0][0]
        cosine = float(built.embed(picture) @ wanted / np.linalg.norm(wanted))
        assert cosine >= 0.9999, cosine


def original_cells(run: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Box (x, y, width, height) and score of every cell, worked out here from the raw outputs."""
    boxes, scores = [], []
    for stride in STRIDES:
        side = 640 // stride
        row, column = np.divmod(np.arange(side * side), side)
        raw = run[f"bbox_{stride}"][0]
        size = np.exp(raw[:, 2:]) * stride
        centre = (raw[:, :2] + np.stack([column, row], axis=1)) * stride
        boxes.append(np.concatenate([centre - size / 2, size], axis=1))
        scores.append(np.sqrt(run[f"cls_{stride}"][0] * run[f"obj_{stride}"][0])[:, 0])
    return np.concatenate(boxes), np.concatenate(scores)


def test_detector_gives_the_original_box_in_every_cell() -> None:
    original, built = session("yunet"), Detector(model_path(networks(), "yunet-640x640"))
    names = [o.name for o in original.get_outputs()]
    for picture in pictures(640, 640):
        outputs = original.run(None, {"input": to_onnx(picture, bgr=True)})
        boxes, scores = original_cells(dict(zip(names, outputs, strict=True)))
        found = built.cells(picture)
        assert np.abs(found[0] - boxes).max() < 0.5
        assert np.abs(found[1] - scores).max() < 1e-3


def test_detector_finds_the_original_face() -> None:
    original, built = session("yunet"), Detector(model_path(networks(), "yunet-640x640"))
    names = [o.name for o in original.get_outputs()]
    frame = np.zeros((640, 640, 3), np.uint8)
    face = portrait("001")[:600, :600]
    frame[: face.shape[0], : face.shape[1]] = face
    outputs = original.run(None, {"input": to_onnx(frame, bgr=True)})
    boxes, scores = original_cells(dict(zip(names, outputs, strict=True)))
    (found,) = built.detect(frame)
    assert found.score > 0.8
    assert np.abs(found.box - boxes[scores.argmax()]).max() < 0.5
