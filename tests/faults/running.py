"""Runs the seeds of a row, on several processes where the row allows it."""

import gc
import multiprocessing
import sys
import time
import traceback
from collections.abc import Iterable, Iterator

from tests.faults.matrix import ROWS
from tests.faults.row import Finding, Row, Say, Tally

_CHUNK = 50
_TELL_EVERY_S = 5.0


def run_row(row: Row, seeds: range, *, jobs: int = 1, trace: bool = False) -> Tally:
    """Every seed of `seeds`, added up; progress goes to stderr."""
    tally = Tally(row.name, row.what, seeds.start)
    begun = told = time.monotonic()
    for seed, found in _found(row, seeds, jobs, trace):
        tally.add(seed, found)
        if time.monotonic() - told > _TELL_EVERY_S:
            told = time.monotonic()
            _progress(tally, len(seeds), told - begun)
    tally.seconds = round(time.monotonic() - begun, 2)
    _progress(tally, len(seeds), tally.seconds)
    return tally


def _progress(tally: Tally, of: int, seconds: float) -> None:
    wrong = f", {len(tally.failed)} FAILED" if tally.failed else ""
    print(f"{tally.row}: {tally.seeds}/{of} seeds, {seconds:.0f} s{wrong}", file=sys.stderr)


def _played(row: Row, seed: int, say: Say | None) -> Finding:
    """One seed. One that breaks the world itself is a finding like any other, with its number."""
    try:
        return row.once(seed, say)
    except Exception as e:  # noqa: BLE001 - named, counted, and the seeds behind it still run
        found = Finding()
        found.miss(f"the seed ended with {type(e).__name__}: {e}")
        if say is not None:
            say(traceback.format_exc())
        return found


def _found(row: Row, seeds: range, jobs: int, trace: bool) -> Iterator[tuple[int, Finding]]:
    if trace or jobs < 2 or not row.parallel or len(seeds) <= _CHUNK:
        for seed in seeds:
            yield seed, _played(row, seed, print if trace else None)
        return
    with multiprocessing.get_context("fork").Pool(jobs, gc.set_threshold, (50_000,)) as pool:
        chunks = ((row.name, seeds[i : i + _CHUNK]) for i in range(0, len(seeds), _CHUNK))
        for found in pool.imap_unordered(_chunk, chunks):
            yield from found


def _chunk(asked: tuple[str, Iterable[int]]) -> list[tuple[int, Finding]]:
    name, seeds = asked
    row = next(row for row in ROWS if row.name == name)
    return [(seed, _played(row, seed, None)) for seed in seeds]
