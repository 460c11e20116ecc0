"""Runs the seeds of a row, on several processes where the row allows it."""

import gc
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.faults.matrix import ROWS
from tests.faults.row import Finding, Row, Say, Tally

_CHUNK = 50
_TELL_EVERY_S = 5.0


def run_rows(wanted: list[tuple[Row, range]], *, jobs: int = 1, trace: bool = False) -> list[Tally]:
    """The counts of each row, in the order of `wanted`.

    Rows that one process plays mostly wait for real ones. They run one after the other beside those
    that keep every core busy. Those that measure time run alone, at the end.
    """
    if trace or jobs < 2:
        return [run_row(row, seeds, trace=trace) for row, seeds in wanted]
    done: dict[str, Tally] = {}
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as aside:
        running = {
            row.name: aside.submit(_run_by_name, row.name, seeds)
            for row, seeds in wanted
            if not (row.parallel or row.alone)
        }
        for row, seeds in wanted:
            if row.parallel:
                done[row.name] = run_row(row, seeds, jobs=jobs)
        done |= {name: tally.result() for name, tally in running.items()}
    for row, seeds in wanted:
        if row.alone:
            done[row.name] = run_row(row, seeds)
    return [done[row.name] for row, _ in wanted]


def _run_by_name(name: str, seeds: range) -> Tally:
    return run_row(_named(name), seeds)


def _named(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


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
    with multiprocessing.get_context("fork").Pool(jobs, _prepare) as pool:
        chunks = ((row.name, seeds[i : i + _CHUNK]) for i in range(0, len(seeds), _CHUNK))
        for found in pool.imap_unordered(_chunk, chunks):
            yield from found


def _prepare() -> None:
    """A worker gives way to the real processes beside it, and leaves its modules out of account
    when it looks for garbage."""
    os.nice(5)
    gc.freeze()
    gc.set_threshold(50_000)


def _chunk(asked: tuple[str, Iterable[int]]) -> list[tuple[int, Finding]]:
    name, seeds = asked
    row = _named(name)
    return [(seed, _played(row, seed, None)) for seed in seeds]
