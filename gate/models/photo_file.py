"""The bytes of a photo file to upright RGB pixels, whatever its name says.

Of the metadata only the orientation is read. Everything else may be odd, and nothing of it is
passed on.
"""

import io
import struct
import warnings

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.errors import PhotoRejected
from gate.models import jpeg_segments, png_chunks, tiff_entries
from gate.ports import Picture

PIXELS_MAX = 50_000_000
"""A larger picture is not decoded: a small file can claim any size."""

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
"""What is decoded, by content. HEIC comes on top where pillow-heif is installed (the office)."""

_ORIENTATION = 0x0112  # Exif 2.32, 4.6.4 A
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}
"""Field types that hold a whole number, with their form: BYTE, SHORT, LONG and the signed ones."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    AttributeError,
    ZeroDivisionError,
    OverflowError,
    struct.error,
)
"""What Pillow's readers raise for files that are not what they claim to be."""

_WORDS = {
    "damaged": (
        "cannot be read as a picture: hand in a JPEG, PNG, HEIC, WebP, BMP or TIFF",
        "无法读取：请提供 JPEG、PNG、HEIC、WebP、BMP 或 TIFF",
    ),
    "too-large": ("has too many pixels: scale it down", "像素过大：请缩小后提交"),
}


def decode_photo(data: bytes) -> Picture:
    """`(height, width, 3)` uint8, RGB, upright. PhotoRejected: damaged, too-large."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd but whole concerns nobody
        try:
            return _decoded(data)
        except PhotoRejected:
            raise
        except (Image.DecompressionBombError, MemoryError) as e:
            raise _rejected("too-large") from e
        except _UNREADABLE as e:
            raise _rejected("damaged") from e


def is_animated(data: bytes) -> bool:
    """Whether the file holds pictures that follow each other (PNG, WebP). A JPEG or HEIC of a
    telephone with a second picture beside the first is none, nor is what cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=("PNG", "WEBP")) as image:
                return bool(getattr(image, "is_animated", False))
        except (*_UNREADABLE, Image.DecompressionBombError):
            return False


def _decoded(data: bytes) -> Picture:
    """A file whose metadata ends its reader is read once more without any."""
    try:
        return _opened(data)
    except _UNREADABLE:
        bare = _without_metadata(data)
        if bare is None:
            raise
    exif, pixels = bare
    said = None if exif is None else _orientation_in(exif)
    return _opened(pixels, said or 1)


def _without_metadata(data: bytes) -> tuple[bytes | None, bytes] | None:
    """The block that holds the orientation, and the file without it and all else that the pixels
    do not need. None for containers whose readers pass over what is odd."""
    if tiff_entries.is_tiff(data):
        return data, tiff_entries.without_metadata(data)
    if png_chunks.is_png(data):
        return png_chunks.exif_of(data), png_chunks.without_metadata(data)
    if jpeg_segments.is_jpeg(data):
        return jpeg_segments.exif_of(data), jpeg_segments.without_metadata(data)
    return None


def _opened(data: bytes, orientation: int | None = None) -> Picture:
    """`orientation`: 1 to 8, where it is known already."""
    with Image.open(io.BytesIO(data), formats=_formats()) as image:
        if image.width * image.height > PIXELS_MAX:
            raise _rejected("too-large")
        turn = _TURNS.get(_orientation(image) if orientation is None else orientation)
        image.load()
        upright = image if turn is None else image.transpose(turn)
        return np.array(_eight_bit_rgb(upright))


def _formats() -> tuple[str, ...]:
    try:
        from pillow_heif import register_heif_opener
    except ModuleNotFoundError:
        return FORMATS
    register_heif_opener()
    return (*FORMATS, "HEIF")


def _orientation(image: Image.Image) -> int:
    """1 to 8; 1, upright, where nothing or nonsense is said. A TIFF is turned by its own reader,
    a HEIC by its decoder."""
    if image.format in ("TIFF", "HEIF"):
        return 1
    exif = image.info.get("exif")
    said = _orientation_in(exif.removeprefix(b"Exif\0\0")) if isinstance(exif, bytes) else None
    if said is None:  # in XMP, or in the text chunk of an older PNG
        try:
            said = image.getexif().get(_ORIENTATION)
        except _UNREADABLE:
            return 1
    return said if isinstance(said, int) else 1


def _orientation_in(tiff: bytes) -> int | None:
    """The orientation in the first directory of an Exif block (TIFF 6.0, section 2); None without
    one.

    Other entries do not matter here. Pillow stops at the first that points outside the block.
    """
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(f"{order}HHI", tiff, entry)
            if tag == _ORIENTATION and values and kind in _INTEGERS:
                return int(struct.unpack_from(order + _INTEGERS[kind], tiff, entry + 8)[0])
    except struct.error:  # cut short
        return None
    return None


def _eight_bit_rgb(image: Image.Image) -> Image.Image:
    """Depth is scaled, transparency stands on white."""
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_scaled(np.asarray(image)))
    if image.has_transparency_data:
        whole = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    return image.convert("RGB")


def _scaled(deep: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Grey of more than 8 bits to 8, both (height, width). Integers fill 16 bits where they
    pass 255; floats go to 1, 255 or 65,535, whichever holds them."""
    values = np.nan_to_num(deep.astype(np.float64), posinf=0, neginf=0)
    highest = float(values.max(initial=0))
    if deep.dtype.kind == "f" and highest <= 1:
        full = 1.0
    else:
        full = 255.0 if deep.dtype.itemsize > 2 and highest <= 255 else 65535.0
    grey: npt.NDArray[np.uint8] = np.clip(np.rint(values * (255.0 / full)), 0, 255).astype(np.uint8)
    return grey


def _rejected(reason: str) -> PhotoRejected:
    en, zh = _WORDS[reason]
    return PhotoRejected(f"The photo {en}.", f"相片{zh}。", reason=reason)
