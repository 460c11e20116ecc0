"""Recorded frames played against ticket photos, on made templates: no camera and no network."""

from dataclasses import replace

import numpy as np
import pytest

from gate.calibration.live_attempts import SeenFrame, attempts, played
from gate.calibration.live_scores import Cohort, Count, SeenPerson, at_rates, drawn_pairs
from gate.core.exam import FacePolicy
from gate.core.reasons import Advice, Reason
from gate.models.face_track import Observation
from gate.models.match_attempt import MatchTables
from gate.ports import Probe, Reference, Template
from gate.ports.values import TemplateKind
from tests.unit.gate.models.test_face_track import face, quality

POLICY = FacePolicy(probe_frames=5)
SINGLE, AUGMENTED = TemplateKind


@pytest.fixture(scope="module")
def tables() -> MatchTables:
    return MatchTables.load()


def people(count: int, seed: int = 1) -> list[Template]:
    rows = np.random.default_rng(seed).normal(size=(count, 128)).astype(np.float32)
    return list(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def probe(template: Template, kind: TemplateKind) -> Probe:
    return Probe(template, 1, face(), quality(), 1, kind=kind)


def good(template: Template) -> SeenFrame:
    made = probe(template, AUGMENTED)
    return SeenFrame(Observation(1, True, compared=True), probe(template, SINGLE), lambda: made)


def poor(advice: Advice) -> SeenFrame:
    return SeenFrame(Observation(1, True, advice=advice, quality=0.3), None, lambda: None)


NOBODY = SeenFrame(Observation(1, False), None, lambda: None)


def test_a_frame_says_what_it_is_answered_with() -> None:
    (one,) = people(1)
    crowd = replace(good(one), observation=Observation(1, True, crowded=True, compared=True))
    frames = [good(one), poor(Advice.MORE_LIGHT), NOBODY, crowd]
    assert [f.refused_as for f in frames] == [None, "more-light", "no-face", "several-faces"]
    assert [f.accepted for f in frames] == [True, False, False, False]


def test_the_own_face_passes_at_the_first_good_frame(tables: MatchTables) -> None:
    (one,) = people(1)
    frames = [NOBODY, poor(Advice.HOLD_STILL), good(one), good(one)]
    ended = played(frames, Reference(one, None, None, None), POLICY, tables)
    assert (ended.judged.reason, ended.judged.frames, ended.frames) == (Reason.OK, 1, 3)


def test_a_stranger_is_looked_at_until_all_frames_are_fused(tables: MatchTables) -> None:
    one, other = people(2)
    ended = played([good(one)] * 9, Reference(other, None, None, None), POLICY, tables)
    assert (ended.judged.reason, ended.judged.frames) == (Reason.FACE_MISMATCH, 5)
    assert ended.frames == 6  # one of a single view, five augmented


def test_a_recording_that_ends_early_is_judged_by_what_there_is(tables: MatchTables) -> None:
    one, other = people(2)
    ended = played([good(one)] * 2, Reference(other, None, None, None), POLICY, tables)
    assert (ended.judged.reason, ended.judged.frames, ended.frames) == (Reason.FACE_MISMATCH, 1, 2)


def test_frames_that_are_turned_away_end_with_their_advice(tables: MatchTables) -> None:
    (one,) = people(1)
    frames = [poor(Advice.MORE_LIGHT)] * 3
    (ended,) = attempts(frames, Reference(one, None, None, None), POLICY, tables)
    assert (ended.judged.reason, ended.judged.advice) == (Reason.FACE_POOR, Advice.MORE_LIGHT)


def test_the_augmented_probe_is_made_only_where_it_is_asked_for(tables: MatchTables) -> None:
    (one,) = people(1)
    made: list[str] = []

    def again() -> Probe:
        made.append("augmented")
        return probe(one, AUGMENTED)

    frame = SeenFrame(Observation(1, True, compared=True), probe(one, SINGLE), again)
    played([frame], Reference(one, None, None, None), POLICY, tables)
    assert made == []
    assert frame.augmented is frame.augmented
    assert made == ["augmented"]


def test_both_people_of_a_pair_are_left_out_of_the_cohort() -> None:
    templates = people(202)
    cohort = Cohort(np.stack(templates), tuple(f"p{n}" for n in range(202)))
    holder = SeenPerson("p0", templates[0], ())
    reference = cohort.reference(holder, "p1")
    assert reference.cohort is not None
    assert len(reference.cohort) == 200
    for left_out in templates[:2]:
        assert not np.isclose(reference.cohort @ left_out, 1).any()
    few = Cohort(np.stack(templates[:201]), cohort.names[:201])
    assert few.reference(holder, "p1").cohort is None


def test_counts_of_frames_and_of_people(tables: MatchTables) -> None:
    templates = people(3)
    stranger = people(1, seed=9)[0]
    seen = [SeenPerson(f"p{n}", t, (good(t), good(t))) for n, t in enumerate(templates)]
    seen[2] = SeenPerson("p2", templates[2], (good(stranger), good(templates[2])))
    cohort = Cohort(np.stack(templates), tuple(p.name for p in seen))
    rows = at_rates(seen, cohort, POLICY, tables, seed=1, show=lambda *_: None)
    (row,) = (r for r in rows if r["rate"] == 1e-4)
    assert not row["normalised"]
    own, others = row["frame"]["own"], row["frame"]["others"]
    assert (own["missed"], own["tried"], own["people_missed"], own["people"]) == (1, 6, 1, 3)
    assert (others["false_matches"], others["tried"], others["pairs_of_people"]) == (0, 12, 6)
    assert others["interval"][1] == pytest.approx(1 - 0.025 ** (1 / 6))


def test_a_pair_that_matches_in_every_frame_is_one_pair() -> None:
    count = Count()
    count.add([True, True, True])
    count.add([False])
    count.add([])
    assert count.fmr()["interval"][0] < 0.5 < count.fmr()["interval"][1]
    assert (count.fmr()["pairs_of_people_matched"], count.fmr()["pairs_of_people"]) == (1, 2)


def test_every_pair_once_and_nobody_with_himself() -> None:
    pairs = drawn_pairs(4, seed=1)
    assert len(set(pairs)) == len(pairs) == 12
    assert all(one != other for one, other in pairs)
