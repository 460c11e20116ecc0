"""What has been seen in front of the gate lately, and what may be concluded from it. Pure.

A view holds two things: the sightings of the last seconds (what each frame showed) and the probes
of ONE face, the track. A track goes on while the box overlaps the last one, no more than GAP_NS
(BLIND_NS if no frame was looked at) lie between, and the template still resembles its probes;
anything else starts a new track and drops the old probes. So probes that are fused always belong
to one person who has been in sight without a break.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gate.core.events import FaceJudged
from gate.core.reasons import Advice, Reason
from gate.models.matching import Match
from gate.models.quality import LIVE
from gate.ports import Face, Probe, Template

AGE_NS = 2_000_000_000
"""A probe or sighting older than this, when the card comes, belongs to the time before."""
GAP_NS = 500_000_000
"""Out of sight for longer: the next face is somebody else until it proves otherwise."""
BLIND_NS = 1_500_000_000
"""The same where no frame was looked at in between: a careful probe takes a slow unit over half a
second, and its own work must not end the track. Whoever came meanwhile still has to resemble."""
PROBES_MAX = 12
SIGHTINGS_MAX = 128

OVERLAP_MIN = 0.15
"""Intersection over union of the boxes of one face in following frames: people step and sway."""
SAME_FACE_MIN = 0.36
"""Cosine with the track's probes. One picture against one at FMR 1e-3 (docs, models): a stranger
who takes somebody's place unseen is taken for the same person once in a thousand times."""
RIVAL_RATIO = 0.6
"""A second face counts when it is at least this share of the nearest one's height. Heads differ (by
5.6% in 144 portraits from one distance), so of two people side by side all are counted, of one a
quarter further off 99.98%, half as far again 91%, twice as far 1.3%: the queue and the hall."""
NEAR_EYES_PX = LIVE.eyes_px / 2
"""A face with less between the eyes is more than twice as far off as a usable one: not at the gate.
The detector still finds all faces of this size, and their measured distance is within a fifth."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one frame showed. `advice`: what kept its nearest face from being a probe; None where
    there was no face, or a good one."""

    mono_ns: int
    face: bool
    crowded: bool = False
    advice: Advice | None = None
    quality: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """`probes`: of one track, oldest first. `box`: where its face was last, at `seen_ns`;
    `looked_ns`: the last frame that was looked at."""

    track: int = 1
    probes: tuple[Probe, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    box: npt.NDArray[np.float32] | None = None
    seen_ns: int = 0
    looked_ns: int = 0

    def forgotten(self) -> "View":
        """Nothing of this person may serve the next one."""
        return View(track=self.track + 1)


def nearest(faces: Sequence[Face]) -> Face | None:
    """The largest face that is near enough to be at the gate."""
    near = [f for f in faces if eyes_px(f) >= NEAR_EYES_PX]
    return max(near, key=lambda f: float(f.box[3]), default=None)


def is_crowded(faces: Sequence[Face]) -> bool:
    """Whether the nearest face has a rival."""
    heights = sorted((float(f.box[3]) for f in faces if eyes_px(f) >= NEAR_EYES_PX), reverse=True)
    return len(heights) > 1 and heights[1] >= RIVAL_RATIO * heights[0]


def eyes_px(face: Face) -> float:
    return float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))


def with_sighting(view: View, sighting: Sighting, face: Face | None) -> View:
    """One more frame. A face that does not continue the track starts the next one; a track out of
    sight for longer than GAP_NS loses its probes."""
    view = replace(view, sightings=(*view.sightings, sighting)[-SIGHTINGS_MAX:])
    if face is None:
        lost = view.box is not None and sighting.mono_ns - view.seen_ns > GAP_NS
        view = replace(view, looked_ns=sighting.mono_ns)
        return _next_track(view) if lost else view
    if not _continues(view, face.box, sighting.mono_ns):
        view = _next_track(view)
    at_ns = sighting.mono_ns
    return replace(view, box=face.box, seen_ns=at_ns, looked_ns=at_ns)


def with_probe(view: View, probe: Probe) -> View:
    """A template of the face that `with_sighting` has just placed. One that does not resemble the
    track's probes is another face in the same spot."""
    if view.probes and resemblance(view.probes, probe.template) < SAME_FACE_MIN:
        view = replace(_next_track(view), box=probe.face.box, seen_ns=probe.mono_ns)
    return replace(view, probes=(*view.probes, replace(probe, track=view.track))[-PROBES_MAX:])


def with_second_thoughts(view: View, advice: Advice, quality: float) -> View:
    """The newest sighting was no good after all: the recogniser saw hardly a face in it."""
    newest = replace(view.sightings[-1], advice=advice, quality=quality)
    return replace(view, sightings=(*view.sightings[:-1], newest))


