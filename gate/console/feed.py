"""What the console knows of its gate, and the events that tell pages of each change.

Every change has a position: `<stream>-<n>`, where `stream` is new with each start of the console.
Whoever joins gets the whole state at one exact position, and then every change after it.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.core.json_types import JsonObject

DECISIONS_KEPT = 30
EVENTS_FOR_ONE = 64
"""Events that wait for one page; a page that is slower than that is dropped."""
HEALTH = (
    *("gate", "phase", "faults", "showing", "attempt", "warnings", "messages"),
    *("roster", "exam", "liveness"),
)


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One change. `name`: `state`, `decision`, `case`, `counts` or `health`."""

    position: str
    name: str
    data: JsonObject


@dataclass(eq=False)
class Follower:
    """One page's queue of events."""

    events: deque[FeedEvent] = field(default_factory=deque)
    dropped: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, event: FeedEvent) -> None:
        """Queues `event`; a page that takes none is dropped."""
        if len(self.events) >= EVENTS_FOR_ONE:
            self.dropped = True
        else:
            self.events.append(event)
        self.changed.set()

    async def take(self) -> FeedEvent | None:
        """The next event in order; None once the page is dropped."""
        while not self.events and not self.dropped:
            self.changed.clear()
            await self.changed.wait()
        return None if self.dropped else self.events.popleft()


class Feed:
    """The newest status, the latest decisions, and who follows them."""

    def __init__(self) -> None:
        self._stream, self._count = secrets.token_hex(4), 0
        self._followers: set[Follower] = set()
        self.is_reached = False
        self.status: JsonObject = {}
        self.decisions: deque[JsonObject] = deque(maxlen=DECISIONS_KEPT)

    @property
    def position(self) -> str:
        """Of the newest change."""
        return f"{self._stream}-{self._count}"

    @property
    def state(self) -> FeedEvent:
        """Everything, at the position of the newest change."""
        data = {
            "position": self.position,
            "reached": self.is_reached,
            "status": self.status,
            "decisions": list(self.decisions),
        }
        return FeedEvent(self.position, "state", data)

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
            self._publish("health", self.health)

    def take(self, line: Mapping[str, object]) -> None:
        """A line that the gate wrote to a follower of its decisions."""
        status = line.get("status")
        if isinstance(status, dict):
            self._take_status(status)
        elif "outcome" in line:
            self.decisions.append(dict(line))
            self._publish("decision", dict(line))

    def _take_status(self, status: JsonObject) -> None:
        before, health = self.status, self.health
        self.status = status
        if before.get("unsettled") != status.get("unsettled"):
            self._publish("case", {"cases": status.get("unsettled", [])})
        counted = [(s.get("inside"), s.get("counts")) for s in (before, status)]
        if counted[0] != counted[1]:
            self._publish("counts", {"inside": counted[1][0], "counts": counted[1][1]})
        if self.health != health:
            self._publish("health", self.health)

    def _publish(self, name: str, data: JsonObject) -> None:
        self._count += 1
        event = FeedEvent(self.position, name, data)
        for follower in self._followers:
            follower.offer(event)

    # -- to pages ----------------------------------------------------------------------------------

    def join(self) -> Follower:
        """A page follows from now on; the state at this position is its first event."""
        follower = Follower()
        follower.offer(self.state)
        self._followers.add(follower)
        return follower

    def leave(self, follower: Follower) -> None:
        """The page is gone."""
        self._followers.discard(follower)

    @property
    def follower_count(self) -> int:
        """How many pages follow."""
        return len(self._followers)
