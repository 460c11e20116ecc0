"""What the candidate's screen is told: one snapshot, or every change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from gate.core.candidate_screen import candidate_screen
from gate.core.entry_windows import entry_windows
from gate.core.local_time import in_fixed_offset
from gate.ports.status import ScreenStatus
from gate.service.broadcast import Broadcast
from gate.service.lane import Lane

SCREEN_S = 5.0
"""Seconds between two lines to a screen that shows the same: one that is gone is noticed so."""


class ScreenDesk:
    """On one lane."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._screens = Broadcast()

    @property
    def is_followed(self) -> bool:
        """Whether a screen is there: then an action may be ordered."""
        return self._screens.is_followed

    def changed(self) -> None:
        """What is shown may be another."""
        if self._screens.is_followed:
            self._screens.publish({"changed": True})

    def screen(self) -> ScreenStatus:
        """What the candidate's screen shows: the action while one is ordered, else the lamps'
        sentence."""
        showing, action = self._lane.showing, self._lane.adapters.matcher.action
        told = showing if action is None else action
        lane, now = self._lane, self._lane.adapters.clock.now()
        windows = entry_windows(lane.state.exam, now)
        return {
            "zh": str(told.get("zh", "")),
            "en": str(told.get("en", "")),
            "action": action,
            "gate": lane.adapters.id,
            "at": in_fixed_offset(now.at, lane.zone).isoformat(timespec="seconds"),
            **candidate_screen(
                lane.state.phase,
                showing,
                action,
                name=lane.shown_name.name,
                windows=windows,
                now=now,
            ),
        }

    async def follow(self) -> AsyncIterator[ScreenStatus]:
        """`screen` at once, when it changes, and every SCREEN_S, until the client leaves."""
        async with contextlib.aclosing(self._screens.follow({"changed": True})) as changes:
            while True:
                change = asyncio.ensure_future(anext(changes))
                try:
                    while not change.done():
                        await asyncio.wait({change}, timeout=SCREEN_S)
                        yield self.screen()
                finally:
                    change.cancel()
                    await asyncio.wait({change})
