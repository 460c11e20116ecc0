"""systemd's READY, WATCHDOG and STATUS, and the heartbeats behind them.

The watchdog is fed only while every task that promised to beat does so; a free-running ping would
keep a dead gate alive.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping

log = logging.getLogger("gate.health")

WAITING_S = 30.0
"""What is asked of systemd each time something is still waited for."""


class Health:
    """Heartbeats of named tasks. `tell`: takes lines of sd_notify(3) to systemd, or nowhere."""

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        monotonic: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._monotonic = monotonic
        self._tell = tell
        self._ping_s = _watchdog_s(environment)
        self._due: dict[str, float] = {}
        self._silent_s: dict[str, float] = {}

    def expect(self, task: str, silent_s: float) -> None:
        """From now on `task` must beat at least every `silent_s`."""
        self._silent_s[task] = silent_s
        self.beat(task)

    def beat(self, task: str) -> None:
        """`task` is alive."""
        self._due[task] = self._monotonic() + self._silent_s[task]

    @property
    def overdue(self) -> list[str]:
        """Names of the tasks that have gone silent."""
        now = self._monotonic()
        return sorted(task for task, due in self._due.items() if due < now)

    def ready(self, status: str) -> None:
        """Tells systemd that the service is ready; `status`: one line for `systemctl status`."""
        self._tell(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        """While at work: what a person should know."""
        self._tell(f"STATUS={status}")

    def waiting(self, status: str) -> None:
        """Not ready yet, and no reason to be started anew: TimeoutStartSec begins again."""
        self._tell(f"EXTEND_TIMEOUT_USEC={round(WAITING_S * 1e6)}\nSTATUS={status}")

    def stopping(self) -> None:
        """Tells systemd that the service stops."""
        self._tell("STOPPING=1")

    async def feed_watchdog(self) -> None:
        """Until cancelled: one WATCHDOG=1 each interval in which nobody was overdue."""
        told: list[str] = []
        while True:
            silent = self.overdue
            if not silent:
                self._tell("WATCHDOG=1")
            elif silent != told:
                log.error("no sign of life from: %s", ", ".join(silent))
            told = silent
            await asyncio.sleep(self._ping_s)


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Half the interval systemd asks for, when it is meant for this process; else 10 s."""
    usec = environment.get("WATCHDOG_USEC", "")
    if not usec.isdigit() or environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 10.0
    return int(usec) / 2e6
