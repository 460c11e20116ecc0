"""Journals whose `liveness` is a number or null verify, and the gate remembers by them."""

import json

from gate.core.daily_counts import DailyCounts
from gate.core.journal_entries import verify_chain
from gate.core.reasons import Reason
from gate.core.replay import replay
from gate.core.state import State
from tests.old_liveness import OLD_LINES

EVENTS = [json.loads(line) for line in OLD_LINES]
OF = {"gate": "wh-hs-01-g1", "epoch": "00112233aabbccdd"}


def test_the_chain_of_an_old_journal_is_whole_and_its_liveness_is_covered() -> None:
    assert verify_chain(EVENTS, **OF) is None
    for number, event in enumerate(EVENTS):
        altered = [*EVENTS[:number], event | {"liveness": 0.5}]
        fault = verify_chain(altered, **OF)
        assert fault is not None
        assert (fault.seq, fault.what) == (number + 1, "altered")


def test_a_gate_remembers_by_an_old_journal() -> None:
    state = replay(State(), EVENTS)
    assert {key for _, key in state.inside} == {"aa", "bb", "dd"}
    assert [(u.reason, u.facts["ticket"]) for u in state.unsettled] == [
        (Reason.LIVENESS_FAILED, "A3")
    ]


def test_an_old_journal_is_counted() -> None:
    counts = DailyCounts()
    for event in EVENTS:
        counts.add(event)
