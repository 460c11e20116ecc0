"""The row about the end of retention: clean, meets everything, and catches each bug put in."""

from collections import Counter

import pytest

from gate.core import confirmed_time
from gate.core.confirmed_time import ClockRecord
from gate.service import roster_supervisor
from tests.faults.retention import ACTS, once

SEEDS = range(1, 31)


def trusted_now(record: ClockRecord) -> object:
    """One clock is enough: how it was."""
    now = record.last
    return now.at if now is not None and now.trusted else None


def steady_now(record: ClockRecord) -> object:
    """An hour is enough, whatever second sources say."""
    return trusted_now(record) if record.steady_s >= confirmed_time.STEADY_S else None


def any_word(record: ClockRecord) -> object:
    """A second source that speaks is enough, whatever it says."""
    return steady_now(record) if record.words else None


def word_alone(record: ClockRecord) -> object:
    """A second source is enough, whatever the clock does."""
    now = record.last
    return (
        None
        if now is None
        else max((w.earliest_at(now.mono_ns) for w in record.words), default=None)
    )


def never(record: ClockRecord) -> object:
    return None


@pytest.mark.slow
def test_thirty_seeds_lose_nothing_and_meet_everything() -> None:
    met: Counter[str] = Counter()
    for seed in SEEDS:
        found = once(seed, None)
        assert found.clean, (seed, found.faults)
        met += found.hits
    assert [act for act in ACTS if not met[act]] == []


@pytest.mark.slow
@pytest.mark.parametrize("mutant", [trusted_now, steady_now, any_word, word_alone, never])
def test_each_bug_is_caught(mutant: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_supervisor, "confirmed_time", mutant)
    assert any(not once(seed, None).clean for seed in SEEDS)
