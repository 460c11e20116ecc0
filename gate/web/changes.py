"""What pages are told of each change, and who follows.

Every change has a position: `<stream>-<n>`, where `stream` is new with each start of the program.
Whoever joins gets the whole state at one exact position, and then every change after it.
"""

import asyncio
import json
import secrets
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field

from gate.core.json_types import JsonObject

EVENTS_FOR_ONE = 64
"""Events that wait for one page; a page that is slower than that is dropped."""


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One change. `name`: `state` for everything, or the name of a kind of change. `text`: `data`
    as JSON, spelled once for all who follow."""

    position: str
    name: str
    data: JsonObject
    text: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        text = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        object.__setattr__(self, "text", text)


@dataclass(eq=False)
class Follower:
    """One page's queue of events."""

    events: deque[ChangeEvent] = field(default_factory=deque)
    dropped: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, event: ChangeEvent) -> None:
        """Queues `event`; a page that takes none is dropped."""
        if len(self.events) >= EVENTS_FOR_ONE:
            self.dropped = True
        else:
            self.events.append(event)
        self.changed.set()

    async def take(self) -> ChangeEvent | None:
        """The next event in order; None once the page is dropped."""
        while not self.events and not self.dropped:
            self.changed.clear()
            await self.changed.wait()
        return None if self.dropped else self.events.popleft()


class Changes(ABC):
    """The positions of one stream of changes, and who follows it."""

    def __init__(self) -> None:
        self._stream, self._count = secrets.token_hex(4), 0
        self._followers: set[Follower] = set()

    @property
    def position(self) -> str:
        """Of the newest change."""
        return f"{self._stream}-{self._count}"

    @property
    @abstractmethod
    def state(self) -> ChangeEvent:
        """Everything, at the position of the newest change."""

    @property
    @abstractmethod
    def health(self) -> JsonObject:
        """What pages are told where nothing changes."""

    def publish(self, name: str, data: JsonObject) -> None:
        """Tells all who follow of one change."""
        self._count += 1
        event = ChangeEvent(self.position, name, data)
        for follower in self._followers:
            follower.offer(event)

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
