"""A file of candidates to rows of cells, whatever kind of table it is.

A table may be read in several ways (a separator each, a sheet each). The header shows which one is
meant, so columns.py decides.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gate.errors import InputDamaged
from gate.platform.regular_file import FileTooLarge, read_regular
from office.rosters.decoding import decoded
from office.rosters.workbooks import sheets_of

SIZE_MAX = 200_000_000
"""Bytes: a list of a million rows."""

SEPARATORS = (",", "\t", ";")

Lines = Iterator[tuple[int, list[str]]]
"""The first line of each row, from 1, and its cells."""


@dataclass(frozen=True, slots=True)
class TableReading:
    """One way to read a file. `lines` begins anew at each call and may raise InputDamaged."""

    label: str
    lines: Callable[[], Lines]


def readings(path: Path) -> list[TableReading]:
    """Every way to read the file. InputDamaged: missing, no regular file, too large, no table."""
    data = _bytes(path)
    if data.startswith(b"PK\x03\x04"):
        return [
            TableReading(f"{path}, {title!r}", partial(iter, rows))
            for title, rows in sheets_of(data, str(path))
        ]
    for mark, en, zh in _OTHERS:
        if data[:1024].lstrip().lower().startswith(mark):
            raise _unusable(path, en, zh)
    text = decoded(data)
    if text is None:
        raise _unusable(path, "is no text in UTF-8, GB18030 or UTF-16", "不是文本或编码无法识别")
    return text_readings(text, str(path))


def text_readings(text: str, source: str) -> list[TableReading]:
    """The ways to read `text`, one for each separator."""
    return [TableReading(source, partial(_split, text, source, by)) for by in SEPARATORS]


_OTHERS = (
    (
        b"\xd0\xcf\x11\xe0",
        "is a workbook of the old format or one with a password",
        "是旧版或加密的工作簿",
    ),
    (b"pk\x05\x06", "is an empty archive", "是空的压缩文件"),
    (b"%pdf", "is a PDF", "是 PDF 文件"),
    (b"<", "is a web page or XML", "是网页或 XML 文件"),
    (b"rar!", "is an archive", "是压缩文件"),
    (b"7z\xbc\xaf", "is an archive", "是压缩文件"),
    (b"\x1f\x8b", "is an archive", "是压缩文件"),
)


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path, SIZE_MAX)
    except FileTooLarge as e:
        raise _unusable(path, "is larger than 200 MB", "超过 200 MB") from e
    except (OSError, ValueError) as e:  # ValueError: a NUL in the name
        raise InputDamaged(
            f"{path} cannot be read ({getattr(e, 'strerror', None) or e}): name the list of "
            "candidates.",
            f"{path} 无法读取：请指定考生名单文件。",
            path=str(path),
        ) from e


def _split(text: str, source: str, separator: str) -> Lines:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    first = 1
    try:
        for cells in reader:
            yield first, cells
            first = reader.line_num + 1
    except csv.Error as e:
        raise InputDamaged(
            f"{source} is not CSV in the row that begins at line {first} ({e}): correct that row.",
            f"{source} 从第 {first} 行开始的一行不是有效的 CSV：请改正该行。",
            path=source,
            line=first,
        ) from e


def _unusable(path: Path, en: str, zh: str) -> InputDamaged:
    return InputDamaged(
        f"{path} {en}: save the list as `CSV UTF-8` or as .xlsx.",
        f"{path} {zh}：请另存为“CSV UTF-8”或 .xlsx。",
        path=str(path),
    )
