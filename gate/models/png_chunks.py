"""The chunks of a PNG file (PNG 3rd edition, 5.3 and 11). Pure.

Readers stop at ancillary chunks that are odd, though the pixels need none of them. What is left
here is what the pixels need: header, palette, transparency, data.
"""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_TRANSPARENT_BYTES = {0: 2, 2: 6}
"""Colour type to the length of its tRNS; the one of a palette has up to 256."""


def is_png(data: bytes) -> bool:
    """Whether `data` begins as a PNG file does."""
    return data.startswith(SIGNATURE)


def exif_of(data: bytes) -> bytes | None:
    """The Exif block, from its byte order on; None where there is none."""
    for kind, start, end in _chunks(data):
        if kind == b"eXIf":
            return data[start + 8 : end - 4].removeprefix(b"Exif\0\0")
    return None


def without_metadata(data: bytes) -> bytes:
    """The file without ancillary chunks; a transparency that fits its picture stays. What is cut
    short stays so, and what is wrong with header, palette or data."""
    kept, at, colour = [SIGNATURE], len(SIGNATURE), None
    for kind, start, end in _chunks(data):
        if kind == b"IHDR" and end - start == 25:
            colour = data[start + 17]
        if kind in _PIXELS or (kind == b"tRNS" and _is_whole(data, start, end, colour)):
            kept.append(data[start:end])
        at = end
    return b"".join([*kept, data[at:]])


def _is_whole(data: bytes, start: int, end: int, colour: int | None) -> bool:
    length = end - start - 12
    fits = 0 < length <= 256 if colour == 3 else length == _TRANSPARENT_BYTES.get(colour or 0)
    return fits and zlib.crc32(data[start + 4 : end - 4]) == int.from_bytes(data[end - 4 : end])


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of each whole chunk, IEND the last."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            return
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end
