"""One attempt at a face: which probes count in it, when it has seen enough, how it ends. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gate.core.events import FaceJudged
from gate.core.reasons import Advice, Reason
from gate.models.face_track import Observation, TrackView
from gate.models.matching import Match
from gate.ports import Probe
from gate.ports.values import TemplateKind

AGE_NS = 2_000_000_000
"""A probe or observation older than this (ns), when the attempt begins, belongs to the time before.
So it is with a card that waited until somebody else was served."""
LIVENESS_AGE_NS = 10_000_000_000
"""Scores of the face track in sight count for so long (ns) before an attempt. So who waits with a
card in hand has been judged, on a slow unit too. A frame of two cameras takes one half a second."""
RECENT_NS = 300_000_000
"""A frame older than this does not tell who is at the gate now: a person leaves it in that time."""
WELL_SEEN_NS = 900_000_000
"""A face that was good for so long has been seen: a slow unit has no `frames` augmented probes by
then. Three attempts at a stranger must not last longer than six seconds."""
WELL_SEEN_PROBES = 2
"""But it is not judged with fewer augmented probes than these. A busy machine may take longer than
WELL_SEEN_NS for one, and one picture of a person who still walks up misses too often."""


@dataclass(frozen=True, slots=True)
class ProbeSelection:
    """The probes of one match attempt.

    `frames`: probes fused at most. `seconds`: its longest duration. `found_ns`: when the card was
    found, or a candidate typed or scanned. `tried_ns`: when the last attempt of this visit ended.
    What that attempt has judged is not judged again.
    """

    began_ns: int
    frames: int
    seconds: float
    found_ns: int
    tried_ns: int = 0

    @property
    def ends_ns(self) -> int:
        """When the attempt ends at the latest, monotonic in ns."""
        return self.began_ns + round(self.seconds * 1e9)

    def single(self, view: TrackView) -> tuple[Probe, ...]:
        """The single-view probes that count, greatest feature norm first, at most `frames`."""
        found = [p for p in self._own(view) if p.kind is TemplateKind.SINGLE]
        return tuple(sorted(found, key=_feature_norm, reverse=True)[: self.frames])

    def augmented(self, view: TrackView) -> tuple[Probe, ...]:
        """The augmented probes that count, oldest first, at most `frames`."""
        found = [p for p in self._own(view) if p.kind is TemplateKind.AUGMENTED]
        return tuple(found[: self.frames])

    def _own(self, view: TrackView) -> tuple[Probe, ...]:
        """Of the track in sight: those exposed after the card was found, and none while it has a
        rival. Who stood here before the card may be somebody else than its owner."""
        if self.is_crowded(view):
            return ()
        since_ns = max(self.found_ns, self.tried_ns, self.began_ns - AGE_NS)
        return tuple(p for p in view.probes if p.mono_ns > since_ns)

    def scored(self, view: TrackView) -> tuple[Probe, ...]:
        """The probes whose liveness counts, oldest first.

        They are those of the track in sight, also from before the card. None is of those that an
        earlier attempt has judged. The newest may not have its scores yet."""
        since_ns = max(self.tried_ns, self.began_ns - LIVENESS_AGE_NS)
        return tuple(p for p in view.probes if p.mono_ns > since_ns)

    def has_looked(self, view: TrackView) -> bool:
        """Whether a frame that was exposed after the card was found has been looked at."""
        since_ns = max(self.found_ns, self.tried_ns)
        return any(s.mono_ns > since_ns for s in view.observations)

    def fresh(self, probes: Sequence[Probe]) -> int:
        """How many were exposed after the card was found."""
        return sum(p.mono_ns > self.found_ns for p in probes)

    def is_complete(self, view: TrackView, now_ns: int) -> bool:
        """Whether further frames would say no more: `frames` augmented probes, or two of a face
        that was well seen long enough."""
        count = len(self.augmented(view))
        if count >= self.frames:
            return True
        return count >= WELL_SEEN_PROBES and self._well_seen_ns(view, now_ns) >= WELL_SEEN_NS

    def _well_seen_ns(self, view: TrackView, now_ns: int) -> int:
        """For how long in all a face that could be compared was there alone, in ns.

        It may have been several faces, or one that turned away in between.
        """
        seen = [s for s in view.observations if s.mono_ns >= self.began_ns]
        marks = [(s.mono_ns, s.compared and not s.crowded) for s in seen]
        marks += [(now_ns, good) for _, good in marks[-1:]]
        return sum(
            end_ns - at_ns for (at_ns, good), (end_ns, too) in pairwise(marks) if good and too
        )

    def is_crowded(self, view: TrackView) -> bool:
        """Whether the newest frame with a face had two, or most of those of the last AGE_NS.

        A person who stepped up beside the owner a moment ago counts as one who stood there all
        along.
        """
        since_ns = self.began_ns - AGE_NS
        seen = [s for s in view.observations if s.face and s.mono_ns >= since_ns]
        if not seen:
            return False
        lately = [s.crowded for s in seen if s.mono_ns >= seen[-1].mono_ns - AGE_NS]
        return seen[-1].crowded or 2 * sum(lately) > len(lately)


def _feature_norm(probe: Probe) -> float:
    """The feature norm, which says most of how well a probe will match.

    The best two of four by it missed 0.55%, any two 0.80%, the best two by quality score 0.81%
    (docs, models).
    """
    return probe.quality.feature_norm or 0.0


def unmatched(selection: ProbeSelection, view: TrackView) -> FaceJudged:
    """The end of an attempt in which nobody's face could be compared."""
    seen = [s for s in view.observations if s.face and s.mono_ns >= selection.began_ns]
    if selection.is_crowded(view):
        return FaceJudged(Reason.SEVERAL_FACES, quality=_best(seen))
    poor = Counter(s.advice for s in seen if s.advice is not None)
    if poor:
        advice = poor.most_common(1)[0][0]
        return FaceJudged(Reason.FACE_POOR, quality=_best(seen), advice=advice)
    if seen:  # good ones, but of faces that changed too often to be one person's
        return FaceJudged(Reason.FACE_POOR, quality=_best(seen), advice=Advice.HOLD_STILL)
    return FaceJudged(Reason.NO_FACE)


def worse_than_measured(probes: Sequence[Probe]) -> FaceJudged:
    """The end of an attempt whose probes are all worse than those behind the thresholds. No other
    cause was found, so the advice is that for a face of which the recogniser sees little."""
    best = max(p.quality.score for p in probes)
    return FaceJudged(Reason.FACE_POOR, quality=best, advice=Advice.LOOK_STRAIGHT)


def matched(selection: ProbeSelection, probes: Sequence[Probe], match: Match) -> FaceJudged:
    """OK or FACE_MISMATCH, with everything that a decision records of it."""
    return FaceJudged(
        Reason.OK if match.passed else Reason.FACE_MISMATCH,
        score=match.score,
        normalised=match.normalised,
        normalisation=match.normalisation,
        threshold=match.threshold,
        floor=match.floor,
        frames=len(probes),
        fresh=selection.fresh(probes),
        quality=max(p.quality.score for p in probes),
    )


def _best(seen: Sequence[Observation]) -> float | None:
    return max((s.quality for s in seen if s.quality is not None), default=None)
