"""The site's report of one paper (场次报告) on A4, with room for a signature by hand."""

from fpdf import FPDF

from gate.core.report_sheet import ReportSheet
from gate.sheets.fonts import SheetFonts

_LEFT, _WIDE, _BOTTOM = 20.0, 170.0, 270.0
_ROW = 9.0


def site_report_sheet(sheet: ReportSheet) -> bytes:
    """The PDF. Outages that do not fit go on to further pages. InputDamaged without a Chinese
    font."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_title("场次报告 Report of the site")
    pdf.set_creator("exam-gate")
    fonts = SheetFonts(pdf)
    page = _Page(pdf, fonts, sheet)
    page.begin()
    _numbers(page, sheet)
    _outages(page, sheet)
    _signature(page, sheet)
    return bytes(pdf.output())


class _Page:
    """Where the next line goes; a new page where there is no room for it."""

    def __init__(self, pdf: FPDF, fonts: SheetFonts, sheet: ReportSheet) -> None:
        self.pdf, self.fonts, self._sheet = pdf, fonts, sheet
        self.y = 0.0

    def begin(self) -> None:
        self.pdf.add_page()
        self.fonts.line("场次报告 Report of the site", _LEFT, 25, 18)
        for n, line in enumerate(self._sheet.title):
            self.fonts.line(line, _LEFT, 34 + 6 * n, 11, _WIDE)
        self.fonts.line(self._sheet.printed, _LEFT, 287, 8, _WIDE)
        self.y = 36 + 6 * len(self._sheet.title)

    def room_for(self, high: float) -> None:
        if self.y + high > _BOTTOM:
            self.begin()

    def row(self, *cells: tuple[str, float, float]) -> None:
        """One row of cells: text, width in mm, size in points."""
        self.room_for(_ROW)
        x = _LEFT
        self.pdf.set_draw_color(120)
        self.pdf.set_line_width(0.2)
        for text, wide, size in cells:
            self.pdf.rect(x, self.y, wide, _ROW)
            self.fonts.line(text, x + 2, self.y + 6.2, size, wide - 4)
            x += wide
        self.y += _ROW

    def line(self, text: str, size: float, after: float) -> None:
        self.fonts.line(text, _LEFT, self.y, size, _WIDE)
        self.y += after


def _numbers(page: _Page, sheet: ReportSheet) -> None:
    for zh, en, value in sheet.rows:
        page.row((zh, 55, 12), (en, 65, 11), (value, 50, 14))


def _outages(page: _Page, sheet: ReportSheet) -> None:
    page.room_for(30)
    page.y += 12
    page.line("停用 Outages", 13, 3)
    if not sheet.outages:
        page.y += 4
        page.line("无 None", 11, 3)
        return
    page.row(("设备 What", 70, 10), ("起 Since", 50, 10), ("止 Until", 50, 10))
    for what, since, until in sheet.outages:
        page.row((what, 70, 11), (since, 50, 11), (until, 50, 11))


def _signature(page: _Page, sheet: ReportSheet) -> None:
    page.room_for(50)
    page.y += 14
    page.line("主考签字 The chief examiner's signature", 13, 8)
    for line in sheet.signature:
        page.line(line, 11, 7)
    page.y += 10
    page.line("签名 Signature: ______________________    日期 Date: ______________", 11, 6)
