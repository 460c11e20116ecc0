"""The first directory of a TIFF file (TIFF 6.0, sections 2 and 8 to 22). Pure.

Readers look at entries that the pixels do not need, and an odd one ends them. What is left here is
what says how the pixels are stored.
"""

import struct

_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_PIXELS = frozenset(
    {
        *(254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320),
        *(322, 323, 324, 325, 332, 334, 338, 339, 340, 341, 347, *range(512, 522)),
        *(529, 530, 531, 532),
    }
)
"""Kind of page, size, depth, compression, colours, strips, tiles, predictor, palette, inks, extra
samples, form of samples, tables of JPEG, YCbCr. The orientation is not among them."""


def is_tiff(data: bytes) -> bool:
    """Not BigTIFF, which nothing hands in."""
    return data[:4] in _ORDERS


def without_metadata(data: bytes) -> bytes:
    """The file with only those entries in its first directory, and no other directory. What is cut
    short stays as it is."""
    order = _ORDERS[data[:4]]
    try:
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
    except struct.error:
        return data
    end = at + 2 + 12 * count
    entries = [data[n : n + 12] for n in range(at + 2, end, 12)]
    if len(data) < end:
        return data
    kept = [e for e in entries if struct.unpack_from(f"{order}H", e)[0] in _PIXELS]
    directory = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + bytes(4)
    return b"".join([data[:at], directory, data[at + len(directory) :]])
