"""Which roster the lane uses: taken up between two visits, dropped when wiped or expired."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from gate.core import events
from gate.core.confirmed_time import confirmed_time, sentences, wanting
from gate.core.json_types import JsonObject
from gate.core.local_time import date_time_text
from gate.core.records import JournalEvent
from gate.errors import GateError
from gate.ports import Roster
from gate.service.clock_monitor import ClockMonitor
from gate.service.lane import Lane

log = logging.getLogger("gate.service")

_KINDS = {"installed": "roster", "destroyed": "wiped"}
"""What stands in the history of installations, and the journal's kind for it."""


LOOK_EVERY_S = 3600.0
"""Between looks for what retention has to destroy; monotonic."""


RECHECK_S = 10.0
"""Between two openings of a roster that failed: it is hashed whole each time."""


class RosterSupervisor:
    """Call `look` every second or so. Whatever it changes, it changes while the lane is idle."""

    def __init__(self, lane: Lane, clock: ClockMonitor) -> None:
        self._lane = lane
        self._clock = clock
        self._installed = lane.adapters.rosters
        self._noted = 0
        self._retention: dict[str, object] = {"over": False, "waits_for": []}
        self._next: Roster | None = None
        self._trouble: dict[str, str] = {}
        self._looked_ns: int | None = None
        self._recheck_at = 0.0

    @property
    def at_hand(self) -> Roster | None:
        """The roster in use, else one whose time is over or to come: its staff still sign."""
        return self._lane.roster or self._next

    @property
    def retention(self) -> dict[str, object]:
        """For status: whether a roster is out of use because its time is over by this clock, and
        what its destruction waits for."""
        return dict(self._retention)

    @property
    def noted(self) -> int:
        """How many notes of the installations' history the journal holds."""
        return self._noted

    def replay(self, page: Sequence[JournalEvent]) -> None:
        """Which notes of the history the journal holds already."""
        found = [e["note"] for e in page if e["kind"] in ("roster", "wiped") and "note" in e]
        self._noted = max([self._noted, *(note for note in found if isinstance(note, int))])

    async def look(self) -> None:
        """Once. No await between a check for idleness and what follows from it."""
        self._recheck_failed()
        holds = await self._refresh()
        await self._journal_history()
        lane, current = self._lane, self._lane.roster
        if not holds:
            self._keep_next(None)
            if current is not None and lane.idle:
                lane.drop("the roster was wiped").close()
        elif current is not None and self._is_over(current):
            if lane.idle:
                lane.drop(
                    f"the roster expired on {_said(current)}: it is out of use and not destroyed "
                    "yet; if the clock is wrong, put it right and the roster is used again",
                )
                self._keep_next(self._next or current)  # for a clock that is put right
        elif self._next is not None and not self._is_over(self._next) and lane.idle:
            coming, self._next = self._next, None
            lane.use(coming)
        await self._finish_destruction()
        await self._destroy_overdue()
        self._tell_retention()
        if lane.roster is None and not lane.showing:
            lane.show_out_of_service()

    def _recheck_failed(self) -> None:
        """Verifies and opens anew, now and then, a roster of which a row would not open.

        A read that failed once need not end the day. A file that is damaged stays out of service.
        """
        now = asyncio.get_running_loop().time()
        failed = self._lane.roster is not None and events.Fault.ROSTER in self._lane.state.faults
        if failed and now >= self._recheck_at:
            self._recheck_at = now + RECHECK_S
            self._installed.recheck()

    async def _refresh(self) -> bool:
        """Whether any is installed; a new one becomes the next."""
        try:
            fresh, holds = await asyncio.to_thread(
                lambda: (self._installed.refresh(), self._holds())
            )
        except GateError as e:
            self._complain("roster", e.en)
            return await asyncio.to_thread(self._holds)
        if fresh is not None:
            self._lane.keep_zone(fresh.exam.zone)
            self._keep_next(fresh)
        if self._lane.roster is None and self._next is not None and self._is_over(self._next):
            sentence = f"{self._next.version} has expired: install the coming exam's roster."
            self._complain("roster", sentence)
        else:
            self._trouble.pop("roster", None)
        return holds

    def _refreshed(self) -> tuple[Roster | None, bool]:
        return self._installed.refresh(), self._holds()

    def _holds(self) -> bool:
        return self._installed.holds

    def _is_over(self, roster: Roster) -> bool:
        """A clock that is not trusted ends nothing: the invigilator decides the time anyway."""
        now = self._lane.adapters.clock.now()
        return now.trusted and now.at >= roster.expires

    def _keep_next(self, roster: Roster | None) -> None:
        former, self._next = self._next, roster
        if former is not None and former is not roster:
            former.close()

    async def _journal_history(self) -> None:
        """Every installation and destruction since the last one that the journal holds."""
        if events.Fault.JOURNAL in self._lane.state.faults:
            return
        try:
            notes = await asyncio.to_thread(self._installed.history, self._noted)
        except GateError as e:
            self._complain("history", e.en)
            return
        for found in notes:
            refused = await self._lane.note(_KINDS[found["what"]], _entry(found))
            if refused is not None:
                self._lane.put(refused)
                return
            self._noted = found["note"]

    async def _finish_destruction(self) -> None:
        """What was decided before and cut short needs no clock to go on."""
        try:
            name = await asyncio.to_thread(self._installed.finish)
        except GateError as e:
            self._complain("destruction begun", e.en)
            return
        if name is not None:
            log.warning("a destruction that was cut short is finished: %s", name)
            await self._journal_history()

    async def _destroy_overdue(self) -> None:
        """Destroys rosters at the exam's end plus retention, at a confirmed time.

        See `gate.core.confirmed_time`. A roster out of use is destroyed as soon as the time is
        confirmed. Others that lie there are looked at each hour. Nothing is destroyed under a
        roster that is still in use.
        """
        at, current = confirmed_time(self._clock.record), self._lane.roster
        if at is None or (current is not None and self._is_over(current)) or not self._is_due(at):
            return
        self._looked_ns = self._lane.adapters.clock.now().mono_ns
        try:
            stay = await asyncio.to_thread(self._installed.overdue, at)
            if stay is None:
                return
            keep = await self._evidence_of(stay)
            done = await asyncio.to_thread(self._installed.destroy_overdue, at, keep)
        except GateError as e:
            self._looked_ns = None
            self._complain("destruction", e.en)
            return
        for name in done:
            log.warning("destroyed at the end of retention: %s", name)
        await self._journal_history()

    def _is_due(self, at: datetime) -> bool:
        """`at`: the confirmed time."""
        mono_ns, before, kept = self._lane.adapters.clock.now().mono_ns, self._looked_ns, self._next
        if before is None or mono_ns - before >= LOOK_EVERY_S * 1e9:
            return True
        return kept is not None and at >= kept.expires

    def _tell_retention(self) -> None:
        kept = self._lane.roster or self._next
        if kept is None or not self._is_over(kept):
            self._retention = {"over": False, "waits_for": []}
            return
        missing = wanting(self._clock.record, until=kept.expires)
        zh, en = sentences(missing)
        self._retention = {
            "over": True,
            "roster": kept.version,
            "waits_for": [w.value for w in missing],
            "zh": f"名册已过期停用，尚未销毁：{zh}" if missing else "名册已过期，即将销毁",
            "en": "The roster has expired and is out of use; it is not destroyed: " + en
            if missing
            else "The roster has expired and is about to be destroyed",
        }

    async def _evidence_of(self, exams: frozenset[str]) -> frozenset[str]:
        """File names of the evidence that belongs to `exams`, by the journal."""
        found: set[str] = set()
        if not exams:
            return frozenset()
        first, journal = 1, self._lane.adapters.journal
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


def _entry(found: JsonObject) -> JsonObject:
    """`at` is the journal's own word: when it was written down, not when it was done."""
    return {"done_at": found["at"], **{k: v for k, v in found.items() if k != "at"}}


def _said(roster: Roster) -> str:
    """When it expires, on the exam's wall."""
    return date_time_text(roster.expires, roster.exam.zone)
