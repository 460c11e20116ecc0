"""What the printed report of one paper (场次报告) shows. Pure; gate.sheets draws it.

It shows the numbers of now. A signature that was given for other numbers is told as such.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from gate.core.events import Fault
from gate.core.exam import Exam
from gate.core.local_time import in_fixed_offset
from gate.core.site_report import Outage, SiteReport

ROWS = (
    ("expected", "应到", "Expected"),
    ("admitted", "入场", "Admitted"),
    ("inside", "在场", "Inside now"),
    ("left", "离场", "Left"),
    ("absent", "未到", "Absent"),
    ("doubtful", "存疑", "Doubtful"),
    ("doubles", "两处入场", "Doubles"),
    ("reactions", "人工响应次数", "Reactions of staff"),
    ("reaction_median_s", "响应中位用时（秒）", "Median reaction (s)"),
    ("reaction_longest_s", "最长响应用时（秒）", "Longest reaction (s)"),
)
"""Name of the number, Chinese, English. One that the gate does not count is left out."""

FAULTS = {
    Fault.CAMERA.value: "摄像头",
    Fault.READER.value: "读卡器",
    Fault.ROSTER.value: "名册",
    Fault.JOURNAL.value: "日志",
}

_MINUTE, _SECOND = "%Y-%m-%d %H:%M", "%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """`title`: lines above, of which the first is the exam. `rows`: Chinese, English, value.
    `outages`: what, since, until. `signature`: lines about who signed, Chinese and English each;
    `is_signed`: the numbers that stand here are signed. `printed`: when, as text."""

    title: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]
    outages: tuple[tuple[str, str, str], ...]
    signature: tuple[str, ...]
    is_signed: bool
    printed: str


def report_sheet(
    exam: Exam, report: SiteReport, *, signer: str, gate: str, now: datetime
) -> ReportSheet:
    """The report at `now`, in the exam's time zone. `signer`: the name behind the signature."""
    paper, numbers, zone = report.paper, report.numbers, exam.zone
    site = str(numbers["site"])
    return ReportSheet(
        title=(
            exam.name,
            f"{exam.site_name(site)}（{site}）",
            f"{paper.subject}（{paper.id}）    {_text(paper.start, zone, _MINUTE)}",
        ),
        rows=tuple((zh, en, _number(numbers[name])) for name, zh, en in ROWS if name in numbers),
        outages=tuple(_outage(o, zone) for o in report.outages),
        signature=_signature(report, zone, signer),
        is_signed=report.is_signed_so,
        printed=f"{gate}    {numbers['roster']}    打印于 printed {_text(now, zone, _MINUTE)}",
    )


def _signature(report: SiteReport, zone: tzinfo, signer: str) -> tuple[str, ...]:
    signed = report.signed
    if signed is None:
        return ("未签字 Not signed",)
    at = _text(datetime.fromisoformat(signed["at"]), zone, f"{_MINUTE}:%S")
    who = " ".join(word for word in (str(signed["by"]), signer) if word)
    if not report.is_signed_so:
        return (
            "签字后数据有变化，以上数据未签字。 The numbers have changed since they were signed.",
            f"此前签字 Signed before: {who}    {at}    {signed['id']}",
        )
    return (
        f"主考已签字 Signed by the chief examiner: {who}    {at}",
        f"记录 Record: {signed['id']}",
    )


def _outage(outage: Outage, zone: tzinfo) -> tuple[str, str, str]:
    what, until = outage["what"], outage["until"]
    since = _text(datetime.fromisoformat(outage["since"]), zone, _SECOND)
    ended = "未恢复 not over"
    if until is not None:
        ended = _text(datetime.fromisoformat(until), zone, _SECOND)
    return f"{FAULTS.get(what, '')} {what}".strip(), since, ended


def _number(value: object) -> str:
    return "—" if value is None else str(value)


def _text(at: datetime, zone: tzinfo, form: str) -> str:
    return in_fixed_offset(at, zone).strftime(form)
