"""What lies between a simulated module and its client: wires, and faults of single replies. Pure.

A wire turns the bytes put on it into pieces, each with the pause before it. It is seeded: the same
bytes in the same order come out the same.
"""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

_CHUNK = 16


class Piece(NamedTuple):
    """`data` leaves `after_s` later than the line's speed alone would have it."""

    after_s: float
    data: bytes


class Wire(Protocol):
    """A line that carries bytes, whole or with faults."""

    def carry(self, data: bytes) -> Iterator[Piece]:
        """`data` as it arrives, piece by piece."""


class Perfect:
    """Everything, at the line's pace."""

    def carry(self, data: bytes) -> Iterator[Piece]:
        """All of `data`, in chunks, without delay."""
        for start in range(0, len(data), _CHUNK):
            yield Piece(0.0, data[start : start + _CHUNK])


class OneByte:
    """Everything, in pieces of one byte."""

    def carry(self, data: bytes) -> Iterator[Piece]:
        """All of `data`, one byte at a time."""
        for byte in data:
            yield Piece(0.0, bytes([byte]))


class Lossy:
    """A line that loses bytes.

    `loss`: the chance of each byte to be lost.
    """

    def __init__(self, seed: int, loss: float = 1 / 2000) -> None:
        self._random = random.Random(seed)
        self._loss = loss

    def carry(self, data: bytes) -> Iterator[Piece]:
        """`data` without the bytes that are lost by chance."""
        left = bytes(b for b in data if self._random.random() >= self._loss)
        yield from Perfect().carry(left)


class Delayed:
    """Each run of bytes waits, evenly distributed up to `longest_s`."""

    def __init__(self, seed: int, longest_s: float = 0.3) -> None:
        self._random = random.Random(seed)
        self._longest_s = longest_s

    def carry(self, data: bytes) -> Iterator[Piece]:
        """All of `data`, after a random delay."""
        after_s = self._random.uniform(0, self._longest_s)
        for piece in Perfect().carry(data):
            yield Piece(after_s, piece.data)
            after_s = 0.0


WIRES: dict[str, Callable[[int], Wire]] = {
    "perfect": lambda seed: Perfect(),
    "one-byte": lambda seed: OneByte(),
    "lossy": Lossy,
    "delayed": Delayed,
}
"""By name, from a seed."""


LINE_FAULTS = {
    "line-noise": "one bit of the next reply is flipped",
    "reply-cut": "three bytes of the next reply are lost",
    "reply-split": "the next reply comes in two pieces, 0.1 s apart",
    "reply-glued": "the next reply comes twice without a gap",
    "reply-late": "the next reply comes 1.5 s late",
    "noise-before": "four bytes of noise, two of them a preamble's, come before the next reply",
}
"""Faults of one reply; each ends with it."""


def spoil(frame: bytes, faults: set[str], late_s: float = 1.5) -> list[Piece]:
    """`frame` with the `LINE_FAULTS` among `faults`, which are taken out of it."""
    due = faults & LINE_FAULTS.keys()
    faults -= due
    middle = len(frame) // 2
    if "line-noise" in due:
        frame = frame[:middle] + bytes([frame[middle] ^ 0x08]) + frame[middle + 1 :]
    if "reply-cut" in due:
        frame = frame[:middle] + frame[middle + 3 :]
    if "reply-glued" in due:
        frame += frame
    if "noise-before" in due:
        frame = b"\x00\xff\xaa\xaa" + frame
    pieces = [Piece(0.0, frame)]
    if "reply-split" in due:
        pieces = [Piece(0.0, frame[:middle]), Piece(late_s / 15, frame[middle:])]
    if "reply-late" in due:
        pieces[0] = Piece(late_s, pieces[0].data)
    return pieces
