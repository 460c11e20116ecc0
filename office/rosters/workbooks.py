"""XLSX workbooks to rows of text, each cell as its spreadsheet meant it."""

import contextlib
import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO
from xml.parsers import expat

from gate.errors import InputDamaged

COLUMNS_MAX = 256
ROWS_MAX = 1_048_576
"""What a sheet of a spreadsheet holds."""

_SHEETS_MAX = 100
_ROWS_LOOKED_AT_MAX = 4 * ROWS_MAX
"""Of all sheets together, empty ones too: one cell in the last row makes a million of them."""
_WIDTH_LEAST = 32
"""Columns of a row at least, so that an empty cell at its end is one."""
_UNPACKED_MAX = 400_000_000
"""Bytes. A small file can unpack to any size."""
_RATIO_FROM, _RATIO_MAX = 8_000_000, 100
"""From so many bytes on. A list unpacks to 5 to 30 times its size; what is made to harm, to 1,000
times."""
_DEPTH_MAX = 64
_DEPTH_FROM = 1_000_000
"""Bytes of a part. A list nests 6 deep; a parser keeps each element until its end."""

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

Sheet = tuple[str, list[tuple[int, list[str]]]]
"""Its name, and its rows that are not empty with their numbers, from 1."""


def sheets_of(data: bytes, source: str) -> list[Sheet]:
    """Name and rows of each visible sheet. InputDamaged."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_parts(archive, len(data), source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of decorations that openpyxl drops
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
                if len(shown) > _SHEETS_MAX:
                    raise _unusable(source, "has more than 100 sheets", "工作表超过 100 个")
                numbers = iter(range(_ROWS_LOOKED_AT_MAX))
                return [(sheet.title, list(_rows(sheet, numbers, source))) for sheet in shown]
            finally:
                book.close()
    except InputDamaged:
        raise
    except (*_DAMAGE, InvalidFileException) as e:
        raise _unusable(source, "is no workbook that can be read", "不是可读取的工作簿") from e


def _check_parts(archive: zipfile.ZipFile, packed: int, source: str) -> None:
    """InputDamaged for a workbook that is made to fill memory. The directory bounds what is read of
    each part; `_DAMAGE` where that is not what it holds."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > _UNPACKED_MAX:
        raise _unusable(source, "unpacks to more than 400 MB", "解压后超过 400 MB")
    if unpacked > _RATIO_FROM and unpacked > _RATIO_MAX * packed:
        raise _unusable(
            source, "unpacks to more than 100 times its size", "解压后超过其大小的 100 倍"
        )
    for part in parts:
        if part.file_size > _DEPTH_FROM and part.filename.endswith(".xml"):
            with archive.open(part) as file:
                _check_depth(file, source)


def _check_depth(file: IO[bytes], source: str) -> None:
    """InputDamaged where elements lie deeper than in any workbook. ExpatError is left to who reads
    the part."""
    parser, depth = expat.ParserCreate(), 0

    def begin(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH_MAX:
            raise _unusable(source, "is no workbook that can be read", "不是可读取的工作簿")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    with contextlib.suppress(expat.ExpatError):
        parser.ParseFile(file)


def _rows(sheet: object, numbers: Iterator[int], source: str) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # type: ignore[attr-defined] # what the file says of them may be wrong
    rows = sheet.iter_rows(values_only=True, max_col=COLUMNS_MAX)  # type: ignore[attr-defined]
    for line, row in enumerate(rows, 1):
        if line > ROWS_MAX or next(numbers, None) is None:
            raise _unusable(source, "has more rows than a sheet may have", "行数过多")
        if row.count(None) == len(row):
            continue
        width = max(i for i, value in enumerate(row, 1) if value is not None)
        yield line, [cell_text(value) for value in row[: max(width, _WIDTH_LEAST)]]


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
