"""What the console knows of its gate, and the events that tell pages of each change.

Every change has a position: `<stream>-<n>`, where `stream` is new with each start of the console.
Whoever joins gets the whole state at one exact position, and then every change after it.
"""

from collections import deque
from collections.abc import Mapping

from gate.core.json_types import JsonObject
from gate.web.changes import ChangeEvent, Changes

DECISIONS_KEPT = 30
HEALTH = (
    *("gate", "phase", "faults", "showing", "attempt", "warnings", "messages"),
    *("roster", "exam", "liveness"),
)


class Feed(Changes):
    """The newest status, the latest decisions, and who follows them."""

    def __init__(self) -> None:
        super().__init__()
        self.is_reached = False
        self.status: JsonObject = {}
        self.decisions: deque[JsonObject] = deque(maxlen=DECISIONS_KEPT)

    @property
    def state(self) -> ChangeEvent:
        """Everything, at the position of the newest change."""
        data = {
            "position": self.position,
            "reached": self.is_reached,
            "status": self.status,
            "decisions": list(self.decisions),
        }
        return ChangeEvent(self.position, "state", data)

    @property
    def health(self) -> JsonObject:
        """How gate and office are, without anybody's ticket."""
        uplink = self.status.get("uplink", {})
        clock = self.status.get("clock", {})
        return {
            "reached": self.is_reached,
            **{name: self.status.get(name) for name in HEALTH},
            "clock_trusted": clock.get("trusted"),
            "connected": uplink.get("connected"),
            "unsent": uplink.get("unsent"),
            "last_error": uplink.get("last_error"),
        }

    # -- from the gate -----------------------------------------------------------------------------

    def reached(self, is_reached: bool) -> None:
        """The gate answers, or does not any more."""
        if is_reached != self.is_reached:
            self.is_reached = is_reached
            self.publish("health", self.health)

    def take(self, line: Mapping[str, object]) -> None:
        """A line that the gate wrote to a follower of its decisions."""
        status = line.get("status")
        if isinstance(status, dict):
            self._take_status(status)
        elif "outcome" in line:
            self.decisions.append(dict(line))
            self.publish("decision", dict(line))

    def _take_status(self, status: JsonObject) -> None:
        before, health = self.status, self.health
        self.status = status
        if before.get("unsettled") != status.get("unsettled"):
            self.publish("case", {"cases": status.get("unsettled", [])})
        counted = [(s.get("inside"), s.get("counts")) for s in (before, status)]
        if counted[0] != counted[1]:
            self.publish("counts", {"inside": counted[1][0], "counts": counted[1][1]})
        if self.health != health:
            self.publish("health", self.health)