def resemblance(probes: Sequence[Probe], template: Template) -> float:
    """Cosine of `template` with the probes' mean."""
    mean = np.sum([p.template for p in probes], axis=0)
    return float(mean @ template / max(float(np.linalg.norm(mean)), 1e-12))


def _continues(view: View, box: npt.NDArray[np.float32], mono_ns: int) -> bool:
    if view.box is None:
        return not view.probes
    gap_ns = BLIND_NS if view.seen_ns == view.looked_ns else GAP_NS
    return mono_ns - view.seen_ns <= gap_ns and overlap(view.box, box) >= OVERLAP_MIN


def _next_track(view: View) -> View:
    return replace(view, track=view.track + 1, probes=(), box=None)


def overlap(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    common = float(np.prod(np.clip(high - low, 0, None)))
    return common / max(float(one[2] * one[3] + other[2] * other[3]) - common, 1e-9)


# -- one attempt ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempt:
    """One judging. `frames`: fused at most; `seconds`: for further frames; `tried_ns`: when the
    last attempt of this visit ended: what it has judged already is not judged again."""

    began_ns: int
    frames: int
    seconds: float
    tried_ns: int = 0

    def quick(self, view: View) -> tuple[Probe, ...]:
        """The quick probes that count, strongest first, at most `frames`. None older than AGE_NS
        before the attempt, and none at all while the track is out of sight or has a rival."""
        since_ns = max(self.began_ns - AGE_NS, self.tried_ns)
        fresh = [p for p in view.probes if not p.careful and p.mono_ns >= since_ns]
        return self._unrivalled(view, sorted(fresh, key=_strength, reverse=True))

    def careful(self, view: View) -> tuple[Probe, ...]:
        """The careful probes of this attempt, oldest first, at most `frames`."""
        found = [p for p in view.probes if p.careful and p.mono_ns >= self.began_ns]
        return self._unrivalled(view, found)

    def complete(self, view: View) -> bool:
        """Whether there are `frames` careful probes, of somebody alone."""
        return len(self.careful(view)) >= self.frames

    def _unrivalled(self, view: View, probes: Sequence[Probe]) -> tuple[Probe, ...]:
        return () if self.crowded(view) else tuple(probes[: self.frames])

    def crowded(self, view: View) -> bool:
        """Whether the newest frame with a face had two, or most of those of the last AGE_NS: who
        stepped up beside the owner a moment ago is there as much as who stood there all along."""
        seen = self._seen(view)
        if not seen:
            return False
        lately = [s.crowded for s in seen if s.mono_ns >= seen[-1].mono_ns - AGE_NS]
        return seen[-1].crowded or 2 * sum(lately) > len(lately)

    def _seen(self, view: View) -> list[Sighting]:
        since_ns = self.began_ns - AGE_NS
        return [s for s in view.sightings if s.face and s.mono_ns >= since_ns]


def _strength(probe: Probe) -> float:
    """What says most of how well a probe will match: the best two of four by it missed 0.55%, any
    two 0.80%, the best two by quality score 0.81% (docs, models)."""
    return probe.quality.strength or 0.0


def conclude(
    attempt: Attempt, view: View, probes: Sequence[Probe], match: Match | None
) -> FaceJudged:
    """The end of an attempt. `match`: of the fused `probes`, None where there are none.

    Two people win over a match: the card's owner must be alone at the gate.
    """
    seen = [s for s in attempt._seen(view) if s.mono_ns >= attempt.began_ns]
    if attempt.crowded(view):
        return FaceJudged(Reason.SEVERAL_FACES, quality=_best(seen))
    if match is not None:
        return judged(probes, match)
    poor = Counter(s.advice for s in seen if s.advice is not None)
    if poor:
        advice = poor.most_common(1)[0][0]
        return FaceJudged(Reason.FACE_POOR, quality=_best(seen), advice=advice)
    if seen:  # good ones, but of faces that changed too often to be one person's
        return FaceJudged(Reason.FACE_POOR, quality=_best(seen), advice=Advice.HOLD_STILL)
    return FaceJudged(Reason.NO_FACE)


def judged(probes: Sequence[Probe], match: Match) -> FaceJudged:
    """OK or FACE_MISMATCH, with everything that a decision records of it."""
    return FaceJudged(
        Reason.OK if match.passed else Reason.FACE_MISMATCH,
        score=match.score,
        normalised=match.normalised,
        normalisation=match.normalisation,
        threshold=match.threshold,
        frames=len(probes),
        quality=max(p.quality.score for p in probes),
    )


def _best(seen: Sequence[Sighting]) -> float | None:
    return max((s.quality for s in seen if s.quality is not None), default=None)
