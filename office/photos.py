"""Ticket photos on disk: PHOTOS/<ticket>.jpg, .jpeg or .png."""

import io
from pathlib import Path

from PIL import Image, ImageOps

from gate.errors import InputDamaged, PhotoRejected

SUFFIXES = (".jpg", ".jpeg", ".png")
LONG_SIDE_PX = 640
JPEG_QUALITY = 85


def photos_in(folder: Path) -> dict[str, Path]:
    """Ticket (upper case) to file; of several for one ticket the first of SUFFIXES. InputDamaged
    where there is no such folder."""
    if not folder.is_dir():
        raise InputDamaged(
            f"No folder {folder}: name the folder of ticket photos.",
            f"找不到相片文件夹 {folder}：请指定准考证相片所在文件夹。",
            path=str(folder),
        )
    found = [p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES]
    found.sort(key=lambda p: (-SUFFIXES.index(p.suffix.lower()), p.name))
    return {p.stem.upper(): p for p in found}


def read_photo(photos: dict[str, Path], ticket: str) -> bytes:
    """The bytes of a ticket's photo. PhotoRejected with `reason` missing or damaged."""
    path = photos.get(ticket.upper())
    if path is None:
        raise PhotoRejected(
            "There is no photo: hand in TICKET.jpg.",
            "缺少相片：请提供 准考证号.jpg。",
            reason="missing",
        )
    try:
        return path.read_bytes()
    except OSError as e:
        raise PhotoRejected(
            f"The photo cannot be read ({e.strerror}): hand it in again.",
            "相片无法读取：请重新提交。",
            reason="damaged",
        ) from e


def travelling_jpeg(photo: bytes) -> bytes:
    """The photo as it goes into a roster: upright, at most 640 px, without EXIF (which may name a
    place or a telephone)."""
    with Image.open(io.BytesIO(photo), formats=("JPEG", "PNG")) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((LONG_SIDE_PX, LONG_SIDE_PX))
    target = io.BytesIO()
    upright.save(target, "JPEG", quality=JPEG_QUALITY)
    return target.getvalue()
