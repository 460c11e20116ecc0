"""What a build wrote against what the maker of its list and photos knows: word for word."""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.intake.lists import FIRST_LINE, Row
from tests.intake.photos import Handed


@dataclass(frozen=True, slots=True)
class Written:
    """The lists of one build. `rejected`: line, ticket and reason; `without`: ticket to reason;
    `unclaimed`: file to reason; `counts`: the manifest's."""

    rejected: list[tuple[str, str, str]]
    without: dict[str, str]
    unclaimed: dict[str, str]
    counts: dict[str, int]


def written(out: Path) -> Written:
    manifest = json.loads(next(out.glob("*.manifest.json")).read_bytes())
    return Written(
        [(r["line"], r["ticket"], r["reason"]) for r in _table(out / "rejected.csv")],
        {r["ticket"]: r["reason"] for r in _table(out / "without_reference.csv")},
        {r["file"]: r["reason"] for r in _table(out / "unclaimed.csv")},
        dict(manifest["counts"]),
    )


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def expected(rows: Sequence[Row], handed: Mapping[str, Handed], face: str) -> Written:
    """`handed`: by ticket; `face`: why a whole photo is no reference, empty where it is one."""
    taken = [row.ticket for row in rows if row.is_taken]
    why = {ticket: handed[ticket].without or face for ticket in taken}
    without = {ticket: reason for ticket, reason in why.items() if reason}
    return Written(
        [
            (str(line), row.ticket, " ".join(row.reasons))
            for line, row in enumerate(rows, FIRST_LINE)
            if not row.is_taken
        ],
        without,
        {file: reason for h in handed.values() for file, reason in h.unclaimed.items()},
        {"candidates": len(taken), "with_reference": len(taken) - len(without)},
    )


def faults(right: Written, found: Written) -> list[str]:
    """Every difference, the first few of each list; none where all is as it is to be."""
    counts = {name: found.counts.get(name) for name in right.counts}
    said = [] if counts == right.counts else [f"counts {counts}, right is {right.counts}"]
    said += _differences("rejected", Counter(right.rejected), Counter(found.rejected))
    said += _differences("without", right.without.items(), found.without.items())
    said += _differences("unclaimed", right.unclaimed.items(), found.unclaimed.items())
    return said


def _differences(name: str, right: object, found: object) -> list[str]:
    missing, beyond = set(right) - set(found), set(found) - set(right)  # type: ignore[call-overload]
    return [
        f"{name}: {sort} {sorted(entries)[:9]}"
        for sort, entries in (("missing", missing), ("beyond", beyond))
        if entries
    ]
