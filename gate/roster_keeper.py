"""Which roster the lane uses: taken up between two visits, dropped when wiped or expired."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

from gate.core import events
from gate.core.local_time import date_time_text
from gate.errors import GateError
from gate.lane import Lane
from gate.ports import Roster

log = logging.getLogger("gate.service")

_KINDS = {"installed": "roster", "destroyed": "wiped"}
"""What stands in the shelf's history, and the journal's kind for it."""


LOOK_EVERY = timedelta(hours=1)
"""Of the unit's clock, between looks for what retention has to destroy."""
_NO_CLOCK_SHOWS = 2100
"""A time source that says so is broken: nothing is destroyed for good on its word."""


RECHECK_S = 10.0
"""Between two openings of a roster that failed: it is hashed whole each time."""


class RosterKeeper:
    """Call `look` every second or so. Whatever it changes, it changes while the lane is idle."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._shelf = lane.unit.shelf
        self._next: Roster | None = None
        self._trouble: dict[str, str] = {}
        self._looked_at: datetime | None = None
        self._recheck_at = 0.0

    async def look(self) -> None:
        """Once. No await between a check for idleness and what follows from it."""
        self._recheck_failed()
        holds = await self._refresh()
        await self._journal_history()
        lane, current = self._lane, self._lane.roster
        if not holds:
            self._shelve(None)
            if current is not None and lane.idle:
                self._drop(current, "the roster was wiped")
                current.close()
        elif current is not None and self._is_over(current):
            if lane.idle:
                self._drop(current, f"the roster expired on {_said(current)}")
                self._shelve(self._next or current)  # for a clock that is put right
        elif self._next is not None and not self._is_over(self._next) and lane.idle:
            self._adopt(self._next)
        await self._destroy_overdue()
        if lane.roster is None and not lane.showing:
            lane.show_out_of_service()

    def _recheck_failed(self) -> None:
        """A roster of which a row would not open is verified and opened anew, now and then: a read
        that failed once need not end the day. A file that is damaged stays out of service."""
        now = asyncio.get_running_loop().time()
        failed = self._lane.roster is not None and events.Fault.ROSTER in self._lane.state.faults
        if failed and now >= self._recheck_at:
            self._recheck_at = now + RECHECK_S
            self._shelf.recheck()

    async def _refresh(self) -> bool:
        """Whether any is installed; a new one becomes the next."""
        try:
            fresh, holds = await asyncio.to_thread(lambda: (self._shelf.refresh(), self._holds()))
        except GateError as e:
            self._complain("roster", e.en)
            return await asyncio.to_thread(self._holds)
        if fresh is not None:
            self._shelve(fresh)
        if self._lane.roster is None and self._next is not None and self._is_over(self._next):
            sentence = f"{self._next.version} has expired: install the coming exam's roster."
            self._complain("roster", sentence)
        else:
            self._trouble.pop("roster", None)
        return holds

    def _holds(self) -> bool:
        return self._shelf.holds

    def _is_over(self, roster: Roster) -> bool:
        """A clock that is not trusted ends nothing: the invigilator decides the time anyway."""
        now = self._lane.unit.clock.now()
        return _tells_the_time(now) and now.at >= roster.expires

    def _shelve(self, roster: Roster | None) -> None:
        former, self._next = self._next, roster
        if former is not None and former is not roster:
            former.close()

    def _adopt(self, roster: Roster) -> None:
        former, self._lane.roster, self._next = self._lane.roster, roster, None
        if former is not None:
            former.close()
        self._lane.put(events.RosterOpened(roster.exam, roster.version))

    def _drop(self, roster: Roster, why: str) -> None:
        log.error("%s: %s", roster.version, why)
        self._lane.roster = None
        self._lane.put(events.FaultRaised(events.Fault.ROSTER, why))

    async def _journal_history(self) -> None:
        """Every installation and destruction since the last one that the journal holds."""
        if events.Fault.JOURNAL in self._lane.state.faults:
            return
        try:
            notes = await asyncio.to_thread(self._shelf.history, self._lane.roster_notes)
        except GateError as e:
            self._complain("history", e.en)
            return
        for found in notes:
            refused = await self._lane.note(_KINDS[found["what"]], _entry(found))
            if refused is not None:
                self._lane.put(refused)
                return
            self._lane.roster_notes = found["note"]

    async def _destroy_overdue(self) -> None:
        """At the exam's end plus retention, by a trusted clock alone: at the start, and then each
        hour of that clock. Not under a roster that is still in use."""
        now = self._lane.unit.clock.now()
        if not _tells_the_time(now) or not self._is_due(now.at):
            return
        current = self._lane.roster
        if current is not None and self._is_over(current):
            return
        self._looked_at = now.at
        try:
            stay = await asyncio.to_thread(self._shelf.overdue, now.at)
            if stay is None:
                return
            keep = await self._evidence_of(stay)
            done = await asyncio.to_thread(self._shelf.destroy_overdue, now.at, keep)
        except GateError as e:
            self._looked_at = None
            self._complain("destruction", e.en)
            return
        for name in done:
            log.warning("destroyed at the end of retention: %s", name)
        await self._journal_history()

    def _is_due(self, at: datetime) -> bool:
        return self._looked_at is None or abs(at - self._looked_at) >= LOOK_EVERY

    async def _evidence_of(self, exams: frozenset[str]) -> frozenset[str]:
        """File names of the evidence that belongs to `exams`, by the journal."""
        found: set[str] = set()
        if not exams:
            return frozenset()
        first, journal = 1, self._lane.unit.journal
        while page := await journal.read(first, 1000):
            found |= {
                f"{e['id']}.sealed" for e in page if e.get("evidence") and e.get("exam") in exams
            }
            first = page[-1]["seq"] + 1
        return frozenset(found)

    def _complain(self, about: str, sentence: str) -> None:
        """Once for each trouble."""
        if self._trouble.get(about) != sentence:
            log.error("%s: %s", about, sentence)
        self._trouble[about] = sentence


def _tells_the_time(now: events.Instant) -> bool:
    return now.trusted and now.at.year < _NO_CLOCK_SHOWS


def _entry(found: dict[str, Any]) -> dict[str, Any]:
    """`at` is the journal's own word: when it was written down, not when it was done."""
    return {"done_at": found["at"], **{k: v for k, v in found.items() if k != "at"}}


def _said(roster: Roster) -> str:
    """When it expires, on the exam's wall."""
    return date_time_text(roster.expires, roster.exam.zone)
