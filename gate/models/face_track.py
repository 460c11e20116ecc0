"""What has been seen in front of the gate lately. Pure.

A view holds two things: the observations of the last seconds (what each frame showed) and the
probes of ONE face, the track. A track is a run of frames without a gap. Each frame of it showed a
face that was compared with the probes before it and is the same.

A frame that cannot be compared ends the track: nobody, or a face too poor, turned, dark or covered
for a template. So does a face that is not alike, a jump or a pause. The probes are dropped then. So
everything that was seen since the first probe of a view is one person. The newest frame shows that
person.

While an action is ordered the head turns as it was told. Such a face is compared too, by a weaker
rule, and the track goes on without a probe of it (`with_turned_face`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gate.core.reasons import Advice
from gate.models.quality import LIVE
from gate.ports import Face, Probe, Template
from gate.ports.values import Box

GAP_NS = 1_500_000_000
"""The most between two frames of a track, in ns. An augmented probe takes a slow unit over half a
second, and that must not end the track. A person who came meanwhile still has to be alike."""
PROBES_MAX = 12
OBSERVATIONS_MAX = 128

OVERLAP_MIN = 0.15
"""Intersection over union of the boxes of one face in following frames: people step and sway."""
SAME_FACE_MIN = 0.6
"""Cosine with the track's probes. Frames of one visit are far more alike than a face and a ticket
photo (0.8 and more). So this is much stricter than any match: docs, signals-and-camera."""
TURNED_FACE_MIN = 0.4
"""The same of a face that turns because it was told to. Two people are seldom so alike: about one
pair in 4,000 of LFW. Whoever shows a picture first and then turns a head has to be."""
TURNED_YAW = 0.25
"""`Quality.yaw` from which a face is turned."""
UNSEEN_GAP_NS = 600_000_000
"""While an action is ordered, a track outlasts so much without its face, in ns: the detector may
miss a frame."""
RIVAL_RATIO = 0.6
"""A second face counts when it is at least this share of the nearest one's height. Heads differ, by
5.6% in 144 portraits from one distance. Of two people side by side all second faces are counted. Of
people a quarter further off 99.98% are counted, half as far again 91%, twice as far 1.3%. So the
queue counts and the hall does not."""
NEAR_EYES_PX = LIVE.eyes_px / 2
"""A face with less between the eyes is more than twice as far off as a usable one: not at the gate.
The detector still finds all faces of this size, and their measured distance is within a fifth."""
EYES_OF_HEIGHT = 0.34
"""Between the eyes of a face that looks ahead, of its box's height (median of 144 portraits). From
the side the eyes fall together; the height tells how near such a face is."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one frame showed. `compared`: its nearest face became a probe; `advice`: what kept it
    from that; None where there was no face, or a good one. `luma`: mean of the face, 0 to 255, None
    where it was not measured. `same_face`: the face, where an action was ordered and it was found
    to be the same as the track's."""

    mono_ns: int
    face: bool
    crowded: bool = False
    advice: Advice | None = None
    quality: float | None = None
    compared: bool = False
    luma: float | None = None
    same_face: Face | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrackView:
    """What has been seen in front of the gate up to now.

    `probes`: of one track, oldest first; the newest is of the newest observation. None: the person
    there now has not been compared.
    """

    track: int = 1
    probes: tuple[Probe, ...] = ()
    observations: tuple[Observation, ...] = ()

    def forgotten(self) -> "TrackView":
        """Nothing of this person may serve the next one."""
        return TrackView(track=self.track + 1)


def nearest(faces: Sequence[Face]) -> Face | None:
    """The largest face that is near enough to be at the gate."""
    near = [f for f in faces if _is_near(f)]
    return max(near, key=lambda f: float(f.box[3]), default=None)


