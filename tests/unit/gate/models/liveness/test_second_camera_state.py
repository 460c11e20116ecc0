"""What is said of the second camera, from faces that stand at known places of a room."""

import numpy as np
import pytest

from gate.errors import CamerasSwapped, PairUnknown, ScenesDiffer, SecondCameraMissing
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.second_camera_state import (
    PairLook,
    SecondCameraState,
    error_of,
    scene_state,
    second_camera_state,
)

SIZE = (640, 480)
PAIR = CameraPair(600, 600, SIZE, SIZE, (0.0, 0.0, 0.0), (6.0, 0.0, 0.0), 0.3, 200, "board")
FACE = np.array([(-3.1, 0), (3.1, 0), (0, 3.5), (-2.4, 6.7), (2.4, 6.7)])


def seen_from(x_cm: float, place: tuple[float, float, float]) -> np.ndarray:
    """Landmarks of a face at `place`, for a camera `x_cm` to the right."""
    at = FACE + place[:2] - np.array([x_cm, 0])
    return (at / place[2] * 600 + (319.5, 239.5)).astype(np.float32)


def looks(first_cm: float, second_cm: float) -> list[PairLook]:
    places = [(dx, -3.0, z) for dx in (-4.0, 0.0, 4.0) for z in (50.0, 75.0, 100.0)]
    return [PairLook(seen_from(first_cm, p), (seen_from(second_cm, p),)) for p in places]


def state(found: list[PairLook], age_s: float | None = 0.1) -> SecondCameraState:
    return second_camera_state(True, age_s, scene_state(PAIR, found))


def test_the_same_people_at_their_places_are_a_working_pair() -> None:
    assert state(looks(0, 6)) is SecondCameraState.WORKING


def test_cameras_that_changed_places_are_told() -> None:
    assert state(looks(6, 0)) is SecondCameraState.SWAPPED


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda look: PairLook(look.first, ()),
        lambda look: PairLook(look.first, (look.second[0] + np.float32([0, 120]),)),
        lambda look: PairLook(look.first, (look.second[0] + np.float32([250, 40]),)),
    ],
    ids=["nobody", "lower", "far aside"],
)
def test_a_camera_that_sees_another_scene_is_told(elsewhere) -> None:
    assert state([elsewhere(look) for look in looks(0, 6)]) is SecondCameraState.OTHER_SCENE


def test_some_attackers_among_people_do_not_make_it_another_scene() -> None:
    """A telephone in the near infrared shows no face."""
    found = looks(0, 6)
    blind = [PairLook(look.first, ()) for look in found[:5]]
    assert state(blind + found[5:]) is SecondCameraState.WORKING


def test_what_comes_before_any_face() -> None:
    nothing = scene_state(None, [])
    assert second_camera_state(False, None, nothing) is SecondCameraState.OFF
    assert second_camera_state(True, 0.1, nothing) is SecondCameraState.UNCALIBRATED
    assert state([]) is SecondCameraState.WAITING
    assert state(looks(0, 6), None) is SecondCameraState.MISSING
    assert state(looks(0, 6), 60.0) is SecondCameraState.MISSING


def test_each_fault_has_an_error_of_its_own_in_both_languages() -> None:
    errors = {s: error_of(s, "nir", 1) for s in SecondCameraState}
    assert {s: type(e) for s, e in errors.items() if e is not None} == {
        SecondCameraState.UNCALIBRATED: PairUnknown,
        SecondCameraState.MISSING: SecondCameraMissing,
        SecondCameraState.SWAPPED: CamerasSwapped,
        SecondCameraState.OTHER_SCENE: ScenesDiffer,
    }
    for error in filter(None, errors.values()):
        assert error.zh != error.en
        assert error.facts["device"] == 1
