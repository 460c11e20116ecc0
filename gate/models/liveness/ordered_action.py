"""The action that is ordered of the face that matched, from the watcher's frames to the screen.

The order belongs to one match: to its attempt and to its face track. Another track is another
person, and what that one does counts for nothing.
"""

from typing import Protocol

from gate.core.action_order import ActionStatus
from gate.models.face_track import TrackView
from gate.models.liveness.action import ActionLayer, observed
from gate.ports import Picture


class MatchedFace(Protocol):
    """The match that the action is ordered for."""

    @property
    def track(self) -> int:
        """Of the face that matched."""


class OrderedAction:
    """Drives the action layer. One thread: the watcher's."""

    def __init__(self) -> None:
        self._of: MatchedFace | None = None

    def after_frame(
        self, layer: ActionLayer, match: MatchedFace | None, view: TrackView, picture: Picture
    ) -> ActionStatus | None:
        """What the candidate is told after the newest frame of `view`; None where nothing is.

        `match`: what asks for an action now. Each one gets an order of its own. `picture`: the
        frame.
        """
        if match is None:
            self._of = None
            layer.forget()
            return None
        newest = view.observations[-1]
        at_s = newest.mono_ns / 1e9
        if match is not self._of:
            self._of = match
            layer.begin(at_s)
        if view.track != match.track or not view.probes:
            layer.lose()
        elif newest.same_face is not None:
            face = newest.same_face
            layer.see(observed(at_s, face.box, face.landmarks, picture))
        return layer.status(at_s)
