"""`python -m gate.sheets`: a sheet's values as JSON on standard input, its PDF on standard output.

A process of its own: fonts and pictures take 150 MB for a second, which a gate has not to spare.
"""

import base64
import json
import sys
from typing import NotRequired, TypedDict

from gate.core.report_sheet import ReportSheet
from gate.core.seat_sheet import SheetCell, SheetHead
from gate.errors import GateError
from gate.sheets.seat_photo_sheet import seat_photo_sheet
from gate.sheets.site_report_sheet import site_report_sheet


class CellFields(TypedDict):
    """One candidate; `photo`: JPEG in base64."""

    seat: str
    ticket: str
    name: str
    photo: str | None
    state: str


class SeatsFields(TypedDict):
    """A seat-photo sheet as it travels to the process that draws it."""

    head: dict[str, str]
    cells: list[CellFields]


class ReportFields(TypedDict):
    """The same of a report, as `ReportSheet` has it."""

    title: list[str]
    rows: list[list[str]]
    outages: list[list[str]]
    signature: list[str]
    is_signed: bool
    printed: str


class SheetFields(TypedDict):
    """What is to be drawn: one of the two."""

    seats: NotRequired[SeatsFields]
    report: NotRequired[ReportFields]


def main() -> int:
    """0 with the PDF written; 4 with the error as JSON on standard error."""
    asked: SheetFields = json.load(sys.stdin.buffer)
    try:
        pdf = _report(asked["report"]) if "report" in asked else _seats(asked["seats"])
    except GateError as e:
        json.dump({"en": e.en, "zh": e.zh}, sys.stderr)
        return 4
    sys.stdout.buffer.write(pdf)
    return 0


def _seats(asked: SeatsFields) -> bytes:
    cells = [
        SheetCell(
            c["seat"],
            c["ticket"],
            c["name"],
            base64.b64decode(c["photo"]) if c["photo"] else None,
            c["state"],
        )
        for c in asked["cells"]
    ]
    return seat_photo_sheet(SheetHead(**asked["head"]), cells)


def _report(asked: ReportFields) -> bytes:
    return site_report_sheet(
        ReportSheet(
            title=tuple(asked["title"]),
            rows=tuple((zh, en, value) for zh, en, value in asked["rows"]),
            outages=tuple((what, since, until) for what, since, until in asked["outages"]),
            signature=tuple(asked["signature"]),
            is_signed=asked["is_signed"],
            printed=asked["printed"],
        )
    )


if __name__ == "__main__":
    sys.exit(main())
