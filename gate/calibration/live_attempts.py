"""What a gate makes of recorded frames: each frame looked at, then attempts played over them.

The running gate's own code: `FrameAnalysis` looks at a frame, `MatchAttempt` decides. Only camera
and clock are replaced: one frame each `PERIOD_NS`. A frame is looked at once for each kind of
template that is asked for. The attempts with many references are then played without networks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gate.core.events import FaceJudged
from gate.core.exam import FacePolicy
from gate.errors import GateBug
from gate.models.face_track import Observation, TrackView, with_observation, with_probe
from gate.models.frame_analysis import FrameAnalysis
from gate.models.match_attempt import MatchAttempt, MatchTables
from gate.models.picture_arrays import as_rgb
from gate.models.probe_selection import ProbeSelection
from gate.ports import Frame, Picture, Probe, Reference
from gate.ports.values import TemplateKind

PERIOD_NS = 100_000_000
"""Between two recorded frames: ten a second, as the gate takes them."""

NO_FACE, SEVERAL_FACES = "no-face", "several-faces"


@dataclass(frozen=True, eq=False)
class SeenFrame:
    """One frame: what it showed, and the probe of its nearest face; None where the gate compares
    nothing. `again` looks at the frame once more for the augmented probe."""

    observation: Observation
    single: Probe | None
    again: Callable[[], Probe | None]

    @cached_property
    def augmented(self) -> Probe | None:
        """The augmented probe, made when it is first asked for: it costs four times the other."""
        return None if self.single is None else self.again()

    @property
    def accepted(self) -> bool:
        """Whether the gate compares the face of this frame."""
        return self.single is not None and not self.observation.crowded

    @property
    def refused_as(self) -> str | None:
        """Why not: an advice, `no-face` or `several-faces`; None where it is accepted."""
        if self.accepted:
            return None
        if not self.observation.face:
            return NO_FACE
        advice = self.observation.advice
        return SEVERAL_FACES if advice is None else str(advice)

    def probe(self, kind: TemplateKind) -> Probe | None:
        """The probe of that kind."""
        return self.augmented if kind is TemplateKind.AUGMENTED else self.single


def seen(analysis: FrameAnalysis, pixels: Callable[[], Picture]) -> SeenFrame:
    """One frame as the gate sees it. `pixels`: gives the frame, (height, width, 3) uint8 RGB; asked
    again for the augmented probe, so that no frame is kept. InputRejected."""

    def look(kind: TemplateKind) -> TrackView:
        frame = Frame(as_rgb(pixels()), mono_ns=1, number=1)
        return analysis.look(frame, TrackView(), kind=kind)

    view = look(TemplateKind.SINGLE)
    single = view.probes[-1] if view.probes else None
    return SeenFrame(view.observations[-1], single, lambda: look(TemplateKind.AUGMENTED).probes[-1])


@dataclass(frozen=True, slots=True)
class PlayedAttempt:
    """How one attempt ended, and how many frames it took."""

    judged: FaceJudged
    frames: int


def attempts(
    frames: Sequence[SeenFrame], reference: Reference, policy: FacePolicy, tables: MatchTables
) -> list[PlayedAttempt]:
    """One attempt after the other until the frames are over. InputRejected for a rate that was not
    measured."""
    ended: list[PlayedAttempt] = []
    rest = list(frames)
    while rest:
        one = played(rest, reference, policy, tables)
        ended.append(one)
        rest = rest[one.frames :]
    return ended


def played(
    frames: Sequence[SeenFrame], reference: Reference, policy: FacePolicy, tables: MatchTables
) -> PlayedAttempt:
    """The first attempt over at least one frame. The card comes just before the first of them.
    The attempt ends with the last one at the latest, because nothing is known of later ones."""
    lasts_ns = min(len(frames) * PERIOD_NS, round(policy.probe_seconds * 1e9))
    selection = ProbeSelection(
        began_ns=0, frames=policy.probe_frames, seconds=lasts_ns / 1e9, found_ns=0
    )
    attempt = MatchAttempt(selection, reference, policy.fmr, tables)
    view = TrackView()
    for number, frame in enumerate(frames, start=1):
        kind = TemplateKind.AUGMENTED if attempt.wants_augmented else TemplateKind.SINGLE
        view = _with(view, frame, kind, number * PERIOD_NS)
        judged = attempt.look(view, number * PERIOD_NS)
        if judged is not None:
            return PlayedAttempt(judged, number)
    raise GateBug("An attempt over recorded frames did not end.")


def _with(view: TrackView, frame: SeenFrame, kind: TemplateKind, at_ns: int) -> TrackView:
    observation = replace(frame.observation, mono_ns=at_ns)
    probe = frame.probe(kind)
    if probe is None:
        return with_observation(view, observation)
    return with_probe(view, observation, replace(probe, mono_ns=at_ns, track=view.track))
