"""Looks after the room on the journal's disk, and tells the office long before it is full."""

import logging

from gate.core.disk_space import Room, bytes_an_event, needed_bytes, room
from gate.errors import StorageRefused
from gate.ports.status import DiskStatus
from gate.service.lane import Lane

log = logging.getLogger("gate.service")


NO_FORECAST = "none: the clock is not trusted"


class DiskMonitor:
    """`look` now and then; a change of the level is journaled, and so reaches the office. Without a
    clock the level is that of the whole exam, and no figure is said of what is still needed."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._level = Room.ENOUGH
        self._status: DiskStatus = {}

    @property
    def status(self) -> DiskStatus:
        """For people and programs; empty before the first look."""
        return self._status.copy()

    @property
    def alert(self) -> str:
        """For systemd's STATUS; empty while there is enough room."""
        if self._level is Room.ENOUGH:
            return ""
        return f"disk {self._level.value}: {self._status['free_bytes'] // 2**20} MiB free"

    async def look(self) -> tuple[str, dict[str, object]] | None:
        """What is to be journaled: kind and body."""
        lane = self._lane
        try:
            disk = await lane.adapters.journal.disk()
        except StorageRefused:
            return None  # the next writer tells it
        per_event = bytes_an_event(disk.journal_bytes, lane.adapters.journal.head.seq)
        now = lane.adapters.clock.now()
        needed = needed_bytes(lane.state.exam, now.at if now.trusted else None, per_event)
        before, self._level = self._level, room(disk.free_bytes, needed, self._level)
        self._status = {
            "room": self._level.value,
            "free_bytes": disk.free_bytes,
            "needed_bytes": needed if now.trusted else None,
            "journal_bytes": disk.journal_bytes,
            "log_bytes": disk.log_bytes,
        }
        if not now.trusted:
            self._status["forecast"] = NO_FORECAST
        if self._level is before:
            return None
        log.warning("the journal's disk: %s", self._status)
        return "disk", dict(self._status)
