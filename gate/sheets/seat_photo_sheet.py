"""The seat-photo sheet (考场图像单) of one room and paper: 30 candidates on a page of A4.

Each cell has photo, seat, name, ticket number, state and a box to sign in. Before the day the state
is blank: the same sheet is the printed roll for a power failure.
"""

from collections.abc import Sequence

from fpdf import FPDF

from gate.core.seat_sheet import STATES, SheetCell, SheetHead
from gate.sheets.fonts import SheetFonts
from gate.sheets.pictures import Box, draw_picture

COLUMNS, ROWS = 5, 6
_MARGIN, _HEAD = 8.0, 25.0
_WIDE, _HIGH = (210 - 2 * _MARGIN) / COLUMNS, (297 - _MARGIN - _HEAD - 11) / ROWS
_PHOTO_WIDE, _PHOTO_HIGH = 18.0, 25.0


def seat_photo_sheet(head: SheetHead, cells: Sequence[SheetCell]) -> bytes:
    """The PDF; a page for every 30 cells, one at least. InputDamaged without a Chinese font."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_title(f"考场图像单 {head.paper} {head.room}")
    pdf.set_creator("exam-gate")
    fonts = SheetFonts(pdf)
    on_a_page = COLUMNS * ROWS
    pages = max(1, -(-len(cells) // on_a_page))
    for page in range(pages):
        pdf.add_page()
        _head(pdf, fonts, head, cells, f"{page + 1}/{pages}")
        for n, cell in enumerate(cells[page * on_a_page : (page + 1) * on_a_page]):
            row, column = divmod(n, COLUMNS)
            _cell(pdf, fonts, cell, _MARGIN + column * _WIDE, _MARGIN + _HEAD + row * _HIGH)
        fonts.line(
            "监考员签名 Invigilators: ______________________    ______________________",
            _MARGIN,
            292,
            9,
        )
        fonts.line(head.printed, 150, 292, 8, 210 - _MARGIN - 150)
    return bytes(pdf.output())


def _head(
    pdf: FPDF, fonts: SheetFonts, head: SheetHead, cells: Sequence[SheetCell], page: str
) -> None:
    wide = 210 - 2 * _MARGIN
    fonts.line("考场图像单 Seat-photo sheet", _MARGIN, _MARGIN + 5, 14)
    fonts.line(page, 210 - _MARGIN - 12, _MARGIN + 5, 10)
    fonts.line(f"{head.exam}    {head.site}", _MARGIN, _MARGIN + 10.5, 10, wide)
    fonts.line(f"{head.subject}（{head.paper}）    {head.start}", _MARGIN, _MARGIN + 15.5, 10, wide)
    counted = [f"{_counted(cells, s)}" for s in STATES if s and any(c.state == s for c in cells)]
    fonts.line(
        f"第 {head.room} 考场 room {head.room}    应到 expected {len(cells)}    "
        + "    ".join(counted),
        _MARGIN,
        _MARGIN + 21,
        11,
        wide,
    )


def _counted(cells: Sequence[SheetCell], state: str) -> str:
    zh, en = STATES[state]
    return f"{zh} {en} {sum(c.state == state for c in cells)}"


def _cell(pdf: FPDF, fonts: SheetFonts, cell: SheetCell, x: float, y: float) -> None:
    pdf.set_draw_color(120)
    pdf.set_line_width(0.2)
    pdf.rect(x, y, _WIDE, _HIGH)
    draw_picture(pdf, fonts, cell.photo, Box(x + 1, y + 1, _PHOTO_WIDE, _PHOTO_HIGH))
    right, space = x + _PHOTO_WIDE + 2.5, _WIDE - _PHOTO_WIDE - 3
    fonts.line(cell.seat, right, y + 8, 20, space)
    zh, en = STATES[cell.state]
    fonts.line(zh, right, y + 14, 11, space)
    fonts.line(en, right, y + 18, 8, space)
    fonts.line(cell.name, x + 1, y + _PHOTO_HIGH + 5, 11, _WIDE - 2)
    fonts.line(cell.ticket, x + 1, y + _PHOTO_HIGH + 9, 9, _WIDE - 2)
    pdf.rect(x + 1, y + _HIGH - 8, _WIDE - 2, 7)
    fonts.line("签名 sign", x + 1.5, y + _HIGH - 5.5, 5.5)
