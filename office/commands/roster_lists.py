"""What a build says of rows and photos: a file for each list, and a bounded screen."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from gate.roster.repository import storage_refused
from office.rosters.candidate_references import UnusablePhoto
from office.rosters.candidates import Candidates
from office.rosters.photo_names import Unclaimed
from office.rosters.rows import Rejection, RowNote

REJECTED, WITHOUT_REFERENCE = "rejected.csv", "without_reference.csv"
NOTES, UNCLAIMED = "notes.csv", "unclaimed.csv"
SHOWN_MAX = 20
"""Lines of each list on the screen; the files hold all of them."""

_COLUMNS = {
    REJECTED: ("line", "ticket", "reason", "en", "zh"),
    WITHOUT_REFERENCE: ("ticket", "reason", "en", "zh"),
    NOTES: ("line", "ticket", "reason", "en", "zh"),
    UNCLAIMED: ("file", "reason", "en", "zh"),
}


LINES_MAX = 10
"""Line numbers of each kind of note on the screen."""


def write_lists(
    out: Path,
    rejected: Sequence[Rejection],
    unusable: Sequence[UnusablePhoto],
    notes: Sequence[RowNote] = (),
    unclaimed: Sequence[Unclaimed] = (),
) -> None:
    """The files anew, with a byte-order mark: without it spreadsheets garble the Chinese.
    StorageRefused; made before the photos are judged, it also shows that `out` takes files."""
    with storage_refused(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, rows in zip(_COLUMNS, (rejected, unusable, notes, unclaimed), strict=True):
            with (out / name).open("w", encoding="utf-8-sig", newline="") as file:
                table = csv.writer(file)
                table.writerow(_COLUMNS[name])
                columns = _COLUMNS[name]
                table.writerows([getattr(row, column) for column in columns] for row in rows)


def print_rejected(rejected: Sequence[Rejection], out: Path) -> None:
    """Prints the rejected rows, the first ones where there are many."""
    lines = (f"rejected: line {r.line}, ticket {r.ticket or '-'}: {r.en} {r.zh}" for r in rejected)
    _print_some(lines, rejected, out / REJECTED)


def print_unusable(unusable: Sequence[UnusablePhoto], out: Path) -> None:
    """Prints the candidates without a reference, the first ones where there are many."""
    lines = (f"no reference: ticket {u.ticket}: {u.en} {u.zh}" for u in unusable)
    _print_some(lines, unusable, out / WITHOUT_REFERENCE)


def print_unclaimed(unclaimed: Sequence[Unclaimed], out: Path) -> None:
    """Prints the files that are nobody's photo, the first ones where there are many."""
    if unclaimed:
        print(f"{len(unclaimed)} file(s) are nobody's photo. {len(unclaimed)} 个文件未对应考生。")
    lines = (f"unclaimed: {u.file}: {u.en} {u.zh}" for u in unclaimed)
    _print_some(lines, unclaimed, out / UNCLAIMED)


def print_sums(rejected: Sequence[Rejection], unusable: Sequence[UnusablePhoto], out: Path) -> None:
    """Prints how many rows and photos were not used, and where they are listed."""
    print(
        f"{len(rejected)} row(s) rejected, {len(unusable)} candidate(s) without a reference; "
        f"listed in {out / REJECTED} and {out / WITHOUT_REFERENCE}"
    )


def _print_some(
    lines: Iterable[str],
    rows: Sequence[Rejection] | Sequence[UnusablePhoto] | Sequence[Unclaimed],
    file: Path,
) -> None:
    for line, _ in zip(lines, range(SHOWN_MAX), strict=False):
        print(line)
    if len(rows) > SHOWN_MAX:
        counts = Counter(row.reason for row in rows).most_common()
        reasons = ", ".join(f"{n} {reason}" for reason, n in counts)
        print(
            f"and {len(rows) - SHOWN_MAX} more in {file} ({reasons}). "
            f"其余 {len(rows) - SHOWN_MAX} 条见该文件。"
        )


def tell_notes(found: Candidates) -> None:
    """What was put right or left aside, one line a kind."""
    if found.ignored:
        print(f"columns not needed 不需要的列: {', '.join(found.ignored)}")
    kinds: dict[tuple[str, str], list[int]] = defaultdict(list)
    for note in found.notes:
        kinds[note.en, note.zh].append(note.line)
    for (en, zh), lines in kinds.items():
        shown = ", ".join(map(str, lines[:LINES_MAX])) + (" …" if len(lines) > LINES_MAX else "")
        print(f"note: {len(lines)} row(s): {en} {zh}: lines {shown}")
