"""Decisions and status to any number of followers, without ever waiting for one."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

Line = Mapping[str, object]

BACKLOG = 1000
"""Lines kept for one slow follower; beyond them the oldest status goes first, then decisions are
counted instead of kept."""


@dataclass(eq=False)
class _Follower:
    lines: deque[Line] = field(default_factory=deque)
    dropped: int = 0
    has_lines: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, line: Line) -> None:
        if len(self.lines) >= BACKLOG:
            self._make_room()
        self.lines.append(line)
        self.has_lines.set()

    def _make_room(self) -> None:
        for place, line in enumerate(self.lines):
            if "status" in line:
                del self.lines[place]
                return
        self.lines.popleft()
        self.dropped += 1

    async def take(self) -> Line:
        while not self.lines and not self.dropped:
            self.has_lines.clear()
            await self.has_lines.wait()
        if self.dropped:
            line: Line = {"dropped": self.dropped}
            self.dropped = 0
            return line
        return self.lines.popleft()


class Broadcast:
    """Publishes lines; a follower gets those that come while it follows."""

    def __init__(self) -> None:
        self._followers: set[_Follower] = set()

    @property
    def is_followed(self) -> bool:
        """Whether anybody follows."""
        return bool(self._followers)

    def publish(self, line: Line) -> None:
        """Offers `line` to every follower."""
        for follower in self._followers:
            follower.offer(line)

    def follow(self, first: Line) -> AsyncGenerator[Line]:
        """`first`, then every line published from this call on, until closed."""
        follower = _Follower()
        follower.offer(first)
        self._followers.add(follower)
        return self._lines_of(follower)

    async def _lines_of(self, follower: _Follower) -> AsyncGenerator[Line]:
        try:
            while True:
                yield await follower.take()
        finally:
            self._followers.discard(follower)
