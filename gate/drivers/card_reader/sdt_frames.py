"""Frames of the SDT protocol (GA/T 467): bytes to bodies and back. Pure: no port, no clock.

A frame is `AA AA AA 96 69 | length | body | checksum`; the length is two bytes big endian and
counts body and checksum; the checksum is the XOR of length and body.
"""

from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import Generic, TypeVar

from gate.errors import SdtError

T = TypeVar("T")

PREAMBLE = b"\xaa\xaa\xaa\x96\x69"
HEADER = len(PREAMBLE) + 2
LONGEST = 0x090A
"""Largest length field: text, photo and two fingerprints."""


def checksum(framed: bytes) -> int:
    """XOR of length field and body; over these and the checksum itself it is 0."""
    return reduce(xor, framed, 0)


def encode_frame(body: bytes) -> bytes:
    """`body` (at most `LONGEST` - 1 bytes) with preamble, length and checksum."""
    framed = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + framed + bytes([checksum(framed)])


class FrameDecoder(Generic[T]):
    """Bytes in any pieces to values and errors, in order.

    Holds at most one frame (2,321 bytes). After a wrong length or checksum it looks for the next
    preamble one byte on. So a good frame inside a damaged one is not lost. It never cuts a frame at
    a preamble: a portrait may contain one.
    """

    def __init__(self, decode: Callable[[bytes], T], shortest: int) -> None:
        self._decode = decode
        self._shortest = shortest
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[T | SdtError]:
        """What `data` completes. Errors are returned, not raised: `reason` length or checksum."""
        out: list[T | SdtError] = []
        for start in range(0, len(data), LONGEST):
            self._buffer += data[start : start + LONGEST]
            while (item := self._next()) is not None:
                out.append(item)
        return out

    def reset(self) -> None:
        """Forget a part of a frame."""
        self._buffer.clear()

    @property
    def midway(self) -> bool:
        """Whether a frame has begun and is not complete."""
        return bool(self._buffer)

    @property
    def wanted(self) -> int:
        """How many bytes the next value needs at least; reading no more never waits in vain."""
        if len(self._buffer) < HEADER:
            return HEADER - len(self._buffer)
        return HEADER + self._length() - len(self._buffer)

    def _next(self) -> T | SdtError | None:
        self._drop_noise()
        if len(self._buffer) < HEADER:
            return None
        length = self._length()
        if not self._shortest <= length <= LONGEST:
            del self._buffer[0]
            return damaged("length")
        if len(self._buffer) < HEADER + length:
            return None
        framed = bytes(self._buffer[len(PREAMBLE) : HEADER + length])
        if checksum(framed):
            del self._buffer[0]
            return damaged("checksum")
        del self._buffer[: HEADER + length]
        return self._decode(framed[2:-1])

    def _length(self) -> int:
        return int.from_bytes(self._buffer[len(PREAMBLE) : HEADER], "big")

    def _drop_noise(self) -> None:
        at = self._buffer.find(PREAMBLE)
        if at < 0:  # the last bytes may be the beginning of a preamble
            keep = next(
                (n for n in range(len(PREAMBLE) - 1, 0, -1) if self._buffer.endswith(PREAMBLE[:n])),
                0,
            )
            at = len(self._buffer) - keep
        del self._buffer[:at]


def damaged(reason: str) -> SdtError:
    """Bytes that are no frame, or no answer. `reason`: length, checksum, incomplete, shape,
    encoding or status."""
    return SdtError(
        f"Bytes from the card reader are damaged ({reason}): check its cable.",
        f"读卡器数据有误（{reason}）：请检查连接线。",
        reason=reason,
    )
