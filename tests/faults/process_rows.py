"""Rows of the matrix with real processes."""

from tests.faults.processes.kills import kills
from tests.faults.processes.site import missing
from tests.faults.row import Row


def _kills(name: str, seconds: float, seeds: int, quick: int) -> Row:
    what = f"SIGKILL of 2 gates, broker and office at random for {seconds:g} s, real processes"
    return Row(
        name, what, lambda seed, say: kills(seconds, 2, seed, say), seeds, quick,
        parallel=False, needs=missing,
    )  # fmt: skip


ROWS = (_kills("kills", 600.0, 1, 0), _kills("kills-short", 40.0, 0, 1))
