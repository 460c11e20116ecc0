"""`[camera.second]` of gate.toml: another camera beside the first, docs/second-camera.md."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gate.platform.user_paths import expanded

Device = (
    Annotated[int, Field(ge=0, le=7, strict=True)]
    | Annotated[str, Field(pattern=r"^/[\x20-\x7e]{1,255}$")]
)
"""A camera: its number, from 0, or the name that libcamera gives it, which begins with / and stays
the same however often the unit starts."""


class SecondCameraTable(BaseModel):
    """Another camera some centimetres beside the first.

    `kind`: `nir` sees near infrared, `stereo` sees colour as the first does. `pair`: the file that
    `exam-gate camera pair` writes; relative to the folder of gate.toml.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["nir", "stereo"]
    device: Device
    width: Annotated[int, Field(ge=320, le=1920, multiple_of=32)] = 640
    height: Annotated[int, Field(ge=240, le=1088, multiple_of=16)] = 480
    pair: Annotated[Path, AfterValidator(expanded)] = Path("camera-pair.json")
