"""The judge of an ordered action: a head that does it, and what is not one."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.action_order import ACTIONS, GAP_MAX_S, ActionOrder, Ending, Instruction
from gate.models.liveness.action import (
    AGREEING,
    ActionLayer,
    ActionTrial,
    FaceObservation,
    Judgement,
    action_of,
    is_flat,
    judge,
)
from gate.models.liveness.face_turn import FaceTurn
from gate.models.liveness.layers import LayerInput
from tests.unit.gate.models.liveness.faces import AHEAD_MM, HEAD_MM, face, flat_nose, picture

LEFT, RIGHT, CLOSER = ACTIONS
FRAME_S, MOVES_S = 0.1, 0.5
REST, STEP = {"yaw": 0.0, "nearer": 1.0}, {"yaw": 5.0, "nearer": 0.1}
POSES = {LEFT: {"yaw": 20.0}, RIGHT: {"yaw": -20.0}, CLOSER: {"nearer": 1.4}}


def order(*actions: Instruction) -> ActionOrder:
    return ActionOrder(actions, (0.6, 0.9))


def acted(
    told: ActionOrder,
    points: np.ndarray = HEAD_MM,
    obeys: Callable[[Instruction], Instruction] = lambda i: i,
    noise_px: float = 0.4,
    poses: dict = POSES,
) -> tuple[Judgement, list[FaceObservation]]:
    """A trial with somebody who moves half a second after each instruction."""
    trial, seen, since_s, shown = ActionTrial(told, 0.0), [], 0.0, Instruction.LOOK_AHEAD
    pose, target = REST, REST
    for n in range(300):
        at_s = n * FRAME_S
        if trial.progress.instruction is not shown:
            shown, since_s = trial.progress.instruction, at_s
        if at_s - since_s >= MOVES_S:
            target = REST | poses.get(obeys(shown), {})
        pose = {n: v + np.clip(target[n] - v, -STEP[n], STEP[n]) for n, v in pose.items()}
        seen.append(face(points, at_s, noise_px=noise_px, seed=n, **pose))
        if trial.observe(seen[-1]).ending is not None:
            break
    return trial.judgement, seen


@pytest.mark.parametrize("pair", [(LEFT, RIGHT), (RIGHT, RIGHT), (CLOSER, LEFT), (LEFT, CLOSER)])
def test_a_head_that_does_what_is_ordered_is_accepted(pair: tuple[Instruction, ...]) -> None:
    judgement, seen = acted(order(*pair))
    assert judgement == Judgement(1.0, Ending.DONE, 2)
    assert judge(order(*pair), seen) == judgement


@pytest.mark.parametrize("pair", [(RIGHT, LEFT), (LEFT, LEFT), (CLOSER, LEFT), (LEFT, CLOSER)])
def test_what_another_order_was_done_for_is_not_accepted(pair: tuple[Instruction, ...]) -> None:
    _, seen = acted(order(LEFT, RIGHT))
    judgement = judge(order(*pair), seen)
    assert judgement.score == 0.5
    assert judgement.ending is not Ending.DONE


def test_the_other_side_is_another_action() -> None:
    swap = {LEFT: RIGHT, RIGHT: LEFT}
    judgement, _ = acted(order(LEFT, RIGHT), obeys=lambda i: swap.get(i, i))
    assert judgement == Judgement(0.5, Ending.OTHER_ACTION, 0)


def test_a_flat_picture_that_turns_is_an_attack() -> None:
    turned = {LEFT: {"yaw": 40.0}, RIGHT: {"yaw": -40.0}}
    judgement, _ = acted(order(LEFT, RIGHT), AHEAD_MM, poses=turned)
    assert judgement == Judgement(0.0, Ending.FLAT, 0)


@pytest.mark.parametrize("degrees", [8.0, 16.0, 24.0])
def test_a_flat_picture_that_turns_little_is_never_accepted(degrees: float) -> None:
    turned = {LEFT: {"yaw": degrees}, RIGHT: {"yaw": -degrees}}
    judgement, _ = acted(order(LEFT, RIGHT), AHEAD_MM, poses=turned)
    assert (judgement.score, judgement.ending) == (0.5, Ending.TOO_LATE)


def test_a_flat_picture_that_comes_closer_has_shown_no_head() -> None:
    judgement, _ = acted(order(CLOSER, LEFT), AHEAD_MM)
    assert judgement.done == 1
    assert judgement.score != 1.0


def test_who_does_nothing_is_unsure_and_no_attack() -> None:
    judgement, _ = acted(order(LEFT, RIGHT), obeys=lambda _: Instruction.LOOK_AHEAD)
    assert judgement == Judgement(0.5, Ending.TOO_LATE, 0)


def told_trial() -> ActionTrial:
    trial, n = ActionTrial(order(LEFT, RIGHT), 0.0), 0
    while trial.progress.instruction is Instruction.LOOK_AHEAD:
        trial.observe(face(HEAD_MM, n * FRAME_S))
        n += 1
    return trial


def test_a_face_elsewhere_breaks_the_track() -> None:
    trial = told_trial()
    trial.observe(face(HEAD_MM, trial.progress.seen_s + FRAME_S, x=150.0))
    assert trial.judgement == Judgement(0.5, Ending.FACE_LOST, 0)


def test_a_face_of_another_size_breaks_the_track() -> None:
    trial = told_trial()
    trial.observe(face(HEAD_MM, trial.progress.seen_s + FRAME_S, nearer=1.5))
    assert trial.judgement.ending is Ending.FACE_LOST


def test_no_face_for_too_long_ends_it() -> None:
    trial = told_trial()
    assert trial.wait(trial.progress.seen_s + GAP_MAX_S - 0.01).ending is None
    assert trial.wait(trial.progress.seen_s + GAP_MAX_S + 0.01).ending is Ending.FACE_LOST


def test_landmarks_that_are_no_face_break_the_track() -> None:
    trial = told_trial()
    good = face(HEAD_MM, trial.progress.seen_s + FRAME_S)
    trial.observe(replace(good, landmarks=good.landmarks * np.float32(np.nan)))
    assert trial.judgement.ending is Ending.FACE_LOST


def test_the_same_frame_twice_counts_once() -> None:
    trial = told_trial()
    turned = face(HEAD_MM, trial.progress.seen_s + 0.4, yaw=20)
    for _ in range(10):
        trial.observe(turned)
    assert trial.judgement.done == 0


def test_nothing_seen_is_unsure() -> None:
    assert judge(order(LEFT, RIGHT), []) == Judgement(0.5, None, 0)
    assert all(Judgement(0.5, None, 0).why)


TURNED = FaceTurn(nose=0.18, nose_up=0.01, eyes=0.08, slant=0.45, growth=1.0)


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({}, LEFT),
        ({"nose": -0.18, "eyes": -0.08}, RIGHT),
        ({"growth": 1.3}, LEFT),
        ({"nose": 0.0, "eyes": 0.0, "growth": 1.3}, CLOSER),
        ({"slant": 0.8}, None),  # a head would show more of its nose
        ({"nose": 0.24, "eyes": 0.02}, None),  # the sides of a head would have shown themselves
        ({"eyes": -0.08}, None),
        ({"nose": 0.04, "eyes": 0.2}, None),
        ({"nose_up": 0.2}, None),  # a nod
        ({"nose": 0.071, "eyes": 0.038, "slant": 0.27}, None),  # a bent photograph, as detected
        ({"nose": 0.148, "eyes": 0.081, "slant": 0.73}, None),  # one that is bent while it turns
        ({"growth": 1.2, "nose": 0.0, "eyes": 0.0}, None),
    ],
)
def test_what_counts_as_an_action(change: dict, action: Instruction | None) -> None:
    turn = replace(TURNED, **change)
    assert action_of([turn] * AGREEING, turn) is action


def test_one_frame_that_points_elsewhere_is_enough_to_wait() -> None:
    astray = replace(TURNED, nose=-0.05)
    assert action_of([TURNED, TURNED, TURNED, astray], TURNED) is None


@pytest.mark.parametrize(
    ("slant", "nose", "flat"), [(0.6, 0.03, True), (0.6, 0.2, False), (0.4, 0.03, False)]
)
def test_what_counts_as_flat(slant: float, nose: float, flat: bool) -> None:
    assert is_flat(replace(TURNED, slant=slant, nose=nose, eyes=0.0)) is flat


marks = st.lists(st.floats(-1e6, 1e6, width=32), min_size=14, max_size=14)


@given(st.lists(marks, max_size=25))
def test_no_landmarks_whatever_raise_or_pass(frames: list[list[float]]) -> None:
    seen = [
        FaceObservation(
            n * FRAME_S,
            np.array(values[:4], np.float32),
            np.array(values[4:], np.float32).reshape(5, 2),
        )
        for n, values in enumerate(frames)
    ]
    assert judge(order(LEFT, RIGHT), seen).score != 1.0


def given_to(layer: ActionLayer, seen: list[FaceObservation]) -> list[float | None]:
    return [layer.score(LayerInput(picture(s), s.box, s.landmarks, s.at_s)) for s in seen]


def test_the_layer_says_nothing_until_it_knows() -> None:
    _, seen = acted(order(LEFT, CLOSER))
    layer = ActionLayer(lambda: order(LEFT, CLOSER))
    assert layer.name == "action"
    assert given_to(layer, seen) == [None] * len(seen)
    assert layer.status(0.0) is None
    layer.begin(0.0)
    later = face(HEAD_MM, seen[-1].at_s + FRAME_S)
    scores = given_to(layer, [*seen, later])
    done = scores.index(1.0)
    assert scores == [None] * done + [1.0] * (len(scores) - done)
    assert done > len(seen) - AGREEING
    status = layer.status(later.at_s)
    assert status is not None
    assert status["ending"] == "done"
    layer.forget()
    assert given_to(layer, [later]) == [None]


def test_the_layer_scores_a_flat_picture_0_and_a_lost_face_nothing() -> None:
    turned = {LEFT: {"yaw": 40.0}}
    _, seen = acted(order(LEFT, RIGHT), AHEAD_MM, poses=turned)
    layer = ActionLayer(lambda: order(LEFT, RIGHT))
    layer.begin(0.0)
    assert given_to(layer, seen)[-1] == 0.0
    layer.begin(0.0)
    given_to(layer, seen[:-5])
    layer.lose()
    assert given_to(layer, seen[-1:]) == [None]


def test_a_nose_that_only_the_landmarks_see_beside_its_place_is_no_heads() -> None:
    """The detector put the nose of 1 in 248 drawn photographs where a head's is."""
    _, seen = acted(order(LEFT, RIGHT))
    layer = ActionLayer(lambda: order(LEFT, RIGHT))
    layer.begin(0.0)
    for s in seen:
        pixels = picture(s, flat_nose(seen[0], s))
        assert layer.score(LayerInput(pixels, s.box, s.landmarks, s.at_s)) is None
    layer.begin(0.0)
    for s in seen:
        blank = np.full((480, 640, 3), 128, np.uint8)
        assert layer.score(LayerInput(blank, s.box, s.landmarks, s.at_s)) is None


def test_a_smaller_turn_counts_where_the_pixels_show_it() -> None:
    small = replace(TURNED, nose=0.13, eyes=0.06)
    assert action_of([small] * AGREEING, small) is None
    assert action_of([small] * AGREEING, small, 0.3) is LEFT
    assert action_of([small] * AGREEING, small, 0.0) is None
    assert action_of([TURNED] * AGREEING, TURNED, -0.2) is None


def test_each_trial_of_the_layer_has_its_own_order() -> None:
    orders = iter([order(LEFT, RIGHT), order(RIGHT, LEFT)])
    layer = ActionLayer(lambda: next(orders))
    _, seen = acted(order(LEFT, RIGHT))
    layer.begin(0.0)
    assert given_to(layer, seen)[-1] == 1.0
    layer.begin(0.0)
    assert given_to(layer, seen)[-1] is None
