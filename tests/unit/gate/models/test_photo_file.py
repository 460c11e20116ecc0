"""Photos as people hand them in: any container, depth and orientation, odd metadata, bad bytes."""

import io
import random
import struct
import warnings
import zlib
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from gate.errors import PhotoRejected
from gate.models.jpeg_segments import exif_of, is_jpeg, without_metadata
from gate.models.photo_file import PIXELS_MAX, decode_photo
from tests.examples import examples

pillow_heif = pytest.importorskip("pillow_heif")
pillow_heif.register_heif_opener()

SIZE = (40, 20)
ORIENTATION, X_RESOLUTION, EXIF_OFFSET = 0x0112, 0x011A, 0x8769
ENCODED = ("JPEG", "PNG", "WEBP", "TIFF", "HEIF", "BMP")


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def marked() -> Image.Image:
    """Each corner is another grey, so that every turn and mirror image differs."""
    image = Image.new("L", SIZE)
    for n, corner in enumerate(product((0, 20), (0, 10))):
        image.paste(n * 80, (*corner, corner[0] + 20, corner[1] + 10))
    return image.convert("RGB")


def corners(picture: np.ndarray) -> list[int]:
    height, width = picture.shape[:2]
    spots = product((height // 4, 3 * height // 4), (width // 4, 3 * width // 4))
    return [round(float(picture[y, x, 0]) / 80) for y, x in spots]


UPRIGHT = {
    1: [0, 2, 1, 3],
    2: [2, 0, 3, 1],
    3: [3, 1, 2, 0],
    4: [1, 3, 0, 2],
    5: [0, 1, 2, 3],
    6: [1, 0, 3, 2],
    7: [3, 2, 1, 0],
    8: [2, 3, 0, 1],
}
"""Corners in reading order once the picture stands upright (Exif 2.32, 4.6.4 A)."""


def tiff(*entries: tuple[int, int, int, bytes], order: str = "<") -> bytes:
    """An Exif block with one directory. Each entry: tag, type, count, the bytes of its value."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    directory, values = struct.pack(f"{order}H", len(entries)), b""
    beyond = 8 + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in sorted(entries):
        directory += struct.pack(f"{order}HHI", tag, kind, count)
        if len(value) <= 4:
            directory += value.ljust(4, b"\0")
        else:
            directory += struct.pack(f"{order}I", beyond + len(values))
            values += value
    return head + directory + bytes(4) + values


def orientation(value: int, order: str = "<") -> tuple[int, int, int, bytes]:
    return (ORIENTATION, 3, 1, struct.pack(f"{order}H", value))


def jpeg_with(block: bytes, image: Image.Image | None = None) -> bytes:
    plain = encoded(image or marked())
    body = b"Exif\0\0" + block
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + plain[2:]


def png_with(block: bytes) -> bytes:
    plain = encoded(marked(), "PNG")
    chunk = b"eXIf" + block
    framed = struct.pack(">I", len(block)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return plain[:33] + framed + plain[33:]


def webp_with(block: bytes) -> bytes:
    return encoded(marked(), "WEBP", exif=block, quality=100)


# -- containers and depths -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ENCODED)
def test_a_file_is_what_its_content_is(kind: str) -> None:
    picture = decode_photo(encoded(marked(), kind))
    assert (picture.shape, picture.dtype) == ((20, 40, 3), np.uint8)
    assert corners(picture) == UPRIGHT[1]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_photos_of_any_colour_become_rgb(mode: str) -> None:
    assert decode_photo(encoded(Image.new(mode, (4, 6)))).shape == (6, 4, 3)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "1", "I;16"])
def test_png_of_any_kind_becomes_rgb(mode: str) -> None:
    picture = decode_photo(encoded(Image.new(mode, (4, 6)), "PNG"))
    assert (picture.shape, picture.dtype) == ((6, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("deep", "kind"),
    [
        (np.uint16, "PNG"),
        (np.uint16, "TIFF"),
        (np.int32, "TIFF"),
        (np.float32, "TIFF"),
    ],
)
def test_depth_is_scaled(deep: type, kind: str) -> None:
    grey = np.linspace(0, 65535, 256).reshape(16, 16)
    values = grey / 65535 if deep is np.float32 else grey
    picture = decode_photo(encoded(Image.fromarray(values.astype(deep)), kind))
    np.testing.assert_allclose(picture[:, :, 0], grey / 257, atol=1)


def test_a_grey_of_whole_numbers_within_a_byte_stays() -> None:
    values = np.full((4, 4), 200, np.int32)
    assert decode_photo(encoded(Image.fromarray(values), "TIFF"))[0, 0, 0] == 200


def test_what_is_transparent_stands_on_white() -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert decode_photo(encoded(clear, "PNG")).min() == 255


# -- orientation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("said", range(1, 9))
@pytest.mark.parametrize("with_exif", [jpeg_with, png_with, webp_with])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_photo_taken_in_any_way_stands_upright(with_exif, said: int, order: str) -> None:
    picture = decode_photo(with_exif(tiff(orientation(said, order), order=order)))
    assert corners(picture) == UPRIGHT[said]


@pytest.mark.parametrize("said", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "HEIF"])
def test_readers_that_turn_by_themselves_turn_once(kind: str, said: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = said
    picture = decode_photo(encoded(marked(), kind, exif=exif.tobytes()))
    assert corners(picture) == UPRIGHT[said]


def test_orientation_in_xmp_counts_where_exif_says_nothing() -> None:
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    assert corners(decode_photo(encoded(marked(), xmp=xmp))) == UPRIGHT[6]


@pytest.mark.parametrize(
    ("kind", "count", "value"),
    [
        (2, 2, b"6\0"),
        (3, 0, b""),
        (3, 1, b"\0\0"),
        (3, 1, b"\x09\0"),
        (5, 1, bytes(8)),
        (12, 1, bytes(8)),
        (99, 1, b"\6"),
    ],
)
def test_nonsense_is_upright(kind: int, count: int, value: bytes) -> None:
    picture = decode_photo(jpeg_with(tiff((ORIENTATION, kind, count, value))))
    assert corners(picture) == UPRIGHT[1]


def test_of_several_values_the_first_counts() -> None:
    picture = decode_photo(jpeg_with(tiff((ORIENTATION, 3, 2, b"\6\0\1\0"))))
    assert corners(picture) == UPRIGHT[6]


TAGS = (0x010E, 0x010F, X_RESOLUTION, 0x0128, 0x0132, 0x0201, 0x8825, EXIF_OFFSET, 0x927C, 0xFFFF)
VALUES = (b"", b"72\0", b"\xff" * 4, bytes(8), b"\1" + bytes(7), bytes(range(24)))


@pytest.mark.parametrize("with_exif", [jpeg_with, png_with, webp_with])
def test_no_other_tag_of_any_type_count_and_value_matters(with_exif) -> None:
    for tag, kind, count, value in product(TAGS, range(14), (0, 1, 3, 0x7FFFFFFF), VALUES[::2]):
        picture = decode_photo(with_exif(tiff(orientation(6), (tag, kind, count, value))))
        assert corners(picture) == UPRIGHT[6], (tag, kind, count, value)


def test_a_resolution_stored_as_text_is_the_case_that_stopped_a_build() -> None:
    block = tiff(orientation(6), (X_RESOLUTION, 2, 3, b"72\0"))
    assert corners(decode_photo(jpeg_with(block))) == UPRIGHT[6]
    exif = Image.Exif()
    exif[ORIENTATION], exif[X_RESOLUTION] = 6, IFDRational(72, 0)
    assert corners(decode_photo(encoded(marked(), exif=exif))) == UPRIGHT[6]


# -- what is no picture ----------------------------------------------------------------------------

WHOLE = {kind: encoded(marked().resize((64, 64)), kind) for kind in ENCODED}


@pytest.mark.parametrize(
    "data", [b"", b"hello", WHOLE["JPEG"][:30], WHOLE["JPEG"][:500], b"GIF89a" + WHOLE["JPEG"]]
)
def test_a_damaged_photo_is_named_so(data: bytes) -> None:
    with pytest.raises(PhotoRejected) as caught:
        decode_photo(data)
    assert caught.value.reason == "damaged"
    assert caught.value.zh != caught.value.en


def test_a_file_that_claims_too_many_pixels_is_not_decoded() -> None:
    side = int(PIXELS_MAX**0.5) + 1
    bomb = encoded(Image.new("1", (side, side)), "PNG")
    assert len(bomb) < 20_000
    with pytest.raises(PhotoRejected) as caught:
        decode_photo(bomb)
    assert caught.value.reason == "too-large"


@given(
    kind=st.sampled_from(ENCODED),
    changes=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 3000),
)
@examples(150)
def test_altered_files_end_in_a_picture_or_a_named_refusal(
    kind: str, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(WHOLE[kind])
    for at, value in changes:
        data[at % len(data)] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing of Pillow's own reaches the terminal
        assert outcome(bytes(data[: cut or None])) in {"picture", "damaged", "too-large"}


def outcome(data: bytes) -> str:
    try:
        picture = decode_photo(data)
    except PhotoRejected as e:
        return str(e.reason)
    return "picture" if picture.dtype == np.uint8 and picture.shape[2:] == (3,) else "neither"


def test_two_odd_entries_together_matter_as_little_as_one() -> None:
    """Pillow divides what resolution and unit say, whatever type they are of."""
    odd = [(tag, kind, count) for tag in TAGS for kind in range(14) for count in (0, 1, 3)]
    drawn = random.Random(2)
    for _ in range(1500):
        entries = [(*drawn.choice(odd), drawn.choice(VALUES)) for _ in range(2)]
        picture = decode_photo(jpeg_with(tiff(orientation(6), *entries)))
        assert corners(picture) == UPRIGHT[6], entries


def test_a_resolution_of_no_type_is_read_past() -> None:
    block = tiff(orientation(6), (X_RESOLUTION, 7, 1, b"\xff" * 4))
    assert corners(decode_photo(jpeg_with(block))) == UPRIGHT[6]


@given(st.binary(max_size=400))
def test_any_bytes_behind_a_jpegs_beginning_have_segments(data: bytes) -> None:
    whole = b"\xff\xd8" + data
    assert is_jpeg(without_metadata(whole))
    assert exif_of(without_metadata(whole)) is None
