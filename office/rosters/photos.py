"""Ticket photos on disk, and as they go into a roster. Whose a file is says photo_names.py."""

import io
from pathlib import Path

from PIL import Image

from gate.errors import PhotoRejected
from gate.models.photo_file import decode_photo
from gate.platform.regular_file import FileTooLarge, read_regular

LONG_SIDE_PX = 640
JPEG_QUALITY = 85
PHOTO_BYTES_MAX = 32 << 20
"""Bytes. A photo of 50 million pixels as JPEG has about 20 MB."""


def read_photo(photos: dict[str, Path], ticket: str) -> bytes:
    """The bytes of a ticket's photo. PhotoRejected with `reason` missing, too-large or damaged."""
    path = photos.get(ticket.upper())
    if path is None:
        raise PhotoRejected(
            "There is no photo: hand in TICKET.jpg, or one named by the ID number.",
            "缺少相片：请提供 准考证号.jpg 或 身份证号.jpg。",
            reason="missing",
        )
    return read_photo_file(path)


def read_photo_file(path: Path) -> bytes:
    """The bytes of one file. PhotoRejected with `reason` too-large or damaged."""
    try:
        return read_regular(path, PHOTO_BYTES_MAX)
    except FileTooLarge as e:
        raise PhotoRejected(
            f"The photo has more than {PHOTO_BYTES_MAX >> 20} MB: scale it down.",
            f"相片超过 {PHOTO_BYTES_MAX >> 20} MB：请缩小后提交。",
            reason="too-large",
        ) from e
    except OSError as e:
        raise PhotoRejected(
            f"The photo cannot be read ({e.strerror or e}): hand it in again.",
            "相片无法读取：请重新提交。",
            reason="damaged",
        ) from e


def travelling_jpeg(photo: bytes) -> bytes:
    """The photo as it goes into a roster: upright, at most 640 px, without EXIF (which may name a
    place or a telephone). PhotoRejected."""
    upright = Image.fromarray(decode_photo(photo))
    upright.thumbnail((LONG_SIDE_PX, LONG_SIDE_PX))
    target = io.BytesIO()
    upright.save(target, "JPEG", quality=JPEG_QUALITY)
    return target.getvalue()
