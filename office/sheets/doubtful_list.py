"""The chief examiner's list of doubtful cases as PDF: two cases on a page of A4.

Ticket photo and evidence stand side by side, with the score in words, who signed at the gate, and
boxes for the settlement.
"""

from collections.abc import Sequence
from pathlib import Path

from fpdf import FPDF

from gate.core.reasons import MEANING
from gate.platform.durable_files import write_file
from gate.sheets.fonts import SheetFonts
from gate.sheets.pictures import Box, draw_picture
from office.doubtful.case import DoubtfulCase

_MARGIN, _HIGH, _FIRST = 12.0, 128.0, 24.0
_PICTURE_WIDE, _PICTURE_HIGH = 45.0, 56.0
SIGNED_SHOWN, LINES_SHOWN = 3, 5
"""Lines of one case: of signatures at most, and in all."""

_VERDICTS = {"admit": "放行 admitted", "deny": "未予放行 refused", None: "未处理 open"}


def write_doubtful_list(cases: Sequence[DoubtfulCase], out: Path) -> None:
    """Writes the list to `out`, for its owner alone. InputDamaged without a Chinese font;
    OSError."""
    write_file(out, doubtful_list(cases), 0o600)


def doubtful_list(cases: Sequence[DoubtfulCase]) -> bytes:
    """The PDF; one page at least. InputDamaged without a Chinese font."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_title("存疑考生名单 Doubtful cases")
    fonts = SheetFonts(pdf)
    pages = max(1, -(-len(cases) // 2))
    for page in range(pages):
        pdf.add_page()
        fonts.line("存疑考生名单 Doubtful cases", _MARGIN, 14, 15)
        fonts.line(f"{len(cases)} 例 cases    {page + 1}/{pages}", 150, 14, 10)
        for n, case in enumerate(cases[page * 2 : page * 2 + 2]):
            _case(pdf, fonts, case, _FIRST + n * (_HIGH + 6))
    return bytes(pdf.output())


def _case(pdf: FPDF, fonts: SheetFonts, case: DoubtfulCase, y: float) -> None:
    wide = 210 - 2 * _MARGIN
    pdf.set_draw_color(110)
    pdf.set_line_width(0.3)
    pdf.rect(_MARGIN, y, wide, _HIGH)
    why = " ".join(case.evidence_missing) if case.evidence_missing else "无 None"
    for title, jpeg, x, without in (
        ("准考证相片 Ticket photo", case.photo, _MARGIN + 3, "无 None"),
        ("现场证据 Evidence", case.evidence, _MARGIN + 51, why),
    ):
        box = Box(x, y + 3, _PICTURE_WIDE, _PICTURE_HIGH)
        draw_picture(pdf, fonts, jpeg, box, without)
        fonts.line(title, x, y + _PICTURE_HIGH + 8, 9, _PICTURE_WIDE)
    left, space = _MARGIN + 100, wide - 103
    zh, en = case.score_in_words
    meaning = MEANING[case.reason]
    lines = [
        (case.name or "—", 15),
        (f"{case.ticket}    {case.room} 考场 {case.seat} 号", 11),
        (f"{case.subject}（{case.paper}）", 10),
        (f"{case.site}    {case.gate}", 9),
        (f"{case.at:%Y-%m-%d %H:%M:%S}", 10),
        (meaning.zh, 11),
        (meaning.en, 9),
        (zh, 11),
        (en, 9),
        (f"闸机结论 At the gate: {_VERDICTS[case.verdict]}", 10),
        (f"编号 Case {case.id}", 8),
    ]
    for number, (text, size) in enumerate(lines):
        fonts.line(text, left, y + 9 + number * 5.6, size, space)
    _signatures(fonts, case, y + 74)
    _boxes(pdf, fonts, y + _HIGH - 26, wide)


def _signatures(fonts: SheetFonts, case: DoubtfulCase, y: float) -> None:
    wide = 210 - 2 * _MARGIN - 6
    signed = [
        f"{s.by}（{s.role or '—'}）{_VERDICTS.get(s.verdict, s.verdict)} {s.at:%H:%M:%S} {s.note}"
        for s in case.signatures
    ] or ["现场无人签名 Nobody signed at the gate"]
    settled = [
        f"考试中心 Office: {s.by} {_VERDICTS.get(s.verdict, s.verdict)} "
        f"{s.at.astimezone(case.at.tzinfo):%m-%d %H:%M} {s.note}"
        for s in case.settlements
    ]
    first = signed[:SIGNED_SHOWN]
    last = settled[-(LINES_SHOWN - len(first)) :]  # the last settlement is the one that holds
    for number, text in enumerate([*first, *last]):
        fonts.line(text, _MARGIN + 3, y + number * 5, 10, wide)


def _boxes(pdf: FPDF, fonts: SheetFonts, y: float, wide: float) -> None:
    for n, text in enumerate(("同一人 Same person", "非同一人 Another person", "待查 Open")):
        x = _MARGIN + 3 + n * 55
        pdf.rect(x, y, 4.5, 4.5)
        fonts.line(text, x + 6.5, y + 3.8, 10)
    fonts.line(
        "意见 Remarks: ____________________________________________", _MARGIN + 3, y + 12, 10
    )
    fonts.line("主考签名 Chief examiner: ___________________", _MARGIN + 3, y + 21, 10)
    fonts.line("日期 Date: ______________", _MARGIN + wide - 62, y + 21, 10)
