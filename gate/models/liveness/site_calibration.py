"""What a site's own recordings made of the liveness pair: a weight for each logit, and a constant.

The file is `liveness.toml` in the unit's state folder, written by `exam-gate calibrate --attacks`.
Without it the makers' bound holds: 0.5 for the mean of both networks' shares of live.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from gate.errors import InputDamaged
from gate.models.network_files import models_label
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml

FILE_NAME = "liveness.toml"
PAIR = ("minifasnet-v2", "minifasnet-v1se")
FORMAT = 1
_FILE_BYTES_MAX = 1 << 16


@dataclass(frozen=True, slots=True)
class SiteCalibration:
    """`weights`: of the logits of V2 and V1SE. The constant is such that 0.5 is the bound for the
    mean of five frames."""

    weights: tuple[float, float]
    constant: float

    def score(self, logits: tuple[float, float]) -> float:
        """How living, 0 to 1, for one frame."""
        value = self.constant + sum(w * n for w, n in zip(self.weights, logits, strict=True))
        return 1 / (1 + math.exp(-max(-_LOGIT_MAX, min(_LOGIT_MAX, value))))


_LOGIT_MAX = 500.0


class _File(BaseModel):
    model_config = ConfigDict(strict=True)

    format: int
    networks: str
    weights: Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]
    constant: FiniteFloat


def read_site_calibration(state: Path) -> SiteCalibration | None:
    """The one in the unit's state folder; None where the site is not calibrated. InputDamaged: a
    file that does not read, or was made with other networks."""
    path = state / FILE_NAME
    try:
        raw = _File.model_validate(decode_toml(read_regular(path, _FILE_BYTES_MAX)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as e:  # pydantic's error is a ValueError
        raise _unusable(path, "cannot be read", "无法读取") from e
    if raw.format != FORMAT or raw.networks != models_label(*PAIR):
        raise _unusable(path, "was made with other networks", "由其他模型生成")
    return SiteCalibration((raw.weights[0], raw.weights[1]), raw.constant)


def site_file(calibration: SiteCalibration, about: str) -> str:
    """The text of the file. `about`: lines of comment, each with its #."""
    weights = ", ".join(repr(w) for w in calibration.weights)
    return (
        f"{about.rstrip()}\n\n"
        f"format = {FORMAT}\n"
        f'networks = "{models_label(*PAIR)}"\n'
        f"weights = [{weights}]  # of the logits of V2 and V1SE\n"
        f"constant = {calibration.constant!r}  # 0.5 is the bound for the mean of five frames\n"
    )


def _unusable(path: Path, how: str, how_zh: str) -> InputDamaged:
    return InputDamaged(
        f"The site's calibration of liveness {path} {how}: run exam-gate calibrate --attacks "
        "again, or delete it; the makers' bound holds then.",
        f"本考点的活体检测标定 {path} {how_zh}：请重新运行 exam-gate calibrate --attacks，"
        "或删除该文件（届时使用默认阈值）。",
        path=str(path),
    )
