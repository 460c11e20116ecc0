"""Whether following frames show one face, by its box alone. Pure.

Layers that take frames together begin anew where another face may have been put in its place.
"""

from gate.models.face_track import GAP_NS, overlap
from gate.ports.values import Box

OVERLAP_MIN = 0.3
"""Intersection over union of the boxes of one face in following frames."""
JUMP_MAX = 1.4
"""The most by which the box of one face grows or shrinks from frame to frame."""
GAP_S = GAP_NS / 1e9
"""The most between two frames of one face, as of a track."""


def is_same_face(last: Box, now: Box) -> bool:
    """Whether the box of a face, x, y, width and height in pixels, may be that of the frame
    before."""
    heights = float(last[3]), float(now[3])
    return (
        min(heights) > 0
        and max(heights) <= JUMP_MAX * min(heights)
        and overlap(last, now) >= OVERLAP_MIN
    )
