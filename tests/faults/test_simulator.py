"""The simulator in every test run: two thousand seeds, what they met, the mutants they catch."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.row import Row, Tally
from tests.faults.running import run_row
from tests.faults.sim.mutants import MUTANTS, Mutant
from tests.faults.sim_rows import ROWS, hunt

BY_NAME = {row.name: row for row in ROWS}

MET_AT_LEAST = {
    # what happens to people
    "visit": 5000,
    "back again": 500,
    "impostor": 400,
    "settle": 150,
    # kills, by where they struck
    "killed at rest": 100,
    "killed by a power cut": 50,
    "killed before a write": 20,
    "killed inside a write": 15,
    "killed after a write": 15,
    "killed before a lamp": 15,
    "killed after a lamp": 15,
    "killed before the barrier": 3,
    "killed after the barrier": 3,
    "killed before a publish": 5,
    "killed after a publish": 5,
    "killed judging a face": 3,
    "killed before a checkpoint": 1,
    "stop gate": 20,
    "batches of few": 500,
    "receipts of one range": 200,
    "frequent checkpoints": 300,
    "killed before the office's commit": 15,
    "killed after the office's commit": 15,
    "killed before an ack": 15,
    "torn write": 10,
    # disks, databases, clocks
    "write on a full disk": 100,
    "killed ended by itself": 50,
    "office disk full": 50,
    "restore office": 20,
    "clock wrong": 100,
    # network and broker
    "dropped": 200,
    "duplicated": 60,
    "redelivered": 300,
    "lost in transit": 20,
    "broker dies": 20,
    "broker amnesia": 20,
    "partition": 100,
    # malice
    "forge receipt": 50,
    "repeat receipt": 50,
    "forge batch": 30,
    "repeat batch": 30,
    "message altered": 50,
    "copy card": 20,
    "fork told": 20,
    "session taken over": 50,
    "alter card": 10,
    "damage told at the start": 5,
    "destroy card": 20,
}
"""In the seeds of one test run: a matrix that stops exercising something must fail."""


PLAYED: dict[str, Tally] = {}
"""By the test below, for the one behind it."""


@pytest.mark.slow
@pytest.mark.timeout(600)  # 90 s of processor time on a machine that may be shared
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_two_thousand_seeds_lose_nothing(row: Row) -> None:
    tally = run_row(row, range(1, row.quick + 1), jobs=os.cpu_count() or 1)
    PLAYED[row.name] = tally
    assert tally.failed == {}, f"scripts/faults --row {row.name} shows it again"


@pytest.mark.slow
def test_two_thousand_seeds_meet_everything() -> None:
    if PLAYED.keys() != BY_NAME.keys():
        pytest.skip("only after every row")
    met = sum((tally.hits for tally in PLAYED.values()), Counter[str]())
    print(dict(sorted(met.items())))
    assert sum(tally.seeds for tally in PLAYED.values()) >= 2000
    assert {name: met[name] for name, least in MET_AT_LEAST.items() if met[name] < least} == {}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_every_mutant_is_caught_by_the_seeds_of_a_test_run(mutant: Mutant) -> None:
    caught = hunt(mutant, BY_NAME[mutant.row].quick)
    assert caught is not None
    print(f"{mutant.name}: seed {caught[0]}: {caught[1][0]}")


def test_the_document_names_every_mutant() -> None:
    text = (Path(__file__).parents[2] / "docs/faults.md").read_text(encoding="utf-8")
    assert [
        f"| {m.name} | {m.row} |" for m in MUTANTS if f"| {m.name} | {m.row} |" not in text
    ] == []


@pytest.mark.parametrize("row", ["sim-all", "sim-kills", "sim-forged", "sim-copied"])
def test_a_seed_plays_the_same_every_time(row: str) -> None:
    first, second = list[str](), list[str]()
    for seed in (3, 4):
        BY_NAME[row].once(seed, first.append)
        BY_NAME[row].once(seed, second.append)
    assert first == second
    assert len(first) > 20


TRACES = """
import hashlib
from tests.faults.sim_rows import SCRIPTS
found = hashlib.sha256()
for row in ("sim-all", "sim-office", "sim-forged", "sim-copied", "sim-altered", "sim-sticks"):
    for seed in (5, 6, 7):
        SCRIPTS[row](seed, lambda line: found.update(line.encode()))
print(found.hexdigest())
"""


@pytest.mark.slow
def test_a_seed_plays_the_same_in_another_process_with_other_hashes() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", TRACES],
            env=os.environ | {"PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    ]
    assert said[0] == said[1]
