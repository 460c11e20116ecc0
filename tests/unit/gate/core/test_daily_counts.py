"""Counts of a day: one fold for gate and office, in any pieces, and what is written when."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.count_figures import decided, quantile, reaction_figures, summary
from gate.core.daily_counts import BINS, NO_DAY, TABLES, DailyCounts, Group, day_of, merged
from gate.core.events import Instant
from gate.core.journal_entries import MAX_EVENT_BYTES, canonical_bytes
from gate.core.reasons import FACE_REASONS, MEANING, Reason
from tests.examples import examples
from tests.unit.gate.core.world import CN, at

NINE = at("09:00")


def decision(reason: Reason = Reason.OK, **facts: Any) -> dict[str, Any]:
    """A decision as a journal has it, with the fields that are counted."""
    asked = reason is Reason.OK or reason in FACE_REASONS
    outcome = MEANING[reason].outcome
    return {
        "kind": "decision",
        "at": "2027-04-10T08:45:02.300+08:00",
        "clock": "trusted",
        "found": "2027-04-10T08:45:00.000+08:00",
        "gate": "g1",
        "ticket": "270410000017",
        "paper": "am",
        "roster": "v1",
        "model": "yunet+sface",
        "source": "card",
        "outcome": outcome and outcome.value,
        "reason": reason.value,
        "frames": 3 if asked else None,
        "attempt": 1 if asked else None,
        "score": 0.71 if asked else None,
        "normalised": 5.2 if asked else None,
    } | facts


def verdict(**facts: Any) -> dict[str, Any]:
    body = decision(Reason.STAFF_ADMIT, kind="verdict", referred="FACE_MISMATCH", **facts)
    return {k: v for k, v in body.items() if k not in ("source", "found")}


def acknowledged(*waited: tuple[str | None, float | None], **facts: Any) -> dict[str, Any]:
    """The lamps of several REFERs, each of a paper and after its seconds."""
    return {
        "kind": "acknowledged",
        "at": "2027-04-10T08:46:00.000+08:00",
        "clock": "trusted",
        "gate": "g1",
        "by": "li",
        "decisions": [f"e-{n}" for n in range(len(waited))],
        "papers": [paper for paper, _ in waited],
        "reaction_s": [seconds for _, seconds in waited],
    } | facts


GROUP = Group("2027-04-10", "am", "v1", "yunet+sface")


def test_a_morning_is_counted() -> None:
    daily = DailyCounts(
        [
            decision(),
            decision(attempt=3, score=0.41, normalised=None, source="typed"),
            decision(Reason.FACE_MISMATCH, attempt=3, score=0.1, normalised=-0.3),
            decision(Reason.TOO_LATE),
            verdict(),
            {"kind": "start", "at": "2027-04-10T08:00:00+08:00"},
        ]
    )
    assert daily.groups == {
        GROUP: {
            "decisions": {"ADMIT/OK": 2, "REFER/FACE_MISMATCH": 1, "REFUSE/TOO_LATE": 1},
            "verdicts": {"FACE_MISMATCH/STAFF_ADMIT": 1},
            "sources": {"card": 3, "typed": 1},
            "reactions": {},
            "attempts": {"1": 1, "3": 2},
            "seconds": {"11": 3},
            "admitted_score": {"34": 1, "28": 1},
            "admitted_normalised": {"20": 1},
            "mismatched_score": {"22": 1},
            "mismatched_normalised": {"9": 1},
        }
    }
    assert summary(daily.groups[GROUP]) == {
        "decisions": 4,
        "referred": 1,
        "refer_rate": 0.25,
        "typed_share": 0.25,
        "attempts_mean": 2.3333,
        "seconds_median": 2.4,
        "seconds_p95": 2.4,
        "reactions": 0,
        "reaction_median_s": None,
        "reaction_longest_s": None,
    }


def test_an_empty_day_has_no_figures() -> None:
    assert set(summary(DailyCounts().of_day("2027-04-10")).values()) == {0, None}


@pytest.mark.parametrize("value", [-9.0, -1.0, 0.0, 0.999, 1.0, 9.0, 1e300])
@pytest.mark.parametrize("name", BINS)
def test_every_value_has_a_bin(name: str, value: float) -> None:
    bins = BINS[name]
    number = int(bins.bin(value))
    assert 0 <= number < bins.count
    if bins.first <= value < bins.upper(bins.count - 1):
        assert bins.upper(number) - bins.width - 1e-9 <= value <= bins.upper(number) + 1e-9


@given(st.lists(st.floats(0, 59.9), min_size=1, max_size=60), st.sampled_from([0.5, 0.95]))
def test_a_quantile_is_too_high_by_less_than_a_bin(values: list[float], share: float) -> None:
    bins, table = BINS["seconds"], dict.fromkeys(map(str, range(0)), 0)
    for value in values:
        table[bins.bin(value)] = table.get(bins.bin(value), 0) + 1
    true = sorted(values)[max(0, -(-int(share * 1000) * len(values) // 1000) - 1)]
    found = quantile(table, share, bins)
    assert found is not None
    assert true - 1e-6 <= found <= true + bins.width + 1e-6


@pytest.mark.parametrize(
    "facts",
    [
        {"clock": "untrusted"},
        {"found": "2027-04-10T09:45:00+08:00"},
        {"found": None},
        {"found": "2027-04-10T08:45:00"},
        {"found": "2027-04-09T08:45:00+08:00"},
    ],
)
def test_a_time_that_no_clock_measured_is_not_counted(facts: dict[str, Any]) -> None:
    daily = DailyCounts([decision(**facts)])
    counts = merged(daily.of_day(day) for day in daily.days)
    assert (counts["seconds"], counts["decisions"]) == ({}, {"ADMIT/OK": 1})


def test_the_time_from_a_refer_to_its_acknowledgement_is_counted() -> None:
    daily = DailyCounts(
        [
            decision(Reason.FACE_MISMATCH),
            acknowledged(("am", 7.4), ("am", None), ("pm", 2.0)),
            acknowledged(("am", 31.0), ("am", 8.0)),
            acknowledged((None, 4000.0)),
            acknowledged(("am", 5.0), at="1970-01-01T08:00:00+08:00", clock="untrusted"),
        ]
    )
    assert reaction_figures(daily.of_paper("2027-04-10", "am")) == {
        "reactions": 3,
        "reaction_median_s": 9.0,
        "reaction_longest_s": 32.0,
    }
    whole = summary(daily.of_day("2027-04-10"))
    assert (whole["reactions"], whole["reaction_longest_s"]) == (5, 600.0)
    assert summary(daily.of_day(NO_DAY))["reactions"] == 1


def test_an_acknowledgement_of_an_older_journal_has_no_paper() -> None:
    event = acknowledged(("am", 7.4))
    del event["papers"]
    daily = DailyCounts([event])
    assert summary(daily.of_day("2027-04-10"))["reactions"] == 1
    assert reaction_figures(daily.of_paper("2027-04-10", "am"))["reactions"] == 0


def test_reactions_of_a_day_are_written_down_once_more_when_they_changed() -> None:
    daily = DailyCounts([decision(), acknowledged(("am", 3.0))])
    for body in daily.due(at("11:30"), [at("11:30")]):
        daily.wrote(body)
    assert daily.due(at("00:00", 11), [at("11:30")]) == []
    daily.add(acknowledged(("am", 3.0)))
    (body,) = daily.due(at("00:00", 11), [at("11:30")])
    assert body["reactions"] == {"3": 2}


def test_any_number_of_reactions_takes_the_same_room() -> None:
    waited = [("am", n / 3) for n in range(10_000)]
    (body,) = DailyCounts([acknowledged(*waited)]).due(at("00:00", 11), [])
    assert len(body["reactions"]) == BINS["reactions"].count
    assert len(canonical_bytes(body)) < MAX_EVENT_BYTES


# -- the same at the gate and at the office ------------------------------------------------------

decisions = st.builds(
    decision,
    st.sampled_from(sorted(set(Reason) - {Reason.OUT_OF_SERVICE})),
    gate=st.sampled_from(["g1", "g2"]),
    at=st.integers(0, 3 * 86_400_000).map(
        lambda ms: (at("06:00") + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
    ),
    paper=st.sampled_from(["am", "pm", None]),
    roster=st.sampled_from(["v1", "v2", None]),
    source=st.sampled_from(["card", "typed", "scan"]),
    attempt=st.sampled_from([1, 2, 3]),
    score=st.one_of(st.none(), st.floats(-1, 1)),
    normalised=st.one_of(st.none(), st.floats(-8, 40)),
)
waits = st.lists(
    st.tuples(st.sampled_from(["am", None]), st.one_of(st.none(), st.floats(0, 9000))), max_size=4
)
mornings = st.lists(
    st.one_of(
        decisions,
        st.builds(verdict, paper=st.sampled_from(["am", "pm"])),
        waits.map(lambda pairs: acknowledged(*pairs)),
    )
)


@given(mornings, st.data())
@examples(100)
def test_any_pieces_in_any_order_give_the_same_counts(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole = DailyCounts(events)
    shuffled = data.draw(st.permutations(events))
    cut = data.draw(st.integers(0, len(events)))
    parts = [DailyCounts(shuffled[:cut]), DailyCounts(shuffled[cut:])]
    for day in whole.days:
        assert whole.of_day(day) == merged(p.of_day(day) for p in parts)
    assert sum(decided(whole.of_day(d))[0] for d in whole.days) == sum(
        e["kind"] == "decision" for e in events
    )


@given(mornings)
@examples(100)
def test_what_the_office_reads_back_counts_the_same(events: list[dict[str, Any]]) -> None:
    sent = [json.loads(canonical_bytes(e)) for e in events]
    assert DailyCounts(sent).groups == DailyCounts(events).groups


@given(mornings)
@examples(50)
def test_nothing_of_a_person_is_counted(events: list[dict[str, Any]]) -> None:
    assert "270410000017" not in json.dumps(list(DailyCounts(events).groups.values()))


# -- written down --------------------------------------------------------------------------------


def test_counts_are_due_at_the_end_of_the_exam_and_again_if_they_changed_that_day() -> None:
    daily = DailyCounts([decision()])
    ends = [at("11:30"), at("11:00"), at("17:00", 11)]
    assert daily.due(at("11:29:59"), ends) == []
    (body,) = daily.due(at("11:30"), ends)
    assert (body["day"], body["closed"], body["decisions"]) == (
        "2027-04-10",
        "exam",
        {"ADMIT/OK": 1},
    )
    assert set(body) == {"day", "paper", "roster", "model", "closed", *TABLES}
    daily.wrote(body)
    assert daily.due(at("11:31"), ends) == []
    assert daily.due(at("00:00", 11), ends) == []
    daily.add(verdict())
    assert daily.due(at("23:59"), ends) == []
    (again,) = daily.due(at("00:00", 11), ends)
    assert (again["closed"], again["verdicts"]) == ("day", {"FACE_MISMATCH/STAFF_ADMIT": 1})


def test_a_restart_knows_what_was_written() -> None:
    daily = DailyCounts([decision()])
    (body,) = daily.due(at("11:30"), [at("11:30")])
    entry = {"kind": "counts", "at": at("11:30").isoformat(), **body}
    again = DailyCounts([decision(), json.loads(json.dumps(entry))])
    assert again.groups == daily.groups
    assert again.due(at("12:00"), [at("11:30")]) == []
    assert again.due(at("12:00", 12), []) == []


def test_a_day_without_an_exam_ends_at_midnight() -> None:
    daily = DailyCounts([decision()])
    assert daily.due(at("23:59"), []) == []
    assert [b["closed"] for b in daily.due(at("00:00", 11), [])] == ["day"]


def test_the_fullest_entry_fits_the_journal() -> None:
    daily = DailyCounts()
    for n in range(2000):
        found = NINE.astimezone(CN)
        at_ = (found + timedelta(seconds=n * 0.05)).isoformat()
        daily.add(
            decision(
                [Reason.OK, Reason.FACE_MISMATCH][n % 2],
                at=at_,
                found=found.isoformat(),
                score=n / 1000 - 1,
                normalised=n / 50 - 8,
                attempt=1 + n % 10,
            )
        )
    for reason in Reason:
        daily.add(decision(reason))
    for group in daily.groups.values():
        for table in group.values():
            table.update(dict.fromkeys(table, 100000))
    (body,) = daily.due(datetime(2027, 4, 11, tzinfo=CN), [])
    assert len(body["seconds"]) > 400 // 2
    assert len(canonical_bytes(body)) < MAX_EVENT_BYTES / 2


# -- which day it is -------------------------------------------------------------------------------


def test_the_day_is_that_of_the_exam_and_none_under_a_clock_that_is_not_trusted() -> None:
    night = at("23:59", 9).astimezone(UTC)
    assert day_of(Instant(night, 0, True), CN) == "2027-04-09"
    assert day_of(Instant(night + timedelta(minutes=1), 0, True), CN) == "2027-04-10"
    assert day_of(Instant(night, 0, False), CN) == NO_DAY


def test_what_an_untrusted_clock_dated_has_no_day_and_is_closed_with_the_exam() -> None:
    daily = DailyCounts([decision(at="1970-01-01T08:00:00+08:00", clock="untrusted")])
    assert daily.days == [NO_DAY]
    ends = [at("11:30"), at("17:00")]
    assert daily.due(at("11:30"), ends) == []
    (body,) = daily.due(at("17:00"), ends)
    assert (body["day"], body["closed"]) == (NO_DAY, "exam")
    daily.wrote(body)
    assert (
        DailyCounts([{"kind": "counts", "clock": "trusted", **body}]).due(at("00:00", 11), ends)
        == []
    )


def test_a_unit_in_another_zone_closes_the_exams_day() -> None:
    """The unit's own zone is UTC: at 23:30 there it is 07:30 of the next day at the site."""
    daily = DailyCounts([decision(at="2027-04-10T07:45:00.000+08:00")])
    ends = [at("10:00").astimezone(UTC)]
    now = at("09:59").astimezone(UTC)
    assert daily.due(now, ends, CN) == []
    assert [b["closed"] for b in daily.due(at("10:00").astimezone(UTC), ends, CN)] == ["exam"]
    assert [b["closed"] for b in daily.due(at("00:00", 11).astimezone(UTC), ends, CN)] == ["day"]
