"""XLSX workbooks to rows of text, each cell as its spreadsheet meant it."""

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice

from gate.errors import InputDamaged

COLUMNS_MAX = 256
ROWS_MAX = 1_048_576
"""What a sheet of a spreadsheet holds."""

_UNPACKED_MAX = 400_000_000
"""Bytes. A small file can unpack to any size."""

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    SyntaxError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    NotImplementedError,
)
"""What openpyxl and the parts under it raise for a workbook that is damaged (found by fuzzing)."""

Sheet = tuple[str, list[list[str]]]


def sheets_of(data: bytes, source: str) -> list[Sheet]:
    """Name and rows of each visible sheet, row 1 first. InputDamaged."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > _UNPACKED_MAX:
            raise _unusable(source, "unpacks to more than 400 MB", "解压后超过 400 MB")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of decorations that openpyxl drops
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                return [
                    (sheet.title, list(_rows(sheet, source)))
                    for sheet in book.worksheets
                    if sheet.sheet_state == "visible"
                ]
            finally:
                book.close()
    except InputDamaged:
        raise
    except (*_DAMAGE, InvalidFileException) as e:
        raise _unusable(source, "is no workbook that can be read", "不是可读取的工作簿") from e


def _rows(sheet: object, source: str) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # type: ignore[attr-defined] # what the file says of them may be wrong
    rows = sheet.iter_rows(values_only=True, max_col=COLUMNS_MAX)  # type: ignore[attr-defined]
    for n, row in enumerate(islice(rows, ROWS_MAX + 1)):
        if n == ROWS_MAX:
            raise _unusable(source, "has more rows than a sheet may have", "行数过多")
        yield [cell_text(value) for value in row]


def cell_text(value: object) -> str:
    """A number without exponent and as exact as it is stored, a date as 2027/3/1, a text with its
    `_x000D_` written out (ECMA-376, ST_Xstring)."""
    from openpyxl.utils.escape import unescape

    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float():
            return _number(value)
        case datetime() | date():
            return f"{value.year}/{value.month}/{value.day}"
        case time() | timedelta():
            return f"1900/1/1 {value}"
        case _:
            return unescape(str(value))


def _number(value: float) -> str:
    """The shortest digits that mean the number: float's own digits beyond the 15 to 17 that a
    spreadsheet stores would be invented."""
    digits = Decimal(repr(value))
    if not digits.is_finite() or abs(digits.adjusted()) > 30:
        return repr(value)
    text = f"{digits:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unusable(source: str, en: str, zh: str) -> InputDamaged:
    return InputDamaged(
        f"{source} {en}: save the list as `CSV UTF-8` or as .xlsx anew.",
        f"{source} {zh}：请重新另存为“CSV UTF-8”或 .xlsx。",
        path=source,
    )
