"""A clock that can be set, stopped, wrong or not trusted."""

import threading
import time
from datetime import datetime, timedelta

from gate.core.events import Instant
from gate.drivers.clock import boot_id
from gate.errors import UsageError


class SimulatedClock:
    """The Clock port with hands. Begins at `start` (default: the system's time), running and
    trusted. The monotonic time is always the real one: durations stay true while the wall stands
    still. All of it may be called from any thread."""

    def __init__(self, start: datetime | None = None) -> None:
        self._turn = threading.Lock()
        self._wall = _aware(start) if start else datetime.now().astimezone()
        self._since_ns = time.monotonic_ns()
        self._running = True
        self._trusted = True
        self._boot = boot_id()

    @property
    def boot(self) -> str:
        """The kernel's name for this boot."""
        return self._boot

    def now(self) -> Instant:
        """This moment: the simulated wall time and the real monotonic one."""
        with self._turn:
            mono_ns = time.monotonic_ns()
            return Instant(self._wall_at(mono_ns), mono_ns, self._trusted)

    def set(
        self,
        at: datetime | None = None,
        run: bool | None = None,
        trusted: bool | None = None,
    ) -> Instant:
        """Change what is named and keep the rest; returns the new now. `run` False freezes the
        wall. UsageError for a time without an offset."""
        wanted = None if at is None else _aware(at)
        with self._turn:
            mono_ns = time.monotonic_ns()
            self._wall = self._wall_at(mono_ns) if wanted is None else wanted
            self._since_ns = mono_ns
            self._running = self._running if run is None else run
            self._trusted = self._trusted if trusted is None else trusted
            return Instant(self._wall, mono_ns, self._trusted)

    def _wall_at(self, mono_ns: int) -> datetime:
        if not self._running:
            return self._wall
        try:
            return self._wall + timedelta(microseconds=(mono_ns - self._since_ns) // 1000)
        except OverflowError:  # no calendar goes on after the year 9999
            return datetime.max.replace(tzinfo=self._wall.tzinfo)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise UsageError(
            f"Give the clock an offset, as in {at.isoformat()}+08:00.",
            f"请给出时区偏移，例如 {at.isoformat()}+08:00。",
        )
    return at
