"""What a page shows, rendered once for all who look at the same position. Pure."""

from collections.abc import Callable
from typing import NamedTuple

PARTS_MAX = 512
"""Pages of one position, at most: sites and gates that somebody looks at."""


class LivePart(NamedTuple):
    """`title`, `main`: HTML that names no session."""

    title: str
    main: str


class LiveParts:
    """Of one board, for the newest position alone."""

    def __init__(self) -> None:
        self._position = ""
        self._parts: dict[str, LivePart] = {}

    def at(self, position: str, path: str, render: Callable[[], LivePart]) -> LivePart:
        """The part of `path` at `position`; rendered where nobody has asked for it before."""
        if position != self._position or len(self._parts) >= PARTS_MAX:
            self._position, self._parts = position, {}
        found = self._parts.get(path)
        if found is None:
            found = self._parts[path] = render()
        return found
