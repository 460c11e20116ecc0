"""Whoever comes, goes and takes whose place: nobody is admitted on somebody else's face.

Random mornings before the camera, with the truth beside each frame. The networks are left out: a
frame shows a face with a template, a face that cannot be compared, or nobody.
"""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gate.core.events import FaceJudged
from gate.core.reasons import Reason
from gate.models.face_track import Observation, TrackView, with_observation, with_probe
from gate.models.match_attempt import CONFIRM_NS, MatchAttempt, MatchTables
from gate.models.matching import ThresholdCurve, Thresholds
from gate.models.probe_selection import RECENT_NS, ProbeSelection
from gate.ports import Probe, Reference
from gate.ports.values import TemplateKind
from tests.examples import examples
from tests.unit.gate.models.test_face_track import face, quality

MS = 1_000_000
OWNER, OTHER, ALIKE, NOBODY = "owner", "other", "alike", "nobody"
POINTS = tuple((10.0**-n, 0.1 * n) for n in range(2, 8))
CURVES = tuple(ThresholdCurve(n, "raw", 10**9, POINTS) for n in (1, 3, 5))
TABLE = Thresholds("any", TemplateKind.SINGLE, CURVES)
TABLES = MatchTables(TABLE, Thresholds("any", TemplateKind.AUGMENTED, CURVES))
AXES = np.eye(128, dtype=np.float32)
OWN = AXES[0]
TEMPLATES = {OWNER: OWN, OTHER: AXES[1], ALIKE: 0.5 * AXES[0] + np.sqrt(0.75) * AXES[2]}
"""The look-alike resembles the owner nearly as much as a look would take: 0.54 and more here."""


@dataclass(frozen=True)
class Shown:
    """One frame: `who` is in front, whether the face can be compared, and beside whom."""

    wait_ms: int
    who: str
    good: bool
    crowded: bool
    x: int
    busy_ms: int
    """From the exposure until the frame has been looked at."""


frames = st.builds(
    Shown,
    wait_ms=st.sampled_from([33, 100, 100, 100, 250, 600, 1600]),
    who=st.sampled_from([OWNER, OWNER, OWNER, OTHER, ALIKE, NOBODY]),
    good=st.sampled_from([True, True, True, False]),
    crowded=st.sampled_from([False, False, False, True]),
    x=st.sampled_from([200, 200, 200, 230, 420]),
    busy_ms=st.sampled_from([10, 30, 120, 400, 900]),
)


def seen(view: TrackView, shown: Shown, at_ns: int, kind: TemplateKind) -> TrackView:
    if shown.who == NOBODY:
        return with_observation(view, Observation(at_ns, False))
    observation = Observation(at_ns, True, shown.crowded, quality=0.8)
    if not shown.good:
        return with_observation(view, observation)
    template = TEMPLATES[shown.who].astype(np.float32)
    probe = Probe(template, at_ns, face(x=shown.x), quality(), 0, kind=kind)
    return with_probe(view, observation, probe)


@dataclass
class Door:
    """Frames in, verdicts out, as the watcher does it; and what really stood there."""

    found_ns: int
    begins_ns: int
    attempts: int = 3
    seconds: float = 2.0
    view: TrackView = field(default_factory=TrackView)
    truth: list[tuple[int, Shown]] = field(default_factory=list)
    attempt: MatchAttempt | None = None
    tried_ns: int = 0
    verdicts: list[tuple[int, FaceJudged]] = field(default_factory=list)

    def play(self, story: list[Shown]) -> None:
        now_ns = 0
        for shown in story:
            exposed_ns = now_ns + shown.wait_ms * MS
            self.look(exposed_ns - MS)
            wants = self.attempt is not None and self.attempt.wants_augmented
            kind = TemplateKind.AUGMENTED if wants else TemplateKind.SINGLE
            now_ns = exposed_ns + shown.busy_ms * MS
            self.view = seen(self.view, shown, exposed_ns, kind)
            self.truth.append((exposed_ns, shown))
            self.look(now_ns)
        for later_ms in (RECENT_NS // MS, 2000, 2000 + CONFIRM_NS // MS):
            self.look(now_ns + later_ms * MS)

    def look(self, now_ns: int) -> None:
        if now_ns < self.begins_ns or len(self.verdicts) >= self.attempts:
            return
        if self.attempt is None:
            selection = ProbeSelection(now_ns, 3, self.seconds, self.found_ns, self.tried_ns)
            self.attempt = MatchAttempt(selection, Reference(OWN, None, None, None), 1e-4, TABLES)
        judged = self.attempt.look(self.view, now_ns)
        if judged is not None:
            self.verdicts.append((now_ns, judged))
            self.attempt, self.tried_ns = None, now_ns

    def may_be_let_in(self, now_ns: int, judged: FaceJudged) -> bool:
        """Everything that the law asks for, from the truth alone."""
        newest_ns, newest = self.truth[-1]
        fused = [(at, s) for at, s in self.truth if at > self.found_ns][-judged.frames :]
        return (
            newest.who == OWNER
            and newest.good
            and not newest.crowded
            and newest_ns > self.found_ns
            and 1 <= judged.fresh == judged.frames == len(fused)
            and all(s.who == OWNER and s.good for _, s in fused)
            and now_ns - newest_ns <= max(RECENT_NS, newest.busy_ms * MS)
        )


@given(
    st.lists(frames, min_size=1, max_size=40), st.integers(0, 4000), st.sampled_from([0, 300, 900])
)
@examples(400)
def test_nobody_is_admitted_on_somebody_elses_face(
    story: list[Shown], found_ms: int, read_ms: int
) -> None:
    door = Witness(found_ms * MS, (found_ms + read_ms) * MS)
    door.play(story)


class Witness(Door):
    """Judges each verdict at its moment."""

    def look(self, now_ns: int) -> None:
        before = len(self.verdicts)
        super().look(now_ns)
        for at_ns, judged in self.verdicts[before:]:
            if judged.reason is Reason.OK:
                assert self.may_be_let_in(at_ns, judged), (judged, self.truth[-5:])


@given(
    st.lists(frames, max_size=20),
    st.lists(st.sampled_from([33, 100, 250]), min_size=4, max_size=12),
    st.sampled_from([10, 120, 900]),
)
@examples(200)
def test_the_owner_alone_is_always_admitted(
    before: list[Shown], waits: list[int], busy_ms: int
) -> None:
    """Whatever was there before the card, four good frames after it are enough.

    That holds, too, for a unit that takes longer over one than a match may wait.
    """
    door = Witness(0, 0, seconds=30.0)
    door.play(before)
    at_ns = door.truth[-1][0] + 3_000 * MS if door.truth else 0
    own = Witness(at_ns, at_ns, seconds=30.0, view=door.view)
    story = [Shown(w, OWNER, True, False, 200, busy_ms) for w in waits]
    own.play([Shown(at_ns // MS, NOBODY, False, False, 0, 0), *story])
    assert own.verdicts[0][1].reason is Reason.OK