def is_crowded(faces: Sequence[Face]) -> bool:
    """Whether the nearest face has a rival."""
    heights = sorted((float(f.box[3]) for f in faces if _is_near(f)), reverse=True)
    return len(heights) > 1 and heights[1] >= RIVAL_RATIO * heights[0]


def _is_near(face: Face) -> bool:
    return max(eyes_px(face), EYES_OF_HEIGHT * float(face.box[3])) >= NEAR_EYES_PX


def eyes_px(face: Face) -> float:
    """The distance between the eyes in pixels."""
    return float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))


def with_observation(view: TrackView, observation: Observation) -> TrackView:
    """One more frame in which nobody was compared: the track is over."""
    return _seen(_next_track(view), observation)


def with_probe(view: TrackView, observation: Observation, probe: Probe) -> TrackView:
    """One more frame, and the probe of its nearest face. One that does not continue the track
    starts the next."""
    if not _continues(view, probe):
        view = _next_track(view)
    view = _seen(view, replace(observation, compared=True))
    return replace(view, probes=(*view.probes, replace(probe, track=view.track))[-PROBES_MAX:])


def with_turned_face(
    view: TrackView, observation: Observation, face: Face, template: Template | None
) -> TrackView:
    """One more frame while an action is ordered, with a face that is too turned for a probe.

    Alike and at its place it is the face of the track, which goes on without a probe. Anything else
    is as if nobody had been seen: the track is over after UNSEEN_GAP_NS of it.
    """
    alike = template is not None and _is_same_face(view, observation.mono_ns, face, template)
    return with_gap(view, replace(observation, same_face=face if alike else None))


def with_gap(view: TrackView, observation: Observation) -> TrackView:
    """One more frame while an action is ordered, which may show no face of the track."""
    last = _last_seen(view)
    if observation.same_face is None and (
        last is None or observation.mono_ns - last[0] > UNSEEN_GAP_NS
    ):
        return with_observation(view, observation)
    return _seen(view, observation)


def _is_same_face(view: TrackView, at_ns: int, face: Face, template: Template) -> bool:
    last = _last_seen(view)
    return (
        last is not None
        and 0 < at_ns - last[0] <= GAP_NS
        and overlap(last[1], face.box) >= OVERLAP_MIN
        and resemblance(view.probes, template) >= TURNED_FACE_MIN
    )


def _last_seen(view: TrackView) -> tuple[int, Box] | None:
    """When and where the face of the track was last seen; None where there is no track."""
    if not view.probes:
        return None
    probe = view.probes[-1]
    for seen in reversed(view.observations):
        if seen.mono_ns <= probe.mono_ns:
            break
        if seen.same_face is not None:
            return seen.mono_ns, seen.same_face.box
    return probe.mono_ns, probe.face.box


def resemblance(probes: Sequence[Probe], template: Template) -> float:
    """Cosine of `template` with the probes' mean."""
    mean = np.sum([p.template for p in probes], axis=0)
    return float(mean @ template / max(float(np.linalg.norm(mean)), 1e-12))


def is_alike(view: TrackView, template: Template) -> bool:
    """Whether a template is of the track's face, where there is a track."""
    return not view.probes or resemblance(view.probes, template) >= SAME_FACE_MIN


def _continues(view: TrackView, probe: Probe) -> bool:
    last = _last_seen(view)
    if last is None:
        return True
    return (
        0 < probe.mono_ns - last[0] <= GAP_NS
        and overlap(last[1], probe.face.box) >= OVERLAP_MIN
        and is_alike(view, probe.template)
    )


def _next_track(view: TrackView) -> TrackView:
    return replace(view, track=view.track + 1, probes=()) if view.probes else view


def _seen(view: TrackView, observation: Observation) -> TrackView:
    return replace(view, observations=(*view.observations, observation)[-OBSERVATIONS_MAX:])


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    common = float(np.prod(np.clip(high - low, 0, None)))
    return common / max(float(one[2] * one[3] + other[2] * other[3]) - common, 1e-9)
