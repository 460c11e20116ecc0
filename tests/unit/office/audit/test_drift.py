"""Fisher's test by its own published tables, its error rate, and which gates a report marks."""

from fractions import Fraction
from math import comb
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.core.daily_counts import DailyCounts
from office.audit.drift import FAMILY_ALPHA, GateDay, compare, daily_counts, fisher
from tests.unit.gate.core.test_daily_counts import decision


@pytest.mark.parametrize(
    ("some", "of", "others", "of_others", "p"),
    [
        (3, 4, 1, 4, 34 / 70),  # Fisher's lady and her tea: 1/70 + 16/70 on either side
        (4, 4, 0, 4, 2 / 70),
        (8, 10, 1, 6, 400 / 11440),
        (0, 10, 0, 10, 1.0),
        (10, 10, 10, 10, 1.0),
        (5, 100, 50, 1000, 1.0),
    ],
)
def test_known_tables(some: int, of: int, others: int, of_others: int, p: float) -> None:
    assert fisher(some, of, others, of_others) == pytest.approx(p, abs=1e-6)
    assert fisher(others, of_others, some, of) == pytest.approx(p, abs=1e-6)


def exact(some: int, of: int, others: int, of_others: int) -> Fraction:
    """The definition, in whole numbers."""
    drawn = some + others
    tables = range(max(0, drawn - of_others), min(of, drawn) + 1)
    ways = {k: comb(of, k) * comb(of_others, drawn - k) for k in tables}
    as_likely = sum(w for w in ways.values() if w <= ways[some])
    return Fraction(as_likely, comb(of + of_others, drawn))


@given(st.data(), st.integers(1, 300), st.integers(1, 300))
def test_p_is_that_of_the_definition(data: st.DataObject, of: int, of_others: int) -> None:
    table = data.draw(st.integers(0, of)), of, data.draw(st.integers(0, of_others)), of_others
    assert fisher(*table) == pytest.approx(float(exact(*table)), rel=1e-9, abs=1e-15)


@given(st.integers(20, 1000), st.floats(0, 1), st.integers(1, 9))
@example(of=20, share=6 / 18, more=2)
@example(of=20, share=2 / 15, more=5)
def test_tables_as_likely_as_this_one_count(of: int, share: float, more: int) -> None:
    """Of two gates with as many people each, the table and its mirror are as likely to the last
    digit.

    To leave one out would halve p.
    """
    some = round(share * (of - more))
    table = some, of, some + more, of
    assert fisher(*table) == pytest.approx(float(exact(*table)), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.0005])
@pytest.mark.parametrize(("of", "of_others", "refers"), [(50, 450, 20), (300, 2700, 90), (7, 9, 8)])
def test_false_alarms_are_no_more_often_than_said(
    alpha: float, of: int, of_others: int, refers: int
) -> None:
    """Exactly, by every table with these margins, where nothing differs."""
    tables = [k for k in range(of + 1) if 0 <= refers - k <= of_others]
    alarms = [k for k in tables if fisher(k, of, refers - k, of_others) <= alpha]
    chance = sum(comb(of, k) * comb(of_others, refers - k) for k in alarms)
    assert chance / comb(of + of_others, refers) <= alpha * (1 + 1e-9)


def gates(rates: dict[str, float], people: int, seed: int) -> dict[str, DailyCounts]:
    """Each gate's morning, by chance at its own rate."""
    chance, found = Random(seed), {}
    for name, rate in rates.items():
        refers = sum(chance.random() < rate for _ in range(people))
        found[name] = DailyCounts([decision(gate=name)])
        (counts,) = found[name].groups.values()
        counts["decisions"] = {"ADMIT/OK": people - refers, "REFER/FACE_POOR": refers}
    return found


@pytest.mark.slow
def test_a_report_on_gates_that_are_alike_marks_none() -> None:
    """200 reports of 12 gates: at most FAMILY_ALPHA of them may mark any; more than 7 would come
    once in 1,000 runs of other seeds."""
    alike = {f"g{n}": 0.05 for n in range(12)}
    marked = sum(
        any(row.differs for row in compare(gates(alike, 150, seed))) for seed in range(200)
    )
    assert marked <= 200 * FAMILY_ALPHA + 5


def rows_of(found: list[GateDay]) -> dict[str, str]:
    return {row.gate: row.differs for row in found}


def test_a_gate_that_refers_three_times_as_often_is_marked_and_no_other() -> None:
    rates = {"g1": 0.04, "g2": 0.04, "g3": 0.04, "g4": 0.12}
    assert rows_of(compare(gates(rates, 600, 1))) == {"g1": "", "g2": "", "g3": "", "g4": "more"}


def test_one_that_refers_nobody_is_marked_too() -> None:
    rates = {"g1": 0.06, "g2": 0.06, "g3": 0.0}
    assert rows_of(compare(gates(rates, 600, 2)))["g3"] == "fewer"


def test_a_gate_alone_on_its_day_is_held_against_nobody() -> None:
    found = compare(gates({"g1": 0.5}, 100, 3))
    assert [(row.p, row.differs) for row in found] == [(None, "")]


def test_gates_are_told_apart_by_their_events_and_days_by_their_dates() -> None:
    events: list[dict[str, Any]] = [
        decision(gate=gate, at=f"2027-04-{day}T08:45:01+08:00")
        for gate in ("g1", "g2")
        for day in (10, 11)
    ]
    found = compare(daily_counts(events))
    assert [(r.day, r.gate) for r in found] == [
        ("2027-04-10", "g1"),
        ("2027-04-10", "g2"),
        ("2027-04-11", "g1"),
        ("2027-04-11", "g2"),
    ]
    assert [r.gate for r in compare(daily_counts(events), "2027-04-11")] == ["g1", "g2"]
