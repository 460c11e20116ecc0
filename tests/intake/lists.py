"""Rows, lists and photos of every kind that field cases are made of. Everybody is made up."""

import csv
import io
import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pillow_heif
from PIL import Image

from gate.core.card import check_character

pillow_heif.register_heif_opener()

HEADERS = (
    ("ticket", "id_number", "name", "site", "paper", "room", "seat"),
    ("准考证号", "身份证号", "姓名", "考点", "科目", "考场号", "座位号"),
)
_NAMES = (
    ("测试", True),
    ("\ue863测", True),
    ("测\U0003158e", True),
    ("测\U0002ebf0", True),
    ("测\ufe00", True),
    ("张　三", True),
    ("测\u200b试", True),
    ("\u202e测试", True),
    ("O'NEIL", True),
    ("阿·测", True),
    ("测\ufffd", False),
    ("测\x1b[2J", False),
    ("", False),
    ("测?", True),
    ("'测试", True),
    ('="测试"', True),
    ("测\u0378", True),
    ("\u2ff0王天", True),
    ("x" * 65, False),
)
"""A name as it stands in a cell, and whether its row is to be taken."""

_NUMBERS: tuple[tuple[Callable[[str], str], bool], ...] = (
    (str, True),
    (str, True),
    ("'{}".format, True),
    ("`{}".format, True),
    ('="{}"'.format, True),
    ("\t{}".format, True),
    ("{}　".format, True),
    ("{}.0".format, True),
    ("\u200b{}".format, True),
    ("\ufeff{}".format, True),
    (lambda n: f"{n[:6]} {n[6:]}", True),
    (lambda n: n.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")), True),
    (str.lower, True),
    (lambda n: n[:17] + ("2" if n[17] == "1" else "1"), False),
    (lambda n: n[:-1], False),
    (lambda _: "#N/A", False),
)
"""How a cell spells a number, and whether its row is to be taken."""

_ROOMS = ("01", "1", "第１考场", "1.0", "０1")
_PHOTOS = (
    ("{t}.jpg", True),
    ("{t}.JPG.jpg", True),
    ("{t} (1).jpg", True),
    ("{t} - 副本.jpg", True),
    ("{n}.jpg", True),
    ("sub/{t}.png", True),
    ("{t}", False),
    ("IMG_{t}.jpg", False),
    ("{t}.txt", False),
)
"""What a photo is called, and whether it is anybody's by that."""

_FORMS = ("JPEG", "JPEG", "JPEG", "PNG", "WEBP", "BMP", "TIFF", "HEIF", "GREY16")
_CUT = 0.02
"""The share of photos that end after a third of their bytes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. `taken`: it is to be built; else it is to be named as rejected."""

    cells: tuple[str, ...]
    taken: bool

    @property
    def ticket(self) -> str:
        return self.cells[0]


@dataclass(frozen=True, slots=True)
class Photo:
    """`claimed`: it is somebody's by its name; `whole`: it is to become a reference, if its face
    does when nothing is odd."""

    claimed: bool
    whole: bool


def citizen(n: int) -> str:
    first_17 = f"990105{19700101 + n // 1000 % 28 + n // 28000 * 10000}{n % 1000:03d}"
    return first_17 + check_character(first_17)


def rows_of(count: int, kind: str, drawn: random.Random) -> list[Row]:
    """Most of them whole. A seat for each, so that no row contradicts another by chance. `kind` of
    list: a workbook holds no control characters, so a name that has some is whole there; and a
    formula that nobody has computed yet is an empty cell."""
    rows = []
    for n in range(count):
        name, number, taken = f"测试{n}", citizen(n), True
        if drawn.random() < 0.3:
            name, named = drawn.choice(_NAMES)
            spelt, numbered = drawn.choice(_NUMBERS)
            if kind == "xlsx":
                named = named or "\x1b" in name
            number, taken = spelt(number), named and numbered
            if kind == "xlsx" and "=" in (name[:1], number[:1]):
                taken = False
        cells = (
            f"T{n:06d}",
            number,
            name,
            "wh-hs-01",
            "00015-am",
            drawn.choice(_ROOMS),
            f"{n + 1}",
        )
        rows.append(Row(cells, taken))
    return rows


def write_list(folder: Path, rows: Sequence[Row], kind: str, drawn: random.Random) -> Path:
    """`kind`: an encoding, or xlsx. The file's name says nothing of it."""
    header = drawn.choice(HEADERS)
    path = folder / "list"
    if kind == "xlsx":
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(["考生名单"])
        sheet.append(header)
        for row in rows:  # a workbook cannot hold control characters
            sheet.append(["".join(c for c in cell if c >= " ") for cell in row.cells])
        book.save(path)
        return path
    target = io.StringIO()
    writer = csv.writer(target, delimiter=drawn.choice(",\t;"))
    writer.writerows([["考生名单"], [*header, "", ""], *([*row.cells, "", ""] for row in rows)])
    path.write_bytes(
        target.getvalue().encode(kind, errors="surrogatepass" if "utf" in kind else "strict")
    )
    return path


KINDS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "xlsx")


def write_photo(path: Path, picture: Image.Image, drawn: random.Random) -> bool:
    """One picture in one form, with odd metadata, cut short now and then; whether it is whole. Its
    pixels lie as its orientation says, so that a reader who turns them sees the face upright."""
    form, target = drawn.choice(_FORMS), io.BytesIO()
    if form == "GREY16":
        deep = np.asarray(picture.convert("L"), dtype=np.uint16) * 257
        Image.fromarray(deep).save(target, "PNG")
    elif form in ("JPEG", "PNG", "WEBP"):
        orientation = drawn.randint(0, 9)
        turned = picture.transpose(_LIES[orientation]) if orientation in _LIES else picture
        turned.save(target, form, quality=92, exif=odd_exif(orientation, drawn))
    else:
        picture.save(target, form)
    content, whole = target.getvalue(), drawn.random() >= _CUT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if whole else content[: len(content) // 3])
    return whole


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


def odd_exif(orientation: int, drawn: random.Random) -> bytes:
    """An orientation and two entries of any other tag, type, count and value."""
    tags = (0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x8769, 0x8825, 0x9003)
    entries = [struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)]
    for _ in range(2):
        value = drawn.choice((b"72\0\0", bytes(4), b"\xff" * 4, struct.pack("<I", 8)))
        entries.append(
            struct.pack(
                "<HHI", drawn.choice(tags), drawn.randint(0, 13), drawn.choice((0, 1, 3, 9))
            )
            + value
        )
    head = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(entries) + bytes(4)


def photo_name(row: Row, n: int, drawn: random.Random) -> tuple[str, bool]:
    """What the photo is called, and whether it is claimed by that."""
    name, claimed = drawn.choice(_PHOTOS if drawn.random() < 0.3 else _PHOTOS[:1])
    return name.format(t=row.ticket, n=citizen(n)), claimed
