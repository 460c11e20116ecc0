"""The frame itself: it adds up, it fails when a row fails, it names the seed and how to see it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import __main__ as program
from tests.faults.places import clear_left_overs
from tests.faults.row import Finding, Row, Say, Tally
from tests.faults.running import run_row
from tests.faults.table import table


def lossy(seed: int, say: Say | None) -> Finding:
    found = Finding(admitted=3, named=["events 2 to 3"])
    found.hits["crash"] += 1
    if seed == 7:
        found.lose("the admission of T1")
    return found


ROW = Row("lossy", "loses one", lossy, seeds=10, quick=2)


def test_a_row_adds_up() -> None:
    tally = run_row(ROW, range(1, 11))
    assert (tally.seeds, tally.admitted, tally.lost, tally.named) == (10, 30, 1, 10)
    assert tally.failed == {7: ["lost: the admission of T1"]}
    assert tally.hits["crash"] == 10
    assert "| lossy | 1-10 | 10 | 30 | 1 | 0 | 0 | 10 |" in table([tally])


def test_a_row_is_told_to_programs_with_what_it_met() -> None:
    (told,) = json.loads(program.for_programs([run_row(ROW, range(1, 11))]))
    assert told["hits"] == {"crash": 10}
    assert (told["row"], told["lost"], told["failed"]) == (
        "lossy",
        1,
        {"7": ["lost: the admission of T1"]},
    )


def test_a_lost_one_fails_the_matrix_and_names_its_seed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert program.verdict([run_row(ROW, range(1, 11))], skipped=0) == 1
    said = capsys.readouterr().out.splitlines()
    assert "  again: scripts/faults --row lossy --from 7 --seeds 1 --trace" in said
    assert said[-1] == "faults: 10 runs, 1 lost, 0 double, 0 unnoticed"


def test_a_clean_one_passes_and_nothing_at_all_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert program.verdict([run_row(ROW, range(1, 7))], skipped=0) == 0
    assert capsys.readouterr().out == "faults: 6 runs, 0 lost, 0 double, 0 unnoticed\n"
    assert program.verdict([], skipped=1) == 1


def test_a_seed_that_breaks_is_named_and_the_others_still_run() -> None:
    def breaks(seed: int, say: Say | None) -> Finding:
        if seed == 2:
            raise ValueError("no such gate")
        return Finding(admitted=1)

    tally = run_row(Row("breaks", "breaks", breaks, 3, 3), range(1, 4))
    assert (tally.admitted, tally.unnoticed) == (2, 1)
    assert tally.failed == {2: ["unnoticed: the seed ended with ValueError: no such gate"]}


def test_every_finding_is_a_fault() -> None:
    found = Finding()
    found.lose("a")
    found.twice("b")
    found.miss("c")
    tally = Tally("row", "what", 1)
    tally.add(1, found)
    assert (tally.lost, tally.double, tally.unnoticed) == (1, 1, 1)
    assert not found.clean


def test_what_a_killed_run_left_behind_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, ours = (
        tmp_path / f"exam-gate-faults-{number}-abc" for number in (ended.pid, os.getpid())
    )
    other = tmp_path / "exam-gate-faults-of-somebody"
    for folder in (dead, ours, other):
        (folder / "1").mkdir(parents=True)
    assert clear_left_overs(tmp_path) == [dead]
    assert sorted(tmp_path.iterdir()) == [ours, other]
