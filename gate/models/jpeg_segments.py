"""The segments of a JPEG file before its picture (ITU-T T.81, B.1.1). Pure.

Readers look at metadata that they do not need, and some of it ends them. What is left here is what
the pixels need: tables, frame, the JFIF and Adobe markers that say how colours are stored.
"""

import struct
from collections.abc import Iterator

_SOI, _SOS, _EOI = 0xD8, 0xDA, 0xD9
_APP0, _APP1, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
_ALONE = frozenset([0x01, *range(0xD0, 0xD8)])
"""Markers without a length: TEM and the restarts."""
EXIF = b"Exif\0\0"


def is_jpeg(data: bytes) -> bool:
    """Whether `data` begins as a JPEG file does."""
    return data[:2] == b"\xff\xd8"


def exif_of(data: bytes) -> bytes | None:
    """The block of the first Exif segment, from its byte order on; None where there is none."""
    for marker, start, end in _segments(data):
        if marker == _APP1 and data[start + 4 : end].startswith(EXIF):
            return data[start + 4 + len(EXIF) : end]
    return None


def without_metadata(data: bytes) -> bytes:
    """The file without comments and application segments but JFIF's and Adobe's. What is cut short
    stays so."""
    kept, at = [b"\xff\xd8"], 2
    for marker, start, end in _segments(data):
        if not (marker == _COM or _APP0 < marker <= _APP15) or marker == _APP14:
            kept.append(data[start:end])
        at = end
    return b"".join([*kept, data[at:]])


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment before the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        if marker in (_SOS, _EOI, _SOI):
            return
        length = 0 if marker in _ALONE else struct.unpack_from(">H", data, at + 2)[0]
        end = at + 2 + length
        if end > len(data) or (marker not in _ALONE and length < 2):
            return
        yield marker, at, end
        at = end
