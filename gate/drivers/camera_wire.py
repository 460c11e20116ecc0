"""What the gate and its camera process say to each other; both ends are of one release.

One socket that keeps messages apart (SOCK_SEQPACKET), one question at a time, one answer to each.
The picture itself is in shared memory: one picture, written before the answer names it.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from gate.errors import CameraMissing, FrameTimeout, HardwareFault, RetryLater

QUESTION = struct.Struct("<Bd")
ANSWER = struct.Struct("<Bqq")
BYTES_MAX = 8192
"""Of one message."""


class Ask(IntEnum):
    """CAPTURE: seconds to wait at most; EXPOSE: stops."""

    CAPTURE = 1
    EXPOSE = 2


class Said(IntEnum):
    """DONE: opened, or told; FRAME: monotonic ns, number; TIMEOUT, MISSING: the two sentences."""

    DONE = 1
    FRAME = 2
    TIMEOUT = 3
    MISSING = 4


@dataclass(frozen=True, slots=True)
class CameraSetup:
    """How the camera is opened. `width`, `height` in pixels; `device`: its number, or the name that
    libcamera gives it."""

    width: int
    height: int
    fps: float
    device: int | str = 0
    upside_down: bool = False

    @property
    def bytes(self) -> int:
        """Of one picture, RGB."""
        return self.width * self.height * 3

    def words(self) -> list[str]:
        """As arguments of a command."""
        device, turned = str(self.device), str(int(self.upside_down))
        return [str(self.width), str(self.height), str(self.fps), device, turned]

    @classmethod
    def of(cls, words: list[str]) -> Self:
        """What `words` gave. A name of libcamera begins with /, so it is no number. ValueError."""
        width, height, fps, device, turned = words
        named = int(device) if device.isdigit() else device
        return cls(int(width), int(height), float(fps), named, turned == "1")


def error_answer(error: CameraMissing | FrameTimeout) -> bytes:
    """The answer that says `error`."""
    kind = Said.TIMEOUT if isinstance(error, FrameTimeout) else Said.MISSING
    text = f"{error.en[:2000]}\0{error.zh[:2000]}".encode("utf-8", "replace")
    return ANSWER.pack(kind, 0, 0) + text[: BYTES_MAX - ANSWER.size]


def said_error(kind: Said, text: bytes) -> HardwareFault | RetryLater:
    """The error that `error_answer` packed."""
    en, _, zh = text.decode("utf-8", "replace").partition("\0")
    return FrameTimeout(en, zh) if kind is Said.TIMEOUT else CameraMissing(en, zh)
