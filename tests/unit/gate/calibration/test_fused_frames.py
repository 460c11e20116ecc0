"""What several frames buy, counted on made-up people."""

import numpy as np
import pytest

from gate.calibration.fused_frames import DRAWS, by_frames, by_looks
from gate.calibration.template_sets import Side


def side(counts: list[int], noise: float, seed: int = 1) -> Side:
    """People with so many pictures each; templates `noise` away from each person's own."""
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(len(counts)), counts)
    own = rng.normal(size=(len(counts), 128))
    templates = own[people] + noise * rng.normal(size=(len(people), 128))
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    return Side(templates.astype(np.float32), people, np.ones(len(people), bool))


def test_only_people_with_a_picture_left_over_count() -> None:
    rows = by_frames(*2 * (side([1, 2, 3, 4, 6, 6], 0.1),), seed=1)
    assert [(r["frames"], r["people"]) for r in rows] == [(1, 5), (2, 4), (3, 3), (5, 2)]
    assert rows[0]["first_pictures"]["comparisons"] == 10  # either of two pictures, five people


def test_a_rate_without_enough_false_matches_is_left_out() -> None:
    (row, *_) = by_frames(*2 * (side([3] * 20, 0.1),), seed=1)
    assert row["impostor"] == 20 * 57
    assert row["fnmr"] == row["threshold"] == row["interval"] == {}


def test_fusing_helps_and_the_interval_holds_the_rate() -> None:
    people = side([6] * 120, 1.6)
    rows = by_frames(people, people, seed=1)
    misses = [r["fnmr"]["1e-4"] for r in rows]
    assert misses == sorted(misses, reverse=True)
    assert misses[0] > 0.2 > misses[-1]
    for row in rows:
        low, high = row["interval"]["1e-4"]
        assert low <= row["fnmr"]["1e-4"] <= high


def test_a_picture_is_never_the_reference_of_itself() -> None:
    """Where nothing is left of the people but noise, only a picture itself would match."""
    people = side([4] * 130, 50.0)
    for row in by_frames(people, people, seed=1):
        assert row["fnmr"]["1e-4"] > 0.98


def test_every_person_weighs_the_same() -> None:
    """One person of twenty pictures with other people's faces in half of them is one person."""
    people = side([20] + [2] * 170, 0.3)
    rng = np.random.default_rng(2)
    foreign = rng.normal(size=(10, 128)).astype(np.float32)
    people.templates[:10] = foreign / np.linalg.norm(foreign, axis=1, keepdims=True)
    (row, *_) = by_frames(people, people, seed=1)
    assert row["people"] == 171
    assert 0 < row["fnmr"]["1e-4"] < 1 / 171


def test_all_looks_together_stay_below_the_target() -> None:
    people = side([5] * 150, 1.6)
    found = by_looks(people, people, seed=1, fmr=1e-3)
    assert found is not None
    assert found["impostor"] == 150 * 149 * 5
    assert 0 < found["fmr_of_all"] < found["target"]
    assert 0 < found["fnmr"] < 1 - found["at_once"]
    assert DRAWS * found["impostor"] * found["target"] > 100


def test_nobody_with_enough_pictures_has_no_attempt() -> None:
    people = side([3] * 10, 0.1)
    assert by_looks(people, people, seed=1) is None


def test_a_picture_without_a_face_is_no_probe_and_no_reference() -> None:
    people = side([3] * 5, 0.1)
    people.usable[0] = False
    (one, *_) = by_frames(people, people, seed=1)
    assert one["first_pictures"]["comparisons"] == pytest.approx(5 * 2)
    assert one["impostor"] == 5 * 14 - 3 * 5 + 1
