"""What a running gate says of its second camera: working, or what is wrong with it. Pure.

A camera that is not calibrated, gives no frame, has changed places with the first, or looks
elsewhere makes its layer useless. Status and selftest tell it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gate.errors import CamerasSwapped, GateError, PairUnknown, ScenesDiffer, SecondCameraMissing
from gate.models.liveness.camera_pair import CameraPair
from gate.ports.values import Landmarks

STALLED_S = 2.0
"""Without a frame for so long the second camera is missing."""
LOOKS_MIN = 5
"""Faces that both cameras should have seen before anything is said of their scenes."""
MATCHED_MIN = 0.3
"""Share of faces of the first camera that the second must have seen at their place. A gate where
only attackers stand before the camera does not exist; a morning's share is near 1."""
ASIDE_MAX = 0.5
"""Of the distance between the eyes: how far off a face still counts as the same."""
EYES_CM = 4.6, 8.4


class SecondCameraState(StrEnum):
    """`OFF`: none in gate.toml. `WAITING`: it gives frames, and not enough people came by to tell
    more. The value stands in status."""

    OFF = "off"
    WORKING = "working"
    WAITING = "waiting"
    UNCALIBRATED = "uncalibrated"
    MISSING = "missing"
    SWAPPED = "swapped"
    OTHER_SCENE = "other-scene"


@dataclass(frozen=True, slots=True, eq=False)
class PairLook:
    """A face of the first camera, and all faces that the second found at that time."""

    first: Landmarks
    second: tuple[Landmarks, ...]


def second_camera_state(
    fitted: bool, frame_age_s: float | None, scene: SecondCameraState
) -> SecondCameraState:
    """`fitted`: gate.toml has one. `frame_age_s`: seconds since its newest frame, None where none
    ever came. `scene`: what `scene_state` says of the last people."""
    if not fitted:
        return SecondCameraState.OFF
    if frame_age_s is None or frame_age_s > STALLED_S:
        return SecondCameraState.MISSING
    return scene


def scene_state(pair: CameraPair | None, looks: Sequence[PairLook]) -> SecondCameraState:
    """Whether both cameras see the same people where they should. It takes 1.5 ms a look and more,
    so it is for the moment at which `looks` changes, not for each frame.

    `pair`: the calibration, None where there is none that can be used. `looks`: of the last people,
    at most a few dozen.
    """
    if pair is None:
        return SecondCameraState.UNCALIBRATED
    if len(looks) < LOOKS_MIN:
        return SecondCameraState.WAITING
    if _share(pair, looks) >= MATCHED_MIN:
        return SecondCameraState.WORKING
    swapped = [PairLook(face, (look.first,)) for look in looks for face in look.second]
    if len(swapped) >= LOOKS_MIN and _share(pair, swapped) >= 0.6:
        return SecondCameraState.SWAPPED
    return SecondCameraState.OTHER_SCENE


def error_of(state: SecondCameraState, kind: str, device: int | str) -> GateError | None:
    """The error that says what to do; None where nothing is wrong. `kind`: `nir` or `stereo`."""
    facts = {"kind": kind, "device": device, "state": state.value}
    match state:
        case SecondCameraState.MISSING:
            return missing(kind, device)
        case SecondCameraState.UNCALIBRATED:
            return PairUnknown(
                "The pair of cameras is not calibrated: run exam-gate camera pair.",
                "双摄像头尚未标定：请运行 exam-gate camera pair。",
                **facts,
            )
        case SecondCameraState.SWAPPED:
            return CamerasSwapped(
                "First and second camera have changed places: exchange `device` of both in "
                "gate.toml, or run exam-gate camera pair again.",
                "两个摄像头位置互换：请在 gate.toml 中对调 device，"
                "或重新运行 exam-gate camera pair。",
                **facts,
            )
        case SecondCameraState.OTHER_SCENE:
            return ScenesDiffer(
                "The second camera does not see the people whom the first one sees: point it at "
                "them, then run exam-gate camera pair again.",
                "第二摄像头看不到第一摄像头前的人：请调整方向，"
                "然后重新运行 exam-gate camera pair。",
                **facts,
            )
    return None


def missing(kind: str, device: int | str) -> SecondCameraMissing:
    """The error of a second camera that does not answer."""
    return SecondCameraMissing(
        f"The second camera ({kind}, device {device}) gives no pictures: check its ribbon cable, "
        "then restart the gate.",
        f"第二摄像头（{kind}，设备 {device}）没有图像：请检查排线，然后重启闸机程序。",
        kind=kind,
        device=device,
        state=SecondCameraState.MISSING.value,
    )


def _share(pair: CameraPair, looks: Sequence[PairLook]) -> float:
    return sum(_is_matched(pair, look) for look in looks) / len(looks)


def _is_matched(pair: CameraPair, look: PairLook) -> bool:
    """Whether the second camera has a face where the first one's must be, for some distance."""
    eyes_px = float(np.linalg.norm(look.first[1] - look.first[0]))
    for seen in pair.face_in_second(look.first, EYES_CM):
        if any(
            float(np.abs((seen - np.asarray(face)).mean(axis=0)).max()) < ASIDE_MAX * eyes_px
            for face in look.second
        ):
            return True
    return False
