"""Whether a command of the office is carried out: one table, and what holds for every command."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core import office_commands as core
from gate.core.office_commands import (
    AHEAD,
    KEPT_MAX,
    LIFE_MAX,
    Command,
    KnownCommand,
    Place,
    Result,
    Verb,
    judge,
    replayed,
    room_made,
)
from tests.examples import examples

NOON = datetime(2027, 4, 10, 12, tzinfo=UTC)
HERE = Place("s-01-g1", "s-01", "e-1", NOON)
GOOD = Command("c1", Verb.RESTART, {}, "s-01-g1", NOON, NOON + timedelta(hours=1))


def test_a_good_command_is_carried_out() -> None:
    for to in ("s-01-g1", "site:s-01", "all"):
        assert judge(replace(GOOD, to=to), {}, HERE) is None
    assert judge(replace(GOOD, exam="e-1"), {}, HERE) is None


@pytest.mark.parametrize(
    ("changes", "here", "result", "word"),
    [
        ({"to": "s-01-g2"}, {}, Result.REFUSED, "for s-01-g2"),
        ({"to": "site:s-02"}, {}, Result.REFUSED, "for site:s-02"),
        ({"to": "s-01"}, {}, Result.REFUSED, "for s-01"),
        ({"expires": NOON}, {}, Result.EXPIRED, "expired at"),
        ({}, {"now": None, "past": NOON + timedelta(hours=1)}, Result.EXPIRED, "expired"),
        ({"verb": Verb.MESSAGE}, {"now": None, "past": NOON + LIFE_MAX}, Result.EXPIRED, "expired"),
        ({"expires": NOON + LIFE_MAX + timedelta(seconds=1)}, {}, Result.REFUSED, "7 days"),
        ({"issued": NOON + timedelta(hours=2)}, {}, Result.REFUSED, "lives for"),
        (
            {"issued": NOON + AHEAD + timedelta(seconds=1), "expires": NOON + timedelta(hours=1)},
            {},
            Result.REFUSED,
            "future",
        ),
        ({}, {"now": None}, Result.REFUSED, "not trusted"),
        ({"exam": "e-2"}, {}, Result.REFUSED, "exam e-2"),
        ({"verb": "explode"}, {}, Result.REFUSED, "does not know"),
    ],
)
def test_what_is_not_carried_out(
    changes: dict[str, object], here: dict[str, object], result: Result, word: str
) -> None:
    answer = judge(replace(GOOD, **changes), {}, replace(HERE, **here))
    assert answer is not None
    assert (answer.id, answer.result) == ("c1", result)
    assert word in answer.detail


@pytest.mark.parametrize("verb", sorted(core.WITHOUT_CLOCK))
def test_what_may_come_late_needs_no_clock(verb: str) -> None:
    assert judge(replace(GOOD, verb=verb), {}, replace(HERE, now=None)) is None


TIMES = st.integers(-200, 200).map(lambda h: NOON + timedelta(hours=h))
COMMANDS = st.builds(
    Command,
    st.sampled_from(["c1", "c2", "c3"]),
    st.sampled_from([*Verb, "other"]),
    st.just({}),
    st.sampled_from(["s-01-g1", "s-01-g2", "site:s-01", "all"]),
    TIMES,
    TIMES,
    st.sampled_from([None, "e-1", "e-2"]),
)
PLACES = st.builds(
    Place, st.just("s-01-g1"), st.just("s-01"), st.just("e-1"), TIMES | st.none(), TIMES | st.none()
)


@given(st.lists(st.tuples(COMMANDS, PLACES, st.booleans()), max_size=12))
@examples(60)
def test_nothing_is_carried_out_twice_nor_late_whatever_comes_and_restarts(
    steps: list[tuple[Command, Place, bool]],
) -> None:
    """The journal is all that outlives a restart: what is known comes from its events alone."""
    journal: list[dict[str, object]] = []
    known: core.KnownCommands = {}
    carried_out: list[str] = []
    for command, place, restarts in steps:
        if restarts:
            known = {}
            for event in journal:
                known = replayed(known, event)  # type: ignore[arg-type]
        answer = judge(command, known, place)
        if answer is None:
            carried_out.append(command.id)
            for at in filter(None, (place.now, place.past)):
                assert at < command.expires
            assert command.to != "s-01-g2"
        if answer is not None and answer.result is Result.REPLAYED:
            assert command.id in known
            continue
        began = {
            "kind": "command",
            "command": command.id,
            "expires": command.expires.isoformat(),
            "result": None if answer is None else str(answer.result),
            "detail": "",
        }
        journal.append(began)
        known = replayed(known, began)  # type: ignore[arg-type]
    assert len(carried_out) == len(set(carried_out))


def test_how_it_ended_is_said_to_who_asks_again() -> None:
    began = {"kind": "command", "command": "c1", "expires": GOOD.expires.isoformat()}
    known = replayed({}, began)  # type: ignore[arg-type]
    asked = judge(GOOD, known, HERE)
    assert asked is not None
    assert "not known" in asked.detail
    ended = {"kind": "command_done", "command": "c1", "result": "done", "detail": "It is so."}
    asked = judge(GOOD, replayed(known, ended), HERE)  # type: ignore[arg-type]
    assert asked is not None
    assert (asked.result, asked.detail) == (Result.REPLAYED, "done: It is so.")


def test_a_full_memory_forgets_what_has_expired_and_nothing_else() -> None:
    over, open_ = KnownCommand(NOON), KnownCommand(NOON + timedelta(hours=1))
    full = {f"k{n}": open_ for n in range(KEPT_MAX - 1)}
    assert judge(GOOD, full | {"old": over}, HERE) is None
    assert "old" not in room_made(full | {"old": over}, HERE)
    refused = judge(GOOD, full | {"new": open_}, HERE)
    assert refused is not None
    assert refused.result is Result.REFUSED
    no_clock = replace(HERE, now=None)  # nobody can say what has expired
    assert room_made(full | {"old": over}, no_clock) == full | {"old": over}
