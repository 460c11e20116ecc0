"""What candidates with a special need get at the gate: more time, and a barrier that waits. Pure.

The entry window is that of everybody: who has more time comes at the same hour and stays longer.
Neither flag is written in a record of the gate; it says something of a person's health.
"""

from dataclasses import replace
from datetime import timedelta

from gate.core.exam import Candidate, Paper

EXTRA_TIME, WHEELCHAIR = "extra-time", "wheelchair"
"""Flags as candidates.csv has them."""


def own_times(candidate: Candidate, paper: Paper) -> Paper:
    """`paper` with the end that holds for `candidate`: later by the paper's `extra_time_min` where
    they are granted more time."""
    return with_extra_time(paper) if EXTRA_TIME in candidate.flags else paper


def with_extra_time(paper: Paper) -> Paper:
    """`paper` as it holds for whoever is granted more time."""
    if not paper.extra_time_min:
        return paper
    return replace(paper, end=paper.end + timedelta(minutes=paper.extra_time_min))
