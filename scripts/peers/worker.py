"""One peer in a process of its own: a word and a number on each line in, one JSON value out.

Run by run.py inside the peer's own environment, which holds nothing of the others:
worker.py PEER THREADS FRAMES FILES. FRAMES: an .npy of 640x480 RGB pictures; FILES: the folder
of the peer's networks.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Embed = Callable[[np.ndarray], "np.ndarray | None"]
"""A 640x480 RGB picture to the template of its most central face; None without a face."""


def off_centre(left: float, top: float, width: float, height: float) -> float:
    """How far a face lies from the middle of the frame: LFW's person is there, others beside."""
    return float(np.hypot(left + width / 2 - 320, top + height / 2 - 240))


def gate_pair(threads: int, files: Path) -> Embed:
    """The gate's own path: two looks, alignment, recogniser."""
    from gate.models.alignment import align
    from gate.models.live_detection import LiveDetector
    from gate.models.network_files import model_path
    from gate.models.recogniser import Recogniser

    finder = LiveDetector(files, threads)
    recogniser = Recogniser(model_path(files, "sface"), threads)

    def embed(picture: np.ndarray) -> np.ndarray | None:
        faces = finder.glance(picture)
        if not faces:
            return None
        central = min(faces, key=lambda f: off_centre(*f.box))
        return recogniser.embed(align(picture, finder.closer(picture, central).landmarks))

    return embed


def gate_careful(threads: int, files: Path) -> Embed:
    """What the gate does while the quick comparison has left it open, and for ticket photos."""
    from gate.models.augmented_template import augmented_template
    from gate.models.live_detection import LiveDetector
    from gate.models.network_files import model_path
    from gate.models.recogniser import Recogniser

    finder = LiveDetector(files, threads)
    recogniser = Recogniser(model_path(files, "sface"), threads)

    def embed(picture: np.ndarray) -> np.ndarray | None:
        faces = finder.glance(picture)
        if not faces:
            return None
        central = finder.closer(picture, min(faces, key=lambda f: off_centre(*f.box)))
        return augmented_template(finder.near, recogniser, picture, central)

    return embed


def gate_one_look(threads: int, files: Path) -> Embed:
    """What the gate did before: YuNet over the whole 640x480 frame."""
    from gate.models.alignment import align
    from gate.models.detector import Detector
    from gate.models.network_files import model_path
    from gate.models.recogniser import Recogniser

    detector = Detector(model_path(files, "yunet-640x480"), threads)
    recogniser = Recogniser(model_path(files, "sface"), threads)

    def embed(picture: np.ndarray) -> np.ndarray | None:
        faces = detector.detect(picture)
        if not faces:
            return None
        central = min(faces, key=lambda f: off_centre(*f.box))
        return recogniser.embed(align(picture, central.landmarks))

    return embed


def opencv_pair(threads: int, files: Path, form: str) -> Embed:
    """FaceDetectorYN at 320x240 and FaceRecognizerSF, as OpenCV's own sample joins them."""
    import cv2

    cv2.setNumThreads(threads)
    detector = cv2.FaceDetectorYN.create(str(files / f"yunet-{form}.onnx"), "", (320, 240), 0.6)
    recogniser = cv2.FaceRecognizerSF.create(str(files / f"sface-{form}.onnx"), "")

    def embed(picture: np.ndarray) -> np.ndarray | None:
        _, faces = detector.detect(cv2.resize(picture, (320, 240)))
        if faces is None:
            return None
        central = min(faces, key=lambda f: off_centre(*(2 * f[:4]))).copy()
        central[:14] *= 2
        values = recogniser.feature(recogniser.alignCrop(picture, central))[0]
        return values / np.linalg.norm(values)

    return embed


def dlib_pair(threads: int, files: Path) -> Embed:
    """face_recognition as its README uses it: HOG detector, five landmarks, ResNet. Templates are
    compared by distance there; scaled to length 1 the order of the pairs stays nearly the same."""
    import face_recognition

    def embed(picture: np.ndarray) -> np.ndarray | None:
        boxes = face_recognition.face_locations(picture)
        if not boxes:
            return None
        central = min(boxes, key=lambda b: off_centre(b[3], b[0], b[1] - b[3], b[2] - b[0]))
        return face_recognition.face_encodings(picture, [central])[0]

    return embed


PEERS: dict[str, Callable[[int, Path], Embed]] = {
    "gate": gate_pair,
    "gate-careful": gate_careful,
    "gate-one-look": gate_one_look,
    "opencv-int8bq": lambda threads, files: opencv_pair(threads, files, "int8bq"),
    "opencv-float32": lambda threads, files: opencv_pair(threads, files, "float32"),
    "dlib": dlib_pair,
}


def frames_for(peer: str, file: Path) -> np.ndarray:
    """The pictures of `file` in the order of channels that the peer takes: OpenCV's is BGR."""
    channels = slice(None, None, -1 if peer.startswith("opencv") else 1)
    return np.ascontiguousarray(np.load(file, mmap_mode="r")[..., channels])


def resident_mb() -> float:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def answer(word: str, number: int, embed: Embed, frames: np.ndarray) -> Any:
    if word == "memory":
        return resident_mb()
    picture = frames[number]
    if word == "embed":
        template = embed(picture)
        return None if template is None else [float(v) for v in template]
    begun, busy = time.perf_counter(), time.process_time()
    embed(picture)
    return [(time.perf_counter() - begun) * 1000, (time.process_time() - busy) * 1000]


def main() -> None:
    peer, threads, frames_file, files = sys.argv[1:5]
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer
    frames = frames_for(peer, Path(frames_file))
    before = resident_mb()  # the pictures are not the peer's
    embed = PEERS[peer](int(threads), Path(files))
    embed(frames[0])
    embed(frames[-1])
    print(json.dumps({"ready": time.monotonic(), "pictures_mb": before}), file=out, flush=True)
    for line in sys.stdin:
        word, number = line.split()
        print(json.dumps(answer(word, int(number), embed, frames)), file=out, flush=True)


if __name__ == "__main__":
    main()
