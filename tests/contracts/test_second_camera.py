"""The simulated second camera keeps the Camera port, and moves with the first."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gate.drivers.simulated.camera import SimulatedCamera
from gate.drivers.simulated.second_camera import SimulatedCameraPair, SimulatedSecondCamera
from gate.errors import CameraMissing, FrameTimeout, UsageError

FPS = 200


@pytest.fixture
def pair() -> SimulatedCameraPair:
    return SimulatedCameraPair(SimulatedCamera(fps=FPS), SimulatedSecondCamera("nir", fps=FPS))


def test_both_see_the_same_person_from_aside(pair: SimulatedCameraPair, tmp_path: Path) -> None:
    Image.new("RGB", (300, 400), (250, 10, 10)).save(tmp_path / "a.png")
    pair.person([tmp_path / "a.png"])
    with pair.first as first, pair.second as second:
        for _ in range(6):
            one, other = first.capture(2.0).pixels, second.capture(2.0).pixels
    assert other.shape == one.shape
    assert np.ptp(other, axis=2).max() == 0
    edge = [
        int(np.flatnonzero(abs(p[300].astype(int) - p[300, 0]).max(axis=1) > 20)[0])
        for p in (one, other)
    ]
    assert edge[0] - edge[1] == pytest.approx(40, abs=2)


def test_its_faults_are_its_own(pair: SimulatedCameraPair) -> None:
    pair.fault("second-camera-frozen", True)
    with pair.first as first, pair.second as second:
        assert first.capture(2.0).number > 0
        with pytest.raises(FrameTimeout):
            second.capture(0.02)
    pair.fault("second-camera-frozen", False)
    pair.fault("second-camera-unplugged", True)
    with pytest.raises(CameraMissing), pair.second:
        pass
    with pair.first:
        pass
    with pytest.raises(UsageError, match="second-camera-dark"):
        pair.fault("second-camera-on-fire", True)
