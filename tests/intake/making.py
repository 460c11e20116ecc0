"""Rows, lists and photos of every kind that field cases are made of. Everybody is made up."""

import csv
import io
import random
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
from PIL import Image

from gate.core.card import check_character

HEADERS = (
    ("ticket", "id_number", "name", "site", "paper", "room", "seat"),
    ("准考证号", "身份证号", "姓名", "考点", "科目", "考场号", "座位号"),
)
_NAMES = (
    "测试",
    "\ue863测",
    "测\U0003158e",
    "测\U0002ebf0",
    "测\ufe00",
    "张　三",
    "测\u200b试",
    "\u202e测试",
    "O'NEIL",
    "阿·测",
    "测\ufffd",
    "测\x1b[2J",
    "",
    "测?",
    "'测试",
    '="测试"',
    "测\u0378",
    "\u2ff0王天",
    "x" * 65,
)
_NUMBERS: tuple[Callable[[str], str], ...] = (
    str,
    str,
    str,
    "'{}".format,
    "`{}".format,
    '="{}"'.format,
    "\t{}".format,
    "{}　".format,
    "{}.0".format,
    "\u200b{}".format,
    "\ufeff{}".format,
    lambda n: f"{n[:6]} {n[6:]}",
    lambda n: n.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")),
    str.lower,
    lambda n: n[:17] + "1",
    lambda n: n[:-1],
    lambda _: "#N/A",
)
_ROOMS = ("01", "1", "第１考场", "1.0", "０1")
_PHOTOS = (
    "{t}.jpg",
    "{t}.JPG.jpg",
    "{t} (1).jpg",
    "{t} - 副本.jpg",
    "{n}.jpg",
    "sub/{t}.png",
    "{t}",
    "IMG_{t}.jpg",
    "{t}.txt",
)
_FORMS = ("JPEG", "JPEG", "JPEG", "PNG", "WEBP", "BMP", "TIFF")


def citizen(n: int) -> str:
    first_17 = f"990105{19700101 + n // 1000 % 28 + n // 28000 * 10000}{n % 1000:03d}"
    return first_17 + check_character(first_17)


def rows_of(count: int, drawn: random.Random) -> list[list[str]]:
    """Most of them whole. A seat for each, so that no row contradicts another by chance."""
    rows = []
    for n in range(count):
        odd = drawn.random() < 0.3
        name = drawn.choice(_NAMES) if odd else f"测试{n}"
        number = drawn.choice(_NUMBERS)(citizen(n)) if odd else citizen(n)
        rows.append(
            [f"T{n:06d}", number, name, "wh-hs-01", "00015-am", drawn.choice(_ROOMS), str(n + 1)]
        )
    return rows


def write_list(
    folder: Path, rows: Sequence[Sequence[str]], kind: str, drawn: random.Random
) -> Path:
    """`kind`: an encoding, or xlsx. The file's name says nothing of it."""
    header = drawn.choice(HEADERS)
    path = folder / "list"
    if kind == "xlsx":
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(["考生名单"])
        sheet.append(header)
        for row in rows:  # a workbook cannot hold control characters
            sheet.append(["".join(c for c in cell if c >= " ") for cell in row])
        book.save(path)
        return path
    target = io.StringIO()
    writer = csv.writer(target, delimiter=drawn.choice(",\t;"))
    writer.writerows([["考生名单"], [*header, "", ""], *([*row, "", ""] for row in rows)])
    path.write_bytes(
        target.getvalue().encode(kind, errors="surrogatepass" if "utf" in kind else "strict")
    )
    return path


KINDS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "xlsx")


def write_photo(path: Path, picture: Image.Image, drawn: random.Random) -> None:
    """One picture in one form, with odd metadata, cut short now and then."""
    form, target = drawn.choice(_FORMS), io.BytesIO()
    more = {"exif": odd_exif(drawn)} if form in ("JPEG", "PNG", "WEBP") else {}
    picture.save(target, form, **more)
    content = target.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content[: len(content) // 3] if drawn.random() < 0.02 else content)


def odd_exif(drawn: random.Random) -> bytes:
    """An orientation and two entries of any tag, type, count and value."""
    tags = (0x010F, 0x0110, 0x0112, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x8769, 0x8825, 0x9003)
    entries = [struct.pack("<HHIHH", 0x0112, 3, 1, drawn.randint(0, 9), 0)]
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


def photo_name(row: Sequence[str], n: int, drawn: random.Random) -> str:
    return drawn.choice(_PHOTOS if drawn.random() < 0.3 else _PHOTOS[:1]).format(
        t=row[0], n=citizen(n)
    )
