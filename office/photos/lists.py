"""photos.csv and pairs.csv: every photo and every pair, for a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from gate.core.lookalike_policy import FLAG
from office.photos.judged_photo import AlikePair, JudgedPhoto
from office.rosters.photo_names import printable

PHOTOS, PAIRS = "photos.csv", "pairs.csv"
_PHOTO_COLUMNS = ("file", "verdict", "reasons", "width", "height", "eyes_px", "en", "zh", "flags")
_PAIR_COLUMNS = ("file", "other", "kind", "similarity", "en", "zh")

PAIR_WORDS = {
    "same-face": (
        "One face under two numbers: find out who each is.",
        "两个号码的相片为同一张脸：请核实身份。",
    ),
    "look-alike": (
        "Two faces that are much alike: flag both candidates as lookalike.",
        "两人相貌相近：请为双方标注 lookalike。",
    ),
}


def write_lists(out: Path, photos: Iterable[JudgedPhoto], pairs: Sequence[AlikePair]) -> None:
    """Both files anew, with a byte-order mark for spreadsheets. `flags` of a photo is what the list
    of candidates should say of its number: lookalike for both of each such pair. OSError."""
    alike = {name for p in pairs if p.kind == "look-alike" for name in (p.first, p.second)}
    rows = ([*_photo_row(p), FLAG if p.file in alike else ""] for p in photos)
    _write(out / PHOTOS, _PHOTO_COLUMNS, rows)
    _write(out / PAIRS, _PAIR_COLUMNS, map(_pair_row, pairs))


def _photo_row(photo: JudgedPhoto) -> list[object]:
    reasons = " ".join(f.reason for f in photo.findings)
    en, zh = (" ".join(getattr(f, key) for f in photo.findings) for key in ("en", "zh"))
    name = _cell(photo.file)
    return [name, photo.verdict, reasons, *photo.size, round(photo.eyes_px, 1), en, zh]


def _pair_row(pair: AlikePair) -> list[object]:
    score = f"{pair.similarity:.3f}"
    return [_cell(pair.first), _cell(pair.second), pair.kind, score, *PAIR_WORDS[pair.kind]]


def _cell(name: str) -> str:
    """Names come from outside: none of them is a formula."""
    shown = printable(Path(name))
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(rows)
