"""Registration sheet, exam notice (考试通知单) and health report as PDF, one page of A4 each.

The ticket number stands there as Code 39 too: every handheld scanner reads it, the gate's among
them (ISO/IEC 16388).
"""

from fpdf import FPDF

from enrolment.core.application import Application
from enrolment.core.personal_data import PersonalData
from enrolment.core.review_transitions import data_of
from gate.sheets.fonts import SheetFonts
from gate.sheets.pictures import Box, draw_picture

_LEFT, _WIDE = 18.0, 174.0
_PHOTO = Box(150.0, 34.0, 36.0, 48.0)
_HEALTH = (
    ("当前本人健康码是否为绿码状态", "My health code is green"),
    ("本人近期是否有发热、咳嗽等症状", "I have had fever or cough lately"),
    ("本人近期是否接触过确诊或疑似病例", "I have met somebody who is or may be infected"),
    ("本人近期是否到过中、高风险地区", "I have been in a region of risk lately"),
)


def registration_sheet(of: Application, photo: bytes | None) -> bytes:
    """What was registered, with the ticket photo. InputDamaged without a Chinese font, DataRefused
    without data."""
    page = _Page(f"{of.round.name}", "报名登记表 Registration sheet")
    data = data_of(of)
    page.picture(photo)
    page.rows(_person(of, data))
    names = {subject.id: subject.name for subject in of.round.subjects}
    page.rows([("报考科目 Subjects", "")])
    page.rows([(subject, names.get(subject, subject)) for subject in data.subjects])
    page.rows([("考试费 Fee", f"{of.fee_fen / 100:.2f} 元 yuan，已缴 paid")])
    page.ticket(of.ticket)
    return page.pdf()


def notice_sheet(of: Application, photo: bytes | None) -> bytes:
    """Where and when, with the photo and the code that the gate reads. InputDamaged without a
    Chinese font, DataRefused without data."""
    page = _Page(f"{of.round.name}", "考试通知单 Exam notice")
    page.picture(photo)
    page.rows(_person(of, data_of(of)))
    page.rows([("座位 Seats", "")])
    page.rows(
        [
            (s.paper, f"考点 site {s.site}    考场 room {s.room}    座位 seat {s.seat}")
            for s in of.seats
        ]
    )
    page.ticket(of.ticket)
    page.words("请凭身份证和本通知单入场。 Bring the ID card and this notice to the gate.")
    return page.pdf()


def health_report(of: Application) -> bytes:
    """One page a sitting, to be filled in and signed; one page before seats are given.
    InputDamaged without a Chinese font, DataRefused without data."""
    data = data_of(of)
    page = _Page(of.round.name, "考生健康状况报告表 Health report")
    for n, sitting in enumerate([s.paper for s in of.seats] or [""]):
        if n:
            page.begin()
        page.rows(
            [
                *_person(of, data),
                ("手机 Phone", data.phone),
                ("场次 Sitting", sitting or "________"),
                ("常居地 Residence", "________ 省 ________ 市 ________ 区/县"),
                ("交通 Travel", "________ 班次 No. ________ 到达 arrived ____ 月 ____ 日"),
            ]
        )
        for number, (zh, en) in enumerate(_HEALTH, 1):
            page.words(f"{number}. {zh}  {en}    是 yes □   否 no □")
        page.words("本人承诺以上内容属实。 I promise that this is true.")
        page.words("签名 Signature ______________    日期 Date ______________")
    return page.pdf()


def _person(of: Application, data: PersonalData) -> list[tuple[str, str]]:
    sex = "男 M" if int(data.number[16]) % 2 else "女 F"  # GB 11643
    level = {known.id: known.name for known in of.round.levels}.get(data.level, data.level)
    district = {d.id: d.name for d in of.round.districts}.get(data.district, data.district)
    return [
        ("准考证号 Ticket", of.ticket),
        ("姓名 Name", data.name),
        ("性别 Sex", sex),
        ("身份证号 ID number", data.number),
        ("层次 Level", level),
        ("考区 District", district),
    ]


class _Page:
    """One sheet; `_y` is where the next line stands, in mm."""

    def __init__(self, head: str, title: str) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_title(title)
        self._pdf.set_creator("exam-enrol")
        self._fonts = SheetFonts(self._pdf)
        self._head, self._title, self._y = head, title, 0.0
        self.begin()

    def begin(self) -> None:
        """A new page."""
        self._pdf.add_page()
        self._fonts.line(self._head, _LEFT, 18, 11, _WIDE)
        self._fonts.line(self._title, _LEFT, 28, 16, _WIDE)
        self._y = 40.0

    def picture(self, photo: bytes | None) -> None:
        """The ticket photo, at the right."""
        draw_picture(self._pdf, self._fonts, photo, _PHOTO)

    def rows(self, rows: list[tuple[str, str]]) -> None:
        """Names and values."""
        for name, value in rows:
            self._fonts.line(name, _LEFT, self._y, 10, 44)
            self._fonts.line(value, _LEFT + 46, self._y, 11, 82 if self._y < 86 else 128)
            self._y += 8

    def words(self, words: str) -> None:
        """A line over the whole width."""
        self._fonts.line(words, _LEFT, self._y + 3, 10, _WIDE)
        self._y += 10

    def ticket(self, ticket: str) -> None:
        """The ticket number as Code 39, and as text below."""
        self._y = max(self._y, 90.0) + 4
        self._pdf.code39(f"*{ticket}*", x=_LEFT, y=self._y, w=0.9, h=16)
        self._fonts.line(ticket, _LEFT, self._y + 22, 12)
        self._y += 32

    def pdf(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())
