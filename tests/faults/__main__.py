"""scripts/faults: runs the rows, shows the table, ends with one line and 0 or 1."""

import argparse
import json
import os
import sys
from dataclasses import fields
from pathlib import Path

from tests.faults.matrix import ROWS
from tests.faults.places import clear_left_overs
from tests.faults.row import Row, Tally
from tests.faults.running import run_rows
from tests.faults.table import table, write_into

FIRST_SEED = 1


def main() -> None:
    asked = arguments()
    rows = chosen(asked.row, quick=asked.quick)
    if asked.list:
        for row in rows:
            print(f"{row.name:24} {row.what}")
        return
    clear_left_overs()
    wanted = [(row, seeds_of(row, asked)) for row in rows if can_run(row)]
    tallies = run_rows(wanted, jobs=asked.jobs, trace=asked.trace)
    print("\n" + table(tallies))
    here = Path(os.environ.get("FAULTS_CALLED_FROM", "."))
    if asked.json:
        (here / asked.json).write_text(for_programs(tallies))
    if asked.doc:
        write_into(here / asked.doc, tallies)
    sys.exit(verdict(tallies, skipped=len(rows) - len(tallies)))


def for_programs(tallies: list[Tally]) -> str:
    """JSON. Not by asdict(), which makes a Counter count its own pairs."""
    rows = [{f.name: getattr(tally, f.name) for f in fields(tally)} for tally in tallies]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few seeds of each row: minutes")
    parser.add_argument("--row", action="append", metavar="NAME", help="this row only; repeatable")
    parser.add_argument("--seeds", type=int, metavar="N", help="so many seeds of each row")
    parser.add_argument("--from", dest="first", type=int, default=FIRST_SEED, metavar="SEED")
    parser.add_argument("--trace", action="store_true", help="tell what happens, step by step")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the table for programs")
    parser.add_argument("--doc", type=Path, metavar="FILE", help="write the table into docs")
    parser.add_argument("--list", action="store_true", help="name the rows")
    return parser.parse_args()


def chosen(names: list[str] | None, *, quick: bool) -> list[Row]:
    if names is None:
        return [row for row in ROWS if (row.quick if quick else row.seeds)]
    known = {row.name: row for row in ROWS}
    for name in names:
        if name not in known:
            print(f"faults: no row {name}; there are: {', '.join(known)}", file=sys.stderr)
            sys.exit(2)
    return [known[name] for name in names]


def can_run(row: Row) -> bool:
    """False where it cannot run here, which is told."""
    why = row.needs()
    if why is not None:
        print(f"{row.name}: left out: {why}", file=sys.stderr)
    return why is None


def seeds_of(row: Row, asked: argparse.Namespace) -> range:
    usual = row.quick if asked.quick else row.seeds
    return range(asked.first, asked.first + (asked.seeds or usual or 1))


def verdict(tallies: list[Tally], *, skipped: int) -> int:
    """Names every seed that failed and how to see it again; the last line is the sum."""
    for tally in tallies:
        for seed, faults in sorted(tally.failed.items())[:10]:
            print(f"{tally.row}: seed {seed}: {'; '.join(faults[:3])}")
            print(f"  again: scripts/faults --row {tally.row} --from {seed} --seeds 1 --trace")
        if len(tally.failed) > 10:
            print(f"{tally.row}: {len(tally.failed)} seeds failed in all")
    if skipped:
        print(f"{skipped} rows were left out, see above")
    runs, lost = sum(t.runs for t in tallies), sum(t.lost for t in tallies)
    double, unnoticed = sum(t.double for t in tallies), sum(t.unnoticed for t in tallies)
    print(f"faults: {runs} runs, {lost} lost, {double} double, {unnoticed} unnoticed")
    return 0 if tallies and not (lost or double or unnoticed) else 1


if __name__ == "__main__":
    main()
