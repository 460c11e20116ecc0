"""Whole pipeline against the bare networks, interleaved so that both see the same machine."""

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.core.json_types import JsonObject
from gate.errors import InputRejected
from gate.models.alignment import align
from gate.models.frame_analysis import RECOGNISER
from gate.models.interpreter import runtime_name, usable_threads
from gate.models.live_detection import LiveDetector
from gate.models.network_files import model_path
from gate.models.recogniser import Recogniser
from gate.ports import Picture

FRAME = (640, 480)
WARM_UP = 5


def measure(folder: Path, frame: Picture, threads: int, rounds: int) -> JsonObject:
    """Medians in milliseconds over `rounds`, and the ratio of whole to bare. InputRejected where
    the frame shows no face."""
    finder = LiveDetector(folder, threads)
    recogniser = Recogniser(model_path(folder, RECOGNISER), threads)
    if not finder.glance(frame):
        raise InputRejected("The picture shows no face: name another.", "图片中没有人脸：请另选。")
    durations: dict[str, list[float]] = {
        k: [] for k in ("detect", "align", "embed", "bare_detect", "bare_embed")
    }
    for n in range(WARM_UP + rounds):
        found = _one_round(finder, recogniser, frame)
        if n >= WARM_UP:
            for name, ms in found.items():
                durations[name].append(ms)
    return {
        "threads": usable_threads(threads),
        "runtime": runtime_name(),
        "rounds": rounds,
        "resident_mb": resident_mb(),
        **_summary({name: np.array(values) for name, values in durations.items()}),
    }


def _one_round(finder: LiveDetector, recogniser: Recogniser, frame: Picture) -> dict[str, float]:
    times = [time.perf_counter()]
    face = finder.closer(frame, finder.glance(frame)[0])
    times.append(time.perf_counter())
    chip = align(frame, face.landmarks)
    times.append(time.perf_counter())
    recogniser.embed(chip)
    times.append(time.perf_counter())
    finder.invoke()
    times.append(time.perf_counter())
    recogniser.invoke()
    times.append(time.perf_counter())
    names = ("detect", "align", "embed", "bare_detect", "bare_embed")
    return {n: (end - start) * 1000 for n, start, end in zip(names, times, times[1:], strict=False)}


def _summary(ms: dict[str, npt.NDArray[np.float64]]) -> JsonObject:
    """`ms`: by step, (rounds,) float64 each. Medians; and the ratio once more in the fastest tenth
    of the rounds, since other work on the machine can only add."""
    whole = ms["detect"] + ms["align"] + ms["embed"]
    bare = ms["bare_detect"] + ms["bare_embed"]
    whole_ms, bare_ms = (round(float(np.median(part)), 3) for part in (whole, bare))
    fastest = float(np.quantile(whole, 0.1) / np.quantile(bare, 0.1))
    return {
        "ms": {name: round(float(np.median(values)), 3) for name, values in ms.items()},
        "whole_ms": whole_ms,
        "bare_ms": bare_ms,
        "ratio": round(whole_ms / bare_ms, 4),
        "ratio_of_the_fastest_tenth": round(fastest, 4),
    }


def as_frame(picture: Picture) -> Picture:
    """A picture scaled to fit a 640 x 480 frame, the rest grey."""
    image = Image.fromarray(picture)
    image.thumbnail(FRAME, Image.Resampling.LANCZOS)
    frame = Image.new("RGB", FRAME, (96, 96, 96))
    frame.paste(image, ((FRAME[0] - image.width) // 2, (FRAME[1] - image.height) // 2))
    return np.asarray(frame)


def resident_mb() -> dict[str, float]:
    """Resident memory of this process now and at most, MiB."""
    status = _kilobytes("status", "VmHWM")
    rollup = _kilobytes("smaps_rollup", "Rss")  # exact, where status may lag behind
    return {"now": round(rollup / 1024, 1), "peak": round(status / 1024, 1)}


def _kilobytes(name: str, field: str) -> int:
    for line in Path(f"/proc/self/{name}").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0
