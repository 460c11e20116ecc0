"""A rehearsal: staff walk through the gate, and nothing is kept but scores.

Pictures and templates live in this process until it ends. The file has a number for each person,
never a name. Each visit is judged by the running gate's own code over the frames that the camera
gave. At the end everybody is compared with everybody else's reference.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from gate.calibration.live_attempts import SeenFrame, played, seen
from gate.calibration.live_figures import measured
from gate.calibration.live_scores import Cohort, SeenPerson
from gate.core.exam import FacePolicy
from gate.core.json_types import JsonObject
from gate.models.frame_analysis import FrameAnalysis
from gate.models.match_attempt import MatchTables
from gate.models.matching import compare, fuse
from gate.ports import Camera, Template
from gate.ports.values import TemplateKind

FRAMES_MAX = 10
"""Accepted frames of one visit."""

LOOKED_AT_MAX = 40
"""Frames after which a visit ends with what was seen: four seconds of a camera at its pace."""

CAPTURE_S = 2.0
"""Seconds that the camera has for one frame."""

_Value = TypeVar("_Value")

CLOSEST = 10
"""Pairs of different people that are listed, the closest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """One walk through. `person`: a number from 1; `reference`: `ticket` or `first-picture`."""

    person: int
    reference: str
    template: Template
    frames: tuple[SeenFrame, ...]


@dataclass(slots=True)
class Rehearsal:
    """Visits in their order. `cohort` as the installed roster has it; `conditions`: in words."""

    cohort: Cohort
    conditions: str = ""
    visits: list[Visit] = field(default_factory=list)

    def figures(self) -> JsonObject:
        """Scores, quality and the site's own rates: what the file holds. No template, no name."""
        rates = measured(self._people(), self.cohort, seed=1, show=lambda *_: None)
        return {
            "format": 1,
            "conditions": self.conditions,
            "visits": [self._visit(v) for v in self.visits],
            "closest": self._closest(),
            "site": rates,
        }

    def reference(self, person: int) -> Visit | None:
        """The first visit of that person, whose reference serves for all."""
        return next((v for v in self.visits if v.person == person), None)

    def _people(self) -> list[SeenPerson]:
        """Everybody once, with the frames of all visits."""
        frames: dict[int, list[SeenFrame]] = {}
        for visit in self.visits:
            frames.setdefault(visit.person, []).extend(visit.frames)
        references = {n: v.template for n in frames if (v := self.reference(n)) is not None}
        return [SeenPerson(str(n), references[n], tuple(f)) for n, f in frames.items()]

    def _visit(self, visit: Visit) -> JsonObject:
        person = SeenPerson(str(visit.person), visit.template, visit.frames)
        own = self.cohort.reference(person, person.name)
        judged = played(visit.frames, own, FacePolicy(), MatchTables.load()).judged
        refused = Counter(str(f.refused_as) for f in visit.frames if not f.accepted)
        return {
            "person": visit.person,
            "reference": visit.reference,
            "frames": len(visit.frames),
            "accepted": len(visit.frames) - refused.total(),
            "refused": dict(refused.most_common()),
            "reason": str(judged.reason),
            "advice": None if judged.advice is None else str(judged.advice),
            "score": _rounded(judged.score),
            "normalised": _rounded(judged.normalised),
            "threshold": _rounded(judged.threshold),
            "fused": judged.frames,
            "quality": _middle_quality(visit.frames),
        }

    def _closest(self) -> list[JsonObject]:
        """Fused frames of one person against the reference of another, the most alike first."""
        tables, policy = MatchTables.load(), FacePolicy()
        people, found = self._people(), list[JsonObject]()
        for visit in self.visits:
            probes = [f.single.template for f in visit.frames if f.accepted and f.single]
            probes = probes[: policy.probe_frames]
            for other in people if probes else ():
                if other.name == str(visit.person):
                    continue
                reference = self.cohort.reference(other, str(visit.person))
                table = tables.of(TemplateKind.SINGLE)
                match = compare(reference, fuse(probes), len(probes), policy.fmr, table)
                found.append(
                    {
                        "live": visit.person,
                        "reference": int(other.name),
                        "score": _rounded(match.score),
                        "normalised": _rounded(match.normalised),
                        "threshold": _rounded(match.threshold),
                        "passed": match.passed,
                    }
                )
        return sorted(found, key=lambda m: -float(m["score"] or 0.0))[:CLOSEST]


def walked_through(
    camera: Camera, analysis: FrameAnalysis, show: Callable[[SeenFrame], None]
) -> tuple[SeenFrame, ...]:
    """The frames of one visit, without their pictures: until FRAMES_MAX are accepted, LOOKED_AT_MAX
    at most. CameraMissing, FrameTimeout, InputRejected."""
    frames: list[SeenFrame] = []
    while len(frames) < LOOKED_AT_MAX and sum(f.accepted for f in frames) < FRAMES_MAX:
        one = seen(analysis, partial(_unchanged, camera.capture(CAPTURE_S).pixels))
        frames.append(replace(one, again=partial(_unchanged, one.augmented)))
        show(frames[-1])
    return tuple(frames)


def reference_of(frames: Sequence[SeenFrame]) -> Template | None:
    """A reference out of the first pictures: the augmented template of the accepted frame with the
    longest feature norm. None where no frame was accepted."""
    probes = [f.augmented for f in frames if f.accepted and f.augmented is not None]
    best = max(probes, key=lambda p: p.quality.feature_norm or 0.0, default=None)
    return None if best is None else best.template


def _unchanged(value: _Value) -> _Value:
    return value


def _middle_quality(frames: Sequence[SeenFrame]) -> JsonObject | None:
    """Medians over the accepted frames."""
    found = [f.single.quality for f in frames if f.accepted and f.single is not None]
    if not found:
        return None
    return {
        name: _rounded(statistics.median(float(getattr(q, name) or 0.0) for q in found))
        for name in ("score", "eyes_px", "feature_norm", "brightness", "sharpness")
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
