"""TIFF entries and PNG chunks that the pixels do not need: of any kind, they end nobody's photo."""

import io
import random
import struct
import zlib
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gate.errors import PhotoRejected
from gate.models import png_chunks, tiff_entries
from gate.models.photo_file import decode_photo
from tests.examples import examples

LYING = np.zeros((20, 40, 3), np.uint8)
LYING[:10, :20] = 200
UPRIGHT = np.rot90(LYING, -1)
"""Orientation 6: the picture's top is its right side (Exif 2.32, 4.6.4 A)."""

ENTRY = tuple[int, int, int, bytes]
TAGS = (0x010E, 0x010F, 0x011A, 0x0128, 0x0131, 0x0132, 0x02BC, 0x83BB, 0x8769, 0x8773, 0x8825)
VALUES = (b"72\0\0", bytes(4), b"\xff" * 4, struct.pack("<I", 8))


def tiff(*odd: ENTRY, order: str = "<") -> bytes:
    """`LYING` in one strip, orientation 6, and other entries."""
    short, long = (lambda v: struct.pack(f"{order}HH", v, 0)), f"{order}I"
    count = 10 + len(odd)
    behind = 8 + 2 + 12 * count + 4
    height, width = LYING.shape[:2]
    entries = [
        (256, 3, 1, short(width)),
        (257, 3, 1, short(height)),
        (258, 3, 3, struct.pack(long, behind)),
        (259, 3, 1, short(1)),
        (262, 3, 1, short(2)),
        (273, 4, 1, struct.pack(long, behind + 6)),
        (274, 3, 1, short(6)),
        (277, 3, 1, short(3)),
        (278, 3, 1, short(height)),
        (279, 4, 1, struct.pack(long, LYING.nbytes)),
        *odd,
    ]
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, count)
    directory = b"".join(
        struct.pack(f"{order}HHI", tag, kind, n) + value for tag, kind, n, value in sorted(entries)
    )
    return head + directory + bytes(4) + struct.pack(f"{order}HHH", 8, 8, 8) + LYING.tobytes()


def png(mode: str = "RGB") -> bytes:
    target = io.BytesIO()
    Image.fromarray(LYING).convert(mode).save(target, "PNG")
    return target.getvalue()


def chunk(kind: bytes, body: bytes, check: int | None = None) -> bytes:
    check = zlib.crc32(kind + body) if check is None else check
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


def behind_header(*chunks: bytes, mode: str = "RGB") -> bytes:
    whole = png(mode)
    return whole[:33] + b"".join(chunks) + whole[33:]


def outcome(data: bytes) -> str:
    try:
        decode_photo(data)
    except PhotoRejected as e:
        return str(e.reason)
    return "picture"


@pytest.mark.parametrize("order", ["<", ">"])
def test_no_other_entry_of_a_tiff_of_any_type_count_and_value_matters(order: str) -> None:
    every = [*product(TAGS, range(17), (0, 1, 4, 9, 1_000_000), VALUES)]
    for odd in random.Random(order).sample(every, 150):
        assert np.array_equal(decode_photo(tiff(odd, order=order)), UPRIGHT), odd


CHUNKS = (
    *(b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"gAMA", b"cHRM", b"pHYs", b"sRGB", b"tIME", b"bKGD"),
    *(b"sBIT", b"hIST", b"acTL", b"fcTL", b"fdAT", b"caBX", b"tRNS", b"eXIf"),
)
BODIES = (b"", b"a", b"a\0", b"a\0\0garbage", b"XML:com.adobe.xmp\0\1\0\0\0garbage", b"\xff" * 30)


def test_no_ancillary_chunk_of_a_png_matters() -> None:
    for kind, body, check in product(CHUNKS, BODIES, (None, 1)):
        data = behind_header(chunk(kind, body, check))
        assert np.array_equal(decode_photo(data), LYING), (kind, body, check)


def test_a_text_that_unpacks_to_anything_is_not_unpacked() -> None:
    large = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2_000_000)))
    assert np.array_equal(decode_photo(behind_header(large)), LYING)


def test_the_orientation_counts_beside_an_odd_chunk() -> None:
    exif = tiff()[: 8 + 2 + 12 * 10 + 4]
    data = behind_header(chunk(b"eXIf", exif), chunk(b"tIME", b"", 1))
    assert np.array_equal(decode_photo(data), UPRIGHT)


def test_the_transparency_counts_beside_an_odd_chunk() -> None:
    black_is_clear = chunk(b"tRNS", bytes(6))
    data = behind_header(black_is_clear, chunk(b"tIME", b"", 1))
    assert np.array_equal(decode_photo(data), np.where(LYING == 0, 255, LYING))


@pytest.mark.parametrize("at", [45, 60])
def test_a_png_whose_pixels_are_wrong_is_damaged(at: int) -> None:
    data = bytearray(behind_header(chunk(b"tIME", b"", 1)))
    data[at + 19] ^= 0x55
    assert outcome(bytes(data)) == "damaged"


@pytest.mark.parametrize(
    "whole", [tiff((0x010F, 5, 1, b"72\0\0")), behind_header(chunk(b"tIME", b"", 1))]
)
def test_what_is_cut_is_damaged_still(whole: bytes) -> None:
    for end in range(8, len(whole) - 30, 7):
        assert outcome(whole[:end]) == "damaged", end


@given(st.binary(max_size=400))
@examples(50)
def test_any_bytes_behind_a_beginning_lose_their_metadata(data: bytes) -> None:
    for beginning in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II*\0"):
        bare = tiff_entries.without_metadata(beginning + data)
        assert tiff_entries.is_tiff(bare)
        assert tiff_entries.without_metadata(bare) == bare
    bare = png_chunks.without_metadata(png_chunks.SIGNATURE + data)
    assert png_chunks.is_png(bare)
    assert png_chunks.without_metadata(bare) == bare


@given(
    changes=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=6)
)
@examples(100)
def test_altered_files_with_odd_metadata_end_in_a_picture_or_a_named_refusal(
    changes: list[tuple[int, int]],
) -> None:
    for whole in (tiff((0x010F, 5, 1, b"72\0\0")), behind_header(chunk(b"tRNS", b"", 1))):
        data = bytearray(whole)
        for at, value in changes:
            data[at % len(data)] = value
        assert outcome(bytes(data)) in {"picture", "damaged", "too-large"}
