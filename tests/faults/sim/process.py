"""A process that may be killed at any of its steps into the world."""

from collections import Counter
from collections.abc import Callable


class Killed(BaseException):
    """SIGKILL, or the power: nothing of this process has any effect from now on."""


class Process:
    """`step(point)` stands before and after everything that a process does to the world."""

    def __init__(self, name: str, hits: Counter[str]) -> None:
        self.name = name
        self.hits = hits
        self.alive = False
        self.fuse: int | None = None
        """Steps until it is killed, None: it is not going to be."""
        self.on_killed: Callable[[str], None] = lambda point: None

    def step(self, point: str) -> None:
        if not self.alive:
            raise Killed
        if self.fuse is None:
            return
        self.fuse -= 1
        if self.fuse < 0:
            self.kill(point)
            raise Killed

    def kill(self, point: str) -> None:
        if self.alive:
            self.alive, self.fuse = False, None
            self.hits[f"killed {point}"] += 1
            self.on_killed(point)
