"""Rows of the matrix with real processes."""

from collections.abc import Callable
from functools import partial

from demo.processes import CommandFailed
from demo.sockets import NotAnswered
from tests.faults.processes.clock_jump import clock_jumps
from tests.faults.processes.copied import (
    broker_forgets,
    card_is_copied,
    office_is_set_back,
    played,
)
from tests.faults.processes.descriptors import descriptors_run_out
from tests.faults.processes.herd import herd
from tests.faults.processes.journal_lost import loses_its_journal
from tests.faults.processes.kills import kills
from tests.faults.processes.site import Site, missing
from tests.faults.row import Finding, Row, Say


def _row(
    name: str,
    what: str,
    once: Callable[[int, Say | None], Finding],
    seeds: int = 1,
    quick: int = 1,
    *,
    alone: bool = False,
) -> Row:
    return Row(
        name,
        what,
        partial(_to_its_end, once),
        seeds,
        quick,
        parallel=False,
        alone=alone,
        needs=missing,
    )


def _to_its_end(once: Callable[[int, Say | None], Finding], seed: int, say: Say | None) -> Finding:
    """What never came, or a process that ended by itself, is a finding and ends no other row."""
    try:
        return once(seed, say)
    except (CommandFailed, NotAnswered, TimeoutError) as e:
        found = Finding()
        found.lose(str(e) or "not all receipted in time")
        return found


def _kills(name: str, seconds: float, seeds: int, quick: int) -> Row:
    what = f"SIGKILL of 2 gates, broker and office at random for {seconds:g} s, real processes"
    return _row(name, what, lambda seed, say: kills(seconds, 2, seed, say), seeds, quick)


def _script(name: str, what: str, script: Callable[[Site, Finding, Say], None]) -> Row:
    return _row(name, what, lambda _seed, say: played(script, say))


def _lost(name: str, what: str, loss: str) -> Row:
    return _script(name, what, partial(loses_its_journal, loss))


ROWS = (
    _kills("kills", 600.0, 1, 0),
    _kills("kills-short", 40.0, 0, 1),
    _script("broker-forgets", "office away, broker killed and its database wiped", broker_forgets),
    _script("office-set-back", "the office's database restored from a backup", office_is_set_back),
    _script("card-copied", "two copies of one card's disk run one after the other", card_is_copied),
    _script("clock-jump", "the clock jumps past the roster's end and back", clock_jumps),
    _lost("journal-deleted", "the journal's file deleted under a running gate", "deleted"),
    _lost("journal-replaced", "another file put in the running journal's place", "replaced"),
    _lost("journal-truncated", "the running journal's file cut to half its length", "cut short"),
    _script(
        "descriptors",
        "1,000 silent connections to a gate with 1,024 descriptors",
        descriptors_run_out,
    ),
    _row(
        "herd",
        "300 gates back at once after an outage, 130 events each",
        lambda _seed, say: herd(300, say),
        quick=0,
        alone=True,
    ),
    _row(
        "herd-short", "30 gates back at once", lambda _seed, say: herd(30, say), seeds=0, alone=True
    ),
)
