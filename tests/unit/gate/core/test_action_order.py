"""The order of an action trial: what is drawn, and what follows from what is seen."""

import json
import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.action_order import (
    ACTION_MAX_S,
    ACTIONS,
    ENDING_TEXT,
    GAP_MAX_S,
    INSTRUCTION_TEXT,
    LOOK_AHEAD_MAX_S,
    ORDERS,
    PAIRS,
    REACTION_MIN_S,
    TURNS,
    ActionProgress,
    Ending,
    FrameFinding,
    Instruction,
    action_status,
    after_frame,
    at_time,
    begin,
    face_lost,
    order_of,
)

LEFT, RIGHT, CLOSER = ACTIONS
FRAME_S = 0.1
ORDER = replace(order_of(0), actions=(LEFT, CLOSER))


def ahead(progress: ActionProgress) -> ActionProgress:
    """Looks ahead until an action is told."""
    while progress.told_s is None and progress.ending is None:
        progress = after_frame(progress, FrameFinding(progress.seen_s + FRAME_S, ahead=True))
    return progress


def act(progress: ActionProgress, action: Instruction | None, after_s: float = 0.5):
    """Frames without an action, then one with it."""
    end_s = progress.seen_s + after_s
    while progress.seen_s + 2 * FRAME_S < end_s:
        progress = after_frame(progress, FrameFinding(progress.seen_s + FRAME_S))
    return after_frame(progress, FrameFinding(end_s, action))


def test_every_number_gives_an_order_and_each_pair_is_as_likely() -> None:
    orders = [order_of(n) for n in range(ORDERS)]
    assert len(set(orders)) == ORDERS
    assert set(Counter(o.actions for o in orders).values()) == {ORDERS // len(PAIRS)}


@pytest.mark.parametrize("number", [-1, ORDERS])
def test_a_number_outside_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=str(number)):
        order_of(number)


def test_every_order_has_a_turn() -> None:
    assert all(set(pair) & set(TURNS) for pair in PAIRS)
    assert len(PAIRS) == 8


def test_what_was_ordered_is_done() -> None:
    told = ahead(begin(ORDER, 10.0))
    assert told.instruction is LEFT
    second = ahead(act(told, LEFT))
    assert second.instruction is CLOSER
    done = act(second, CLOSER)
    assert (done.ending, done.done) == (Ending.DONE, 2)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("other", ACTIONS)
def test_another_action_ends_the_trial(place: int, other: Instruction) -> None:
    progress = ahead(begin(ORDER, 10.0))
    if place:
        progress = ahead(act(progress, LEFT))
    if other is not ORDER.actions[place]:
        assert act(progress, other).ending is Ending.OTHER_ACTION


def test_an_action_at_once_was_under_way_before_it_was_told() -> None:
    told = ahead(begin(ORDER, 10.0))
    assert act(told, LEFT, REACTION_MIN_S - 0.01).ending is Ending.TOO_EARLY
    assert act(told, LEFT, REACTION_MIN_S + 0.01).ending is None


def test_an_action_while_the_second_is_waited_for_ends_the_trial() -> None:
    waiting = act(ahead(begin(ORDER, 10.0)), LEFT)
    assert waiting.instruction is Instruction.LOOK_AHEAD
    assert act(waiting, RIGHT).ending is Ending.TOO_EARLY


def test_before_the_first_action_is_told_a_turn_only_begins_the_wait_anew() -> None:
    waiting = after_frame(begin(ORDER, 10.0), FrameFinding(10.1, ahead=True))
    assert after_frame(waiting, FrameFinding(10.2, LEFT)).ending is None
    assert after_frame(waiting, FrameFinding(10.2, LEFT)).ahead_s is None


def test_the_wait_is_as_long_as_was_drawn() -> None:
    for n in range(0, ORDERS, len(PAIRS)):
        order = order_of(n)
        told = ahead(begin(order, 10.0))
        assert told.told_s == pytest.approx(10.1 + order.pauses_s[0], abs=FRAME_S + 1e-6)


def test_time_is_up() -> None:
    waiting = begin(ORDER, 10.0)
    assert at_time(waiting, 10.0 + LOOK_AHEAD_MAX_S).ending is None
    assert at_time(waiting, 10.1 + LOOK_AHEAD_MAX_S).ending is Ending.TOO_LATE
    told = ahead(waiting)
    idle = act(told, None, ACTION_MAX_S - 0.1)
    assert idle.ending is None
    assert act(idle, LEFT, 0.2).ending is Ending.TOO_LATE


def test_a_face_that_leaves_ends_what_has_begun() -> None:
    waiting, told = begin(ORDER, 10.0), ahead(begin(ORDER, 10.0))
    assert face_lost(waiting).ending is None
    assert face_lost(told).ending is Ending.FACE_LOST
    assert at_time(told, told.seen_s + GAP_MAX_S - 0.01).ending is None
    assert at_time(told, told.seen_s + GAP_MAX_S + 0.01).ending is Ending.FACE_LOST
    between = act(told, LEFT)
    assert face_lost(between).ending is Ending.FACE_LOST


def test_a_flat_picture_ends_it_at_any_time() -> None:
    for progress in (begin(ORDER, 10.0), ahead(begin(ORDER, 10.0))):
        flat = FrameFinding(progress.seen_s + FRAME_S, LEFT, flat=True)
        assert after_frame(progress, flat).ending is Ending.FLAT


findings = st.builds(
    FrameFinding,
    st.floats(0, 30),
    st.sampled_from([None, *ACTIONS]),
    st.booleans(),
    st.booleans(),
)


@given(st.integers(0, ORDERS - 1), st.lists(findings, max_size=60))
def test_nothing_is_done_but_by_the_ordered_actions_in_turn(
    number: int, seen: list[FrameFinding]
) -> None:
    order = order_of(number)
    progress, told = begin(order, 0.0), []
    for finding in sorted(seen, key=lambda f: f.at_s):
        after = after_frame(progress, finding)
        if after.done > progress.done:
            told.append(finding.action)
            assert after.done == progress.done + 1
        if progress.ending is not None:
            assert after is progress
        json.dumps(action_status(after, finding.at_s), allow_nan=False)
        progress = after
    assert tuple(told) == order.actions[: progress.done]
    assert (progress.ending is Ending.DONE) == (progress.done == len(order.actions))


def test_status_says_what_to_do_and_for_how_long() -> None:
    told = ahead(begin(ORDER, 10.0))
    shown = action_status(told, told.since_s + 1.0)
    assert shown["instruction"] == "turn-left"
    assert (shown["step"], shown["of"]) == (1, 2)
    assert shown["left_s"] == ACTION_MAX_S - 1.0
    assert shown["ending"] is None
    over = action_status(face_lost(told), told.since_s + 1.0)
    assert (over["ending"], over["left_s"]) == ("face-lost", 0.0)
    assert over["zh"] == ENDING_TEXT[Ending.FACE_LOST][0]


@pytest.mark.parametrize("table", [INSTRUCTION_TEXT, ENDING_TEXT])
def test_every_text_is_there_in_both_languages(table: dict) -> None:
    kind = type(next(iter(table)))
    assert set(table) == set(kind)
    for zh, en in table.values():
        assert re.search(r"[\u4e00-\u9fff]", zh)
        assert en.isascii()
