"""What is known of one photo file: values that cross processes and go into the progress file."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.models.portrait_findings import HINTS, UNUSABLE, PortraitFinding

Templates = npt.NDArray[np.float32]
"""(n, 128) float32, rows of unit length."""


@dataclass(frozen=True, slots=True)
class JudgedPhoto:
    """A photo that was judged.

    `file`: path below the folder. `size`: width and height in pixels, (0, 0) where it cannot be
    read. `eyes_px`: distance between the eyes in pixels, 0 where no face was judged. `template`:
    the bytes of 128 float32, empty where there is none. `findings`: the weightiest first.
    """

    file: str
    size: tuple[int, int]
    eyes_px: float
    template: bytes
    findings: tuple[PortraitFinding, ...]

    @property
    def verdict(self) -> str:
        """`good`; `look`: can be used, somebody looks at it; `correct`: can be used, a better one
        is asked for; `unusable`: no reference."""
        reasons = {f.reason for f in self.findings}
        if reasons & UNUSABLE:
            return "unusable"
        if reasons - HINTS:
            return "correct"
        return "look" if reasons else "good"


@dataclass(frozen=True, slots=True)
class AlikePair:
    """Two files whose faces are alike. `kind`: same-face or look-alike; `similarity`: cosine."""

    first: str
    second: str
    similarity: float
    kind: str
