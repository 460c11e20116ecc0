"""As much of picamera2 as the driver calls, for the camera's own process. CAMERA_DOES says what is
wrong: `missing`, `silent`, `end`. Frames are red and grow brighter."""

import os
import sys
import time
from typing import Any

import numpy as np

DOES = os.environ.get("CAMERA_DOES", "")


class Picamera2:
    def __init__(self, number: int) -> None:
        self.camera_controls = {"ExposureValue": (-8, 8, 0)}
        self.sensor_modes: list[dict[str, object]] = []
        if DOES == "missing":
            raise IndexError("list index out of range")
        self.value = 0

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        return [{"Id": "/base/soc/i2c0mux/i2c@0/imx708@1a", "Num": 0}]

    def create_video_configuration(self, **options: Any) -> dict[str, Any]:
        return options

    def configure(self, options: dict[str, Any]) -> None:
        self.main = options["main"]

    def camera_configuration(self) -> dict[str, Any]:
        return {"main": self.main}

    def capture_request(self, wait: float) -> "Picamera2":
        if DOES == "silent":
            raise TimeoutError
        if DOES == "end":
            sys.exit(3)
        self.value += 1
        return self

    def make_array(self, stream: str) -> Any:
        width, height = self.main["size"]
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[..., 0] = min(255, self.value + 100)
        return pixels

    def get_metadata(self) -> dict[str, int]:
        return {"SensorTimestamp": time.monotonic_ns()}

    def set_controls(self, controls: dict[str, float]) -> None:
        self.value = 100 + int(controls["ExposureValue"])

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...
    def release(self) -> None: ...
    def cancel_all_and_flush(self) -> None: ...
