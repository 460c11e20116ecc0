"""The trial in its short form, and its verdict."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.faults.worst_gate.packets import connect, publish, split
from tests.faults.worst_gate.verdict import (
    MEMORY_MB,
    Record,
    judged,
    markdown,
    quantiles,
    unaccounted,
)

GOOD = Record(
    seconds=20,
    machine="a machine",
    at="2027-04-10",
    receipts_s=quantiles([0.1] * 100),
    never=0,
    resent=0,
    downs=0,
    memory_mb={name: (1.0, mb) for name, mb in MEMORY_MB.items()},
    sent={"forged": {"sent": 3, "135": 2, "149": 1}},
    guard={"topic": 2},
    office={},
    office_taken=0,
    stored=0,
    missing=0,
    log_lines=3,
)


def test_what_is_promised_is_judged() -> None:
    assert judged(GOOD) == []
    for worse in (
        replace(GOOD, receipts_s=quantiles([0.1] * 98 + [2.0, 2.0])),
        replace(GOOD, receipts_s=quantiles([])),
        replace(GOOD, never=1),
        replace(GOOD, missing=1),
        replace(GOOD, memory_mb={"office": (1.0, 5000.0), "broker": (1.0, 1.0)}),
        replace(GOOD, guard={"topic": 1}),
        replace(GOOD, guard={"topic": 1, "shut-out": 5}),
        replace(GOOD, unaccounted=1),
    ):
        (fault,) = judged(worse)
        assert fault
    assert "| forged | 3 | 0 | 3 |" in markdown(GOOD)


def test_what_the_broker_took_is_at_the_office() -> None:
    taken = replace(GOOD, sent={"garbage": {"0": 7}, "deep": {"0": 3}}, office={"form": 6})
    assert unaccounted(replace(taken, office_taken=3)) == 1
    assert unaccounted(replace(taken, office_taken=5)) == 0


def test_packets_are_split_wherever_they_arrive_broken() -> None:
    stream = connect("a") + publish("t", b"x" * 300, qos=1, mid=7)
    for cut in range(len(stream)):
        first, rest = split(stream[:cut])
        second, rest = split(rest + stream[cut:])
        assert [kind for kind, _ in first + second] == [1, 3]
        assert rest == b""


@pytest.mark.system
@pytest.mark.slow
def test_twenty_gates_beside_one_that_does_its_worst(tmp_path: Path) -> None:
    """On a machine that tests share with others the second is not judged, all else is."""
    out = tmp_path / "seen.json"
    command = [sys.executable, "-m", "tests.faults.worst_gate", "--seconds", "20"]
    done = subprocess.run(
        [*command, "--json", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    seen = json.loads(out.read_text()) if out.exists() else {"faults": [done.stderr]}
    assert [f for f in seen["faults"] if "slowest" not in f] == []
    assert seen["receipts_s"]["count"] > 100
