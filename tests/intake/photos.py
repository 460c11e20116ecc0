"""Photo files of every kind that field cases are made of, and what is right for each."""

import io
import random
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from tests.intake.lists import Row

pillow_heif.register_heif_opener()

_NAMES = (
    ("{t}.jpg", ""),
    ("{t}.JPG.jpg", ""),
    ("{t} (1).jpg", ""),
    ("{t} - 副本.jpg", ""),
    ("{n}.jpg", ""),
    ("sub/{t}.png", ""),
    ("{t}.tiff", ""),
    ("{t}", "ending"),
    ("IMG_{t}.jpg", "nobody"),
    ("{t}.txt", "ending"),
)
"""What a photo is called, and the reason for which it is nobody's."""

_FORMS = ("JPEG", "JPEG", "JPEG", "PNG", "WEBP", "BMP", "TIFF", "TIFF", "HEIF", "GREY16")
_CUT = 0.02
"""The share of photos that end after a third of their bytes."""

_SECOND = 0.02
"""The share of candidates with two photos."""

_LIES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the pixels of an upright picture lie under each orientation of EXIF (2.32, tag 274); 0, 1 and
9 turn nothing."""

_ODD_TAGS = (0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x8769, 0x8825, 0x9003)
_ODD_CHUNKS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"gAMA", b"pHYs", b"acTL", b"tIME", b"tRNS")


@dataclass(frozen=True, slots=True)
class Handed:
    """What somebody handed in.

    `unclaimed`: each file that is nobody's and why. `without`: why there is no reference, empty
    where there is to be one if the face becomes one.
    """

    unclaimed: dict[str, str]
    without: str


def hand_in(folder: Path, row: Row, picture: Image.Image, drawn: random.Random) -> Handed:
    """One photo, or two now and then."""
    names = _NAMES if drawn.random() < 0.3 else _NAMES[:1]
    if drawn.random() < _SECOND:
        chosen = drawn.sample([name for name in _NAMES if not name[1]], 2)
    else:
        chosen = [drawn.choice(names)]
    unclaimed, claimed = {}, []
    for form, why in chosen:
        name = form.format(t=row.ticket, n=row.number)
        whole = write_photo(folder / name, picture, drawn)
        if why or not row.is_taken:
            unclaimed[name] = why or "nobody"
        else:
            claimed.append(whole)
    match claimed:
        case []:
            return Handed(unclaimed, "missing")
        case [whole]:
            return Handed(unclaimed, "" if whole else "damaged")
    return Handed(unclaimed, "several-photos")


def write_photo(path: Path, picture: Image.Image, drawn: random.Random) -> bool:
    """One picture in one form, with odd metadata, cut short now and then; whether it is whole. Its
    pixels lie as its orientation says, so that a reader who turns them sees the face upright."""
    content, whole = encoded(picture, drawn.choice(_FORMS), drawn), drawn.random() >= _CUT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if whole else content[: len(content) // 3])
    return whole


def encoded(picture: Image.Image, form: str, drawn: random.Random) -> bytes:
    """A BMP has no place for metadata, and 16-bit grey goes without."""
    target, orientation = io.BytesIO(), drawn.randint(0, 9)
    turned = picture.transpose(_LIES[orientation]) if orientation in _LIES else picture
    match form:
        case "GREY16":
            deep = np.asarray(picture.convert("L"), dtype=np.uint16) * 257
            Image.fromarray(deep).save(target, "PNG")
        case "BMP":
            picture.save(target, form)
        case "TIFF":
            return tiff(turned, orientation, drawn)
        case "HEIF":  # its writer puts the turn of a whole block into the container
            exif = Image.Exif()
            exif[0x0112] = orientation
            turned.save(target, form, quality=92, exif=exif.tobytes())
        case _:
            turned.save(target, form, quality=92, exif=odd_exif(orientation, drawn))
    return with_odd_chunk(target.getvalue(), drawn) if form == "PNG" else target.getvalue()


def odd_exif(orientation: int, drawn: random.Random) -> bytes:
    """An orientation and two entries of any other tag, type, count and value."""
    entries = [_entry(0x0112, 3, 1, struct.pack("<HH", orientation, 0))]
    entries += [_odd_entry(tag, drawn) for tag in drawn.choices(_ODD_TAGS, k=2)]
    head = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(entries) + bytes(4)


def tiff(picture: Image.Image, orientation: int, drawn: random.Random) -> bytes:
    """Uncompressed RGB in one strip, with two odd entries (TIFF 6.0, section 6)."""
    pixels = np.asarray(picture.convert("RGB"))
    height, width = pixels.shape[:2]
    count = 10 + 2
    behind = 8 + 2 + 12 * count + 4
    entries = {
        256: _entry(256, 4, 1, struct.pack("<I", width)),
        257: _entry(257, 4, 1, struct.pack("<I", height)),
        258: _entry(258, 3, 3, struct.pack("<I", behind)),
        259: _entry(259, 3, 1, struct.pack("<HH", 1, 0)),
        262: _entry(262, 3, 1, struct.pack("<HH", 2, 0)),
        273: _entry(273, 4, 1, struct.pack("<I", behind + 6)),
        274: _entry(274, 3, 1, struct.pack("<HH", orientation, 0)),
        277: _entry(277, 3, 1, struct.pack("<HH", 3, 0)),
        278: _entry(278, 4, 1, struct.pack("<I", height)),
        279: _entry(279, 4, 1, struct.pack("<I", pixels.nbytes)),
    }
    entries |= {tag: _odd_entry(tag, drawn) for tag in drawn.sample(_ODD_TAGS, 2)}
    directory = b"".join(entries[tag] for tag in sorted(entries))
    head = b"II*\0" + struct.pack("<IH", 8, count) + directory + bytes(4)
    return head + struct.pack("<HHH", 8, 8, 8) + pixels.tobytes()


def with_odd_chunk(png: bytes, drawn: random.Random) -> bytes:
    """One ancillary chunk behind the header of any type and content, its check sum wrong now and
    then."""
    kind = drawn.choice(_ODD_CHUNKS)
    body = kind + drawn.choice((b"", b"a", b"a\0\0garbage", b"\xff" * 30))
    check = zlib.crc32(body) if drawn.random() < 0.5 else 1
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", check)
    return png[:33] + chunk + png[33:]


def _odd_entry(tag: int, drawn: random.Random) -> bytes:
    value = drawn.choice((b"72\0\0", bytes(4), b"\xff" * 4, struct.pack("<I", 8)))
    return _entry(tag, drawn.randint(0, 13), drawn.choice((0, 1, 3, 9)), value)


def _entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag, kind, count) + value
