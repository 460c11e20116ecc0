"""Pictures and videos of strangers, decoded by a process of its own.

What breaks a decoder ends that process and nothing else. The process has bounds of memory and CPU
time, and can open no file and no socket once it reads the upload.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enrolment.errors import MediaRejected
from gate.ports import Picture

WALL_S = 60.0
"""When a decoder is given up. Its CPU time is bounded far below."""

SAMPLE_RATE = 16_000
"""Of a video's sound, in Hz."""

Sound = npt.NDArray[np.float32]
"""(samples,) float32, -1 to 1, mono."""

_PROGRAM = "enrolment.checks.decoding_program"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """`frames`: upright, with `times_s` from the first. `duration_s`: to the end of the last frame.
    `sound` is empty where there is none."""

    frames: tuple[Picture, ...]
    times_s: tuple[float, ...]
    duration_s: float
    sound: Sound


def decode_picture(upload: bytes) -> Picture:
    """The upright picture, RGB (height, width, 3) uint8. MediaRejected."""
    header, body = _decoded("picture", upload)
    return _pictures(header, body)[0]


def decode_video(upload: bytes) -> Video:
    """Ten frames a second, at most 640 px long, and the sound. MediaRejected."""
    header, body = _decoded("video", upload)
    frames = _pictures(header, body)
    used = sum(f.nbytes for f in frames)
    sound = np.frombuffer(body, np.float32, offset=used).copy()
    return Video(frames, tuple(header["times_s"]), header["duration_s"][0], sound)


def _decoded(kind: str, upload: bytes) -> tuple[dict[str, list[float]], bytes]:
    if not upload:
        raise _rejected("it is empty")
    command = [sys.executable, "-I", "-m", _PROGRAM, kind]
    environment = {"PATH": os.defpath, **dict.fromkeys(_THREADS, "1")}
    try:
        done = subprocess.run(
            command, input=upload, capture_output=True, timeout=WALL_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired as e:
        raise _rejected("decoding took too long") from e
    first, _, body = done.stdout.partition(b"\n")
    if done.returncode != 0 or not first:
        raise _rejected(_last_line(done.stderr) if done.returncode > 0 else "the decoder crashed")
    return json.loads(first), body


def _pictures(header: dict[str, list[float]], body: bytes) -> tuple[Picture, ...]:
    count, height, width = (int(n) for n in header["shape"])
    pixels = np.frombuffer(body, np.uint8, count * height * width * 3)
    return tuple(pixels.reshape(count, height, width, 3))


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "it cannot be decoded"


def _rejected(why: str) -> MediaRejected:
    return MediaRejected(
        f"The upload cannot be used ({why}): take it again.",
        "上传的文件无法使用：请重新拍摄。",
        why=why,
    )
