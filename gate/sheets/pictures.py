"""A picture in a box of a printed sheet, in its own proportions."""

import io
from typing import NamedTuple

from fpdf import FPDF
from fpdf.errors import FPDFException
from PIL import Image, UnidentifiedImageError

from gate.sheets.fonts import SheetFonts


class Box(NamedTuple):
    """Left, top, width and height in mm."""

    x: float
    y: float
    wide: float
    high: float


def draw_picture(
    pdf: FPDF, fonts: SheetFonts, jpeg: bytes | None, box: Box, without: str = "无相片 None"
) -> None:
    """`without` stands there where there is none. A picture that cannot be read leaves the box
    empty, and says so: one odd file does not stop a sheet."""
    pdf.rect(*box)
    if jpeg is None:
        _words(fonts, without, box)
        return
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            wide, high = image.size
        scale = min(box.wide / wide, box.high / high)
        left, top = (box.wide - wide * scale) / 2, (box.high - high * scale) / 2
        place = box.x + left, box.y + top, wide * scale, high * scale
        pdf.image(io.BytesIO(jpeg), *place)
    except (UnidentifiedImageError, OSError, FPDFException):
        _words(fonts, "损坏 damaged", box)


def _words(fonts: SheetFonts, words: str, box: Box) -> None:
    fonts.line(words, box.x + 1, box.y + box.high / 2, 8, box.wide - 2)
