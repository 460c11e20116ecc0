"""`python -m gate.sheets`: a sheet's values as JSON on standard input, its PDF on standard output.

A process of its own: fonts and pictures take 150 MB for a second, which a gate has not to spare.
"""

import base64
import json
import sys
from typing import TypedDict

from gate.core.seat_sheet import SheetCell, SheetHead
from gate.errors import GateError
from gate.sheets.seat_photo_sheet import seat_photo_sheet


class CellFields(TypedDict):
    """One candidate; `photo`: JPEG in base64."""

    seat: str
    ticket: str
    name: str
    photo: str | None
    state: str


class SheetFields(TypedDict):
    """A sheet as it travels to the process that draws it."""

    head: dict[str, str]
    cells: list[CellFields]


def main() -> int:
    """0 with the PDF written; 4 with the error as JSON on standard error."""
    asked: SheetFields = json.load(sys.stdin.buffer)
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
    try:
        pdf = seat_photo_sheet(SheetHead(**asked["head"]), cells)
    except GateError as e:
        json.dump({"en": e.en, "zh": e.zh}, sys.stderr)
        return 4
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
