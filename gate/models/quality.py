"""Is this face good enough to be compared? Measures after ISO/IEC 29794-5, bounds measured.

Once the recogniser ran, its feature norm says whether a frame will match, and no measure of the
pixels says it as well. So then the score refuses a frame, and the other measures only tell what
would help. A movement alone the feature norm does not see, so it refuses a frame too.
Where each bound comes from, and what it costs, stands in docs/models-and-accuracy.md.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from gate.core.reasons import Advice
from gate.models.face_measures import (
    EYES_TO_CHIN,
    detail_of,
    isotropy_of,
    light_of,
    pitch_of,
    sharpness_of,
)
from gate.models.picture_arrays import grey
from gate.models.weak_face import likely_cause
from gate.ports import Face, Occlusion, Picture, Quality
from gate.ports.values import Landmarks

UNCOVERED = Occlusion(mask=0.0, hat=0.0, sunglasses=0.0, fringe=0.0)

COVERED = Occlusion(mask=0.5, hat=0.75, sunglasses=0.5, fringe=0.4)
"""From where each part counts as covered: by the false alarms on pictures of uncovered people that
the network was not trained on (docs/models-and-accuracy.md)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What each measure must reach. What every bound costs is printed by `exam-gate bench faces`
    and stands in docs/models-and-accuracy.md. No picture measured lies beyond the bounds of
    brightness: LFW ends at 48 and 204, studio portraits in even light at 59 and 172. `feature_norm`
    tells what is no upright face at all: lying, upside down. `burnt`: overexposed share from brows
    to nose. `occlusion`: from where each part of the face counts as covered. `isotropy` and
    `detail`: a face below both has moved during the exposure; a soft lens misses only the latter.
    """

    eyes_px: float = 32.0
    yaw_max: float = 0.75
    sharpness: float = 40.0
    darkest: float = 40.0
    brightest: float = 210.0
    feature_norm: float = 9.5
    burnt: float = 0.5
    occlusion: Occlusion = COVERED
    isotropy: float = 0.0
    detail: float = 0.0


LIVE = Bounds(sharpness=6.0, isotropy=0.33, detail=0.35)
"""Live frames. 32 px between the eyes: least of ISO/IEC 19794-5 for a live face."""

SLOPE = 1.5
"""How steeply the odds of a match rise with the feature norm: fitted to frames of a bad day."""

COVERS = {
    "mask": Advice.REMOVE_MASK,
    "hat": Advice.REMOVE_HAT,
    "sunglasses": Advice.REMOVE_SUNGLASSES,
    "fringe": Advice.SHOW_EYES,
}
"""What covers a face, and what the person should do about it."""

COVERED_ADVICE = frozenset({*COVERS.values(), Advice.UNCOVER_FACE})

CAUSES = (
    Advice.COME_CLOSER,
    Advice.LOOK_STRAIGHT,
    *COVERS.values(),
    Advice.MORE_LIGHT,
    Advice.LESS_LIGHT,
    Advice.HOLD_STILL,
)
"""The nearest cause first. A face too far away is also blurred, and a turned one also badly lit. A
covered one is also dark or without texture."""

RECOGNISER_DECIDES = frozenset({Advice.MORE_LIGHT, Advice.LESS_LIGHT, Advice.HOLD_STILL})
"""What it may see through: such a face is shown to it, and its feature norm decides."""


def assess(
    chip: Picture,
    face: Face,
    occlusion: Occlusion | None = None,
    surrounding: float | None = None,
) -> Quality:
    """The quality of one face before the recogniser ran.

    `chip`: the aligned face. `face`: in pixels of the picture it was found in. `surrounding`: as
    `surrounding_luma` gives it there.
    """
    luma = grey(chip)
    light = light_of(luma)
    right, left = face.landmarks[0], face.landmarks[1]
    across, down = (float(n) for n in left - right)
    eyes_px = math.hypot(across, down)
    measured = (eyes_px, yaw_of(face.landmarks), sharpness_of(luma[EYES_TO_CHIN]), light.mean)
    score = min(_score(*measured), _uncovered(light.burnt, occlusion or UNCOVERED))
    return Quality(
        *measured,
        score=score,
        burnt=light.burnt,
        occlusion=occlusion,
        pitch=pitch_of(face.landmarks),
        roll_deg=math.degrees(math.atan2(down, across)),
        spread=light.spread,
        black=light.black,
        white=light.white,
        evenness=light.evenness,
        surrounding=surrounding,
        isotropy=isotropy_of(luma),
        detail=detail_of(luma),
    )


def with_feature_norm(quality: Quality, feature_norm: float) -> Quality:
    """The same face after the recogniser has answered. From now on the score is its word alone:
    0.5 at the bound of live frames."""
    above = SLOPE * (feature_norm - LIVE.feature_norm)
    score = 1 / (1 + math.exp(-max(-50.0, min(50.0, above))))
    return replace(quality, score=score, feature_norm=feature_norm)


def advice(quality: Quality, bounds: Bounds = LIVE) -> Advice | None:
    """What the person should do; None where the face is good enough.

    What the recogniser can see through is refused by its own word once it is there, and not by
    brightness or sharpness. Of a movement it does not know: such a face keeps its feature norm, and
    is missed all the same.
    """
    missed = beyond(quality, bounds)
    if quality.feature_norm is not None:
        missed -= RECOGNISER_DECIDES | {Advice.LOOK_STRAIGHT}
        if quality.yaw > bounds.yaw_max:
            missed |= {Advice.LOOK_STRAIGHT}
        if not missed and is_weak(quality, bounds):
            return likely_cause(quality)
        if is_moved(quality, bounds):
            missed |= {Advice.HOLD_STILL}
    nearest = next((a for a in CAUSES if a in missed), None)
    several = nearest in COVERS.values() and len(covers(quality, bounds)) > 1
    return Advice.UNCOVER_FACE if several else nearest


def beyond(quality: Quality, bounds: Bounds = LIVE) -> frozenset[Advice]:
    """Every bound that the face misses."""
    found = {
        Advice.COME_CLOSER: quality.eyes_px < bounds.eyes_px,
        Advice.LOOK_STRAIGHT: quality.yaw > bounds.yaw_max or is_weak(quality, bounds),
        Advice.MORE_LIGHT: quality.brightness < bounds.darkest,
        Advice.LESS_LIGHT: quality.brightness > bounds.brightest or quality.burnt > bounds.burnt,
        Advice.HOLD_STILL: quality.sharpness < bounds.sharpness,
    }
    missed = {a for a, is_missed in found.items() if is_missed}
    return frozenset(missed | {COVERS[name] for name in covers(quality, bounds)})


def covers(quality: Quality, bounds: Bounds = LIVE) -> tuple[str, ...]:
    """What covers the face, by its names in `COVERS`; nothing where nobody has looked."""
    found = quality.occlusion or UNCOVERED
    return tuple(n for n in COVERS if getattr(found, n) > getattr(bounds.occlusion, n))


def is_weak(quality: Quality, bounds: Bounds = LIVE) -> bool:
    """Whether the recogniser was asked and saw hardly a face."""
    return quality.feature_norm is not None and quality.feature_norm < bounds.feature_norm


def is_moved(quality: Quality, bounds: Bounds = LIVE) -> bool:
    """Whether the face moved during the exposure, too far to be compared."""
    return quality.isotropy < bounds.isotropy and quality.detail < bounds.detail


def yaw_of(landmarks: Landmarks) -> float:
    """0 frontal to 1 profile, from the place of the nose tip.

    It is the distance of the nose tip from the middle between the eyes, along the line of the eyes.
    The unit is half of the distance between the eyes.
    """
    right, left, nose = landmarks[0], landmarks[1], landmarks[2]
    line = left - right
    length_squared = float(line @ line)
    if length_squared <= 0:
        return 1.0
    along = float((nose - (right + left) / 2) @ line) / length_squared
    return min(1.0, abs(2 * along))


def _score(eyes_px: float, yaw: float, sharpness: float, brightness: float) -> float:
    """Each measure: 0.5 at its bound, 1 where more would not help; the least of them counts."""
    b = LIVE
    parts = (
        0.5 * eyes_px / b.eyes_px,
        1.0 - 0.5 * yaw / b.yaw_max,
        0.5 * sharpness / b.sharpness,
        0.5 * brightness / b.darkest,
        0.5 * (255.0 - brightness) / (255.0 - b.brightest),
    )
    return float(np.clip(min(parts), 0.0, 1.0))


def _uncovered(burnt: float, occlusion: Occlusion) -> float:
    """The same of what hides the skin: light or things."""
    bounds = LIVE.occlusion
    parts = [getattr(occlusion, name) / getattr(bounds, name) for name in COVERS]
    return float(np.clip(1.0 - 0.5 * max(burnt / LIVE.burnt, *parts), 0.0, 1.0))
