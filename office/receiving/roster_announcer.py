"""Announces published rosters on the retained topics, and takes back what is published no more."""

import logging
from dataclasses import dataclass, field

from gate.errors import GateError
from gate.sync.wire import Topics
from office.distribution.published import announced
from office.home import Home

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0


@dataclass(slots=True)
class RosterAnnouncer:
    """Of the office at `home`."""

    home: Home
    _told: dict[str, bytes] = field(default_factory=dict)
    _looked_s: float | None = None
    _stamp: tuple[tuple[str, int], ...] | None = None

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """Topic and payload of what is to be published, retained, at `now_s`, monotonic."""
        if self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S:
            return []
        self._looked_s = now_s
        stamp = self._stamped()
        if stamp == self._stamp:
            return []
        try:
            found = list(announced(self.home))
        except GateError as e:
            log.error("rosters are not announced: %s", e)
            return []
        self._stamp = stamp
        now = {Topics(a.notice.exam, a.notice.site, "-").roster: a.payload for a in found}
        fresh = [(topic, said) for topic, said in now.items() if self._told.get(topic) != said]
        gone = [(topic, b"") for topic in self._told if topic not in now]
        self._told = now
        return fresh + gone

    def forget(self) -> None:
        """Our connection is new, and the broker may be: everything is said again."""
        self._told, self._looked_s, self._stamp = {}, None, None

    def _stamped(self) -> tuple[tuple[str, int], ...]:
        found = []
        for path in sorted(self.home.published.glob("*.notice")):
            try:
                found.append((path.name, path.stat().st_mtime_ns))
            except OSError:  # it is being replaced
                continue
        return tuple(found)
