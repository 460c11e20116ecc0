"""125 kHz tags as RDM6300 and ID-12 modules send them. Pure.

A frame is STX, ten hexadecimal digits (five bytes of the tag), two of their XOR, CR LF from some
modules, ETX. It is repeated for as long as the tag lies there.
"""

import re

from gate.drivers.scanners.line_decoders import Item, Refusal, Scanned, UnusablePayload

STX, ETX = 0x02, 0x03
_FRAME_MAX = 17
_FRAME = re.compile(rb"[0-9A-Fa-f]{12}(\r\n)?")


class RfidDecoder:
    """Tags by number. `decimal`: the ten digits printed on most tags (the low four bytes); else the
    ten hexadecimal digits of the whole tag, capitals."""

    def __init__(self, decimal: bool = True) -> None:
        self._decimal = decimal
        self._buffer = bytearray()

    @property
    def midway(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Item]:
        """The items that end in these bytes, in order."""
        items: list[Item] = []
        for byte in data:
            items += self._byte(byte)
        return items

    def gap(self) -> list[Item]:
        """The line has been silent: the frame that was begun is incomplete."""
        self._buffer.clear()
        return [UnusablePayload(Refusal.INCOMPLETE)]

    def _byte(self, byte: int) -> list[Item]:
        """A frame begins with STX, wherever that comes: neither digits nor checksum hold one."""
        if byte == STX:
            cut = bool(self._buffer)
            self._buffer[:] = bytes([byte])
            return [UnusablePayload(Refusal.INCOMPLETE)] if cut else []
        if not self._buffer:
            return []  # noise between two frames
        self._buffer.append(byte)
        if byte == ETX:
            frame = bytes(self._buffer[1:-1])
            self._buffer.clear()
            return [self._tag(frame)]
        if len(self._buffer) > _FRAME_MAX:
            self._buffer.clear()
            return [UnusablePayload(Refusal.FRAME)]
        return []

    def _tag(self, frame: bytes) -> Item:
        if not _FRAME.fullmatch(frame):
            return UnusablePayload(Refusal.FRAME)
        tag = bytes.fromhex(frame[:12].decode("ascii"))
        if _xor(tag[:5]) != tag[5]:
            return UnusablePayload(Refusal.CHECKSUM)
        if self._decimal:
            return Scanned("ticket", f"{int.from_bytes(tag[1:5], 'big'):010d}")
        return Scanned("ticket", tag[:5].hex().upper())


def encode_tag(tag: bytes, line_end: bool = False) -> bytes:
    """The frame of a tag's five bytes."""
    body = (tag + bytes([_xor(tag)])).hex().upper().encode()
    return bytes([STX]) + body + (b"\r\n" if line_end else b"") + bytes([ETX])


def _xor(data: bytes) -> int:
    result = 0
    for byte in data:
        result ^= byte
    return result
