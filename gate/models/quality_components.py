"""Each measure of a face as a quality component of ISO/IEC 29794-5: 0, bad, to 100, good. Pure.

The names are those of the standard where it has one. The scales are our own: the standard's
reference measures were made for portraits of passports. Only the unified score predicts a miss; the
others say why, to whoever looks after the gate.
"""

from dataclasses import dataclass

from gate.models.quality import UNCOVERED
from gate.ports import Quality


@dataclass(frozen=True, slots=True)
class Components:
    """0 to 100 each, in the standard's order. `backlight_prevention` is not in the standard."""

    unified_quality_score: float
    illumination_uniformity: float
    under_exposure_prevention: float
    over_exposure_prevention: float
    dynamic_range: float
    sharpness: float
    eyes_visible: float
    mouth_occlusion_prevention: float
    face_occlusion_prevention: float
    inter_eye_distance: float
    head_pose_yaw: float
    head_pose_pitch: float
    head_pose_roll: float
    no_head_coverings: float
    backlight_prevention: float


EYES_PX_WANTED = 90.0
"""Between the eyes, from which more says no more (ISO/IEC 19794-5 asks it of a portrait)."""
LUMA_WANTED = 100.0
RANGE_WANTED = 160.0
SHARPNESS_WANTED = 400.0
FRONTAL_PITCH, PITCH_MAX = 0.58, 0.25
ROLL_MAX_DEG = 45.0


def components(quality: Quality) -> Components:
    """Every component of one face. What was not measured counts as good."""
    covered = quality.occlusion or UNCOVERED
    eyes_free = 1 - max(covered.sunglasses, covered.fringe)
    window = 0.0
    if quality.surrounding is not None:
        window = (quality.surrounding - quality.brightness) / 255
    return Components(
        unified_quality_score=_scaled(quality.score),
        illumination_uniformity=_scaled(quality.evenness),
        under_exposure_prevention=_scaled(quality.brightness / LUMA_WANTED),
        over_exposure_prevention=_scaled(
            1 - max(quality.burnt, (quality.brightness - LUMA_WANTED) / (255 - LUMA_WANTED))
        ),
        dynamic_range=_scaled((quality.white - quality.black) / RANGE_WANTED),
        sharpness=_scaled((quality.sharpness / SHARPNESS_WANTED) ** 0.5),
        eyes_visible=_scaled(eyes_free),
        mouth_occlusion_prevention=_scaled(1 - covered.mask),
        face_occlusion_prevention=_scaled(min(eyes_free, 1 - covered.mask)),
        inter_eye_distance=_scaled(quality.eyes_px / EYES_PX_WANTED),
        head_pose_yaw=_scaled(1 - quality.yaw),
        head_pose_pitch=_scaled(1 - abs(quality.pitch - FRONTAL_PITCH) / PITCH_MAX),
        head_pose_roll=_scaled(1 - abs(quality.roll_deg) / ROLL_MAX_DEG),
        no_head_coverings=_scaled(1 - covered.hat),
        backlight_prevention=_scaled(1 - window),
    )


def _scaled(share: float) -> float:
    """0 to 1 as 0 to 100, one digit behind the point; what lies beyond is held."""
    return round(100 * max(0.0, min(1.0, share)), 1)
