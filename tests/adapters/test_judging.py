"""One attempt from view to view: which probes are looked at, how strictly, and how often."""

import numpy as np
import pytest

from gate.core.reasons import Reason
from gate.models import judging as module
from gate.models.judging import Judging, Tables
from gate.models.matching import Curve, Match, Thresholds
from gate.models.ring import GAP_NS, Attempt, View
from gate.ports import Reference
from tests.adapters.test_ring import FRAME_NS, face, good, template

FMR = 1e-4
POINTS = tuple((10.0**-n, 0.1 * n) for n in range(2, 8))
TABLE = Thresholds("any", False, tuple(Curve(n, "raw", 10**9, POINTS) for n in (1, 3)))
TABLES = Tables(TABLE, Thresholds("any", True, TABLE.curves))


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, int, float]]:
    """Every comparison made: careful or not, frames, and the rate in units of the target."""
    found: list[tuple[bool, int, float]] = []
    real = module.compare

    def compare(
        reference: Reference, probe: np.ndarray, frames: int, fmr: float, table: Thresholds
    ) -> Match:
        found.append((table.mirror, frames, round(fmr / FMR, 6)))
        return real(reference, probe, frames, fmr, table)

    monkeypatch.setattr(module, "compare", compare)
    return found


def judging(frames: int = 3, who: int = 1) -> Judging:
    attempt = Attempt(began_ns=10 * FRAME_NS, frames=frames, seconds=3)
    return Judging(attempt, Reference(template(who), None, None, None), FMR, TABLES)


def waiting(who: int, count: int = 3) -> View:
    """Somebody who stood there before the card came."""
    view = View()
    for n in range(count):
        view = good(view, (7 + n) * FRAME_NS, who)
    return view


def test_a_known_face_is_let_through_at_the_first_look(looked: list) -> None:
    judged = judging().look(waiting(1))
    assert judged is not None
    assert (judged.reason, judged.frames) == (Reason.OK, 3)
    assert looked == [(False, 3, 0.4)]


def test_a_stranger_is_looked_at_once_for_each_careful_frame(looked: list) -> None:
    one, view = judging(), waiting(2)
    assert one.look(view) is None
    assert one.undecided
    assert one.look(view) is None  # nothing new: no further chance
    for n in range(3):
        assert not one.complete(view)
        view = good(view, (10 + n) * FRAME_NS, 2, careful=True)
        assert one.look(view) is None
    assert one.complete(view)
    assert one.end(view).reason is Reason.FACE_MISMATCH
    assert looked == [(False, 3, 0.4), (True, 1, 0.1), (True, 2, 0.1), (True, 3, 0.4)]


def test_whoever_steps_in_late_passes_but_buys_no_extra_looks(looked: list) -> None:
    """A swap starts the fusion anew; looks that were taken stay taken."""
    one, view = judging(), waiting(2)
    one.look(view)
    view = good(view, 10 * FRAME_NS, 2, careful=True)
    one.look(view)
    late = 11 * FRAME_NS + GAP_NS
    view = good(view, late, 1, face(), careful=True)
    assert one.look(view) is None  # a first careful look was taken already
    view = good(view, late + FRAME_NS, 1, careful=True)
    judged = one.look(view)
    assert judged is not None
    assert (judged.reason, judged.frames) == (Reason.OK, 2)
    assert looked == [(False, 3, 0.4), (True, 1, 0.1), (True, 2, 0.1)]


def test_out_of_time_with_quick_probes_only_they_get_the_last_look(looked: list) -> None:
    one, view = judging(), waiting(2)
    one.look(view)
    assert one.end(view).reason is Reason.FACE_MISMATCH
    assert looked == [(False, 3, 0.4), (False, 3, 0.4)]


def test_nobody_at_all(looked: list) -> None:
    one = judging()
    assert one.look(View()) is None
    assert not one.undecided
    assert one.end(View()).reason is Reason.NO_FACE
    assert looked == []


def test_every_rate_the_exam_may_ask_for_can_be_judged() -> None:
    """With the shipped table, with and without a cohort: no rate is outside the measured ones."""
    rng = np.random.default_rng(1)
    cohort = rng.normal(size=(200, 128)).astype(np.float32)
    cohort /= np.linalg.norm(cohort, axis=1, keepdims=True)
    for reference in (
        Reference(template(1), None, None, None),
        Reference(template(1), 0.0, 0.1, cohort),
    ):
        for fmr in (1e-5, 1e-4, 1e-3, 1e-2):
            for frames in (1, 3, 20):
                attempt = Attempt(10 * FRAME_NS, frames, 3)
                one = Judging(attempt, reference, fmr, Tables.load())
                view = waiting(2)
                one.look(view)
                for n in range(frames):
                    view = good(view, (10 + n) * FRAME_NS, 2, careful=True)
                    assert one.look(view) is None
                assert one.end(view).reason is Reason.FACE_MISMATCH
