"""One frame to what it shows: finder, alignment, quality and recogniser in a row."""

from dataclasses import dataclass, replace
from pathlib import Path

from gate.core.reasons import Advice
from gate.errors import InputRejected
from gate.models.alignment import align
from gate.models.augmented_template import augmented_template
from gate.models.face_measures import surrounding_luma
from gate.models.face_track import (
    TURNED_YAW,
    Observation,
    TrackView,
    is_alike,
    is_crowded,
    nearest,
    with_gap,
    with_observation,
    with_probe,
    with_turned_face,
)
from gate.models.live_detection import NEAR, WHOLE, LiveDetector
from gate.models.network_files import model_path, models_label
from gate.models.occlusion import OcclusionNetwork
from gate.models.quality import (
    COVERED_ADVICE,
    RECOGNISER_DECIDES,
    advice,
    assess,
    is_weak,
    with_feature_norm,
)
from gate.models.recogniser import Recogniser
from gate.models.upright_cut import upright_surroundings
from gate.models.weak_face import likely_cause
from gate.ports import Face, Frame, Picture, Probe, Quality, Template
from gate.ports.values import TemplateKind

RECOGNISER, OCCLUSION = "sface", "occlusion"
LABEL = models_label(WHOLE, NEAR, RECOGNISER, OCCLUSION)


MASKED = 8.5
"""Feature norm that a face in a mask leaves: of 72 portraits with one drawn over them none had
less. Of 36 portraits on their heads 4 looked masked, with 7.0 to 8.6."""


UNCLEAR = frozenset({Advice.LESS_LIGHT, Advice.TURN_FROM_WINDOW, Advice.HOLD_STILL})
"""Causes for which a face may look covered that is not."""

BLACK_LUMA = 15.0
"""Mean luma of a face below which nobody is compared: a few grey levels are left, and a mismatch
would be held against the person."""

TOO_NEAR = 0.5
"""Share of the picture's height from which a face that is cut off is too near, not beside."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """The nearest face of one frame.

    `crowded`: it has a rival. `advice`: what keeps it from being compared, None where it is good
    enough. `quality`: None where it cannot be aligned. `template`: of a single view, None where the
    face was not worth one.
    """

    face: Face
    crowded: bool
    advice: Advice | None
    quality: Quality | None = None
    template: Template | None = None


class FrameAnalysis:
    """Owns the interpreters: one thread. While nobody is there only the finder's first look is
    taken."""

    def __init__(self, models: Path, threads: int) -> None:
        """ModelDamaged."""
        self._finder = LiveDetector(models, threads)
        self._recogniser = Recogniser(model_path(models, RECOGNISER), threads)
        self._occlusion = OcclusionNetwork(model_path(models, OCCLUSION))

    def look(
        self,
        frame: Frame,
        view: TrackView,
        kind: TemplateKind = TemplateKind.SINGLE,
        acting: bool = False,
    ) -> TrackView:
        """`view` with this frame in it. Every frame with a face that is good enough is compared:
        a track must not go on unseen. `kind`: of its probe's template. `acting`: an action is
        ordered, and turned faces are compared too. InputRejected for a frame that is no RGB
        picture."""
        seen = self.nearest_face(frame.pixels, always=acting)
        if seen is None:
            nobody = Observation(frame.mono_ns, face=False)
            return with_gap(view, nobody) if acting else with_observation(view, nobody)
        quality, template = seen.quality, seen.template
        score = quality.score if quality else None
        luma = quality.brightness if quality else None
        observation = Observation(frame.mono_ns, True, seen.crowded, seen.advice, score, luma=luma)
        if acting and not is_probe_of(view, seen):
            return with_turned_face(view, observation, seen.face, template)
        if seen.advice is not None or quality is None or template is None:
            return with_observation(view, observation)
        if acting:
            observation = replace(observation, same_face=seen.face)
        if kind is TemplateKind.AUGMENTED:
            pixels, face = upright_surroundings(frame.pixels, seen.face)
            template = augmented_template(self._finder.near, self._recogniser, pixels, face)
        probe = Probe(template, frame.mono_ns, seen.face, quality, view.track, kind=kind)
        return with_probe(view, observation, probe)

    def faces(self, pixels: Picture) -> list[Face]:
        """Every face of another camera's picture, (h, w, 3) RGB, at a first look."""
        return self._finder.glance(pixels)

    def nearest_face(self, pixels: Picture, always: bool = False) -> SeenFace | None:
        """The face that stands at the gate, None where nobody does. A face that is partly outside
        the picture was not seen. `always`: one that is too poor for a probe has a template too.
        InputRejected for what is no RGB picture."""
        faces = self._finder.glance(pixels)
        face = nearest(faces)
        if face is None:
            return None
        face, crowded = self._finder.closer(pixels, face), is_crowded(faces)
        try:
            chip = align(pixels, face.landmarks)
        except InputRejected:
            return SeenFace(face, crowded, Advice.LOOK_STRAIGHT)
        occlusion = self._occlusion.of(pixels, face.landmarks)
        quality = assess(chip, face, occlusion, surrounding_luma(pixels, face.box))
        # first: a mouth outside the picture is not one behind a mask
        wrong = placement_advice(face, pixels) or advice(quality)
        if wrong in COVERED_ADVICE:
            _, feature_norm = self._recogniser.embed_with_feature_norm(chip)
            wrong = covered_or_unclear(wrong, with_feature_norm(quality, feature_norm))
        decided_later = wrong in RECOGNISER_DECIDES and quality.brightness >= BLACK_LUMA
        if wrong is not None and not decided_later and not always:
            return SeenFace(face, crowded, wrong, quality)
        template, feature_norm = self._recogniser.embed_with_feature_norm(chip)
        quality = with_feature_norm(quality, feature_norm)
        if decided_later or wrong is None:
            wrong = advice(quality)
        return SeenFace(face, crowded, wrong, quality, template)


def is_probe_of(view: TrackView, seen: SeenFace) -> bool:
    """Whether a face is worth a probe while an action is ordered. One that is good enough and
    turned, and not as alike as a probe must be, only keeps the track."""
    if seen.advice is not None or seen.quality is None or seen.template is None:
        return False
    return seen.quality.yaw < TURNED_YAW or is_alike(view, seen.template)


def is_somebody_there(view: TrackView) -> bool:
    """Whether the last frame had a face: then the next one is looked at closely at once."""
    return bool(view.observations) and view.observations[-1].face


def covered_or_unclear(told: Advice, quality: Quality) -> Advice:
    """What helps a face that looks covered.

    The network of covers errs on faces that are blurred, burnt out or before a window. Where the
    recogniser sees hardly a face in such a one, that is said. Such a face is refused in any case.
    """
    if is_weak(quality):
        cause = likely_cause(quality)
        if cause in UNCLEAR:
            return cause
    if told is Advice.REMOVE_MASK and (quality.feature_norm or 0.0) < MASKED:
        return Advice.LOOK_STRAIGHT
    return told


def placement_advice(face: Face, pixels: Picture) -> Advice | None:
    """What helps a face that is not all in the picture; None where it is."""
    if is_inside(face, pixels):
        return None
    too_near = float(face.box[3]) >= TOO_NEAR * pixels.shape[0]
    return Advice.STEP_BACK if too_near else Advice.LOOK_STRAIGHT


def is_inside(face: Face, pixels: Picture) -> bool:
    """Whether all five landmarks lie in the picture."""
    height, width = pixels.shape[:2]
    low, high = face.landmarks.min(axis=0), face.landmarks.max(axis=0)
    return bool((low >= 0).all() and high[0] <= width - 1 and high[1] <= height - 1)
